"""Cache: what the process remembers of the providers' answers, bounded, each for its time.

An entry is the outcome of one key of one part (a provider's resource, under one credential). It is
fresh, then stale, then gone; reading it extends nothing. When there are too many entries, the one
that came first goes, unless it was read since: that one is looked at again after all the others. So
a long list that is read once does not push out what everybody reads, and a reader moves nothing.

>>> cache = Cache(5_000)
>>> cache.put_many("spotify:tracks", {"11dFghVXANMlKmJXsNCbNl": track}, Keep(3600.0), now)
>>> cache.get_many("spotify:tracks", ["11dFghVXANMlKmJXsNCbNl"], now)
{'11dFghVXANMlKmJXsNCbNl': <Entry 'spotify:tracks' '11dFghVXANMlKmJXsNCbNl'>}

A second level, shared with other processes, would have the same two methods over bytes.
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar
from zlib import crc32

import msgspec

from loaders.records import Album, Artist, Enrichment, Track

K = TypeVar("K", bound=Hashable)

# Seconds between two looks for entries that are over, at the next entry that comes.
_SWEEP = 60.0

#: Of what entries hold: another one as soon as a record has another field.
VERSION = crc32(repr(msgspec.json.schema_components([Track, Artist, Album, Enrichment])).encode())


class Keep(NamedTuple):
    """How long an answer may be told, in seconds, as its provider's terms allow.

    For `fresh` it is told as it is, for `stale` more it is told while it is being asked again. That
    there is nothing is told for `unknown` and never longer; 0 is not at all.
    """

    fresh: float
    stale: float = 0.0
    unknown: float = 0.0


class Entry(Generic[K]):
    """An outcome, with what it was the outcome of, and its times on the loop's clock."""

    __slots__ = ("born", "fresh_until", "key", "outcome", "part", "until", "used", "version")

    def __init__(self, part: str, key: K, outcome: Any, keep: Keep, now: float) -> None:
        there_is_none = outcome is None or outcome == ()
        self.part = part
        self.key = key
        self.version = VERSION
        self.outcome = outcome
        self.born = now
        self.fresh_until = now + (keep.unknown if there_is_none else keep.fresh)
        self.until = self.fresh_until + (0.0 if there_is_none else keep.stale)
        self.used = False

    def __repr__(self) -> str:
        return f"<Entry {self.part!r} {self.key!r}>"

    def is_of(self, part: str, key: K) -> bool:
        """Tell whether this is what was put under that key, and is read as it was written."""
        return self.version == VERSION and self.key == key and self.part == part


class Cache:
    """At most `most` entries, of all providers."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._entries: OrderedDict[tuple[str, Any], Entry[Any]] = OrderedDict()
        self._sweep_at = 0.0
        #: Entries that were not what they should have been, and were dropped.
        self.poisoned = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"<Cache [{len(self)} of {self._most} entries]>"

    def get_many(self, part: str, keys: Iterable[K], now: float) -> dict[K, Entry[K]]:
        """Return the entries of these keys, fresh and stale."""
        entries = self._entries
        found = {}
        for key in keys:
            entry = entries.get((part, key))
            if entry is None:
                continue
            if entry.until <= now:
                del entries[part, key]
            elif not entry.is_of(part, key):
                del entries[part, key]
                self.poisoned += 1
            else:
                entry.used = True
                found[key] = entry
        return found

    def put_many(self, part: str, outcomes: Mapping[K, Any], keep: Keep, now: float) -> None:
        """Remember the outcomes of these keys, in place of what was known of them."""
        entries = self._entries
        for key, outcome in outcomes.items():
            entry = Entry(part, key, outcome, keep, now)
            if entry.until > now:
                entries.pop((part, key), None)
                entries[part, key] = entry
        if now >= self._sweep_at:
            self._sweep(now)
        while len(entries) > self._most:
            self._evict()

    def _sweep(self, now: float) -> None:
        """Drop what is over: a provider's terms are not kept by not looking."""
        self._sweep_at = now + _SWEEP
        for name in [name for name, entry in self._entries.items() if entry.until <= now]:
            del self._entries[name]

    def _evict(self) -> None:
        """Drop the oldest entry that was not read since it was looked at last."""
        while True:
            name, entry = self._entries.popitem(last=False)
            if not entry.used:
                return
            entry.used = False
            self._entries[name] = entry
