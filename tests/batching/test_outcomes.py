"""One outcome per key, always: whatever a batch function returns or raises."""

import array
import asyncio
import collections
import types
from collections.abc import Mapping, Sequence

import pytest

from api.testing import clock
from batching import BatchError, BatchProcessor, KeyNotFoundError
from tests.batching.bulk import Bulk, inside, outcome_of


def answering(answer):
    """Make a processor whose function returns this."""
    return Bulk(answers=[lambda _: answer]).processor(name="tracks")


async def outcomes(processor, keys="abc"):
    """Return what single callers come to, and assert that a set comes to the same."""
    answers = processor._flights._processor_func.answers
    answers *= 2
    singles = await asyncio.gather(*(outcome_of(processor.submit(key)) for key in keys))
    many = await processor.submit_many(keys)
    assert list(map(repr, many)) == list(map(repr, singles))
    return singles


# Shapes that answer.


@pytest.mark.parametrize(
    "answer",
    [
        ["A", "B", "C"],
        ("A", "B", "C"),
        collections.deque("ABC"),
        collections.UserList("ABC"),
        {"c": "C", "b": "B", "a": "A", "d": "D"},
        types.MappingProxyType({"a": "A", "b": "B", "c": "C"}),
        collections.ChainMap({"a": "A"}, {"b": "B", "c": "C"}),
    ],
    ids=lambda answer: type(answer).__name__,
)
async def test_sequences_answer_by_position_and_mappings_by_key(answer):
    assert await outcomes(answering(answer)) == ["A", "B", "C"]


async def test_a_range_and_an_array_are_sequences():
    assert await outcomes(answering(range(3))) == [0, 1, 2]
    assert await outcomes(answering(array.array("i", [1, 2, 3]))) == [1, 2, 3]


async def test_a_key_absent_from_a_mapping_is_not_found_and_the_others_are():
    a, b, c = await outcomes(answering({"a": "A", "c": "C"}))
    assert (a, c) == ("A", "C")
    assert isinstance(b, KeyNotFoundError)
    assert isinstance(b, LookupError)
    assert str(b) == "tracks: no value came back for the key 'b'"
    assert b.key == "b"


async def test_a_mapping_is_not_asked_to_invent_values():
    found = collections.defaultdict(str, a="A")
    a, b, c = await outcomes(answering(found))
    assert a == "A"
    assert [type(b), type(c)] == [KeyNotFoundError, KeyNotFoundError]
    assert dict(found) == {"a": "A"}


async def test_none_is_a_value():
    assert await outcomes(answering([None, "B", None])) == [None, "B", None]
    assert await outcomes(answering({"a": None, "b": "B", "c": None})) == [None, "B", None]


async def test_an_exception_in_an_answer_belongs_to_its_key_alone():
    error = ValueError("b")
    assert await outcomes(answering(["A", error, "C"])) == ["A", error, "C"]
    assert await outcomes(answering({"a": "A", "b": error, "c": "C"})) == ["A", error, "C"]


async def test_an_exception_class_is_a_value_like_any_other():
    assert await outcomes(answering([ValueError, KeyError, "C"])) == [ValueError, KeyError, "C"]


