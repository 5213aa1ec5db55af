"""Fairness: over scopes in turn, interactive before background, and nobody starves."""

import asyncio

import pytest

from batching import Gate, RetryableError
from tests.batching.bulk import Bulk, at, now, until


def held_processor(**options):
    """Make a processor whose keys wait for a second, so that all are there at its first cut."""
    bulk = Bulk(**options)
    gate = Gate(rate=1.0)
    processor = bulk.processor(gate=gate)
    return bulk, processor, gate


def names(scope, count):
    return [f"{scope}{number}" for number in range(1, count + 1)]


# Scopes.


async def test_one_key_of_one_scope_leaves_beside_a_thousand_of_another():
    bulk, processor, gate = held_processor(batch_size=50)
    gate.hold(1.0)
    large = processor.submit_many(range(1000), scope="large")
    small = processor.submit("small", scope="small")
    assert await small == "small!"
    assert bulk.calls == [(1.0, [0, "small", *range(1, 49)])]
    assert await large == [f"{key}!" for key in range(1000)]
    assert [len(batch) for batch in bulk.batches] == [50] * 20 + [1]


async def test_a_batch_takes_one_key_of_each_scope_in_turn():
    bulk, processor, gate = held_processor(batch_size=6)
    gate.hold(1.0)
    sets = [processor.submit_many(names(scope, 4), scope=scope) for scope in "abc"]
    await asyncio.wait(sets)
    assert bulk.batches[0] == ["a1", "b1", "c1", "a2", "b2", "c2"]
    assert sorted(bulk.batches[1]) == ["a3", "a4", "b3", "b4", "c3", "c4"]


async def test_the_next_batch_goes_on_with_the_scope_whose_turn_it_is():
    bulk, processor, gate = held_processor(batch_size=2)
    gate.hold(1.0)
    sets = [processor.submit_many(names(scope, 2), scope=scope) for scope in "abc"]
    await asyncio.wait(sets)
    assert bulk.batches == [["a1", "b1"], ["c1", "a2"], ["b2", "c2"]]


async def test_what_a_scope_does_not_need_goes_to_the_others():
    bulk, processor, gate = held_processor(batch_size=4)
    gate.hold(1.0)
    sets = [
        processor.submit_many(names("a", 5), scope="a"),
        processor.submit_many(names("b", 1), scope="b"),
    ]
    await asyncio.wait(sets)
    assert bulk.batches == [["a1", "b1", "a2", "a3"], ["a4", "a5"]]


async def test_batches_of_one_take_turns_too():
    bulk, processor, gate = held_processor(batch_size=1)
    gate.hold(1.0)
    sets = [processor.submit_many(names(scope, 2), scope=scope) for scope in "abc"]
    await asyncio.wait(sets)
    assert bulk.batches == [["a1"], ["b1"], ["c1"], ["a2"], ["b2"], ["c2"]]


async def test_a_key_of_several_scopes_leaves_once_in_the_turn_of_the_first():
    bulk, processor, gate = held_processor(batch_size=3)
    gate.hold(1.0)
    sets = [
        processor.submit_many(["a1", "a2", "a3", "both"], scope="a"),
        processor.submit_many(["both", "b1", "b2"], scope="b"),
    ]
    await asyncio.wait(sets)
    assert bulk.batches[0] == ["a1", "both", "a2"]
    assert sorted(bulk.batches[1]) == ["a3", "b1", "b2"]


async def test_a_scope_that_comes_late_does_not_wait_for_those_before_it():
    _, processor, _ = held_processor(batch_size=2)
    early = processor.submit_many(names("a", 20), scope="a")
    await until(3.5)
    assert await processor.submit("b", scope="b") == "b!"
    assert now() == 4.0
    await early


