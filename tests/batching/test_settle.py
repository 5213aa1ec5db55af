"""Settle: everybody who asks in one tick shares a batch, and nobody waits longer than that."""

import asyncio
from contextlib import asynccontextmanager
from contextvars import copy_context
from functools import partial

import pytest

from batching.gate import PAUSE
from batching.tick import Tick
from tests.batching.bulk import Bulk, TurnCountingLoop, inside, keep_busy, now, turns, until


@pytest.fixture
def anyio_backend():
    return "asyncio", {"loop_factory": TurnCountingLoop}


class TurnBulk(Bulk):
    """Remembers also the turn of the loop in which each call began."""

    def __init__(self, **options):
        super().__init__(**options)
        self.turns = []

    async def __call__(self, keys):
        self.turns.append(turns())
        return await super().__call__(keys)


@asynccontextmanager
async def busy_loop():
    """A loop in which something is always ready, so that only counting turns can tell."""
    busy = asyncio.create_task(keep_busy())
    yield
    busy.cancel()


async def hop(count):
    for _ in range(count):
        await asyncio.sleep(0)


# When the loop is idle.


async def test_a_lone_key_leaves_as_soon_as_the_loop_is_idle():
    bulk = TurnBulk()
    asked = turns()
    assert await bulk.processor().submit("a") == "a!"
    assert bulk.turns == [asked + 1], "the turn that finds that nothing else is ready"


async def test_a_lone_set_leaves_as_soon_as_the_loop_is_idle():
    bulk = TurnBulk()
    asked = turns()
    assert await bulk.processor().submit_many(["a", "b"]) == ["a!", "b!"]
    assert bulk.turns == [asked + 1]


async def test_no_time_passes_before_a_batch_leaves():
    bulk = Bulk(latency=1.0)
    processor = bulk.processor()
    await asyncio.gather(*map(processor.submit, "abc"))
    assert bulk.calls == [(0.0, ["a", "b", "c"])]


# When the loop is busy with something else.


async def test_on_a_busy_loop_a_key_leaves_after_two_turns_without_another():
    bulk = TurnBulk()
    async with busy_loop():
        asked = turns()
        await bulk.processor().submit("a")
    assert bulk.turns == [asked + 3], "its own turn, and two quiet ones"


async def test_keys_up_to_two_turns_apart_share_a_batch_on_a_busy_loop():
    bulk = Bulk()
    processor = bulk.processor()
    async with busy_loop():
        for key in range(10):
            last = processor.submit(key)
            await hop(2)
        await last
    assert bulk.batches == [list(range(10))]


async def test_keys_further_apart_do_not_wait_for_each_other_on_a_busy_loop():
    bulk = Bulk()
    processor = bulk.processor()
    async with busy_loop():
        for key in range(3):
            last = processor.submit(key)
            await hop(5)
        await last
    assert bulk.batches == [[0], [1], [2]]


class OtherLoop:
    """Not one of asyncio's own, and a task that runs on it."""

    def __init__(self, *, eager=False):
        self.eager = eager

    def create_task(self, coroutine, *, context):
        self.coroutine, self.context = coroutine, context
        if self.eager:
            self.step()
        return self

    def step(self):
        """Take one step of the task; tell whether that was the last one."""
        try:
            self.context.run(self.coroutine.send, None)
        except StopIteration:
            return True
        return False


@pytest.mark.parametrize("eager", [False, True])
async def test_a_loop_that_does_not_show_what_is_ready_gets_its_turns_counted(eager):
    over = []
    tick, loop = Tick(over.append, copy_context()), OtherLoop(eager=eager)
    tick.arm(loop)
    looks = 1
    while not loop.step():
        looks += 1
    assert over == [loop], "with its task"
    assert looks == 3, "one that finds the news, and two without any"


# Nesting.


@pytest.mark.parametrize(("levels", "keys"), [(6, 18), (9, 27)])
async def test_keys_at_any_depth_of_nested_awaits_make_one_batch(levels, keys):
    bulk = Bulk()
    processor = bulk.processor()

    async def field(depth, name):
        await hop(depth)
        return await processor.submit((depth, name))

    await asyncio.gather(*(field(depth, name) for depth in range(levels) for name in "abc"))
    assert [len(batch) for batch in bulk.batches] == [keys]


@pytest.mark.parametrize("levels", [6, 9])
async def test_keys_at_any_depth_of_nested_gathers_make_one_batch(levels):
    bulk = Bulk()
    processor = bulk.processor()

    async def name(depth):
        return await processor.submit(depth)

    async def level(depth):
        below = [level(depth + 1)] if depth + 1 < levels else []
        await asyncio.gather(name(depth), *below)

    await level(0)
    assert bulk.batches == [list(range(levels))]


