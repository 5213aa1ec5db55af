"""Sharing: a key that waits or flies is joined, and nothing is kept once it has settled."""

import asyncio
import gc
import weakref

import pytest

from batching import RefusedError, RetryableError
from tests.batching.bulk import Bulk, outcome_of, until


class Key:
    """A key that can be watched going."""

    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return self.name


async def test_a_key_asked_twice_in_a_tick_is_sent_once():
    bulk = Bulk()
    processor = bulk.processor()
    assert await asyncio.gather(*map(processor.submit, "aba")) == ["a!", "b!", "a!"]
    assert bulk.batches == [["a", "b"]]


async def test_keys_are_the_same_when_they_are_equal():
    bulk = Bulk()
    processor = bulk.processor()
    await asyncio.gather(*map(processor.submit, [1, 1.0, True, (1, "a"), (1, "a")]))
    assert bulk.batches == [[1, (1, "a")]]


async def test_every_caller_has_a_future_of_its_own():
    processor = Bulk().processor()
    first, second = processor.submit("a"), processor.submit("a")
    assert first is not second
    assert await first == await second == "a!"


async def test_a_set_that_repeats_a_key_sends_it_once_and_is_answered_in_its_own_order():
    bulk = Bulk()
    assert await bulk.processor().submit_many("abca") == ["a!", "b!", "c!", "a!"]
    assert bulk.batches == [["a", "b", "c"]]


async def test_a_set_may_come_from_any_iterable():
    processor = Bulk().processor()
    assert await processor.submit_many(key for key in "ab") == ["a!", "b!"]
    assert await processor.submit_many({"c": 1}) == ["c!"]


async def test_a_key_in_flight_is_joined_and_not_sent_again():
    bulk = Bulk(latency=1.0)
    processor = bulk.processor()
    first = processor.submit("a")
    await until(0.5)
    callers = [first, processor.submit("a"), processor.submit_many(["a", "b", "a"])]
    await asyncio.wait(callers)
    assert [caller.result() for caller in callers] == ["a!", "a!", ["a!", "b!", "a!"]]
    assert bulk.calls == [(0.0, ["a"]), (0.5, ["b"])]


async def test_who_joins_late_waits_no_longer_than_the_first():
    bulk = Bulk(latency=1.0)
    processor = bulk.processor()
    first = processor.submit("a")
    await until(0.875)
    joined = processor.submit("a")
    await first
    assert joined.done()


async def test_sets_that_overlap_send_what_they_share_once():
    bulk = Bulk(latency=1.0)
    processor = bulk.processor()
    sets = [processor.submit_many(range(n, n + 4)) for n in range(3)]
    await asyncio.wait(sets)
    assert [found.result() for found in sets] == [
        [f"{key}!" for key in range(n, n + 4)] for n in range(3)
    ]
    assert bulk.batches == [[0, 1, 2, 3, 4, 5]]


async def test_a_failure_is_shared_like_a_value():
    error = KeyError("a")
    processor = Bulk(failing={"a": error}).processor()
    callers = [processor.submit("a"), processor.submit("a"), processor.submit_many("ab")]
    assert [await outcome_of(caller) for caller in callers] == [error, error, [error, "b!"]]


async def test_a_key_that_rests_before_another_attempt_is_joined():
    bulk = Bulk(answers=[RetryableError(after=2.0)])
    processor = bulk.processor()
    first = processor.submit("a")
    await until(1.0)
    joined = processor.submit("a"), processor.submit_many("ab")
    assert await first == "a!"
    assert await joined[0] == "a!"
    assert await joined[1] == ["a!", "b!"]
    assert bulk.calls == [(0.0, ["a"]), (1.0, ["b"]), (2.0, ["a"])]


async def test_a_key_in_the_half_of_a_refused_batch_is_joined():
    bulk = Bulk(batch_size=2, latency=1.0, answers=[RefusedError()])
    processor = bulk.processor()
    both = processor.submit_many("ab")
    await until(1.5)
    joined = processor.submit("b")
    assert await both == ["a!", "b!"]
    assert await joined == "b!"
    assert bulk.batches == [["a", "b"], ["a"], ["b"]]


