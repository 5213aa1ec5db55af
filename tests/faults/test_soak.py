"""A soak in virtual time: thirty clients, faults of every kind, and nothing left behind.

`make soak` is the long one, over real sockets.
"""

import asyncio
import random

import pytest

from api.testing import TestClient
from loaders.simulator import Simulator
from loaders.simulator.faults import Fault
from tests.faults.clients import TYPED, Clients, standing

#: What may go wrong with a call, as a fault's own arguments.
FAULTS = (
    *({"status": status} for status in (400, 401, 404, 500, 501, 503, 302)),
    {"status": 429, "headers": {"retry-after": "1"}},
    {"status": 429},
    {"hang_up": True},
    {"latency": 0.4},
    {"latency": 60.0},
    *({"body": body} for body in ("", "{", "<html>", '{"tracks": {}}', '{"albums": "x"}', "NaN")),
)


class Unreliable(Simulator):
    """One call of ten meets a fault, tokens too: each kind in turn."""

    def __init__(self, seed):
        super().__init__()
        self.latency = 0.05
        self.met = 0
        self._random = random.Random(seed)

    def _fault_of(self, route):
        if self._random.random() >= 0.1:
            return None
        self.met += 1
        return Fault(route.name, **FAULTS[self.met % len(FAULTS)])


def truths(catalogue):
    """What is to be told of each thing, by its id."""
    told = {f"spotify:track:{track.spotify_id}": {"name": track.name} for track in catalogue.tracks}
    for artist in catalogue.artists:
        told[f"spotify:artist:{artist.spotify_id}"] = {
            "name": artist.name,
            "genres": list(artist.genres),
        }
    for album in catalogue.albums:
        told[f"spotify:album:{album.spotify_id}"] = {
            "name": album.name,
            "label": album.label or None,
        }
    return told


@pytest.mark.parametrize(("seed", "cache_entries"), [(1, 0), (2, 500)])
async def test_everything_is_right_or_a_typed_error_and_nothing_is_left_behind(
    seed, cache_entries, monkeypatch
):
    monkeypatch.setattr("loaders.http.TIMEOUT", 1.0)  # all share calls: one that hangs stops all
    simulator = Unreliable(seed)
    clock = asyncio.get_running_loop().time
    async with TestClient(simulator=simulator, cache_entries=cache_entries, deadline=8.0) as client:
        truth = truths(simulator.catalogue)
        ids = [id_ for id_ in truth if ":track:" in id_][:1000]
        start = standing(client.engine)
        clients = Clients(client.execute, ids, truth.__getitem__, seed=seed, patience=1.0)
        await clients.ask(30, lambda: clock() > 12.0)
        await asyncio.sleep(60.0)  # what nobody waits for any more, and what is asked again
        assert standing(client.engine) == start
        assert clients.wrong == []
        assert clients.answered > 300
        assert clients.left > 30
        assert simulator.met > 2 * len(FAULTS)
        assert len(clients.codes) > 1
        assert set(clients.codes) <= TYPED
