"""MusicBrainz's rules of the house: the pace, names, long addresses; and that calls are counted."""

import asyncio

import httpx
import pytest

from loaders.simulator import SimCall
from loaders.simulator.musicbrainz_pace import Pace

BASE = "http://simulator.invalid"
RECORDING = "3a65deaa-5da3-4c22-9f96-934d5e3f18bd"
ARTIST = "adb1639b-4082-4244-820c-9bd6d9f04c2d"
LOOKUP = f"/ws/2/recording/{RECORDING}?fmt=json"
ROUTE = "GET /ws/2/recording/{id}"
TOO_FAST = {
    "error": "Your requests are exceeding the allowable rate limit. "
    "Please see http://wiki.musicbrainz.org/XMLWebService for more information.",
    "help": "For usage, please see: https://musicbrainz.org/development/mmd",
}


def client_at(simulator, address):
    transport = httpx.ASGITransport(simulator, client=(address, 1))
    return httpx.AsyncClient(transport=transport, base_url=BASE)


async def statuses_at(client, times, path=LOOKUP):
    """Return the statuses of calls made at these times."""
    loop, found = asyncio.get_running_loop(), []
    for time in times:
        await asyncio.sleep(time - loop.time())
        found.append((await client.get(path)).status_code)
    return found


# The pace


async def test_one_call_a_second_is_let_in_for_ever(stranger):
    assert await statuses_at(stranger, range(50)) == [200] * 50


async def test_a_call_too_soon_is_turned_away_and_need_not_wait_as_far_as_is_told(stranger):
    await stranger.get(LOOKUP)
    refused = await stranger.get(LOOKUP)
    assert (refused.status_code, refused.json()) == (503, TOO_FAST)
    assert refused.headers["retry-after"] == "0"


async def test_what_was_turned_away_does_not_count(stranger):
    times = [0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0]
    assert await statuses_at(stranger, times) == [200, 503, 503, 503, 200, 503, 200]


async def test_the_pace_is_one_for_all_routes(stranger):
    await stranger.get(LOOKUP)
    answer = await stranger.get("/ws/2/url?fmt=json&resource=x")
    assert answer.status_code == 503


async def test_calls_may_jitter_but_not_gain(stranger):
    steady = [0.1, 1.0, 2.1, 3.0, 4.1, 5.0]
    assert await statuses_at(stranger, steady) == [200] * 6
    fast = [6 + 0.9 * call for call in range(6)]
    assert 503 in await statuses_at(stranger, fast)


async def test_each_address_has_a_pace_of_its_own(simulator):
    async with client_at(simulator, "192.0.2.1") as one, client_at(simulator, "192.0.2.2") as other:
        assert (await one.get(LOOKUP)).status_code == 200
        assert (await other.get(LOOKUP)).status_code == 200
        assert (await one.get(LOOKUP)).status_code == 503


async def test_the_pace_may_be_another_or_none(simulator, stranger):
    simulator.musicbrainz.calls_per_second = 10.0
    assert await statuses_at(stranger, [0, 0.05, 0.1]) == [200, 503, 200]
    simulator.musicbrainz.calls_per_second = None
    assert await statuses_at(stranger, [1] * 20) == [200] * 20


async def test_the_pace_is_taken_when_a_call_comes_however_long_its_answer_takes(
    simulator, stranger
):
    simulator.fault(ROUTE, latency=5.0, times=1)
    slow = asyncio.create_task(stranger.get(LOOKUP))
    assert await statuses_at(stranger, [1, 2, 3, 4, 5, 6]) == [200] * 6
    assert (await slow).status_code == 200


async def test_a_faulty_call_counts_as_one(simulator, stranger):
    simulator.fault(ROUTE, status=500, times=1)
    assert await statuses_at(stranger, [0, 0.5, 1]) == [500, 503, 200]


async def test_a_reset_forgets_who_came(simulator, stranger):
    await stranger.get(LOOKUP)
    simulator.reset()
    assert (await stranger.get(LOOKUP)).status_code == 200


async def test_spotify_has_its_own_pace(client):
    assert (await client.get(LOOKUP)).status_code == 200
    for _ in range(3):
        answer = await client.get("/v1/tracks?ids=3HW6loqinVoHq6UtGn8wOm")
        assert answer.status_code == 200


def test_a_clock_that_began_again_keeps_nobody_out():
    pace = Pace()
    assert pace.admits("", 1000.0, rate=1.0)
    assert pace.admits("", 0.0, rate=1.0)
    assert not pace.admits("", 0.5, rate=1.0)


def test_a_thousand_addresses_are_remembered():
    pace = Pace()
    assert all(pace.admits(str(number), 0.0, rate=1.0) for number in range(1000))
    assert not pace.admits("999", 0.0, rate=1.0)
    assert pace.admits("1000", 0.0, rate=1.0)
    assert pace.admits("999", 0.0, rate=1.0)


# Names and addresses


