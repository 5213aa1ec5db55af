"""Loaders: one request's loaders, over all providers.

>>> loaders = providers.loaders()
>>> await loaders.load("tracks", [("spotify", "11dFghVXANMlKmJXsNCbNl")])
[Track(...)]

Outcomes come in the order of what was asked: a value, None for what the provider does not know, or
the exception of that one key. Cancelling a call here cancels nothing that another caller waits for.
"""

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from math import ceil
from typing import Any

from loaders.errors import NotConfiguredError, ProviderError, RateLimitedError
from loaders.ids import Ref
from loaders.loader import Loader
from loaders.provider import Provider
from loaders.records import UNKNOWN, Album, Page, PageKey, Record, Track
from loaders.trace import Trace

# Where an entity of a kind is asked by its id.
RESOURCE_OF_KIND = {"track": "tracks", "artist": "artists", "album": "albums"}


class Loaders:
    """One request's view of all providers; made by `Providers.loaders()`.

    `deadline` is loop time; a key that is not there by then fails.
    """

    def __init__(
        self,
        providers: Mapping[str, Provider],
        off: Mapping[str, str],
        *,
        trace: Trace,
        deadline: float | None = None,
    ) -> None:
        self.trace = trace
        self.deadline = deadline
        self._providers = providers
        self._off = off
        self._loaders: dict[str, Loader[Any, Any]] = {}

    async def load(
        self, resource: str, asked: Sequence[tuple[str, Hashable]]
    ) -> list[Any | Exception]:
        """Return one outcome per pair of a provider and a key of this resource.

        >>> await loaders.load("isrcs", [("spotify", "USRC17607839"), ("deezer", "USRC17607839")])
        [(Track(...),), NotConfiguredError(...)]
        """
        return await self._load([(provider, resource, key) for provider, key in asked])

    async def entities(self, refs: Sequence[Ref]) -> list[Record | Exception | None]:
        """Return the record of each reference, whatever its kind and provider."""
        return await self._load(
            [(ref.provider, RESOURCE_OF_KIND[ref.kind], ref.native) for ref in refs]
        )

    async def complete(self, records: Sequence[Record]) -> list[Record | Exception | None]:
        """Return the full record of each one; those that are complete already cost nothing."""
        partial = [record for record in records if not record.is_complete]
        found = iter(
            await self._load(
                [(part.provider, RESOURCE_OF_KIND[part.kind], part.native) for part in partial]
            )
        )
        return [record if record.is_complete else next(found) for record in records]

    async def album_tracks(
        self, albums: Sequence[Album], *, offset: int, limit: int
    ) -> list[Page[Track] | Exception | None]:
        """Return a page of the tracks of each album.

        An album's own answer brings its first tracks, and many albums come in one call: so for a
        first page, albums whose tracks are not known are completed together, and only what is
        missing then has a call of its own.
        """
        first = offset == 0
        unknown = [album for album in albums if first and album.tracks is UNKNOWN]
        full = iter(await self._load([(it.provider, "albums", it.native) for it in unknown]))
        found = [next(full) if first and album.tracks is UNKNOWN else album for album in albums]
        outcomes = [_tracks_told(outcome, offset, limit) for outcome in found]
        missing = [index for index, outcome in enumerate(outcomes) if outcome is _MISSING]
        keys = [PageKey(albums[index].native, offset, limit) for index in missing]
        pages = await self._load(
            [
                (albums[index].provider, "album_tracks", key)
                for index, key in zip(missing, keys, strict=True)
            ]
        )
        for index, page in zip(missing, pages, strict=True):
            outcomes[index] = page
        return outcomes

    async def _load(self, asked: Sequence[tuple[str, str, Hashable]]) -> list[Any | Exception]:
        """Return one outcome per provider, resource and key: one `load_many` per loader."""
        groups: dict[tuple[str, str], list[int]] = {}
        for index, (provider, resource, _) in enumerate(asked):
            groups.setdefault((provider, resource), []).append(index)
        outcomes: list[Any] = [None] * len(asked)
        waiting = []
        for (provider, resource), indexes in groups.items():
            loader = self._loader(provider, resource)
            if isinstance(loader, ProviderError):
                for index in indexes:
                    outcomes[index] = loader
                continue
            keys = [asked[index][2] for index in indexes]
            self.trace.ask(f"{provider}.{resource}", keys)
            waiting.append((indexes, loader.load_many(keys, return_exceptions=True)))
        # All are submitted by now, so waiting for one after the other is waiting for the slowest.
        try:
            for indexes, values in waiting:
                for index, value in zip(indexes, await values, strict=True):
                    outcomes[index] = value
        finally:
            for _, values in waiting:  # who is cancelled waits for none of them any more
                values.cancel()
        return outcomes

    def _loader(self, provider: str, resource: str) -> Loader[Any, Any] | ProviderError:
        """Return the loader of a resource, or why there is no use in asking it."""
        name = f"{provider}.{resource}"
        loader = self._loaders.get(name)
        if loader is not None:
            return loader
        on = self._providers.get(provider)
        if on is None:
            reason = self._off.get(provider, "this server does not speak to it")
            return NotConfiguredError(provider, f"{provider} is off: {reason}")
        processor = on.resources.get(resource)
        if processor is None:
            return NotConfiguredError(provider, f"{provider} has no {resource}")
        held = on.gate.held
        if held and self.deadline is not None and held > self.deadline - _now():
            # Retry-After can be a day: nobody is kept waiting for what cannot come in time.
            pause = f"{provider} takes no calls for {ceil(held)} s"
            return RateLimitedError(provider, pause, retry_after=held)
        loader = Loader.over(processor, scope=self.trace, deadline=self.deadline)
        self._loaders[name] = loader
        self.trace.watch(name, loader)
        return loader


def _now() -> float:
    return asyncio.get_running_loop().time()


_MISSING: Any = object()


def _tracks_told(outcome: Any, offset: int, limit: int) -> Any:
    """Return the page of tracks that an album told, if it told it, or else why there is none."""
    if not isinstance(outcome, Album):
        return outcome
    page = None if outcome.tracks is UNKNOWN else outcome.tracks.cut(offset, limit)
    return _MISSING if page is None else page
