"""The feed: what batches do, told to whoever watches and to nobody else."""

import asyncio
import json

import pytest

from loaders import Providers, Settings, Trace
from loaders.feed import MOST_EVENTS, MOST_KEYS, MOST_WATCHERS, Feed
from loaders.watcher import MOST_FRAMES
from tests.work import counted

NOBODY = "0" * 22


@pytest.fixture
def feed(providers):
    return providers.feed


async def frames_of(watcher, count):
    return [json.loads(await anext(watcher)) for _ in range(count)]


async def load(providers, *asked, resource="tracks"):
    trace = Trace(feed=providers.feed)
    pairs = [("spotify", key) for key in asked]
    return trace, await providers.loaders(trace=trace).load(resource, pairs)


async def test_a_batch_is_told_from_its_keys_to_its_landing(simulator, providers, feed):
    await load(providers, NOBODY)  # the token is there by now
    simulator.latency = 0.01
    began = asyncio.get_running_loop().time()
    with feed.watch() as watcher:
        trace, _ = await load(providers, "A" * 22, "B" * 22)
        [frame] = await frames_of(watcher, 1)
    asked, left, landed = frame["events"]
    keys = ["A" * 22, "B" * 22]
    number = left["batch"]
    assert asked == {
        "event": "asked",
        "at": began,
        "request": trace.number,
        "loader": "spotify.tracks",
        "size": 2,
        "keys": keys,
    }
    assert left == {
        "event": "left",
        "at": began,
        "batch": number,
        "loader": "spotify.tracks",
        "size": 2,
        "keys": keys,
    }
    route = "GET /v1/tracks"
    assert landed == {
        "event": "landed",
        "at": began + 0.01,
        "batch": number,
        "wait": 0.0,
        "seconds": 0.01,
        "reason": "settled",
        "waiters": 1,
        "calls": [{"route": route, "at": began, "seconds": 0.01, "status": 200}],
    }
    assert frame["totals"] == {"asked": 2, "batches": 1, "calls": 1, "failed": 0}
    assert frame["at"] == began + 0.05


async def test_the_first_frame_says_who_can_be_asked_for_what(feed):
    with feed.watch() as watcher:
        first, second = await frames_of(watcher, 2)
    spotify, musicbrainz, *_ = first["hello"]
    assert (spotify["name"], spotify["on"], spotify["rate"]) == ("spotify", True, None)
    assert spotify["loaders"]["spotify.tracks"] == {"size": 50, "window": 0}
    assert (musicbrainz["name"], musicbrainz["rate"]) == ("musicbrainz", 1.0)
    assert "hello" not in second
    assert (first["at"], second["at"]) == (0.05, 1.05)


async def test_every_frame_says_what_waits_and_what_is_held(providers, feed):
    providers.on["spotify"].gate.hold(60.0)
    with feed.watch() as watcher:
        waiting = asyncio.ensure_future(load(providers, "A" * 22, "B" * 22))
        [frame] = await frames_of(watcher, 1)
        waiting.cancel()
    spotify = frame["standing"]["spotify"]
    assert spotify == {"hold": 59.95, "budget": None, "waiting": {"spotify.tracks": 2}}
    assert frame["standing"]["musicbrainz"] == {"hold": 0.0, "budget": 1.0, "waiting": {}}


async def test_keys_that_fail_are_told_with_their_kind_of_error(simulator, providers, feed):
    simulator.fault("GET /v1/tracks", status=400)
    with feed.watch() as watcher:
        trace, _ = await load(providers, NOBODY)
        [frame] = await frames_of(watcher, 1)
    [*_, landed, failed] = frame["events"]
    assert (landed["event"], landed["failures"]) == ("landed", 1)
    assert landed["calls"][0]["status"] == 400
    assert (failed["event"], failed["request"], failed["keys"]) == (
        "failed",
        trace.number,
        [NOBODY],
    )
    assert failed["error"] == "BadKeyError"
    assert frame["totals"]["failed"] == 1


async def test_a_batch_that_nobody_waits_for_any_more_is_told_to_be_gone(
    simulator, providers, feed
):
    simulator.latency = 5.0
    with feed.watch() as watcher:
        waiting = asyncio.ensure_future(load(providers, NOBODY))
        await asyncio.sleep(0.01)
        waiting.cancel()
        [frame] = await frames_of(watcher, 1)
    assert [event["event"] for event in frame["events"]] == ["asked", "left", "gone"]
    assert frame["events"][2]["batch"] == frame["events"][1]["batch"]


