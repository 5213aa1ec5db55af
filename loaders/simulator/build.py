"""Making one entity of the catalogue after another, all from the same dice."""

from collections.abc import Iterable, Sequence

from loaders.simulator import names
from loaders.simulator.dice import Dice
from loaders.simulator.entities import Album, Artist, Recording, Track, gid_of
from loaders.simulator.words import SCENES, Scene

# Where records are sold: enough to differ, few enough to read.
MARKETS = (
    *("AR", "AT", "AU", "BE", "BR", "CA", "CH", "CZ", "DE", "DK", "ES", "FI", "FR", "GB", "GR"),
    *("IE", "IL", "IN", "IS", "IT", "JP", "KR", "MX", "NG", "NO", "PL", "PT", "SE", "TR", "TW"),
    *("UA", "US"),
)

# Of a hundred dates so many tell only the year, and so many more only the month.
_YEARS_ONLY, _MONTHS_ONLY = 10, 6


class Builder:
    """Makes entities one after another; every method draws from the same dice, so order matters."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.dice = Dice(seed)
        self.artists: list[Artist] = []
        self.recordings: list[Recording] = []
        self.albums: list[Album] = []
        self.tracks: list[Track] = []
        self._players: list[Artist] = []  # who may be somebody's guest
        self.scenes: dict[Artist, Scene] = {}
        self._names: set[str] = set()
        self._likely = [scene for scene in SCENES for _ in range(scene.weight)]

    def artist(
        self, name: str | None = None, scene: Scene | None = None, *, plays: bool = True
    ) -> Artist:
        """Add an artist; one in eight has no genres, some have no country, some no picture."""
        dice = self.dice
        scene = scene or dice.pick(self._likely)
        popularity = dice.low(98)
        artist = Artist(
            gid=gid_of(self.seed, "artist", len(self.artists)),
            name=name or self._new_name(scene),
            country=None if dice.chance(0.08) else dice.pick(scene.countries[: dice.between(1, 9)]),
            genres=()
            if dice.chance(0.12)
            else tuple(sorted(dice.some(scene.genres, dice.between(1, 4)))),
            popularity=popularity,
            followers=dice.below(40 + popularity * popularity * 350),
            has_images=not dice.chance(0.06),
        )
        self.artists.append(artist)
        if plays:
            self._players.append(artist)
        self._names.add(artist.name)
        self.scenes[artist] = scene
        return artist

    def recording(
        self,
        artist: Artist,
        year: int,
        name: str | None = None,
        guests: Sequence[Artist] | None = None,
    ) -> Recording:
        """Add a recording; some have guests, some are explicit, some have no ISRC."""
        dice, scene = self.dice, self.scenes[artist]
        place = len(self.recordings)
        if guests is None:
            guests = self._guests(artist)
        if name is None:
            name = names.title(dice, scene)
            if guests and dice.chance(0.35):
                name += f" (feat. {guests[0].name})"
            elif dice.chance(0.03):
                name += f" - {scene.live}"
        registrant = f"Q{10 + len(artist.name) * 7 % 90}"
        recording = Recording(
            gid=gid_of(self.seed, "recording", place),
            name=name,
            artists=(artist, *guests),
            isrc=None
            if dice.chance(0.04)
            else f"{scene.countries[0]}{registrant}{year % 100:02}{place:05}",
            duration_ms=dice.between(18_000, 61_000)
            if dice.chance(0.04)
            else dice.between(128_000, 331_000),
            explicit=dice.chance(0.14),
        )
        self.recordings.append(recording)
        return recording

    def album(
        self,
        name: str,
        artists: tuple[Artist, ...],
        kind: str,
        year: int,
        recordings: Iterable[Recording],
        *,
        label: str | None = None,
        markets: tuple[str, ...] | None = None,
        discs: int = 1,
    ) -> Album:
        """Add an album with its tracks; some lack a label, a UPC, a picture, a day or a month."""
        dice, scene = self.dice, self.scenes[artists[0]]
        has_label = label is not None or not dice.chance(0.06)
        album = Album(
            gid=gid_of(self.seed, "album", len(self.albums)),
            name=name,
            artists=artists,
            kind=kind,
            released=self._date(year),
            label=(label or names.label(dice, scene)) if has_label else None,
            upc=None if dice.chance(0.05) else self.upc(),
            genres=artists[0].genres[:2],
            popularity=min(100, max(0, artists[0].popularity + dice.between(-15, 10))),
            has_images=not dice.chance(0.04),
            markets=markets or self._markets(),
        )
        self.albums.append(album)
        recordings = tuple(recordings)
        per_disc = -(-len(recordings) // discs)
        for place, recording in enumerate(recordings):
            disc, number = divmod(place, per_disc)
            self._track(recording, album, disc + 1, number + 1)
        for artist in artists:
            artist.albums.append(album)
        return album

    def upc(self) -> str:
        """Return a barcode."""
        # 12 digits, the last one the check digit; some catalogues write 13, with a leading zero.
        digits = f"4{self.dice.below(10**10):010}"
        odd, even = (sum(int(digit) for digit in digits[start::2]) for start in (0, 1))
        upc = digits + str(-(3 * odd + even) % 10)
        return f"0{upc}" if self.dice.chance(0.1) else upc

    def _track(self, recording: Recording, album: Album, disc: int, number: int) -> None:
        track = Track(
            gid=gid_of(self.seed, "track", len(self.tracks)),
            name=recording.name,
            recording=recording,
            album=album,
            disc=disc,
            number=number,
            popularity=min(100, max(0, album.popularity + self.dice.between(-25, 12))),
        )
        self.tracks.append(track)
        album.tracks.append(track)
        recording.tracks.append(track)
        for artist in recording.artists:
            if artist not in album.artists and album not in artist.appears_on:
                artist.appears_on.append(album)

    def _new_name(self, scene: Scene) -> str:
        while True:
            name = names.person(self.dice, scene) if self.dice.chance(0.4) else None
            name = name or names.band(self.dice, scene)
            if name not in self._names or self.dice.chance(0.04):  # namesakes exist
                return name

    def _guests(self, artist: Artist) -> tuple[Artist, ...]:
        if not self.dice.chance(0.2):
            return ()
        found = self.dice.pick(self._players), self.dice.pick(self._players)
        count = 2 if self.dice.chance(0.25) else 1
        return tuple(guest for guest in dict.fromkeys(found[:count]) if guest is not artist)

    def _date(self, year: int) -> str:
        month, day = self.dice.between(1, 12), self.dice.between(1, 28)
        place = self.dice.below(100)
        if place < _YEARS_ONLY:
            return f"{year}"
        if place < _YEARS_ONLY + _MONTHS_ONLY:
            return f"{year}-{month:02}"
        return f"{year}-{month:02}-{day:02}"

    def _markets(self) -> tuple[str, ...]:
        if self.dice.chance(0.8):
            return MARKETS
        gone = set(self.dice.some(MARKETS, self.dice.between(1, 12)))
        return tuple(market for market in MARKETS if market not in gone)
