"""The loader of one request: what it remembers, what it asks again, and whose future is whose."""

import asyncio
import gc
from functools import partial
from unittest.mock import Mock

import pytest

from batching import (
    BatchError,
    BatchProcessor,
    DeadlineExceededError,
    KeyNotFoundError,
    Limits,
    QueueFullError,
)
from loaders.loader import Loader
from tests.work import counted


class Fetch:
    """A batch function that keeps count: its value of a key says which call brought it."""

    def __init__(self, seconds=0.0):
        self.calls = []
        self.seconds = seconds
        self.fail = []

    async def __call__(self, keys):
        self.calls.append(list(keys))
        if self.seconds:
            await asyncio.sleep(self.seconds)
        if self.fail:
            raise self.fail.pop(0)
        return [f"{key}.{len(self.calls)}" for key in keys]


@pytest.fixture
def fetch():
    return Fetch()


@pytest.fixture
def slow():
    return Fetch(seconds=1.0)


def odd_ones_fail(fetch):
    async def fetch_even(keys):
        values = await fetch(keys)
        return [
            ValueError(f"odd: {key}") if key % 2 else value
            for key, value in zip(keys, values, strict=True)
        ]

    return fetch_even


async def turns(count):
    for _ in range(count):
        await asyncio.sleep(0)


# One key, several keys.


async def test_a_key_is_loaded(fetch):
    assert await Loader(fetch).load("a") == "a.1"


async def test_loads_of_one_tick_are_one_call(fetch):
    loader = Loader(fetch)
    assert await asyncio.gather(loader.load("a"), loader.load("b")) == ["a.1", "b.1"]
    assert fetch.calls == [["a", "b"]]


async def test_a_set_is_one_call_in_its_order(fetch):
    assert await Loader(fetch).load_many(["b", "a"]) == ["b.1", "a.1"]
    assert fetch.calls == [["b", "a"]]


async def test_a_set_may_come_from_any_iterable(fetch):
    assert await Loader(fetch).load_many(key for key in "ab") == ["a.1", "b.1"]


async def test_an_empty_set_costs_nothing(fetch):
    assert await Loader(fetch).load_many([]) == []
    assert fetch.calls == []


async def test_what_is_no_set_is_refused_at_the_call(fetch):
    with pytest.raises(TypeError, match="expected keys, got 7"):
        Loader(fetch).load_many(7)


async def test_a_key_twice_in_a_set_is_sent_once_and_answered_twice(fetch):
    assert await Loader(fetch).load_many(["a", "b", "a"]) == ["a.1", "b.1", "a.1"]
    assert fetch.calls == [["a", "b"]]


async def test_a_set_and_single_loads_of_one_tick_share_their_keys(fetch):
    loader = Loader(fetch)
    first, many, last = loader.load("a"), loader.load_many(["a", "b"]), loader.load("b")
    assert await asyncio.gather(first, many, last) == ["a.1", ["a.1", "b.1"], "b.1"]
    assert fetch.calls == [["a", "b"]]


async def test_two_sets_that_overlap_share_their_keys(fetch):
    loader = Loader(fetch)
    one, other = loader.load_many(["a", "b"]), loader.load_many(["b", "c"])
    assert await asyncio.gather(one, other) == [["a.1", "b.1"], ["b.1", "c.1"]]
    assert fetch.calls == [["a", "b", "c"]]


async def test_a_set_asks_only_for_what_is_not_remembered(fetch):
    loader = Loader(fetch)
    await loader.load("b")
    assert await loader.load_many(["a", "b", "c"]) == ["a.2", "b.1", "c.2"]
    assert fetch.calls == [["b"], ["a", "c"]]


async def test_a_set_of_remembered_keys_is_answered_at_once(fetch):
    loader = Loader(fetch)
    await loader.load_many(["a", "b"])
    again = loader.load_many(["b", "a"])
    assert again.done()
    assert again.result() == ["b.1", "a.1"]


async def test_a_set_is_larger_than_a_batch_and_comes_back_whole(fetch):
    loader = Loader(fetch, max_batch_size=2)
    assert await loader.load_many("abc") == ["a.1", "b.1", "c.2"]


async def test_no_batch_exceeds_the_largest_size(fetch):
    loader = Loader(fetch, max_batch_size=2)
    await asyncio.gather(*map(loader.load, "abcde"))
    assert fetch.calls == [["a", "b"], ["c", "d"], ["e"]]


async def test_without_batching_each_key_is_a_call(fetch):
    loader = Loader(fetch, batch=False)
    await loader.load_many(["a", "b"])
    assert fetch.calls == [["a"], ["b"]]