async def test_cancelled_keys_take_nobodys_turn():
    bulk, processor, gate = held_processor(batch_size=3)
    gate.hold(1.0)
    gone = processor.submit_many(names("a", 500), scope="a")
    stays = [processor.submit_many(names(scope, 3), scope=scope) for scope in "abc"]
    gone.cancel()
    await asyncio.wait(stays)
    assert bulk.batches == [["a1", "b1", "c1"], ["a2", "b2", "c2"], ["a3", "b3", "c3"]]


@pytest.mark.parametrize("size", [1, 7, 50])
async def test_of_three_scopes_none_is_more_than_a_key_behind_after_any_call(size):
    bulk, processor, gate = held_processor(batch_size=size)
    gate.hold(1.0)
    sets = [processor.submit_many(names(scope, 100), scope=scope) for scope in "abc"]
    await asyncio.wait(sets)
    sent = dict.fromkeys("abc", 0)
    for batch in bulk.batches:
        for key in batch:
            sent[key[0]] += 1
        assert max(sent.values()) - min(sent.values()) <= 1


# Background.


async def test_interactive_keys_leave_before_background_keys():
    bulk, processor, gate = held_processor(batch_size=2)
    gate.hold(1.0)
    sets = [
        processor.submit_many(["x1", "x2"], background=True),
        processor.submit_many(["a1", "a2", "a3"]),
    ]
    await asyncio.wait(sets)
    assert bulk.batches == [["a1", "a2"], ["a3", "x1"], ["x2"]]


async def test_a_background_key_asked_amid_interactive_ones_of_its_scope_leaves_after_them():
    bulk, processor, gate = held_processor(batch_size=4)
    gate.hold(1.0)
    callers = [processor.submit("a1"), processor.submit("x", background=True)]
    callers += [processor.submit(key) for key in ("a2", "a3", "a4")]
    await asyncio.wait(callers)
    assert bulk.batches == [["a1", "a2", "a3", "a4"], ["x"]]


async def test_background_keys_fill_the_room_that_is_left():
    bulk, processor, gate = held_processor(batch_size=50)
    gate.hold(1.0)
    await asyncio.wait([processor.submit("x", background=True), processor.submit("a")])
    assert bulk.calls == [(1.0, ["x", "a"])]


async def test_background_keys_of_several_scopes_take_turns():
    bulk, processor, gate = held_processor(batch_size=2)
    gate.hold(1.0)
    sets = [processor.submit_many(names(scope, 2), scope=scope, background=True) for scope in "xy"]
    await asyncio.wait(sets)
    assert bulk.batches == [["x1", "y1"], ["x2", "y2"]]


async def test_background_keys_get_a_quarter_of_each_batch_after_five_seconds():
    bulk, processor, _ = held_processor(batch_size=8)
    sets = [
        processor.submit_many(range(200), scope="busy"),
        processor.submit_many(names("x", 12), scope="import", background=True),
    ]
    await asyncio.wait(sets)
    shares = [sum(str(key).startswith("x") for key in batch) for batch in bulk.batches]
    assert shares[:11] == [0] * 5 + [2] * 6


async def test_in_batches_of_one_every_fourth_is_for_background_keys_after_five_seconds():
    bulk, processor, _ = held_processor(batch_size=1)
    sets = [
        processor.submit_many(range(40), scope="busy"),
        processor.submit_many(["x1", "x2"], scope="import", background=True),
    ]
    await asyncio.wait(sets)
    turns = [place for place, (key,) in enumerate(bulk.batches) if str(key).startswith("x")]
    assert turns == [8, 12]


async def test_background_keys_do_not_starve_interactive_ones():
    _, processor, _ = held_processor(batch_size=4)
    background = processor.submit_many(range(400), background=True)
    await until(60.5)
    interactive = processor.submit_many(["a1", "a2", "a3"])
    await interactive
    assert now() == 61.0
    background.cancel()


async def test_a_background_key_that_somebody_else_wants_now_is_interactive():
    bulk, processor, gate = held_processor(batch_size=1)
    gate.hold(1.0)
    background = processor.submit_many(["x1", "x2"], background=True)
    callers = [processor.submit("a"), processor.submit("x2"), background]
    await asyncio.wait(callers)
    assert bulk.batches == [["a"], ["x2"], ["x1"]]


