"""The judge of shapes names what differs."""

import pytest

from tests.shapes import differences


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ([{"a": 1}], [{"a": 2}], set()),
        ([{"a": None}], [{"a": 2}], {".a: null"}),
        ([{"a": 1, "b": 1}, {"a": 1}], [{"a": 1, "b": 1}], {".b: not always"}),
        ([{"a": 1, "b": 1}], [{"a": 1, "c": 1}], {".b: new", ".c: never"}),
        ([{"a": [{"b": 1}]}], [{"a": [{"b": "1"}, {}]}], {".a[].b: number"}),
        ([{"a": []}], [{"a": [{"b": "1"}]}], set()),
    ],
)
def test_the_judge_names_what_differs(ours, theirs, expected):
    assert differences(ours, theirs) == expected
