"""What the tests against a real Redis share: the server, real time, and an end to all waiting.

A server is looked for on the PATH, then where a package has brought one. Where there is none these
tests are skipped, loudly; with TESTS_NEED=redis, as in `.ci/run`, they fail.
"""

import pytest

from loaders.shared import SharedStore
from loaders.shared import store as store_module
from loaders.shared.store import PATIENCE
from tests.needs import missing
from tests.redis.server import RedisServer, binaries
from tests.redis.worlds import until_up

BINARIES = binaries()
NONE_HERE = (
    "NO REDIS SERVER: what several processes share was not tested. Install redis-server, "
    "or run on Python 3.11 on Linux, where the development environment brings one."
)


@pytest.fixture
def anyio_backend():
    """Time is real here: the server's clock cannot be another one."""
    return "asyncio"


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Wait longer for Redis than a server does, where a busy machine would make a difference."""
    monkeypatch.setattr(store_module, "PATIENCE", 5.0)


@pytest.fixture
def impatient(patience, monkeypatch):  # noqa: ARG001  after the other
    """Give a Redis up soon, though later than a server does."""
    monkeypatch.setattr(store_module, "PATIENCE", 0.2)


@pytest.fixture
def as_served(impatient, monkeypatch):  # noqa: ARG001  after the other
    """Give a Redis up when a server does."""
    monkeypatch.setattr(store_module, "PATIENCE", PATIENCE)


@pytest.fixture(scope="session")
def binary():
    """Return the path of a server."""
    if not BINARIES:
        missing("redis", NONE_HERE)
    return next(iter(BINARIES.values()))


@pytest.fixture(scope="session", params=BINARIES or ["none"])
def shared_server(request, binary):
    with RedisServer(BINARIES.get(request.param, binary)) as server:
        yield server


@pytest.fixture
def server(shared_server):
    """An empty server of each version that is here; who ends or hangs one takes `own_server`."""
    shared_server.client.flushall()
    return shared_server


@pytest.fixture
def own_server(binary):
    """A server for this test alone, to be done with as it likes."""
    with RedisServer(binary) as server:
        yield server


@pytest.fixture
async def store(server):
    async with SharedStore(server.url) as opened:
        await until_up(opened)
        yield opened
