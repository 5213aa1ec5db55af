"""Event loops: one at a time, checked; built outside of any, usable again in the next."""

import asyncio
import gc
import sys
import threading

import pytest

from api.testing import clock
from batching import BatchError, Gate, Limits, ProcessorClosedError, RetryableError
from batching.home import Home
from tests.batching.bulk import Bulk, TurnCountingLoop, now, outcome_of, until


def run_elsewhere(main):
    """Run a coroutine on a loop of another thread; return what it comes to, or raise it."""
    outcome = []

    def run():
        try:
            outcome.append(clock.run(main()))
        except BaseException as error:  # noqa: BLE001 - raised again below
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(10.0)
    (found,) = outcome
    if isinstance(found, BaseException):
        raise found
    return found


@pytest.fixture(autouse=True)
def unraisable(monkeypatch):
    """Fail a test in whose course something went wrong where nobody could be told."""
    faults = []
    monkeypatch.setattr(sys, "unraisablehook", faults.append)
    yield faults
    gc.collect()
    assert [repr(fault.exc_value) for fault in faults] == []


def test_a_processor_is_built_outside_a_loop_and_used_in_several_one_after_the_other():
    bulk = Bulk()
    processor = bulk.processor(gate=Gate(concurrency=2))

    async def ask(key):
        return await processor.submit(key), await processor.submit_many([key, key])

    for key in range(5):
        assert clock.run(ask(key)) == (f"{key}!", [f"{key}!", f"{key}!"])
        assert asyncio.run(ask(key)) == (f"{key}!", [f"{key}!", f"{key}!"])
    assert len(bulk.calls) == 20


def test_outside_a_loop_nothing_can_be_asked():
    processor = Bulk().processor()
    with pytest.raises(RuntimeError, match="no running event loop"):
        processor.submit("a")
    with pytest.raises(RuntimeError, match="no running event loop"):
        processor.submit_many("a")
    with pytest.raises(RuntimeError, match="no running event loop"):
        processor.gate.hold(1.0)
    assert processor.get_pending_count() == 0
    assert processor.gate.held == 0.0
    assert repr(processor) == "<BatchProcessor 'batch' [0 waiting | 0 in flight]>"


STATES = ["waiting", "window", "in line", "in flight", "resting", "crowded", "just cut"]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("ask", ["submit", "submit_many", "add"])
def test_what_a_loop_that_is_over_left_behind_is_dropped_at_the_next_use(state, ask):
    gate = Gate(rate=0.01 if state == "in line" else None)
    bulk = Bulk(
        batch_size=1 if state in {"crowded", "just cut"} else 5,
        latency=3600.0 if state in {"in flight", "crowded"} else 0.0,
        answers=[RetryableError(after=3600.0)] if state == "resting" else [],
    )
    processor = bulk.processor(
        gate=gate,
        limits=Limits(max_in_flight=1),
        max_wait_time=3600.0 if state == "window" else None,
        auto_flush=state != "waiting",
    )
    left = []

    async def leave_behind():
        if state == "in line":
            await processor.submit("first")
        left.append(processor.submit("a", deadline=7200.0))
        left.append(processor.submit_many("ab"))
        if state != "just cut":
            await asyncio.sleep(1.0)

    async def ask_again():
        bulk.latency = 0.0
        if ask == "submit":
            asked = processor.submit("a")
        elif ask == "submit_many":
            asked = processor.submit_many("a")
        else:
            asked = asyncio.create_task(processor.add_batch("a"))
            await asyncio.sleep(0)
        await processor.flush()
        await asyncio.wait([asked])
        assert processor._alarms == {}
        return asked.result()

    clock.run(leave_behind())
    found = clock.run(ask_again())
    assert found in ("a!", ["a!"]) or not found or found[0].successful == ["a!"]
    assert repr(processor) == "<BatchProcessor 'batch' [0 waiting | 0 in flight]>"
    for caller in left:
        caller.cancel()
    assert repr(processor) == "<BatchProcessor 'batch' [0 waiting | 0 in flight]>"


@pytest.mark.parametrize("verb", ["flush", "flush_if_needed"])
def test_items_of_a_loop_that_is_over_are_in_no_later_result(verb):
    bulk = Bulk()
    processor = bulk.processor(max_wait_time=1.0)

    async def add():
        await processor.add("unsent")
        assert processor.get_pending_count() == 1

    async def add_and_wait():
        await processor.add("sent")
        await asyncio.sleep(2.0)

    async def report():
        return await getattr(processor, verb)()

    for leave_behind in (add, add_and_wait):
        clock.run(leave_behind())
        assert processor.get_pending_count() == 0
        result = clock.run(report())
        assert result is None or result.total_items == 0
    assert bulk.batches == [["sent"]]


async def test_another_running_loop_is_refused_while_the_processor_is_busy():
    gate = Gate()
    bulk = Bulk(latency=60.0)
    processor = bulk.processor(name="tracks", gate=gate)
    caller = processor.submit("a")
    await asyncio.sleep(1.0)

    async def ask():
        processor.submit("b")

    async def ask_for_many():
        processor.submit_many("b")

    for main in (ask, ask_for_many, lambda: processor.add("b"), processor.flush):
        with pytest.raises(BatchError, match="tracks: expected the event loop it is busy on"):
            run_elsewhere(main)

    async def visit():
        async with gate.permit():
            pass

    with pytest.raises(BatchError, match="gate"):
        run_elsewhere(visit)
    assert await caller == "a!"


async def test_another_running_loop_may_not_close_a_busy_processor():
    processor = Bulk().processor(name="tracks", auto_flush=False)
    caller = processor.submit("a")
    with pytest.raises(BatchError, match="tracks: expected the event loop it is busy on"):
        run_elsewhere(processor.close)
    await processor.flush()
    assert caller.result() == "a!"


