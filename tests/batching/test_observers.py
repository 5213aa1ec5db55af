"""Observers: one event for each call, with everything there is to know about it."""

import asyncio
from contextvars import ContextVar

import pytest

from batching import BatchEvent, Gate, RefusedError, RetryableError
from tests.batching.bulk import Bulk, inside, outcome_of, until

calls_of_batch = ContextVar("calls_of_batch", default=None)


def observed(bulk, **options):
    """Make a processor and the list of the events it will tell of."""
    events = []
    return bulk.processor(name="tracks", observers=(events.append,), **options), events


async def test_a_call_is_told_with_all_there_is_to_know():
    bulk = Bulk(latency=2.0, failing={"b": KeyError("b")})
    processor, events = observed(bulk, max_wait_time=1.0)
    callers = [processor.submit("a", scope="Ann")]
    await until(0.5)
    callers += [processor.submit("a", scope="Bob"), processor.submit_many("bc", scope="Bob")]
    await until(2.0)
    callers += [processor.submit("c", scope="Eve")]
    await asyncio.wait(callers)
    assert events == [
        BatchEvent(
            name="tracks",
            keys=("a", "b", "c"),
            waiters=4,
            wait=1.0,
            duration=2.0,
            reason="window",
            retries=0,
            failures=1,
            scopes=frozenset({"Ann", "Bob", "Eve"}),
        )
    ]


async def test_every_call_is_told_once():
    bulk = Bulk(batch_size=2)
    processor, events = observed(bulk)
    await processor.submit_many(range(5))
    assert [event.keys for event in events] == [(0, 1), (2, 3), (4,)]
    assert [event.reason for event in events] == ["full", "full", "settled"]
    assert {event.waiters for event in events} == {1}


async def test_it_is_told_before_its_callers_go_on():
    processor, events = observed(Bulk())
    await processor.submit("a")
    assert len(events) == 1


async def test_a_failed_call_is_told_with_its_failures():
    processor, events = observed(Bulk(answers=[ValueError("no"), ["too", "many"]]))
    await outcome_of(processor.submit("a"))
    await outcome_of(processor.submit("b"))
    assert [(event.failures, event.retries) for event in events] == [(1, 0), (1, 0)]


async def test_a_call_that_is_tried_again_is_told_each_time():
    mark = RetryableError(after=1.0)
    bulk = Bulk(answers=[lambda _: ["a!", mark, KeyError("c")], mark, mark])
    processor, events = observed(bulk)
    await processor.submit_many("abc")
    told = [(event.keys, event.retries, event.failures, event.wait) for event in events]
    assert told == [
        (("a", "b", "c"), 1, 1, 0.0),
        (("b",), 1, 0, 1.0),
        (("b",), 0, 1, 2.0),
    ]


async def test_a_refused_batch_and_its_halves_are_told_each():
    processor, events = observed(Bulk(batch_size=2, answers=[RefusedError(), None, RefusedError()]))
    await processor.submit_many("ab")
    told = [(event.keys, event.retries, event.failures) for event in events]
    assert told == [(("a", "b"), 2, 0), (("a",), 0, 0), (("b",), 0, 1)]


async def test_a_call_that_nobody_waits_for_any_more_is_told_too():
    bulk = Bulk(latency=60.0)
    processor, events = observed(bulk)
    gone = processor.submit("a", scope="Ann")
    await until(2.0)
    gone.cancel()
    await asyncio.sleep(1.0)
    assert [(event.keys, event.duration) for event in events] == [(("a",), 2.0)]


async def test_a_call_of_which_all_who_shared_its_key_have_left_is_told_without_a_fault():
    faults = []
    asyncio.get_running_loop().set_exception_handler(lambda _, fault: faults.append(fault))
    processor, events = observed(Bulk(latency=60.0))
    callers = [processor.submit("a", scope=scope) for scope in ("Ann", "Bob", "Eve")]
    await until(2.0)
    for caller in callers:
        caller.cancel()
    await asyncio.sleep(1.0)
    assert [(event.keys, event.duration) for event in events] == [(("a",), 2.0)]
    assert faults == []