async def test_none_is_refused_as_a_key_at_the_call(fetch):
    loader = Loader(fetch)
    with pytest.raises(TypeError, match="got None"):
        loader.load(None)
    with pytest.raises(TypeError, match="got None"):
        loader.load_many(["a", None])
    with pytest.raises(TypeError, match="got None"):
        Loader(fetch, get_cache_key=str.lower).load(None)
    assert (loader.asked, fetch.calls) == (0, [])


@pytest.mark.parametrize("value", [None, 0, "", [], False])
async def test_a_false_value_is_a_value_and_is_remembered(value):
    calls = Mock()

    async def fetch(keys):
        calls(keys)
        return [value for _ in keys]

    loader = Loader(fetch)
    assert [await loader.load("a"), await loader.load("a")] == [value, value]
    assert await loader.load_many(["a"]) == [value]
    assert calls.call_count == 1


# What is remembered.


async def test_a_settled_key_is_remembered(fetch):
    loader = Loader(fetch)
    assert [await loader.load("a"), await loader.load("a")] == ["a.1", "a.1"]
    assert fetch.calls == [["a"]]


async def test_a_key_on_its_way_is_not_sent_again(slow):
    loader = Loader(slow)
    first = loader.load("a")
    await asyncio.sleep(0.5)
    second, many = loader.load("a"), loader.load_many(["a", "a"])
    assert await asyncio.gather(first, second, many) == ["a.1", "a.1", ["a.1", "a.1"]]
    assert (slow.calls, asyncio.get_running_loop().time()) == ([["a"]], 1.0)


async def test_each_caller_has_a_future_of_its_own(slow):
    loader = Loader(slow)
    first, second = loader.load("a"), loader.load("a")
    assert first is not second
    assert await asyncio.gather(first, second) == ["a.1", "a.1"]


@pytest.mark.parametrize("leaving", [False, True], ids=["staying", "leaving"])
async def test_the_hundredth_load_of_a_key_on_its_way_costs_as_much_as_the_thousandth(
    slow, leaving
):
    async def work(count):
        loader = Loader(slow)
        with counted() as work:
            loads = [loader.load("a") for _ in range(count)]
            if leaving:
                for one in loads[:-1]:
                    one.cancel()
            assert await loads[-1] == loader.load("a").result()
        return work.calls / count

    assert await work(2000) < 1.5 * await work(100)
    assert slow.calls == [["a"], ["a"]]


async def test_there_is_no_turn_in_which_a_settled_key_is_sent_again(fetch):
    loader = Loader(fetch)
    sent = []

    async def load_again_as_soon_as_it_is_known():
        await loader.load("a")
        sent.append(await loader.load("a"))

    loader.load("a").add_done_callback(lambda _: sent.append(loader.load("a").result()))
    await load_again_as_soon_as_it_is_known()
    assert sent == ["a.1", "a.1"]
    assert fetch.calls == [["a"]]


async def test_a_failure_of_a_key_is_remembered(fetch):
    loader = Loader(odd_ones_fail(fetch))
    for _ in range(2):
        with pytest.raises(ValueError, match="odd: 1"):
            await loader.load(1)
    with pytest.raises(ValueError, match="odd: 1"):
        await loader.load_many([2, 1])
    assert fetch.calls == [[1], [2]]


async def test_a_failure_of_a_key_leaves_its_neighbours_alone(fetch):
    loader = Loader(odd_ones_fail(fetch))
    bad, good = await asyncio.gather(loader.load(1), loader.load(2), return_exceptions=True)
    assert (str(bad), good) == ("odd: 1", "2.1")


async def test_a_key_that_a_mapping_lacks_is_remembered_as_not_found():
    calls = Mock()

    async def fetch(keys):
        calls(keys)
        return {}

    loader = Loader(fetch)
    for _ in range(2):
        with pytest.raises(KeyNotFoundError, match="'a'"):
            await loader.load("a")
    assert calls.call_count == 1


@pytest.mark.parametrize("many", [False, True], ids=["single", "set"])
async def test_a_failure_of_the_whole_batch_is_forgotten(fetch, many):
    fetch.fail.append(OSError("no answer"))
    loader = Loader(fetch)
    with pytest.raises(OSError, match="no answer"):
        await (loader.load_many(["a"]) if many else loader.load("a"))
    assert await loader.load("a") == "a.2"
    assert await loader.load_many(["a"]) == ["a.2"]
    assert fetch.calls == [["a"], ["a"]]


