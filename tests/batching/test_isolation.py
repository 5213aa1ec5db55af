"""Isolation: a caller that leaves is noticed by nobody else, and by no call it shared."""

import asyncio
import gc
import random
import weakref
from contextvars import ContextVar

import pytest

from batching import Gate, RetryableError
from tests.batching.bulk import Bulk, inside, now, outcome_of, until
from tests.work import counted

whose = ContextVar("whose")


def leftovers(processor):
    """Return what a processor still remembers of any key or caller."""
    waiting, flights = processor._waiting, processor._flights
    return [
        *waiting,
        *(lane for lane in (*waiting.lanes.values(), *waiting.background.values()) if lane),
        *waiting.askers,
        *flights,
        *flights.in_air,
        *flights.ready,
        *flights.attempts,
        *processor._alarms,
    ]


# One key.


async def test_a_key_that_nobody_waits_for_is_not_sent():
    bulk = Bulk()
    processor = bulk.processor()
    gone, stays = processor.submit("a"), processor.submit("b")
    assert gone.cancel()
    assert await stays == "b!"
    assert gone.cancelled()
    assert bulk.batches == [["b"]]


async def test_a_key_that_loses_its_caller_between_cut_and_call_is_not_sent():
    bulk = Bulk(batch_size=2)
    processor = bulk.processor()

    async def ask():
        gone, stays = processor.submit("a"), processor.submit("b")  # full: the batch is cut
        gone.cancel()
        return await stays

    assert await inside(ask) == "b!"
    assert bulk.batches == [["b"]]


async def test_a_key_that_two_callers_of_a_scope_wait_for_outlives_the_others_that_leave():
    bulk = Bulk(batch_size=1000)
    processor = bulk.processor()
    stays = [processor.submit("stays"), processor.submit("stays")]
    for gone in [processor.submit(key) for key in range(500)]:  # more than is worth a sweep
        gone.cancel()
    assert sum(map(len, processor._waiting.lanes.values())) < 100
    assert await asyncio.gather(*stays) == ["stays!", "stays!"]
    assert bulk.batches == [["stays"]]


async def test_when_all_waiting_keys_have_left_nothing_is_sent():
    bulk = Bulk()
    processor = bulk.processor()
    for key in "abc":
        processor.submit(key).cancel()
    await asyncio.sleep(1.0)
    assert bulk.calls == []
    assert leftovers(processor) == []


async def test_of_two_callers_of_a_waiting_key_one_may_leave():
    bulk = Bulk()
    processor = bulk.processor()
    gone, stays = processor.submit("a"), processor.submit("a")
    gone.cancel()
    assert await stays == "a!"
    assert bulk.batches == [["a"]]


@pytest.mark.parametrize("leaver", range(3))
async def test_of_three_callers_of_a_key_any_may_leave_while_it_waits(leaver):
    bulk = Bulk()
    processor = bulk.processor()
    callers = [processor.submit("a") for _ in range(3)]
    callers.pop(leaver).cancel()
    assert await asyncio.gather(*callers) == ["a!", "a!"]


@pytest.mark.parametrize("leaver", range(3))
async def test_of_three_callers_of_a_key_any_may_leave_while_it_is_in_flight(leaver):
    bulk = Bulk(latency=1.0)
    processor = bulk.processor()
    callers = [processor.submit("a") for _ in range(3)]
    await until(0.5)
    callers.pop(leaver).cancel()
    assert await asyncio.gather(*callers) == ["a!", "a!"]
    assert bulk.calls == [(0.0, ["a"])]
    assert bulk.cancelled == []


async def test_when_all_callers_of_a_joint_key_have_left_it_is_not_sent():
    bulk = Bulk()
    processor = bulk.processor()
    callers = [processor.submit("a") for _ in range(3)]
    other = processor.submit("b")
    for caller in callers:
        caller.cancel()
    await other
    assert bulk.batches == [["b"]]


async def test_a_caller_in_flight_may_leave_a_batch_that_others_wait_for():
    bulk = Bulk(latency=1.0)
    processor = bulk.processor()
    gone, stays = processor.submit("a"), processor.submit("b")
    await until(0.5)
    gone.cancel()
    assert await stays == "b!"
    assert bulk.calls == [(0.0, ["a", "b"])]
    assert bulk.cancelled == []


@pytest.mark.parametrize(
    "leave",
    [
        lambda caller: asyncio.wait_for(caller, 0.5),
        lambda caller: asyncio.wait_for(asyncio.gather(caller), 0.5),
        lambda caller: asyncio.wait_for(asyncio.create_task(asyncio.wait_for(caller, 60)), 0.5),
    ],
    ids=["wait_for", "gather", "task"],
)
async def test_however_a_caller_is_cancelled_others_of_its_key_get_their_answer(leave):
    bulk = Bulk(latency=1.0)
    processor = bulk.processor()
    stays, gone = processor.submit("a"), processor.submit("a")
    with pytest.raises(TimeoutError):
        await leave(gone)
    assert now() == 0.5
    assert gone.cancelled()
    assert await stays == "a!"
    assert bulk.calls == [(0.0, ["a"])]


