"""A call begins in the moment in which its batch is cut, and is answered in a turn of its own."""

import asyncio
import gc
from contextvars import ContextVar

import pytest

from batching import BatchError, BatchProcessor, Gate
from tests.batching.bulk import Bulk, now, outcome_of, until

whose: ContextVar[str] = ContextVar("whose", default="nobody's")


async def test_a_full_batch_is_under_way_before_submit_returns():
    bulk = Bulk(batch_size=2, latency=1.0)
    processor = bulk.processor()
    processor.submit("a")
    assert bulk.calls == []
    last = processor.submit("b")
    assert bulk.calls == [(0.0, ["a", "b"])]
    assert await last == "b!"
    assert now() == 1.0


async def test_every_batch_that_a_set_fills_is_under_way_and_the_rest_goes_on_collecting():
    bulk = Bulk(batch_size=2, latency=1.0)
    asked = bulk.processor().submit_many("abcde")
    assert bulk.batches == [["a", "b"], ["c", "d"]]
    assert await asked == ["a!", "b!", "c!", "d!", "e!"]
    assert bulk.batches[2:] == [["e"]]


async def test_a_call_begins_in_its_own_task_and_context_and_leaves_the_callers_alone():
    seen = []

    async def fetch(keys):
        seen.append((asyncio.current_task(), whose.get()))
        await asyncio.sleep(1.0)
        seen.append((asyncio.current_task(), whose.get()))
        return keys

    processor = BatchProcessor(fetch, 1)
    here = asyncio.current_task()
    whose.set("a caller's")
    asked = processor.submit("a")
    assert asyncio.current_task() is here
    await asked
    (first, its_own), second = seen
    assert (first, its_own) == second
    assert first is not here
    assert its_own == "nobody's"


async def test_a_call_may_begin_where_no_task_is_running():
    bulk = Bulk(batch_size=1, latency=1.0)
    processor = bulk.processor()
    asked = []
    asyncio.get_running_loop().call_at(2.0, lambda: asked.append(processor.submit("a")))
    await until(4.0)
    assert bulk.calls == [(2.0, ["a"])]
    assert asked[0].result() == "a!"


async def fail(_keys):
    raise OSError("down")


def stop(_keys):
    raise StopIteration("a value")


def answer(keys):
    return keys


async def one_too_many(keys):
    return [*keys, "z"]


async def echo(keys):
    return keys


@pytest.mark.parametrize(
    ("function", "outcome"),
    [
        (echo, "a"),
        (fail, OSError("down")),
        (stop, BatchError("tracks: got StopIteration for a key: a value")),
        (answer, BatchError("tracks: expected processor_func to be async, got list")),
        (
            one_too_many,
            BatchError("tracks: expected 1 outcomes, one per key in their order, got 2"),
        ),
    ],
)
async def test_no_caller_is_answered_while_it_asks(function, outcome):
    calls = []

    def counted(keys):
        calls.append(keys)
        return function(keys)

    processor = BatchProcessor(counted, 1, name="tracks")
    callers = [processor.submit("a"), processor.submit("a")]
    assert not any(caller.done() for caller in callers)
    found = [await outcome_of(caller) for caller in callers]
    assert list(map(repr, found)) == [repr(outcome)] * 2
    assert calls == [["a"]], "the second joined the first"


async def test_a_call_whose_callers_leave_at_once_is_cancelled_at_its_first_pause():
    bulk = Bulk(batch_size=2, latency=60.0)
    gate = Gate(concurrency=1)
    processor = bulk.processor(gate=gate)
    processor.submit_many("ab").cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert bulk.cancelled == [(0.0, ["a", "b"])]
    assert repr(gate) == "<Gate [0 in the air | 0 in line]>"
    await processor.close()
    assert now() == 0.0


async def test_a_call_that_refuses_to_be_cancelled_goes_on():
    async def stubborn(keys):
        try:
            await asyncio.sleep(60.0)
        except asyncio.CancelledError:
            await asyncio.sleep(1.0)
        return keys

    processor = BatchProcessor(stubborn, 1)
    processor.submit("a").cancel()
    await processor.close()
    assert now() == 1.0


async def test_a_timeout_around_the_first_pause_is_the_calls_own():
    async def slow(keys):
        try:
            async with asyncio.timeout(2.0):
                await asyncio.sleep(60.0)
        except TimeoutError:
            return [f"{key}, late" for key in keys]

    assert await BatchProcessor(slow, 1).submit("a") == "a, late"
    assert now() == 2.0


async def test_batch_functions_that_ask_each_other_begin_one_after_the_other():
    async def parents(keys):
        (key,) = keys
        return [key if not key else 1 + await processor.submit(key - 1)]

    processor = BatchProcessor(parents, 1)
    assert await processor.submit(2000) == 2000


async def test_a_call_that_has_begun_leaves_no_circle_behind():
    async def fetch(keys):
        await asyncio.sleep(1.0)
        raise OSError(keys)

    processor = BatchProcessor(fetch, 1)
    await outcome_of(processor.submit("a"))
    await asyncio.sleep(0)
    gc.collect()
    gc.disable()
    try:
        asked = processor.submit("b")
        await outcome_of(asked)
        asked.exception().__traceback__ = None
        del asked
        await asyncio.sleep(0)
        assert gc.collect() == 0
    finally:
        gc.enable()