async def test_a_batch_that_is_cancelled_from_within_is_forgotten(fetch):
    fetch.fail.append(asyncio.CancelledError())
    loader = Loader(fetch)
    with pytest.raises(BatchError, match="CancelledError"):
        await loader.load("a")
    assert await loader.load("a") == "a.2"


async def test_an_answer_of_the_wrong_shape_is_forgotten(fetch):
    answers = [["too", "many"], "a", None]

    async def answer(keys):
        return answers.pop(0) if answers else await fetch(keys)

    loader = Loader(answer)
    for told in ("expected 1 outcomes, .* got 2", "got str", "got NoneType"):
        with pytest.raises(BatchError, match=told):
            await loader.load("a")
    assert await loader.load("a") == "a.1"


async def test_a_deadline_that_passed_is_not_remembered_against_the_key(slow):
    loader = Loader.over(BatchProcessor(slow, 9), deadline=0.5)
    for ask in (loader.load, lambda key: loader.load_many([key])):
        with pytest.raises(DeadlineExceededError):
            await ask("a")
    other = Loader.over(loader.processor)
    assert await other.load("a") == "a.2"


async def test_a_key_refused_for_want_of_room_is_asked_again(slow):
    processor = BatchProcessor(slow, 9, limits=Limits(max_pending=1))
    loader = Loader.over(processor)
    first = loader.load("a")
    with pytest.raises(QueueFullError):
        await loader.load("b")
    assert await first == "a.1"
    assert await loader.load("b") == "b.2"


# Cancelling.


async def test_one_caller_cancelled_leaves_the_other_alone(slow):
    loader = Loader(slow)
    first, second = loader.load("a"), loader.load("a")
    await asyncio.sleep(0.5)
    first.cancel()
    assert await second == "a.1"
    assert first.cancelled()


async def test_the_third_caller_after_a_cancelled_first_does_not_send_it_again(slow):
    loader = Loader(slow)
    first, second = loader.load("a"), loader.load("a")
    await asyncio.sleep(0.5)
    first.cancel()
    third = loader.load("a")
    assert await asyncio.gather(second, third) == ["a.1", "a.1"]
    assert await loader.load("a") == "a.1"
    assert slow.calls == [["a"]]


async def test_a_key_whose_only_caller_left_is_loaded_afresh(slow):
    loader = Loader(slow)
    loader.load("a").cancel()
    assert await loader.load("a") == "a.1"
    in_flight = loader.load("b")
    await asyncio.sleep(0.5)
    in_flight.cancel()
    assert await loader.load("b") == "b.3"


async def test_a_timeout_of_one_caller_does_not_poison_the_key(slow):
    loader = Loader(slow)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(loader.load("a"), 0.5)
    assert await loader.load("a") == "a.2"


async def test_a_key_that_nobody_waits_for_is_not_sent(fetch):
    loader = Loader(fetch)
    loader.load("a").cancel()
    assert await loader.load("b") == "b.1"
    assert fetch.calls == [["b"]]


async def test_a_batch_that_nobody_waits_for_is_not_sent(fetch):
    loader = Loader(fetch)
    for key in "abc":
        loader.load(key).cancel()
    await turns(5)
    assert fetch.calls == []


async def test_a_cancelled_set_leaves_singles_of_its_keys_alone(slow):
    loader = Loader(slow)
    many, single = loader.load_many(["a", "b"]), loader.load("a")
    await asyncio.sleep(0.5)
    assert many.cancel()
    assert await single == "a.1"
    assert slow.calls == [["a", "b"]]
    assert not many.cancel()


async def test_a_cancelled_set_is_not_sent(fetch):
    loader = Loader(fetch)
    for arguments in ({}, {"return_exceptions": True}):
        loader.load_many(["a", "b"], **arguments).cancel()
    await turns(5)
    assert fetch.calls == []
    assert await loader.load_many(["a", "b"]) == ["a.1", "b.1"]


async def test_a_cancelled_set_of_cache_keys_is_not_sent(fetch):
    loader = Loader(fetch, get_cache_key=str.lower)
    loader.load_many(["a", "b"]).cancel()
    await turns(5)
    assert fetch.calls == []


async def test_a_set_cancelled_in_flight_cancels_its_call(slow):
    ended = []

    async def fetch(keys):
        try:
            return await slow(keys)
        finally:
            ended.append(asyncio.get_running_loop().time())

    many = Loader(fetch).load_many(["a", "b"])
    await asyncio.sleep(0.5)
    many.cancel()
    await turns(3)
    assert ended == [0.5]


async def test_a_task_waiting_for_a_set_can_be_cancelled(slow):
    loader = Loader(slow)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(loader.load_many(["a", "b"]), 0.5)
    assert await loader.load_many(["a", "b"]) == ["a.2", "b.2"]


