"""No defect that was measured in other loaders is in ours, and the table can tell them apart."""

import asyncio
import gc

import pytest

from api.testing import clock
from tests.defects import ROWS, maker, verdict


def run_on_the_virtual_clock(main):
    try:
        return clock.run(asyncio.wait_for(main, 60))
    finally:
        gc.collect()  # what a row leaves behind is reported with that row


@pytest.mark.parametrize("defect", ROWS)
def test_our_loader_does_not_have_it(defect):
    ROWS[defect](maker("unisono"), run_on_the_virtual_clock)


@pytest.mark.parametrize(
    ("defect", "expected"),
    [
        ("loads of one tick that are 0 to 5 awaits deep make several batches", "broken"),
        ("a batch function that loads its own key hangs", "hangs"),
        ("clearing a key that is not there is an error, or cannot be chained", "ok"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_the_table_can_tell_them_apart(defect, expected, monkeypatch):
    monkeypatch.setattr("tests.defects.DEADLINE", 0.1)
    assert verdict(defect, "aiodataloader") == expected
    gc.collect()