async def test_another_running_loop_may_close_an_idle_processor():
    processor = Bulk().processor()
    await processor.submit("a")
    await asyncio.sleep(1.0)
    run_elsewhere(processor.close)
    with pytest.raises(ProcessorClosedError):
        processor.submit("b")


async def test_another_running_loop_may_use_an_idle_processor():
    processor = Bulk().processor()
    await processor.submit("a")
    await asyncio.sleep(1.0)

    async def ask():
        return await processor.submit("b")

    assert run_elsewhere(ask) == "b!"
    assert await processor.submit("c") == "c!"


def test_a_processor_left_busy_by_a_loop_that_is_over_can_be_closed_in_another():
    bulk = Bulk()
    processor = bulk.processor(auto_flush=False)

    async def leave_behind():
        processor.submit("a")

    clock.run(leave_behind())
    clock.run(processor.close())
    assert bulk._calls == []


def test_a_closed_processor_stays_closed_in_another_loop():
    processor = Bulk().processor()
    clock.run(processor.close())

    async def ask():
        with pytest.raises(ProcessorClosedError):
            processor.submit("a")
        return await processor.flush()

    assert clock.run(ask()).total_items == 0


def test_a_caller_of_a_loop_that_is_over_may_still_be_cancelled():
    bulk = Bulk(latency=1.0)
    processor = bulk.processor()
    left = []

    async def leave_behind():
        left.extend([processor.submit("a"), processor.submit_many("ab")])

    async def ask_again():
        caller = processor.submit("a")
        await asyncio.sleep(0.5)
        for one in left:
            one.cancel()
        return await caller

    clock.run(leave_behind())
    assert clock.run(ask_again()) == "a!"
    assert bulk.cancelled == []


@pytest.mark.parametrize("run", [clock.run, asyncio.run])
def test_a_loop_that_ends_with_calls_in_the_air_begins_no_others_and_does_not_harm_the_next(
    run, caplog
):
    bulk = Bulk(batch_size=1, latency=60.0)
    gate = Gate(concurrency=2)
    processor = bulk.processor(gate=gate, limits=Limits(max_in_flight=2))
    other = bulk.processor(gate=gate)

    async def leave_behind():
        processor.submit_many(range(5))
        other.submit_many("xyz")
        for _ in range(10):
            await asyncio.sleep(0)

    async def ask_again():
        return await processor.submit("a")

    run(leave_behind())
    bulk.latency = 0.0
    assert run(ask_again()) == "a!"
    gc.collect()
    assert [keys for _, keys in bulk._calls] == [[0], [1], ["a"]]
    assert caplog.records == []


async def test_a_call_that_a_stranger_cancels_makes_room_for_those_that_wait():
    bulk = Bulk(batch_size=1, latency=1.0)
    processor = bulk.processor(limits=Limits(max_in_flight=1))
    others = asyncio.all_tasks()
    callers = processor.submit_many("ab")
    await until(0.5)
    (call,) = asyncio.all_tasks() - others
    call.cancel()
    cancelled, value = await callers
    assert isinstance(cancelled, BatchError)
    assert value == "b!"
    assert [keys for _, keys in bulk.calls] == [["a"], ["b"]]
    await processor.close()


def test_a_loop_that_is_thrown_away_is_no_reason_to_complain(caplog):
    bulk = Bulk(latency=60.0)
    events = []
    processor = bulk.processor(observers=(events.append,))
    loop = TurnCountingLoop()

    async def leave_behind():
        caller = processor.submit("a")
        caller.add_done_callback(lambda _: None)
        await asyncio.sleep(1.0)

    loop.run_until_complete(leave_behind())
    loop.close()
    clock.run(outcome_of_a_key(processor, "b"))
    gc.collect()
    caplog.clear()  # asyncio's own word about the task that its loop never finished
    assert [event.keys for event in events] == [("b",)]


async def outcome_of_a_key(processor, key):
    return await outcome_of(processor.submit(key))


# The gate.


def test_a_gate_keeps_its_budget_from_one_loop_to_the_next():
    gate = Gate(rate=1.0)

    async def visit():
        async with gate.permit():
            return now()

    assert clock.run(visit()) == 0.0
    assert clock.run(visit()) == 1.0, "a second after the last call, whatever the clock says"


def test_a_gate_keeps_its_hold_from_one_loop_to_the_next():
    gate = Gate()

    async def hold():
        await asyncio.sleep(100.0)
        gate.hold(5.0)

    async def visit():
        async with gate.permit():
            return now()

    clock.run(hold())
    assert gate.held == 5.0
    assert clock.run(visit()) == 5.0


def test_a_gate_forgets_who_stood_in_line_when_its_loop_ended():
    gate = Gate()
    bulk = Bulk()
    processor = bulk.processor(gate=gate)

    async def stand_in_line():
        gate.hold(60.0)
        processor.submit("a")
        await asyncio.sleep(1.0)

    async def visit():
        async with gate.permit():
            return now()

    clock.run(stand_in_line())
    assert clock.run(visit()) == 59.0
    assert repr(gate) == "<Gate [0 in the air | 0 in line]>"
    assert bulk._calls == []


def test_the_thread_of_a_loop_that_does_not_tell_it_is_where_it_was_met():
    class OtherLoop:
        """Not one of asyncio's own."""

        running = True

        def is_running(self):
            return self.running

    home, loop = Home(), OtherLoop()
    home.move(loop)
    assert home.runner._thread_id == threading.get_ident()
    loop.running = False
    assert home.runner._thread_id is None
