"""Bisect: a batch refused because of one key is sent again in halves, within bounds."""

import asyncio

import pytest

from batching import Gate, Limits, RefusedError, RetryableError
from tests.batching.bulk import Bulk, at, now, until

CAUSE = ValueError("invalid id")


class PickyBulk(Bulk):
    """Refuses a whole batch because of some keys, without saying which."""

    def __init__(self, *bad, **options):
        super().__init__(**options)
        self.bad = set(bad)

    async def _answer(self, keys, answer):
        if self.bad.intersection(keys):
            raise RefusedError from CAUSE
        return await super()._answer(keys, answer)


def values(keys, bad=()):
    return [CAUSE if key in bad else f"{key}!" for key in keys]


@pytest.mark.parametrize("bad", range(50))
async def test_one_bad_key_of_50_is_found_in_13_calls_at_most(bad):
    bulk = PickyBulk(bad)
    assert await bulk.processor().submit_many(range(50)) == values(range(50), {bad})
    assert len(bulk.calls) <= 13


async def test_two_bad_keys_of_50_are_found_in_23_calls_at_most():
    most = 0
    for first, second in [(0, 49), (0, 1), (24, 25), (12, 37), (7, 42)]:
        bulk = PickyBulk(first, second)
        found = await bulk.processor().submit_many(range(50))
        assert found == values(range(50), {first, second})
        most = max(most, len(bulk.calls))
    assert most <= 23


async def test_a_key_that_is_refused_alone_is_to_blame():
    bulk = PickyBulk("a")
    assert await bulk.processor().submit_many("a") == [CAUSE]
    assert bulk.batches == [["a"]]


async def test_without_a_cause_the_bad_key_gets_the_refusal_itself():
    refused = RefusedError("one of them")
    bulk = Bulk(batch_size=2, answers=[refused, None, refused])
    assert await bulk.processor().submit_many("ab") == ["a!", refused]


async def test_every_caller_of_the_bad_key_is_told_and_no_other():
    bulk = PickyBulk("bad", batch_size=4)
    processor = bulk.processor()
    singles = [processor.submit(key) for key in ("a", "bad", "bad", "b")]
    several = processor.submit_many(["b", "bad", "c"])
    found = await asyncio.gather(*singles, return_exceptions=True)
    assert found == ["a!", CAUSE, CAUSE, "b!"]
    assert await several == ["b!", CAUSE, "c!"]


async def test_the_search_costs_24_extra_calls_at_most_and_the_rest_may_try_again():
    bulk = PickyBulk(*range(50))
    found = await bulk.processor().submit_many(range(50))
    assert len(bulk.calls) == 1 + 24
    unsure = [error for error in found if error is not CAUSE]
    assert unsure
    assert {type(error) for error in unsure} == {RetryableError}
    assert {(error.final, error.__cause__) for error in unsure} == {(True, CAUSE)}
    assert "refused together with others" in str(unsure[0])


async def test_good_keys_in_what_the_cap_cut_off_are_not_blamed():
    bulk = PickyBulk(*range(0, 50, 2))
    found = await bulk.processor().submit_many(range(50))
    assert len(bulk.calls) <= 1 + 24
    for key, outcome in enumerate(found):
        blamed = outcome is CAUSE
        assert not blamed or key % 2 == 0
        assert blamed or outcome == f"{key}!" or isinstance(outcome, RetryableError)


@pytest.mark.parametrize("rate", [1.0, 0.5])
async def test_a_gate_of_a_call_a_second_is_too_slow_to_search(rate):
    bulk = PickyBulk("b")
    assert await bulk.processor(gate=Gate(rate=rate)).submit_many("abc") == [CAUSE] * 3
    assert len(bulk.calls) == 1


async def test_halves_stand_in_line_at_a_faster_gate():
    bulk = PickyBulk("b", batch_size=4)
    processor = bulk.processor(gate=Gate(rate=2.0))
    assert await processor.submit_many("abcd") == values("abcd", "b")
    assert bulk.calls == [
        (0.0, ["a", "b", "c", "d"]),
        (0.5, ["a", "b"]),
        (1.0, ["c", "d"]),
        (1.5, ["a"]),
        (2.0, ["b"]),
    ]