@pytest.mark.parametrize("agent", ["", "  "])
async def test_the_nameless_are_refused_and_do_not_count(stranger, agent):
    refused = await stranger.get(LOOKUP, headers={"user-agent": agent})
    assert (refused.status_code, refused.headers["x-ratelimit-who"]) == (403, "ua-missing")
    assert (await stranger.get(LOOKUP)).status_code == 200


async def test_nobody_else_asks_for_a_name(client):
    answer = await client.get("/v1/tracks?ids=3HW6loqinVoHq6UtGn8wOm", headers={"user-agent": ""})
    assert answer.status_code == 200


async def test_an_address_may_be_8_kilobytes_long(simulator, stranger):
    simulator.musicbrainz.calls_per_second = None
    start = "/ws/2/recording?fmt=json&query="
    longest = start + "a" * (8192 - len(start))
    assert (await stranger.get(longest)).status_code == 200
    refused = await stranger.get(longest + "a")
    assert (refused.status_code, refused.headers["content-type"]) == (414, "text/html")
    simulator.musicbrainz.url_limit = 100
    assert (await stranger.get(start + "a" * 100)).status_code == 414


async def test_a_hundred_ids_and_a_hundred_links_fit(simulator, musicbrainz):
    library, catalogue = simulator.musicbrainz.library, simulator.catalogue
    ids = [*library.recordings][:100]
    links = [f"https://open.spotify.com/artist/{each.spotify_id}" for each in catalogue.artists]
    for path, params in (
        ("/recording", {"query": f"rid:({' OR '.join(ids)})", "limit": 100}),
        ("/url", {"resource": links[:100], "inc": "artist-rels release-rels recording-rels"}),
    ):
        assert (await musicbrainz.get(path, params=params)).status_code == 200


# Counting and faults


async def test_every_call_is_written_down_with_the_ids_it_asked_for(simulator, musicbrainz):
    query = f"rid:({RECORDING} OR x) AND isrc:GBQ171900001 AND rain"
    await musicbrainz.get("/recording", params={"query": query})
    await musicbrainz.get("/recording", params={"query": "rain (check"})
    await musicbrainz.get("/release", params={"barcode": "x", "artist": ARTIST})
    await musicbrainz.get("/release")
    await musicbrainz.get(f"/artist/{ARTIST}")
    await musicbrainz.get("/isrc/GBQ171900001")
    await musicbrainz.get("/url", params={"resource": ["u2", "u1"]})
    assert [(call.route, call.ids, call.status) for call in simulator.calls] == [
        ("GET /ws/2/recording", (RECORDING, "x", "GBQ171900001"), 200),
        ("GET /ws/2/recording", (), 400),
        ("GET /ws/2/release", (ARTIST,), 200),
        ("GET /ws/2/release", (), 400),
        ("GET /ws/2/artist/{id}", (ARTIST,), 200),
        ("GET /ws/2/isrc/{id}", ("GBQ171900001",), 200),
        ("GET /ws/2/url", ("u2", "u1"), 200),
    ]


async def test_a_call_has_no_token_to_speak_of(simulator, musicbrainz):
    await musicbrainz.get(f"/recording/{RECORDING}")
    assert simulator.calls == [SimCall(0.0, ROUTE, (RECORDING,), {"fmt": "json"}, None, 200)]


async def test_calls_turned_away_are_written_down_as_well(stranger):
    await stranger.get(LOOKUP)
    await stranger.get(LOOKUP)
    stats = (await stranger.get("/_stats")).json()
    assert stats["routes"] == {
        ROUTE: {"calls": 2, "ids": 2, "statuses": {"200": 1, "503": 1}},
    }


async def test_a_503_without_words_has_musicbrainzs_own(simulator, musicbrainz):
    simulator.fault(ROUTE, status=503, times=1)
    failed = await musicbrainz.get(f"/recording/{RECORDING}")
    assert (failed.status_code, failed.json()) == (503, TOO_FAST)
    assert failed.headers["retry-after"] == "0"
    simulator.fault("GET /ws/2/recording", status=502, body="<html>", headers={}, times=1)
    failed = await musicbrainz.get("/recording", params={"query": "x"})
    assert (failed.status_code, failed.text) == (502, "<html>")


async def test_the_front_page_tells_of_it(stranger):
    told = (await stranger.get("/")).json()
    assert told["providers"]["musicbrainz"] == [
        "GET /ws/2/artist",
        "GET /ws/2/recording",
        "GET /ws/2/release",
        "GET /ws/2/release-group",
        "GET /ws/2/artist/{id}",
        "GET /ws/2/recording/{id}",
        "GET /ws/2/release/{id}",
        "GET /ws/2/release-group/{id}",
        "GET /ws/2/isrc/{id}",
        "GET /ws/2/url",
    ]
    assert told["settings"]["UNISONO_MUSICBRAINZ_BASE_URL"] == f"{BASE}/ws/2"
    assert told["examples"]["recordings"][0] == RECORDING
    page = await stranger.get("/", headers={"accept": "text/html"})
    assert RECORDING in page.text
