"""Circles: what a batch function asks for passes, what would wait for itself is an error."""

import asyncio

import pytest

from batching import (
    BatchError,
    BatchProcessor,
    Gate,
    Limits,
    RefusedError,
    RetryableError,
    RetryPolicy,
)
from batching.errors import CircularWaitError
from tests.batching.bulk import Bulk, at, now, outcome_of, until


def following(steps, **options):
    """Make a processor of which each key asks another one, perhaps of another processor.

    steps:  By key: the processor's name and the key to ask next. A key without a step is answered.
    """
    processors = {}

    def make(name):
        async def fetch(keys):
            found = []
            for key in keys:
                after = steps.get((name, key))
                found.append(
                    f"{key}!" if after is None else await processors[after[0]].submit(after[1])
                )
            return found

        processors[name] = BatchProcessor(fetch, 10, name=name, **options)

    for name, _ in steps:
        if name not in processors:
            make(name)
    for name, _ in filter(None, steps.values()):
        if name not in processors:
            make(name)
    return processors


# Circles.


async def test_a_batch_function_that_waits_for_its_own_key_is_told():
    processors = following({("tracks", "a"): ("tracks", "a")})
    error = await outcome_of(processors["tracks"].submit("a"))
    assert isinstance(error, CircularWaitError)
    assert isinstance(error, BatchError)
    assert error.key == "a"
    assert str(error) == (
        "tracks: a batch function waits for 'a', which waits for that batch function"
    )


async def test_a_batch_function_that_waits_for_a_key_beside_its_own_is_told():
    bulk = Bulk(answers=[lambda keys: processor.submit_many(reversed(keys))])
    processor = bulk.processor()
    found = await processor.submit_many("ab")
    assert [type(error) for error in found] == [CircularWaitError, CircularWaitError]
    assert [error.key for error in found] == ["b", "a"]


async def test_a_set_inside_a_batch_function_fails_only_for_the_keys_that_close_a_circle():
    async def ask_both(keys):
        found = await processor.submit_many(["a", "b"])
        return [found for _ in keys]

    processor = Bulk(answers=[ask_both]).processor()
    own, other = await processor.submit("a")
    assert isinstance(own, CircularWaitError)
    assert other == "b!"


async def test_two_processors_that_wait_for_each_other_are_told():
    steps = {("tracks", "t"): ("albums", "a"), ("albums", "a"): ("tracks", "t")}
    processors = following(steps)
    error = await outcome_of(processors["tracks"].submit("t"))
    assert isinstance(error, CircularWaitError)
    assert str(error).startswith("tracks: ")


async def test_a_circle_of_four_is_found():
    names = ["one", "two", "three", "four"]
    steps = {(name, "k"): (names[(n + 1) % 4], "k") for n, name in enumerate(names)}
    processors = following(steps)
    for name in names:
        assert isinstance(await outcome_of(processors[name].submit("k")), CircularWaitError)


async def test_a_circle_that_two_callers_close_from_both_sides_is_found():
    steps = {("tracks", "t"): ("albums", "a"), ("albums", "a"): ("tracks", "t")}
    processors = following(steps)
    both = [processors["tracks"].submit("t"), processors["albums"].submit("a")]
    found = [await outcome_of(caller) for caller in both]
    assert [type(error) for error in found] == [CircularWaitError, CircularWaitError]


async def test_a_circle_through_a_task_of_the_batch_function_is_found():
    async def ask_in_a_task(keys):
        return [await asyncio.create_task(ask(key)) for key in keys]

    async def ask(key):
        return await processor.submit(key)

    processor = Bulk(answers=[ask_in_a_task]).processor()
    assert isinstance(await outcome_of(processor.submit("a")), CircularWaitError)


async def test_a_circle_through_a_key_that_rests_is_found():
    steps = iter([RetryableError(after=1.0), None])

    async def tracks(keys):
        if error := next(steps):
            raise error
        return [await albums.submit("a") for _ in keys]

    async def fetch_albums(keys):
        return [await processor.submit("t") for _ in keys]

    processor, albums = BatchProcessor(tracks, 5), BatchProcessor(fetch_albums, 5)
    waiting = albums.submit("a")  # asks for "t", which fails once and rests
    assert isinstance(await outcome_of(waiting), CircularWaitError)
    assert now() == 1.0


