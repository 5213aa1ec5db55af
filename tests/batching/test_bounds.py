"""Bounds: so many keys may wait, and one more fails at once while the others go on."""

import asyncio

import pytest

from batching import BatchError, Gate, Limits, QueueFullError, RetryableError
from tests.batching.bulk import Bulk, at, now, outcome_of, until


def bounded(most, **options):
    """Make a processor for which so many keys may wait, and let none of them leave for a second."""
    gate = Gate()
    gate.hold(1.0)
    bulk = Bulk(**options)
    return bulk, bulk.processor(name="tracks", gate=gate, limits=Limits(max_pending=most))


@pytest.mark.parametrize("size", [1, 3, 50])
@pytest.mark.parametrize("scopes", ["aaaaa", "abcde"])
async def test_a_key_past_the_bound_fails_at_once_and_the_others_go_on(size, scopes):
    bulk, processor = bounded(3, batch_size=size)
    callers = [processor.submit(key, scope=scope) for key, scope in enumerate(scopes)]
    assert [caller.done() for caller in callers] == [False, False, False, True, True]
    error = callers[3].exception()
    assert isinstance(error, QueueFullError)
    assert isinstance(error, BatchError)
    assert str(error) == "tracks: 3 keys wait already, no more are taken"
    assert error.limit == 3
    assert await asyncio.gather(*callers[:3]) == ["0!", "1!", "2!"]
    assert sorted(key for batch in bulk.batches for key in batch) == [0, 1, 2]


async def test_in_a_set_only_the_keys_past_the_bound_fail():
    bulk, processor = bounded(3)
    waiting = processor.submit("a")
    found = await processor.submit_many("bcdb")
    assert [found[0], found[1], found[3]] == ["b!", "c!", "b!"]
    assert isinstance(found[2], QueueFullError)
    assert await waiting == "a!"
    assert bulk.calls == [(1.0, ["a", "b", "c"])]


async def test_a_set_that_just_fits_is_taken():
    _, processor = bounded(3)
    waiting = processor.submit("a")
    assert await processor.submit_many("bc") == ["b!", "c!"]
    assert await waiting == "a!"


async def test_a_set_of_which_nothing_fits_is_answered_at_once():
    _, processor = bounded(1)
    waiting = processor.submit("a")
    full = processor.submit_many("bc", deadline=60.0)
    assert [type(error) for error in full.result()] == [QueueFullError, QueueFullError]
    assert await waiting == "a!"
    assert now() == 1.0


async def test_joining_a_key_that_waits_or_flies_needs_no_room():
    bulk = Bulk(latency=1.0)
    processor = bulk.processor(limits=Limits(max_pending=1))
    flying = processor.submit("a")
    await until(0.5)
    callers = [processor.submit("b"), processor.submit("b"), processor.submit("a"), flying]
    assert not any(caller.done() for caller in callers)
    assert processor.submit("c").done()
    assert await asyncio.gather(*callers) == ["b!", "b!", "a!", "a!"]


async def test_there_is_room_again_when_keys_have_left_or_were_left():
    _, processor = bounded(1)
    processor.submit("a").cancel()
    waiting = processor.submit("b")
    assert processor.submit("c").done()
    await waiting
    assert await processor.submit("d") == "d!"


async def test_a_key_that_was_refused_may_be_asked_again_and_has_no_deadline_any_more():
    _, processor = bounded(1)
    waiting = processor.submit("a")
    refused = processor.submit("b", deadline=0.5)
    await waiting
    assert isinstance(refused.exception(), QueueFullError)
    assert processor._alarms == {}
    assert await processor.submit("b") == "b!"


async def test_keys_that_are_tried_again_are_never_refused():
    gate = Gate()
    bulk = Bulk(batch_size=2, answers=[RetryableError(after=1.0)])
    processor = bulk.processor(gate=gate, limits=Limits(max_pending=2))
    old = processor.submit_many("ab")
    await until(0.5)
    gate.hold(1.0)
    young = processor.submit_many("cd")
    full = await at(1.25, processor.submit_many, "ef")
    assert [type(error) for error in full] == [QueueFullError] * 2
    assert await old == ["a!", "b!"]
    assert await young == ["c!", "d!"]


async def test_50_000_keys_may_wait_unless_told_otherwise():
    gate = Gate()
    gate.hold(1.0)
    processor = Bulk(batch_size=50_000).processor(gate=gate)
    waiting = processor.submit_many(range(50_000))
    assert isinstance(await outcome_of(processor.submit("one more")), QueueFullError)
    assert len(await waiting) == 50_000


@pytest.mark.parametrize("name", ["max_pending", "max_in_flight"])
@pytest.mark.parametrize("bad", [0, -1, 1.5, True, None])
def test_limits_are_whole_numbers_of_at_least_one(name, bad):
    with pytest.raises(ValueError, match=f"{name}: expected a whole number .*{bad!r}"):
        Limits(**{name: bad})


def test_the_policies_are_frozen():
    with pytest.raises(AttributeError):
        Limits().max_pending = 1


# What is no key.


async def test_none_is_no_key():
    processor = Bulk().processor(name="tracks")
    for options in ({}, {"deadline": 60.0}, {"deadline": -1.0}, {"background": True}):
        with pytest.raises(TypeError, match="tracks: expected a key, got None"):
            processor.submit(None, **options)
        with pytest.raises(TypeError, match="tracks: expected keys, got None among them"):
            processor.submit_many(["a", None], **options)
    with pytest.raises(TypeError, match="tracks: expected a key, got None"):
        await processor.add(None)
    with pytest.raises(TypeError, match="tracks: expected a key, got None"):
        await processor.add_batch(["a", None])
    assert repr(processor) == "<BatchProcessor 'tracks' [0 waiting | 0 in flight]>"
    assert processor._alarms == {}


async def test_what_cannot_be_hashed_is_no_key_and_no_scope_and_leaves_nothing_behind():
    processor = Bulk().processor(gate=Gate(rate=100.0))
    for options in ({}, {"deadline": 60.0}, {"deadline": -1.0}, {"background": True}):
        with pytest.raises(TypeError, match="unhashable"):
            processor.submit([], **options)
        with pytest.raises(TypeError, match="unhashable"):
            processor.submit("a", scope=[], **options)
        with pytest.raises(TypeError, match="unhashable"):
            processor.submit_many([[]], **options)
        with pytest.raises(TypeError, match="unhashable"):
            processor.submit_many("a", scope=[], **options)
    with pytest.raises(TypeError, match="unhashable"):
        await processor.add([])
    with pytest.raises(TypeError, match="unhashable"):
        await processor.add_batch(["a", []])
    assert repr(processor) == "<BatchProcessor 'batch' [0 waiting | 0 in flight]>"
    assert processor._alarms == {}
    assert await processor.submit("a", scope="me") == "a!"


async def test_a_bad_key_does_not_keep_others_from_their_deadline():
    processor = Bulk(latency=60.0).processor()
    with pytest.raises(TypeError):
        processor.submit([], deadline=1.0)
    callers = [processor.submit(key, deadline=1.0) for key in range(10)]
    await until(2.0)
    assert all(caller.done() for caller in callers)
