"""Cached: a processor behind what is remembered; a loader takes it for the processor itself.

What is remembered is answered at once and never gets to the processor. The rest is submitted as
ever, and where nothing is remembered, the processor's own futures are handed out.
"""

import asyncio
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, Generic, TypeVar

from batching import KeyCaller, SetCaller
from loaders.loader import Processor
from loaders.remembered import Remembered
from loaders.trace import Trace

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
    ) -> SetCaller[K, V]:
        """Ask for a set of keys, as `BatchProcessor.submit_many` does."""
        keys = list(keys)
        known = self._recall(keys, scope)
        missing = [key for key in keys if key not in known] if known else keys
        asked = self._processor.submit_many(
            missing, scope=scope, deadline=deadline, background=background
        )
        return _Recalled(keys, known, missing, asked) if known else asked

    def _recall(self, keys: list[K], scope: Hashable) -> dict[K, Any]:
        known = self._remembered.recall(keys, scope)
        if known and isinstance(scope, Trace):
            scope.recall(self.name, list(known))
        return known


class _Recalled(SetCaller[K, V]):
    """One caller's future for a set of keys of which some are remembered and some are asked."""

    def __init__(
        self, keys: list[K], known: Mapping[K, V], missing: list[K], asked: SetCaller[K, V]
    ) -> None:
        super().__init__(loop=asked.get_loop())
        self.expect(keys)
        self.joined = asked.joined
        self._asked = asked
        self._missing_keys = missing
        self.settle_all(known.items(), len(known))
        if missing:
            self._take(asked) if asked.done() else asked.add_done_callback(self._take)

    def cancel(self, msg: Any | None = None) -> bool:
        """Leave; no other caller of any of the keys notices."""
        return asyncio.Future.cancel(self, msg) and (self._asked.cancel(msg) or True)

    def _take(self, asked: "asyncio.Future[Any]") -> None:
        if asked.cancelled():
            asyncio.Future.cancel(self)
            return
        self.batch_failed |= self._asked.batch_failed
        outcomes = dict(zip(self._missing_keys, asked.result(), strict=True))
        self.settle_all(outcomes.items(), len(outcomes))
