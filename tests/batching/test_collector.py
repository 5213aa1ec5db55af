"""The collector's face: items are added now and reported later, in the order they were added."""

import asyncio

import pytest

from batching import BatchResult, Gate, Limits, QueueFullError, RefusedError, RetryableError
from tests.batching.bulk import Bulk, at, now, until


def result(*successful, **failed):
    """Make the result that these values and failures by item would give."""
    return BatchResult(list(successful), list(failed.items()))


# Add.


async def test_an_item_that_does_not_fill_a_batch_waits_and_none_is_returned_at_once():
    bulk = Bulk(batch_size=3)
    processor = bulk.processor()
    assert await processor.add("a") is None
    assert await processor.add("b") is None
    await until(3600.0)
    assert bulk.calls == []
    assert processor.get_pending_count() == 2


async def test_the_item_that_fills_a_batch_waits_for_it_and_returns_its_result():
    bulk = Bulk(batch_size=3, latency=2.0)
    processor = bulk.processor()
    await processor.add("a")
    await processor.add("b")
    assert await processor.add("c") == result("a!", "b!", "c!")
    assert now() == 2.0
    assert bulk.calls == [(0.0, ["a", "b", "c"])]


async def test_items_can_be_added_while_a_call_is_in_the_air():
    bulk = Bulk(batch_size=2, latency=2.0)
    processor = bulk.processor()
    await processor.add("a")
    full = asyncio.create_task(processor.add("b"))
    await until(1.0)
    assert await processor.add("c") is None
    assert now() == 1.0
    assert processor.get_pending_count() == 1
    assert await full == result("a!", "b!")
    assert await processor.flush() == result("c!")


async def test_an_add_never_raises_for_an_outcome():
    no = ValueError("no")
    bulk = Bulk(batch_size=2, answers=[no, ["too", "many", "values"]], failing={"e": KeyError("e")})
    processor = bulk.processor()
    results = await processor.add_batch("ab")
    assert results == [result(a=no, b=no)]
    (wrong,) = await processor.add_batch("cd")
    assert (wrong.success_count, wrong.failure_count) == (0, 2)
    await processor.add("e")
    partly = await processor.add("f")
    assert partly.successful == ["f!"]
    assert [(item, repr(error)) for item, error in partly.failed] == [("e", "KeyError('e')")]


async def test_a_batch_of_one_item_is_filled_by_every_item():
    bulk = Bulk(batch_size=1)
    processor = bulk.processor()
    assert await processor.add("a") == result("a!")
    assert await processor.add_batch("bc") == [result("b!"), result("c!")]


# Add many.


async def test_of_many_items_full_batches_are_sent_and_the_rest_goes_on_waiting():
    bulk = Bulk(batch_size=50, latency=1.0)
    processor = bulk.processor()
    first, second = await processor.add_batch(range(120))
    assert first.successful == [f"{item}!" for item in range(50)]
    assert second.successful == [f"{item}!" for item in range(50, 100)]
    assert processor.get_pending_count() == 20
    assert now() == 1.0, "both at the same time"
    assert (await processor.flush()).successful == [f"{item}!" for item in range(100, 120)]


async def test_what_waited_already_fills_up_with_what_is_added():
    bulk = Bulk(batch_size=3)
    processor = bulk.processor()
    await processor.add("a")
    assert await processor.add_batch("bcd") == [result("a!", "b!", "c!")]
    assert processor.get_pending_count() == 1


async def test_nothing_added_is_nothing_sent():
    assert await Bulk().processor().add_batch([]) == []


async def test_items_may_come_from_any_iterable():
    processor = Bulk(batch_size=2).processor()
    assert await processor.add_batch(item for item in "ab") == [result("a!", "b!")]


@pytest.mark.parametrize("bad", [None, []])
async def test_one_bad_item_among_many_is_told_before_any_is_taken(bad):
    bulk = Bulk(batch_size=2)
    processor = bulk.processor()
    with pytest.raises(TypeError):
        await processor.add_batch(["a", "b", "c", bad])
    assert processor.get_pending_count() == 0
    assert await processor.flush() == result()
    assert bulk.calls == []


async def test_a_batch_at_the_gate_is_waited_for():
    bulk = Bulk(batch_size=2)
    gate = Gate(rate=1.0)
    processor = bulk.processor(gate=gate)
    assert await processor.add_batch("abcdef") == [
        result("a!", "b!"),
        result("c!", "d!"),
        result("e!", "f!"),
    ]
    assert [time for time, _ in bulk.calls] == [0.0, 1.0, 2.0]


# Duplicates.