async def test_a_future_settled_by_an_outsider_stays_as_it_is(slow):
    loader = Loader(slow)
    mine, other = loader.load("a"), loader.load("a")
    mine.set_result("mine")
    assert await asyncio.gather(mine, other) == ["mine", "a.1"]


# Errors of sets.


async def test_a_set_raises_the_first_exception_in_its_order(fetch):
    with pytest.raises(ValueError, match="odd: 3"):
        await Loader(odd_ones_fail(fetch)).load_many([2, 3, 1])


async def test_a_set_of_several_batches_raises_what_any_of_them_failed_with(fetch):
    loader = Loader(odd_ones_fail(fetch), max_batch_size=1)
    with pytest.raises(ValueError, match="odd: 1"):
        await loader.load_many([1, 2])
    with pytest.raises(ValueError, match="odd: 3"):
        await loader.load_many([4, 3, 6])


async def test_a_set_may_return_exceptions_as_values(fetch):
    loader = Loader(odd_ones_fail(fetch))
    for keys in ([1, 2], [2, 1, 2], [1, 1]):
        outcomes = await loader.load_many(keys, return_exceptions=True)
        for key, outcome in zip(keys, outcomes, strict=True):
            assert str(outcome) == (f"odd: {key}" if key % 2 else f"{key}.1")


async def test_sets_of_cache_keys_may_return_exceptions_too(fetch):
    loader = Loader(odd_ones_fail(fetch), get_cache_key=abs)
    error, value = await loader.load_many([1, 2], return_exceptions=True)
    assert (str(error), value) == ("odd: 1", "2.1")


async def test_a_set_whose_batch_failed_returns_its_exception_for_each_key(fetch):
    fetch.fail.append(OSError("no answer"))
    outcomes = await Loader(fetch).load_many(["a", "b"], return_exceptions=True)
    assert list(map(str, outcomes)) == ["no answer", "no answer"]


async def test_failures_that_nobody_awaits_are_not_logged():
    logged = []
    asyncio.get_running_loop().set_exception_handler(lambda _, what: logged.append(what))

    async def fetch(_keys):
        raise OSError

    loader = Loader(fetch)
    loader.load("a")
    loader.load_many(["b", "c"])
    loader.prime("d", ValueError())
    loader.load("d")
    loader.load_many(["d"])
    await turns(6)
    loader.clear_all()
    gc.collect()
    assert logged == []


async def test_nothing_that_is_over_is_left_to_the_garbage_collector(slow):
    loader = Loader(slow)

    async def ask():
        await loader.load("a")
        await asyncio.gather(loader.load("b"), loader.load("b"), loader.load_many(["b", "c"]))
        leaving = loader.load("d")
        await asyncio.sleep(0.5)
        leaving.cancel()
        slow.fail.append(OSError())
        await asyncio.gather(loader.load("e"), loader.load("f"), return_exceptions=True)

    await ask()
    await turns(3)
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        await ask()
        await turns(3)
        gc.collect()
        ours = {type(one).__module__.split(".")[0] for one in gc.garbage} & {"batching", "loaders"}
        assert ours == set()
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


# Telling it.


async def test_a_primed_key_is_not_sent(fetch):
    loader = Loader(fetch)
    loader.prime("a", "told")
    assert await asyncio.gather(loader.load("a"), loader.load("b")) == ["told", "b.1"]
    assert await loader.load_many(["a", "b"]) == ["told", "b.1"]
    assert fetch.calls == [["b"]]


async def test_priming_changes_nothing_that_is_known(fetch):
    loader = Loader(fetch)
    loader.prime("a", "first").prime("a", "second")
    await loader.load("b")
    loader.prime("b", "told")
    assert await loader.load_many(["a", "b"]) == ["first", "b.1"]


async def test_priming_changes_nothing_that_is_on_its_way(slow):
    loader = Loader(slow)
    first, many = loader.load("a"), loader.load_many(["b"])
    loader.prime("a", "told").prime("b", "told")
    assert await asyncio.gather(first, loader.load("a"), many) == ["a.1", "a.1", ["b.1"]]


async def test_none_can_be_told(fetch):
    loader = Loader(fetch).prime("a", None)
    assert await loader.load_many(["a", "a"]) == [None, None]
    assert fetch.calls == []


async def test_an_exception_can_be_told(fetch):
    loader = Loader(fetch).prime("a", ValueError("told"))
    for ask in (loader.load, lambda key: loader.load_many([key])):
        with pytest.raises(ValueError, match="told"):
            await ask("a")
    (outcome,) = await loader.load_many(["a"], return_exceptions=True)
    assert str(outcome) == "told"
    assert fetch.calls == []


