"""Dispatch: what makes a batch leave, and how many keys it takes along."""

import asyncio
import functools
from operator import attrgetter

import pytest

from batching import BatchProcessor, Gate
from tests.batching.bulk import Bulk, at, now, until


def observed(bulk, **options):
    """Make a processor and the list of the events it will tell of."""
    events = []
    return bulk.processor(observers=(events.append,), **options), events


# Window.


async def test_a_window_is_counted_from_the_oldest_waiting_key():
    bulk = Bulk()
    processor, events = observed(bulk, max_wait_time=1.0)
    processor.submit("a")
    await at(0.75, processor.submit, "b")
    assert bulk.calls == [(1.0, ["a", "b"])]
    assert [event.reason for event in events] == ["window"]


async def test_a_window_begins_anew_with_the_next_key():
    bulk = Bulk()
    processor = bulk.processor(max_wait_time=1.0)
    await processor.submit("a")
    await at(5.0, processor.submit, "b")
    assert bulk.calls == [(1.0, ["a"]), (6.0, ["b"])]


async def test_a_window_is_counted_from_the_next_key_when_the_oldest_was_cancelled():
    bulk = Bulk()
    processor = bulk.processor(max_wait_time=1.0)
    oldest = processor.submit("a")
    await until(0.25)
    younger = processor.submit("b")
    await until(0.5)
    oldest.cancel()
    await younger
    assert bulk.calls == [(1.25, ["b"])]


async def test_a_window_ends_with_the_last_caller():
    bulk = Bulk()
    processor = bulk.processor(max_wait_time=1.0)
    processor.submit("a").cancel()
    await at(0.5, processor.submit, "b")
    assert bulk.calls == [(1.5, ["b"])]


async def test_what_a_full_batch_leaves_behind_waits_for_its_own_window():
    bulk = Bulk(batch_size=2)
    processor, events = observed(bulk, max_wait_time=1.0)
    processor.submit("a")
    await until(0.5)
    await processor.submit_many(["b", "c"])
    assert bulk.calls == [(0.5, ["a", "b"]), (1.5, ["c"])]
    assert [event.reason for event in events] == ["full", "window"]


async def test_who_joins_a_waiting_key_does_not_make_it_younger():
    bulk = Bulk()
    processor = bulk.processor(max_wait_time=1.0)
    first = processor.submit("a")
    await until(0.5)
    second = processor.submit("a")
    first.cancel()
    await second
    assert bulk.calls == [(1.0, ["a"])]


async def test_the_oldest_key_of_every_scope_counts():
    bulk = Bulk()
    processor = bulk.processor(max_wait_time=1.0)
    background = processor.submit("a", scope="one", background=True)
    await at(0.25, processor.submit, "b", scope="two")
    assert bulk.calls == [(1.0, ["a", "b"])]
    assert await background == "a!"


async def test_a_window_of_no_seconds_is_the_tick():
    bulk = Bulk()
    processor, events = observed(bulk, max_wait_time=0)
    assert await asyncio.gather(*map(processor.submit, "ab")) == ["a!", "b!"]
    assert bulk.calls == [(0.0, ["a", "b"])]
    assert [event.reason for event in events] == ["settled"]


# Full.


async def test_a_full_batch_does_not_wait_for_its_window():
    bulk = Bulk(batch_size=3)
    processor, events = observed(bulk, max_wait_time=60.0)
    await asyncio.gather(*map(processor.submit, "abc"))
    assert bulk.calls == [(0.0, ["a", "b", "c"])]
    assert [event.reason for event in events] == ["full"]


async def test_a_large_set_leaves_in_full_batches_and_a_rest():
    bulk = Bulk(batch_size=50, latency=1.0)
    processor, events = observed(bulk)
    assert await processor.submit_many(range(120)) == [f"{key}!" for key in range(120)]
    assert bulk.calls == [
        (0.0, list(range(50))),
        (0.0, list(range(50, 100))),
        (0.0, list(range(100, 120))),
    ]
    assert [event.reason for event in events] == ["full", "full", "settled"]


async def test_every_key_leaves_alone_when_a_batch_holds_one():
    bulk = Bulk(batch_size=1)
    assert await bulk.processor().submit_many("abc") == ["a!", "b!", "c!"]
    assert bulk.batches == [["a"], ["b"], ["c"]]


# Flush and close.


async def test_a_flush_sends_submitted_keys_before_their_window_is_over():
    bulk = Bulk()
    processor, events = observed(bulk, max_wait_time=60.0)
    key = processor.submit("a")
    await processor.flush()
    assert key.result() == "a!"
    assert bulk.calls == [(0.0, ["a"])]
    assert [event.reason for event in events] == ["flush"]


async def test_close_sends_what_waits():
    bulk = Bulk()
    processor, events = observed(bulk, max_wait_time=60.0)
    key = processor.submit("a")
    await processor.close()
    assert key.result() == "a!"
    assert bulk.calls == [(0.0, ["a"])]
    assert [event.reason for event in events] == ["close"]


