"""One request's view of a processor: an `aiodataloader.DataLoader` whose memo can be trusted.

The constructor, `prime`, `clear`, `clear_all`, `get_cache_key` and the meaning of the memo are
upstream's; `load` and `load_many` are ours: each caller has a future of its own, so that one that
is cancelled takes nobody along, and a set of keys costs one look-up and one future.

The memo holds, by key, what will know the outcome: the caller (or callers) that asked for it, or a
`Known` value. A failure returned for a key is remembered, the failure of a whole batch is not.
"""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Callable, Coroutine, Hashable, Iterable, Mapping, MutableMapping
from functools import partial
from types import MappingProxyType
from typing import Any, Generic, Protocol, TypeVar

from aiodataloader import DataLoader

from batching import BatchProcessor, KeyCaller, SetCaller

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_UNKNOWN: Any = object()


class Processor(Protocol[K, V]):
    """What a loader asks: a `BatchProcessor`, or something before one."""

    name: str

    def submit(
        self,
        key: K,
        *,
        scope: Hashable = ...,
        deadline: float | None = ...,
        background: bool = ...,
    ) -> KeyCaller[K, V]:
        """Ask for one key."""

    def submit_many(
        self,
        keys: Iterable[K],
        *,
        scope: Hashable = ...,
        deadline: float | None = ...,
        background: bool = ...,
        known: Mapping[K, V | Exception] = ...,
        raising: bool = ...,
    ) -> SetCaller[K, V]:
        """Ask for a set of keys, of which some may be known."""


class Known(Generic[V]):
    """A memo entry whose outcome was told, not asked."""

    __slots__ = ("outcome",)
    joined = 0

    def __init__(self, outcome: V | Exception) -> None:
        self.outcome = outcome

    def remembered(self, _key: Any, _default: Any) -> V | Exception:
        """Return the outcome."""
        return self.outcome


class Several(Generic[K, V]):
    """A memo entry of callers that asked for the key before it settled: the first to stay knows.

    key, joined:  Those of the first one; a set has no key, but no loader with cache keys has sets.
    """

    __slots__ = ("callers", "joined", "key")

    def __init__(self, first: KeyCaller[K, V] | SetCaller[K, V]) -> None:
        self.callers = deque([first])
        self.key = getattr(first, "key", None)
        self.joined = getattr(first, "joined", 0)

    def done(self) -> bool:
        """Tell whether all have their answer, or have left."""
        return all(caller.done() for caller in self.callers)

    def remembered(self, key: K, default: Any) -> Any:
        """Return the outcome, if it is known; they all get it at once."""
        while True:
            first = self.callers[0]
            outcome = first.remembered(key, default)
            if outcome is not default or not first.done() or len(self.callers) == 1:
                return outcome
            self.callers.popleft()  # it has left


