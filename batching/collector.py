"""The collector's face: items are added now and reported later, in the order they were added.

It is a list of added items with their futures, nothing more: they wait in the same queue, leave in
the same batches and join the same calls as submitted keys.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from batching.callers import ADDED, KeyCaller
from batching.checks import some_key
from batching.dispatch import Dispatcher
from batching.errors import QueueFullError
from batching.intake import Intake
from batching.joint import members
from batching.policies import Limits
from batching.result import BatchResult

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

#: Added items that one result will speak of.
Claim: TypeAlias = list[tuple[K, KeyCaller[K, V]]]


class Queue(Protocol[K, V]):
    """The processor, as far as its collector knows it."""

    name: str
    limits: Limits
    _dispatcher: Dispatcher[K, V]
    _intake: Intake[K, V]

    def _enter(self) -> asyncio.AbstractEventLoop:
        """Return the running loop, or raise when nothing may be added."""


class Collector(Generic[K, V]):
    """The added items that no result has spoken of yet."""

    def __init__(self, queue: Queue[K, V]) -> None:
        self._queue = queue
        self._open: Claim[K, V] = []
        # The items waiting since a batch was last filled: so many more make the next one full.
        self._filling: dict[K, None] = {}

    async def add(self, item: K) -> BatchResult[V] | None:
        """See `BatchProcessor.add`."""
        some_key(self._queue.name, item)
        claim = self._put(item)
        return (await self._report([claim]))[0] if claim else None

    async def add_batch(self, items: Iterable[K]) -> list[BatchResult[V]]:
        """See `BatchProcessor.add_batch`."""
        items = list(items)
        for item in items:  # before the first is put: what is put will be reported
            some_key(self._queue.name, item)
        return await self._report([claim for item in items if (claim := self._put(item))])

    async def flush(self) -> BatchResult[V]:
        """See `BatchProcessor.flush`."""
        dispatcher = self._queue._dispatcher
        sent = [one for caller in dispatcher.waiting.values() for one in members(caller)]
        dispatcher.become_due("flush")
        claim, self._open = self._open, []
        self._filling.clear()
        return (await self._report([claim], also=sent))[0]

    async def flush_if_needed(self) -> BatchResult[V] | None:
        """See `BatchProcessor.flush_if_needed`."""
        if self._queue._dispatcher.overdue():
            return await self.flush()
        waiting = self._queue._dispatcher.waiting
        waits = [item in waiting and not caller.done() for item, caller in self._open]
        gone = [entry for entry, wait in zip(self._open, waits, strict=True) if not wait]
        if not gone:
            return None
        self._open = [entry for entry, wait in zip(self._open, waits, strict=True) if wait]
        return (await self._report([gone]))[0]

    def pending_count(self) -> int:
        """See `BatchProcessor.get_pending_count`."""
        waiting = self._queue._dispatcher.waiting
        # An item of a batch that has come back may wait anew: that one is settled, this one not.
        added = [item for item, caller in self._open if item in waiting and not caller.done()]
        return len(added) + len(waiting) - len(set(added))

    def forget(self) -> None:
        """Drop everything: the event loop that would have brought the outcomes is over."""
        self._open = []
        self._filling.clear()

    def _put(self, item: K) -> Claim[K, V]:
        """Add one item; return the items of the batch that it fills, or itself when refused."""
        queue = self._queue
        loop = queue._enter()
        caller: KeyCaller[K, V] = KeyCaller(loop=loop)
        caller.owner = queue._intake
        caller.key = item
        caller.scope = ADDED
        caller.since = loop.time()
        caller.deadline = None
        caller.background = False
        dispatcher = queue._dispatcher
        waited = len(dispatcher.waiting)
        if len(self._open) >= queue.limits.max_pending:
            caller.settle(item, QueueFullError(queue.name, queue.limits.max_pending))
        else:
            queue._intake.take(item, caller)
        if caller.done():  # refused: nothing will become of it, so this call says so
            return [(item, caller)]
        self._open.append((item, caller))
        claim: Claim[K, V] = []
        if item in dispatcher.waiting and dispatcher.auto_flush:
            self._filling[item] = None
            full = dispatcher.batch_size
            if waited < len(dispatcher.waiting) == full or len(self._filling) >= full:
                claim = self._fill()
        dispatcher.collected()
        return claim

    def _fill(self) -> Claim[K, V]:
        """Return the items of a batch that may have become full, with submitted keys or alone."""
        dispatcher = self._queue._dispatcher  # some may have left with submitted keys
        filling = {one: None for one in self._filling if one in dispatcher.waiting}
        if len(filling) < dispatcher.batch_size != len(dispatcher.waiting):
            self._filling = filling
            return []
        fills = [item in filling and not caller.done() for item, caller in self._open]
        claim = [entry for entry, fill in zip(self._open, fills, strict=True) if fill]
        self._open = [entry for entry, fill in zip(self._open, fills, strict=True) if not fill]
        self._filling = {}
        return claim

    async def _report(
        self, claims: list[Claim[K, V]], also: Sequence[asyncio.Future[Any]] = ()
    ) -> list[BatchResult[V]]:
        """Wait for all items of the claims and tell what became of them."""
        futures: list[asyncio.Future[Any]] = [caller for claim in claims for _, caller in claim]
        pending = [future for future in (*also, *futures) if not future.done()]
        try:
            if pending:
                await asyncio.wait(pending)
        except asyncio.CancelledError:
            # Whoever asked has gone: the next result speaks of these items.
            self._open = [entry for claim in claims for entry in claim] + self._open
            raise
        results = []
        for claim in claims:
            result: BatchResult[V] = BatchResult()
            for item, caller in claim:
                result._take(item, caller.outcome())
            results.append(result)
        return results