async def test_a_caller_that_is_answered_cannot_be_cancelled():
    processor = Bulk().processor()
    caller = processor.submit("a")
    await caller
    assert not caller.cancel()
    assert not caller.cancel("twice")
    assert caller.result() == "a!"


async def test_a_shielded_caller_stays_in_its_batch():
    bulk = Bulk(latency=1.0)
    processor = bulk.processor()
    caller = processor.submit("a")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(caller), 0.5)
    assert await caller == "a!"


async def test_the_reason_of_a_cancellation_reaches_the_caller():
    processor = Bulk().processor()
    caller = processor.submit("a")
    caller.cancel("not needed any more")
    with pytest.raises(asyncio.CancelledError, match="not needed any more"):
        await caller


async def test_a_future_that_its_caller_has_answered_himself_is_left_alone():
    bulk = Bulk(latency=1.0, failing={"c": ValueError("c")})
    processor = bulk.processor()
    mine, failed, other, third = map(processor.submit, "abcd")
    all_of_them = processor.submit_many("ab")
    await until(0.5)
    mine.set_result("mine")
    failed.set_exception(KeyError("mine"))
    all_of_them.set_result("mine, too")
    assert await third == "d!"
    assert mine.result() == "mine"
    assert isinstance(failed.exception(), KeyError)
    assert isinstance(await outcome_of(other), ValueError)
    assert all_of_them.result() == "mine, too"
    assert leftovers(processor) == []


async def test_a_whole_set_that_its_caller_has_answered_itself_is_left_alone():
    processor = Bulk(latency=1.0).processor()
    several = processor.submit_many("abc")
    await until(0.5)
    several.set_result("mine")
    await processor.close()
    assert several.result() == "mine"


async def test_a_call_is_made_when_one_caller_left_and_the_other_answered_itself():
    bulk = Bulk(batch_size=2)
    processor = bulk.processor()
    mine, gone = processor.submit("a"), processor.submit("b")  # full: the batch is cut
    mine.set_result("mine")
    gone.cancel()
    await processor.close()
    assert bulk.calls == [(0.0, ["a", "b"])], "nobody has said that a is not needed"
    assert mine.result() == "mine"


# A set.


async def test_a_waiting_set_that_is_cancelled_takes_only_its_own_keys_along():
    bulk = Bulk()
    processor = bulk.processor()
    gone = processor.submit_many(["a", "both", "b"])
    single, other = processor.submit("both"), processor.submit_many(["c", "both"])
    gone.cancel()
    assert await other == ["c!", "both!"]
    assert await single == "both!"
    assert bulk.batches == [["both", "c"]]


async def test_a_set_in_flight_that_is_cancelled_harms_nobody():
    bulk = Bulk(batch_size=2, latency=1.0)
    processor = bulk.processor()
    gone = processor.submit_many(["a", "both", "b", "c"])
    stays = processor.submit("both")
    await until(0.5)
    gone.cancel()
    assert await stays == "both!"
    assert bulk.calls == [(0.0, ["a", "both"]), (0.0, ["b", "c"])]
    assert bulk.cancelled == [(0.5, ["b", "c"])], "only the call that nobody waits for"


async def test_a_set_is_cancelled_where_its_keys_are_waiting_in_flight_and_settled():
    bulk = Bulk(batch_size=1, latency=1.0)
    gate = Gate(rate=0.75)
    processor = bulk.processor(gate=gate)
    gone = processor.submit_many("abc")
    await until(1.5)  # "a" is settled, "b" in flight, "c" waits
    assert repr(processor) == "<BatchProcessor 'batch' [1 waiting | 1 in flight]>"
    gone.cancel()
    await asyncio.sleep(10.0)
    assert bulk.batches == [["a"], ["b"]]
    assert [keys for _, keys in bulk.cancelled] == [["b"]]
    assert leftovers(processor) == []


async def test_a_set_with_a_deadline_in_the_past_does_not_touch_who_waits_for_its_keys():
    bulk = Bulk(latency=1.0)
    processor = bulk.processor()
    in_flight = processor.submit("a")
    await until(0.5)
    waiting = processor.submit("b")
    late = processor.submit_many("ab", deadline=0.25)
    assert late.done()
    assert await asyncio.gather(in_flight, waiting) == ["a!", "b!"]
    assert bulk.cancelled == []


# The call.


