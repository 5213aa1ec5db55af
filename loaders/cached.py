"""Cached: a processor behind what is remembered; a loader takes it for the processor itself.

What is remembered is answered at once and never gets to the processor. The rest is submitted as
ever, and where nothing is remembered, the processor's own futures are handed out.
"""

from collections.abc import Hashable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from batching import KeyCaller, SetCaller
from loaders.loader import Processor
from loaders.remembered import Remembered
from loaders.trace import trace_of

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class CachedProcessor(Generic[K, V]):
    """The processor of one resource, as far as loaders use it.

    >>> loader = Loader.over(CachedProcessor(processor, remembered))
    """

    def __init__(self, processor: Processor[K, V], remembered: Remembered[K]) -> None:
        self.name = processor.name
        self._processor = processor
        self._remembered = remembered

    def __repr__(self) -> str:
        return f"<CachedProcessor {self._remembered!r} {self._processor!r}>"

    def submit(
        self,
        key: K,
        *,
        scope: Hashable = None,
        deadline: float | None = None,
        background: bool = False,
    ) -> KeyCaller[K, V]:
        """Ask for one key, as `BatchProcessor.submit` does."""
        known = self._recall([key], scope)
        if not known:
            return self._processor.submit(
                key, scope=scope, deadline=deadline, background=background
            )
        caller: KeyCaller[K, V] = KeyCaller()
        caller.key = key
        caller.settle(key, known[key])
        return caller

    def submit_many(
        self,
        keys: Iterable[K],
        *,
        scope: Hashable = None,
        deadline: float | None = None,
        background: bool = False,
        known: Mapping[K, V | Exception] = MappingProxyType({}),
        raising: bool = False,
    ) -> SetCaller[K, V]:
        """Ask for a set of keys, as `BatchProcessor.submit_many` does."""
        keys = list(keys)
        recalled = self._recall([key for key in keys if key not in known], scope)
        return self._processor.submit_many(
            keys,
            scope=scope,
            deadline=deadline,
            background=background,
            known={**known, **recalled},
            raising=raising,
        )

    def _recall(self, keys: list[K], scope: Hashable) -> dict[K, Any]:
        known = self._remembered.recall(keys, scope)
        if known and (trace := trace_of(scope)):
            trace.recall(self.name, list(known))
        return known
