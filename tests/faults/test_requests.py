"""Rows 75, 76 and 80 to 85: clocks, bad input, our own bugs, and secrets."""

import asyncio
import time
from collections import Counter

import pytest
from pydantic import SecretStr

from tests.faults.world import TOKEN, World, now


# Row 75
@pytest.mark.parametrize("jump", [3600.0, -3600.0])
async def test_a_wall_clock_that_jumps_changes_nothing(world, full, monkeypatch, jump):
    real, jumps = time.time, Counter()

    def jumping():
        jumps["all"] += 1
        return real() + jump * (jumps["all"] % 2)

    monkeypatch.setattr(time, "time", jumping)
    headers = {"retry-after": "3", "date": "Wed, 21 Oct 2015 07:28:00 GMT"}
    world.fault(status=429, headers=headers, times=1)
    seen = await world.ask()
    assert (seen.data, seen.errors, seen.seconds) == (full.data, [], 3.0)


# Row 76
async def test_a_loop_that_is_blocked_for_half_a_second_loses_nothing():
    async with World(deadline=1.0, spotify={"window": 0.005}) as world:
        asked = asyncio.ensure_future(world.ask())
        await asyncio.sleep(0.002)
        asyncio.get_running_loop()._now += 0.5
        seen = await asked
        assert (seen.errors, len(world.calls())) == ([], 1)
        assert 0.5 < seen.seconds < 0.6


# Row 80
async def test_too_many_ids_are_refused(world):
    seen = await world.ask([f"spotify:track:{number:022}" for number in range(10_000)])
    assert seen.told("code") == "BAD_USER_INPUT"
    assert world.simulator.calls == []


# Row 81
async def test_one_thing_in_several_spellings_is_asked_once(world, full):
    native = world.native[0]
    spellings = [
        f"spotify:track:{native}",
        f"https://open.spotify.com/track/{native}",
        f"https://open.spotify.com/track/{native}?si=x",
        f"spotify:track:{native}",
    ]
    seen = await world.ask(spellings)
    assert (seen.errors, seen.data) == ([], [full.data[0]] * 4)
    assert world.sent() == [("GET /v1/tracks", 1)]


# Row 81: spaces around an id are no part of any spelling.
# Row 82
@pytest.mark.parametrize("provider", ["spotify", "musicbrainz", "deezer"])
@pytest.mark.parametrize(
    "native",
    [
        "a/b",
        "..",
        "a?b=c",
        "%2f",
        "%2e%2e%2f",
        "a\r\nHost: evil",
        "a,b",
        "a#b",
        "",
        " ",
        "0" * 23,
        "é",
    ],
)
async def test_what_is_no_id_is_refused_and_not_sent(world, provider, native):
    seen = await world.ask([f"{provider}:track:{native}"])
    assert (seen.data, seen.told("code")) == ([None], "BAD_USER_INPUT")
    assert world.simulator.calls == []


def raising(world, error):
    async def get(_keys):
        raise error

    pipeline = world.processor()._flights._processor_func.__self__
    pipeline._get = get


# Rows 83 and 84
@pytest.mark.parametrize(
    "error",
    [
        ValueError("the secret"),
        asyncio.CancelledError("the secret"),
        GeneratorExit("the secret"),
        StopIteration("the secret"),
    ],
    ids=["row 83", "row 84", "row 84, exit", "row 84, stop"],
)
async def test_a_bug_in_a_client_is_masked_and_hangs_nobody(world, error, caplog):
    raising(world, error)
    seen = await world.ask()
    assert (seen.data, seen.told("code")) == ([None] * 3, "INTERNAL_SERVER_ERROR")
    assert "secret" not in str(seen.errors)
    assert caplog.records != []
    assert seen.seconds == 0.0


FAULTS = [
    {"status": status, **more}
    for status in (200, 302, 400, 401, 403, 404, 414, 429, 500, 503)
    for more in ({"body": "{"}, {"headers": {"retry-after": "86400"}})
]
SAID = ("hush-id", "hush-secret")


# Row 85
@pytest.mark.parametrize("fault", FAULTS, ids=str)
@pytest.mark.parametrize("route", ["GET /v1/tracks", TOKEN])
async def test_no_secret_is_told_to_anybody(fault, route, caplog):
    caplog.set_level(0)
    async with World(spotify=secrets()) as world:
        await world.client.execute("{ providers { name } }")
        world.fault(route, **fault)
        answer = await world.client.post(
            {
                "query": "query ($ids: [ID!]!) { tracks(ids: $ids) { id } }",
                "variables": {"ids": world.ids},
            }
        )
        metrics = await world.client.get("/metrics")
        told = f"{answer.body!r} {metrics.body!r} {caplog.text} {world.client.engine.providers.on}"
        issued = list(world.simulator.spotify.tokens._ends)
        assert [word for word in [*SAID, *issued, "Bearer", "Basic "] if word in told] == []
        assert now() < 60.0


def secrets():
    return {"client_id": SecretStr(SAID[0]), "client_secret": SecretStr(SAID[1])}
