"""Close: refuse what comes, send what waits, settle everything."""

import asyncio

import pytest

from batching import (
    BatchError,
    Gate,
    Limits,
    ProcessorClosedError,
    RefusedError,
    RetryableError,
)
from tests.batching.bulk import Bulk, at, now, outcome_of, until


async def test_a_closed_processor_refuses_at_the_call():
    processor = Bulk().processor(name="tracks")
    await processor.submit("a")
    await processor.close()
    for ask in (processor.submit, processor.submit_many):
        with pytest.raises(ProcessorClosedError, match="tracks: closed, no more keys are taken"):
            ask("a")
    for add in (processor.add, processor.add_batch):
        with pytest.raises(ProcessorClosedError, match="tracks: closed, no more keys are taken"):
            await add("a")
    with pytest.raises(ProcessorClosedError):
        processor.submit_many([])
    assert issubclass(ProcessorClosedError, BatchError)


async def test_it_refuses_from_the_moment_of_closing():
    processor = Bulk(latency=1.0).processor()
    waiting = processor.submit("a")
    closing = asyncio.create_task(processor.close())
    await until(0.5)
    with pytest.raises(ProcessorClosedError):
        processor.submit("b")
    await closing
    assert waiting.result() == "a!"


async def test_close_sends_what_waits_and_returns_when_all_has_settled():
    bulk = Bulk(batch_size=2, latency=2.0)
    processor = bulk.processor(max_wait_time=60.0)
    flying = processor.submit_many("ab")
    await until(1.0)
    waiting = [processor.submit("c"), processor.submit_many("cdef")]
    await processor.close()
    assert now() == 3.0
    assert flying.result() == ["a!", "b!"]
    assert waiting[0].result() == "c!"
    assert waiting[1].result() == ["c!", "d!", "e!", "f!"]
    assert [time for time, _ in bulk.calls] == [0.0, 1.0, 1.0]


async def test_close_keeps_to_the_gate():
    bulk = Bulk(batch_size=1)
    processor = bulk.processor(gate=Gate(rate=1.0))
    keys = processor.submit_many("abc")
    await processor.close()
    assert keys.result() == ["a!", "b!", "c!"]
    assert [time for time, _ in bulk.calls] == [0.0, 1.0, 2.0]


async def test_close_keeps_to_the_most_calls_in_flight():
    bulk = Bulk(batch_size=1, latency=1.0)
    processor = bulk.processor(limits=Limits(max_in_flight=1))
    keys = processor.submit_many("abc")
    await processor.close()
    assert keys.result() == ["a!", "b!", "c!"]
    assert bulk.most_in_air == 1


async def test_close_may_be_called_twice_and_together():
    bulk = Bulk(latency=1.0)
    processor = bulk.processor()
    waiting = processor.submit("a")
    await asyncio.gather(processor.close(), at(0.5, processor.close))
    await processor.close()
    assert now() == 1.0
    assert waiting.result() == "a!"
    assert bulk.calls == [(0.0, ["a"])]


async def test_a_processor_that_was_never_used_closes_at_once():
    processor = Bulk().processor()
    await processor.close()
    with pytest.raises(ProcessorClosedError):
        processor.submit("a")
    assert now() == 0.0


async def test_a_processor_can_be_used_as_a_context():
    bulk = Bulk(latency=1.0)
    async with bulk.processor(max_wait_time=60.0) as processor:
        waiting = processor.submit("a")
    assert waiting.result() == "a!"
    with pytest.raises(ProcessorClosedError):
        processor.submit("b")


