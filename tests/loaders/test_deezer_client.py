"""Deezer's client: what it sends, how it reads what is said under HTTP 200, and what it refuses."""

import pytest

from batching import Gate
from loaders import BadResponseError, InvalidIdError, RateLimitedError, RejectedError, Settings
from loaders.deezer import connect_deezer
from loaders.deezer.client import DeezerClient
from loaders.errors import UnavailableError
from loaders.http import Http, in_process
from loaders.records import PageKey, SearchKey
from loaders.settings import SIMULATOR_URL, DeezerSettings


@pytest.fixture
async def deezer(simulator):
    """The client alone: no gate keeps its pace, nothing is tried again."""
    simulator.deezer.calls_per_window = None
    client = DeezerClient(Http("deezer", SIMULATOR_URL, transport=in_process(simulator)), Gate())
    yield client
    await client.close()


@pytest.fixture
def track(simulator):
    return simulator.catalogue.tracks[0]


def sent(simulator):
    return [(call.route, call.params) for call in simulator.calls]


def said(code):
    return {"error": {"type": "Exception", "message": "told by a fault", "code": code}}


@pytest.mark.parametrize(
    ("get", "kind"), [("get_tracks", "track"), ("get_artists", "artist"), ("get_albums", "album")]
)
async def test_an_unknown_id_is_none_though_the_status_is_200(simulator, deezer, get, kind):
    assert await getattr(deezer, get)(["1"]) == [None]
    [call] = simulator.calls
    assert (call.route, call.ids, call.status) == (f"GET /{kind}/{{id}}", ("1",), 200)


async def test_no_data_under_404_is_unknown_as_well(simulator, deezer, track):
    simulator.fault("GET /track/{id}", status=404)
    assert await deezer.get_tracks([str(track.deezer_id)]) == [None]
    assert simulator.calls[0].status == 404


@pytest.mark.parametrize("status", [200, 429])
async def test_a_used_up_quota_asks_for_five_seconds_of_rest(simulator, deezer, track, status):
    simulator.fault("GET /track/{id}", status=status, body=said(4))
    with pytest.raises(RateLimitedError, match="takes no calls for 5 s") as caught:
        await deezer.get_tracks([str(track.deezer_id)])
    assert caught.value.retry_after == 5.0


@pytest.mark.parametrize("code", [100, 200, 300, 500, 501, 600, 700, 901])
async def test_a_busy_service_may_answer_later_and_every_other_code_refuses(
    simulator, deezer, track, code
):
    simulator.fault("GET /track/{id}", status=200, body=said(code))
    with pytest.raises(UnavailableError if code == 700 else RejectedError) as caught:
        await deezer.get_tracks([str(track.deezer_id)])
    assert caught.value.retryable is (code == 700)
    assert str(caught.value) == f"deezer answered with its error {code}"  # none of its own words


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"status": 500}, UnavailableError),
        ({"status": 403, "body": "<html>no</html>"}, RejectedError),
        ({"body": "<html>hello</html>"}, BadResponseError),
        ({"body": "[" * 100_000}, BadResponseError),
        ({"body": {"id": 0, "title": "nobody has this id"}}, BadResponseError),
        ({"body": {"error": "a word"}}, BadResponseError),
        ({"body": b'{"id": 7, "title": "\xff"}'}, BadResponseError),
    ],
)
async def test_what_is_no_answer_of_deezers_is_an_error(simulator, deezer, track, fault, expected):
    simulator.fault("GET /track/{id}", **fault)
    with pytest.raises(expected):
        await deezer.get_tracks([str(track.deezer_id)])


@pytest.mark.parametrize("native", ["", "0", "x", "../search", "1" * 20, "٣", "1?q=x", "isrc:X"])
async def test_what_is_no_id_is_refused_before_anything_is_sent(simulator, deezer, native):
    for ask in (deezer.get_tracks, deezer.get_artists, deezer.get_albums):
        with pytest.raises(InvalidIdError):
            await ask([native])
    for ask in (deezer.get_artist_albums, deezer.get_album_tracks):
        with pytest.raises(InvalidIdError):
            await ask([PageKey(native, 0, 5)])
    with pytest.raises(InvalidIdError):
        await deezer.get_isrcs([native])
    assert simulator.calls == []


async def test_an_isrc_brings_one_track_and_none_if_it_is_anothers(simulator, deezer, track):
    isrc = track.recording.isrc
    [[found]] = await deezer.get_isrcs([isrc])
    assert found.isrc == isrc
    assert sent(simulator) == [("GET /track/isrc:{id}", {})]
    assert await deezer.get_isrcs(["QZZZZ0000000"]) == [()]
    other = {"id": 7, "title": "Something else", "isrc": "QZ-ZZZ-00-00001"}
    simulator.fault("GET /track/isrc:{id}", body=other)
    assert await deezer.get_isrcs([isrc]) == [()]
    assert [found.isrc for [found] in await deezer.get_isrcs(["QZZZZ0000001"])] == ["QZZZZ0000001"]


async def test_a_bar_code_is_asked_without_its_zero_and_only_then_with_it(simulator, deezer):
    upcs = {len(album.upc): album for album in simulator.catalogue.albums if album.upc}
    for length, calls in ((12, 1), (13, 2)):
        album = upcs[length]
        simulator.reset()
        [[found]] = await deezer.get_upcs([album.upc.zfill(13)])
        assert (found.native, found.upc) == (str(album.deezer_id), album.upc)
        assert [call.ids for call in simulator.calls] == [
            (album.upc[-12:],),
            (album.upc.zfill(13),),
        ][:calls]
    simulator.reset()
    assert await deezer.get_upcs(["4006381333931"]) == [()]  # 13 digits have one spelling
    assert [call.ids for call in simulator.calls] == [("4006381333931",)]


async def test_a_search_is_a_call_for_each_kind_and_a_list_one_for_its_page(simulator, deezer):
    [found] = await deezer.get_search([SearchKey("the", ("album", "track"), 10, 5)])
    page = {"index": "10", "limit": "5"}
    assert sent(simulator) == [
        ("GET /search/album", {"q": "the", **page}),
        ("GET /search/track", {"q": "the", **page}),
    ]
    assert found.artists is None
    assert (len(found.tracks.items), found.tracks.offset) == (5, 10)
    assert found.tracks.total > 100
    simulator.reset()
    artist = simulator.catalogue.artist("Kestrel Vale")
    [listed] = await deezer.get_artist_albums([PageKey(str(artist.deezer_id), 50, 50)])
    assert (len(listed.items), listed.total) == (len(artist.albums) - 50, len(artist.albums))
    assert sent(simulator) == [("GET /artist/{id}/albums", {"index": "50", "limit": "50"})]
    assert await deezer.get_album_tracks([PageKey("1", 0, 5)]) == [None]


@pytest.mark.parametrize(
    ("rate", "burst"), [(8.0, 8), (4.0, 4), (0.5, 1), (None, 1)]
)  # what several servers on one address share stays shared
def test_as_many_calls_come_at_once_as_fit_into_a_second(rate, burst):
    settings = Settings.demo_settings(deezer=DeezerSettings(rate=rate))
    gate = connect_deezer(settings).gate
    assert (gate.rate, gate.burst) == (rate, burst)
