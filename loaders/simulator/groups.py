# ruff: noqa: RUF001 - typographic apostrophes, as on record sleeves
"""What the catalogue is put together from: debuts, reissues, compilations and a long box set."""

from collections.abc import Iterable

from loaders.simulator import names
from loaders.simulator.build import MARKETS, Builder
from loaders.simulator.entities import Album, Artist, Track
from loaders.simulator.words import ARABIC, ENGLISH, FRENCH, JAPANESE, KOREAN, PORTUGUESE

_LABELS_OF_REISSUES = ("Second Pressing", "Attic & Cellar")
_LAST_YEAR = 2025


def opening(builder: Builder) -> None:
    """Add the album that the examples use, by an artist of the examples' own."""
    choir = builder.artist("The Lantern Choir", ENGLISH)
    ines = builder.artist("Inês Marçal", PORTUGUESE)
    others = [
        builder.artist(name, scene)
        for name, scene in (
            ("水無瀬 ことり", JAPANESE),
            ("زياد المصباح", ARABIC),
            ("Éloïse d’Arvigny", FRENCH),
            ("남궁은결", KOREAN),
        )
    ]
    guests = {
        "Many Voices, One Line": (ines,),
        "Saudade in 5/4": (ines,),
        "夜のコーラス": (others[0],),
        "Everybody Holds the Last Note": (ines, *others),
    }
    titles = (
        "Many Voices, One Line", "The Breath Before", "Second Altos", "Café des Échos",
        "Saudade in 5/4", "Don’t Count Me In", "A Room Full of Metronomes", "夜のコーラス",
        "Everybody Holds the Last Note", "Amen (Reprise) 🌙",
    )  # fmt: skip
    album = builder.album(
        "Unison Hours",
        (choir,),
        "album",
        2019,
        [builder.recording(choir, 2019, title, guests.get(title, ())) for title in titles],
        label="Slow Harbour",
        markets=MARKETS,
    )
    # The examples print these, so nothing of them is left to chance.
    choir.genres, choir.country, choir.has_images = ("chamber pop", "choral"), "GB", True
    choir.popularity, choir.followers = 64, 182_340
    ines.genres, ines.country, ines.has_images = ("fado", "mpb"), "PT", True
    album.released, album.upc, album.has_images = "2019-03-15", builder.upc(), True
    album.popularity, album.genres = 61, choir.genres
    first = album.tracks[0]
    first.popularity, first.recording.explicit = 67, False
    first.recording.isrc, first.recording.duration_ms = "GBQ171900001", 214_293


def debut(builder: Builder, artist: Artist, songs: int, *, kind: str) -> Album:
    """Add an album of new songs by one artist."""
    year = _year(builder)
    recordings = [builder.recording(artist, year) for _ in range(songs)]
    own = builder.dice.pick(recordings).name if kind == "single" else _album_name(builder, artist)
    return builder.album(own.split(" (feat.")[0], (artist,), kind, year, recordings)


def prolific(builder: Builder, name: str, *, singles: int, albums: int) -> None:
    """Add an artist with more releases than fit on a page."""
    artist = builder.artist(name, ENGLISH)
    for _ in range(albums):
        debut(builder, artist, builder.dice.between(7, 10), kind="album")
    for _ in range(singles):
        debut(builder, artist, builder.dice.between(1, 2), kind="single")


def reissue(builder: Builder, album: Album) -> None:
    """Add an album again: the same recordings under another UPC, and a few new ones.

    The first edition then leaves some markets, as it does when rights change.
    """
    artist, year = album.artists[0], min(_LAST_YEAR, int((album.released or "1990")[:4]) + 20)
    bonus = [builder.recording(artist, year) for _ in range(builder.dice.between(1, 3))]
    gone = builder.dice.some(MARKETS, builder.dice.between(5, len(MARKETS) - 4))
    album.markets = tuple(market for market in MARKETS if market not in gone)
    builder.album(
        f"{album.name} (Deluxe Edition)",
        album.artists,
        "album",
        year,
        [*(track.recording for track in album.tracks), *bonus],
        label=builder.dice.pick(_LABELS_OF_REISSUES),
        markets=MARKETS,
    )


def compilation(builder: Builder, curator: Artist, newcomers: Iterable[Artist]) -> None:
    """Add an album by many artists: known recordings, and the first ones of newcomers."""
    year = builder.dice.between(1999, _LAST_YEAR)
    known = builder.dice.some(builder.recordings, builder.dice.between(6, 12))
    new = [builder.recording(artist, year, guests=()) for artist in newcomers]
    songs = builder.dice.some([*known, *new], len(known) + len(new))
    scene = builder.scenes[songs[0].artists[0]]
    name = f"{names.title(builder.dice, scene)}, Vol. {builder.dice.between(1, 9)}"
    label = names.label(builder.dice, scene)
    builder.album(name, (curator,), "compilation", year, songs, label=label)


def box_set(builder: Builder, artist: Artist, name: str, *, songs: int, discs: int) -> None:
    """Add an album that is longer than a page."""
    recordings = [builder.recording(artist, 2011) for _ in range(songs)]
    builder.album(name, (artist,), "album", 2011, recordings, discs=discs)


def shuffled_tracks(builder: Builder) -> list[Track]:
    """Return the tracks as a mixtape has them: the example's first one leads, then all."""
    first, *others = builder.tracks
    for place in range(len(others) - 1, 0, -1):
        other = builder.dice.below(place + 1)
        others[place], others[other] = others[other], others[place]
    return [first, *others]


def _album_name(builder: Builder, artist: Artist) -> str:
    if builder.dice.chance(0.06):
        return artist.name
    return names.title(builder.dice, builder.scenes[artist])


def _year(builder: Builder) -> int:
    return _LAST_YEAR - builder.dice.low(60)
