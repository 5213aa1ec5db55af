"""What a processor, a gate and the errors say of themselves."""

import asyncio

import batching
from batching import BatchResult, Gate, Limits, RetryableError
from tests.batching.bulk import Bulk, until


async def test_a_processor_shows_its_name_and_what_waits_and_flies():
    bulk = Bulk(batch_size=2, latency=1.0)
    processor = bulk.processor(name="spotify.tracks", limits=Limits(max_in_flight=1))
    assert repr(processor) == "<BatchProcessor 'spotify.tracks' [0 waiting | 0 in flight]>"
    keys = processor.submit_many("abcde")
    await until(0.5)
    assert repr(processor) == "<BatchProcessor 'spotify.tracks' [3 waiting | 2 in flight]>"
    await keys
    await processor.close()
    assert repr(processor) == "<BatchProcessor 'spotify.tracks' [0 waiting | 0 in flight | closed]>"


async def test_keys_that_rest_and_halves_that_stand_ready_are_in_flight():
    bulk = Bulk(answers=[RetryableError(after=1.0)])
    processor = bulk.processor()
    resting = processor.submit("a")
    await until(0.5)
    assert repr(processor) == "<BatchProcessor 'batch' [0 waiting | 1 in flight]>"
    await resting


async def test_a_gate_shows_its_line_and_its_hold():
    gate = Gate(concurrency=1)
    assert repr(gate) == "<Gate [0 in the air | 0 in line]>"

    async def visit():
        async with gate.permit():
            await asyncio.sleep(10.0)

    calls = [asyncio.create_task(visit()) for _ in range(3)]
    await until(1.0)
    gate.hold(5.0)
    assert repr(gate) == "<Gate [1 in the air | 2 in line | held 5.0 s]>"
    for call in calls:
        call.cancel()
    await asyncio.wait(calls)
    assert repr(gate) == "<Gate [0 in the air | 0 in line | held 5.0 s]>"


async def test_no_repr_and_no_error_shows_a_value():
    processor = Bulk(answers=[lambda _: ["secret", "secret"]]).processor()
    caller = processor.submit("a")
    await asyncio.wait([caller])
    assert "secret" not in f"{processor!r} {processor.gate!r} {caller.exception()}"


def test_a_result_shows_what_it_holds():
    error = KeyError("b")
    assert repr(BatchResult(["a!"], [("b", error)])) == (
        "BatchResult(successful=['a!'], failed=[('b', KeyError('b'))])"
    )


def test_everything_public_is_listed_and_every_class_documented():
    assert sorted(batching.__all__) == batching.__all__
    public = [getattr(batching, name) for name in batching.__all__]
    assert [one for one in public if isinstance(one, type) and not one.__doc__] == []


def test_a_mark_says_what_it_says():
    assert str(RetryableError()) == "try again"
    assert (RetryableError().after, RetryableError().final) == (None, False)
    assert RetryableError("busy", after=1.5).after == 1.5