async def test_a_context_that_fails_closes_and_passes_the_failure_on():
    bulk = Bulk(latency=1.0)
    callers = []

    async def fail():
        async with bulk.processor() as processor:
            callers.append(processor.submit("a"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    (waiting,) = callers
    assert waiting.result() == "a!"


# Grace.


async def test_after_its_grace_close_fails_what_waits_and_cancels_what_flies():
    gate = Gate()
    bulk = Bulk(batch_size=2, latency=60.0)
    processor = bulk.processor(name="tracks", gate=gate)
    flying = processor.submit_many("ab")
    await until(1.0)
    gate.hold(60.0)
    waiting = [processor.submit("c"), processor.submit("c"), processor.submit("d", deadline=90.0)]
    both = processor.submit_many("bc")
    await processor.close(grace=5.0)
    assert now() == 6.0
    failed = [*flying.result(), *(caller.exception() for caller in waiting), *both.result()]
    assert {type(error) for error in failed} == {ProcessorClosedError}
    await asyncio.sleep(0)
    assert bulk.cancelled == [(6.0, ["a", "b"])]
    assert repr(processor) == "<BatchProcessor 'tracks' [0 waiting | 0 in flight | closed]>"
    assert processor._alarms == {}
    timers = asyncio.get_running_loop()._scheduled
    assert 90.0 not in [timer.when() for timer in timers if not timer.cancelled()]


async def test_after_its_grace_nothing_is_kept_of_keys_that_were_to_be_tried_again():
    gate = Gate()
    bulk = Bulk(answers=[RetryableError(after=1.0)])
    processor = bulk.processor(gate=gate)
    caller = processor.submit("a")
    await until(0.5)
    gate.hold(60.0)
    await until(2.0)  # it has rested, and stands in line
    await processor.close(grace=0)
    assert isinstance(caller.exception(), ProcessorClosedError)
    assert processor._flights.attempts == {}
    assert len(bulk.calls) == 1


async def test_what_settles_within_the_grace_is_answered():
    bulk = Bulk(latency=2.0)
    processor = bulk.processor()
    waiting = processor.submit("a")
    await processor.close(grace=5.0)
    assert now() == 2.0
    assert waiting.result() == "a!"


async def test_a_grace_of_no_seconds_is_the_end():
    bulk = Bulk(latency=2.0)
    processor = bulk.processor()
    waiting = processor.submit("a")
    await processor.close(grace=0)
    assert now() == 0.0
    assert isinstance(waiting.exception(), ProcessorClosedError)


async def test_a_second_close_may_have_less_patience():
    bulk = Bulk(latency=60.0)
    processor = bulk.processor()
    waiting = processor.submit("a")
    patient = asyncio.create_task(processor.close())
    await until(1.0)
    await processor.close(grace=1.0)
    assert now() == 2.0
    await patient
    assert now() == 2.0
    assert isinstance(waiting.exception(), ProcessorClosedError)


async def test_after_its_grace_nothing_of_the_processor_stands_at_the_gate():
    gate = Gate(rate=2.0)
    bulk = Bulk(batch_size=4, answers=[RefusedError()])
    processor, other = bulk.processor(gate=gate), Bulk().processor(gate=gate)
    halves = processor.submit_many("abcd")
    await until(0.25)
    later = other.submit("x")
    await processor.close(grace=0)
    assert {type(error) for error in halves.result()} == {ProcessorClosedError}
    assert await later == "x!"
    assert now() == 0.5


async def test_a_call_that_is_cancelled_at_the_end_of_the_grace_gives_its_slot_back():
    gate = Gate(concurrency=1)
    processor, other = Bulk(latency=60.0).processor(gate=gate), Bulk().processor(gate=gate)
    processor.submit("a")
    await until(1.0)
    later = other.submit("b")
    await processor.close(grace=0)
    assert await later == "b!"
    assert now() == 1.0


async def test_a_cancelled_close_stays_closed_and_sends_on():
    bulk = Bulk(latency=2.0)
    processor = bulk.processor()
    waiting = processor.submit("a")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(processor.close(), 1.0)
    with pytest.raises(ProcessorClosedError):
        processor.submit("b")
    assert await waiting == "a!"
    await processor.close()


async def test_a_closed_processor_takes_no_key_although_a_tick_is_under_way():
    gate = Gate()
    gate.hold(1.0)
    processor = Bulk().processor(gate=gate)
    waiting = processor.submit("a")
    closing = asyncio.create_task(processor.close())
    await asyncio.sleep(0)
    processor.batch_size = 10
    with pytest.raises(ProcessorClosedError):
        processor.submit("b")
    await closing
    assert waiting.result() == "a!"


# Attempts.


async def test_keys_that_rest_are_tried_once_more_at_once():
    bulk = Bulk(answers=[RetryableError(after=3600.0)])
    processor = bulk.processor()
    resting = processor.submit("a")
    await until(1.0)
    await processor.close()
    assert resting.result() == "a!"
    assert bulk.calls == [(0.0, ["a"]), (1.0, ["a"])]


async def test_while_closing_nothing_is_tried_again():
    cause = ConnectionError("refused")

    def fail(_):
        raise RetryableError(after=3600.0) from cause

    bulk = Bulk(answers=[fail] * 3)
    processor = bulk.processor()
    resting = processor.submit("a")
    await until(1.0)
    await processor.close()
    assert resting.exception() is cause
    assert [time for time, _ in bulk.calls] == [0.0, 1.0]


async def test_halves_of_a_refused_batch_that_stand_ready_are_still_sent():
    bulk = Bulk(batch_size=2, answers=[RefusedError()])
    processor = bulk.processor(gate=Gate(rate=2.0))
    both = processor.submit_many("ab")
    await until(0.25)
    await processor.close()
    assert both.result() == ["a!", "b!"]


# Inside and between.


async def test_a_batch_function_that_asks_while_closing_is_refused_and_hangs_nobody():
    async def ask(keys):
        await asyncio.sleep(1.0)
        return [await processor.submit(f"{key} more") for key in keys]

    processor = Bulk(answers=[ask]).processor()
    waiting = processor.submit("a")
    await processor.close()
    assert isinstance(waiting.exception(), ProcessorClosedError)


async def test_added_items_are_sent_and_reported_after_the_close():
    bulk = Bulk(failing={"b": KeyError("b")})
    processor = bulk.processor()
    await processor.add("a")
    await processor.add("b")
    await processor.close()
    assert bulk.batches == [["a", "b"]]
    result = await processor.flush()
    assert result.successful == ["a!"]
    assert [item for item, _ in result.failed] == ["b"]


async def test_a_flush_under_way_is_answered_by_the_close_too():
    bulk = Bulk(latency=2.0)
    processor = bulk.processor()
    await processor.add("a")
    flushing = asyncio.create_task(processor.flush())
    await until(1.0)
    await processor.close()
    assert (await flushing).successful == ["a!"]


async def test_without_auto_flush_close_sends_what_waits():
    processor = Bulk().processor(auto_flush=False)
    waiting = processor.submit("a")
    await processor.close()
    assert await outcome_of(waiting) == "a!"
