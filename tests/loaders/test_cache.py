"""The cache: bounded, timed, and one pass for a set; and the processor behind it."""

import asyncio

import pytest

from batching import BatchProcessor, DeadlineExceededError, KeyNotFoundError
from loaders import Artist, RateLimitedError, Trace
from loaders.cache import Cache, Keep
from loaders.cached import CachedProcessor
from loaders.loader import Loader
from loaders.remembered import Remembered
from tests.work import counted

KEEP = Keep(fresh=10.0, stale=5.0, unknown=2.0)
PART = "spotify.0000.tracks"


def known(cache, keys, now=0.0):
    return {key: entry.outcome for key, entry in cache.get_many(PART, keys, now).items()}


def test_an_entry_is_fresh_then_stale_then_gone():
    cache = Cache(9)
    cache.put_many(PART, {"a": 1}, KEEP, 100.0)
    [entry] = cache.get_many(PART, ["a"], 114.999).values()
    assert (entry.born, entry.fresh_until, entry.until) == (100.0, 110.0, 115.0)
    assert known(cache, ["a"], 115.0) == {}
    assert len(cache) == 0


@pytest.mark.parametrize("nothing", [None, ()])
def test_that_there_is_nothing_is_fresh_for_its_own_time_and_never_stale(nothing):
    cache = Cache(9)
    cache.put_many(PART, {"a": nothing}, KEEP, 0.0)
    assert known(cache, ["a"], 1.999) == {"a": nothing}
    assert known(cache, ["a"], 2.0) == {}
    cache.put_many(PART, {"a": nothing}, Keep(fresh=10.0), 0.0)
    assert len(cache) == 0


def test_parts_do_not_see_each_other():
    cache = Cache(9)
    cache.put_many(PART, {"a": 1}, KEEP, 0.0)
    assert cache.get_many("spotify.1111.tracks", ["a"], 0.0) == {}


def test_it_is_bounded_and_what_is_read_outlives_a_long_list_that_is_not():
    cache = Cache(100)
    cache.put_many(PART, dict.fromkeys(range(10), "popular"), KEEP, 0.0)
    for start in range(100, 1000, 100):
        cache.put_many(PART, dict.fromkeys(range(start, start + 60), "once"), KEEP, 0.0)
        assert len(known(cache, range(10))) == 10
        assert len(cache) <= 100
    assert repr(cache) == "<Cache [100 of 100 entries]>"


def test_a_set_larger_than_the_cache_does_not_hang():
    cache = Cache(10)
    cache.put_many(PART, dict.fromkeys(range(10), 1), KEEP, 0.0)
    known(cache, range(10))
    cache.put_many(PART, dict.fromkeys(range(100, 150), 1), KEEP, 0.0)
    assert len(cache) == 10


def test_a_new_outcome_takes_the_place_of_the_old_one():
    cache = Cache(10)
    cache.put_many(PART, {"a": 1}, KEEP, 0.0)
    cache.put_many(PART, {"a": 2}, KEEP, 9.0)
    assert known(cache, ["a"], 18.0) == {"a": 2}
    assert len(cache) == 1


def test_what_is_over_is_dropped_though_nobody_looks():
    cache = Cache(10)
    cache.put_many(PART, dict.fromkeys("abc", 1), KEEP, 0.0)
    cache.put_many(PART, {"d": 1}, KEEP, 59.0)
    assert len(cache) == 4
    cache.put_many(PART, {"e": 1}, KEEP, 60.0)
    assert len(cache) == 2


class World:
    """A processor that answers from `values`, behind a cache."""

    def __init__(self, **values):
        self.values = values
        self.calls = []
        self.refused = None
        self.processor = BatchProcessor(
            self.get, 50, name="spotify.tracks", refusal=lambda _: self.refused
        )
        self.remembered = Remembered("spotify.tracks", Cache(100), PART, KEEP, self.ask_again)
        self.cached = CachedProcessor(self.processor, self.remembered)

    async def get(self, keys):
        self.calls.append(keys)
        await asyncio.sleep(1.0)
        found = {key: self.values[key] for key in keys if key in self.values}
        self.remembered.remember(found)
        return found

    def ask_again(self, keys, deadline):
        return self.processor.submit_many(keys, deadline=deadline, background=True)


