"""MusicBrainz's client: what it sends, how it reads what comes, what it does about refusals."""

import asyncio

import pytest

from loaders import InvalidIdError, Providers, Settings
from loaders.errors import BadResponseError, MaybeMergedError, RejectedError
from loaders.http import Http
from loaders.musicbrainz import lucene
from loaders.pipeline import REMEMBERED
from loaders.records import PageKey, SearchKey

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def library(simulator):
    return simulator.musicbrainz.library


@pytest.fixture
def mbids(library):
    return list(library.recordings)


@pytest.fixture
def load(providers):
    """Load keys of one of MusicBrainz's resources, each time as another request."""

    async def load(resource, keys):
        return await providers.loaders().load(resource, [("musicbrainz", key) for key in keys])

    return load


def sent(simulator):
    return [(call.time, len(call.ids), call.status) for call in simulator.calls]


# By id


async def test_a_search_for_ids_asks_for_as_many_rows_as_a_call_may_have(simulator, load, mbids):
    await load("tracks", mbids[:3])
    [call] = simulator.calls
    assert call.params == {
        "query": f"rid:({' OR '.join(mbids[:3])})",
        "limit": "100",
        "fmt": "json",
    }


async def test_hits_are_mapped_by_id_and_one_that_is_not_found_may_be_merged(load, mbids):
    found = await load("tracks", [mbids[4], NOBODY, mbids[1]])
    assert [found[0].native, found[2].native] == [mbids[4], mbids[1]]
    assert isinstance(found[1], MaybeMergedError)
    assert str(found[1]) == (
        f"musicbrainz: the track {NOBODY} was not found, and not looked up in time"
    )


