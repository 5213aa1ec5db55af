"""The gate: rate, holds and slots, for processors and single calls in one line."""

import asyncio

import pytest

from batching import Gate, Limits, RetryableError
from tests.batching.bulk import Bulk, TurnCountingLoop, at, now, turns, until
from tests.work import counted


@pytest.fixture
def anyio_backend():
    return "asyncio", {"loop_factory": TurnCountingLoop}


class Visits:
    """Single calls through a gate, and when each of them was made."""

    def __init__(self, gate):
        self.gate = gate
        self.calls = []

    async def visit(self, name, *, seconds=0.0, background=False):
        async with self.gate.permit(background=background):
            self.calls.append((now(), name))
            await asyncio.sleep(seconds)


# Rate.


async def test_without_limits_everybody_passes_at_once():
    visits = Visits(Gate())
    await asyncio.gather(*map(visits.visit, range(100)))
    assert visits.calls == [(0.0, name) for name in range(100)]
    assert visits.gate.calls == 100


async def test_one_call_a_second_is_one_call_a_second():
    visits = Visits(Gate(rate=1.0))
    await asyncio.gather(*map(visits.visit, "abcd"))
    assert visits.calls == [(0.0, "a"), (1.0, "b"), (2.0, "c"), (3.0, "d")]


async def test_a_rate_of_zero_is_no_limit():
    visits = Visits(Gate(rate=0))
    await asyncio.gather(*map(visits.visit, "abc"))
    assert visits.calls == [(0.0, "a"), (0.0, "b"), (0.0, "c")]
    assert visits.gate.rate is None


async def test_a_rest_saves_no_more_than_a_burst():
    visits = Visits(Gate(rate=1.0, burst=3))
    await asyncio.gather(*map(visits.visit, range(5)))
    await until(60.0)
    await asyncio.gather(*map(visits.visit, range(5)))
    times = [time for time, _ in visits.calls]
    assert times == [0.0, 0.0, 0.0, 1.0, 2.0, 60.0, 60.0, 60.0, 61.0, 62.0]


@pytest.mark.parametrize(("rate", "burst"), [(1.0, 1), (3.0, 1), (7.0, 5), (20.0, 10)])
async def test_no_span_of_time_sees_more_calls_than_rate_and_burst_allow(rate, burst):
    visits = Visits(Gate(rate=rate, burst=burst))
    await asyncio.gather(*map(visits.visit, range(100)))
    times = [time for time, _ in visits.calls]
    for first, start in enumerate(times):
        for last, end in enumerate(times[first:], first):
            assert last - first + 1 <= burst + (end - start) * rate + 1e-6
    assert times[-1] == pytest.approx((100 - burst) / rate)


async def test_the_budget_tells_how_many_calls_could_be_made_at_once():
    gate = Gate(rate=2.0, burst=4)
    assert gate.budget == 4.0
    visits = Visits(gate)
    await asyncio.gather(*map(visits.visit, range(3)))
    assert gate.budget == 1.0
    await until(0.5)
    assert gate.budget == 2.0
    await until(60.0)
    assert gate.budget == 4.0
    assert Gate().budget is None


async def test_the_budget_is_never_less_than_nothing():
    gate = Gate(rate=1.0)
    await Visits(gate).visit("a")
    assert gate.budget == 0.0


# Hold.


async def test_a_hold_stops_everybody_and_its_end_wakes_them():
    gate = Gate()
    one, two = Bulk(), Bulk()
    visits = Visits(gate)
    gate.hold(5.0)
    await asyncio.gather(
        one.processor(gate=gate).submit("a"),
        two.processor(gate=gate).submit("b"),
        visits.visit("c"),
    )
    assert one.calls == [(5.0, ["a"])]
    assert two.calls == [(5.0, ["b"])]
    assert visits.calls == [(5.0, "c")]


async def test_after_a_hold_the_rate_holds_again():
    visits = Visits(Gate(rate=1.0))
    visits.gate.hold(5.0)
    await asyncio.gather(*map(visits.visit, "abc"))
    assert visits.calls == [(5.0, "a"), (6.0, "b"), (7.0, "c")]


async def test_a_hold_keeps_back_those_who_stand_in_line_already():
    visits = Visits(Gate(rate=1.0))
    lines = asyncio.gather(*map(visits.visit, "abc"))
    await until(0.5)
    visits.gate.hold(10.0)
    await lines
    assert visits.calls == [(0.0, "a"), (10.5, "b"), (11.5, "c")]


