"""A gate whose permits come from a quota that other processes share."""

import asyncio

from api.testing import clock
from batching import Gate, Limits
from tests.batching.bulk import Bulk, at, now, until
from tests.batching.test_gate import Visits


class Elsewhere:
    """A quota kept elsewhere: one call per interval, and a word with it takes a moment.

    >>> quota = Elsewhere(interval=1.0)
    >>> gate.share(quota)
    """

    def __init__(self, interval=0.0, *, latency=0.0):
        self.interval = interval
        self.latency = latency
        self.asked = []
        self.holds = []
        self.held_until = 0.0
        self.next = 0.0
        self.budget = 7.0

    async def permit(self):
        self.asked.append(now())
        await asyncio.sleep(self.latency)
        if self.held_until > now():
            return self.held_until - now()
        self.next = max(self.next, now()) + self.interval
        await asyncio.sleep(self.next - self.interval - now())
        return 0.0

    def hold(self, duration):
        self.holds.append((now(), duration))


def sharing(quota, **options):
    gate = Gate(**options)
    gate.share(quota)
    return gate


async def test_calls_are_made_when_the_quota_says_and_not_at_the_gates_own_rate():
    visits = Visits(sharing(Elsewhere(interval=2.0), rate=100.0))
    await asyncio.gather(*map(visits.visit, "abc"))
    assert visits.calls == [(0.0, "a"), (2.0, "b"), (4.0, "c")]
    assert visits.gate.calls == 3


async def test_two_gates_on_one_quota_share_its_rate():
    quota = Elsewhere(interval=1.0)
    one, two = Visits(sharing(quota)), Visits(sharing(quota))
    await asyncio.gather(*map(one.visit, "abc"), *map(two.visit, "def"))
    times = sorted(time for time, _ in one.calls + two.calls)
    assert times == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


async def test_one_permit_is_asked_for_each_call_and_none_while_nobody_stands_in_line():
    quota = Elsewhere(interval=1.0)
    visits = Visits(sharing(quota))
    await asyncio.gather(*map(visits.visit, "abc"))
    await until(60.0)
    await visits.visit("d")
    assert quota.asked == [0.0, 0.0, 1.0, 60.0]


async def test_a_batch_is_cut_when_its_call_is_due_and_not_when_that_was_reserved():
    quota = Elsewhere(interval=10.0)
    bulk = Bulk()
    processor = bulk.processor(gate=sharing(quota))
    await processor.submit("first")
    callers = [processor.submit("a")]
    await until(9.0)
    assert quota.asked == [0.0, 0.0], "it is reserved long since"
    callers.append(processor.submit("b"))
    await asyncio.wait(callers)
    assert bulk.calls == [(0.0, ["first"]), (10.0, ["a", "b"])]


async def test_the_permit_goes_to_the_oldest_in_line_whoever_it_was_asked_for():
    quota = Elsewhere(interval=10.0)
    gate = sharing(quota)
    bulk, visits = Bulk(), Visits(gate)
    processor = bulk.processor(gate=gate)
    await visits.visit("first")
    gone = processor.submit("a")
    await until(5.0)
    gone.cancel()
    await visits.visit("b")
    assert bulk.calls == []
    assert visits.calls == [(0.0, "first"), (10.0, "b")]


async def test_a_permit_that_nobody_wants_any_more_is_lost():
    quota = Elsewhere(interval=10.0)
    gate = sharing(quota)
    visits, bulk = Visits(gate), Bulk()
    processor = bulk.processor(gate=gate)
    await visits.visit("first")
    gone = processor.submit("a")
    await until(5.0)
    gone.cancel()
    await at(10.5, visits.visit, "b")
    assert visits.calls == [(0.0, "first"), (20.0, "b")]


async def test_a_batch_that_is_full_while_it_waits_leaves_as_many_calls_as_it_needs():
    bulk = Bulk(batch_size=2)
    processor = bulk.processor(gate=sharing(Elsewhere(interval=1.0)))
    await processor.submit_many(range(5))
    assert bulk.calls == [(0.0, [0, 1]), (1.0, [2, 3]), (2.0, [4])]


async def test_nothing_is_asked_for_while_all_slots_are_taken():
    quota = Elsewhere()
    visits = Visits(sharing(quota, concurrency=1))
    await asyncio.gather(visits.visit("a", seconds=5.0), visits.visit("b"))
    assert visits.calls == [(0.0, "a"), (5.0, "b")]
    assert quota.asked == [0.0, 5.0]


async def test_a_permit_comes_too_late_for_slots_that_others_have_taken_since():
    quota = Elsewhere(latency=1.0)
    gate = sharing(quota, concurrency=1)
    visits, bulk = Visits(gate), Bulk(batch_size=2, latency=3.0)
    processor = bulk.processor(gate=gate)
    first = processor.submit("a")
    await until(0.5)
    partial = asyncio.create_task(visits.visit("c"))
    await asyncio.gather(first, partial)
    assert bulk.calls == [(1.0, ["a"])]
    assert visits.calls == [(5.0, "c")]


