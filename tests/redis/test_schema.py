"""Queries over a Redis that is well, and over one that is not: the answers are the same."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest

from api.testing import TestClient
from loaders.simulator import Simulator
from tests.redis.proxy import Proxy
from tests.redis.test_faults import ADDED, FAULTS
from tests.redis.worlds import until_up

TRACKS = "query ($ids: [ID!]!) { tracks(ids: $ids) { id name } }"


@pytest.fixture
def server(own_server):
    """One version will do: what is asked of Redis is tested with each."""
    return own_server


@pytest.fixture
def simulator():
    return Simulator()


def ids(simulator, number=3):
    return [f"spotify:track:{track.spotify_id}" for track in simulator.catalogue.tracks[:number]]


@asynccontextmanager
async def servers(simulator, url, number, **settings):
    """Open several servers on one Redis, each as good as a process of its own."""
    given = {"redis_url": url, "replicas": number, "cache_entries": 1000, **settings}
    clients = [TestClient(simulator=simulator, **given) for _ in range(number)]
    for client in clients:
        await client.__aenter__()
    try:
        yield clients
    finally:
        for client in clients:
            await client.__aexit__()


async def told(client):
    """Wait until Redis knows all that a server has told it."""
    await asyncio.gather(*store_of(client)._unattended)


def store_of(client):
    return client.engine.providers.store


def calls(simulator, route="GET /v1/tracks"):
    return [call for call in simulator.calls if call.route == route]


async def ask(client, asked, query=TRACKS):
    answer = await client.execute(query, {"ids": asked})
    assert answer.errors == []
    return [track["id"] for track in answer.data["tracks"]]


async def test_what_one_server_asked_no_other_asks(server, simulator):
    asked = ids(simulator)
    async with servers(simulator, server.url, 2) as (one, two):
        assert await ask(one, asked) == asked
        await told(one)
        answer = await two.execute(TRACKS, {"ids": asked})
        assert [track["id"] for track in answer.data["tracks"]] == asked
        answer.expect_calls({})
        [row] = answer.extensions["batching"]
        assert (row["asked"], row["cached"], row["calls"]) == (3, 3, 0)
    assert len(calls(simulator)) == 1


async def test_four_servers_that_are_asked_at_once_ask_once(server, simulator):
    asked = ids(simulator, 50)
    async with servers(simulator, server.url, 4) as clients:
        answers = await asyncio.gather(*(ask(client, asked) for client in clients))
        assert answers == [asked] * 4
    assert len(calls(simulator)) == 1


async def test_an_unknown_id_is_asked_once_and_null_everywhere(server, simulator):
    unknown = ["spotify:track:0000000000000000000000"]
    async with servers(simulator, server.url, 2) as (one, two):
        for client in (one, two):
            answer = await client.execute(TRACKS, {"ids": unknown})
            assert (answer.data, answer.errors) == ({"tracks": [None]}, [])
            await told(client)
    assert len(calls(simulator)) == 1


async def test_servers_with_other_credentials_share_nothing(server, simulator):
    asked = ids(simulator)
    for market in ("DE", "FR"):
        async with servers(simulator, server.url, 1, spotify={"market": market}) as [client]:
            assert await ask(client, asked) == asked
            await told(client)
    assert len(calls(simulator)) == 2


async def test_without_a_cache_only_the_limits_are_shared(server, simulator):
    asked = ids(simulator)
    async with servers(simulator, server.url, 2, cache_entries=0, spotify={"rate": 5.0}) as both:
        began = asyncio.get_running_loop().time()
        for client in both:
            assert await ask(client, asked) == asked
    _, second = calls(simulator)  # the first may have been late
    assert second.time - began >= 0.2 - 0.002


async def test_a_pause_that_one_server_is_told_all_keep(server, simulator):
    pause = {"retry-after": "1"}
    async with servers(simulator, server.url, 2, cache_entries=0) as (one, two):
        simulator.fault("GET /v1/tracks", status=429, headers=pause, times=1)
        first = asyncio.create_task(ask(one, ids(simulator)))
        async with asyncio.timeout(5.0):
            while not server.client.keys("*:hold"):  # noqa: ASYNC110 - redis tells nobody
                await asyncio.sleep(0.005)
        status = (await two.execute("{ tracks(ids: []) { id } providers { holdMs } }")).data
        assert status["providers"][0]["holdMs"] == 0, "it has not asked yet"
        asked = asyncio.create_task(ask(two, ids(simulator)))
        async with asyncio.timeout(5.0):
            while not two.engine.providers.on["spotify"].gate.held:  # noqa: ASYNC110 - see above
                await asyncio.sleep(0.005)
        status = (await two.execute("{ providers { holdMs } }")).data
        assert 0 < status["providers"][0]["holdMs"] <= 1000
        await asyncio.gather(first, asked)
    refused, *later = calls(simulator)
    assert min(call.time for call in later) - refused.time >= 1.0 - 0.01


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
async def test_answers_are_right_and_cost_one_call_whatever_becomes_of_redis(
    own_server, simulator, fault
):
    asked = ids(simulator, 12)
    async with (
        Proxy(own_server.socket) as proxy,
        servers(simulator, proxy.url, 1) as [client],
    ):
        assert await ask(client, asked[:3]) == asked[:3]
        async with fault(own_server, proxy):
            assert await ask(client, asked[3:6]) == asked[3:6]
            assert not store_of(client).is_up
            assert await ask(client, asked[6:9]) == asked[6:9]
            assert await ask(client, asked[:3]) == asked[:3], "known to the process"
        await until_up(store_of(client))
        assert await ask(client, asked[9:]) == asked[9:]
    assert [len(call.ids) for call in calls(simulator)] == [3] * 4


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
async def test_a_server_that_starts_over_a_broken_redis_answers(own_server, simulator, fault):
    asked = ids(simulator)
    async with (
        Proxy(own_server.socket) as proxy,
        fault(own_server, proxy),
        servers(simulator, proxy.url, 1) as [client],
    ):
        assert await ask(client, asked) == asked
    assert len(calls(simulator)) == 1


@pytest.mark.usefixtures("as_served")
async def test_a_redis_that_hangs_adds_60_ms_to_one_query_and_then_nothing(own_server, simulator):
    tracks = ids(simulator, 1000)

    async def seconds(client):
        asked = [tracks.pop() for _ in range(3)]
        began = time.monotonic()
        assert sorted(await ask(client, asked)) == sorted(asked)
        return time.monotonic() - began

    async with servers(simulator, own_server.url, 1) as [client]:
        for _ in range(20):  # a busy machine is late by itself
            usual = min([await seconds(client) for _ in range(5)])
            own_server.hang()
            first = await seconds(client)
            later = min([await seconds(client) for _ in range(5)])
            own_server.go_on()
            if first <= usual + ADDED and later <= usual:
                return
            await until_up(store_of(client))
    pytest.fail(f"usually {usual:.3f} s, when it hangs {first:.3f} s, later {later:.3f} s")


async def test_what_is_looked_for_and_found_is_in_the_metrics(server, simulator):
    asked = ids(simulator)
    async with servers(simulator, server.url, 2) as (one, two):
        for client in (one, two):
            await ask(client, asked)
            await told(client)
        shown = [(await client.get("/metrics")).body.decode() for client in (one, two)]
    read = 'unisono_redis_reads_total{{outcome="{}",provider="spotify",resource="tracks"}} {}.0\n'
    assert read.format("miss", 3) in shown[0]
    assert read.format("fresh", 3) in shown[1]
    assert read.format("poisoned", 0) in shown[1]
    assert "unisono_redis_up 1.0\n" in shown[0]


async def test_one_who_shares_nothing_shows_no_redis(simulator):
    async with TestClient(simulator=simulator, cache_entries=10) as client:
        assert b"redis" not in (await client.get("/metrics")).body


# Everything that a provider tells, each in the shape it has in the simulator.
EVERYTHING = """query ($track: ID!, $other: ID!) {
  track(id: $track) { ...all on(provider: MUSICBRAINZ) { ...all listens tags { name } } }
  other: track(id: $other) { ...all }
}
fragment all on Track {
  id name isrc durationMs popularity artists { id name genres url image { url } }
  album { id name label upc releaseDate cover { url } artists { id }
    tracks(first: 5) { nodes { id } } }
}"""


async def test_a_record_is_the_same_however_a_server_came_by_it(server, simulator):
    simulator.musicbrainz.calls_per_second = None
    tracks = simulator.catalogue.tracks
    variables = {
        "track": f"spotify:track:{tracks[0].spotify_id}",
        "other": f"deezer:track:{tracks[1].deezer_id}",
    }
    async with servers(simulator, server.url, 2, musicbrainz={"rate": None}) as (one, two):
        first = await one.execute(EVERYTHING, variables)
        await told(one)
        second = await two.execute(EVERYTHING, variables)
    assert first.errors == second.errors == []
    assert first.data == second.data
    assert first.data["track"]["on"]["id"].startswith("musicbrainz:")
    # Pages are asked by each process.
    assert {call.resource for call in second.calls} == {"deezer.album_tracks"}
    assert len(first.calls) > 15


# What MusicBrainz tells of an artist by a call of its own, if a track told the rest.
PARTS = """query ($ids: [ID!]!) {
  tracks(ids: $ids) { artists { genres on(provider: SPOTIFY) { id } } } }"""


@pytest.fixture
def recordings(simulator):
    """Return the ids of some tracks; the simulator takes as many calls as there are."""
    simulator.musicbrainz.calls_per_second = None
    known = list(simulator.musicbrainz.library.recordings.values())
    return {"ids": [f"musicbrainz:track:{recording.mbid}" for recording in known[:12]]}


async def test_a_part_that_one_server_looked_up_no_other_looks_up(server, simulator, recordings):
    async with servers(simulator, server.url, 2, musicbrainz={"rate": None}) as (one, two):
        first = await one.execute(PARTS, recordings)
        await told(one)
        second = await two.execute(PARTS, recordings)
        again = await two.execute(PARTS, recordings)
    assert first.errors == second.errors == []
    assert first.data == second.data == again.data
    artists = {call.ids for call in looked_up(first)}
    assert len(looked_up(first)) == len(artists), "all that is wanted of an artist is one call"
    assert len(artists) >= 2
    second.expect_calls({})
    again.expect_calls({})
    rows = {row["loader"]: row["cached"] for row in second.extensions["batching"]}
    assert rows["musicbrainz.artist_lookup"] == 2 * len(artists)


async def test_parts_that_cannot_be_read_are_looked_up(server, simulator, recordings):
    async with servers(simulator, server.url, 2, musicbrainz={"rate": None}) as (one, two):
        first = await one.execute(PARTS, recordings)
        await told(one)
        for key in server.client.keys("*:artist_lookup:*"):
            server.client.setrange(key, 26, b"\xc1")
        second = await two.execute(PARTS, recordings)
    assert second.data == first.data
    assert len(looked_up(second)) == len(looked_up(first))


def looked_up(answer):
    return [call for call in answer.calls if call.resource == "musicbrainz.artist_lookup"]
