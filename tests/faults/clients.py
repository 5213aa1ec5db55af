"""Many clients at once that ask at random, leave at random, and know every right answer."""

import asyncio
import random
from collections import Counter

QUERY = """query ($ids: [ID!]!) { tracks(ids: $ids) {
  id name artists { id name genres } album { id name label artists { id name } } } }"""

#: What a fault of a provider may come to.
TYPED = {
    "UPSTREAM_TIMEOUT",
    "UPSTREAM_UNAVAILABLE",
    "UPSTREAM_RATE_LIMITED",
    "UPSTREAM_CIRCUIT_OPEN",
    "UPSTREAM_BAD_RESPONSE",
    "UPSTREAM_REJECTED",
    "UPSTREAM_AUTH",
    "DEADLINE_EXCEEDED",
}


class Clients:
    """Clients that each ask for some tracks, and then for some others.

    `execute(query, variables)` answers, `ids` are those of tracks, `truth(id)` is what must be told
    of anything, as a mapping of fields. One of ten queries is left within `patience` seconds.
    """

    def __init__(self, execute, ids, truth, *, seed, patience, most=20):
        self._execute = execute
        self._ids = ids
        self._truth = truth
        self._random = random.Random(seed)
        self._patience = patience
        self._most = most
        self.answered = self.left = 0
        self.codes = Counter()
        self.wrong = []

    async def ask(self, clients, until):
        """Let so many clients ask until `until()`."""
        await asyncio.gather(*(self._client(until) for _ in range(clients)))

    async def _client(self, until):
        while not until():
            ids = self._random.sample(self._ids, self._random.randint(1, self._most))
            asking = asyncio.ensure_future(self._execute(QUERY, {"ids": ids}))
            if self._random.random() < 0.1:
                await asyncio.wait([asking], timeout=self._random.random() * self._patience)
                asking.cancel()
                self.left += 1
            await asyncio.wait([asking])
            if not asking.cancelled():
                self._look_at(ids, asking.result())
                self.answered += 1

    def _look_at(self, ids, answer):
        failed = set()
        for error in answer.errors:
            code = error["extensions"]["code"]
            self.codes[code] += 1
            failed.add(tuple(error["path"]))
            if code not in TYPED:
                self.wrong.append((code, error))
        tracks = answer.data["tracks"] or [None] * len(ids)
        if len(tracks) != len(ids):
            self.wrong.append(("length", len(ids), len(tracks)))
        for place, (id_, track) in enumerate(zip(ids, tracks, strict=False)):
            if track is not None and track["id"] != id_:
                self.wrong.append(("another", id_, track))
            self._look_into(track, ("tracks", place), failed)

    def _look_into(self, told, path, failed):
        """Compare what is told with the truth; a null needs an error at its path or above."""
        if told is None:
            if not any(path[:length] in failed for length in range(1, len(path) + 1)):
                self.wrong.append(("null", path))
        elif isinstance(told, list):
            for place, item in enumerate(told):
                self._look_into(item, (*path, place), failed)
        elif isinstance(told, dict):
            truth = self._truth(told["id"])
            for name, value in told.items():
                if value is None or name not in truth:
                    if truth.get(name, ...) is not None:
                        self._look_into(value, (*path, name), failed)
                elif value != truth[name]:
                    self.wrong.append(("untrue", (*path, name), value, truth[name]))


def standing(engine):
    """How much is under way: tasks, calls in the air or in line, keys waiting or in flight."""
    busy = 0
    for provider in engine.providers.on.values():
        busy += "[0 in the air | 0 in line" not in repr(provider.gate)
        for processor in provider.resources.values():
            busy += "[0 waiting | 0 in flight]" not in repr(processor)
    return {"tasks": len(asyncio.all_tasks()), "busy": busy}