async def test_halves_need_no_slot_but_keep_to_the_most_calls_in_flight():
    bulk = PickyBulk("b", batch_size=4, latency=1.0)
    processor = bulk.processor(gate=Gate(concurrency=1), limits=Limits(max_in_flight=1))
    assert await processor.submit_many("abcd") == values("abcd", "b")
    assert bulk.most_in_air == 1
    bulk = PickyBulk("b", batch_size=4, latency=1.0)
    processor = bulk.processor(gate=Gate(concurrency=1))
    assert await processor.submit_many("abcd") == values("abcd", "b")
    assert bulk.most_in_air == 2


async def test_other_keys_go_on_while_a_search_is_under_way():
    bulk = PickyBulk("b", batch_size=2, latency=1.0)
    processor = bulk.processor()
    refused = processor.submit_many("ab")
    await until(0.5)
    assert await processor.submit("c") == "c!"
    assert now() == 1.5
    assert await refused == ["a!", CAUSE]


async def test_new_keys_are_due_in_their_time_while_halves_stand_in_line():
    bulk = PickyBulk("b", batch_size=4)
    processor = bulk.processor(gate=Gate(rate=2.0))
    refused = processor.submit_many("abcd")
    assert await at(0.25, processor.submit, "new") == "new!"
    assert await refused == values("abcd", "b")
    assert now() == 2.5
    assert len(bulk.calls) == 6


async def test_keys_that_were_left_meanwhile_are_not_sent_again():
    bulk = PickyBulk("b", batch_size=4, latency=1.0)
    processor = bulk.processor()
    gone, stays = processor.submit_many("ac"), processor.submit_many("bd")
    await until(0.5)
    gone.cancel()
    assert await stays == [CAUSE, "d!"]
    assert bulk.batches == [["a", "c", "b", "d"], ["b"], ["d"]]
    assert await processor.submit("a") == "a!", "it is asked afresh"
    assert repr(processor) == "<BatchProcessor 'batch' [0 waiting | 0 in flight]>"


async def test_a_refused_batch_with_one_key_left_is_not_split_into_nothing():
    bulk = PickyBulk("b", batch_size=4, latency=1.0)
    processor = bulk.processor()
    gone, stays = processor.submit_many("abc"), processor.submit("d")
    await until(0.5)
    gone.cancel()
    assert await stays == "d!"
    assert bulk.batches == [["a", "b", "c", "d"], ["d"]]


async def test_a_half_that_everybody_left_is_not_sent():
    bulk = PickyBulk("a", batch_size=4, latency=1.0)
    gate = Gate(rate=1.5)
    processor = bulk.processor(gate=gate)
    stays, gone = processor.submit_many("ab"), processor.submit_many("cd")
    await until(1.1)  # refused: ["a", "b"] is on its way, ["c", "d"] stands in line
    assert repr(processor) == "<BatchProcessor 'batch' [0 waiting | 4 in flight]>"
    gone.cancel()
    assert await stays == [CAUSE, "b!"]
    assert bulk.batches == [["a", "b", "c", "d"], ["a", "b"], ["a"], ["b"]]
    await processor.close()
    assert repr(gate).startswith("<Gate [0 in the air | 0 in line")


async def test_a_half_may_be_tried_again_like_any_batch():
    answers = [RefusedError(), RetryableError(after=1.0), None]
    bulk = Bulk(batch_size=2, answers=answers)
    processor = bulk.processor()
    assert await processor.submit_many("ab") == ["a!", "b!"]
    assert bulk.calls == [(0.0, ["a", "b"]), (0.0, ["a"]), (0.0, ["b"]), (1.0, ["a"])]


async def test_a_refusal_returned_for_a_key_is_that_keys_outcome():
    refused = RefusedError("bad")
    bulk = Bulk(answers=[lambda _: ["a!", refused]])
    assert await bulk.processor().submit_many("ab") == ["a!", refused]
    assert len(bulk.calls) == 1


async def test_a_cause_that_no_future_should_carry_is_wrapped():
    refused = RefusedError()
    refused.__cause__ = StopIteration("end")
    found = await Bulk(answers=[refused]).processor().submit_many("a")
    assert found[0].__cause__ is refused.__cause__


async def test_a_refused_call_that_nobody_waits_for_is_over():
    async def refuse_on_the_way_out(_):
        try:
            await asyncio.sleep(60.0)
        except asyncio.CancelledError:
            raise RefusedError from CAUSE

    bulk = Bulk(batch_size=2, answers=[refuse_on_the_way_out])
    processor = bulk.processor()
    gone = processor.submit_many("ab")
    await until(1.0)
    gone.cancel()
    await processor.close()
    assert len(bulk.calls) == 1