async def test_an_item_added_twice_is_sent_once_and_counted_twice():
    bulk = Bulk(batch_size=3)
    processor = bulk.processor()
    assert await processor.add_batch("aab") == []
    assert processor.get_pending_count() == 3
    assert await processor.add("c") == result("a!", "a!", "b!", "c!")
    assert bulk.batches == [["a", "b", "c"]]


async def test_an_item_added_again_in_flight_is_not_sent_again_and_reported_later():
    bulk = Bulk(batch_size=2, latency=2.0)
    processor = bulk.processor()
    await processor.add("a")
    full = asyncio.create_task(processor.add("b"))
    await until(1.0)
    assert await processor.add("a") is None
    assert processor.get_pending_count() == 0
    assert await full == result("a!", "b!")
    assert await processor.flush() == result("a!")
    assert bulk.batches == [["a", "b"]]


async def test_an_item_added_again_after_its_call_is_sent_again():
    bulk = Bulk()
    processor = bulk.processor(max_wait_time=1.0)
    await processor.add("a")
    await until(2.0)
    await processor.add("a")
    assert processor.get_pending_count() == 1
    assert await processor.flush() == result("a!", "a!")
    assert bulk.calls == [(1.0, ["a"]), (2.0, ["a"])]


# Flush.


async def test_a_flush_empties_the_queue_however_long_and_answers_in_order():
    bulk = Bulk(batch_size=50, latency=1.0, failing={77: KeyError(77)})
    processor = bulk.processor(auto_flush=False)
    for item in range(150):
        assert await processor.add(item) is None
    assert processor.get_pending_count() == 150
    flushed = await processor.flush()
    assert flushed.successful == [f"{item}!" for item in range(150) if item != 77]
    assert [(item, repr(error)) for item, error in flushed.failed] == [(77, "KeyError(77)")]
    assert (flushed.total_items, flushed.success_count, flushed.failure_count) == (150, 149, 1)
    assert processor.get_pending_count() == 0
    assert [len(batch) for batch in bulk.batches] == [50, 50, 50]
    assert now() == 1.0


async def test_a_flush_of_nothing_is_an_empty_result():
    bulk = Bulk()
    processor = bulk.processor()
    assert await processor.flush() == BatchResult()
    assert bulk.calls == []


async def test_a_flush_speaks_of_added_items_only_but_waits_for_submitted_keys():
    bulk = Bulk(latency=2.0)
    processor = bulk.processor(max_wait_time=60.0)
    key = processor.submit("a")
    several = processor.submit_many("bc")
    await processor.add("d")
    assert await processor.flush() == result("d!")
    assert key.done()
    assert several.done()
    assert bulk.batches == [["a", "b", "c", "d"]]


async def test_an_item_that_was_submitted_too_is_sent_once_and_reported():
    bulk = Bulk()
    processor = bulk.processor(max_wait_time=60.0)
    await processor.add("a")
    key = processor.submit("a")
    assert processor.get_pending_count() == 1
    assert await processor.flush() == result("a!")
    assert await key == "a!"
    assert bulk.batches == [["a"]]


async def test_a_flush_survives_the_leaving_of_a_submitted_key():
    bulk = Bulk(latency=2.0)
    processor = bulk.processor(max_wait_time=60.0)
    key = processor.submit("a")
    await processor.add("b")
    flushing = asyncio.create_task(processor.flush())
    await until(1.0)
    key.cancel()
    assert await flushing == result("b!")


async def test_a_flush_waits_for_attempts_and_for_halves():
    bulk = Bulk(batch_size=2, answers=[RetryableError(after=1.0), RefusedError()])
    processor = bulk.processor(auto_flush=False)
    await processor.add_batch("ab")
    assert await processor.flush() == result("a!", "b!")
    assert [sorted(batch) for batch in bulk.batches] == [["a", "b"], ["a", "b"], ["a"], ["b"]]


async def test_two_flushes_at_once_share_the_items_between_them():
    bulk = Bulk(latency=2.0)
    processor = bulk.processor()
    await processor.add("a")
    first = asyncio.create_task(processor.flush())
    await until(1.0)
    await processor.add("b")
    assert await processor.flush() == result("b!")
    assert await first == result("a!")


async def test_a_flush_takes_items_that_another_add_waits_for_at_the_gate_along():
    bulk = Bulk(batch_size=2)
    gate = Gate()
    gate.hold(5.0)
    processor = bulk.processor(gate=gate)
    full = asyncio.create_task(processor.add_batch("ab"))
    await until(1.0)
    assert processor.get_pending_count() == 2
    await processor.add("c")
    assert await processor.flush() == result("c!")
    assert await full == [result("a!", "b!")]
    assert now() == 5.0