async def test_a_longer_hold_lasts_and_a_shorter_one_changes_nothing():
    visits = Visits(Gate())
    visits.gate.hold(5.0)
    visits.gate.hold(2.0)
    line = asyncio.create_task(visits.visit("a"))
    await until(1.0)
    visits.gate.hold(7.0)
    await line
    assert visits.calls == [(8.0, "a")]


async def test_a_shorter_hold_does_not_end_a_longer_one():
    visits = Visits(Gate())
    visits.gate.hold(5.0)
    await until(1.0)
    visits.gate.hold(2.0)
    await visits.visit("a")
    assert visits.calls == [(5.0, "a")]


async def test_a_hold_does_not_touch_calls_in_the_air():
    visits = Visits(Gate())
    call = asyncio.create_task(visits.visit("a", seconds=2.0))
    await until(1.0)
    visits.gate.hold(60.0)
    await call
    assert now() == 2.0


async def test_held_tells_the_seconds_that_are_left():
    gate = Gate()
    assert gate.held == 0.0
    gate.hold(5.0)
    assert gate.held == 5.0
    await until(3.0)
    assert gate.held == 2.0
    await until(6.0)
    assert gate.held == 0.0
    gate.hold(0.0)
    assert gate.held == 0.0


# The line.


async def test_processors_and_single_calls_pass_in_the_order_of_their_age():
    gate = Gate(rate=1.0)
    order = []

    def tell(keys):
        order.append((now(), *keys))
        return keys

    one, two = (Bulk(answers=[tell] * 9).processor(gate=gate) for _ in range(2))

    async def visit(name):
        async with gate.permit():
            order.append((now(), name))

    await visit("first")
    await asyncio.gather(
        at(0.1, one.submit, "one"),
        at(0.2, visit, "call"),
        at(0.3, two.submit, "two"),
        at(0.4, visit, "second call"),
        at(1.5, one.submit, "one again"),
    )
    assert order == [
        (0.0, "first"),
        (1.0, "one"),
        (2.0, "call"),
        (3.0, "two"),
        (4.0, "second call"),
        (5.0, "one again"),
    ]


async def test_a_processor_stands_in_line_by_its_oldest_key():
    gate = Gate(rate=1.0)
    one, two = Bulk(), Bulk()
    first, second = one.processor(gate=gate), two.processor(gate=gate)
    await first.submit(0)
    old = first.submit("old")
    await until(0.25)
    middle = second.submit("middle")
    await until(0.5)
    old.cancel()
    young = first.submit("young")
    await asyncio.wait([middle, young])
    assert two.calls == [(1.0, ["middle"])]
    assert one.calls == [(0.0, [0]), (2.0, ["young"])]


async def test_keys_that_are_tried_again_stand_in_line_as_old_as_they_are():
    gate = Gate(rate=1.0)
    one, two = Bulk(batch_size=1, answers=[RetryableError(after=2.5)]), Bulk(batch_size=1)
    first, second = one.processor(gate=gate), two.processor(gate=gate)
    old = first.submit("old")
    await until(2.25)
    others = second.submit_many(range(3))  # the first of them passes at once
    await until(2.4)
    young = [first.submit(name) for name in ("young", "younger")]
    await asyncio.wait([old, others, *young])
    assert one.calls[:2] == [(0.0, ["old"]), (3.25, ["old"])]


async def test_whoever_could_pass_is_not_kept_back_by_an_older_one_that_cannot():
    gate = Gate(concurrency=1)
    partial, full = Bulk(latency=5.0), Bulk(batch_size=2, latency=5.0)
    busy, other = partial.processor(gate=gate), full.processor(gate=gate)
    await until(1.0)
    callers = [busy.submit("a")]
    await until(2.0)
    callers.append(busy.submit("older, but partial"))
    await until(3.0)
    callers.append(other.submit_many("bc"))
    await asyncio.wait(callers)
    assert full.calls == [(3.0, ["b", "c"])]
    assert partial.calls == [(1.0, ["a"]), (6.0, ["older, but partial"])]


