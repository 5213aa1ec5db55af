"""Memory: what is remembered of one provider, resource by resource, for as long as it allows."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping
from functools import partial
from typing import Any, TypeAlias, TypeVar

from batching import BatchProcessor, SetCaller
from loaders.cache import Cache, Keep
from loaders.cached import CachedProcessor
from loaders.ids import RESOURCE_OF_KIND
from loaders.lookups import Lookups
from loaders.remembered import Remembered, by_key, parts_told
from loaders.shared import SharedEntries, SharedParts, SharedProcessor
from loaders.trace import Trace

K = TypeVar("K", bound=Hashable)

# How the entries of a resource are shared that may be remembered so long; None: they are not.
Share: TypeAlias = Callable[[str, Keep], SharedEntries | None]

_KIND_OF_RESOURCE = {resource: kind for kind, resource in RESOURCE_OF_KIND.items()}
_KIND_OF_LOOKUP = {f"{kind}_lookup": kind for kind in RESOURCE_OF_KIND}


class Memory:
    """The remembered resources of a provider: none, until there is a cache to remember them in.

    A look-up is remembered by the parts it tells, and as an answer of its entity.
    """

    def __init__(
        self,
        resources: Mapping[str, BatchProcessor[Any, Any]],
        lookups: Mapping[str, Lookups],
        parts: Mapping[str, frozenset[str]],
    ) -> None:
        self._resources = resources
        self._lookups = lookups
        self._parts = parts
        self._keeps: dict[str, Keep] = {}
        #: By resource: what is known of it, and the processor behind that, look-ups apart.
        self.remembered: dict[str, Remembered[Any]] = {}
        self.cached: dict[str, CachedProcessor[Any, Any]] = {}
        #: By resource: the processor behind what other processes know and fetch; by kind: the
        #: parts of entities that they know.
        self.shared: dict[str, SharedProcessor[Any]] = {}
        self.shared_parts: dict[str, SharedParts] = {}

    def __repr__(self) -> str:
        return f"<Memory of {list(self.remembered)}>"

    def allow(
        self, resource: str, keep: Keep, get: Callable[[list[K]], Awaitable[Any]]
    ) -> Callable[[list[K]], Awaitable[Any]]:
        """Return a batch function whose answers may be remembered so long."""
        self._keeps[resource] = keep

        async def get_and_remember(keys: list[K]) -> Any:
            answer = await get(keys)
            if resource in self.remembered:
                self._remember(resource, by_key(keys, answer))
            return answer

        return get_and_remember

    def begin(self, cache: Cache, partition: str, share: Share | None = None) -> None:
        """Remember from now on what may be remembered.

        `partition` tells whose answers these are: those to other credentials may differ. `share`
        returns the entries of a resource that other processes share, where they do.
        """
        for resource, keep in self._keeps.items():
            processor = self._resources[resource]
            lookup = _KIND_OF_LOOKUP.get(resource)
            again = partial(self._ask_parts, lookup) if lookup else partial(self._ask, resource)
            parts = self._parts.get(lookup or _KIND_OF_RESOURCE.get(resource, ""), ())
            remembered = self.remembered[resource] = Remembered(
                processor.name, cache, f"{partition}.{resource}", keep, again, parts=parts
            )
            entries = share(resource, keep) if share else None
            if entries is not None and lookup:
                self.shared_parts[lookup] = SharedParts(processor.name, remembered, entries)
            elif entries is not None:
                remembered.tell_others = entries.fill
                self.shared[resource] = SharedProcessor(processor, remembered, entries)
            if not lookup:
                source = self.shared.get(resource, processor)
                self.cached[resource] = CachedProcessor(source, remembered)

    def unknown_parts(self, kind: str, part: str, natives: Iterable[str]) -> list[tuple[str, str]]:
        """Return which parts of these entities only other processes may know."""
        shared = self.shared_parts.get(kind)
        return shared.unknown([(native, part) for native in natives]) if shared else []

    def recall_part(
        self, kind: str, part: str, natives: Iterable[str], trace: Trace
    ) -> dict[str, Any]:
        """Return what look-ups told of a part of these entities, by native id."""
        remembered = self.remembered.get(f"{kind}_lookup")
        if remembered is None:
            return {}
        known = remembered.recall([(native, part) for native in natives], trace.scope)
        if known:
            told = [native for native, _ in known]
            trace.ask(remembered.name, told)
            trace.recall(remembered.name, told, unasked=True)
        return {native: outcome for (native, _), outcome in known.items()}

    async def end(self) -> None:
        """Give up what is asked again, and look for nothing more in what others know."""
        for remembered in self.remembered.values():
            remembered.close()
        await asyncio.gather(
            *(shared.close() for shared in self.shared.values()),
            *(shared.close() for shared in self.shared_parts.values()),
        )

    def _remember(self, resource: str, outcomes: Mapping[Any, Any]) -> None:
        lookup = _KIND_OF_LOOKUP.get(resource)
        if lookup is None:
            self.remembered[resource].remember(outcomes)
            return
        self.remembered[resource].remember(parts_told(outcomes))
        entities = self.remembered.get(RESOURCE_OF_KIND[lookup])
        if entities is not None:
            entities.remember({each.native: outcome for each, outcome in outcomes.items()})

    # Asked again, after all that somebody waits for.

    def _ask(self, resource: str, keys: list[Any], deadline: float) -> SetCaller[Any, Any]:
        source = self.shared.get(resource, self._resources[resource])
        return source.submit_many(keys, deadline=deadline, background=True)

    def _ask_parts(
        self, kind: str, keys: list[tuple[str, str]], deadline: float
    ) -> SetCaller[Any, Any]:
        wanted = [self._lookups[kind].wanting(native, [part]) for native, part in keys]
        return self._ask(f"{kind}_lookup", wanted, deadline)
