"""Deadlines: each caller has its own, and what it gives up others may still get."""

import asyncio

import pytest

from batching import BatchError, DeadlineExceededError, Gate
from tests.batching.bulk import Bulk, now, outcome_of, until


async def test_a_caller_gives_up_at_its_deadline():
    bulk = Bulk(latency=60.0)
    processor = bulk.processor(name="tracks")
    error = await outcome_of(processor.submit("a", deadline=2.0))
    assert now() == 2.0
    assert isinstance(error, DeadlineExceededError)
    assert isinstance(error, BatchError)
    assert isinstance(error, TimeoutError)
    assert str(error) == "tracks: the caller's deadline passed before its key settled"


async def test_a_deadline_touches_no_other_caller_of_the_key():
    bulk = Bulk(latency=3.0)
    processor = bulk.processor()
    hurried, patient = processor.submit("a", deadline=1.0), processor.submit("a", deadline=8.0)
    assert isinstance(await outcome_of(hurried), DeadlineExceededError)
    assert await patient == "a!"
    assert bulk.calls == [(0.0, ["a"])]


async def test_a_call_that_every_caller_gave_up_is_cancelled():
    bulk = Bulk(latency=60.0)
    processor = bulk.processor()
    callers = [processor.submit(key, deadline=float(key)) for key in (1, 2, 3)]
    await asyncio.wait(callers)
    await asyncio.sleep(1.0)
    assert bulk.cancelled == [(3.0, [1, 2, 3])]


async def test_a_key_whose_deadline_passes_while_it_waits_is_not_sent():
    bulk = Bulk()
    gate = Gate()
    gate.hold(5.0)
    processor = bulk.processor(gate=gate)
    hurried, patient = processor.submit("a", deadline=1.0), processor.submit("b")
    assert isinstance(await outcome_of(hurried), DeadlineExceededError)
    assert now() == 1.0
    await patient
    assert bulk.calls == [(5.0, ["b"])]


@pytest.mark.parametrize("deadline", [-1.0, 0.0])
async def test_a_deadline_that_has_passed_is_an_outcome_and_nothing_is_sent(deadline):
    bulk = Bulk()
    processor = bulk.processor()
    single = processor.submit("a", deadline=deadline)
    several = processor.submit_many("ab", deadline=deadline)
    assert isinstance(single.exception(), DeadlineExceededError)
    assert [type(error) for error in several.result()] == [DeadlineExceededError] * 2
    await asyncio.sleep(1.0)
    assert bulk.calls == []
    assert processor._alarms == {}


async def test_a_set_answers_at_its_deadline_with_what_is_known_by_then():
    bulk = Bulk(batch_size=1, failing={"b": KeyError("b")})
    processor = bulk.processor(gate=Gate(rate=1.0))
    found = await processor.submit_many("abcda", deadline=2.5)
    assert now() == 2.5
    assert [found[0], found[2], found[4]] == ["a!", "c!", "a!"]
    assert repr(found[1]) == "KeyError('b')"
    assert isinstance(found[3], DeadlineExceededError)
    await asyncio.sleep(60.0)
    assert bulk.batches == [["a"], ["b"], ["c"]], "what was given up is not sent"


async def test_a_set_gives_up_what_is_in_flight_without_touching_who_shares_it():
    bulk = Bulk(latency=2.0)
    processor = bulk.processor()
    hurried, patient = processor.submit_many("ab", deadline=1.0), processor.submit_many("bc")
    assert [type(error) for error in await hurried] == [DeadlineExceededError] * 2
    assert await patient == ["b!", "c!"]
    assert bulk.cancelled == []


async def test_callers_that_share_a_deadline_share_a_timer(monkeypatch):
    loop = asyncio.get_running_loop()
    timers = []
    call_at = loop.call_at
    monkeypatch.setattr(
        loop,
        "call_at",
        lambda when, *rest, **more: timers.append(when) or call_at(when, *rest, **more),
    )
    processor = Bulk(latency=1.0).processor()
    callers = [processor.submit(key, deadline=5.0) for key in range(100)]
    callers += [processor.submit_many(range(50, 150), deadline=5.0)]
    assert timers.count(5.0) == 1
    await asyncio.wait(callers)
    assert processor._alarms == {}


async def test_no_timer_is_left_of_deadlines_that_were_met():
    processor = Bulk().processor()
    await processor.submit("a", deadline=5.0)
    await processor.submit_many("ab", deadline=6.0)
    processor.submit("c", deadline=7.0).cancel()
    processor.submit_many("cd", deadline=8.0).cancel()
    assert processor._alarms == {}
    timers = asyncio.get_running_loop()._scheduled
    assert [timer for timer in timers if not timer.cancelled()] == []


async def test_who_joined_and_who_was_joined_keep_their_own_deadlines():
    bulk = Bulk(latency=4.0)
    processor = bulk.processor()
    callers = [processor.submit("a", deadline=deadline) for deadline in (3.0, 5.0, 1.0)]
    await until(2.0)
    callers.append(processor.submit("a", deadline=3.5))
    await asyncio.wait(callers)
    kinds = [type(await outcome_of(caller)) for caller in callers]
    assert kinds == [DeadlineExceededError, str, DeadlineExceededError, DeadlineExceededError]
    assert bulk.calls == [(0.0, ["a"])]


async def test_a_cancelled_caller_does_not_expire():
    processor = Bulk(latency=60.0).processor()
    gone, stays = processor.submit("a", deadline=1.0), processor.submit("b", deadline=1.0)
    gone.cancel()
    assert isinstance(await outcome_of(stays), DeadlineExceededError)
    assert gone.cancelled()


async def test_a_caller_that_answered_itself_does_not_expire():
    processor = Bulk(latency=60.0).processor()
    single, several = processor.submit("a", deadline=1.0), processor.submit_many("b", deadline=1.0)
    single.set_result("mine")
    several.set_result("mine, too")
    await until(2.0)
    assert single.result() == "mine"
    assert several.result() == "mine, too"


async def test_a_background_key_may_have_a_deadline_too():
    gate = Gate()
    gate.hold(60.0)
    processor = Bulk().processor(gate=gate)
    error = await outcome_of(processor.submit("a", deadline=1.0, background=True))
    assert isinstance(error, DeadlineExceededError)
    assert now() == 1.0


async def test_without_auto_flush_a_deadline_still_holds():
    processor = Bulk().processor(auto_flush=False)
    assert isinstance(await outcome_of(processor.submit("a", deadline=1.0)), DeadlineExceededError)
    assert processor.get_pending_count() == 0


async def test_a_deadline_that_all_have_given_up_is_set_anew_in_the_same_tick():
    bulk = Bulk()
    gate = Gate()
    gate.hold(9.0)
    processor = bulk.processor(gate=gate)
    patient = processor.submit("a", scope="other")
    processor.submit("b", deadline=2.0).cancel()
    hurried = [processor.submit(key, deadline=2.0) for key in "cd"]
    assert [type(await outcome_of(one)) for one in hurried] == [DeadlineExceededError] * 2
    assert now() == 2.0
    assert await patient == "a!"
    assert bulk.calls == [(9.0, ["a"])]