async def test_a_call_that_nobody_waits_for_is_cancelled():
    bulk = Bulk(latency=60.0)
    processor = bulk.processor()
    callers = [processor.submit("a"), processor.submit("a"), processor.submit_many("bc")]
    await until(1.0)
    for caller in callers:
        assert bulk.cancelled == []
        caller.cancel()
    await asyncio.sleep(1.0)
    assert bulk.cancelled == [(1.0, ["a", "b", "c"])]
    assert leftovers(processor) == []


async def test_who_joins_a_dying_call_gets_a_fresh_one():
    bulk = Bulk(latency=1.0)
    processor = bulk.processor()
    gone = processor.submit("a")
    await until(0.5)
    gone.cancel()
    assert await processor.submit("a") == "a!"  # the old call has not even been told yet
    assert bulk.calls == [(0.0, ["a"]), (0.5, ["a"])]
    assert bulk.cancelled == [(0.5, ["a"])]


async def test_who_joins_a_call_that_takes_its_time_to_die_gets_a_fresh_one():
    async def stubborn(keys):
        try:
            await asyncio.sleep(60.0)
        except asyncio.CancelledError:
            await asyncio.sleep(5.0)
        return [f"{key} too late" for key in keys]

    bulk = Bulk(latency=0.0, answers=[stubborn])
    processor = bulk.processor()
    gone = processor.submit("a")
    await until(1.0)
    gone.cancel()
    await until(2.0)
    assert await processor.submit("a") == "a!"
    assert now() == 2.0
    await processor.close()
    assert now() == 6.0, "it closes when the old call has ended, too"


async def test_a_call_cancelled_before_its_first_step_gives_slot_and_permit_back():
    gate = Gate(rate=1.0, concurrency=1)
    bulk = Bulk(batch_size=2)
    processor = bulk.processor(gate=gate)

    async def ask():
        processor.submit_many("ab").cancel()  # full: its call is admitted, but has not begun

    await inside(ask)
    await processor.submit("c")
    await processor.close()
    assert bulk.calls == [(0.0, ["c"])]
    assert gate.calls == 1
    assert repr(gate) == "<Gate [0 in the air | 0 in line]>"


async def test_who_stands_in_line_gets_the_permit_of_a_call_that_was_never_made():
    gate = Gate(rate=1.0)
    bulk, other = Bulk(batch_size=2), Bulk(batch_size=1)

    async def ask():
        unmade = bulk.processor(gate=gate).submit_many("ab")  # full: admitted, but not begun
        next_in_line = other.processor(gate=gate).submit("c")
        unmade.cancel()
        await next_in_line

    await inside(ask)
    assert bulk.calls == []
    assert other.calls == [(0.0, ["c"])]
    assert gate.calls == 1


async def test_a_call_that_was_made_gives_its_slot_back_but_not_its_permit():
    gate = Gate(rate=1.0, concurrency=1)
    bulk = Bulk(latency=60.0)
    processor = bulk.processor(gate=gate)
    gone = processor.submit("a")
    await until(0.5)
    gone.cancel()
    bulk.latency = 0.0
    await processor.submit("b")
    await processor.close()
    assert bulk.calls == [(0.0, ["a"]), (1.0, ["b"])]
    assert gate.calls == 2
    assert repr(gate) == "<Gate [0 in the air | 0 in line]>"


async def test_the_slot_of_a_deserted_call_wakes_who_waits_for_it():
    gate = Gate(concurrency=1)
    bulk = Bulk(latency=60.0)
    processor = bulk.processor(gate=gate)
    gone = processor.submit("a")
    await until(0.5)
    waits = processor.submit("b")
    await until(1.0)
    gone.cancel()
    bulk.latency = 0.0
    await waits
    assert bulk.calls == [(0.0, ["a"]), (1.0, ["b"])]


# Contexts.


async def test_no_callers_context_leaks_into_a_batch():
    seen = []

    def look(keys):
        seen.append(whose.get("nobody's"))
        return keys

    async def ask(processor, name, key):
        whose.set(name)
        return await processor.submit(key)

    bulk = Bulk(batch_size=2, answers=[look] * 9)
    gate = Gate(rate=1.0)
    settled, full, late = bulk.processor(), bulk.processor(), bulk.processor(gate=gate)
    window = bulk.processor(max_wait_time=1.0)
    asks = [
        ask(settled, "Ann", 1),
        ask(full, "Ann", 1),
        ask(full, "Bob", 2),
        ask(late, "Ann", 1),
        ask(window, "Bob", 1),
    ]
    await asyncio.gather(*map(asyncio.create_task, asks))
    await asyncio.create_task(ask(late, "Bob", 2))
    assert seen == ["nobody's"] * 5


async def test_a_batch_runs_in_a_copy_of_the_context_in_which_its_processor_was_made():
    def count(keys):
        seen.append(whose.get())
        whose.set("a batch's")
        return keys

    seen = []
    whose.set("the server's")
    processor = Bulk(answers=[count] * 2).processor()
    whose.set("a caller's")
    await processor.submit("a")
    await processor.submit("b")
    assert seen == ["the server's"] * 2
    assert whose.get() == "a caller's"