@pytest.mark.parametrize("limit", [2500, 1300])
async def test_a_url_that_is_too_long_is_halved_and_that_is_remembered(
    simulator, load, mbids, limit
):
    simulator.musicbrainz.url_limit = limit
    found = await load("tracks", mbids[:100])
    assert [track.native for track in found] == mbids[:100]
    first = sent(simulator)
    fits = {2500: 50, 1300: 25}[limit]
    refused = [(float(place), 100 >> place, 414) for place in range(len(first) - 100 // fits)]
    taken = [(float(len(refused) + place), fits, 200) for place in range(100 // fits)]
    # What is too long for the provider is so before it could tell which ids it was about.
    assert [(time, status) for time, _, status in first] == [
        (time, status) for time, _, status in refused + taken
    ]
    assert [ids for _, ids, status in first if status == 200] == [fits] * (100 // fits)
    simulator.reset()
    await load("tracks", mbids[100:200])
    assert [(ids, status) for _, ids, status in sent(simulator)] == [(fits, 200)] * (100 // fits)


async def test_what_is_not_understood_is_halved_while_it_may_be_too_long(simulator, load, mbids):
    simulator.fault("GET /ws/2/recording", status=400)
    errors = await load("tracks", mbids[:100])
    assert all(isinstance(error, RejectedError) for error in errors)
    assert [len(call.ids) for call in simulator.calls] == [100, 50, 25, 12] + [12] * 7 + [4]
    simulator.reset()
    await load("tracks", mbids[:2])
    assert [len(call.ids) for call in simulator.calls] == [2]


async def test_what_fits_is_tried_again_in_full_after_an_hour(simulator, load, mbids):
    simulator.musicbrainz.url_limit = 2500
    await load("tracks", mbids[:100])
    simulator.musicbrainz.url_limit = 100_000
    await asyncio.sleep(REMEMBERED)
    await load("tracks", mbids[:1])
    simulator.reset()
    await load("tracks", mbids[:100])
    assert [ids for _, ids, _ in sent(simulator)] == [100]


async def test_what_is_no_id_is_refused_and_its_neighbours_are_served(simulator, load, mbids):
    found = await load("tracks", ["x OR *", mbids[0], NOBODY.upper()[:-1] + "É", mbids[1]])
    assert [type(outcome) for outcome in found[::2]] == [InvalidIdError, InvalidIdError]
    assert [found[1].native, found[3].native] == mbids[:2]
    assert simulator.calls[0].params["query"] == f"rid:({mbids[0]} OR {mbids[1]})"


async def test_the_first_official_release_is_the_album_of_a_track(load, library):
    recording = max(library.recordings.values(), key=lambda it: len(it.places))
    [found] = await load("tracks", [recording.mbid])
    official = [
        place.release
        for place in recording.places
        if place.release.status == "Official" and "Compilation" not in place.release.group.secondary
    ]
    first = min(official, key=lambda it: (it.date or "9999", it.mbid))
    assert found.album.native == first.mbid


# By code


async def test_25_isrcs_go_into_a_call_and_all_their_recordings_come(simulator, load, library):
    isrcs = list(library.isrcs)[:30]
    found = await load("isrcs", isrcs)
    for isrc, tracks in zip(isrcs, found, strict=True):
        assert {track.native for track in tracks} == {it.mbid for it in library.isrcs[isrc]}
        assert {track.isrc for track in tracks} == {isrc}
    assert [len(call.ids) for call in simulator.calls] == [25, 5]


async def test_more_recordings_than_rows_are_paged_with_a_permit_each(simulator, load):
    hits = [
        {"id": f"{place:08x}{NOBODY[8:]}", "title": "Again", "isrcs": ["GBQ171900001"]}
        for place in range(130)
    ]
    pages = [{"count": 130, "recordings": hits[start : start + 100]} for start in (0, 100)]
    for page in pages:
        simulator.fault("GET /ws/2/recording", status=200, body=page, times=1)
    [tracks, nothing] = await load("isrcs", ["GBQ171900001", "GBQ171900002"])
    assert (len(tracks), nothing) == (130, ())
    assert [(call.time, call.params["offset"]) for call in simulator.calls] == [
        (0.0, "0"),
        (1.0, "100"),
    ]


async def test_where_hits_tell_no_isrc_each_is_asked_by_itself(simulator, load):
    untold = {"count": 1, "recordings": [{"id": NOBODY, "title": "Whose?"}]}
    simulator.fault("GET /ws/2/recording", status=200, body=untold)
    found = await load("isrcs", ["GBQ171900001", "GBQ171900002"])
    for [track], isrc in zip(found, ["GBQ171900001", "GBQ171900002"], strict=True):
        assert (track.native, track.isrc) == (NOBODY, isrc)
    assert [len(call.ids) for call in simulator.calls] == [2, 1, 1]


async def test_an_index_that_tells_no_isrc_leaves_it_to_a_look_up(simulator, providers, mbids):
    untold = {
        "count": 2,
        "recordings": [{"id": mbid, "title": "Untold"} for mbid in mbids[:2]],
    }
    simulator.fault("GET /ws/2/recording", status=200, body=untold)
    loaders = providers.loaders()
    found = await loaders.load("tracks", [("musicbrainz", mbid) for mbid in mbids[:2]])
    full = await loaders.complete(found, "isrc")
    library = simulator.musicbrainz.library.recordings
    assert [track.isrc for track in full] == [
        next(iter(library[mbid].isrcs), None) for mbid in mbids[:2]
    ]
    assert [call.route for call in simulator.calls[1:]] == ["GET /ws/2/recording/{id}"] * 2


async def test_a_bar_code_is_found_with_and_without_its_zeros(simulator, load, library):
    release = next(it for it in library.releases.values() if it.barcode and len(it.barcode) == 12)
    [found] = await load("upcs", [release.barcode.zfill(13)])
    assert release.mbid in {album.native for album in found}
    assert {album.upc.zfill(13) for album in found} == {release.barcode.zfill(13)}
    bare = release.barcode.lstrip("0")
    assert simulator.calls[0].params["query"] == (
        f"barcode:({release.barcode.zfill(13)} OR {bare.zfill(12)})"
    )


async def test_one_address_has_another_shape_than_several(load, library):
    known = [url for url in library.urls if "spotify.com/artist" in url][:2]
    [alone] = await load("links", known[:1])
    [other] = await load("links", known[1:])
    both = await load("links", [known[1], "https://example.org/nobody", known[0]])
    assert both == [
        other,
        (),
        alone,
    ]
    assert [ref.kind for ref in alone] == ["artist"]
    assert await load("links", ["https://example.org/nobody"]) == [()]


async def test_101_addresses_are_two_calls_for_more_would_be_dropped(simulator, load, library):
    urls = [url for url in library.urls if "spotify.com" in url][:101]
    found = await load("links", urls)
    assert all(found)
    assert [len(call.ids) for call in simulator.calls] == [100, 1]


# Manners


async def test_it_names_itself_and_whom_to_turn_to(simulator, monkeypatch):
    seen = []
    real = Http.get

    async def get(self, *args, **kwargs):
        seen.append(self._headers["user-agent"])
        return await real(self, *args, **kwargs)

    monkeypatch.setattr(Http, "get", get)
    settings = Settings.demo_settings(contact="me@example.org")
    async with Providers(settings, simulator=simulator) as providers:
        await providers.loaders().load("tracks", [("musicbrainz", NOBODY)])
    [agent] = seen
    assert agent.startswith("unisono/")
    assert agent.endswith(" ( me@example.org )")


async def test_without_a_contact_it_is_off_and_says_why(simulator, monkeypatch):
    monkeypatch.delenv("UNISONO_CONTACT", raising=False)
    async with Providers(Settings(), simulator=simulator) as providers:
        status = providers.statuses()[1]
        assert (status.name, status.on) == ("musicbrainz", False)
        assert status.reason == "UNISONO_CONTACT is not set, and it wants to know"
    async with Providers(Settings(contact="me@example.org"), simulator=simulator) as providers:
        assert providers.statuses()[1].on


async def test_every_route_waits_for_the_same_second(simulator, providers, mbids, library):
    artist = next(iter(library.artists))
    loaders = providers.loaders()
    await loaders.load("tracks", [("musicbrainz", mbid) for mbid in mbids[:2]])
    await loaders.load("artist_albums", [("musicbrainz", PageKey(artist, 0, 5))])
    await loaders.load("search", [("musicbrainz", SearchKey("tide", ("album", "track"), 0, 5))])
    assert [call.time for call in simulator.calls] == [0.0, 1.0, 2.0, 3.0]
    assert {call.status for call in simulator.calls} == {200}


@pytest.mark.parametrize("body", ["", "<html>", '{"count": 1', '{"count": "1"}', "[]", '{"a":1}'])
async def test_an_answer_that_is_none_is_a_bad_response(simulator, load, mbids, body):
    simulator.fault("GET /ws/2/recording", status=200, body=body)
    errors = await load("tracks", mbids[:2])
    assert [type(error) for error in errors] == [BadResponseError] * 2


async def test_an_id_that_is_none_gets_into_no_record(simulator, load, mbids):
    body = {"count": 1, "recordings": [{"id": "../../admin", "title": "x"}]}
    simulator.fault("GET /ws/2/recording", status=200, body=body)
    errors = await load("tracks", mbids[:2])
    assert [type(error) for error in errors] == [BadResponseError] * 2


@pytest.mark.parametrize(
    ("typed", "sent_as"),
    [
        ("low tide", "low tide"),
        ('AC/DC "live"', r"AC\/DC \"live\""),
        ("NOT a AND b", "not a and b"),
        ("title:* (x)", r"title\:\* \(x\)"),
        ("a\\", "a\\\\"),
    ],
)
def test_what_people_type_means_its_words_only(typed, sent_as):
    assert lucene.words(typed) == sent_as


@pytest.mark.parametrize("text", ['"', "((((", "a:b:c", "\\", "AND", "-", "***", "&&", "[a TO b]"])
async def test_no_text_breaks_a_search(load, text):
    [pages] = await load("search", [SearchKey(text, ("track",), 0, 5)])
    assert pages.tracks.items is not None
