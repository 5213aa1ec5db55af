"""Providers: everything that lives as long as the process, one `Provider` per outside service."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Self

from loaders.bundle import Loaders
from loaders.cache import Cache
from loaders.coverart import connect_coverart
from loaders.deezer import connect_deezer
from loaders.errors import NotConfiguredError
from loaders.http import ASGIApp, in_process
from loaders.listenbrainz import connect_listenbrainz
from loaders.musicbrainz import connect_musicbrainz
from loaders.provider import Observer, Provider, ProviderStatus
from loaders.settings import Settings
from loaders.shared import Keyspace, SharedQuota, SharedStore
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
        self.observers: list[Observer] = []  # each sees every batch
        self._simulator = simulator
        self.cache: Cache | None = None
        self._store: SharedStore | None = None
        if settings.redis_url is not None:
            url = settings.redis_url.get_secret_value()
            self._store = SharedStore(url, replicas=settings.replicas)
        self._on: dict[str, Provider] = {}
        self._off: dict[str, str] = {}

    async def start(self) -> None:
        """Connect every provider whose settings allow it, once; makes no call yet."""
        if self._on or self._off:
            return
        settings = _part_of(self.settings) if self._store is None else self.settings
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
            if self.cache is not None:
                self._on[name].memory.begin(self.cache, settings.of(name).partition(name))
        if self._store is not None:
            for provider in self._on.values():
                self._share(provider, self._store)
            await self._store.start()

    async def close(self, *, grace: float | None = None) -> None:
        """Send what waits, settle every key, close every connection.

        After `grace` seconds, where given, the keys that are left fail with ProcessorClosedError.
        """
        providers = list(self._on.values())
        # Requests that still run keep what they have, and are told that it is closed, not off.
        self._on, self._off = {}, {}
        await asyncio.gather(*(provider.close(grace=grace) for provider in providers))
        if self._store is not None:
            await self._store.close()

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

    def _share(self, provider: Provider, store: SharedStore) -> None:
        """Let a provider keep to what all processes may ask of it together."""
        gate = provider.gate
        keyspace = Keyspace.of(provider.name, self.settings.of(provider.name))
        horizon = self.settings.deadline
        gate.share(SharedQuota(store, keyspace, rate=gate.rate, burst=gate.burst, horizon=horizon))


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