async def test_keys_that_are_asked_on_several_ways_close_no_circle():
    steps = {
        ("albums", "b"): ("tracks", "t"),
        ("artists", "c"): ("tracks", "t"),
        ("tracks", "t"): ("labels", "l"),
    }
    processors = following(steps)

    async def ask_both(_):
        asked = processors["albums"].submit("b"), processors["artists"].submit("c")
        return [await asyncio.gather(*asked)]

    async def answer_late(keys):
        await asyncio.sleep(1.0)
        return [f"{key}!" for key in keys]

    processors["labels"] = BatchProcessor(answer_late, 5)
    early = processors["labels"].submit("l")  # in flight already when it is asked inside
    await until(0.5)
    assert await Bulk(answers=[ask_both]).processor().submit("a") == ["l!", "l!"]
    assert await early == "l!"


async def test_what_was_given_up_closes_no_circle():
    async def give_up(keys):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(albums.submit("a"), 1.0)
        await asyncio.sleep(4.0)
        return keys

    async def ask_back(keys):
        await asyncio.sleep(2.0)
        return [await tracks.submit("t") for _ in keys]

    tracks = Bulk(answers=[give_up]).processor(name="tracks")
    albums = BatchProcessor(ask_back, 5, name="albums")
    first = tracks.submit("t")
    patient = at(0.5, albums.submit, "a")
    assert await patient == "t"
    assert await first == "t"
    assert now() == 5.0


async def test_keys_that_only_shared_a_batch_with_an_asked_one_close_no_circle():
    async def fetch_tracks(keys):
        return [await albums.submit("x") if key == "a" else f"{key}!" for key in keys]

    async def fetch_albums(keys):
        if len(keys) > 1:
            albums.batch_size = 1
            raise RetryableError(after=0.0)
        await asyncio.sleep(1.0 if keys == ["x"] else 0.0)
        return [await tracks.submit("a") if key == "y" else f"{key}!" for key in keys]

    tracks = BatchProcessor(fetch_tracks, 5, name="tracks")
    albums = BatchProcessor(fetch_albums, 5, name="albums", max_wait_time=1.0)
    found = await asyncio.gather(tracks.submit("a"), albums.submit("y"))
    assert found == ["x!", "x!"], "y waits for a, which waits for x, which waits for nothing"


# Flush, close and add inside.


@pytest.mark.parametrize("verb", ["flush", "flush_if_needed", "close"])
@pytest.mark.parametrize("which", ["own", "other"])
async def test_what_would_wait_for_the_batch_function_itself_is_refused_inside(verb, which):
    async def wait(keys):
        await getattr(processors[which], verb)()
        return keys

    processors = {"own": Bulk(answers=[wait]).processor(name="own")}
    processors["other"] = Bulk().processor(name="other")
    error = await outcome_of(processors["own"].submit("a"))
    assert type(error) is BatchError
    assert str(error) == (f"{which}: {verb}() inside a batch function would wait for that function")
    assert await processors["other"].submit("b") == "b!", "it is not closed"


async def test_leaving_the_context_of_a_processor_inside_its_function_is_refused():
    async def leave(keys):
        async with processor:
            return keys

    processor = Bulk(answers=[leave]).processor()
    assert isinstance(await outcome_of(processor.submit("a")), BatchError)


async def test_an_item_added_inside_its_own_batch_function_is_reported_as_failed():
    results = []

    async def add(keys):
        results.append(await processor.add("a"))
        results.extend(await processor.add_batch(["a"]))
        return keys

    processor = Bulk(batch_size=1, answers=[add]).processor()
    assert await processor.submit("a") == "a"
    for result in results:
        ((item, error),) = result.failed
        assert item == "a"
        assert isinstance(error, CircularWaitError)


async def test_an_item_added_inside_a_batch_function_may_fill_a_batch():
    async def add(keys):
        results.append(await processor.add(f"{keys[0]} more"))
        return keys

    results = []
    bulk = Bulk(batch_size=1, answers=[add])
    processor = bulk.processor(gate=Gate(concurrency=1), limits=Limits(max_in_flight=1))
    assert await processor.submit("a") == "a"
    assert results[0].successful == ["a more!"]


# Nested keys pass.


NARROW = [
    {"gate": lambda: Gate(concurrency=1)},
    {"limits": lambda: Limits(max_in_flight=1)},
    {"gate": lambda: Gate(concurrency=1, rate=10.0), "limits": lambda: Limits(max_in_flight=1)},
]