# The timer.


async def test_items_leave_when_the_oldest_has_waited_for_long_enough():
    bulk = Bulk()
    processor = bulk.processor(max_wait_time=5.0)
    await processor.add("a")
    await at(3.0, processor.add, "b")
    await until(60.0)
    assert bulk.calls == [(5.0, ["a", "b"])]


@pytest.mark.parametrize("verb", ["flush", "flush_if_needed"])
async def test_a_batch_that_the_timer_sent_is_in_the_next_result(verb):
    bulk = Bulk(failing={"b": KeyError("b")})
    processor = bulk.processor(max_wait_time=5.0)
    await processor.add_batch("abc")
    await until(60.0)
    assert processor.get_pending_count() == 0
    found = await getattr(processor, verb)()
    assert found.successful == ["a!", "c!"]
    assert [item for item, _ in found.failed] == ["b"]
    assert await processor.flush_if_needed() is None
    assert await processor.flush() == result()


async def test_a_flush_waits_for_a_timer_batch_in_the_air():
    bulk = Bulk(latency=10.0)
    processor = bulk.processor(max_wait_time=5.0)
    await processor.add("a")
    await until(6.0)
    await processor.add("b")
    assert await processor.flush() == result("a!", "b!")
    assert now() == 16.0
    assert bulk.calls == [(5.0, ["a"]), (6.0, ["b"])]


async def test_flush_if_needed_does_nothing_before_the_time_is_over():
    bulk = Bulk()
    processor = bulk.processor(max_wait_time=5.0, auto_flush=False)
    assert await processor.flush_if_needed() is None
    await processor.add("a")
    assert await at(4.0, processor.flush_if_needed) is None
    assert await at(5.0, processor.flush_if_needed) == result("a!")
    assert bulk.calls == [(5.0, ["a"])]


async def test_flush_if_needed_without_a_window_reports_what_has_left_and_sends_nothing():
    bulk = Bulk(batch_size=2)
    processor = bulk.processor()
    await processor.add("a")
    assert await processor.flush_if_needed() is None
    await processor.submit("b")  # fills the batch
    assert await processor.flush_if_needed() == result("a!")


async def test_flush_if_needed_reports_what_left_and_keeps_what_waits():
    bulk = Bulk()
    processor = bulk.processor(max_wait_time=5.0)
    await processor.add("a")
    await until(6.0)
    await processor.add("b")
    assert await processor.flush_if_needed() == result("a!")
    assert processor.get_pending_count() == 1
    assert await processor.flush() == result("b!")


async def test_a_window_for_items_is_not_restarted_by_a_flush_that_found_nothing():
    bulk = Bulk()
    processor = bulk.processor(max_wait_time=5.0)
    await until(4.0)
    await processor.flush()
    await processor.add("a")
    await until(60.0)
    assert bulk.calls == [(9.0, ["a"])], "measured from the item, not from the last flush"


# Beside submitted keys.


async def test_submitted_keys_and_items_share_their_calls():
    bulk = Bulk()
    processor = bulk.processor()
    await processor.add("a")
    assert await processor.submit("b") == "b!"
    assert bulk.batches == [["a", "b"]]
    assert await processor.flush() == result("a!")


async def test_an_item_that_fills_a_batch_together_with_submitted_keys_waits_for_it():
    bulk = Bulk(batch_size=3, latency=2.0)
    processor = bulk.processor(max_wait_time=60.0)
    processor.submit("s")
    assert await processor.add("a") is None
    assert await processor.add("b") == result("a!", "b!")
    assert now() == 2.0
    assert bulk.calls == [(0.0, ["s", "a", "b"])]


async def test_items_that_left_with_submitted_keys_do_not_fill_the_next_batch():
    bulk = Bulk(batch_size=3)
    processor = bulk.processor()
    await processor.add_batch("ab")
    await processor.submit("s")
    for item in "cd":
        assert await processor.add(item) is None
    assert await processor.add("e") == result("c!", "d!", "e!")
    assert await processor.flush() == result("a!", "b!")
    assert bulk.batches == [["a", "b", "s"], ["c", "d", "e"]]


@pytest.mark.parametrize("background", [False, True])
async def test_an_item_does_not_leave_early_because_a_key_was_cancelled(background):
    bulk = Bulk()
    processor = bulk.processor()
    await processor.add("a")
    processor.submit("b", background=background).cancel()
    await until(60.0)
    assert bulk.calls == []
    assert processor.get_pending_count() == 1


