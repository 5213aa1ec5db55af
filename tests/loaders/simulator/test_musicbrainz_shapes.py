"""The simulator's answers, held against what the real MusicBrainz answered: names and types.

Each test names all that differs, in the words of `tests/shapes.py`.
"""

import json
from itertools import chain
from pathlib import Path

import pytest

from tests.shapes import differences

ANSWERS = json.loads(
    (Path(__file__).parents[2] / "data" / "musicbrainz-answers.json").read_text(encoding="utf-8")
)

# What the recorded artists, recordings and releases happened to have, and MusicBrainz says may be
# missing: lengths nobody measured, releases nobody dated, barcodes nobody looked at.
CREDIT = {".artist-credit[].artist.type: null", ".artist-credit[].artist.type-id: null"}
UNDATED = {".country: not always", ".date: not always", ".release-events: not always"}
UNRELEASED = {".first-release-date: not always", ".length: null"}


def recorded(*requests, part=None):
    """Return the recorded answers to requests that begin so, or the parts of one."""
    bodies = [
        answer["body"]
        for answer in ANSWERS
        if answer["request"].removeprefix("/ws/2/").startswith(requests)
    ]
    assert len(bodies) >= len(requests)
    return bodies if part is None else parts(bodies, part)


def parts(bodies, part):
    return list(chain.from_iterable(body.get(part, []) for body in bodies))


