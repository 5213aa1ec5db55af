"""Every fault meets the same world: three tracks asked through the schema, 8 seconds to answer.

The numbers of the rows are those of the fault catalogue that `test_rows.py` keeps.
"""

import pytest

from tests.faults.world import World


@pytest.fixture
async def world():
    async with World() as world:
        yield world


@pytest.fixture
async def full(world):
    """The world, and what it answers when nothing is wrong."""
    answer = await world.ask()
    world.forget()
    return answer


@pytest.fixture
def half(monkeypatch):
    """Draw a half wherever a pause is drawn."""
    monkeypatch.setattr("random.random", lambda: 0.5)


@pytest.fixture
def two_seconds(monkeypatch):
    """Let a call take two seconds at most."""
    monkeypatch.setattr("loaders.http.TIMEOUT", 2.0)
