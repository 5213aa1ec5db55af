"""Entries: what one process was told of a resource, for all; and who is fetching what is not there.

A key that is not there is leased to the first process that looks for it. The others look again
until it is there; if the lease ends before, because its holder was killed or hangs, the next one
who looks has it. A holder that has nothing to share, because its call failed, says so: then each
process fetches for itself, as it would without the others.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from math import ceil
from typing import Any, NamedTuple

import msgspec

from loaders.cache import Keep
from loaders.ids import Ref
from loaders.records import Album, Artist, Enrichment, Image, Track
from loaders.shared.keyspace import Keyspace
from loaders.shared.scripts import FILL, LEASES, LOOK
from loaders.shared.store import Argument, SharedStore

# What the entries of a resource are. Those of others are not shared: pages and searches.
KINDS: dict[str, Any] = {
    "tracks": Track | None,
    "artists": Artist | None,
    "albums": Album | None,
    "isrcs": tuple[Track, ...],
    "upcs": tuple[Album, ...],
    "links": tuple[Ref, ...],
    "listens": int | None,
    "recordings": Enrichment | None,
    "about_artists": Enrichment | None,
    "release_groups": Enrichment | None,
    "images": Image | None,
    "covers": tuple[Image, ...] | None,
    "track_lookup": Track | None,
    "artist_lookup": Artist | None,
    "album_lookup": Album | None,
}

# Keys looked for with one command: Redis is busy with it for some milliseconds.
MOST_LOOKED_FOR = 500

# Seconds that a lease lasts unless it is kept for longer, so that a killed process holds up others
# for no more; it is kept as long as its holder waits for its call.
LEASE = 3.0

# Seconds for which a key is nobody's after its holder had nothing to share.
_OPEN = 1.0

# Bytes of one entry: an album of 50 tracks has about 30,000. A larger one is not worth its room.
MOST_BYTES = 100_000


class Claim(Enum):
    """Who fetches a key that is not there."""

    TAKEN = 0  # another process
    OURS = 1  # this one
    OPEN = 2  # whoever wants it


class Found(NamedTuple):
    """An outcome that some process was told `age` seconds ago."""

    outcome: Any
    age: float
    is_fresh: bool


class _Entry(msgspec.Struct, array_like=True):
    """What is kept, so that one written under another key is noticed."""

    key: str
    outcome: msgspec.Raw


class SharedEntries:
    """The entries of one resource, and the leases that this process holds.

    >>> [found] = await entries.look(["11dFghVXANMlKmJXsNCbNl"])
    """

    def __init__(self, store: SharedStore, keyspace: Keyspace, resource: str, keep: Keep) -> None:
        self.resource = resource
        #: Keys that were found fresh, found stale, and not found: those this process fetches.
        self.fresh = self.stale = self.miss = 0
        #: Entries that were not what they should have been, and are written anew.
        self.poisoned = 0
        self._store = store
        self._prefix = keyspace.entry(resource, "")
        self._keep = keep
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(KINDS[resource])
        # The leases held, by key, with the number of callers that wait for it here; and the timer
        # that keeps them.
        self._held: Counter[str] = Counter()
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    def of(
        cls, store: SharedStore, keyspace: Keyspace, resource: str, keep: Keep
    ) -> SharedEntries | None:
        """Return the entries of a resource, or None if they are not shared."""
        return cls(store, keyspace, resource, keep) if resource in KINDS else None

    def __repr__(self) -> str:
        return f"<SharedEntries {self.resource!r} [{len(self._held)} leases]>"

    @property
    def is_up(self) -> bool:
        """Whether there is anything to be asked."""
        return self._store.is_up

    async def look(
        self, keys: Sequence[str], *, fresh: bool = False, leasing: bool = True
    ) -> list[Found | Claim]:
        """Return what is known of each key, or who fetches it.

        fresh:    What is stale is as good as nothing.
        leasing:  Whether this process has to fetch what nobody fetches.
        """
        lease = ceil(1000 * LEASE) if leasing else 0
        args: list[Argument] = [self._store.token, lease, int(fresh)]
        told = await self._store.run(LOOK, self._names(keys), args)
        if told is None:
            return [Claim.OPEN] * len(keys)
        looked = [
            Claim(one) if isinstance(one, int) else self._found(key, *one)
            for key, one in zip(keys, told, strict=True)
        ]
        self._count(looked)
        return looked

    def fill(self, outcomes: Mapping[str, Any]) -> None:
        """Tell all processes what this one was told."""
        if not self._store.is_up:
            return
        keep = self._keep
        found = {key: one for key, one in outcomes.items() if one is not None and one != ()}
        self._write(found, keep.fresh, keep.fresh + keep.stale)
        none = {key: one for key, one in outcomes.items() if key not in found}
        self._write(none, keep.unknown, keep.unknown)

    def _write(self, outcomes: Mapping[str, Any], fresh: float, there: float) -> None:
        entries: dict[str, bytes] = {}
        for key, outcome in outcomes.items():
            raw = msgspec.Raw(self._encoder.encode(outcome))
            entry = self._encoder.encode(_Entry(key, raw))
            if len(entry) <= MOST_BYTES:
                entries[key] = entry
        if entries and there > 0:
            args: list[Argument] = [self._store.token, ceil(1000 * fresh), ceil(1000 * there)]
            self._store.run_soon(FILL, self._names(entries), [*args, *entries.values()])
            for key in entries:
                self._held.pop(key, None)

    # Leases.

    def hold(self, keys: Iterable[str]) -> None:
        """Note that a caller waits for keys that are leased to this process."""
        self._held.update(keys)
        if self._held and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LEASE / 3, self._keep_leases)

    def leave(self, keys: Iterable[str], *, is_open: bool) -> None:
        """Note that a caller waits no more; with the last one a lease ends that nothing filled.

        is_open:  The key was answered, with nothing to share; otherwise it was given up.
        """
        over = []
        for key in keys:
            if key in self._held:
                self._held[key] -= 1
                if not self._held[key]:
                    del self._held[key]
                    over.append(key)
        if over:
            what = "open" if is_open else "end"
            args: list[Argument] = [self._store.token, what, ceil(1000 * _OPEN)]
            self._store.run_soon(LEASES, self._names(over), args)

    def close(self) -> None:
        """Keep no lease any longer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _keep_leases(self) -> None:
        self._timer = None
        if self._held:
            args: list[Argument] = [self._store.token, "keep", ceil(1000 * LEASE)]
            self._store.run_soon(LEASES, self._names(self._held), args)
            self.hold(())

    # Names and bytes.

    def _names(self, keys: Iterable[str]) -> list[str]:
        return [self._prefix + key for key in keys]

    def _count(self, looked: Iterable[Found | Claim]) -> None:
        for one in looked:
            if isinstance(one, Found):
                self.fresh += one.is_fresh
                self.stale += not one.is_fresh
            else:  # what another process fetches will be found
                self.miss += one is not Claim.TAKEN

    def _found(self, key: str, age_ms: int, is_fresh: int, entry: bytes) -> Found | Claim:
        try:
            read = msgspec.msgpack.decode(entry, type=_Entry)
            if read.key == key:
                outcome = self._decoder.decode(read.outcome)
                return Found(outcome, age_ms / 1000, bool(is_fresh))
        except msgspec.MsgspecError:
            pass  # it is counted, like one of another key
        self.poisoned += 1
        return Claim.OPEN