async def test_keys_that_the_process_remembers_are_told_and_do_not_leave(simulator):
    settings = Settings.demo_settings(cache_entries=100)
    async with Providers(settings, simulator=simulator) as providers:
        await load(providers, "A" * 22)
        with providers.feed.watch() as watcher:
            trace, _ = await load(providers, "A" * 22, "B" * 22)
            [frame] = await frames_of(watcher, 1)
    asked, cached, left, _ = frame["events"]
    assert asked["keys"] == ["A" * 22, "B" * 22]
    assert (cached["event"], cached["request"]) == ("cached", trace.number)
    assert (cached["keys"], left["keys"]) == (["A" * 22], ["B" * 22])


async def test_nothing_is_told_while_nobody_watches(providers, feed):
    await load(providers, NOBODY)
    with feed.watch():
        pass
    await load(providers, NOBODY)
    assert repr(feed) == "<Feed [0 watchers | 0 events]>"


async def test_who_begins_to_watch_in_the_middle_sees_the_rest(simulator, providers, feed):
    await load(providers, NOBODY)
    simulator.latency = 0.3
    waiting = asyncio.ensure_future(load(providers, "A" * 22))
    await asyncio.sleep(0.1)
    with feed.watch() as watcher:
        first, second = await frames_of(watcher, 2)
    await waiting
    assert first["events"] == []
    assert [event["event"] for event in second["events"]] == ["landed"]


async def test_all_who_watch_get_the_same_frames(providers, feed):
    with feed.watch() as one, feed.watch() as two:
        await load(providers, NOBODY)
        assert await anext(one) == await anext(two)


async def test_a_frame_has_bounds_and_says_what_it_left_out(feed):
    with feed.watch() as watcher:
        for number in range(MOST_EVENTS + 7):
            feed.ask(1, "spotify.tracks", [str(number)] * 20)
        [frame] = await frames_of(watcher, 1)
    assert len(frame["events"]) == MOST_EVENTS
    assert frame["lost"] == 7
    assert sum(len(event.get("keys", ())) for event in frame["events"]) == MOST_KEYS
    assert {event["size"] for event in frame["events"]} == {20}
    assert frame["totals"]["asked"] == 20 * (MOST_EVENTS + 7)


async def test_who_reads_too_slowly_loses_events_and_is_told_how_many(feed):
    with feed.watch() as slow, feed.watch() as quick:
        for _ in range(MOST_FRAMES + 5):
            feed.ask(1, "spotify.tracks", ["a"])
            feed.ask(1, "spotify.tracks", ["b"])
            await anext(quick)
        lost = json.loads(await anext(slow))
        rest = await frames_of(slow, 5)
    assert lost == {"lost": 2 * MOST_FRAMES}
    assert rest[-1]["totals"]["asked"] == 2 * (MOST_FRAMES + 5)
    assert "lost" not in rest[0]


async def test_there_is_an_end_to_how_many_may_watch(feed):
    watching = [feed.watch() for _ in range(MOST_WATCHERS)]
    for each in watching:
        assert not feed.is_full
        each.__enter__()
    assert feed.is_full
    for each in watching:
        each.__exit__(None, None, None)
    assert not feed.is_full


async def test_closing_the_providers_ends_who_watches_after_the_last_frame(providers, feed):
    with feed.watch() as watcher:
        await load(providers, NOBODY)
        await providers.close()
        frames = [json.loads(frame) async for frame in watcher]
    assert [event["event"] for event in frames[-1]["events"]] == ["asked", "left", "landed"]
    assert not feed.is_watched


async def test_keys_are_shown_as_people_know_them_and_not_at_length(providers, feed):
    with feed.watch() as watcher:
        await load(providers, "x" * 500, resource="isrcs")
        [frame] = await frames_of(watcher, 1)
    assert frame["events"][0]["keys"] == ["x" * 60]


# A function is called for each key and each event, and there it ends: see `loaders.feed`.
async def test_a_thousand_keys_a_second_cost_who_serves_them_little_more_when_watched(
    providers, feed
):
    async def second(first):
        for batch in range(20):
            keys = [f"{first + batch * 50 + number:022}" for number in range(50)]
            await load(providers, *keys)

    await second(0)
    with counted() as unwatched:
        await second(1_000)
    with feed.watch() as watcher:
        await frames_of(watcher, 1)
        with counted() as watched:
            await second(2_000)
    assert watched.calls < 1.15 * unwatched.calls


async def test_past_its_bounds_a_frame_costs_no_more_per_key(feed: Feed):
    many = [str(number) for number in range(1_000)]
    with feed.watch():
        for _ in range(MOST_EVENTS):
            feed.ask(1, "spotify.tracks", many)
        with counted() as work:
            feed.ask(1, "spotify.tracks", many)
    assert work.calls < 10
