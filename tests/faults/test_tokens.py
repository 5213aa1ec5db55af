"""Rows 45 to 49: tokens that run out, are refused, or do not come."""

import asyncio

import pytest

from tests.faults.world import TOKEN, World


# Row 45
async def test_a_token_that_ran_out_is_renewed_and_nobody_notices(world, full):
    world.simulator.spotify.tokens.expire()
    seen = await world.ask()
    assert (seen.data, seen.errors) == (full.data, [])
    assert (len(world.calls()), len(world.calls(tokens=True))) == (2, 1)


# Row 45
async def test_of_many_batches_at_once_one_renews_it(world, full):
    world.simulator.spotify.tokens.expire()
    world.simulator.latency = 0.5
    nobody = [
        [f"spotify:track:{query:010}{number:012}" for number in range(50)] for query in range(50)
    ]
    seen = await asyncio.gather(*map(world.ask, nobody))
    assert [each.errors for each in seen] == [[]] * 50
    assert (len(world.calls()), len(world.calls(tokens=True))) == (100, 1)
    assert full.errors == []


# Row 46
async def test_when_fresh_tokens_are_refused_it_is_left_alone_for_half_a_minute(world, full):
    world.fault(status=401)
    seen = await world.ask()
    assert (seen.codes, seen.told("retryAfterMs")) == (["AUTH"] * 3, 30_000)
    assert (len(world.calls()), len(world.calls(tokens=True))) == (2, 1)
    await asyncio.sleep(29.0)
    seen = await world.ask()
    assert (seen.codes, seen.told("retryAfterMs")) == (["AUTH"] * 3, 1000)
    assert (len(world.calls()), len(world.calls(tokens=True))) == (2, 1)
    world.simulator.faults.clear()
    await asyncio.sleep(1.0)
    assert (await world.ask()).data == full.data


# Row 47
async def test_without_a_token_endpoint_nothing_is_asked(world):
    world.fault(TOKEN, status=503)
    seen = await world.ask()
    assert (seen.codes, seen.told("retryable")) == (["AUTH"] * 3, True)
    assert (len(world.calls()), len(world.calls(tokens=True))) == (0, 3)


# Row 47: a hundred wait for one answer, and none in a row; then the retries' budget ends it.
async def test_all_who_wait_for_a_token_wait_for_the_same(world):
    world.fault(TOKEN, latency=2.0, status=503)
    ids = [
        [f"spotify:track:{query:010}{number:012}" for number in range(50)] for query in range(100)
    ]
    seen = await asyncio.gather(*map(world.ask, ids))
    assert {code for each in seen for code in each.codes} == {"AUTH"}
    assert len(world.calls(tokens=True)) <= 6
    assert max(each.seconds for each in seen) <= 8.0


# Row 48
async def test_a_token_that_still_holds_is_used_while_no_new_one_comes(world, full):
    await asyncio.sleep(3570.0)
    world.fault(TOKEN, status=503)
    seen = await world.ask()
    assert (seen.data, seen.errors, seen.seconds) == (full.data, [], 0.0)
    await asyncio.sleep(0.001)
    assert (len(world.calls()), len(world.calls(tokens=True))) == (1, 1)


# Row 49
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, None),  # it does not say when it ends: an hour
        ({"expires_in": 3599.5}, None),
        ({"expires_in": 0}, "AUTH"),
        ({"expires_in": "3600"}, "AUTH"),
        ({"token_type": "mac"}, "AUTH"),
        ({"access_token": ""}, "AUTH"),
        (None, "AUTH"),  # a page
    ],
)
async def test_a_token_is_taken_only_if_it_is_one(change, code):
    async with World() as world:
        world.fault(status=200, body={"tracks": [None] * 3})  # whatever the token
        body = {"access_token": "t", "token_type": "Bearer", **(change or {})}
        world.fault(TOKEN, body="<html>" if change is None else body)
        seen = await world.ask()
        assert seen.codes == [code] * 3
        assert len(world.calls()) == (0 if code else 1)
