"""Refusal: who would wait in vain is told so at once, those who wait already as well."""

import asyncio

from batching import DeadlineExceededError, Gate, RetryableError
from tests.batching.bulk import Bulk, now, outcome_of, until


class ClosedError(Exception):
    """What callers see."""


def unless_patient(deadline):
    return None if deadline is None else ClosedError(deadline)


async def test_it_is_asked_about_every_caller_and_its_deadline():
    bulk = Bulk()
    processor = bulk.processor(refusal=unless_patient)
    hurried, patient = processor.submit("a", deadline=9.0), processor.submit("a")
    several = processor.submit_many(["b", "c"], deadline=9.0)
    assert [repr(outcome) for outcome in await several] == ["ClosedError(9.0)", "ClosedError(9.0)"]
    assert repr(await outcome_of(hurried)) == "ClosedError(9.0)"
    assert await patient == "a!"
    assert bulk.calls == [(0.0, ["a"])]


async def test_a_key_in_the_air_is_joined_whatever_it_says():
    bulk = Bulk(latency=2.0)
    processor = bulk.processor(refusal=unless_patient)
    first = processor.submit("a")
    await until(1.0)
    several = processor.submit_many(["a", "b"], deadline=9.0)
    assert await first == "a!"
    value, refused = await several
    assert (value, repr(refused)) == ("a!", "ClosedError(9.0)")
    assert bulk.calls == [(0.0, ["a"])]


async def test_those_who_wait_are_asked_about_when_there_is_a_new_reason():
    reasons = []
    gate = Gate(rate=0.1)
    bulk = Bulk()
    processor = bulk.processor(
        gate=gate, refusal=lambda deadline: reasons[0] if reasons and deadline else None
    )
    await processor.submit("first")
    hurried = processor.submit("a", deadline=90.0)
    joint = processor.submit("b", deadline=90.0), processor.submit("b")
    several = processor.submit_many(["b", "c"], deadline=90.0)
    await until(1.0)
    processor.reconsider()
    assert not hurried.done()
    reasons.append(ClosedError("now"))
    processor.reconsider()
    assert await outcome_of(hurried) is reasons[0]
    assert await outcome_of(joint[0]) is reasons[0]
    assert await several == reasons * 2
    assert now() == 1.0
    assert await joint[1] == "b!"
    assert bulk.calls == [(0.0, ["first"]), (10.0, ["b"])]


async def test_when_all_who_wait_are_refused_nothing_is_sent_and_no_deadline_rings():
    reasons = []
    gate = Gate(rate=0.1)
    bulk = Bulk()
    processor = bulk.processor(gate=gate, refusal=lambda _: reasons[0] if reasons else None)
    await processor.submit("first")
    waiting = processor.submit_many(["a", "b"], deadline=5.0)
    await until(1.0)
    reasons.append(ClosedError("now"))
    processor.reconsider()
    assert await waiting == reasons * 2
    assert (processor.get_pending_count(), len(processor._alarms)) == (0, 0)
    assert repr(gate) == "<Gate [0 in the air | 0 in line]>"
    reasons.clear()
    assert await processor.submit("c") == "c!"
    assert bulk.calls == [(0.0, ["first"]), (10.0, ["c"])]


async def test_keys_that_come_back_to_be_tried_again_are_asked_about():
    reasons = []
    later = RetryableError(after=1.0)
    bulk = Bulk(answers=[later])
    processor = bulk.processor(refusal=lambda _: reasons[0] if reasons else None, gate=Gate(rate=1))
    caller = processor.submit("a", deadline=60.0)
    await until(0.5)
    reasons.append(ClosedError("meanwhile"))
    processor.gate.hold(30.0)
    assert await outcome_of(caller) is reasons[0]
    assert now() == 1.0
    assert len(bulk.calls) == 1


async def test_a_passed_deadline_comes_before_any_refusal():
    processor = Bulk().processor(refusal=unless_patient)
    await until(1.0)
    assert isinstance(await outcome_of(processor.submit("a", deadline=0.5)), DeadlineExceededError)


async def test_keys_that_come_back_and_may_leave_are_sent_again():
    bulk = Bulk(answers=[RetryableError(after=1.0)])
    assert await bulk.processor(refusal=lambda _: None).submit("a", deadline=9.0) == "a!"
    assert bulk.calls == [(0.0, ["a"]), (1.0, ["a"])]


# What is asked once for all keys of a tick that are alike.


async def test_keys_of_one_tick_scope_and_deadline_are_asked_about_once():
    asked = []
    bulk = Bulk()
    processor = bulk.processor(refusal=asked.append)
    several = [processor.submit(key, deadline=9.0) for key in "abc"]
    assert asked == [9.0]
    several += [processor.submit("d"), processor.submit("e"), processor.submit("f", scope="me")]
    assert asked == [9.0, None, None]
    several.append(processor.submit("g", deadline=9.0))
    assert asked == [9.0, None, None, 9.0]
    assert await asyncio.gather(*several) == [f"{key}!" for key in "abcdefg"]
    await processor.submit("h", deadline=9.0)
    assert len(asked) == 5, "another tick"
    assert len(bulk.calls) == 2


async def test_a_new_reason_in_the_middle_of_a_tick_is_one_for_those_that_come():
    reasons = []
    bulk = Bulk()
    processor = bulk.processor(
        refusal=lambda deadline: reasons[0] if reasons and deadline else None
    )
    hurried = [processor.submit(key, deadline=9.0) for key in "ab"]
    patient = processor.submit("b")
    hurried.append(processor.submit("c", deadline=9.0))
    reasons.append(ClosedError("now"))
    processor.reconsider()
    hurried.append(processor.submit("d", deadline=9.0))
    assert [await outcome_of(caller) for caller in hurried] == reasons * 4
    assert await patient == "b!"
    assert bulk.calls == [(0.0, ["b"])]


async def test_a_reason_that_has_gone_keeps_nobody_away():
    reasons = [ClosedError("still")]
    bulk = Bulk()
    processor = bulk.processor(refusal=lambda _: reasons[0] if reasons else None)
    refused = processor.submit("a")
    reasons.clear()
    assert await asyncio.gather(processor.submit("a"), processor.submit("b")) == ["a!", "b!"]
    assert isinstance(refused.exception(), ClosedError)


async def test_who_was_refused_opens_the_way_for_nobody():
    bulk = Bulk()
    processor = bulk.processor(refusal=unless_patient)
    patient = processor.submit("a")
    refused = [processor.submit(key, deadline=9.0) for key in "aab"]
    assert {repr(caller.exception()) for caller in refused} == {"ClosedError(9.0)"}
    assert await patient == "a!"
    assert bulk.calls == [(0.0, ["a"])]


async def test_who_joins_a_key_in_the_air_opens_the_way_for_nobody():
    bulk = Bulk(latency=2.0)
    processor = bulk.processor(refusal=unless_patient)
    first = processor.submit("a")
    await until(1.0)
    patient = processor.submit("b")
    joining, refused = (processor.submit(key, deadline=9.0) for key in "ac")
    assert repr(refused.exception()) == "ClosedError(9.0)"
    assert await asyncio.gather(first, patient, joining) == ["a!", "b!", "a!"]