async def test_the_first_reason_for_which_keys_are_due_is_the_one_that_is_told():
    bulk = Bulk()
    gate = Gate()
    processor, events = observed(bulk, gate=gate)
    gate.hold(2.0)
    processor.submit("a")
    await until(1.0)  # its tick is over
    await processor.flush()
    assert [event.reason for event in events] == ["settled"]


# Without auto-flush.


@pytest.mark.parametrize("window", [None, 1.0])
async def test_without_auto_flush_keys_wait_for_a_flush_however_many_and_however_long(window):
    bulk = Bulk(batch_size=2)
    processor, events = observed(bulk, max_wait_time=window, auto_flush=False)
    keys = [processor.submit(key) for key in "abc"]
    await until(3600.0)
    assert bulk.calls == []
    await processor.flush()
    assert [key.result() for key in keys] == ["a!", "b!", "c!"]
    assert bulk.calls == [(3600.0, ["a", "b"]), (3600.0, ["c"])]
    assert [event.reason for event in events] == ["full", "flush"]


async def test_without_auto_flush_a_key_asked_after_the_flush_waits_for_the_next():
    bulk = Bulk(latency=1.0)
    processor = bulk.processor(auto_flush=False)
    processor.submit("a")
    flushed = asyncio.create_task(processor.flush())
    await until(0.5)
    later = processor.submit("b")
    await flushed
    await until(60.0)
    assert not later.done()
    await processor.close()
    assert bulk.calls == [(0.0, ["a"]), (60.0, ["b"])]


# The size of a batch.


async def test_a_smaller_batch_size_holds_from_the_next_batch():
    bulk = Bulk(batch_size=4)
    processor = bulk.processor(max_wait_time=1.0)
    assert processor.batch_size == 4
    await processor.submit_many(range(4))
    keys = processor.submit_many(range(10, 13))
    processor.batch_size = bulk.batch_size = 2
    await keys
    assert bulk.batches == [[0, 1, 2, 3], [10, 11], [12]]
    assert bulk.calls[1][0] == 0.0, "three keys fill a batch of two"


async def test_a_larger_batch_size_holds_from_the_next_batch():
    bulk = Bulk(batch_size=2)
    processor = bulk.processor(max_wait_time=1.0)
    processor.submit("a")
    processor.batch_size = bulk.batch_size = 3
    await processor.submit("b")
    await processor.submit_many("cde")
    assert bulk.calls == [(1.0, ["a", "b"]), (1.0, ["c", "d", "e"])]


async def test_a_batch_function_may_shrink_the_batches_it_gets():
    def shrink(keys):
        processor.batch_size = bulk.batch_size = 1
        return [f"{key}!" for key in keys]

    bulk = Bulk(batch_size=3, answers=[shrink])
    processor = bulk.processor()
    await processor.submit_many("abc")
    assert await processor.submit_many("de") == ["d!", "e!"]
    assert bulk.batches == [["a", "b", "c"], ["d"], ["e"]]


# What a processor is made of.


@pytest.mark.parametrize("size", [0, -1, 1.5, True, None, "50"])
async def test_a_batch_size_is_a_whole_number_of_at_least_one(size):
    bulk = Bulk(batch_size=size)
    with pytest.raises(ValueError, match=f"batch_size: expected a whole number.* got {size!r}"):
        bulk.processor()
    processor = Bulk().processor()
    with pytest.raises(ValueError, match=f"batch_size: expected a whole number.* got {size!r}"):
        processor.batch_size = size
    assert processor.batch_size == 50


@pytest.mark.parametrize("window", [-1, True, "1", float("inf"), float("nan")])
async def test_a_window_is_a_number_of_seconds(window):
    with pytest.raises(ValueError, match=f"max_wait_time: expected seconds.* got {window!r}"):
        Bulk().processor(max_wait_time=window)


async def test_a_batch_function_can_be_any_callable_that_returns_an_awaitable():
    class Fetch:
        def __call__(self, keys):
            return asyncio.gather(*(asyncio.sleep(0, key * 2) for key in keys))

    def fetch(factor, keys):
        return asyncio.gather(*(asyncio.sleep(0, key * factor) for key in keys))

    assert await BatchProcessor(Fetch(), 2).submit_many([1, 2, 3]) == [2, 4, 6]
    assert await BatchProcessor(functools.partial(fetch, 2), 2).submit(4) == 8
    with pytest.raises(TypeError, match="processor_func: expected a function, got 'fetch'"):
        BatchProcessor("fetch", 2)


async def test_a_batch_function_may_do_with_its_list_what_it_likes():
    def consume(keys):
        answer = [f"{key}?" for key in keys]
        keys.clear()
        return answer

    bulk = Bulk(answers=[consume])
    assert await bulk.processor().submit_many("ab") == ["a?", "b?"]


async def test_a_key_that_waits_is_asked_in_the_order_of_asking():
    bulk = Bulk()
    processor = bulk.processor()
    callers = [processor.submit(key) for key in "cab"]
    await asyncio.wait(callers)
    assert bulk.batches == [["c", "a", "b"]]
    assert list(map(attrgetter("key"), callers)) == ["c", "a", "b"]
    assert now() == 0.0