async def test_a_caller_tells_what_it_remembers_of_a_key():
    no, bad = ValueError("no"), KeyError("b")
    bulk = Bulk(latency=1.0, answers=[None, no], failing={"b": bad})
    processor = bulk.processor()
    callers = [processor.submit("a"), processor.submit("b"), processor.submit_many("ab")]
    assert [caller.remembered("a", "unknown") for caller in callers] == ["unknown"] * 3
    await asyncio.wait(callers)
    a, b, both = callers
    assert (a.remembered("a", "unknown"), b.remembered("b", "unknown")) == ("a!", bad)
    assert (both.remembered("a", "unknown"), both.remembered("b", "unknown")) == ("a!", bad)
    failed = [processor.submit("c"), processor.submit_many("cd")]
    await asyncio.wait(failed)
    assert [caller.remembered("c", "unknown") for caller in failed] == ["unknown"] * 2, (
        "the failure of a whole batch says nothing of a key"
    )
    gone = processor.submit("a")
    gone.cancel()
    assert gone.remembered("a", "unknown") == "unknown"


async def test_a_caller_tells_how_many_of_its_keys_were_asked_by_others_already():
    processor = Bulk(latency=1.0).processor()
    first = processor.submit("a")
    await until(0.5)
    callers = [processor.submit("a"), processor.submit("b"), processor.submit_many("abcc")]
    await asyncio.wait([first, *callers])
    assert [getattr(caller, "joined", 0) for caller in callers] == [1, 0, 2]


async def test_nothing_is_remembered_of_a_key_that_has_settled():
    bulk = Bulk()
    processor = bulk.processor()
    assert await processor.submit("a") == "a!"
    assert await processor.submit("a") == "a!"
    assert bulk.batches == [["a"], ["a"]]


async def test_a_key_asked_in_the_turn_in_which_it_settles_is_sent_again():
    bulk = Bulk()
    processor = bulk.processor()
    again = []
    processor.submit("a").add_done_callback(lambda _: again.append(processor.submit("a")))
    await asyncio.sleep(1.0)
    assert await again[0] == "a!"
    assert bulk.batches == [["a"], ["a"]]


@pytest.mark.parametrize("ending", ["value", "failure", "batch failure", "retry", "cancel", "set"])
async def test_nothing_is_kept_of_keys_values_callers_and_scopes(ending):
    values = {}

    def answer(keys):
        if ending == "batch failure":
            raise ValueError("no")
        values.update({key: Key(f"{key}'s value") for key in keys})
        return [ValueError(key) if ending == "failure" else values[key] for key in keys]

    first = [RetryableError(after=1.0)] if ending == "retry" else []
    bulk = Bulk(answers=[*first, answer], latency=1.0)
    processor = bulk.processor()
    keys, scope = [Key("a"), Key("b")], Key("scope")
    if ending == "set":
        processor.submit_many([], scope=scope)
        callers = [processor.submit_many(keys, scope=scope, deadline=60.0)]
    else:
        callers = [processor.submit(key, scope=scope, deadline=60.0) for key in [*keys, *keys]]
    if ending == "cancel":
        await until(0.5)
        for caller in callers:
            caller.cancel()
    await asyncio.wait(callers)
    await asyncio.sleep(1.0)
    refs = [weakref.ref(one) for one in [*keys, scope, *callers, *values.values()]]
    bulk._calls.clear()
    bulk.cancelled.clear()
    del keys, scope, callers, first
    values.clear()
    if ending == "cancel":
        del caller
    await asyncio.sleep(0)
    gc.collect()
    assert [ref() for ref in refs if ref() is not None] == []


async def test_nothing_is_kept_of_a_scope_that_asked_for_no_keys():
    processor = Bulk().processor()
    scope = Key("scope")
    ref = weakref.ref(scope)
    await processor.submit_many([], scope=scope)
    await processor.submit_many([], scope=scope, background=True)
    del scope
    gc.collect()
    assert ref() is None