def narrow(options):
    return {name: make() for name, make in options.items()}


@pytest.mark.parametrize("options", NARROW)
async def test_keys_asked_inside_a_batch_function_pass_where_one_call_fits(options):
    steps = {("tracks", n): ("tracks", n + 1) for n in range(5)}
    processors = following(steps, **narrow(options))
    assert await processors["tracks"].submit(0) == "5!"


@pytest.mark.parametrize("options", NARROW)
async def test_keys_asked_through_other_processors_pass_where_one_call_fits(options):
    names = ["tracks", "albums", "artists"]
    steps = {(names[n % 3], n): (names[(n + 1) % 3], n + 1) for n in range(9)}
    processors = following(steps, **narrow(options))
    assert await processors["tracks"].submit(0) == "9!"


@pytest.mark.parametrize("options", NARROW)
async def test_a_waiting_key_that_a_batch_function_joins_passes_where_one_call_fits(options):
    async def ask(keys):
        await asyncio.sleep(1.0)
        return [await processor.submit("waits") for _ in keys]

    bulk = Bulk(answers=[ask])
    processor = bulk.processor(**narrow(options))
    first = processor.submit("a")
    waits = at(0.5, processor.submit, "waits")
    assert await waits == "waits!"
    assert await first == "waits!"


async def test_a_half_of_a_refused_batch_that_a_batch_function_waits_for_passes():
    async def ask(keys):
        return [await processor.submit("b") for _ in keys]

    bulk = Bulk(batch_size=2, answers=[RefusedError(), ask])
    processor = bulk.processor(limits=Limits(max_in_flight=1))
    assert await processor.submit_many("ab") == ["b!", "b!"]
    assert bulk.batches == [["a", "b"], ["a"], ["b"]]


async def test_of_many_halves_only_the_one_that_a_batch_function_waits_for_passes():
    async def ask(keys):
        await asyncio.sleep(1.0)
        return [await processor.submit("d") for _ in keys]

    refused = RefusedError()
    bulk = Bulk(batch_size=4, latency=1.0, answers=[refused, None, refused])
    processor = bulk.processor(limits=Limits(max_in_flight=1))
    keys = processor.submit_many("abcd")  # "c" and "d" are refused together, "c" asks for "d"
    await until(2.5)
    bulk.answers.append(ask)
    assert await keys == ["a!", "b!", "d!", "d!"]
    assert bulk.batches == [["a", "b", "c", "d"], ["a", "b"], ["c", "d"], ["c"], ["d"]]
    assert bulk.most_in_air == 2


async def test_a_half_that_a_batch_function_waits_for_passes_before_those_that_came_earlier():
    async def ask(keys):
        await asyncio.sleep(1.0)
        asked = await processor.submit("b")
        return [asked for _ in keys]

    refused = RefusedError()
    bulk = Bulk(batch_size=4, answers=[refused, refused, ask])
    processor = bulk.processor(limits=Limits(max_in_flight=1))
    keys = processor.submit_many("abcd")  # ["c", "d"] asks for "b", and "a" stands before it
    assert await keys == ["a!", "b!", "b!", "b!"]
    assert bulk.batches == [["a", "b", "c", "d"], ["a", "b"], ["c", "d"], ["b"], ["a"]]
    assert bulk.most_in_air == 2


async def test_a_key_asked_inside_passes_while_halves_are_kept_back():
    async def ask(keys):
        await asyncio.sleep(1.0)
        return [await processor.submit("new") for _ in keys]

    bulk = Bulk(batch_size=2, answers=[RefusedError(), ask])
    processor = bulk.processor(limits=Limits(max_in_flight=1))
    assert await processor.submit_many("ab") == ["new!", "b!"]
    assert bulk.batches == [["a", "b"], ["a"], ["new"], ["b"]]
    assert bulk.most_in_air == 2


async def test_keys_asked_inside_in_one_tick_share_a_call_while_halves_are_kept_back():
    async def ask(keys):
        await asyncio.sleep(1.0)
        found = await asyncio.gather(processor.submit("new"), processor.submit("newer"))
        return [found for _ in keys]

    bulk = Bulk(batch_size=3, answers=[RefusedError(), ask])
    processor = bulk.processor(limits=Limits(max_in_flight=1))
    await processor.submit_many("abc")
    assert bulk.batches == [["a", "b", "c"], ["a"], ["new", "newer"], ["b", "c"]]