class Request:
    """Something large that a caller's context refers to."""


async def ask_for_long(request, ask):
    whose.set(request)
    await asyncio.wait([ask()], timeout=1.0)


@pytest.mark.parametrize("what", ["hold", "line", "window", "deadline", "rest"])
async def test_no_timer_keeps_a_callers_context_alive(what):
    gate = Gate(rate=0.001)
    bulk = Bulk(answers=[RetryableError(after=3600.0)] if what == "rest" else [])
    processor = bulk.processor(gate=gate, max_wait_time=3600.0 if what == "window" else None)
    if what in {"hold", "line"}:
        await processor.submit("first")
    if what == "hold":
        processor.submit("second")
        await asyncio.sleep(1.0)

    def ask():
        if what == "hold":
            gate.hold(3600.0)
        return processor.submit("a", deadline=7200.0 if what == "deadline" else None)

    request = Request()
    remembered = weakref.ref(request)
    task = asyncio.create_task(ask_for_long(request, ask))
    del request
    await task
    del task
    await asyncio.sleep(1.0)
    gc.collect()
    assert remembered() is None
    await processor.close(grace=0)


# Costs and chaos.


def work_of_cancelling(count, kind):
    """Return how many functions are called when so many callers leave."""
    processor = Bulk(batch_size=100_000).processor(max_wait_time=60.0)
    if kind == "one key of many scopes":
        callers = [processor.submit("a", scope=scope) for scope in range(count)]
    else:
        callers = [processor.submit(key, scope=key % 7) for key in range(count)]
    if kind == "joint keys":
        callers += [processor.submit(key) for key in range(count)]
    random.Random(count).shuffle(callers)
    with counted() as work:
        for caller in callers:
            caller.cancel()
    assert leftovers(processor) == []
    return work.calls


@pytest.mark.parametrize("kind", ["keys", "joint keys", "one key of many scopes"])
async def test_cancelling_8000_waiting_keys_costs_four_times_as_much_as_2000(kind):
    few, many = work_of_cancelling(2_000, kind), work_of_cancelling(8_000, kind)
    assert many < few * 4.5, "quadratic cost would be 16 times as much"


@pytest.mark.parametrize("chance", range(300))
async def test_random_cancellations_leave_nothing_behind(chance):
    draw = random.Random(chance)
    gate = Gate(rate=draw.choice([None, 20.0]), concurrency=draw.choice([None, 1, 2]))
    bulk = Bulk(batch_size=draw.choice([1, 3, 10]), latency=draw.choice([0.0, 0.25]))
    processor = bulk.processor(gate=gate, max_wait_time=draw.choice([None, 0.05]))

    async def ask():
        await asyncio.sleep(draw.random())
        keys = [draw.randrange(20) for _ in range(draw.randrange(1, 4))]
        options = {"scope": draw.choice("abc"), "background": draw.random() < 0.2}
        one = draw.random() < 0.7
        asked = keys[0] if one else keys
        caller = (processor.submit if one else processor.submit_many)(asked, **options)
        if draw.random() < 0.4:
            await asyncio.wait([caller], timeout=draw.random() / 4)
            caller.cancel()
        await asyncio.wait([caller])
        if not caller.cancelled():
            assert caller.result() == (f"{asked}!" if one else [f"{key}!" for key in keys])

    await asyncio.gather(*(ask() for _ in range(60)))
    await asyncio.sleep(1.0)
    assert bulk.calls != []
    assert leftovers(processor) == []
    assert repr(gate) == "<Gate [0 in the air | 0 in line]>"
    assert repr(processor) == "<BatchProcessor 'batch' [0 waiting | 0 in flight]>"


# Keys that come after others have left, in one tick.


async def test_keys_that_come_after_many_have_left_are_sent():
    bulk = Bulk(batch_size=500)
    processor = bulk.processor()
    callers = [processor.submit(key) for key in range(300)]
    for caller in callers[10:]:
        caller.cancel()
    callers = callers[:10] + [processor.submit(key) for key in range(300, 310)]
    assert await asyncio.gather(*callers) == [f"{key}!" for key in (*range(10), *range(300, 310))]
    assert [len(batch) for batch in bulk.batches] == [20]


async def test_a_key_of_a_scope_that_has_left_altogether_is_sent():
    bulk = Bulk(batch_size=500)
    processor = bulk.processor()
    patient = processor.submit("patient", scope="other")
    for caller in [processor.submit(key) for key in range(300)]:
        caller.cancel()
    assert await asyncio.gather(patient, processor.submit("a")) == ["patient!", "a!"]
    assert bulk.batches == [["patient", "a"]]
    assert leftovers(processor) == []
