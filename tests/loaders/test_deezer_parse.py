"""Deezer's answers as it documents them (developers.deezer.com/api: track, album, artist), read."""

import msgspec
import pytest

from loaders import UNKNOWN, Image
from loaders.deezer import parse, wire

PICTURES = {
    f"{{}}_{size}": f"https://e-cdns-images.dzcdn.net/images/{{}}/2e018122/{pixels}x{pixels}.jpg"
    for size, pixels in (("small", 56), ("medium", 250), ("big", 500), ("xl", 1000))
}


def pictures(field, word):
    return {name.format(field): url.format(word) for name, url in PICTURES.items()}


BARE_ARTIST = {
    "id": 27,
    "name": "Daft Punk",
    "tracklist": "https://api.deezer.com/artist/27/top?limit=50",
    "type": "artist",
}
ARTIST = {**BARE_ARTIST, **pictures("picture", "artist"), "radio": True}
TRACK = {
    "id": 3135556,
    "readable": True,
    "title": "Harder, Better, Faster, Stronger (Live)",
    "title_short": "Harder, Better, Faster, Stronger",
    "title_version": "(Live)",
    "isrc": "GBDUW0000059",
    "link": "https://www.deezer.com/track/3135556",
    "duration": 224,
    "track_position": 4,
    "disk_number": 1,
    "rank": 760033,
    "release_date": "2001-03-07",
    "explicit_lyrics": False,
    "explicit_content_lyrics": 0,
    "bpm": 123.4,
    "gain": -12.4,
    "available_countries": ["DE", "FR"],
    "contributors": [
        {**ARTIST, "role": "Main"},
        {**BARE_ARTIST, "id": 28, "name": "Romanthony", "role": "Featured"},
        {**ARTIST, "role": "Featured"},
    ],
    "artist": ARTIST,
    "album": {
        "id": 302127,
        "title": "Discovery",
        **pictures("cover", "cover"),
        "release_date": "2001-03-07",
        "type": "album",
    },
    "type": "track",
}
ALBUM = {
    "id": 302127,
    "title": "Discovery",
    "upc": "724384960650",
    **pictures("cover", "cover"),
    "genre_id": 113,
    "genres": {"data": [{"id": 113, "name": "Dance", "type": "genre"}]},
    "label": "Parlophone France",
    "nb_tracks": 14,
    "duration": 3660,
    "fans": 191087,
    "release_date": "2001-03-07",
    "record_type": "album",
    "available": True,
    "contributors": [{**ARTIST, "role": "Main"}],
    "artist": BARE_ARTIST,
    "type": "album",
    "tracks": {"data": [{"id": 3135553, "title": "One More Time", "artist": BARE_ARTIST}]},
}


def read(shape, told):
    return wire.decode(shape, msgspec.json.encode(told))


def test_a_track_that_was_asked_for():
    track = parse.track(read(wire.Track, TRACK))
    assert (track.id, track.url) == ("deezer:track:3135556", TRACK["link"])
    assert track.name == "Harder, Better, Faster, Stronger (Live)"
    assert (track.duration_ms, track.explicit) == (224_000, False)
    assert (track.disc_number, track.track_number) == (1, 4)
    assert (track.isrc, track.popularity) == ("GBDUW0000059", None)
    assert [(artist.id, artist.name) for artist in track.artists] == [
        ("deezer:artist:27", "Daft Punk"),
        ("deezer:artist:28", "Romanthony"),
    ]
    assert (track.album.id, track.album.release_date) == ("deezer:album:302127", "2001-03-07")
    assert track.is_complete
    assert (track.album.artists, track.album.upc, track.album.label) == (UNKNOWN,) * 3
    assert not track.album.is_complete


def test_pictures_are_told_with_their_sizes_the_widest_first():
    first, second = parse.track(read(wire.Track, TRACK)).artists
    url = "https://e-cdns-images.dzcdn.net/images/artist/2e018122/{0}x{0}.jpg"
    assert first.images == tuple(Image(url.format(n), n, n) for n in (1000, 500, 250, 56))
    assert second.images is UNKNOWN
    assert (first.followers, first.genres, first.country) == (UNKNOWN, None, None)


def test_a_picture_without_a_hash_is_none():
    told = {name: url.replace("2e018122", "") for name, url in ARTIST.items() if "pict" in name}
    assert parse.artist(read(wire.Artist, {**ARTIST, **told})).images == ()
    nothing = dict.fromkeys(pictures("cover", "cover"))
    assert parse.album(read(wire.Album, {**ALBUM, **nothing})).images == ()


def test_an_artist_that_was_asked_for():
    artist = parse.artist(read(wire.Artist, {**ARTIST, "nb_album": 32, "nb_fan": 3677954}))
    assert (artist.id, artist.followers) == ("deezer:artist:27", 3677954)
    assert artist.is_complete


def test_an_album_that_was_asked_for():
    album = parse.album(read(wire.Album, ALBUM))
    assert (album.id, album.url) == ("deezer:album:302127", "https://www.deezer.com/album/302127")
    assert (album.upc, album.label, album.total_tracks) == ("724384960650", "Parlophone France", 14)
    assert (album.album_type, album.release_date) == ("album", "2001-03-07")
    assert [artist.name for artist in album.artists] == ["Daft Punk"]
    assert album.is_complete
    assert album.tracks is None


@pytest.mark.parametrize(
    ("told", "read_as"),
    [
        ({"upc": "", "label": ""}, {"upc": None, "label": None}),
        ({"release_date": "0000-00-00"}, {"release_date": None}),
        ({"record_type": "compile"}, {"album_type": "compilation"}),
        ({"record_type": "ep"}, {"album_type": "ep"}),
        ({"nb_tracks": None}, {"total_tracks": None}),
    ],
)
def test_what_deezer_writes_for_nothing_and_in_its_own_words(told, read_as):
    album = parse.album(read(wire.Album, {**ALBUM, **told}))
    assert {name: getattr(album, name) for name in read_as} == read_as


@pytest.mark.parametrize(
    ("told", "isrc"), [("gb-duw-00-00059", "GBDUW0000059"), ("", None), ("none", None)]
)
def test_an_isrc_has_one_spelling(told, isrc):
    assert parse.track(read(wire.Track, {**TRACK, "isrc": told})).isrc == isrc


def test_a_track_of_a_list_leaves_unknown_what_it_does_not_tell():
    listed = {"id": 3135553, "title": "One More Time", "duration": 320, "artist": BARE_ARTIST}
    page = parse.page(read(wire.LISTS["track"], {"data": [listed], "total": 14}), 7)
    [track] = page.items
    assert (page.total, page.offset) == (14, 7)
    assert (track.isrc, track.album, track.track_number) == (UNKNOWN, UNKNOWN, None)
    assert [artist.name for artist in track.artists] == ["Daft Punk"]


def test_an_album_of_an_artists_list_does_not_say_whose_it_is():
    listed = {"id": 1, "title": "Alive", "release_date": "2007-11-16", "record_type": "album"}
    [album] = parse.page(read(wire.LISTS["album"], {"data": [listed]}), 0).items
    assert (album.artists, album.total_tracks, album.upc) == (UNKNOWN,) * 3