@pytest.mark.parametrize("options", NARROW)
async def test_keys_asked_inside_that_are_tried_again_pass_where_one_call_fits(options):
    async def ask(keys):
        return [await processor.submit("inner") for _ in keys]

    bulk = Bulk(answers=[ask, RetryableError(after=1.0)])
    processor = bulk.processor(retry=RetryPolicy(attempts=2), **narrow(options))
    assert await processor.submit("outer") == "inner!"


async def test_only_the_keys_asked_inside_pass_the_most_calls_in_flight():
    async def ask(keys):
        await asyncio.sleep(1.0)
        return [await processor.submit(f"{key} more") for key in keys]

    bulk = Bulk(batch_size=1, latency=1.0, answers=[ask])
    processor = bulk.processor(limits=Limits(max_in_flight=2))
    keys = processor.submit_many(range(100))
    await until(1.5)
    assert bulk.most_in_air <= 3, "two, and what one of them waits for"
    await keys
    assert bulk.most_in_air <= 3


async def test_what_nobody_inside_waits_for_any_more_does_not_pass():
    async def ask_and_leave(keys):
        asked.append(processor.submit("asked inside"))
        asked[0].add_done_callback(lambda _: None)
        return keys

    asked = []
    bulk = Bulk(batch_size=1, latency=0.0, answers=[ask_and_leave])
    gate = Gate(rate=1.0)
    processor = bulk.processor(gate=gate, limits=Limits(max_in_flight=1))
    await processor.submit("a")
    bulk.latency = 10.0
    slow = processor.submit("slow", scope="another")
    await until(5.0)
    assert bulk.most_in_air == 1, "the function is over: its key waits like any other"
    await asyncio.wait([slow, *asked])
    assert bulk.most_in_air == 1


async def test_without_auto_flush_keys_asked_inside_leave_with_the_flush_they_belong_to():
    async def ask(keys):
        await asyncio.sleep(1.0)
        inner = await asyncio.gather(*(processor.submit(f"{key} more") for key in "xy"))
        return [inner for _ in keys]

    events = []
    bulk = Bulk(answers=[ask])
    processor = bulk.processor(auto_flush=False, observers=(events.append,))
    outer = processor.submit("a")
    await processor.flush()
    assert outer.result() == ["x more!", "y more!"]
    assert bulk.batches == [["a"], ["x more", "y more"]]
    assert [event.reason for event in events] == ["flush", "flush"]


async def test_without_auto_flush_keys_asked_inside_take_no_other_key_along():
    async def ask(keys):
        await asyncio.sleep(1.0)
        return [await processor.submit(f"{key} more") for key in keys]

    bulk = Bulk(answers=[ask])
    processor = bulk.processor(auto_flush=False)
    outer = processor.submit("a")
    flushing = asyncio.create_task(processor.flush())
    await until(0.5)
    unflushed = processor.submit("b")
    await flushing
    assert outer.result() == "a more!"
    assert not unflushed.done()
    assert bulk.batches == [["a"], ["a more"]]
    unflushed.cancel()


# Outside again.


async def test_what_a_finished_batch_function_left_running_is_not_inside():
    left = []

    async def leave_a_task(keys):
        left.append(asyncio.create_task(later(keys)))
        return keys

    async def later(keys):
        await asyncio.sleep(1.0)
        await processor.flush()
        found = await processor.submit_many(keys)
        await processor.close()
        return found

    processor = Bulk(answers=[leave_a_task]).processor()
    assert await processor.submit_many("ab") == ["a", "b"]
    assert await left[0] == ["a!", "b!"]


async def test_a_callback_of_a_caller_inside_is_outside_when_the_batch_has_settled():
    async def ask_on_exit(keys):
        return keys

    processor = Bulk(answers=[ask_on_exit]).processor()
    again = []
    first = processor.submit("a")
    first.add_done_callback(lambda _: again.append(processor.submit("a")))
    await first
    await asyncio.sleep(1.0)
    assert await again[0] == "a!"


async def test_a_processor_made_inside_a_batch_function_is_not_inside_for_ever():
    made = []

    async def make(keys):
        made.append(Bulk().processor(name="made inside"))
        return [await made[0].submit(key) for key in keys]

    assert await Bulk(answers=[make]).processor().submit("a") == "a!"
    assert await made[0].submit("b") == "b!"
    await made[0].close()
