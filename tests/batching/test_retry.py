"""Retry: what is marked is tried again, with whatever waits by then, inside deadlines."""

import asyncio
import statistics
from itertools import pairwise

import pytest

from batching import BatchError, Gate, RetryableError, RetryPolicy
from tests.batching.bulk import Bulk, at, now, outcome_of, until


def again(after=1.0):
    return RetryableError(after=after)


def failing_once(*keys, after=1.0):
    """Make an answer in which some keys may be tried again."""
    return lambda asked: [again(after) if key in keys else f"{key}!" for key in asked]


# How often.


async def test_a_batch_that_may_be_tried_again_is():
    bulk = Bulk(answers=[again()])
    assert await bulk.processor().submit_many("ab") == ["a!", "b!"]
    assert bulk.calls == [(0.0, ["a", "b"]), (1.0, ["a", "b"])]


async def test_what_is_not_marked_is_not_tried_again():
    bulk = Bulk(answers=[TimeoutError("no")])
    assert repr(await outcome_of(bulk.processor().submit("a"))) == "TimeoutError('no')"
    assert bulk.calls == [(0.0, ["a"])]


@pytest.mark.parametrize("attempts", [1, 2, 3, 5])
async def test_a_key_is_tried_as_often_as_the_policy_says(attempts):
    bulk = Bulk(answers=[again() for _ in range(9)])
    processor = bulk.processor(retry=RetryPolicy(attempts=attempts))
    assert isinstance(await outcome_of(processor.submit("a")), RetryableError)
    assert [time for time, _ in bulk.calls] == [float(second) for second in range(attempts)]


async def test_three_attempts_are_made_unless_told_otherwise():
    bulk = Bulk(answers=[again() for _ in range(9)])
    await outcome_of(bulk.processor().submit("a"))
    assert len(bulk.calls) == 3


async def test_when_the_attempts_are_used_up_callers_see_the_cause():
    cause = ConnectionError("refused")

    def fail(_):
        raise again() from cause

    bulk = Bulk(answers=[fail] * 3)
    processor = bulk.processor()
    single, several = processor.submit("a"), processor.submit_many("ab")
    assert await outcome_of(single) is cause
    assert await several == [cause, cause]
    assert len(bulk.calls) == 3


async def test_without_a_cause_callers_see_the_mark_itself():
    mark = RetryableError("busy", after=0.0)
    assert await outcome_of(Bulk(answers=[mark] * 3).processor().submit("a")) is mark


async def test_a_cause_that_no_future_should_carry_is_not_shown():
    mark = again(0.0)
    mark.__cause__ = asyncio.CancelledError()
    assert await outcome_of(Bulk(answers=[mark] * 3).processor().submit("a")) is mark


async def test_what_is_final_is_not_tried_again_and_shown_as_it_is():
    mark = RetryableError("later, please", final=True)
    mark.__cause__ = ValueError("for the log")
    bulk = Bulk(answers=[mark])
    assert await outcome_of(bulk.processor().submit("a")) is mark
    assert len(bulk.calls) == 1


async def test_a_key_that_settled_has_all_its_attempts_when_it_is_asked_again():
    bulk = Bulk(answers=[again(), None, again(), again()])
    processor = bulk.processor()
    assert await processor.submit("a") == "a!"
    assert await processor.submit("a") == "a!"
    assert len(bulk.calls) == 5


async def test_a_key_that_left_while_it_rested_has_all_its_attempts_when_it_is_asked_again():
    bulk = Bulk(answers=[again(), None, again()])
    processor = bulk.processor(retry=RetryPolicy(attempts=2))
    gone, stays = processor.submit("a"), processor.submit("b")
    await until(0.5)
    gone.cancel()
    assert await stays == "b!"
    assert processor._flights.attempts == {}
    assert await processor.submit("a") == "a!"
    assert bulk.batches == [["a", "b"], ["b"], ["a"], ["a"]]


