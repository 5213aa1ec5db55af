"""Providers over the simulator, as the demo has them."""

import pytest

from loaders import Providers, Settings
from loaders.simulator import Simulator


@pytest.fixture
def simulator():
    return Simulator()


@pytest.fixture
async def providers(simulator):
    async with Providers(Settings.demo_settings(), simulator=simulator) as providers:
        yield providers


@pytest.fixture
def load(providers):
    """Load keys of one of Spotify's resources, each time as another request."""

    async def load(resource, keys):
        return await providers.loaders().load(resource, [("spotify", key) for key in keys])

    return load


@pytest.fixture
def calls(simulator):
    """Return (route, number of ids) of every call to the API so far; token calls are no such."""

    def calls():
        return [(call.route, len(call.ids)) for call in simulator.calls if call.route != TOKEN]

    return calls


TOKEN = "POST /api/token"
