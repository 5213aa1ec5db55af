"""Providers: everything that lives as long as the process, one `Provider` per outside service."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Self

from loaders.bundle import Loaders
from loaders.cache import Cache
from loaders.coverart import connect_coverart
from loaders.deezer import connect_deezer
from loaders.errors import NotConfiguredError
from loaders.feed import Feed
from loaders.http import ASGIApp, in_process
from loaders.listenbrainz import connect_listenbrainz
from loaders.musicbrainz import connect_musicbrainz
from loaders.provider import Observer, Provider, ProviderStatus
from loaders.settings import ProviderSettings, Settings
from loaders.shared import Keyspace, SharedEntries, SharedQuota, SharedStore
from loaders.spotify import connect_spotify
from loaders.trace import Trace
from loaders.wikidata import connect_wikidata

# How each provider is connected, in the order in which they are shown. `connect` raises
# NotConfiguredError when the settings do not do; that provider is off then, and the rest is served.
CONNECT: dict[str, Callable[..., Provider]] = {
    "spotify": connect_spotify,
    "musicbrainz": connect_musicbrainz,
    "deezer": connect_deezer,
    "listenbrainz": connect_listenbrainz,
    "wikidata": connect_wikidata,
    "coverart": connect_coverart,
}


class Providers:
    """All providers that are on.

    >>> async with Providers(Settings()) as providers:
    ...     await providers.loaders().load("tracks", [("spotify", "11dFghVXANMlKmJXsNCbNl")])

    With a `simulator`, an ASGI app that speaks for the providers, nothing leaves this process.
    """

    def __init__(self, settings: Settings, *, simulator: ASGIApp | None = None) -> None:
        self.settings = settings
        self.feed = Feed(hello=self._hello, standing=self._standing)
        self.observers: list[Observer] = [self.feed.land]  # each sees every batch
        self._simulator = simulator
        self.cache: Cache | None = None
        self.store: SharedStore | None = None
        if settings.redis_url is not None:
            url = settings.redis_url.get_secret_value()
            self.store = SharedStore(url, replicas=settings.replicas)
        self._on: dict[str, Provider] = {}
        self._off: dict[str, str] = {}

    async def start(self) -> None:
        """Connect every provider whose settings allow it, once; makes no call yet."""
        if self._on or self._off:
            return
        settings = _part_of(self.settings) if self.store is None else self.settings
        # Made here, for its times are those of the loop that runs now.
        self.cache = Cache(settings.cache_entries) if settings.cache_entries else None
        for name, connect in CONNECT.items():
            transport = None if self._simulator is None else in_process(self._simulator)
            try:
                self._on[name] = connect(settings, transport=transport)
            except NotConfiguredError as error:
                self._off[name] = str(error)
                continue
            self._on[name].observers = self.observers
            self._on[name].feed = self.feed
            self._share(self._on[name], settings.of(name))
        if self.store is not None:
            await self.store.start()

    async def close(self, *, grace: float | None = None) -> None:
        """Send what waits, settle every key, close every connection.

        After `grace` seconds, where given, the keys that are left fail with ProcessorClosedError.
        """
        providers = list(self._on.values())
        # Requests that still run keep what they have, and are told that it is closed, not off.
        self._on, self._off = {}, {}
        await asyncio.gather(*(provider.close(grace=grace) for provider in providers))
        self.feed.close()
        if self.store is not None:
            await self.store.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    @property
    def on(self) -> Mapping[str, Provider]:
        """Return the providers that are on, by name."""
        return self._on

    def statuses(self) -> list[ProviderStatus]:
        """Return how each provider stands, those that are off too."""
        return [
            self._on[name].status()
            if name in self._on
            else ProviderStatus(name, on=False, reason=self._off.get(name, "closed"))
            for name in CONNECT
        ]

    def loaders(
        self,
        *,
        trace: Trace | None = None,
        deadline: float | None = None,
        background: bool = False,
    ) -> Loaders:
        """Return the loaders of one request; `deadline` is loop time."""
        return Loaders(
            self._on,
            self._off,
            trace=trace or Trace(),
            deadline=deadline,
            background=background,
        )

    def _share(self, provider: Provider, own: ProviderSettings) -> None:
        """Let requests share what a provider tells, and processes what it allows as well."""
        share = None
        if self.store is not None:
            keyspace = Keyspace.of(provider.name, own)
            share = partial(SharedEntries.of, self.store, keyspace)
            gate, horizon = provider.gate, self.settings.deadline
            gate.share(
                SharedQuota(self.store, keyspace, rate=gate.rate, burst=gate.burst, horizon=horizon)
            )
        if self.cache is not None:
            provider.memory.begin(self.cache, own.partition(provider.name), share)

    def _hello(self) -> list[dict[str, Any]]:
        """Return what whoever watches the feed is told first: who can be asked for what."""
        return [
            {
                "name": status.name,
                "on": status.on,
                "reason": status.reason,
                "rate": self._on[status.name].gate.rate if status.on else None,
                "concurrency": self._on[status.name].gate.concurrency if status.on else None,
                "loaders": {
                    processor.name: {
                        "size": processor.batch_size,
                        "window": processor.max_wait_time or 0,
                    }
                    for processor in (self._on[status.name].resources.values() if status.on else ())
                },
            }
            for status in self.statuses()
        ]

    def _standing(self) -> dict[str, dict[str, Any]]:
        """Return how the providers that are on stand now: hold, budget and the keys that wait."""
        return {
            name: {
                "hold": round(provider.gate.held, 3),
                "budget": provider.gate.budget,
                "waiting": {
                    processor.name: waiting
                    for processor in provider.resources.values()
                    if (waiting := processor.get_pending_count())
                },
            }
            for name, provider in self._on.items()
        }


def _part_of(settings: Settings) -> Settings:
    """Return the settings of one of several processes that cannot talk to each other."""
    if settings.replicas == 1:
        return settings
    parts = {}
    for name in CONNECT:
        own = settings.of(name)
        if own.rate is not None:
            parts[name] = own.model_copy(update={"rate": own.rate / settings.replicas})
    return settings.model_copy(update=parts)
