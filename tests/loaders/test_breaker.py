"""The circuit breaker: when it opens, for how long, and what one call decides."""

import asyncio

from loaders.breaker import Breaker


def called(breaker, *outcomes):
    """Make a call for each outcome; return whether the breaker opened by it."""
    return [breaker.leave(breaker.enter(), failed=failed) for failed in outcomes]


async def opened(breaker):
    called(breaker, *[True] * 5)
    return breaker


async def test_five_failures_in_a_row_open_it_and_not_four():
    breaker = Breaker()
    assert called(breaker, True, True, True, True) == [False] * 4
    assert (breaker.is_open, breaker.wait) == (False, 0.0)
    assert called(breaker, True) == [True]
    assert (breaker.is_open, breaker.wait) == (True, 5.0)


async def test_half_of_the_latest_twenty_must_have_failed():
    breaker = Breaker()
    assert not any(called(breaker, *[True, False, False] * 20))
    assert not any(called(breaker, *[False] * 20))
    assert called(breaker, *[True] * 10) == [False] * 9 + [True]


async def test_failures_are_forgotten_after_half_a_minute():
    breaker = Breaker()
    called(breaker, *[True] * 4)
    await asyncio.sleep(30.0)
    assert called(breaker, *[True] * 4) == [False] * 4


async def test_what_proves_nothing_is_not_counted():
    breaker = Breaker()
    called(breaker, *[True] * 4, *[None] * 100)
    assert called(breaker, True) == [True]


async def test_when_its_time_is_over_one_call_is_made_and_the_rest_is_refused():
    breaker = await opened(Breaker())
    await asyncio.sleep(4.0)
    assert breaker.wait == 1.0
    await asyncio.sleep(1.0)
    assert (breaker.is_open, breaker.wait) == (True, 0.0)
    assert breaker.enter() is True
    assert breaker.wait == 5.0  # for everybody else


async def test_the_one_call_closes_it_and_what_was_is_forgotten():
    breaker = await opened(Breaker())
    await asyncio.sleep(5.0)
    called(breaker, False)
    assert (breaker.is_open, breaker.wait) == (False, 0.0)
    assert called(breaker, *[True] * 4) == [False, False, False, True]  # four of five


async def test_the_one_call_opens_it_for_twice_as_long_up_to_a_minute():
    breaker = await opened(Breaker())
    waits = []
    for _ in range(6):
        waits.append(breaker.wait)
        await asyncio.sleep(breaker.wait)
        assert called(breaker, True) == [True]
    assert waits == [5.0, 10.0, 20.0, 40.0, 60.0, 60.0]
    await asyncio.sleep(60.0)
    called(breaker, False, *[True] * 4)
    assert breaker.wait == 5.0  # it begins anew


async def test_a_cancelled_probe_leaves_the_decision_to_the_next():
    breaker = await opened(Breaker())
    await asyncio.sleep(5.0)
    assert called(breaker, None) == [False]
    assert (breaker.is_open, breaker.wait) == (True, 0.0)
    assert called(breaker, True) == [True]


async def test_calls_made_before_it_opened_decide_nothing():
    breaker = Breaker()
    early = [breaker.enter() for _ in range(3)]
    await opened(breaker)
    assert [breaker.leave(it, failed=True) for it in early] == [False] * 3
    assert breaker.wait == 5.0
    await asyncio.sleep(5.0)
    is_probe = breaker.enter()
    assert breaker.leave(early[0], failed=False) is False
    assert repr(breaker) == "<Breaker [open]>"
    assert breaker.leave(is_probe, failed=False) is False
    assert repr(breaker) == "<Breaker [closed]>"