async def test_nothing_is_kept_of_those_who_joined_a_waiting_key_and_left():
    processor = Bulk().processor(auto_flush=False)
    patient = processor.submit("a")
    for number in range(1000):
        processor.submit("a", scope=number % 3, background=number % 2 == 0).cancel()
    waiting = processor._waiting
    slots = sum(map(len, (*waiting.lanes.values(), *waiting.background.values())))
    assert slots < 200, "dead slots are swept"
    await processor.flush()
    assert patient.result() == "a!"


@pytest.mark.parametrize("state", ["waiting", "in flight", "resting"])
async def test_nothing_is_kept_of_the_scopes_of_those_who_joined_and_left(state):
    bulk = Bulk(
        latency=3600.0 if state == "in flight" else 0.0,
        answers=[RetryableError(after=3600.0)] if state == "resting" else [],
    )
    processor = bulk.processor(max_wait_time=3600.0 if state == "waiting" else None)
    patient = processor.submit("a")
    await until(1.0)
    refs = []
    for number in range(500):
        scope = Key(f"request {number}")
        refs.append(weakref.ref(scope))
        caller = processor.submit("a", scope=scope, background=number % 2 == 0)
        caller.cancel()
    del scope, caller
    gc.collect()
    assert sum(ref() is not None for ref in refs) < 100
    assert await patient == "a!"


async def test_a_caller_that_was_answered_by_somebody_else_is_not_joined():
    bulk = Bulk()
    processor = bulk.processor()
    told = processor.submit("a")
    told.set_result("told")
    assert await processor.submit("a") == "a!"
    assert told.result() == "told"
    assert bulk.batches == [["a"]]


@pytest.mark.parametrize("scope", [None, "other"])
async def test_callers_of_one_key_in_one_tick_get_a_future_each_whatever_becomes_of_the_first(
    scope,
):
    bulk = Bulk(batch_size=3)
    processor = bulk.processor()
    first = processor.submit("a")
    others = [processor.submit("a", scope=scope), processor.submit("b"), processor.submit("a")]
    assert len({first, *others}) == 4
    first.cancel()
    others[-1].cancel()
    assert await asyncio.gather(*others[:2]) == ["a!", "b!"]
    assert bulk.batches == [["a", "b"]]
    assert repr(processor) == "<BatchProcessor 'batch' [0 waiting | 0 in flight]>"


async def test_a_caller_in_the_background_and_others_share_a_key():
    bulk = Bulk()
    processor = bulk.processor()
    callers = [processor.submit("a"), processor.submit("a", background=True)]
    callers += [processor.submit("a"), processor.submit_many(["a"])]
    callers[0].cancel()
    assert await asyncio.gather(*callers[1:]) == ["a!", "a!", ["a!"]]
    assert bulk.batches == [["a"]]


# What a caller remembers for those who keep it as a memo.


async def test_a_set_that_is_answered_at_once_knows_each_of_its_keys():
    processor = Bulk().processor()
    asked = processor.submit_many("abcdef")
    assert asked.outcomes == {}
    (await asked).clear()  # the list is the caller's own
    assert [asked.remembered(key, None) for key in "afx"] == ["a!", "f!", None]
    assert asked.outcomes == {key: f"{key}!" for key in "abcdef"}
    assert asked.remembered("b", None) == "b!"
    assert asked.remembered_before("a") is None


async def test_a_caller_has_a_value_or_not():
    processor = Bulk(failing={"bad": KeyError("bad")}).processor()
    good, bad, gone = map(processor.submit, ("good", "bad", "gone"))
    gone.cancel()
    assert [one.has_value() for one in (good, bad, gone)] == [False] * 3
    await asyncio.wait([good, bad])
    assert [one.has_value() for one in (good, bad, gone)] == [True, False, False]
    assert good.remembered_before("good") is None
    bad.before = good
    assert bad.remembered_before("bad") is good
