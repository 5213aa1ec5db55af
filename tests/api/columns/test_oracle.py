"""Columns answer as graphql-core does, for whatever schema, values, faults and document."""

import asyncio
import gc

import pytest
from hypothesis import HealthCheck, event, given, settings

from api.columns.run import Run
from tests.api.columns.worlds import told, worlds


def compare(world, monkeypatch):
    completed = []
    complete = Run.complete
    with monkeypatch.context() as patch:
        patch.setattr(Run, "complete", lambda *given: completed.append(1) or complete(*given))
        got = asyncio.run(world.by_columns())
    event("by columns" if completed else "object by object")
    assert told(got) == told(asyncio.run(world.by_graphql_core())), world.text


relaxed = settings(
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.function_scoped_fixture,
        HealthCheck.data_too_large,
        HealthCheck.large_base_example,
    ],
)


# Where a failure takes a list along, graphql-core cancels what stands beside it, some of it before
# it has begun, and Python warns of every coroutine that never did: here, and not in a later test.
cancelled = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(autouse=True)
def leave_nothing():
    """Have what is left in circles collected before a test is over."""
    yield
    gc.collect()


@cancelled
@given(worlds(faults=False))
@settings(relaxed, max_examples=40)
def test_whole_values_are_shown_alike(monkeypatch, world):
    compare(world, monkeypatch)


@cancelled
@given(worlds(faults=True))
@settings(relaxed, max_examples=120)
def test_faulty_values_make_the_same_errors(monkeypatch, world):
    compare(world, monkeypatch)