async def test_a_set_is_answered_from_both_in_its_order_with_repetitions():
    world = World(a=1, b=2)
    await world.cached.submit_many(["a"])
    outcomes = await world.cached.submit_many(["x", "b", "a", "b"])
    assert isinstance(outcomes[0], KeyNotFoundError)
    assert outcomes[1:] == [2, 1, 2]
    assert world.calls == [["a"], ["x", "b"]]


async def test_a_set_that_is_remembered_is_answered_before_it_is_awaited():
    world = World(a=1, b=2)
    await world.cached.submit_many(["a", "b"])
    caller = world.cached.submit_many(["b", "a"])
    assert caller.done()
    assert caller.result() == [2, 1]


async def test_one_key_is_asked_or_remembered_or_refused():
    world = World(a=1)
    assert await world.cached.submit("a") == 1
    trace = Trace()
    assert world.cached.submit("a", scope=trace.scope).result() == 1
    world.refused = RateLimitedError("spotify", "spotify takes no calls for 9 s", retry_after=9.0)
    assert world.cached.submit("a").result() == 1
    with pytest.raises(RateLimitedError):
        await world.cached.submit("b")
    assert world.calls == [["a"]]


async def test_a_loader_takes_it_for_the_processor():
    world = World(a=1, b=2)
    await world.cached.submit_many(["a"])
    trace = Trace()
    loader = Loader.over(world.cached, scope=trace.scope, deadline=9.0)
    assert await loader.load_many(["a", "b"]) == [1, 2]
    assert (await loader.load("a"), await loader.load("b")) == (1, 2)
    assert (loader.distinct, loader.remembered) == (2, 2)
    assert repr(world.cached).startswith("<CachedProcessor <Remembered 'spotify.0000.tracks'")


async def test_a_deadline_and_a_refusal_are_not_remembered_by_the_request():
    world = World(a=1, b=2)
    await world.cached.submit_many(["a"])
    loader = Loader.over(world.cached, deadline=1.5)
    world.refused = RateLimitedError("spotify", "spotify takes no calls for 9 s", retry_after=9.0)
    assert await loader.load_many(["a", "b"], return_exceptions=True) == [1, world.refused]
    world.refused = None
    one, two = await loader.load_many(["a", "b"], return_exceptions=True)
    assert one == 1
    assert isinstance(two, DeadlineExceededError)
    assert await Loader.over(world.cached).load_many(["a", "b"]) == [1, 2]


async def test_what_is_asked_again_and_fails_is_asked_again_by_the_next_reader():
    world = World(a=1)
    await world.cached.submit_many(["a"])
    del world.values["a"]
    await asyncio.sleep(10.0)
    for calls in (2, 3):
        assert await world.cached.submit_many(["a"]) == [1]
        await asyncio.sleep(1.5)
        assert world.calls == [["a"]] * calls
    assert world.remembered.stale == 2


async def test_a_record_that_lacks_what_its_own_answer_should_tell_is_not_remembered():
    partial = Artist(id="spotify:artist:1", name="Ana", url=None)
    world = World(a=partial)
    await world.cached.submit_many(["a"])
    await world.cached.submit_many(["a"])
    assert world.calls == [["a"]] * 2
    whole = Remembered(
        *("musicbrainz.artists", Cache(9), PART, KEEP, world.ask_again),
        parts=("genres", "images", "popularity", "followers", "country"),
    )
    whole.remember({"a": partial, "b": (partial,), "c": ValueError()})
    assert whole.recall(["a", "b", "c"]) == {"a": partial, "b": (partial,)}


async def test_a_set_is_one_look_up_without_a_future_or_a_task_for_any_key():
    world = World(**{str(n): n for n in range(100)})
    keys = list(map(str, range(50)))
    await world.cached.submit_many(keys)
    with counted() as work:
        caller = world.cached.submit_many(keys)
    assert caller.done()
    # For a key: its entry got, looked at, and its outcome put and read.
    assert work.calls / 50 <= 6, work.calls