def some(ids):
    """Return two hundred of them: enough to meet whatever is met now and then."""
    return [*ids][:: max(1, len(ids) // 200)]


def under(path, names):
    return {path + name for name in names}


@pytest.fixture
def library(simulator):
    return simulator.musicbrainz.library


@pytest.fixture
def get(musicbrainz):
    async def get(path, **params):
        answer = await musicbrainz.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return get


@pytest.fixture
def look_up(get):
    async def look_up(kind, mbids, **params):
        return [await get(f"/{kind}/{mbid}", **params) for mbid in mbids]

    return look_up


@pytest.fixture
def search(get):
    async def search(kind, field, ids):
        return [
            await get(f"/{kind}", query=f"{field}:({' OR '.join(ids[at : at + 100])})", limit=100)
            for at in range(0, len(ids), 100)
        ]

    return search


async def test_an_artist_is_as_recorded(look_up, library):
    ours = await look_up("artist", some(library.artists))
    theirs = recorded("artist/24f1766e", "artist/5b11f4ce-a62d-471e-81fc-a69a8278c7da?fmt")
    assert differences(ours, [*theirs, *recorded("artist/c8da2e40")]) == {
        ".area: null",
        ".begin-area: null",
        ".begin_area: null",
        ".life-span.begin: null",
        ".type: null",
        ".type-id: null",
    }


async def test_an_artists_relations_are_as_recorded(look_up, library):
    with_urls = await look_up("artist", some(library.artists), inc="url-rels")
    theirs = recorded("artist/5b11f4ce-a62d-471e-81fc-a69a8278c7da?inc=url-rels", part="relations")
    assert differences(parts(with_urls, "relations"), theirs) == set()

    with_artists = await look_up("artist", some(library.artists), inc="artist-rels")
    theirs = recorded("artist/65314b12", part="relations")
    assert differences(parts(with_artists, "relations"), theirs) == {
        ".artist.type: null",
        ".artist.type-id: null",
    }


async def test_an_artists_aliases_are_as_recorded(look_up, library):
    ours = await look_up("artist", some(library.artists), inc="aliases")
    theirs = recorded("artist/f99b7d67", part="aliases")
    assert differences(parts(ours, "aliases"), theirs) == set()


async def test_a_recording_is_as_recorded(look_up, library):
    ours = await look_up("recording", some(library.recordings))
    assert differences(ours, recorded("recording/1109d8da")) == UNRELEASED
    ours = await look_up("recording", some(library.recordings), inc="isrcs")
    assert differences(ours, recorded("recording/9f9cf187")) == UNRELEASED


async def test_a_release_is_as_recorded(look_up, library):
    ours = await look_up("release", some(library.releases))
    theirs = recorded("release/0702057c", "release/6ef6e6cd", "release/b84ee12a")
    assert differences(ours, theirs) == {".barcode: null", *UNDATED}
    ours = await look_up("release", some(library.releases), inc="artist-credits")
    expected = {".asin: null", ".barcode: null", *CREDIT, *UNDATED}
    assert differences(ours, recorded("release/d5cdb7fd")) == expected


async def test_a_releases_tracks_are_as_recorded(look_up, library):
    ours = await look_up("release", some(library.releases), inc="media+recordings")
    assert differences(ours, recorded("release/fba5f8fe")) == {
        ".asin: null",
        ".barcode: null",
        ".media[].tracks[].length: null",
        *under(".media[].tracks[].recording", UNRELEASED),
        *UNDATED,
    }


async def test_a_release_group_is_as_recorded(look_up, library):
    ours = await look_up("release-group", some(library.groups))
    assert differences(ours, recorded("release-group/aa997ea0", "release-group/f5093c06")) == set()
    ours = await look_up("release-group", some(library.groups), inc="artist-credits")
    assert differences(ours, recorded("release-group/53614893")) == CREDIT


async def test_an_isrc_is_as_recorded(get, library):
    ours = [await get(f"/isrc/{isrc}", inc="isrcs") for isrc in some(library.isrcs)]
    assert differences(ours, recorded("isrc/")) == under(".recordings[]", UNRELEASED)


async def test_a_url_is_as_recorded(get, library):
    ours = [await get("/url", resource=resource) for resource in some(library.urls)]
    assert differences(ours, recorded("url?resource")) == set()


async def test_browsing_is_as_recorded(get, library):
    groups = [await get("/release-group", artist=mbid) for mbid in some(library.artists)]
    assert differences(groups, recorded("release-group?artist")) == set()

    releases = [await get("/release", artist=mbid) for mbid in some(library.artists)]
    theirs = recorded("release?artist", "release?label")
    assert differences(releases, theirs) == {".releases[].barcode: text"}

    artists = [await get("/artist", release=mbid) for mbid in some(library.releases)]
    names = {"area", "begin-area", "begin_area", "country", "gender", "gender-id"}
    assert differences(artists, recorded("artist?release")) == {
        *(f".artists[].{name}: null" for name in (*names, "life-span.begin", "type", "type-id")),
        *(f".artists[].{name}: text" for name in ("life-span.end",)),
        *(f".artists[].{name}: object" for name in ("end-area", "end_area")),
        ".artists[].area.iso-3166-1-codes: not always",
    }


async def test_what_a_search_finds_of_recordings_is_as_recorded(search, library):
    ours = await search("recording", "rid", [*library.recordings])
    assert differences(ours, recorded("recording?query")) == {
        ".recordings[].first-release-date: not always",
        ".recordings[].releases: not always",
        ".recordings[].tags: new",  # taken out of what was recorded
        ".recordings[].releases[].artist-credit[].artist.aliases: new",
        ".recordings[].releases[].artist-credit[].joinphrase: never",
    }


async def test_what_a_search_finds_of_artists_is_as_recorded(search, library):
    ours = await search("artist", "arid", [*library.artists])
    names = ("area", "begin-area", "end-area", "aliases", "country", "gender", "gender-id")
    others = ("ipis", "isnis", "life-span.begin", "life-span.end", "type", "type-id")
    assert differences(ours, recorded("artist?limit")) == {
        *(f".artists[].{name}: not always" for name in (*names, *others)),
        ".artists[].disambiguation: new",
        ".artists[].life-span.ended: null",
        ".artists[].tags: new",
    }


async def test_a_look_up_and_a_search_tell_the_same_in_other_shapes(look_up, search, library):
    mbid = next(iter(library.recordings))
    [looked_up] = await look_up("recording", [mbid], inc="artist-credits+isrcs+releases+media")
    [found] = (await search("recording", "rid", [mbid]))[0]["recordings"]
    assert (looked_up["video"], found["video"]) == (False, None)
    assert looked_up["disambiguation"] == ""
    assert "disambiguation" not in found
    assert looked_up["artist-credit"][-1]["joinphrase"] == ""
    assert "joinphrase" not in found["artist-credit"][-1]
    assert looked_up["releases"][0]["media"][0]["tracks"][0]["number"] == "1"
    assert found["releases"][0]["media"][0]["track"][0]["number"] == "1"
    assert looked_up["isrcs"] == found["isrcs"] == ["GBQ171900001"]


async def test_a_redirect_brings_its_body_as_recorded(musicbrainz, library):
    theirs = next(answer for answer in ANSWERS if answer["status"] == 301)
    old, new = next(iter(library.merged["recording"].items()))
    ours = await musicbrainz.get(f"/recording/{old}")
    assert ours.status_code == 301
    assert ours.headers["content-type"] == theirs["headers"]["content-type"]
    assert ours.headers["location"] == f"http://musicbrainz.org/ws/2/recording/{new}?fmt=json"
    assert theirs["headers"]["location"].startswith("http://musicbrainz.org/ws/2/")
    assert theirs["headers"]["location"].endswith(f"/{theirs['body']['id']}?fmt=json")
    assert ours.json()["id"] == new


async def test_a_refusal_is_as_recorded(musicbrainz, library):
    theirs = next(answer for answer in ANSWERS if answer["status"] == 400)
    ours = await musicbrainz.get(f"/artist/{next(iter(library.artists))}", params={"inc": "foobar"})
    assert (ours.status_code, ours.json()) == (400, theirs["body"])
    assert ours.headers["content-type"] == theirs["headers"]["content-type"]