async def test_a_background_caller_does_not_delay_a_key_that_somebody_wants_now():
    bulk, processor, gate = held_processor(batch_size=1)
    gate.hold(1.0)
    callers = [
        processor.submit("a"),
        processor.submit("x", background=True),
        processor.submit("a", background=True, scope="import"),
    ]
    await asyncio.wait(callers)
    assert bulk.batches == [["a"], ["x"]]


async def test_a_background_key_that_is_tried_again_stays_in_the_background():
    bulk, processor, _ = held_processor(batch_size=1, answers=[RetryableError(after=0.5)])
    callers = [processor.submit("x", background=True)]
    await until(0.25)
    callers += [processor.submit_many(["a1", "a2"])]
    await asyncio.wait(callers)
    assert bulk.batches == [["x"], ["a1"], ["a2"], ["x"]]


@pytest.mark.parametrize("ask", ["submit", "submit_many"])
async def test_interactive_keys_that_are_tried_again_do_not_fall_behind_younger_ones(ask):
    bulk, processor, gate = held_processor(answers=[RetryableError(after=0.5)])
    other = Bulk()
    younger = other.processor(gate=gate)
    again = getattr(processor, ask)("a")
    await at(0.25, younger.submit, "b")
    await again
    assert bulk.calls == [(0.0, ["a"]), (1.0, ["a"])]
    assert other.calls == [(2.0, ["b"])]


async def test_a_background_caller_that_joined_in_flight_stays_in_the_background():
    bulk, processor, _ = held_processor(
        batch_size=1, latency=0.25, answers=[RetryableError(after=0.25)]
    )
    gone = processor.submit("x")
    await until(0.125)
    callers = [processor.submit("x", background=True)]
    gone.cancel()
    callers += [processor.submit_many(["a1", "a2"])]
    await asyncio.wait(callers)
    assert bulk.batches == [["x"], ["a1"], ["a2"], ["x"]]


# At the gate.


async def test_at_the_gate_interactive_keys_pass_before_background_keys_of_another_processor():
    gate = Gate(rate=1.0)
    quick, slow = Bulk(), Bulk(batch_size=1)
    interactive, background = quick.processor(gate=gate), slow.processor(gate=gate)
    imported = background.submit_many(range(4), background=True)
    await until(0.5)
    await interactive.submit("a")
    await at(1.5, interactive.submit, "b")
    assert quick.calls == [(1.0, ["a"]), (2.0, ["b"])]
    await imported
    assert [time for time, _ in slow.calls] == [0.0, 3.0, 4.0, 5.0]


async def test_at_the_gate_background_keys_have_their_turn_after_five_seconds():
    gate = Gate(rate=1.0)
    busy, patient = Bulk(batch_size=1), Bulk(batch_size=1)
    interactive, background = busy.processor(gate=gate), patient.processor(gate=gate)

    async def ask_all_the_time():
        for number in range(100):
            await until(number / 2)
            interactive.submit(number)

    asking = asyncio.create_task(ask_all_the_time())
    await until(0.25)
    await background.submit("x", background=True)
    assert 5.25 <= now() <= 12.0, "among keys that are five seconds younger"
    asking.cancel()
    await interactive.close(grace=0)


async def test_at_the_gate_single_background_calls_pass_after_others_but_do_pass():
    gate = Gate(rate=1.0)
    order = []

    async def visit(name, *, background=False):
        async with gate.permit(background=background):
            order.append((now(), name))

    await visit("first")
    late = [at(number + 0.5, visit, number) for number in range(10)]
    await asyncio.gather(visit("background", background=True), *late)
    assert order[:7] == [
        (0.0, "first"),
        *((number + 1.0, number) for number in range(5)),
        (6.0, "background"),
    ]