@pytest.mark.parametrize(
    "error",
    [
        StopIteration("end"),
        asyncio.CancelledError(),
        KeyboardInterrupt(),
        SystemExit(1),
        GeneratorExit(),
        BaseExceptionGroup("several", [KeyboardInterrupt()]),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_an_exception_that_no_future_should_carry_is_wrapped_for_its_key_alone(error):
    a, b, c = await outcomes(answering(["A", error, "C"]))
    assert (a, c) == ("A", "C")
    assert type(b) is BatchError
    assert b.__cause__ is error
    assert str(b).startswith(f"tracks: got {type(error).__name__} for a key")


async def test_a_stop_async_iteration_is_an_exception_like_any_other():
    error = StopAsyncIteration()
    assert await outcomes(answering(["A", error, "C"])) == ["A", error, "C"]


async def test_nobody_is_answered_twice_with_one_wrapped_exception_of_another_key():
    a, b = await outcomes(answering([StopIteration(1), StopIteration(2)]), "ab")
    assert (a.__cause__.value, b.__cause__.value) == (1, 2)


# Shapes that do not.


def a_generator():
    yield from "ABC"


async def an_async_generator():
    yield "A"


class NoSequence:
    """Has a length and items, but does not say that it is a sequence."""

    def __len__(self):
        return 3

    def __getitem__(self, position):
        return "ABC"[position]


@pytest.mark.parametrize(
    ("answer", "got"),
    [
        (["A", "B"], "expected 3 outcomes, one per key in their order, got 2"),
        (["A", "B", "C", "D"], "expected 3 outcomes, one per key in their order, got 4"),
        ([], "expected 3 outcomes, one per key in their order, got 0"),
        ("ABC", "got str"),
        (b"ABC", "got bytes"),
        (bytearray(b"ABC"), "got bytearray"),
        (memoryview(b"ABC"), "got memoryview"),
        ({"A", "B", "C"}, "got set"),
        (frozenset("ABC"), "got frozenset"),
        ({"A": 1, "B": 2, "C": 3}.values(), "got dict_values"),
        (iter("ABC"), "got str_"),
        (a_generator(), "got generator"),
        (map(str.upper, "abc"), "got map"),
        (an_async_generator(), "got async_generator"),
        (NoSequence(), "got NoSequence"),
        (3, "got int"),
        (object(), "got object"),
        (ValueError("no"), "got ValueError"),
        (list, "got type"),
    ],
    ids=lambda part: type(part).__name__,
)
async def test_a_wrong_shape_is_an_error_for_every_key_that_names_expected_and_got(answer, got):
    errors = await outcomes(answering(answer))
    assert {type(error) for error in errors} == {BatchError}
    assert {str(error) for error in errors} == {str(errors[0])}
    assert str(errors[0]).startswith("tracks: expected ")
    assert got in str(errors[0])


async def test_an_answer_of_none_is_a_wrong_shape():
    async def forget_to_return(keys):
        del keys

    error = await outcome_of(BatchProcessor(forget_to_return, 5, name="tracks").submit("a"))
    assert type(error) is BatchError
    assert str(error) == (
        "tracks: expected a sequence of 1 outcomes or a mapping by key, got NoneType"
    )


async def test_one_outcome_too_few_for_one_key_is_an_error_too():
    async def nothing(keys):
        del keys
        return []

    error = await outcome_of(BatchProcessor(nothing, 5, name="tracks").submit("a"))
    assert str(error) == "tracks: expected 1 outcomes, one per key in their order, got 0"


@pytest.mark.parametrize(
    ("function", "got"),
    [
        (lambda keys: keys, "list"),
        (lambda keys: None, "NoneType"),  # noqa: ARG005 - that is what is wrong with it
        (lambda keys: an_async_generator(), "async_generator"),  # noqa: ARG005 - likewise
        (a_generator.__class__, "function"),
    ][:3],
)
async def test_a_function_that_is_not_async_is_an_error(function, got):
    error = await outcome_of(BatchProcessor(function, 5, name="tracks").submit("a"))
    assert type(error) is BatchError
    assert str(error) == f"tracks: expected processor_func to be async, got {got}"


async def test_a_mapping_that_fails_when_it_is_read_fails_the_batch():
    class Broken(Mapping):
        def __getitem__(self, key):
            raise OSError(key)

        def __iter__(self):
            return iter("abc")

        def __len__(self):
            return 3

        def __contains__(self, key):
            return True

    errors = await outcomes(answering(Broken()))
    assert list(map(repr, errors)) == ["OSError('a')"] * 3


@pytest.mark.parametrize("length", [2, 3, 4])
async def test_a_sequence_that_lies_about_its_length_is_found_out(length):
    class Lying(Sequence):
        def __len__(self):
            return 3

        def __getitem__(self, position):
            return (["A", "B", "C", "D"][:length])[position]

    found = await outcomes(answering(Lying()))
    if length == 3:
        assert found == ["A", "B", "C"]
    else:
        assert {type(error) for error in found} == {BatchError}
        assert f"got {length}" in str(found[0])


# What a function raises.


@pytest.mark.parametrize(
    "error",
    [
        ValueError("no"),
        TimeoutError(),
        StopAsyncIteration(),
        ExceptionGroup("several", [ValueError()]),
        RecursionError(),
        MemoryError(),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_what_a_function_raises_is_the_outcome_of_every_key(error):
    bulk = Bulk(answers=[error])
    processor = bulk.processor()
    callers = [processor.submit(key) for key in "ab"]
    both = processor.submit_many("bc")
    assert [await outcome_of(caller) for caller in callers] == [error, error]
    assert await both == [error, error]
    assert bulk.batches == [["a", "b", "c"]]


async def test_a_function_that_raises_before_its_first_await_is_no_exception():
    def refuse(keys):
        raise OSError(keys)

    error = await outcome_of(BatchProcessor(refuse, 5).submit("a"))
    assert repr(error) == "OSError(['a'])"


async def test_a_plain_function_that_raises_stop_iteration_leaves_nobody_waiting():
    def stop(keys):
        raise StopIteration(keys)

    error = await outcome_of(BatchProcessor(stop, 5, name="tracks").submit("a"))
    assert type(error) is BatchError
    assert isinstance(error.__cause__, StopIteration)


async def test_a_coroutine_that_raises_stop_iteration_leaves_nobody_waiting():
    bulk = Bulk(answers=[StopIteration("end")])
    error = await outcome_of(bulk.processor().submit("a"))
    assert isinstance(error, RuntimeError), "as Python has it"
    assert isinstance(error.__cause__, StopIteration)


class ForeignError(BaseException):
    """What some libraries end their tasks with."""


@pytest.mark.parametrize(
    "error", [asyncio.CancelledError("out of the blue"), ForeignError("end"), GeneratorExit()]
)
async def test_a_function_that_raises_what_ends_a_task_leaves_nobody_waiting(error):
    bulk = Bulk(answers=[error])
    processor = bulk.processor(name="tracks")
    callers = [processor.submit(key) for key in "ab"]
    several = processor.submit_many("bc")
    found = [*[await outcome_of(caller) for caller in callers], *await several]
    assert {type(one) for one in found} == {BatchError}
    assert {str(one)[:8] for one in found} == {"tracks: "}
    assert await processor.submit("a") == "a!"


@pytest.mark.parametrize("error", [asyncio.CancelledError("out of the blue"), ForeignError("end")])
async def test_what_ended_the_task_is_the_cause_that_its_callers_see(error):
    found = await outcome_of(Bulk(answers=[error]).processor(name="tracks").submit("a"))
    assert found.__cause__ is error
    assert str(found).startswith(f"tracks: got {type(error).__name__}")


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_a_function_that_ends_the_program_answers_its_callers_on_the_way_out(kind):
    callers = []

    async def main():
        processor = Bulk(answers=[kind("bye")]).processor(name="tracks")
        callers.extend([processor.submit("a"), processor.submit_many("ab")])
        await asyncio.sleep(60.0)

    with pytest.raises(kind, match="bye"):
        clock.run(main())
    single, several = callers
    assert isinstance(single.exception(), BatchError)
    assert isinstance(single.exception().__cause__, kind)
    assert [type(one) for one in several.result()] == [BatchError, BatchError]


async def test_a_task_of_the_function_that_is_cancelled_leaves_nobody_waiting():
    async def cancel_itself(keys):
        del keys
        asyncio.current_task().cancel()
        await asyncio.sleep(60.0)

    error = await outcome_of(BatchProcessor(cancel_itself, 5, name="tracks").submit("a"))
    assert type(error) is BatchError
    assert isinstance(error.__cause__, asyncio.CancelledError)


async def test_a_function_that_is_cancelled_before_its_first_step_leaves_nobody_waiting():
    bulk = Bulk(batch_size=1)
    processor = bulk.processor(name="tracks")

    async def ask():
        others = asyncio.all_tasks()
        caller = processor.submit("a")
        (task,) = asyncio.all_tasks() - others
        task.cancel()
        return str(await outcome_of(caller))

    assert await inside(ask) == "tracks: the batch was cancelled"
    assert bulk.calls == []
    assert await processor.submit("b") == "b!"


async def test_an_exception_that_cannot_even_be_printed_leaves_nobody_waiting():
    class Unprintable(BaseException):
        def __str__(self):
            raise ValueError("no words")

    async def fail(keys):
        raise Unprintable(keys)

    async def answer(keys):
        return [Unprintable(key) for key in keys]

    for function in (fail, answer):
        error = await outcome_of(BatchProcessor(function, 5).submit("a"))
        assert isinstance(error, Exception)


# The log.


async def test_a_failure_that_nobody_looks_at_is_not_logged_as_never_retrieved(caplog):
    import gc  # noqa: PLC0415 - beside its only use

    processor = Bulk(answers=[ValueError("no")] * 2, failing={"b": KeyError("b")}).processor()
    callers = [processor.submit("a"), processor.submit_many("bc")]
    await asyncio.wait(callers)
    callers.append(processor.submit("d"))
    await asyncio.wait(callers)
    callers.clear()
    gc.collect()
    assert caplog.records == []


async def test_a_failure_that_many_share_does_not_grow_a_traceback_per_caller():
    processor = Bulk(answers=[ValueError("no")]).processor()

    async def fail(key):
        with pytest.raises(ValueError, match="no") as caught:
            await processor.submit(key)
        depth, trace = 0, caught.value.__traceback__
        while trace:
            depth, trace = depth + 1, trace.tb_next
        return depth

    depths = await asyncio.gather(*map(fail, range(20)))
    assert len(set(depths)) == 1
    assert depths[0] < 10