async def test_lists_of_lists_of_lists_make_one_batch():
    bulk = Bulk()
    processor = bulk.processor()

    async def name(path):
        return await processor.submit(path)

    async def fields(path):
        await asyncio.gather(name(path), items(path))

    async def items(path):
        if len(path) < 3:
            await asyncio.gather(*(fields((*path, n)) for n in range(3)))

    await items(())
    assert [len(batch) for batch in bulk.batches] == [3 + 9 + 27]


async def test_a_bushy_tree_makes_one_batch():
    bulk = Bulk()
    processor = bulk.processor()

    async def branch(path):
        await hop(len(path) % 2)
        twigs = (branch((*path, n)) for n in range(3) if n + len(path) < 5 and sum(path) % 2 == 0)
        await asyncio.gather(processor.submit(path), *twigs)

    await branch(())
    assert len(bulk.batches) == 1
    assert len(bulk.batches[0]) > 20


async def test_what_depends_on_an_answer_takes_a_second_batch():
    bulk = Bulk()
    processor = bulk.processor()

    async def chain(key):
        return await processor.submit(await processor.submit(key))

    assert await asyncio.gather(*map(chain, "abc")) == ["a!!", "b!!", "c!!"]
    assert bulk.batches == [["a", "b", "c"], ["a!", "b!", "c!"]]


# Neighbours.


async def test_other_scopes_that_submit_all_the_time_delay_nobody():
    bulk = TurnBulk(batch_size=1000)
    processor = bulk.processor()

    async def neighbours():
        while True:
            scope = object()
            processor.submit(scope, scope=scope)
            await asyncio.sleep(0)

    busy = asyncio.create_task(neighbours())
    await hop(10)
    asked = turns()
    await processor.submit("mine", scope="me")
    busy.cancel()
    left = next(
        turn for turn, batch in zip(bulk.turns, bulk.batches, strict=True) if "mine" in batch
    )
    assert left <= asked + 4


async def test_nested_keys_share_a_batch_while_other_scopes_submit_all_the_time():
    bulk = Bulk(batch_size=1000)
    processor = bulk.processor()

    async def neighbours():
        while True:
            scope = object()
            processor.submit(scope, scope=scope)
            await asyncio.sleep(0)

    async def field(depth):
        await hop(depth)
        return await processor.submit(depth, scope="me")

    busy = asyncio.create_task(neighbours())
    await hop(10)
    await asyncio.gather(*map(field, range(9)))
    busy.cancel()
    mine = [[key for key in batch if isinstance(key, int)] for batch in bulk.batches]
    assert [batch for batch in mine if batch] == [list(range(9))]


async def test_a_scope_that_submits_each_turn_is_waited_for_64_turns_at_most():
    bulk = TurnBulk(batch_size=1000)
    processor = bulk.processor()
    asked = turns()
    for key in range(200):
        processor.submit(key, scope="me")
        await asyncio.sleep(0)
    assert bulk.batches[0] == list(range(64))
    assert bulk.turns[0] == asked + 64, "the 64th turn"


async def test_a_batch_that_fills_up_leaves_at_once():
    bulk = TurnBulk(batch_size=2)
    processor = bulk.processor()
    async with busy_loop():
        asked = turns()
        asking = asyncio.gather(processor.submit("a"), processor.submit("b"))
        assert bulk.batches == [["a", "b"]], "in the turn in which it was asked"
        await asking
    assert bulk.turns == [asked]


async def test_a_batch_that_fills_up_because_batches_shrank_leaves_at_once():
    bulk = TurnBulk(batch_size=10)
    processor = bulk.processor()
    processor.batch_size = bulk.batch_size = 3
    async with busy_loop():
        asked = turns()
        await asyncio.gather(*map(processor.submit, "abc"))
    assert bulk.turns == [asked]


async def test_a_batch_that_got_larger_is_waited_for_until_it_is_full():
    bulk = TurnBulk(batch_size=3)
    processor = bulk.processor()
    processor.batch_size = bulk.batch_size = 5
    async with busy_loop():
        asked = turns()
        await asyncio.gather(*map(processor.submit, "abcde"))
    assert bulk.turns == [asked]
    assert bulk.batches == [["a", "b", "c", "d", "e"]]


