"""A simulator, and a client that has a token."""

import httpx
import pytest

from loaders.simulator import Simulator

BASE = "http://simulator.invalid"


@pytest.fixture
def simulator():
    return Simulator()


@pytest.fixture
async def stranger(simulator):
    """A client without a token."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(simulator), base_url=BASE) as client:
        yield client


@pytest.fixture
async def client(simulator, stranger):
    """A client with a token; what that cost is forgotten."""
    answer = await stranger.post(
        "/api/token", data={"grant_type": "client_credentials"}, auth=("id", "secret")
    )
    stranger.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
    simulator.reset()
    return stranger


@pytest.fixture
async def musicbrainz(simulator):
    """A client of MusicBrainz, which need not wait."""
    simulator.musicbrainz.calls_per_second = None
    transport = httpx.ASGITransport(simulator)
    url, params = f"{BASE}/ws/2", {"fmt": "json"}
    async with httpx.AsyncClient(transport=transport, base_url=url, params=params) as client:
        yield client