@pytest.mark.parametrize("callers", [1, 2])
async def test_a_cancelled_key_can_be_told(slow, callers):
    loader = Loader(slow)
    for caller in [loader.load("a") for _ in range(callers)]:
        caller.cancel()
    loader.prime("a", "told")
    assert await loader.load("a") == "told"


async def test_a_key_of_a_cancelled_set_can_be_told(slow):
    loader = Loader(slow)
    loader.load_many(["a", "b"]).cancel()
    loader.prime("a", "told")
    assert await loader.load_many(["a", "b"]) == ["told", "b.1"]


async def test_a_key_whose_batch_failed_can_be_told(fetch):
    fetch.fail.append(OSError())
    loader = Loader(fetch)
    await asyncio.gather(loader.load("a"), return_exceptions=True)
    assert await loader.prime("a", "told").load("a") == "told"


async def test_priming_first_and_clearing_replaces_what_is_known(fetch):
    loader = Loader(fetch)
    await loader.load("a")
    assert await loader.clear("a").prime("a", "told").load("a") == "told"


def test_a_loader_can_be_told_things_before_any_event_loop_runs(fetch):
    loader = Loader(fetch).prime("a", "told").prime("b", ValueError("told"))

    async def main():
        return await loader.load_many(["a", "b", "c"], return_exceptions=True)

    told, error, value = asyncio.run(main())
    assert (told, str(error), value) == ("told", "told", "c.1")


# Forgetting.


async def test_a_cleared_key_is_asked_again(fetch):
    loader = Loader(fetch)
    await loader.load_many(["a", "b"])
    loader.clear("a")
    assert await loader.load_many(["a", "b"]) == ["a.2", "b.1"]


async def test_clearing_all_forgets_all(fetch):
    loader = Loader(fetch)
    await loader.load_many(["a", "b"])
    assert await loader.clear_all().load_many(["a", "b"]) == ["a.2", "b.2"]


async def test_clearing_what_is_not_there_does_nothing_and_chains(fetch):
    loader = Loader(fetch)
    assert loader.clear("a").clear("b").clear_all() is loader


async def test_a_key_cleared_on_its_way_is_answered_but_not_remembered(slow):
    loader = Loader(slow)
    first, many = loader.load("a"), loader.load_many(["b"])
    await asyncio.sleep(0.5)
    loader.clear("a").clear("b")
    assert await asyncio.gather(first, many) == ["a.1", ["b.1"]]
    assert await loader.load_many(["a", "b"]) == ["a.2", "b.2"]


async def test_clearing_all_on_the_way_forgets_what_comes(slow):
    loader = Loader(slow)
    first = loader.load("a")
    await asyncio.sleep(0.5)
    loader.clear_all()
    assert await first == "a.1"
    assert await loader.load("a") == "a.2"


async def test_clearing_in_a_batch_function_forgets_its_own_keys():
    calls = []

    async def fetch(keys):
        calls.append(keys)
        loader.clear_all()
        return keys

    loader = Loader(fetch)
    await loader.load_many([1, 2])
    await loader.load_many([1, 2])
    assert calls == [[1, 2], [1, 2]]


# Without a memo.


async def test_without_a_memo_a_key_is_asked_each_time(fetch):
    loader = Loader(fetch, cache=False)
    assert [await loader.load("a"), await loader.load("a")] == ["a.1", "a.2"]
    assert await loader.load_many(["a"]) == ["a.3"]


async def test_without_a_memo_keys_of_one_tick_are_still_sent_once(fetch):
    loader = Loader(fetch, cache=False)
    first, second = loader.load("a"), loader.load("a")
    assert await asyncio.gather(first, second) == ["a.1", "a.1"]
    assert await loader.load_many(["b", "b"]) == ["b.2", "b.2"]
    assert fetch.calls == [["a"], ["b"]]


async def test_without_a_memo_nothing_can_be_told_or_forgotten(fetch):
    loader = Loader(fetch, cache=False).prime("a", "told").clear("a").prime("a", "told")
    assert await loader.load("a") == "a.1"


# Keys of another kind.


async def test_keys_with_one_cache_key_are_one_key(fetch):
    loader = Loader(fetch, get_cache_key=str.lower)
    asked = [loader.load("A"), loader.load("a"), loader.load("A"), loader.load_many(["a", "A"])]
    assert await asyncio.gather(*asked) == ["A.1", "A.1", "A.1", ["A.1", "A.1"]]
    assert await loader.load("a") == "A.1"
    assert fetch.calls == [["A"]]