async def test_an_item_does_not_leave_early_because_who_joined_it_was_cancelled():
    bulk = Bulk()
    processor = bulk.processor()
    await processor.add("a")
    processor.submit("a").cancel()
    await until(60.0)
    assert bulk.calls == []
    assert processor.get_pending_count() == 1


async def test_an_item_does_not_leave_early_because_keys_asked_inside_left_before_it():
    async def ask(keys):
        await asyncio.sleep(1.0)
        found = await processor.submit_many(["more", "and more"])
        return [found for _ in keys]

    bulk = Bulk(batch_size=2, answers=[ask])
    processor = bulk.processor()
    key = processor.submit("a")
    await until(0.5)
    await processor.add("item")
    await key
    await until(60.0)
    assert bulk.batches == [["a"], ["more", "and more"]]
    assert processor.get_pending_count() == 1


async def test_a_smaller_batch_size_fills_earlier():
    bulk = Bulk(batch_size=10)
    processor = bulk.processor()
    await processor.add_batch("abcd")
    processor.batch_size = bulk.batch_size = 2
    await processor.flush_if_needed()
    assert [sorted(batch) for batch in bulk.batches] == [["a", "b"], ["c", "d"]]


async def test_an_item_added_after_the_batch_shrank_reports_all_that_it_made_full():
    bulk = Bulk(batch_size=10)
    gate = Gate()
    gate.hold(1.0)
    processor = bulk.processor(gate=gate)
    await processor.add_batch("abc")
    processor.batch_size = bulk.batch_size = 2
    assert await processor.add("d") == result("a!", "b!", "c!", "d!")


# Cancelled.


async def test_a_cancelled_add_leaves_its_items_to_the_next_flush():
    bulk = Bulk(batch_size=2, latency=10.0)
    processor = bulk.processor()
    await processor.add("a")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(processor.add("b"), 1.0)
    assert await processor.flush() == result("a!", "b!")
    assert bulk.calls == [(0.0, ["a", "b"])]
    assert bulk.cancelled == []


async def test_a_cancelled_add_of_many_leaves_all_its_items_to_the_next_flush():
    bulk = Bulk(batch_size=2, latency=10.0)
    processor = bulk.processor()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(processor.add_batch("abcde"), 1.0)
    assert await processor.flush() == result("a!", "b!", "c!", "d!", "e!")


async def test_a_cancelled_flush_leaves_its_items_to_the_next():
    bulk = Bulk(latency=10.0)
    processor = bulk.processor()
    await processor.add("a")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(processor.flush(), 1.0)
    await processor.add("b")
    assert await processor.flush() == result("a!", "b!")


async def test_a_cancelled_flush_if_needed_leaves_its_items_to_the_next():
    bulk = Bulk(latency=10.0)
    processor = bulk.processor(max_wait_time=1.0)
    await processor.add("a")
    await until(2.0)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(processor.flush_if_needed(), 1.0)
    assert await processor.flush_if_needed() == result("a!")


# Bounds.


async def test_unclaimed_items_are_bounded_and_the_next_is_told_at_once():
    bulk = Bulk()
    processor = bulk.processor(max_wait_time=1.0, limits=Limits(max_pending=3))
    for item in range(3):
        assert await processor.add(item) is None
        await asyncio.sleep(2.0)
    assert processor.get_pending_count() == 0
    refused = await processor.add("one more")
    ((item, error),) = refused.failed
    assert item == "one more"
    assert isinstance(error, QueueFullError)
    assert await processor.flush() == result("0!", "1!", "2!")
    assert await processor.add("again") is None


async def test_items_past_the_bound_are_told_and_the_others_go_on():
    gate = Gate()
    gate.hold(1.0)
    processor = Bulk().processor(gate=gate, limits=Limits(max_pending=2))
    waiting = processor.submit("s")
    results = await processor.add_batch("abc")
    assert [item for found in results for item, _ in found.failed] == ["b", "c"]
    assert await processor.flush() == result("a!")
    assert await waiting == "s!"


# The result.


def test_a_result_counts():
    error = ValueError("no")
    found = BatchResult(successful=[1, 2], failed=[("c", error)])
    assert found.total_items == 3
    assert found.success_count == 2
    assert found.failure_count == 1
    assert found.success_rate == pytest.approx(66.6667)


def test_nothing_succeeds_to_nought_per_cent():
    assert BatchResult().success_rate == 0.0
    assert BatchResult().total_items == 0
    assert BatchResult([1], []).success_rate == 100.0
    assert BatchResult([], [("a", ValueError())]).success_rate == 0.0
    assert BatchResult([1], [("a", ValueError())]).success_rate == 50.0