async def test_keys_that_join_while_a_permit_is_on_its_way_ask_for_none():
    quota = Elsewhere(interval=1.0)
    bulk = Bulk(batch_size=1000)
    processor = bulk.processor(gate=sharing(quota))
    await processor.submit("first")
    callers = [processor.submit(key) for key in range(100)]
    await until(0.5)
    callers += [processor.submit(key, scope=key) for key in range(100, 200)]
    await asyncio.wait(callers)
    assert [len(keys) for keys in bulk.batches] == [1, 200]
    assert quota.asked == [0.0, 0.0]


async def test_a_crowded_processor_takes_no_permit_from_others():
    gate = sharing(Elsewhere(interval=1.0))
    slow, quick = Bulk(batch_size=1, latency=10.0), Bulk()
    crowded = slow.processor(gate=gate, limits=Limits(max_in_flight=1))
    keys = crowded.submit_many("ab")
    await until(0.5)
    await quick.processor(gate=gate).submit("c")
    assert quick.calls == [(1.0, ["c"])]
    await keys
    assert slow.calls == [(0.0, ["a"]), (10.0, ["b"])]


# Holds.


async def test_a_hold_is_told_to_the_quota_and_kept():
    quota = Elsewhere()
    visits = Visits(sharing(quota))
    await until(1.0)
    visits.gate.hold(5.0)
    await visits.visit("a")
    assert quota.holds == [(1.0, 5.0)]
    assert quota.asked == [6.0], "nothing is asked for before"
    assert visits.calls == [(6.0, "a")]


async def test_a_hold_that_another_process_told_is_kept_and_shown_and_not_told_again():
    quota = Elsewhere()
    quota.held_until = 5.0
    visits = Visits(sharing(quota))
    line = asyncio.gather(visits.visit("a"), visits.visit("b"))
    await until(2.0)
    assert visits.gate.held == 3.0
    await line
    assert visits.calls == [(5.0, "a"), (5.0, "b")]
    assert quota.holds == []
    assert quota.asked == [0.0, 5.0, 5.0]


async def test_a_longer_hold_of_its_own_outlasts_that_of_the_others():
    quota = Elsewhere(latency=1.0)
    quota.held_until = 5.0
    visits = Visits(sharing(quota))
    line = asyncio.create_task(visits.visit("a"))
    await until(0.5)
    visits.gate.hold(9.5)
    await line
    assert visits.calls == [(11.0, "a")]


async def test_a_permit_that_comes_during_a_hold_is_lost():
    quota = Elsewhere(interval=4.0)
    visits = Visits(sharing(quota))
    await visits.visit("first")
    line = asyncio.create_task(visits.visit("a"))
    await until(1.0)
    visits.gate.hold(5.0)
    await line
    assert visits.calls == [(0.0, "first"), (8.0, "a")], "not at 6.0, when the hold is over"


# What a quota tells, and what becomes of a gate whose quota fails.


async def test_the_budget_is_what_the_quota_tells():
    assert sharing(Elsewhere(), rate=1.0).budget == 7.0


async def test_a_quota_that_fails_is_told_and_the_gate_goes_at_its_own_rate():
    complaints = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))

    class Broken(Elsewhere):
        async def permit(self):
            raise OSError("no way there")

    visits = Visits(sharing(Broken(), rate=0.5))
    await asyncio.gather(*map(visits.visit, "abc"))
    assert visits.calls == [(0.0, "a"), (2.0, "b"), (4.0, "c")]
    [complaint] = complaints
    assert complaint["message"] == "a gate's quota failed"
    assert str(complaint["exception"]) == "no way there"


async def test_without_a_rate_of_its_own_either_a_gate_lets_everybody_pass():
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    quota = Elsewhere()
    quota.interval = "no number"
    visits = Visits(sharing(quota))
    await asyncio.gather(*map(visits.visit, "ab"))
    assert visits.calls == [(0.0, "a"), (0.0, "b")]


def test_a_gate_asks_anew_on_the_next_event_loop():
    quota = Elsewhere(interval=10.0)
    visits = Visits(sharing(quota))

    async def ask(name):
        await visits.visit(name)
        asyncio.ensure_future(visits.visit("never"))  # noqa: RUF006 - its event loop ends first
        await asyncio.sleep(1.0)
        quota.next = 0.0
        return quota.asked.copy()

    assert clock.run(ask("a")) == [0.0, 0.0]
    assert clock.run(ask("b")) == [0.0, 0.0, 0.0, 0.0]
    assert visits.calls == [(0.0, "a"), (0.0, "b")]


def test_a_permit_asked_for_on_an_event_loop_that_goes_on_serves_nobody_on_the_next():
    gate = sharing(Elsewhere(interval=10.0))
    visits = Visits(gate)
    first, second = clock.VirtualClockLoop(), clock.VirtualClockLoop()
    try:
        first.run_until_complete(visits.visit("a"))
        gone = first.create_task(visits.visit("b"))
        first.run_until_complete(asyncio.sleep(1.0))
        gone.cancel()
        first.run_until_complete(asyncio.wait([gone]))
        waiting = second.create_task(visits.visit("c"))
        second.run_until_complete(asyncio.sleep(1.0))
        first.run_until_complete(asyncio.sleep(60.0))
        second.run_until_complete(waiting)
        assert visits.calls == [(0.0, "a"), (20.0, "c")]
    finally:
        first.close()
        second.close()