async def test_telling_and_forgetting_go_by_cache_key(fetch):
    loader = Loader(fetch, get_cache_key=str.lower).prime("A", "told")
    assert await loader.load("a") == "told"
    assert await loader.clear("A").load("a") == "a.1"


async def test_keys_that_cannot_be_hashed_can_be_told_by_cache_key(fetch):
    loader = Loader(fetch, get_cache_key=tuple).prime(["a"], "told")
    assert await loader.load(["a"]) == "told"
    assert await loader.load_many([["a"]]) == ["told"]


async def test_objects_are_keys_by_identity(fetch):
    class Key:
        pass

    first, second = Key(), Key()
    loader = Loader(fetch)
    await loader.load_many([first, second, first])
    assert fetch.calls == [[first, second]]


async def test_a_memo_of_ones_own_holds_what_was_loaded(fetch):
    memo = {}
    loader = Loader(fetch, cache_map=memo)
    assert await loader.load("a") == "a.1"
    assert await memo["a"] == "a.1"
    del memo["a"]
    assert await loader.load_many(["a"]) == ["a.2"]
    loader.clear_all()
    assert memo == {}


async def test_a_memo_of_ones_own_may_hold_futures_already(fetch):
    known = asyncio.get_running_loop().create_future()
    known.set_result("known")
    loader = Loader(fetch, cache_map={"a": known})
    assert await loader.load("a") == "known"
    assert await loader.load_many(["a", "b"]) == ["known", "b.1"]


async def test_a_memo_of_ones_own_is_used_even_while_it_is_empty(fetch):
    class Memo(dict):
        pass

    memo = Memo()
    assert Loader(fetch, cache_map=memo).prime("a", 1).prime("a", 2) is not None
    assert list(memo) == ["a"]


# Making one.


async def test_a_loader_can_be_a_subclass_with_a_method():
    calls = []

    class Tracks(Loader[int, str]):
        max_batch_size = 2

        async def batch_load_fn(self, keys):
            calls.append(keys)
            return [str(key) for key in keys]

    assert await Tracks().load_many([1, 2, 3]) == ["1", "2", "3"]
    assert calls == [[1, 2], [3]]


async def test_a_subclass_may_switch_memo_and_batching_off():
    calls = []

    class Tracks(Loader[int, int]):
        cache = False
        batch = False

        async def batch_load_fn(self, keys):
            calls.append(keys)
            return keys

    loader = Tracks()
    await loader.load_many([1, 2])
    await loader.load(1)
    assert calls == [[1], [2], [1]]
    assert await Tracks(cache=True).prime(1, "told").load(1) == "told"


async def test_a_subclass_may_say_what_its_cache_keys_are(fetch):
    class Tracks(Loader[str, str]):
        def get_cache_key(self, key):
            return key.lower()

    loader = Tracks(fetch)
    assert await loader.load_many(["A", "a"]) == ["A.1", "A.1"]


def test_a_loader_without_a_function_says_what_it_expects():
    with pytest.raises(TypeError, match="batch_load_fn: expected an async function, got None"):
        Loader()


@pytest.mark.parametrize("size", [-1, "2"])
def test_a_batch_size_that_cannot_be_is_refused(fetch, size):
    with pytest.raises(ValueError, match=f"expected a whole number of at least 1, got {size!r}"):
        Loader(fetch, max_batch_size=size)


@pytest.mark.parametrize("kind", ["object", "partial", "lambda", "mock"])
async def test_whatever_returns_something_to_await_will_do(fetch, kind):
    async def with_more(_more, keys):
        return await fetch(keys)

    functions = {
        "object": fetch,
        "partial": partial(with_more, 1),
        "lambda": lambda keys: with_more(1, keys),
        "mock": Mock(side_effect=fetch.__call__),
    }
    assert await Loader(functions[kind]).load("a") == "a.1"


async def test_a_function_that_is_not_async_is_named_as_the_culprit():
    loader = Loader(lambda keys: keys)
    with pytest.raises(BatchError, match="Loader: expected processor_func to be async, got list"):
        await loader.load("a")


async def test_the_function_may_change_the_list_it_gets(fetch):
    async def greedy(keys):
        answer = await fetch(keys)
        keys.clear()
        return answer

    assert await Loader(greedy).load_many(["a", "b"]) == ["a.1", "b.1"]