async def test_the_line_moves_although_a_newcomer_asks_before_a_late_loop_looks_at_its_timers():
    loop = asyncio.get_running_loop()
    visits = Visits(Gate(rate=1.0))
    await visits.visit("a")
    second = asyncio.create_task(visits.visit("b"))
    await until(0.5)
    loop._now = 1.5  # the loop was kept busy beyond the moment at which "b" may pass
    third = asyncio.create_task(visits.visit("c"))
    await asyncio.gather(second, third)
    assert visits.calls == [(0.0, "a"), (1.5, "b"), (2.5, "c")]


async def test_the_line_moves_although_a_full_batch_asks_before_a_late_loop_looks_at_its_timers():
    loop = asyncio.get_running_loop()
    gate = Gate(rate=1.0)
    bulk = Bulk(batch_size=1)
    processor = bulk.processor(gate=gate)
    await Visits(gate).visit("a")
    visits = Visits(gate)
    older = asyncio.create_task(visits.visit("b"))
    await until(0.5)
    loop._now = 1.5
    await asyncio.gather(older, processor.submit("c"))
    assert visits.calls == [(1.5, "b")]
    assert bulk.calls == [(2.5, ["c"])]


async def test_standing_in_line_takes_no_turns():
    gate = Gate(rate=1.0)
    visits = Visits(gate)
    processors = [Bulk().processor(gate=gate) for _ in range(10)]
    before = turns()
    await asyncio.gather(
        *map(visits.visit, range(90)), *(processor.submit("a") for processor in processors)
    )
    assert now() == 99.0
    assert turns() - before < 100 * 8, "a few for each call, none while waiting"


async def test_one_timer_serves_the_whole_line(monkeypatch):
    loop = asyncio.get_running_loop()
    gate = Gate()
    gate.hold(60.0)
    fired = []
    monkeypatch.setattr(gate, "_call_next", lambda: fired.append(now()))
    visits = Visits(gate)
    line = [asyncio.create_task(visits.visit(name)) for name in range(100)]
    await until(120.0)
    assert fired == [60.0]
    monkeypatch.undo()
    gate.hold(0.0)
    for task in line:
        task.cancel()
    await asyncio.wait(line)
    await asyncio.sleep(60.0)
    assert not [timer for timer in loop._scheduled if not timer.cancelled()]


async def test_a_gate_at_which_nobody_stands_sets_no_timer():
    visits = Visits(Gate(rate=0.001))
    await visits.visit("a")
    visits.gate.hold(3600.0)
    timers = asyncio.get_running_loop()._scheduled
    assert [timer for timer in timers if not timer.cancelled()] == []


async def test_keys_that_join_a_processor_in_line_set_no_timers():
    gate = Gate()
    processor = Bulk().processor(gate=gate)
    gate.hold(60.0)
    callers = [processor.submit("first")]
    await until(1.0)
    callers += [processor.submit(key, scope=key) for key in range(1000)]
    assert len(asyncio.get_running_loop()._scheduled) < 10
    await asyncio.wait(callers)
    assert now() == 60.0


async def work_of_a_line(gate, length, *, leave=False):
    """Return how many functions are called for each of so many single calls."""
    visits = Visits(gate)
    other = Bulk().processor(gate=gate)
    gate.hold(1.0)
    with counted() as work:
        line = [asyncio.create_task(visits.visit(name)) for name in range(length)]
        await asyncio.sleep(0)
        key = other.submit("a")
        if leave:
            for one in line:
                one.cancel()
        await asyncio.wait([*line, key])
    assert len(visits.calls) == (0 if leave else length)
    return work.calls / length


@pytest.mark.parametrize("leave", [False, True], ids=["called", "left"])
@pytest.mark.parametrize("limits", [{"concurrency": 4}, {"rate": 10.0}, {}], ids=str)
async def test_a_call_in_a_long_line_costs_what_it_costs_in_a_short_one(limits, leave):
    short = await work_of_a_line(Gate(**limits), 100, leave=leave)
    assert await work_of_a_line(Gate(**limits), 4000, leave=leave) < 1.5 * short


async def test_single_calls_of_every_kind_and_processors_pass_in_the_order_of_their_age():
    gate = Gate(rate=1.0)
    visits = Visits(gate)

    async def pages(keys):
        gate.hold(0.5)
        await asyncio.gather(visits.visit("a page"), visits.visit("another page"))
        return keys

    processor = Bulk(answers=[pages]).processor(gate=gate)
    await asyncio.gather(
        processor.submit(0),
        at(0.25, visits.visit, "background", background=True),
        at(0.5, visits.visit, "one"),
        at(0.75, visits.visit, "two"),
        at(5.5, visits.visit, "late"),
    )
    assert [name for _, name in visits.calls] == [
        "a page",
        "another page",
        "one",
        "two",
        "background",
        "late",
    ]


