"""What the process remembers: exact calls and times, through the schema."""

import asyncio

import pytest

from api.testing import TestClient
from loaders.musicbrainz import KEEP as MUSICBRAINZ
from loaders.spotify import KEEP as SPOTIFY

HOUR = 3600.0
NOBODY = "spotify:track:0000000000000000000000"
NAMES = "query ($ids: [ID!]!) { tracks(ids: $ids) { name } }"
GENRES = "query ($ids: [ID!]!) { artists(ids: $ids) { name genres } }"


@pytest.fixture
async def client():
    async with TestClient(cache_entries=1000) as client:
        yield client


@pytest.fixture
def mbids(client):
    """Two artists that MusicBrainz knows and nobody merged."""
    artists = client.simulator.musicbrainz.library.artists
    return [f"musicbrainz:artist:{mbid}" for mbid in list(artists)[:2]]


def calls(client):
    """When which route was called for how many ids, tokens apart."""
    return [
        (call.time, call.route, len(call.ids))
        for call in client.calls
        if call.route != "POST /api/token"
    ]


def metric(answer, start):
    return [line for line in answer.body.decode().splitlines() if line.startswith(start)]


def rows(answer):
    """By loader: keys asked, distinct and cached, and calls."""
    return {
        row["loader"]: tuple(row[name] for name in ("asked", "distinct", "cached", "calls"))
        for row in answer.extensions["batching"]
    }


def codes(answer):
    return [error["extensions"]["code"] for error in answer.errors]


async def test_what_was_told_once_is_not_asked_again_while_it_is_fresh(client, track_ids):
    first = await client.execute(NAMES, {"ids": track_ids[:60]})
    first.expect_calls({"spotify.tracks": 2})
    await asyncio.sleep(SPOTIFY.fresh - 0.001)
    again = await client.execute(NAMES, {"ids": track_ids[:60]})
    assert (again.data, again.errors) == (first.data, [])
    again.expect_calls({})
    assert "stale" not in again.extensions
    assert rows(again) == {"spotify.tracks": (60, 60, 60, 0)}


async def test_only_what_is_not_known_is_asked(client, track_ids):
    await client.execute(NAMES, {"ids": track_ids[:10]})
    answer = await client.execute(NAMES, {"ids": [*track_ids[5:15], track_ids[5]]})
    assert [track is not None for track in answer.data["tracks"]] == [True] * 11
    assert [call.ids for call in client.calls[-1:]] == [
        tuple(id_.rpartition(":")[2] for id_ in track_ids[10:15])
    ]
    [row] = answer.extensions["batching"]
    assert [row[name] for name in ("asked", "distinct", "remembered", "cached", "joined")] == [
        *(11, 10, 1, 5, 0)
    ]


async def test_a_request_keeps_to_what_it_was_told_though_it_is_stale_by_then(client, artist_ids):
    [one] = artist_ids[:1]
    await client.execute(GENRES, {"ids": [one]})
    await asyncio.sleep(SPOTIFY.fresh + SPOTIFY.stale - 1.0)
    client.simulator.fault("GET /v1/albums", latency=2.0)
    album = client.simulator.catalogue.artists[0].albums[0]
    answer = await client.execute(
        f"""{{ artist(id: "{one}") {{ genres }}
        album(id: "spotify:album:{album.spotify_id}") {{ artists {{ genres }} }} }}"""
    )
    assert answer.errors == []
    assert answer.data["album"]["artists"][0]["genres"] == answer.data["artist"]["genres"]
    assert [row["ageMs"] for row in answer.extensions["stale"]] == [7_199_000]