def test_a_loader_can_be_made_outside_of_a_loop_and_used_in_two(fetch):
    loader = Loader(fetch)

    async def ask(*keys):
        return [await loader.load(key) for key in keys]

    assert asyncio.run(ask("a")) == ["a.1"]
    assert asyncio.run(ask("a", "b")) == ["a.1", "b.2"]


def test_what_a_dead_loop_left_behind_is_loaded_afresh(slow):
    loader = Loader(slow)

    async def leave():
        loader.load("a")
        loader.load_many(["b", "c"])
        await asyncio.sleep(0)

    async def ask():
        slow.seconds = 0
        return await loader.load_many(["a", "b"]), await loader.load("c")

    asyncio.run(leave())
    before = len(slow.calls)
    answer = asyncio.run(ask())
    assert [value[0] for value in (*answer[0], answer[1])] == ["a", "b", "c"]
    assert len(slow.calls) == before + 2


def test_the_name_of_a_processor_is_its_loaders(fetch):
    class Tracks(Loader):
        pass

    assert Tracks(fetch).processor.name == "Tracks"


# Loaders that load.


async def test_a_loader_may_ask_another_one(fetch):
    deep = Loader(fetch)

    async def through(keys):
        return await deep.load_many(keys)

    one, other = Loader(through), Loader(through)
    asked = [one.load("a"), other.load("b"), one.load("c"), other.load("d")]
    assert await asyncio.gather(*asked) == ["a.1", "b.1", "c.1", "d.1"]
    assert fetch.calls == [["a", "c", "b", "d"]]


async def test_a_loader_that_asks_for_its_own_key_is_told_so():
    async def fetch(keys):
        return await loader.load_many(keys)

    loader = Loader(fetch)
    with pytest.raises(BatchError, match="waits for"):
        await loader.load("a")


async def test_a_load_some_awaits_deeper_joins_the_batch(fetch):
    loader = Loader(fetch)

    async def deeper(key, levels):
        if levels:
            return await asyncio.create_task(deeper(key, levels - 1))
        return await loader.load(key)

    await asyncio.gather(*(deeper(level, level) for level in range(6)))
    assert fetch.calls == [[0, 1, 2, 3, 4, 5]]


# On a shared processor.


async def test_two_requests_share_what_is_on_its_way_and_nothing_else(slow):
    processor = BatchProcessor(slow, 9)
    one, other = Loader.over(processor, scope="one"), Loader.over(processor, scope="other")
    assert await asyncio.gather(one.load("a"), other.load("a")) == ["a.1", "a.1"]
    assert await Loader.over(processor).load("a") == "a.2"
    assert await one.load("a") == "a.1"


async def test_what_one_request_is_told_or_forgets_does_not_concern_another(fetch):
    processor = BatchProcessor(fetch, 9)
    one, other = Loader.over(processor), Loader.over(processor)
    one.prime("a", "told")
    assert await other.load("a") == "a.1"
    one.clear("a")
    assert await other.load("a") == "a.1"


async def test_a_cancelled_request_leaves_the_other_one_alone(slow):
    processor = BatchProcessor(slow, 9)
    one, other = Loader.over(processor), Loader.over(processor)
    leaving, staying = one.load_many(["a", "b"]), other.load_many(["b", "c"])
    await asyncio.sleep(0.5)
    leaving.cancel()
    assert await staying == ["b.1", "c.1"]


async def test_a_scope_goes_with_every_key(fetch):
    events = []
    processor = BatchProcessor(fetch, 9, observers=[events.append])
    await Loader.over(processor, scope="request").load("a")
    await Loader.over(processor, scope="request").load_many(["a"])
    assert [event.scopes for event in events] == [frozenset({"request"})] * 2


async def test_a_deadline_goes_with_every_key(slow):
    loader = Loader.over(BatchProcessor(slow, 9), deadline=0.25)
    with pytest.raises(DeadlineExceededError):
        await loader.load("a")
    with pytest.raises(DeadlineExceededError):
        await Loader.over(loader.processor, deadline=0.5).load_many(["a"])
    assert asyncio.get_running_loop().time() == 0.5


async def test_background_keys_go_after_the_others(fetch):
    processor = BatchProcessor(fetch, 2)
    processor.gate.hold(1.0)
    late = Loader.over(processor, background=True).load_many(["x", "y", "z"])
    soon = Loader.over(processor).load_many(["a", "b"])
    await asyncio.gather(late, soon)
    assert fetch.calls == [["a", "b"], ["x", "y"], ["z"]]


# Counting.


def counts(loader):
    return loader.asked, loader.distinct, loader.remembered, loader.joined


