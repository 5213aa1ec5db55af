"""The benchmark of servers asks for what it says, and tells wrong answers from right ones."""

import json
from itertools import pairwise

import pytest

from tests.benchmarks.end_to_end import Case, Result, chart, middle, order, table
from tests.benchmarks.load import Ids, is_right, request

CASE = Case("distinct", 0.02, 10)


def result(rate, wrong=0):
    return Result(rate=rate, p50=1.0, p99=2.0, cpu=3.0, calls=4.0, wrong=wrong)


ROWS = {CASE: {"Unisono": result(300.0), "a rival": result(60.0)}}


def test_distinct_ids_are_asked_once_and_popular_ones_again():
    distinct, popular = Ids("distinct", 50), Ids("popular", 50)
    assert len({native for _ in range(20) for native in distinct.take()}) == 1000
    assert len({native for _ in range(20) for native in popular.take()}) <= 200
    assert len(set(popular.take())) == 50


@pytest.mark.parametrize("names", ["ab", "abcd"])
def test_nobody_is_always_measured_after_the_same_rival(names):
    rounds = [order(names, number) for number in range(len(names))]
    assert all(sorted(one) == list(names) for one in rounds)
    pairs = {pair for turn in rounds for pair in pairwise(turn)}
    assert len(pairs) == len(names) * (len(names) - 1)


def test_a_request_asks_for_its_ids():
    head, _, body = request(["spotify:track:1"]).partition(b"\r\n\r\n")
    assert json.loads(body)["variables"] == {"ids": ["spotify:track:1"]}
    assert f"content-length: {len(body)}".encode() in head


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        (b'"a" "b" "genres" "genres" "genres" "genres" "label" "label"', True),
        (b'"a" "b" "genres" "genres" "genres" "genres" "label" "label" "errors"', False),
        (b'"a" "genres" "genres" "genres" "genres" "label" "label"', False),
        (b'"a" "b" "genres" "genres" "genres" "label" "label"', False),
    ],
)
def test_a_wrong_answer_is_noticed(answer, right):
    assert is_right(["a", "b"], answer) == right


def test_of_several_rounds_the_middle_counts_and_every_wrong_answer():
    assert middle([result(1.0, 1), result(9.0, 1), result(2.0)]) == result(2.0, 2)


def test_the_table_compares_everybody_with_unisono():
    *_, ours, theirs = table(ROWS)
    assert ours.startswith("| distinct, 20 ms, 10 clients | Unisono | 300 |  |")
    assert theirs.startswith("| distinct, 20 ms, 10 clients | a rival | 60 | 5.00x |")


def test_the_longest_bar_is_the_fastest_server():
    case, ours, theirs = chart(ROWS)
    assert case == "distinct, 20 ms, 10 clients"
    assert (ours.count("#"), theirs.count("#")) == (40, 8)