# Slots.


async def test_slots_delay_partial_batches_only():
    gate = Gate(concurrency=1)
    bulk = Bulk(batch_size=2, latency=10.0)
    processor = bulk.processor(gate=gate)
    callers = [processor.submit("a")]
    await until(1.0)
    callers += [processor.submit_many(["b", "c", "d", "e", "f"])]
    await asyncio.wait(callers)
    assert bulk.calls == [
        (0.0, ["a"]),
        (1.0, ["b", "c"]),
        (1.0, ["d", "e"]),
        (10.0, ["f"]),
    ]


async def test_full_batches_take_no_slot_so_they_starve_nobody():
    gate = Gate(concurrency=1)
    popular, rare = Bulk(batch_size=2, latency=1.0), Bulk(batch_size=2, latency=1.0)
    crowd, other = popular.processor(gate=gate), rare.processor(gate=gate)
    callers = []
    for half_second in range(10):  # two of these are in the air at any time
        await until(half_second / 2)
        callers.append(crowd.submit_many([f"{half_second} a", f"{half_second} b"]))
        if half_second in {2, 3}:
            callers.append(other.submit(half_second))
    await asyncio.wait(callers)
    assert [len(keys) for _, keys in popular.calls] == [2] * 10
    assert rare.calls == [(1.0, [2]), (2.0, [3])]
    assert repr(gate) == "<Gate [0 in the air | 0 in line]>"


async def test_a_partial_batch_that_fills_up_in_line_leaves_at_once():
    gate = Gate(concurrency=1)
    bulk = Bulk(batch_size=2, latency=10.0)
    processor = bulk.processor(gate=gate)
    callers = [processor.submit("a")]
    await until(1.0)
    callers.append(processor.submit("b"))
    await until(2.0)
    callers.append(processor.submit("c"))
    await asyncio.wait(callers)
    assert bulk.calls == [(0.0, ["a"]), (2.0, ["b", "c"])]


async def test_a_slot_that_gets_free_goes_to_the_oldest():
    gate = Gate(concurrency=2)
    visits = Visits(gate)
    await asyncio.gather(
        visits.visit("a", seconds=4.0),
        visits.visit("b", seconds=2.0),
        at(0.5, visits.visit, "c", seconds=9.0),
        at(1.0, visits.visit, "d"),
    )
    assert visits.calls == [(0.0, "a"), (0.0, "b"), (2.0, "c"), (4.0, "d")]


async def test_a_slot_gets_free_however_a_call_ends():
    gate = Gate(concurrency=1)
    bulk = Bulk(latency=1.0, answers=[ValueError("no"), KeyError("no")])
    processor = bulk.processor(gate=gate)
    visits = Visits(gate)

    async def fail():
        async with gate.permit():
            raise ValueError("no")

    failed = processor.submit("a"), asyncio.create_task(fail())
    await asyncio.gather(*failed, processor.submit("b"), return_exceptions=True)
    await visits.visit("c")
    assert visits.calls == [(1.0, "c")]
    assert repr(gate) == "<Gate [0 in the air | 0 in line]>"


async def test_the_most_calls_in_flight_are_a_hard_bound_for_full_batches_too():
    bulk = Bulk(batch_size=2, latency=1.0)
    processor = bulk.processor(limits=Limits(max_in_flight=3))
    await processor.submit_many(range(20))
    assert bulk.most_in_air == 3
    assert [time for time, _ in bulk.calls] == [0.0] * 3 + [1.0] * 3 + [2.0] * 3 + [3.0]


async def test_64_calls_may_be_in_flight_unless_told_otherwise():
    bulk = Bulk(batch_size=1, latency=1.0)
    await bulk.processor().submit_many(range(100))
    assert bulk.most_in_air == 64