async def test_the_wait_of_a_call_is_that_of_its_oldest_key_in_any_tick():
    bulk = Bulk()
    gate = Gate()
    processor, events = observed(bulk, gate=gate)
    await until(5.0)
    await asyncio.gather(*map(processor.submit, "abc"))
    gate.hold(2.0)
    callers = [processor.submit("d")]
    await until(6.0)
    callers += [processor.submit("e"), processor.submit("f")]
    await asyncio.wait(callers)
    assert [(event.keys, event.wait) for event in events] == [
        (("a", "b", "c"), 0.0),
        (("d", "e", "f"), 2.0),
    ]


async def test_a_call_that_was_never_made_is_not_told():
    bulk = Bulk(batch_size=2)
    processor, events = observed(bulk)

    async def ask():
        processor.submit_many("ab").cancel()
        processor.submit("c").cancel()

    await inside(ask)
    await asyncio.sleep(1.0)
    assert bulk.calls == []
    assert events == []


async def test_added_items_have_no_scope():
    processor, events = observed(Bulk())
    await processor.add("a")
    await processor.flush()
    assert [(event.keys, event.scopes) for event in events] == [(("a",), frozenset({None}))]


async def test_observers_see_the_context_of_the_batch():
    seen = []

    def count(keys):
        calls_of_batch.set(len(keys))
        return keys

    bulk = Bulk(answers=[count] * 2)
    processor = bulk.processor(observers=(lambda _: seen.append(calls_of_batch.get()),))
    await processor.submit_many("abc")
    await processor.submit("d")
    assert seen == [3, 1]
    assert calls_of_batch.get() is None


async def test_several_observers_are_told_in_their_order():
    told = []
    observers = (
        lambda event: told.append(("one", event)),
        lambda event: told.append(("two", event)),
    )
    await Bulk().processor(observers=iter(observers)).submit("a")
    assert [who for who, _ in told] == ["one", "two"]
    assert told[0][1] is told[1][1]


class Ominous(BaseException):
    """No Exception, so that nobody catches it by mistake."""


@pytest.mark.parametrize("error", [ValueError("no"), asyncio.CancelledError(), Ominous()])
@pytest.mark.parametrize("ending", ["value", "failure", "unmade"])
async def test_an_observer_that_raises_harms_nobody(error, ending):
    faults, events = [], []
    asyncio.get_running_loop().set_exception_handler(lambda _, fault: faults.append(fault))

    def fail(_):
        raise error

    bulk = Bulk(batch_size=2, failing={"a": KeyError("a")} if ending == "failure" else {})
    processor = bulk.processor(name="tracks", observers=(fail, events.append))
    if ending == "unmade":
        others = asyncio.all_tasks()
        caller = processor.submit_many("ab")
        (task,) = asyncio.all_tasks() - others
        task.cancel()
    else:
        caller = processor.submit_many("ab")
    assert len(await caller) == 2
    await processor.close()
    await asyncio.sleep(1.0)  # a stranger's cancelling holds the gate for a moment
    assert repr(processor.gate) == "<Gate [0 in the air | 0 in line]>"
    if isinstance(error, Exception) and ending != "unmade":
        assert [(fault["message"], fault["exception"]) for fault in faults] == [
            ("an observer of tracks failed", error)
        ]
        assert len(events) == 1


async def test_an_observer_may_ask_for_keys_itself():
    asked = []

    def ask(event):
        if event.keys == ("a",):
            asked.append(processor.submit("a"))

    bulk = Bulk()
    processor = bulk.processor(observers=(lambda event: asked or ask(event),))
    await processor.submit("a")
    assert await asked[0] == "a!"


def test_an_event_is_frozen():
    event = BatchEvent("tracks", ("a",), 1, 0.0, 0.0, "full", 0, 0, frozenset())
    with pytest.raises(AttributeError):
        event.keys = ()
