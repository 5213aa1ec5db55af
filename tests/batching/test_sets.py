"""Sets: `submit_many` answers many keys with one future, in the order in which they were asked."""

import asyncio
import gc

import pytest

from batching import BatchError, DeadlineExceededError
from tests.batching.bulk import Bulk, now, outcome_of, until

LETTERS = list("abcdefgh")
ANSWERS = [f"{letter}!" for letter in LETTERS]


@pytest.mark.parametrize("batch_size", [1, 2, 3, 8, 50])
async def test_a_set_of_several_batches_is_one_list_in_the_order_asked(batch_size):
    bulk = Bulk(batch_size=batch_size, latency=1.0)
    assert await bulk.processor().submit_many(LETTERS) == ANSWERS
    assert len(bulk.calls) == -(-len(LETTERS) // batch_size)


async def test_batches_that_come_back_in_another_order_change_nothing():
    async def slowly(keys):
        await asyncio.sleep(5.0)
        return [f"{key}!" for key in keys]

    bulk = Bulk(batch_size=4, latency=1.0, answers=[slowly])
    assert await bulk.processor().submit_many(LETTERS) == ANSWERS
    assert now() == 6.0


async def test_a_batch_of_sets_and_single_callers_answers_each_with_its_own():
    bulk = Bulk()
    processor = bulk.processor()
    first = processor.submit_many("abc")
    single = processor.submit("d")
    second = processor.submit_many("cdef")
    assert await second == ["c!", "d!", "e!", "f!"]
    assert (first.result(), single.result()) == (["a!", "b!", "c!"], "d!")
    assert bulk.batches == [LETTERS[:6]]


async def test_of_many_single_callers_one_may_leave_in_the_air():
    bulk = Bulk(latency=1.0)
    processor = bulk.processor()
    callers = [processor.submit(letter) for letter in LETTERS]
    await until(0.5)
    callers[3].cancel()
    await asyncio.wait(callers)
    assert [caller.cancelled() or caller.result() for caller in callers] == [
        *ANSWERS[:3],
        True,
        *ANSWERS[4:],
    ]


async def test_a_set_that_is_cancelled_in_the_air_is_not_answered():
    bulk = Bulk(latency=1.0)
    processor = bulk.processor()
    gone = processor.submit_many(LETTERS)
    stays = processor.submit(LETTERS[0])
    await until(0.5)
    gone.cancel()
    assert await stays == "a!"
    assert gone.cancelled()
    assert bulk.calls == [(0.0, LETTERS)]


async def test_a_set_settled_from_outside_keeps_what_it_was_given():
    bulk = Bulk(latency=1.0)
    one = bulk.processor().submit_many(LETTERS)
    await until(0.5)
    one.set_result("something else")
    await until(2.0)
    assert one.result() == "something else"


# What is known already.


async def test_what_is_known_is_not_asked_and_stands_in_its_place():
    bulk = Bulk()
    error = ValueError("known to fail")
    known = {"b": "known", "c": error}
    assert await bulk.processor().submit_many("abcba", known=known) == [
        "a!",
        "known",
        error,
        "known",
        "a!",
    ]
    assert bulk.batches == [["a"]]
    assert known == {"b": "known", "c": error}


async def test_a_set_of_which_all_is_known_is_answered_at_once():
    bulk = Bulk()
    processor = bulk.processor()
    answered = processor.submit_many("aba", known={"a": 1, "b": 2, "x": 3})
    assert answered.done()
    assert answered.result() == [1, 2, 1]
    await until(1.0)
    assert bulk.calls == []
    assert processor.get_pending_count() == 0


# The first failure, raised.


async def test_a_raising_set_raises_the_first_failure_in_the_order_asked():
    first, second = ValueError("of b"), ValueError("of d")
    bulk = Bulk(batch_size=2, failing={"b": first, "d": second})
    with pytest.raises(ValueError, match="of d"):
        await bulk.processor().submit_many("adcb", raising=True)


async def test_a_raising_set_waits_for_all_its_keys():
    async def fail_late(_):
        await asyncio.sleep(5.0)
        raise ValueError("late")

    bulk = Bulk(batch_size=1, answers=[ValueError("early"), fail_late])
    with pytest.raises(ValueError, match="early"):
        await bulk.processor().submit_many("ab", raising=True)
    assert now() == 5.0


@pytest.mark.parametrize("size", [1, 8])
async def test_a_raising_set_without_a_failure_is_a_list_like_any_other(size):
    bulk = Bulk()
    processor = bulk.processor()
    assert await processor.submit_many(LETTERS[:size], raising=True) == ANSWERS[:size]


async def test_a_raising_set_raises_what_is_known_to_fail():
    with pytest.raises(ValueError, match="known"):
        await Bulk().processor().submit_many("ab", known={"a": ValueError("known")}, raising=True)


async def test_a_raising_set_raises_at_its_deadline():
    one = Bulk(latency=9.0).processor().submit_many("ab", deadline=2.0, raising=True)
    assert isinstance(await outcome_of(one), DeadlineExceededError)
    assert now() == 2.0


async def test_a_failure_that_nobody_looks_at_is_not_logged_once_more():
    faults = []
    asyncio.get_running_loop().set_exception_handler(lambda _, fault: faults.append(fault))
    processor = Bulk(answers=[["x"]]).processor()
    processor.submit_many("abc", raising=True)
    await until(1.0)
    gc.collect()
    assert faults == []
    with pytest.raises(BatchError, match="expected 3 outcomes"):
        await Bulk(answers=[["x"]]).processor().submit_many("abc", raising=True)