@pytest.mark.parametrize("moment", ["rests", "waits"])
async def test_nothing_is_kept_of_a_key_that_left_before_its_next_attempt(moment):
    gate = Gate()
    bulk = Bulk(batch_size=2, answers=[again()])
    processor = bulk.processor(gate=gate)
    gone, stays = processor.submit("a"), processor.submit("b")
    await until(0.5)
    if moment == "rests":
        gone.cancel()
    else:
        gate.hold(2.0)
        await until(1.5)
        gone.cancel()
    assert await stays == "b!"
    assert bulk.batches == [["a", "b"], ["b"]]
    assert processor._flights.attempts == {}


# How soon.


async def test_the_longest_rest_that_anything_in_the_batch_asks_for_is_kept():
    bulk = Bulk(answers=[lambda _: [again(3.0), again(7.0), again(None)]])
    assert await bulk.processor().submit_many("abc") == ["a!", "b!", "c!"]
    assert bulk.calls == [(0.0, ["a", "b", "c"]), (7.0, ["a", "b", "c"])]


async def test_a_rest_of_no_seconds_is_no_rest():
    bulk = Bulk(answers=[again(0.0)])
    assert await bulk.processor().submit("a") == "a!"
    assert bulk.calls == [(0.0, ["a"]), (0.0, ["a"])]


