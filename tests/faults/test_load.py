"""Rows 58 to 62: too much at once, and a provider that is left alone."""

import asyncio

import pytest

from batching import Limits
from tests.faults.world import World, now


# Row 58
async def test_a_key_too_many_is_refused_at_once_and_the_others_are_served(world, full):
    processor = world.processor()
    processor._intake._limits = Limits(max_pending=2)
    processor.gate.hold(1.0)  # so that keys wait
    seen = await world.ask()
    assert seen.codes == [None, None, "OVERLOADED"]
    assert seen.data == [*full.data[:2], None]
    assert (len(world.calls()), (await world.client.get("/readyz")).status) == (1, 200)


# Row 59
async def test_when_there_is_no_room_in_time_nothing_is_sent():
    async with World(spotify={"concurrency": 1}) as world:
        await world.ask()
        world.forget()
        world.fault("GET /v1/artists", latency=5.0)
        artist = f"spotify:artist:{world.simulator.catalogue.artists[0].spotify_id}"
        query = "query ($ids: [ID!]!) { artists(ids: $ids) { id } }"
        busy = asyncio.ensure_future(world.ask([artist], query))
        await asyncio.sleep(1.0)
        engine = world.client.engine
        engine.settings = engine.settings.model_copy(update={"deadline": 2.0})
        seen = await world.ask()
        assert (seen.codes, seen.seconds) == (["DEADLINE_EXCEEDED"] * 3, 2.0)
        assert (await busy).errors == []
        assert world.sent() == [("GET /v1/artists", 1)]


async def opened(world):
    """Let the provider fail until it is left alone."""
    world.fault(status=503)
    await world.ask()
    await world.ask()
    world.simulator.faults.clear()
    world.forget()
    return now()


# Row 60
async def test_while_the_breaker_is_open_nobody_calls_and_nobody_waits(world, full):
    since = await opened(world)
    await asyncio.sleep(since + 2.0 - now())
    seen = await world.ask()
    assert (seen.data, seen.codes, seen.seconds) == ([None] * 3, ["CIRCUIT_OPEN"] * 3, 0.0)
    assert (seen.told("retryable"), 2900 <= seen.told("retryAfterMs") <= 3000) == (True, True)
    assert world.calls() == []
    status = await world.client.execute("{ providers { failing } }")
    assert status.data["providers"][0] == {"failing": ["tracks"]}
    await asyncio.sleep(3.0)
    assert (await world.ask()).data == full.data
    status = await world.client.execute("{ providers { failing } }")
    assert status.data["providers"][0] == {"failing": []}


# Row 61. One call decides; the others' callers need not wait for it.
@pytest.mark.parametrize("status", [200, 503])
async def test_one_call_of_many_asks_whether_all_is_well_again(world, status):
    since = await opened(world)
    await asyncio.sleep(since + 5.0 - now())
    world.simulator.latency = 1.0
    if status != 200:
        world.fault(status=status)
    ids = [
        [f"spotify:track:{query:010}{number:012}" for number in range(50)] for query in range(50)
    ]
    seen = await asyncio.gather(*map(world.ask, ids))
    codes = [each.codes[0] for each in seen]
    assert codes.count("CIRCUIT_OPEN") == 49
    assert len(world.calls()) == 1
    later = await world.ask()
    assert later.codes == ([None] * 3 if status == 200 else ["CIRCUIT_OPEN"] * 3)


# Row 62: half the time that a call may take is slow, and slow is as good as failed.
async def test_a_provider_that_answers_too_slowly_is_left_alone(world, full):
    world.fault(latency=5.0)
    for _ in range(4):
        assert (await world.ask()).data == full.data
    assert (await world.ask()).codes == ["CIRCUIT_OPEN"] * 3  # four of five, with that of `full`
    assert len(world.calls()) == 4
