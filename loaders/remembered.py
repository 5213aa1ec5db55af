"""Remembered: one resource's part of the cache, and what may be in it.

What is stale is told, and asked again in the background, once for all who read it meanwhile: so
whoever reads what is known does not notice that its provider is slow, or down. Remembered are the
outcomes of batches, each once, however many asked; no failures, no record that lacks what its own
answer should tell, and nothing that the answer of something else told.
"""

import asyncio
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeAlias, TypeVar

import msgspec

from batching import SetCaller
from loaders.cache import Cache, Keep
from loaders.lookups import Lookup
from loaders.records import UNKNOWN, Album, Artist, Track
from loaders.trace import trace_of

K = TypeVar("K", bound=Hashable)

#: How keys are asked again: with their deadline, in the background.
Ask: TypeAlias = Callable[[list[K], float], SetCaller[Any, Any]]

# Seconds that asking again may take: as long as an operation may, by default.
_REFRESH = 30.0


class Remembered(Generic[K]):
    """What is remembered of one resource, under one credential.

    `parts` are fields that a record may lack, because look-ups tell them.

    >>> remembered = Remembered("spotify.tracks", cache, "spotify:4f1d:tracks", keep, ask)
    >>> remembered.remember({"11dFghVXANMlKmJXsNCbNl": track})
    >>> remembered.recall(["11dFghVXANMlKmJXsNCbNl"])
    {'11dFghVXANMlKmJXsNCbNl': Track(...)}
    """

    def __init__(
        self,
        name: str,
        cache: Cache,
        part: str,
        keep: Keep,
        ask: Ask[K],
        *,
        parts: Iterable[str] = (),
    ) -> None:
        self.name = name
        #: Called with what is remembered, where other processes are to know it too.
        self.tell_others: Callable[[Mapping[K, Any]], None] = lambda _: None
        #: Keys that were told fresh, told stale, and not known.
        self.fresh = self.stale = self.miss = 0
        self._cache = cache
        self._part = part
        self._keep = keep
        self._ask = ask
        self._parts = dict.fromkeys(parts)
        self._refreshing: dict[K, SetCaller[Any, Any]] = {}

    def __repr__(self) -> str:
        return f"<Remembered {self._part!r} [{len(self._refreshing)} asked again]>"

    def recall(self, keys: Sequence[K], scope: Hashable = None) -> dict[K, Any]:
        """Return the outcomes that are known of these keys, and have the stale ones asked again.

        The trace whose scope it is is told which are stale.
        """
        now = asyncio.get_running_loop().time()
        found = self._cache.get_many(self._part, keys, now)
        stale = {key: entry for key, entry in found.items() if entry.fresh_until <= now}
        self.fresh += len(found) - len(stale)
        self.stale += len(stale)
        self.miss += len(keys) - len(found)
        if stale:
            self._refresh([key for key in stale if key not in self._refreshing], now + _REFRESH)
            if trace := trace_of(scope):
                for key, entry in stale.items():
                    trace.tell_stale(self.name, _id(key, entry.outcome), now - entry.born)
        return {key: entry.outcome for key, entry in found.items()}

    def unknown(self, keys: Iterable[K]) -> list[K]:
        """Return those of the keys that nothing is known of."""
        keys = list(keys)
        found = self._cache.get_many(self._part, keys, asyncio.get_running_loop().time())
        return [key for key in keys if key not in found]

    def remember(self, outcomes: Mapping[K, Any]) -> None:
        """Remember those outcomes that may be, each in place of what was known."""
        whole = {key: outcome for key, outcome in outcomes.items() if self._is_whole(outcome)}
        self._cache.put_many(self._part, whole, self._keep, asyncio.get_running_loop().time())
        self.tell_others(whole)

    def remember_aged(self, outcomes: Mapping[K, tuple[Any, float]]) -> None:
        """Remember outcomes that another process was told, each so many seconds ago."""
        now = asyncio.get_running_loop().time()
        for key, (outcome, age) in outcomes.items():
            self._cache.put_many(self._part, {key: outcome}, self._keep, now - age)

    def close(self) -> None:
        """Give up what is asked again: nobody waits for it."""
        for asked in set(self._refreshing.values()):
            asked.cancel()

    def _refresh(self, keys: list[K], deadline: float) -> None:
        if not keys:
            return
        asked = self._ask(keys, deadline)
        self._refreshing.update(dict.fromkeys(keys, asked))
        asked.add_done_callback(lambda _: self._refreshed(keys))

    def _refreshed(self, keys: list[K]) -> None:
        for key in keys:
            del self._refreshing[key]

    def _is_whole(self, outcome: Any) -> bool:
        """Tell whether asking again would tell no more."""
        if isinstance(outcome, tuple):
            return all(map(self._is_whole, outcome))
        if isinstance(outcome, (Track, Artist, Album)) and not outcome.is_complete:
            return msgspec.structs.replace(outcome, **self._parts).is_complete
        return not isinstance(outcome, Exception)


def by_key(keys: Sequence[K], answer: Any) -> Mapping[K, Any]:
    """Return what a batch function answered, by key; nothing where its shape is wrong.

    What is wrong then, the processor says.
    """
    if isinstance(answer, Mapping):
        return answer
    if isinstance(answer, Sequence) and len(answer) == len(keys):
        return dict(zip(keys, answer, strict=True))
    return {}


def parts_told(answer: Mapping[Lookup, Any]) -> dict[tuple[str, str], Any]:
    """Return what look-ups told, by native id and part."""
    return {
        (lookup.native, part): outcome
        for lookup, outcome in answer.items()
        for part in lookup.parts
        if getattr(outcome, part, None) is not UNKNOWN
    }


def _id(key: Any, outcome: Any) -> str:
    """Return by which id what is stale is known to a client: its own, or what was asked."""
    return str(getattr(outcome, "id", key))