class Loader(DataLoader[K, V]):
    """The loader of one request.

    >>> loader = Loader(fetch_tracks, max_batch_size=50)    # on a processor of its own
    >>> loader = Loader.over(processor, scope=request)      # on one shared with other requests
    >>> track = await loader.load("4uLU6hMCjMI75M1A2tKUQC")
    """

    # Upstream's own constructor asks for an event loop, which may not run yet.
    def __init__(  # noqa: PLR0917 - upstream's signature
        self,
        batch_load_fn: Callable[[list[K]], Coroutine[Any, Any, Any]] | None = None,
        batch: bool | None = None,  # noqa: FBT001 - upstream's signature
        max_batch_size: int | None = None,
        cache: bool | None = None,  # noqa: FBT001 - upstream's signature
        get_cache_key: Callable[[K], Any] | None = None,
        cache_map: MutableMapping[Any, Any] | None = None,
        loop: asyncio.AbstractEventLoop | None = None,  # noqa: ARG002 - the running one is used
    ) -> None:
        if batch_load_fn is not None:
            self.batch_load_fn = batch_load_fn
        if not callable(getattr(self, "batch_load_fn", None)):
            raise TypeError(f"batch_load_fn: expected an async function, got {batch_load_fn!r}")
        if batch is not None:
            self.batch = batch
        if max_batch_size is not None:
            self.max_batch_size = max_batch_size
        size = (self.max_batch_size or sys.maxsize) if self.batch else 1
        self._prepare(
            BatchProcessor(self.batch_load_fn, size, name=type(self).__name__),
            cache=cache,
            get_cache_key=get_cache_key,
            cache_map=cache_map,
        )

    @classmethod
    def over(
        cls,
        processor: Processor[K, V],
        *,
        scope: Hashable = None,
        deadline: float | None = None,
        background: bool = False,
    ) -> Loader[K, V]:
        """Return a loader on a shared processor; its keys carry scope, deadline and priority."""
        loader = cls.__new__(cls)
        asking = {"scope": scope, "deadline": deadline, "background": background}
        loader._prepare(processor, asking)  # noqa: SLF001 - of its own class
        return loader

    def _prepare(
        self,
        processor: Processor[K, V],
        asking: Mapping[str, Any] = MappingProxyType({}),
        *,
        cache: bool | None = None,
        get_cache_key: Callable[[K], Any] | None = None,
        cache_map: MutableMapping[Any, Any] | None = None,
    ) -> None:
        self.processor = processor
        if cache is not None:
            self.cache = cache
        if get_cache_key is not None:
            self.get_cache_key = get_cache_key
        elif not hasattr(self, "get_cache_key"):
            self.get_cache_key = _itself
        # Without a memo or with cache keys of its own a loader takes the long way.
        self._plain = self.cache and self.get_cache_key is _itself and cache_map is None
        self._cache: MutableMapping[Any, Any] = {} if cache_map is None else cache_map
        self._submit: Callable[[K], KeyCaller[K, V]] = (
            partial(processor.submit, **asking) if asking else processor.submit
        )
        self._submit_many: Callable[..., SetCaller[K, V]] = partial(processor.submit_many, **asking)
        #: Keys asked of the processor, answered from the memo, and asked again while on their way.
        self.distinct = self.remembered = self.repeated = 0

    @property
    def asked(self) -> int:
        """How many keys were asked of this loader."""
        return self.distinct + self.remembered + self.repeated

    @property
    def joined(self) -> int:
        """How many of them were on their way for another request already."""
        # A set's caller counts all its joined keys, and stands in the memo once for each key.
        entries = {id(entry): entry for entry in self._cache.values()}
        return sum(getattr(entry, "joined", 0) for entry in entries.values())

    def load(self, key: K) -> asyncio.Future[V]:
        """Load one key; the future is the caller's own, or one that is settled already.

        Raises TypeError for the key None.
        """
        if not self._plain:
            return self._load_by_cache_key(key)
        memo = self._cache
        if key not in memo:
            caller = memo[key] = self._submit(key)
            self.distinct += 1
            return caller
        return self._load_again(key, key, memo[key])

    def _load_by_cache_key(self, key: K) -> asyncio.Future[V]:
        if not self.cache:
            caller = self._submit(key)
            self.distinct += 1
            return caller
        if key is None:
            raise TypeError(f"{self.processor.name}: expected a key, got None")
        cache_key = self.get_cache_key(key)
        there = self._cache.get(cache_key)
        if there is None:
            caller = self._cache[cache_key] = self._submit(key)
            self.distinct += 1
            return caller
        # Of several keys with this cache key it is the one that was sent.
        return self._load_again(getattr(there, "key", key), cache_key, there)

    def _load_again(self, key: K, cache_key: Any, there: Any) -> asyncio.Future[V]:
        """Answer a key that has been asked before."""
        if isinstance(there, asyncio.Future) and not isinstance(there, (KeyCaller, SetCaller)):
            self.remembered += 1
            return there  # put into the `cache_map` by somebody else
        outcome = there.remembered(key, _UNKNOWN)
        if outcome is not _UNKNOWN:
            self.remembered += 1
            return there if isinstance(there, KeyCaller) else _finished(outcome)
        self.repeated += 1
        caller = self._submit(key)
        self._cache[cache_key] = _with(there, caller)
        return caller

    def load_many(
        self, keys: Iterable[K], *, return_exceptions: bool = False
    ) -> asyncio.Future[list[Any]]:
        """Load several keys with one future; the first exception is raised, as upstream does.

        >>> tracks = await loader.load_many(ids, return_exceptions=True)  # exceptions as values
        """
        if not isinstance(keys, Iterable):
            raise TypeError(f"{self.processor.name}: expected keys, got {keys!r}")
        keys = list(keys)
        if not self._plain:
            loads = [self.load(key) for key in keys]
            return asyncio.gather(*loads, return_exceptions=return_exceptions)
        memo = self._cache
        before = len(memo)
        if memo.keys().isdisjoint(keys):
            caller = self._submit_many(keys, raising=not return_exceptions)
            memo.update(dict.fromkeys(keys, caller))
        else:
            caller = self._load_many_again(dict.fromkeys(keys), keys, raising=not return_exceptions)
        self.distinct += len(memo) - before
        self.remembered += len(keys) - len(memo) + before
        return caller

    def _load_many_again(
        self, distinct: dict[K, None], keys: list[K], *, raising: bool
    ) -> SetCaller[K, V]:
        """Answer a set of which some keys have been asked before."""
        memo = self._cache
        known = self._recall(distinct)
        caller = self._submit_many(keys, known=known, raising=raising)
        for key in distinct:
            if key not in memo:
                memo[key] = caller
            elif key not in known:
                memo[key] = _with(memo[key], caller)
                caller.joined -= 1
                self.repeated += 1
                self.remembered -= 1
        return caller

    def prime(self, key: K, value: Any) -> Loader[K, V]:
        """Tell the memo a value, or an exception, unless it knows the key already; chainable."""
        cache_key = self.get_cache_key(key)
        there = self._cache.get(cache_key)
        if there is None or _forgot(there, key):
            self._cache[cache_key] = Known(value)
        return self

    def _recall(self, keys: Iterable[K]) -> dict[K, Any]:
        """Return the outcomes that the memo knows."""
        known: dict[K, Any] = {}
        for key in keys:
            if (there := self._cache.get(key)) is not None:
                outcome = there.remembered(key, _UNKNOWN)
                if outcome is not _UNKNOWN:
                    known[key] = outcome
        return known


def _itself(key: Any) -> Any:
    return key


def _forgot(there: Any, key: Any) -> bool:
    """Tell whether a memo entry was left by all its callers, or failed with its batch."""
    if there.remembered(key, _UNKNOWN) is not _UNKNOWN:
        return False
    return bool(there.done())


def _with(there: Any, caller: Any) -> Any:
    """Return the memo entry after one more caller asked for a key that has not settled."""
    if there.done():
        return caller
    several = there if isinstance(there, Several) else Several(there)
    several.callers.append(caller)
    return several


def _finished(outcome: Any) -> asyncio.Future[Any]:
    """Return a future that is settled."""
    future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
        future.exception()  # whoever awaits it still sees it; whoever does not need not log it
    else:
        future.set_result(outcome)
    return future