async def test_what_is_stale_is_told_at_once_and_asked_again_once_for_a_hundred_readers(
    client, track_ids
):
    """Row 64."""
    ids = {"ids": track_ids[:2]}
    await client.execute(NAMES, ids)
    await asyncio.sleep(SPOTIFY.fresh)
    client.simulator.fault("GET /v1/tracks", latency=5.0)
    began = asyncio.get_running_loop().time()
    answers = await asyncio.gather(*(client.execute(NAMES, ids) for _ in range(100)))
    assert asyncio.get_running_loop().time() == began
    assert {tuple(track["name"] for track in answer.data["tracks"]) for answer in answers} == {
        tuple(track.name for track in client.simulator.catalogue.tracks[:2])
    }
    for answer in answers:
        assert answer.errors == []
        assert answer.extensions["stale"] == [
            {"loader": "spotify.tracks", "id": id_, "ageMs": 3_600_000} for id_ in track_ids[:2]
        ]
    await asyncio.sleep(4.0)  # it is on its way, and whoever comes now starts no other
    assert "stale" in (await client.execute(NAMES, ids)).extensions
    await asyncio.sleep(2.0)
    assert calls(client) == [(0.0, "GET /v1/tracks", 2), (HOUR, "GET /v1/tracks", 2)]
    after = await client.execute(NAMES, ids)
    after.expect_calls({})
    assert "stale" not in after.extensions


async def test_what_is_asked_again_is_asked_after_what_somebody_waits_for(track_ids):
    async with TestClient(cache_entries=1000, spotify={"rate": 0.1}) as client:
        await client.execute(NAMES, {"ids": track_ids[:50]})
        await asyncio.sleep(SPOTIFY.fresh)
        await client.execute(NAMES, {"ids": track_ids[50:51]})  # takes the permit there is
        await client.execute(NAMES, {"ids": track_ids[:50]})  # is answered, and asked again
        wanted = await client.execute(NAMES, {"ids": track_ids[51:52]})
        native = track_ids[51].rpartition(":")[2]
        assert [(call.started, len(call.ids), native in call.ids) for call in wanted.calls] == [
            (HOUR + 10.0, 50, True)
        ]


@pytest.mark.parametrize(("status", "attempts"), [(501, 1), (503, 3)])
async def test_what_is_stale_is_told_while_its_provider_is_down_until_it_is_too_old(
    client, track_ids, status, attempts
):
    """Row 63."""
    ids = {"ids": track_ids[:1]}
    await client.execute(NAMES, ids)
    client.simulator.fault("GET /v1/tracks", status=status)
    await asyncio.sleep(SPOTIFY.fresh + 60.0)
    answer = await client.execute(NAMES, ids)
    assert (answer.errors, answer.data["tracks"][0] is None) == ([], False)
    assert answer.extensions["stale"][0]["ageMs"] == 3_660_000
    await asyncio.sleep(5.0)
    assert len(calls(client)) == 1 + attempts  # asked again behind it, in vain
    await asyncio.sleep(SPOTIFY.stale - 65.0)
    answer = await client.execute(NAMES, ids)
    assert (answer.data["tracks"], codes(answer)) == ([None], ["UPSTREAM_UNAVAILABLE"])
    assert "stale" not in answer.extensions


async def test_an_unknown_id_is_remembered_for_a_short_time_that_reading_does_not_extend(client):
    """Row 65."""
    for seconds in (0.0, SPOTIFY.unknown - 1.0, 0.5):
        await asyncio.sleep(seconds)
        answer = await client.execute(NAMES, {"ids": [NOBODY]})
        assert (answer.data, answer.errors) == ({"tracks": [None]}, [])
        assert "stale" not in answer.extensions
    assert len(calls(client)) == 1
    await asyncio.sleep(0.5)  # virtual time
    await client.execute(NAMES, {"ids": [NOBODY]})
    assert [time for time, _, _ in calls(client)] == [0.0, SPOTIFY.unknown]


