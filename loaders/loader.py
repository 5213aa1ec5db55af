"""One request's view of a processor: an `aiodataloader.DataLoader` whose memo can be trusted.

The constructor, `prime`, `clear`, `clear_all`, `get_cache_key` and the meaning of the memo are
upstream's; `load` and `load_many` are ours: each caller has a future of its own, so that one that
is cancelled takes nobody along, and a set of keys costs one look-up and one future.

The memo holds, by key, what will know the outcome: the caller that asked for it, or a `Known`
value. Of several callers it holds the latest, and each has the one before it (`before`), for if one
leaves, another may know. A failure returned for a key is remembered, that of a whole batch is not.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Hashable, Iterable, Mapping, MutableMapping
from functools import partial
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

    def __init__(self, outcome: V | Exception) -> None:
        self.outcome = outcome

    def remembered(self, _key: Any, _default: Any) -> V | Exception:
        """Return the outcome."""
        return self.outcome


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
        loader._prepare(processor, scope, deadline, background=background)  # noqa: SLF001 - its own
        return loader

    def _prepare(
        self,
        processor: Processor[K, V],
        scope: Hashable = None,
        deadline: float | None = None,
        *,
        background: bool = False,
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
        self._plain = bool(self.cache) and self.get_cache_key is _itself and cache_map is None
        self._cache: MutableMapping[Any, Any] = {} if cache_map is None else cache_map
        self._scope = scope
        self._deadline = deadline
        self._background = background
        # Called for each key, where a `partial` would take three times as long.
        self._submit = processor.submit
        self._submit_many: Callable[..., SetCaller[K, V]] = partial(
            processor.submit_many, scope=scope, deadline=deadline, background=background
        )
        #: Keys answered from the memo, and asked again while on their way.
        self.remembered = self.repeated = 0
        # Keys asked of the processor that the memo's length does not count: those that stand there
        # no more, less those that stand there and were told; without a plain memo all of them.
        self._asked_beside = 0
        self._sets: list[SetCaller[K, V]] = []

    @property
    def distinct(self) -> int:
        """Keys asked of the processor."""
        return self._asked_beside + (len(self._cache) if self._plain else 0)

    @property
    def asked(self) -> int:
        """How many keys were asked of this loader."""
        return self.distinct + self.remembered + self.repeated

    @property
    def joined(self) -> int:
        """How many of them were on their way for another request already."""
        # Of those who asked for a key by itself the first one knows; a set knows of all its keys.
        entries = [entry for entry in set(self._cache.values()) if isinstance(entry, KeyCaller)]
        firsts = [_first_of(entry.key, entry) for entry in entries]
        singles = [getattr(one, "joined", 0) for one in firsts if isinstance(one, KeyCaller)]
        return sum(singles) + sum(caller.joined for caller in self._sets)

    def load(self, key: K) -> asyncio.Future[V]:
        """Load one key; the future is the caller's own, or one that is settled already.

        Raises TypeError for the key None.
        """
        if not self._plain:
            return self._load_by_cache_key(key)
        memo = self._cache
        if key not in memo:
            caller = memo[key] = self._submit(
                key, scope=self._scope, deadline=self._deadline, background=self._background
            )
            return caller
        there = memo[key]
        if type(there) is KeyCaller:  # quicker than `_load_again`, with the same result
            if not there.done():
                self.repeated += 1
                caller = memo[key] = self._submit(
                    key, scope=self._scope, deadline=self._deadline, background=self._background
                )
                caller.before = there
                return caller
            if there.has_value():
                self.remembered += 1
                return there
        return self._load_again(key, key, there)

    def _ask(self, key: K) -> KeyCaller[K, V]:
        return self._submit(
            key, scope=self._scope, deadline=self._deadline, background=self._background
        )

    def _load_by_cache_key(self, key: K) -> asyncio.Future[V]:
        if not self.cache:
            self._asked_beside += 1
            return self._ask(key)
        if key is None:
            raise TypeError(f"{self.processor.name}: expected a key, got None")
        cache_key = self.get_cache_key(key)
        there = self._cache.get(cache_key)
        if there is None:
            caller = self._cache[cache_key] = self._ask(key)
            self._asked_beside += 1
            return caller
        if isinstance(there, asyncio.Future) and not isinstance(there, (KeyCaller, SetCaller)):
            self.remembered += 1
            return there  # put into the `cache_map` by somebody else
        # Of several keys with this cache key it is the one that was sent.
        return self._load_again(getattr(there, "key", key), cache_key, there)

    def _load_again(self, key: K, cache_key: Any, there: Any) -> asyncio.Future[V]:
        """Answer a key that has been asked before."""
        if isinstance(there, KeyCaller) and there.remembered(key, _UNKNOWN) is not _UNKNOWN:
            self.remembered += 1
            return there
        outcome = _recall(key, there)
        if outcome is not _UNKNOWN:
            self.remembered += 1
            caller = self._cache[cache_key] = _finished(key, outcome, there)
            return caller
        self.repeated += 1
        caller = self._cache[cache_key] = self._ask(key)
        if (before := _still_asking(key, there)) is not None:
            caller.before = before
        return caller

    def load_many(
        self, keys: Iterable[K], *, return_exceptions: bool = False
    ) -> asyncio.Future[list[Any]]:
        """Load several keys with one future; the first exception is raised, as upstream does.

        >>> tracks = await loader.load_many(ids, return_exceptions=True)  # exceptions as values
        """
        try:
            each = iter(keys)
        except TypeError:
            raise TypeError(f"{self.processor.name}: expected keys, got {keys!r}") from None
        keys = list(each)
        if not self._plain:
            loads = [self.load(key) for key in keys]
            return asyncio.gather(*loads, return_exceptions=return_exceptions)
        memo = self._cache
        before = len(memo)
        if not memo or memo.keys().isdisjoint(keys):
            caller = self._submit_many(keys, raising=not return_exceptions)
            memo.update(dict.fromkeys(keys, caller))
        else:
            caller = self._load_many_again(dict.fromkeys(keys), keys, raising=not return_exceptions)
        self._sets.append(caller)
        self.remembered += len(keys) - len(memo) + before
        return caller

    def _load_many_again(
        self, distinct: dict[K, None], keys: list[K], *, raising: bool
    ) -> SetCaller[K, V]:
        """Answer a set of which some keys have been asked before."""
        memo = self._cache
        known = {
            key: outcome
            for key in distinct
            if key in memo and (outcome := _recall(key, memo[key])) is not _UNKNOWN
        }
        caller = self._submit_many(keys, known=known, raising=raising)
        asked = {key: caller for key in distinct if key not in known}
        again = {key: memo[key] for key in asked if key in memo}
        for key, there in again.items():
            if (before := _still_asking(key, there)) is not None:
                caller.before[key] = before
        memo.update(asked)
        caller.joined -= len(again)
        self.repeated += len(again)
        self.remembered -= len(again)
        return caller

    def prime(self, key: K, value: Any) -> Loader[K, V]:
        """Tell the memo a value, or an exception, unless it knows the key already; chainable."""
        cache_key = self.get_cache_key(key)
        there = self._cache.get(cache_key)
        if there is None:
            self._cache[cache_key] = Known(value)
            self._asked_beside -= self._plain
        elif _has_lost(key, there):
            self._cache[cache_key] = Known(value)
        return self

    def clear(self, key: K) -> Loader[K, V]:
        """Forget a key, so that it is asked again; chainable."""
        if self._cache.pop(self.get_cache_key(key), None) is not None:
            self._asked_beside += self._plain
        return self

    def clear_all(self) -> Loader[K, V]:
        """Forget all keys; chainable."""
        self._asked_beside += len(self._cache) * self._plain
        self._cache.clear()
        return self


def _itself(key: Any) -> Any:
    return key


def _recall(key: Any, there: Any) -> Any:
    """Return the outcome that a memo entry knows, or one before it; or else _UNKNOWN."""
    outcome = there.remembered(key, _UNKNOWN)
    while outcome is _UNKNOWN and there.done():
        there = there.remembered_before(key)
        if there is None:
            break
        outcome = there.remembered(key, _UNKNOWN)
    return outcome


def _still_asking(key: Any, there: Any) -> Any:
    """Return the latest caller of a memo entry that knows nothing and has not left, or None."""
    while there is not None and there.done():
        there = there.remembered_before(key)
    return there


def _has_lost(key: Any, there: Any) -> bool:
    """Tell whether a memo entry will never know: all its callers have left, or failed at once."""
    if not isinstance(there, (KeyCaller, SetCaller)):
        return False
    return _recall(key, there) is _UNKNOWN and _still_asking(key, there) is None


def _first_of(key: Any, there: Any) -> Any:
    """Return the first of the callers of a memo entry."""
    while isinstance(there, (KeyCaller, SetCaller)):
        before = there.remembered_before(key)
        if before is None:
            break
        there = before
    return there


def _finished(key: Any, outcome: Any, there: Any) -> KeyCaller[Any, Any]:
    """Return a settled future in place of a memo entry that is none for this key alone.

    All who ask from now on share it: nobody can do anything to a future that is settled.
    """
    # A set knows its loop: Python 3.11 takes its time to tell which one is running.
    loop = there.get_loop() if isinstance(there, SetCaller) else None
    if loop is None or not loop.is_running():
        loop = asyncio.get_running_loop()
    caller: KeyCaller[Any, Any] = KeyCaller(loop=loop)
    caller.key = key
    caller.before = there
    caller.settle(key, outcome)
    return caller
