"""The world of the faults: the whole server over a simulator, and what one query saw of it."""

import asyncio
from dataclasses import dataclass
from typing import Any

from api.testing import TestClient
from loaders.simulator import Simulator

TRACKS = "query ($ids: [ID!]!) { tracks(ids: $ids) { id name } }"
BULK = "GET /v1/tracks"
SINGLE = "GET /v1/tracks/{id}"
TOKEN = "POST /api/token"
SEARCH = "GET /ws/2/recording"


@dataclass
class Seen:
    """What one query saw: the data of its field, the codes by position, and how long it took."""

    data: Any
    errors: list[dict[str, Any]]
    seconds: float

    @property
    def codes(self):
        """The code of each position, None where there is no error."""
        found = {error["path"][1]: self.code(error) for error in self.errors}
        return [found.get(place) for place in range(len(self.data or found))]

    def code(self, error):
        return error["extensions"]["code"].removeprefix("UPSTREAM_")

    def told(self, name):
        """One word of all errors."""
        [word] = {error["extensions"].get(name) for error in self.errors}
        return word

    @property
    def message(self):
        [message] = {error["message"] for error in self.errors}
        return message


class Broken(Simulator):
    """A simulator whose line may be broken: `line(scope, receive, send)` speaks in its place."""

    def __init__(self, line=None, **options):
        super().__init__(**options)
        self.line = line
        self.lines = 0

    async def __call__(self, scope, receive, send):
        is_call = scope["type"] == "http" and scope["path"] != "/api/token"
        if self.line is None or not is_call:
            await super().__call__(scope, receive, send)
            return
        self.lines += 1
        await self.line(scope, receive, send)


class World:
    """>>> async with World() as world:
    ...     world.fault(status=503)
    ...     seen = await world.ask()
    """

    def __init__(self, simulator=None, **settings):
        usual = {"deadline": 8.0, "cache_entries": 0}  # what is remembered has tests of its own
        self.client = TestClient(simulator=simulator or Broken(), **{**usual, **settings})
        self.simulator = self.client.simulator
        tracks = self.simulator.catalogue.tracks
        self.native = [track.spotify_id for track in tracks[:3]]
        self.ids = [f"spotify:track:{native}" for native in self.native]
        self.mbids = list(self.simulator.musicbrainz.library.recordings)[:3]

    async def __aenter__(self):
        await self.client.__aenter__()
        return self

    async def __aexit__(self, *exc):
        await self.client.__aexit__(*exc)

    def fault(self, route=BULK, **fault):
        return self.simulator.fault(route, **fault)

    async def ask(self, ids=None, query=TRACKS):
        """Ask for tracks; the first three of Spotify, unless told otherwise."""
        started = now()
        answer = await self.client.execute(query, {"ids": self.ids if ids is None else ids})
        data = answer.data and next(iter(answer.data.values()))
        return Seen(data, answer.errors, now() - started)

    def calls(self, *, tokens=False):
        """When each call came, token calls or all others."""
        return [call.time for call in self.simulator.calls if (call.route == TOKEN) is tokens]

    def sent(self):
        """Route and number of ids of each call that was not for a token."""
        return [(call.route, len(call.ids)) for call in self.simulator.calls if call.route != TOKEN]

    def forget(self):
        """Forget the calls; faults stay."""
        self.simulator._ledger.forget()

    def processor(self, resource="tracks", provider="spotify"):
        return self.client.engine.providers.on[provider].resources[resource]


def now():
    return asyncio.get_running_loop().time()