async def test_what_a_full_batch_leaves_behind_goes_on_collecting():
    bulk = Bulk(batch_size=4)
    processor = bulk.processor()
    async with busy_loop():
        processor.submit("a")
        await hop(2)
        processor.submit_many(["b", "c", "d", "e"])
        await hop(2)
        await processor.submit("f")
    assert bulk.batches == [["a", "b", "c", "d"], ["e", "f"]]


async def test_a_key_that_is_cancelled_before_the_end_of_the_tick_keeps_nobody_waiting():
    bulk = Bulk()
    processor = bulk.processor()
    processor.submit("a").cancel()
    assert await processor.submit("b") == "b!"
    assert bulk.batches == [["b"]]


async def test_the_turns_of_a_tick_are_counted_anew_when_its_keys_were_cancelled():
    bulk = TurnBulk()
    processor = bulk.processor()
    async with busy_loop():
        processor.submit("a").cancel()
        asked = turns()
        await processor.submit("b")
    assert bulk.turns == [asked + 3]


async def test_asking_for_no_keys_is_answered_at_once_and_stops_nobody():
    bulk = Bulk()
    processor = bulk.processor()
    nothing = processor.submit_many([], scope="me")
    assert nothing.done()
    assert await nothing == []
    assert await processor.submit("a", scope="me") == "a!"
    assert processor.submit_many([], scope="me", deadline=now() - 1).result() == []


# No spinning.


async def test_waiting_for_the_end_of_a_window_takes_no_turns():
    bulk = Bulk()
    processor = bulk.processor(max_wait_time=3600.0)
    before = turns()
    await processor.submit("a")
    assert now() == 3600.0
    assert turns() - before < 10


async def test_waiting_for_the_gate_takes_no_turns():
    bulk = Bulk()
    processor = bulk.processor()
    await processor.submit("a")
    processor.gate.hold(3600.0)
    before = turns()
    await processor.submit("b")
    assert now() == 3600.0
    assert turns() - before < 10


async def test_added_items_that_wait_take_no_turns():
    bulk = Bulk()
    processor = bulk.processor()
    before = turns()
    await processor.add("a")
    await asyncio.sleep(3600.0)
    assert turns() - before < 5
    assert bulk.calls == []


# The task that looks.


async def test_a_stranger_that_cancels_the_look_around_delays_a_key_but_does_not_lose_it():
    bulk = Bulk()
    processor = bulk.processor()
    others = asyncio.all_tasks()
    caller = processor.submit("a")
    (look,) = asyncio.all_tasks() - others
    look.cancel()
    assert await caller == "a!"
    assert bulk.calls == [(PAUSE, ["a"])]


async def test_a_key_asked_meanwhile_takes_along_one_whose_look_around_was_cancelled():
    bulk = Bulk()
    processor = bulk.processor()
    others = asyncio.all_tasks()
    caller = processor.submit("a")
    (look,) = asyncio.all_tasks() - others
    look.cancel()
    await hop(2)
    assert await asyncio.gather(caller, processor.submit("b")) == ["a!", "b!"]
    await until(1.0)
    assert bulk.calls == [(0.0, ["a", "b"])]


async def test_the_look_around_of_keys_that_have_all_left_may_be_cancelled():
    bulk = Bulk()
    processor = bulk.processor()
    others = asyncio.all_tasks()
    processor.submit("a").cancel()
    (look,) = asyncio.all_tasks() - others
    look.cancel()
    await until(1.0)
    assert bulk.calls == []


def step_at_once(loop, coroutine, *, context):
    """Take a coroutine's first step before there is a task, as an eager factory does."""
    context.run(coroutine.send, None)
    return asyncio.Task(coroutine, loop=loop, context=context)


FACTORIES = [step_at_once, *filter(None, [getattr(asyncio, "eager_task_factory", None)])]


@pytest.mark.parametrize("factory", FACTORIES)
async def test_a_task_factory_that_is_eager_changes_nothing(factory):
    bulk = TurnBulk(batch_size=3)
    processor = bulk.processor()
    asyncio.get_running_loop().set_task_factory(factory)
    try:
        asked = turns()
        callers = [processor.submit(key) for key in "abcd"]
        assert bulk.turns == [asked]
        callers.append(processor.submit("e"))
        for caller in callers:
            await caller
        assert await processor.submit("f") == "f!"
        assert await inside(partial(processor.submit_many, "ghi")) == ["g!", "h!", "i!"]
    finally:
        asyncio.get_running_loop().set_task_factory(None)
    assert bulk.batches == [["a", "b", "c"], ["d", "e"], ["f"], ["g", "h", "i"]]
    assert all(turn > asked for turn in bulk.turns[1:])
    assert processor._flights.in_air == set()