async def test_it_counts_what_was_asked_and_what_that_cost(fetch):
    loader = Loader(fetch)
    await loader.load_many(["a", "b", "a"])
    await loader.load("a")
    assert counts(loader) == (4, 2, 2, 0)


async def test_its_own_repetitions_are_not_counted_as_joined(slow):
    loader = Loader(slow)
    await asyncio.gather(loader.load("a"), loader.load("a"), loader.load_many(["a", "b"]))
    assert counts(loader) == (4, 2, 0, 0)


async def test_it_counts_what_was_on_its_way_for_another_request(slow):
    processor = BatchProcessor(slow, 9)
    one, other = Loader.over(processor), Loader.over(processor)
    asked = [one.load_many(["a", "b"]), other.load("a"), other.load_many(["b", "c"])]
    await asyncio.gather(*asked)
    assert (counts(one), counts(other)) == ((2, 2, 0, 0), (3, 3, 0, 2))


async def test_priming_is_not_asking(fetch):
    loader = Loader(fetch).prime("a", 1)
    assert counts(loader) == (0, 0, 0, 0)
    await loader.load("a")
    assert counts(loader) == (1, 0, 1, 0)


async def test_a_key_asked_again_after_a_failure_is_asked_twice(fetch):
    fetch.fail.append(OSError())
    loader = Loader(fetch)
    await asyncio.gather(loader.load("a"), return_exceptions=True)
    await loader.load("a")
    assert loader.asked == 2
    assert len(fetch.calls) == 2


async def test_telling_and_forgetting_change_no_count(fetch):
    loader = Loader(fetch).prime("a", 1)
    await loader.load_many(["b", "c"])
    loader.prime("b", 2).clear("a").clear("c").clear("x")
    assert counts(loader) == (2, 2, 0, 0)
    await loader.load("c")
    loader.clear_all()
    assert counts(loader) == (3, 3, 0, 0)
    assert (await loader.load("a"), counts(loader)) == ("a.3", (4, 4, 0, 0))


@pytest.mark.parametrize("options", [{"cache": False}, {"cache_map": {}}])
async def test_a_loader_with_another_memo_or_none_counts_too(fetch, options):
    loader = Loader(fetch, **options).prime("x", 1).clear("x")
    await loader.load("a")
    await loader.load_many(["b", "c"])
    loader.clear_all()
    assert (loader.asked, loader.distinct) == (3, 3)


async def test_what_a_set_was_spared_is_counted_when_its_keys_are_loaded_by_themselves(slow):
    processor = BatchProcessor(slow, 9)
    one, other = Loader.over(processor), Loader.over(processor)
    asked = [one.load("a"), other.load_many(["a", "b"]), other.load("b")]
    await asyncio.gather(*asked)
    for key in "abab":
        await other.load(key)
    assert counts(other) == (7, 2, 4, 1)


async def test_a_memo_with_futures_of_others_can_be_counted_and_told(fetch):
    known = asyncio.get_running_loop().create_future()
    known.set_result("known")
    loader = Loader(fetch, cache_map={"a": known}).prime("a", "told")
    assert await loader.load("a") == "known"
    assert loader.joined == 0


# A settled future in place of what is remembered.


async def test_a_key_of_a_set_is_one_settled_future_for_all_who_load_it_later(fetch):
    loader = Loader(fetch)
    await loader.load_many(["a", "b"])
    first, second = loader.load("a"), loader.load("a")
    assert first is second
    assert first.done()
    assert not first.cancel()
    assert await loader.load_many(["a", "b"]) == ["a.1", "b.1"]
    assert await asyncio.gather(first, second) == ["a.1", "a.1"]


async def test_a_failure_that_was_told_is_one_settled_future_for_all_who_load_it_later(fetch):
    loader = Loader(fetch).prime("a", ValueError("told"))
    first, second = loader.load("a"), loader.load("a")
    assert first is second
    with pytest.raises(ValueError, match="told"):
        await first


@pytest.mark.parametrize("ask", ["load", "load_many"])
async def test_of_many_callers_the_last_ones_may_leave_and_the_first_still_knows(slow, ask):
    loader = Loader(slow)
    first = loader.load("a") if ask == "load" else loader.load_many(["a"])
    leaving = [loader.load("a"), loader.load_many(["a"]), loader.load("a")]
    await asyncio.sleep(0.5)
    for caller in leaving:
        caller.cancel()
    again = loader.load("a")
    again.cancel()
    loader.prime("a", "told")  # changes nothing: it is on its way
    assert await first in ("a.1", ["a.1"])
    assert await loader.load("a") == "a.1"
    assert await loader.load_many(["a"]) == ["a.1"]
    assert len(slow.calls) == 1
