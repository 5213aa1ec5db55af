"""Several processes over one Redis, each with its own memory, though in one event loop."""

import asyncio

from batching import BatchProcessor
from loaders import Artist, Settings
from loaders.cache import Cache, Keep
from loaders.cached import CachedProcessor
from loaders.remembered import Remembered
from loaders.shared import Keyspace, SharedEntries, SharedProcessor, SharedStore

KEYSPACE = Keyspace.of("spotify", Settings.demo_settings().spotify)
KEEP = Keep(fresh=60.0, stale=60.0, unknown=30.0)


def artist(native, name="Ana"):
    return Artist(
        id=f"spotify:artist:{native}",
        name=name,
        url=None,
        genres=("fado",),
        images=(),
        popularity=5,
        followers=None,
        country=None,
    )


async def until_up(store):
    """Wait until a store is used."""
    async with asyncio.timeout(10.0):
        while not store.is_up:  # noqa: ASYNC110 - only its own task knows
            await asyncio.sleep(0.005)


class Upstream:
    """Answers every key with an artist of that id, and remembers who asked for what.

    >>> upstream.answers["a"] = None
    """

    def __init__(self):
        self.calls = []
        self.answers = {}
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def get(self, process, keys):
        self.calls.append((process, list(keys)))
        await self.may_answer.wait()
        return {key: self.answers.get(key, artist(key)) for key in keys}

    @property
    def fetched(self):
        """The keys fetched, in order."""
        return sorted(key for _, keys in self.calls for key in keys)


class Process:
    """One server's way to one resource, from its cache to its calls."""

    def __init__(self, name, url, upstream, *, keep=KEEP, resource="artists", batch_size=50):
        self.name = name
        self.upstream = upstream
        self.store = SharedStore(url)
        self.processor = BatchProcessor(self._get, batch_size, name=f"spotify.{resource}")
        self.remembered = Remembered(
            f"spotify.{resource}", Cache(10_000), f"0.{resource}", keep, self._again
        )
        self.entries = SharedEntries(self.store, KEYSPACE, resource, keep)
        self.remembered.tell_others = self.entries.fill
        self.shared = SharedProcessor(self.processor, self.remembered, self.entries)
        self.cached = CachedProcessor(self.shared, self.remembered)

    async def __aenter__(self):
        await self.store.start()
        return self

    async def __aexit__(self, *exc):
        self.remembered.close()
        await self.shared.close()
        await self.processor.close(grace=0.0)
        await self.store.close()

    async def _get(self, keys):
        answer = await self.upstream.get(self.name, keys)
        self.remembered.remember(answer)
        return answer

    def _again(self, keys, deadline):
        return self.shared.submit_many(keys, deadline=deadline, background=True)

    def forget(self):
        """Remember nothing more."""
        self.remembered._cache = Cache(10_000)

    async def told(self):
        """Wait until Redis knows all that this process has told it."""
        await asyncio.gather(*self.store._unattended)
