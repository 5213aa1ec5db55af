"""Real sockets want real time: short limits stand in for long ones, and nothing sleeps."""

import pytest

# Seconds for a call, in place of ten; a loopback answers in a thousandth.
LIMIT = 0.5


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def limit(monkeypatch):
    monkeypatch.setattr("loaders.http.TIMEOUT", LIMIT)
    return LIMIT