@pytest.mark.parametrize(
    ("attribute", "value"), [("key", "11dFghVXANMlKmJXsNCbNm"), ("version", 0), ("part", "x")]
)
async def test_an_entry_that_is_not_what_it_should_be_is_dropped_and_counted(
    client, track_ids, attribute, value
):
    """Row 66."""
    first = await client.execute(NAMES, {"ids": track_ids[:1]})
    cache = client.engine.providers.cache
    part = client.settings.spotify.partition("spotify") + ".tracks"
    native = track_ids[0].rpartition(":")[2]
    [entry] = cache.get_many(part, [native], 0.0).values()
    setattr(entry, attribute, value)
    answer = await client.execute(NAMES, {"ids": track_ids[:1]})
    assert (answer.data, answer.errors) == (first.data, [])
    answer.expect_calls({"spotify.tracks": 1})
    assert cache.poisoned == 1
    assert metric(await client.get("/metrics"), "unisono_cache_poisoned_total") == [
        "unisono_cache_poisoned_total 1.0"
    ]
    (await client.execute(NAMES, {"ids": track_ids[:1]})).expect_calls({})


async def test_a_failure_is_not_remembered(client, track_ids):
    client.simulator.fault("GET /v1/tracks", status=400, times=1)
    assert codes(await client.execute(NAMES, {"ids": track_ids[:1]})) == ["UPSTREAM_REJECTED"]
    answer = await client.execute(NAMES, {"ids": track_ids[:1]})
    assert answer.errors == []
    answer.expect_calls({"spotify.tracks": 1})


async def test_what_a_parent_told_is_neither_remembered_nor_put_in_place_of_what_is(
    client, catalogue
):
    track = catalogue.tracks[0]
    artist = f"spotify:artist:{track.artists[0].spotify_id}"
    document = f'{{ track(id: "spotify:track:{track.spotify_id}") {{ artists {{ name }} }} }}'
    (await client.execute(document)).expect_calls({"spotify.tracks": 1})
    answer = await client.execute(GENRES, {"ids": [artist]})
    answer.expect_calls({"spotify.artists": 1})
    await asyncio.sleep(SPOTIFY.fresh / 2)
    (await client.execute(NAMES, {"ids": [f"spotify:track:{catalogue.tracks[1].spotify_id}"]}))
    again = await client.execute(GENRES, {"ids": [artist]})
    assert again.data == answer.data
    again.expect_calls({})


async def test_a_remembered_record_that_lacks_a_part_is_loaded_for_that_part_alone(client, mbids):
    names = "query ($ids: [ID!]!) { artists(ids: $ids) { name } }"
    links = """query ($ids: [ID!]!) { artists(ids: $ids) { on(provider: SPOTIFY) { name } } }"""
    (await client.execute(names, {"ids": mbids})).expect_calls({"musicbrainz.artists": 1})
    genres = await client.execute(GENRES, {"ids": mbids})
    genres.expect_calls({"musicbrainz.artist_lookup": 2})
    again = await client.execute(GENRES, {"ids": mbids})
    assert (again.data, again.errors) == (genres.data, [])
    again.expect_calls({})
    other = await client.execute(links, {"ids": mbids})
    assert {call.resource for call in other.calls} >= {"musicbrainz.artist_lookup"}
    (await client.execute(links, {"ids": mbids})).expect_calls({})


async def test_a_part_is_remembered_by_itself_when_the_entity_was_asked_again(client, mbids):
    partly = {"document": GENRES, "variables": {"ids": mbids}}
    await client.execute(**partly)  # until 2.0 s: one call for both, one for the genres of each
    await asyncio.sleep(MUSICBRAINZ.fresh)
    first = await client.execute(**partly)
    assert rows(first) == {"musicbrainz.artists": (2, 2, 2, 0)}
    await asyncio.sleep(5.0)
    assert len(calls(client)) == 4  # both again, in one call that tells no genres
    answer = await client.execute(**partly)
    assert (answer.data, answer.errors) == (first.data, [])
    assert rows(answer) == {
        "musicbrainz.artists": (2, 2, 2, 0),
        "musicbrainz.artist_lookup": (2, 2, 2, 0),
    }
    assert [(row["loader"], row["id"]) for row in answer.extensions["stale"]] == [
        ("musicbrainz.artist_lookup", id_) for id_ in mbids
    ]
    await asyncio.sleep(5.0)
    assert len(calls(client)) == 6
    after = await client.execute(**partly)
    assert "stale" not in after.extensions
    assert len(calls(client)) == 6


