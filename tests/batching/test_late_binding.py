"""Late binding: keys become a batch only when the call can be made."""

import asyncio

from batching import Gate, Limits
from tests.batching.bulk import Bulk, at, until


async def asked_over_30_seconds(processor):
    """Ask for one key at once, and then for ten new keys every 100 ms."""
    callers = [processor.submit("first")]
    for step in range(300):
        await until(0.05 + step / 10)
        callers += [processor.submit((step, n)) for n in range(10)]
    return callers


async def test_each_call_of_a_second_carries_all_that_came_since_the_last_one():
    bulk = Bulk(batch_size=150)
    processor = bulk.processor(gate=Gate(rate=1.0))
    await asyncio.wait(await asked_over_30_seconds(processor))
    assert [time for time, _ in bulk.calls] == [float(second) for second in range(31)]
    assert bulk.batches[0] == ["first"]
    for second, batch in enumerate(bulk.batches[1:]):
        since = range(second * 10, second * 10 + 10)
        assert batch == [(step, n) for step in since for n in range(10)]


async def test_no_call_carries_more_than_a_batch_while_more_and_more_keys_wait():
    bulk = Bulk(batch_size=60)
    processor = bulk.processor(gate=Gate(rate=1.0))
    callers = await asked_over_30_seconds(processor)
    assert [len(batch) for batch in bulk.batches] == [1] + [60] * 29
    await asyncio.wait(callers)
    keys = [key for batch in bulk.batches for key in batch]
    assert keys == ["first"] + [(step, n) for step in range(300) for n in range(10)]
    assert len(bulk.batches) == 1 + 3000 // 60


async def test_keys_join_until_the_end_of_a_hold():
    bulk = Bulk()
    gate = Gate()
    processor = bulk.processor(gate=gate)
    gate.hold(10.0)
    callers = [processor.submit("a")]
    for second in (2.0, 5.0, 9.5):
        await until(second)
        callers.append(processor.submit(second))
    await asyncio.wait(callers)
    assert bulk.calls == [(10.0, ["a", 2.0, 5.0, 9.5])]


async def test_a_window_that_ends_during_a_hold_goes_on_collecting():
    bulk = Bulk()
    gate = Gate()
    processor = bulk.processor(gate=gate, max_wait_time=1.0)
    gate.hold(3.0)
    processor.submit("a")
    await at(2.5, processor.submit, "b")
    assert bulk.calls == [(3.0, ["a", "b"])]


async def test_a_key_whose_window_is_not_over_fills_a_due_batch():
    bulk = Bulk()
    processor = bulk.processor(gate=Gate(rate=0.5), max_wait_time=1.0)
    await processor.submit("a")
    processor.submit("b")
    await at(2.75, processor.submit, "c")
    assert bulk.calls == [(1.0, ["a"]), (3.0, ["b", "c"])]


async def test_keys_join_while_all_slots_are_taken():
    bulk = Bulk(latency=4.0)
    processor = bulk.processor(gate=Gate(concurrency=1))
    callers = [processor.submit("a")]
    for second in (1.0, 2.0, 3.0):
        await until(second)
        callers.append(processor.submit(second))
    await asyncio.wait(callers)
    assert bulk.calls == [(0.0, ["a"]), (4.0, [1.0, 2.0, 3.0])]


async def test_keys_join_while_the_most_calls_are_in_flight():
    bulk = Bulk(batch_size=2, latency=4.0)
    processor = bulk.processor(limits=Limits(max_in_flight=1))
    callers = [processor.submit("a")]
    for second in (1.0, 2.0, 3.0):
        await until(second)
        callers.append(processor.submit(second))
    await asyncio.wait(callers)
    assert bulk.calls == [(0.0, ["a"]), (4.0, [1.0, 2.0]), (8.0, [3.0])]


async def test_a_key_cancelled_while_its_processor_stands_in_line_is_not_sent():
    bulk = Bulk()
    gate = Gate()
    processor = bulk.processor(gate=gate)
    gate.hold(10.0)
    gone, stays = processor.submit("a"), processor.submit("b")
    await until(5.0)
    gone.cancel()
    await stays
    assert bulk.calls == [(10.0, ["b"])]


async def test_nothing_is_sent_and_no_permit_spent_when_all_keys_left_while_in_line():
    bulk = Bulk()
    gate = Gate(rate=1.0)
    processor = bulk.processor(gate=gate)
    await processor.submit("a")
    gone = processor.submit("b")
    await until(0.5)
    gone.cancel()
    await at(1.0, processor.submit, "c")
    assert bulk.calls == [(0.0, ["a"]), (1.0, ["c"])]
    assert gate.calls == 2


async def test_what_comes_after_the_queue_has_drained_waits_for_its_own_tick():
    bulk = Bulk()
    processor = bulk.processor(gate=Gate(rate=1.0), max_wait_time=0.25)
    await processor.submit("a")
    await at(5.0, processor.submit, "b")
    assert bulk.calls == [(0.25, ["a"]), (5.25, ["b"])]