async def test_a_crowded_processor_does_not_block_the_line():
    gate = Gate(rate=1.0)
    slow, quick = Bulk(batch_size=1, latency=10.0), Bulk()
    crowded = slow.processor(gate=gate, limits=Limits(max_in_flight=1))
    other = quick.processor(gate=gate)
    keys = crowded.submit_many("ab")
    await until(0.5)
    await other.submit("c")
    assert quick.calls == [(1.0, ["c"])]
    await keys
    assert slow.calls == [(0.0, ["a"]), (10.0, ["b"])]


# Inside a batch function.


async def test_a_single_call_inside_a_batch_function_needs_a_permit_but_no_slot():
    gate = Gate(rate=1.0, concurrency=1)
    visits = Visits(gate)

    async def two_pages(keys):
        await visits.visit("second page")
        return keys

    assert await Bulk(answers=[two_pages]).processor(gate=gate).submit("a") == "a"
    assert visits.calls == [(1.0, "second page")]
    assert gate.calls == 2


# Leaving.


async def test_a_visitor_that_is_cancelled_in_line_takes_nothing_with_it():
    visits = Visits(Gate(rate=1.0))
    await visits.visit("a")
    gone = asyncio.create_task(visits.visit("b"))
    stays = asyncio.create_task(visits.visit("c"))
    await until(0.5)
    gone.cancel()
    await stays
    assert visits.calls == [(0.0, "a"), (1.0, "c")]
    assert visits.gate.calls == 2


async def test_a_visitor_that_is_cancelled_just_when_it_is_called_gives_everything_back():
    visits = Visits(Gate(rate=1.0, concurrency=1))
    await visits.visit("a")
    gone = asyncio.create_task(visits.visit("b"))
    stays = asyncio.create_task(visits.visit("c"))
    await until(0.5)
    asyncio.get_running_loop().call_at(1.0, gone.cancel)  # after its call, before it wakes up
    await asyncio.wait([gone, stays])
    assert gone.cancelled()
    assert visits.calls == [(0.0, "a"), (1.0, "c")]
    assert visits.gate.calls == 2
    assert repr(visits.gate) == "<Gate [0 in the air | 0 in line]>"


async def test_a_visitor_that_is_cancelled_just_before_it_is_called_is_passed_over():
    visits = Visits(Gate(rate=1.0, concurrency=1))
    await visits.visit("a")
    gone = asyncio.create_task(visits.visit("b"))
    asyncio.get_running_loop().call_at(1.0, gone.cancel)  # before the gate's own timer is set
    stays = asyncio.create_task(visits.visit("c"))
    await asyncio.wait([gone, stays])
    assert gone.cancelled()
    assert visits.calls == [(0.0, "a"), (1.0, "c")]
    assert visits.gate.calls == 2
    assert repr(visits.gate) == "<Gate [0 in the air | 0 in line]>"


async def test_a_visitor_cancelled_while_calling_has_made_its_call():
    visits = Visits(Gate(rate=1.0, concurrency=1))
    call = asyncio.create_task(visits.visit("a", seconds=60.0))
    await until(0.25)
    call.cancel()
    await visits.visit("b")
    assert visits.calls == [(0.0, "a"), (1.0, "b")]
    assert visits.gate.calls == 2


async def test_a_timeout_may_end_the_standing_in_line():
    visits = Visits(Gate())
    visits.gate.hold(60.0)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.0):
            await visits.visit("a")
    assert visits.calls == []
    assert repr(visits.gate) == "<Gate [0 in the air | 0 in line | held 59.0 s]>"


# What a gate is made of.


@pytest.mark.parametrize("rate", [-1, True, "1", float("inf"), float("nan")])
def test_a_rate_is_a_number_of_calls_per_second(rate):
    with pytest.raises(ValueError, match=f"rate: expected .* got {rate!r}"):
        Gate(rate=rate)


@pytest.mark.parametrize("count", [0, -1, 1.5, True, "1"])
def test_burst_and_concurrency_are_whole_numbers_of_at_least_one(count):
    with pytest.raises(ValueError, match=f"burst: expected a whole number .* got {count!r}"):
        Gate(burst=count)
    with pytest.raises(ValueError, match=f"concurrency: expected a whole number .* got {count!r}"):
        Gate(concurrency=count)


@pytest.mark.parametrize("seconds", [-1, "5", float("inf"), float("nan")])
async def test_a_hold_is_a_number_of_seconds(seconds):
    gate = Gate()
    with pytest.raises(ValueError, match=f"expected seconds.* got {seconds!r}"):
        gate.hold(seconds)
    assert gate.held == 0.0
