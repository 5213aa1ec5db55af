"""The catalogue of faults: every row has its test, here or where it is named.

1-7, 11, 12   pauses                 32-40  whose item is whose      58-62  too much, left alone
8-10, 13-31   failures, half answers 41-44, 50  refusals             75-85  clocks, input, secrets
16-31         again over sockets     45-49  tokens                   63-74  caches and Redis: theirs
"""

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ROWS = [*range(1, 63), *range(75, 86)]

# Rows whose tests stand with what they are about.
ELSEWHERE = {
    31: "tests/faults/hostile/test_answers.py::test_a_head_that_is_no_head",
    52: "tests/api/test_isolation.py::test_a_sibling_cancelled_over_a_shared_key_leaves",
    53: "tests/api/test_isolation.py::test_a_client_that_leaves_takes_nothing_from_another",
    54: "tests/batching/test_isolation.py::test_when_all_waiting_keys_have_left_nothing_is_sent",
    55: "tests/batching/test_isolation.py::test_a_call_that_nobody_waits_for_is_cancelled",
    56: "tests/api/test_attacks.py::test_16_a_client_that_goes_away_frees_what_it_alone_waited_for",
    57: "tests/batching/test_isolation.py::test_who_joins_a_dying_call_gets_a_fresh_one",
    77: "tests/api/test_served.py::test_at_sigterm_what_runs_is_finished_and_new_queries",
    78: "tests/api/test_served.py::test_at_sigterm_what_outlasts_the_grace_is_told_so",
    79: "tests/api/test_served.py::test_a_second_sigterm_ends_at_once",
}


def rows_of(text):
    """The numbers that stand after "row" or "rows"."""
    found = set()
    for words in re.findall(r"\brows? ([\d, ]+(?:(?:and|to) \d+)?)", text, re.IGNORECASE):
        numbers = [int(number) for number in re.findall(r"\d+", words)]
        found |= set(range(numbers[-2], numbers[-1] + 1)) if " to " in words else set(numbers)
    return found


HAVE = {
    row
    for path in HERE.glob("test_*.py")
    if path.name != Path(__file__).name
    for comment in re.findall(r"^# .*|id=\"row[^\"]*\"", path.read_text(), re.MULTILINE)
    for row in rows_of(comment)
}


@pytest.mark.parametrize("row", ROWS)
def test_a_row_has_its_test(row):
    if row not in ELSEWHERE:
        assert row in HAVE
        return
    name, _, test = ELSEWHERE[row].partition("::")
    assert f"def {test}" in (ROOT / name).read_text()