async def test_an_id_that_nobody_has_is_looked_for_once(client):
    nobody = [f"musicbrainz:track:00000000-0000-4000-8000-00000000000{n}" for n in range(2)]
    first = await client.execute(NAMES, {"ids": nobody})
    assert (first.data, first.errors) == ({"tracks": [None, None]}, [])
    first.expect_calls({"musicbrainz.tracks": 1, "musicbrainz.track_lookup": 2})
    again = await client.execute(NAMES, {"ids": nobody})
    assert (again.data, again.errors) == (first.data, [])
    again.expect_calls({})


async def test_a_track_of_an_isrc_is_remembered_and_so_is_that_there_is_none(client, catalogue):
    isrc = next(track.recording.isrc for track in catalogue.tracks if track.recording.isrc)
    document = f"""{{ tracksByIsrc(isrcs: ["{isrc}", "USRC17699999"], providers: [SPOTIFY]) {{
        tracks {{ id }} }} }}"""
    first = await client.execute(document)
    first.expect_calls({"spotify.isrcs": 2})
    again = await client.execute(document)
    assert (again.data, again.errors) == (first.data, [])
    again.expect_calls({})
    await asyncio.sleep(SPOTIFY.unknown)
    (await client.execute(document)).expect_calls({"spotify.isrcs": 1})


async def test_lists_and_searches_are_not_remembered(client):
    document = '{ search(text: "the", provider: SPOTIFY, first: 5) { tracks { nodes { id } } } }'
    for _ in range(2):
        (await client.execute(document)).expect_calls({"spotify.search": 1})


async def test_what_is_remembered_is_told_while_the_provider_takes_no_calls(client, track_ids):
    """Row 60: a hold of a day leaves what is known whole, and fails the rest at once."""
    await client.execute(NAMES, {"ids": track_ids[:1]})
    client.engine.providers.on["spotify"].gate.hold(86_400.0)
    answer = await client.execute(NAMES, {"ids": track_ids[:2]})
    assert asyncio.get_running_loop().time() == 0.0
    assert [track is None for track in answer.data["tracks"]] == [False, True]
    [error] = answer.errors
    assert (error["path"], error["extensions"]["code"]) == (["tracks", 1], "UPSTREAM_RATE_LIMITED")
    assert error["extensions"]["retryAfterMs"] == 86_400_000
    assert len(calls(client)) == 1
    await asyncio.sleep(SPOTIFY.fresh)
    answer = await client.execute(NAMES, {"ids": track_ids[:1]})
    assert (answer.errors, len(answer.extensions["stale"])) == ([], 1)
    await asyncio.sleep(60.0)
    assert len(calls(client)) == 1  # nor is it asked again meanwhile


async def test_what_is_stale_is_told_while_the_breaker_is_open(client, track_ids):
    """The rest of row 60."""
    await client.execute(NAMES, {"ids": track_ids[:1]})
    await asyncio.sleep(SPOTIFY.fresh)
    client.simulator.fault("GET /v1/tracks", status=501)
    for id_ in track_ids[1:6]:
        assert codes(await client.execute(NAMES, {"ids": [id_]})) == ["UPSTREAM_UNAVAILABLE"]
    had = len(calls(client))
    for _ in range(2):
        answer = await client.execute(NAMES, {"ids": track_ids[:2]})
        assert [track is None for track in answer.data["tracks"]] == [False, True]
        assert codes(answer) == ["UPSTREAM_CIRCUIT_OPEN"]
        assert [row["id"] for row in answer.extensions["stale"]] == track_ids[:1]
    await asyncio.sleep(1.0)
    assert len(calls(client)) == had