@pytest.mark.parametrize("draw", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(
    ("attempts", "ceiling"), [(1, 0.05), (2, 0.1), (3, 0.2), (9, 12.8), (10, 20.0), (5000, 20.0)]
)
def test_a_rest_is_drawn_between_nothing_and_a_ceiling_that_doubles(attempts, ceiling, draw):
    assert RetryPolicy().delay(attempts, draw=lambda: draw) == pytest.approx(ceiling * draw)


def test_rests_are_spread_over_the_whole_range():
    rests = [RetryPolicy(base=1.0).delay(3) for _ in range(2000)]
    assert 0 <= min(rests) < 0.1
    assert 3.9 < max(rests) <= 4.0
    assert statistics.mean(rests) == pytest.approx(2.0, abs=0.2)


async def test_without_a_hint_rests_are_those_of_the_policy():
    bulk = Bulk(answers=[again(None) for _ in range(9)])
    policy = RetryPolicy(attempts=6, base=1.0, cap=4.0)
    await outcome_of(bulk.processor(retry=policy).submit("a"))
    rests = [later - sooner for (sooner, _), (later, _) in pairwise(bulk.calls)]
    ceilings = [1.0, 2.0, 4.0, 4.0, 4.0]
    assert all(0 <= rest <= most for rest, most in zip(rests, ceilings, strict=True))
    assert len(set(rests)) == 5


@pytest.mark.parametrize("after", ["1", -1.0, float("nan"), float("inf"), True, [1]])
async def test_a_rest_that_is_no_number_of_seconds_fails_the_batch_and_hangs_nobody(after):
    def fail(_):
        raise RetryableError(after=after)

    error = await outcome_of(Bulk(answers=[fail]).processor().submit("a"))
    assert isinstance(error, ValueError)
    assert repr(after) in str(error)


async def test_a_policy_that_fails_hangs_nobody():
    class Broken(RetryPolicy):
        def delay(self, attempts):
            raise ZeroDivisionError(attempts)

    faults = []
    asyncio.get_running_loop().set_exception_handler(lambda _, fault: faults.append(fault))
    bulk = Bulk(answers=[lambda _: [again(None), "b!"], None])
    gate = Gate(concurrency=1)
    processor = bulk.processor(name="tracks", retry=Broken(), gate=gate)
    failed, fine = await processor.submit_many("ab")
    assert type(failed) is BatchError
    assert str(failed) == "tracks: ZeroDivisionError(1)"
    assert fine == "b!"
    assert [fault["message"] for fault in faults] == ["settling a batch of tracks failed"]
    assert await processor.submit("a") == "a!"
    assert repr(processor) == "<BatchProcessor 'tracks' [0 waiting | 0 in flight]>"


async def test_a_caller_may_leave_while_a_policy_fails():
    class Broken(RetryPolicy):
        def delay(self, attempts):
            asyncio.get_running_loop().call_soon(gone.cancel)
            raise ZeroDivisionError(attempts)

    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    processor = Bulk(answers=[again(None)]).processor(retry=Broken())
    gone, stays = processor.submit("a"), processor.submit("b")
    assert isinstance(await outcome_of(stays), BatchError)
    assert gone.cancelled()
    assert repr(processor) == "<BatchProcessor 'batch' [0 waiting | 0 in flight]>"


@pytest.mark.parametrize("attempts", [0, -1, 1.5, True, None])
def test_attempts_are_a_whole_number_of_at_least_one(attempts):
    with pytest.raises(ValueError, match=f"attempts: expected a whole number .*{attempts!r}"):
        RetryPolicy(attempts=attempts)


@pytest.mark.parametrize("name", ["base", "cap"])
@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf"), "1", True, None])
def test_base_and_cap_are_seconds(name, bad):
    with pytest.raises(ValueError, match=f"{name}: expected .*{bad!r}"):
        RetryPolicy(**{name: bad})


# Together with whatever waits.


async def test_keys_tried_again_leave_with_whatever_waits_by_then():
    bulk = Bulk(batch_size=3, answers=[again(2.0)])
    processor = bulk.processor(max_wait_time=5.0)
    first = processor.submit_many("abc")
    processor.batch_size = bulk.batch_size = 10
    await at(1.0, processor.submit, "d")
    assert await first == ["a!", "b!", "c!"]
    assert [(time, sorted(keys)) for time, keys in bulk.calls] == [
        (0.0, ["a", "b", "c"]),
        (2.0, ["a", "b", "c", "d"]),
    ]


async def test_keys_tried_again_leave_in_batches_of_the_size_that_holds_now():
    def shrink(_):
        processor.batch_size = bulk.batch_size = 1
        raise again(0.0)

    bulk = Bulk(batch_size=3, answers=[shrink])
    processor = bulk.processor()
    assert await processor.submit_many("abc") == ["a!", "b!", "c!"]
    assert bulk.batches == [["a", "b", "c"], ["a"], ["b"], ["c"]]


async def test_keys_tried_again_stand_in_line_like_all_others():
    gate = Gate(rate=1.0)
    bulk = Bulk(answers=[again(0.25)])
    assert await bulk.processor(gate=gate).submit("a") == "a!"
    assert bulk.calls == [(0.0, ["a"]), (1.0, ["a"])]


async def test_keys_tried_again_leave_before_younger_ones():
    bulk = Bulk(batch_size=1, answers=[again(1.5)])
    processor = bulk.processor(gate=Gate(rate=1.0))
    callers = [processor.submit("old")]
    await until(0.5)
    callers += [processor.submit(number) for number in range(3)]
    await asyncio.wait(callers)
    assert bulk.batches == [["old"], [0], ["old"], [1], [2]]


async def test_a_rest_holds_no_slot():
    gate = Gate(concurrency=1)
    bulk = Bulk(answers=[again(60.0)])
    processor, other = bulk.processor(gate=gate), Bulk().processor(gate=gate)
    resting = processor.submit("a")
    await at(1.0, other.submit, "b")
    assert now() == 1.0
    assert await resting == "a!"


# Per key.


async def test_only_the_keys_that_are_marked_are_tried_again():
    bulk = Bulk(answers=[failing_once("b")])
    processor = bulk.processor()
    a, b, c = map(processor.submit, "abc")
    assert [await a, await c, now()] == ["a!", "c!", 0.0]
    assert await b == "b!"
    assert bulk.calls == [(0.0, ["a", "b", "c"]), (1.0, ["b"])]


async def test_a_mapping_may_mark_keys_too():
    bulk = Bulk(answers=[lambda _: {"a": "A", "b": again()}])
    assert await bulk.processor().submit_many("ab") == ["A", "b!"]
    assert bulk.batches == [["a", "b"], ["b"]]


async def test_each_key_has_attempts_of_its_own():
    bulk = Bulk(answers=[failing_once("a"), failing_once("a", "b"), failing_once("b")])
    processor = bulk.processor(retry=RetryPolicy(attempts=3), max_wait_time=0.5)
    a = processor.submit("a")
    await until(1.0)
    b = processor.submit("b")  # leaves with the second attempt for "a"
    assert await a == "a!"
    assert await b == "b!"
    assert [(time, sorted(keys)) for time, keys in bulk.calls] == [
        (0.5, ["a"]),
        (1.5, ["a", "b"]),
        (2.5, ["a", "b"]),
        (3.5, ["b"]),
    ]


async def test_a_key_whose_callers_have_all_left_is_not_tried_again():
    bulk = Bulk(latency=1.0, answers=[failing_once("a", "b")])
    processor = bulk.processor()
    gone, stays = processor.submit("a"), processor.submit("b")
    await until(0.5)
    gone.cancel()
    assert await stays == "b!"
    assert bulk.batches == [["a", "b"], ["b"]]


async def test_a_rest_ends_when_nobody_waits_any_more():
    bulk = Bulk(answers=[again(3600.0)])
    processor = bulk.processor()
    callers = [processor.submit("a"), processor.submit_many("ab")]
    await until(1.0)
    for caller in callers:
        caller.cancel()
    assert repr(processor) == "<BatchProcessor 'batch' [0 waiting | 0 in flight]>"
    await processor.close()
    assert now() == 1.0
    assert len(bulk.calls) == 1


async def test_who_asks_for_a_key_after_its_rest_was_left_gets_a_fresh_call():
    bulk = Bulk(answers=[again(3600.0)])
    processor = bulk.processor()
    gone = processor.submit("a")
    await until(1.0)
    gone.cancel()
    assert await processor.submit("a") == "a!"
    assert bulk.calls == [(0.0, ["a"]), (1.0, ["a"])]


async def test_a_caller_may_leave_a_rest_that_others_wait_for():
    bulk = Bulk(answers=[again(2.0)])
    processor = bulk.processor()
    gone, stays, both = processor.submit("a"), processor.submit("a"), processor.submit_many("ab")
    await until(1.0)
    gone.cancel()
    assert await stays == "a!"
    assert await both == ["a!", "b!"]


# Deadlines.


async def test_a_caller_whose_deadline_comes_before_the_next_attempt_is_told_why_at_once():
    later = again(10.0)
    later.__cause__ = ValueError("not now")
    bulk = Bulk(answers=[later])
    processor = bulk.processor()
    hurried, patient = processor.submit("a", deadline=10.0), processor.submit("a")
    several = processor.submit_many(["a", "b"], deadline=4.0)
    assert str(await outcome_of(hurried)) == "not now"
    assert list(map(str, await several)) == ["not now", "not now"]
    assert now() == 0.0
    assert await patient == "a!"
    assert now() == 10.0
    assert bulk.calls == [(0.0, ["a", "b"]), (10.0, ["a"])]  # nobody waits for b any more


async def test_an_error_may_allow_fewer_or_more_attempts_than_the_policy():
    bulk = Bulk(answers=[RetryableError(after=1.0, attempts=2)] * 9)
    await outcome_of(bulk.processor().submit("a"))
    assert [time for time, _ in bulk.calls] == [0.0, 1.0]
    bulk = Bulk(answers=[RetryableError(after=1.0, attempts=5)] * 9)
    await outcome_of(bulk.processor().submit("a"))
    assert len(bulk.calls) == 5


async def test_nothing_is_tried_again_when_all_deadlines_have_passed():
    bulk = Bulk(answers=[again(10.0)])
    processor = bulk.processor()
    await outcome_of(processor.submit("a", deadline=4.0))
    await asyncio.sleep(60.0)
    assert bulk.calls == [(0.0, ["a"])]