async def test_a_deadline_leaves_what_is_remembered_whole(track_ids):
    async with TestClient(cache_entries=1000, deadline=2.0) as client:
        await client.execute(NAMES, {"ids": track_ids[:1]})
        client.simulator.fault("GET /v1/tracks", latency=5.0)
        answer = await client.execute(NAMES, {"ids": track_ids[:2]})
        assert asyncio.get_running_loop().time() == 2.0
        assert [track is None for track in answer.data["tracks"]] == [False, True]
        assert codes(answer) == ["DEADLINE_EXCEEDED"]


async def test_one_who_leaves_disturbs_nobody(client, track_ids):
    await client.execute(NAMES, {"ids": track_ids[:1]})
    client.simulator.fault("GET /v1/tracks", latency=1.0)
    leaving = asyncio.ensure_future(client.execute(NAMES, {"ids": track_ids[:3]}))
    staying = asyncio.ensure_future(client.execute(NAMES, {"ids": track_ids[:3]}))
    await asyncio.sleep(0.5)  # virtual: the call is in the air
    leaving.cancel()
    answer = await staying
    assert (answer.errors, None in answer.data["tracks"]) == ([], False)
    assert calls(client)[1:] == [(0.0, "GET /v1/tracks", 2)]
    alone = asyncio.ensure_future(client.execute(NAMES, {"ids": track_ids[:5]}))
    await asyncio.sleep(0.5)  # virtual: the call is in the air
    alone.cancel()
    await asyncio.wait([alone])
    processor = client.engine.providers.on["spotify"].resources["tracks"]
    assert repr(processor) == "<BatchProcessor 'spotify.tracks' [0 waiting | 0 in flight]>"


async def test_the_server_ends_without_waiting_for_what_it_asks_again(client, track_ids):
    await client.execute(NAMES, {"ids": track_ids[:1]})
    await asyncio.sleep(SPOTIFY.fresh)
    client.engine.providers.on["spotify"].gate.hold(20.0)
    await client.execute(NAMES, {"ids": track_ids[:1]})
    await asyncio.sleep(1.0)
    before = asyncio.get_running_loop().time()
    await client.engine.close()
    assert asyncio.get_running_loop().time() == before
    assert len(calls(client)) == 1


async def test_what_is_stale_is_told_over_http_without_being_asked_for(client, track_ids):
    asked = {"query": NAMES, "variables": {"ids": track_ids[:1]}}
    await client.post(asked)
    await asyncio.sleep(SPOTIFY.fresh)
    answer = await client.post(asked)
    assert answer.json()["extensions"] == {
        "stale": [{"loader": "spotify.tracks", "id": track_ids[0], "ageMs": 3_600_000}]
    }


async def test_the_metrics_count_reads_by_loader(client, track_ids):
    for seconds in (0.0, 1.0, SPOTIFY.fresh):
        await asyncio.sleep(seconds)
        await client.post({"query": NAMES, "variables": {"ids": track_ids[:2]}})
    answer = await client.get("/metrics")
    tracks = 'provider="spotify",resource="tracks"'
    assert metric(answer, "unisono_cache_entries") == ["unisono_cache_entries 2.0"]
    assert [line for line in metric(answer, "unisono_cache_reads_total") if tracks in line] == [
        f'unisono_cache_reads_total{{outcome="{outcome}",{tracks}}} 2.0'
        for outcome in ("fresh", "stale", "miss")
    ]
    assert f'unisono_keys_total{{kind="cached",{tracks}}} 4.0' in answer.body.decode()


async def test_without_a_cache_nothing_stands_before_the_processor(track_ids):
    async with TestClient() as client:
        for _ in range(2):
            (await client.execute(NAMES, {"ids": track_ids[:1]})).expect_calls(
                {"spotify.tracks": 1}
            )
        assert client.engine.providers.cache is None
        for provider in client.engine.providers.on.values():
            assert (provider.memory.remembered, provider.memory.cached) == ({}, {})
        assert metric(await client.get("/metrics"), "unisono_cache") == []
