"""The coalescer: many callers ask for single keys, few bulk calls go out, each gets its own answer.

Theory of operation
-------------------
A key is in one of three states. It *waits* until its batch is cut, it is *in flight* while its call
is made (or rests between two attempts), and it is *settled* when its outcome is known: from then
on the processor knows nothing of it. Asking for a key that waits or flies joins it; each caller
has a future of its own, and one that leaves is noticed by nobody else.

Collect. `submit` puts a key among those that wait and, if it is the first, starts to look for the
end of the tick (`tick.py`), or the timer of the window. Added items start neither, for they wait
until a batch is full.

Dispatch. When the tick or window is over, or somebody flushes, the keys that wait become *due*, and
stay so until none waits: later keys fill along. As many keys as fit in a batch may leave without
being due. Either way the gate has the last word (`gate.py`): the processor stands in line like
anybody else, and only when it may pass is a batch cut, from all scopes in turn (`lanes.py`).

Settle. Whatever the batch function returns or raises becomes one outcome per key (`outcomes.py`),
and each caller gets its own. Keys that may be tried again rest and then wait anew, together
with whatever else waits by then; a batch refused because of one key is sent again in halves.

Nothing here awaits between reading and writing the state, so there is no lock. Everything that is
called by the loop runs in the context in which the processor was made: no caller's context leaks
into a batch that others share.
"""

from __future__ import annotations

import asyncio
from asyncio import get_running_loop
from collections.abc import Hashable, Iterable
from contextvars import copy_context
from types import TracebackType
from typing import Generic, TypeVar

from batching.alarms import Alarms
from batching.callers import KeyCaller, SetCaller, SingleCaller, members
from batching.checks import at_least, key_and_scope, seconds
from batching.collector import Collector
from batching.dispatch import Dispatcher
from batching.errors import (
    BatchError,
    DeadlineExceededError,
    ProcessorClosedError,
    QueueFullError,
)
from batching.flight import Flight
from batching.flights import Flights, ProcessorFunc
from batching.gate import Gate
from batching.lineage import inside_batch, marked, refuse_inside
from batching.policies import Limits, Observer, Refusal, RetryPolicy
from batching.result import BatchResult

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class BatchProcessor(Generic[K, V]):
    """Coalesces the keys of many callers into few calls of one function.

    >>> processor = BatchProcessor(processor_func=fetch_tracks, batch_size=50)
    >>> track = await processor.submit("4uLU6hMCjMI75M1A2tKUQC")

    processor_func:  Async; takes a list of keys and brings their outcomes (values or exceptions),
                     as a sequence in the order of the keys or as a mapping by key.
    batch_size:      Most keys in one call.
    max_wait_time:   Seconds from the oldest waiting key to its departure. None or 0: submitted
                     keys leave at the end of the tick, added items when a batch is full.
    auto_flush:      False: keys leave only when `flush` is called.
    name:            Stands in errors, events and `repr`.
    gate:            The provider's limits, shared with its other processors.
    retry, limits:   How often to try again, how much may wait and fly.
    observers:       Called with a `BatchEvent` for each call that has come to its end.
    refusal:         Takes a caller's deadline, or None; returns the exception that the caller gets
                     at once for keys not in the air, or None to let it wait. See `reconsider`.
    """

    def __init__(
        self,
        processor_func: ProcessorFunc[K, V],
        batch_size: int,
        max_wait_time: float | None = None,
        auto_flush: bool = True,  # noqa: FBT001, FBT002 - as it has always been
        *,
        name: str = "batch",
        gate: Gate | None = None,
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008 - a frozen value
        limits: Limits = Limits(),  # noqa: B008 - a frozen value
        observers: Iterable[Observer] = (),
        refusal: Refusal | None = None,
    ) -> None:
        if not callable(processor_func):
            raise TypeError(f"processor_func: expected a function, got {processor_func!r}")
        at_least(1, "batch_size", batch_size)
        seconds("max_wait_time", max_wait_time)
        self.name = name
        self.gate = gate or Gate()
        self.limits = limits
        self._refusal = refusal
        self._context = copy_context()
        # The loop that is served, and the same while keys are taken.
        self._loop: asyncio.AbstractEventLoop | None = None
        self._home: asyncio.AbstractEventLoop | None = None
        # All of the mutable state: the deadlines, the added items, the keys in flight, those that
        # wait with why they are due, and whether and when all this has come to its end.
        self._alarms = Alarms(name, self._context)
        self._collector: Collector[K, V] = Collector(self)
        self._flights: Flights[K, V] = Flights(
            processor_func,
            name=name,
            gate=self.gate,
            retry=retry,
            observers=tuple(observers),
            alarms=self._alarms,
            context=self._context,
        )
        self._dispatcher: Dispatcher[K, V] = Dispatcher(
            self._flights,
            batch_size=batch_size,
            max_wait_time=max_wait_time,
            auto_flush=auto_flush,
            gate=self.gate,
            limits=limits,
            context=self._context,
            emptied=self._tell_idle,
        )
        self._flights.again = self._wait_again
        self._waiting = self._dispatcher.waiting
        self._tick = self._dispatcher.tick
        self._room = self._fast_room()
        self._closed = False
        self._idle: asyncio.Future[None] | None = None

    def __repr__(self) -> str:
        closed = " | closed" if self._closed else ""
        return (
            f"<BatchProcessor {self.name!r} "
            f"[{len(self._waiting)} waiting | {len(self._flights)} in flight{closed}]>"
        )

    @property
    def max_wait_time(self) -> float | None:
        """Seconds that the oldest key waits; None or 0 is the tick."""
        return self._dispatcher.max_wait_time

    @property
    def auto_flush(self) -> bool:
        """Whether keys leave without being flushed."""
        return self._dispatcher.auto_flush

    @property
    def batch_size(self) -> int:
        """Most keys in one call; may be changed at any time, for keys that have not left."""
        return self._dispatcher.batch_size

    @batch_size.setter
    def batch_size(self, size: int) -> None:
        at_least(1, "batch_size", size)
        self._dispatcher.batch_size = size
        self._room = self._fast_room()
        if self._waiting:
            self._dispatcher.collected()

    # The coalescer's face.

    def submit(
        self,
        key: K,
        *,
        scope: Hashable = None,
        deadline: float | None = None,
        background: bool = False,
    ) -> KeyCaller[K, V]:
        """Ask for one key; the future is the caller's own, to be cancelled as it likes.

        scope:       Whose key this is: batches are cut fairly over scopes.
        deadline:    Loop time at which this caller gives up with `DeadlineExceededError`.
        background:  Goes after other keys, as long as it does not wait for too long.

        Raises TypeError for the key None, ProcessorClosedError after `close`, BatchError on a
        second event loop; everything else is an outcome.
        """
        loop = get_running_loop()
        if loop is not self._home:
            self._enter()
        caller: KeyCaller[K, V] = KeyCaller()  # it finds the running loop cheaper than by keyword
        caller.owner = self
        caller.key = key
        caller.scope = scope
        waiting = self._waiting
        lane = waiting.lanes.get(scope)
        if (
            lane
            and self._tick.armed
            and len(waiting) < self._room
            and key not in waiting
            and key not in self._flights
            and key is not None
            and deadline is None
            and not background
            and marked() is None
        ):  # one more key of a scope in a tick under way: all there is to do
            waiting[key] = caller
            lane.append(key)
            caller.since = self._tick.since
            self._tick.news = True
            return caller
        caller.since = loop.time()
        key_and_scope(self.name, key, scope)
        if deadline is not None and not self._alarms.set(loop, caller, deadline):
            caller.settle(key, DeadlineExceededError(self.name), batch_failed=True)
        else:
            self._collect(key, caller, background=background)
            self._dispatcher.collected()
        return caller

    def submit_many(
        self,
        keys: Iterable[K],
        *,
        scope: Hashable = None,
        deadline: float | None = None,
        background: bool = False,
    ) -> SetCaller[K, V]:
        """Ask for a set of keys with one future: their outcomes in order, exceptions as values.

        >>> a, b = await processor.submit_many(["a", "b"])

        At a deadline it answers with what is known by then. Raises as `submit` does.
        """
        loop = self._enter()
        caller: SetCaller[K, V] = SetCaller(loop=loop)
        caller.owner = self
        caller.scope = scope
        caller.since = loop.time()
        distinct = caller.expect(list(keys))
        if None in distinct:
            raise TypeError(f"{self.name}: expected keys, got None among them")
        if not distinct:
            return caller
        key_and_scope(self.name, ..., scope)
        if deadline is not None and not self._alarms.set(loop, caller, deadline):
            caller.refuse(DeadlineExceededError(self.name))
        elif self._all_new(distinct) and self._refused(caller) is None:
            news = self._waiting.put(distinct, caller, background=background)
            self._tick.news |= news
            self._dispatcher.collected()
        else:
            for key in distinct:
                self._collect(key, caller, background=background)
            self._dispatcher.collected()
        return caller

    def reconsider(self) -> None:
        """Ask `refusal` about all who wait, because there is a new reason not to."""
        for key, there in list(self._waiting.items()):
            for caller in list(members(there)):
                if (error := self._refused(caller)) is not None:
                    caller.settle(key, error, batch_failed=True)
                    self._waiting.leave(key, caller)
                    if caller.done():
                        self._alarms.unset(caller)
            if key not in self._waiting:
                self._flights.attempts.pop(key, None)
        if not self._waiting:
            self._dispatcher.rest()

    async def close(self, *, grace: float | None = None) -> None:
        """Take no more keys, send those that wait, and return when all are settled.

        grace:  Seconds after which what is left is cancelled and fails; None waits for the end.
        """
        refuse_inside(self.name, "close()")
        if get_running_loop() is not self._loop and self._busy_elsewhere:
            raise BatchError(f"{self.name}: expected the event loop it is busy on, got another")
        self._closed = self._flights.final = True
        self._home = None
        if asyncio.get_running_loop() is not self._loop:
            return
        for flight in self._flights.resting():
            self._dispatcher.wait_again(flight)
        self._dispatcher.become_due("close")
        if self._busy:
            self._idle = self._idle or self._loop.create_future()
            await asyncio.wait([self._idle], timeout=grace)
            self._abandon()

    async def __aenter__(self) -> BatchProcessor[K, V]:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    # The collector's face.

    async def add(self, item: K) -> BatchResult[V] | None:
        """Add an item; the one that fills a batch waits for it and returns its result."""
        return await self._collector.add(item)

    async def add_batch(self, items: Iterable[K]) -> list[BatchResult[V]]:
        """Add items; return the results of the batches they filled, the rest goes on waiting."""
        return await self._collector.add_batch(items)

    async def flush(self) -> BatchResult[V]:
        """Send all that waits; return what became of every item no result has spoken of yet."""
        refuse_inside(self.name, "flush()")
        self._settle_in()
        return await self._collector.flush()

    async def flush_if_needed(self) -> BatchResult[V] | None:
        """Flush if an item has waited for `max_wait_time`, or if a batch has left by itself."""
        refuse_inside(self.name, "flush_if_needed()")
        self._settle_in()
        return await self._collector.flush_if_needed()

    def get_pending_count(self) -> int:
        """Return how many items and keys wait; those in flight do not."""
        if self._loop is None or self._loop.is_closed():
            return 0  # what a loop that is over left behind will never be sent
        return self._collector.pending_count()

    # Collect.

    def _enter(self) -> asyncio.AbstractEventLoop:
        """Return the running loop; what a loop that is over left behind is dropped."""
        if self._closed:
            raise ProcessorClosedError(self.name)
        return self._settle_in()

    def _settle_in(self) -> asyncio.AbstractEventLoop:
        loop = get_running_loop()
        if loop is self._loop:
            return loop
        if self._busy_elsewhere:
            raise BatchError(f"{self.name}: expected the event loop it is busy on, got another")
        self._loop = self.gate.enter()
        self._home = None if self._closed else loop
        self._dispatcher.reset()
        self._alarms.clear()
        self._flights.reset()
        self._collector.forget()
        return loop

    def _fast_room(self) -> int:
        """Return how many keys may wait for another one to need no look at the limits."""
        if self._refusal is not None:
            return 0
        return min(self._dispatcher.batch_size, self.limits.max_pending) - 1

    def _all_new(self, keys: dict[K, None]) -> bool:
        """Tell whether a set can be taken in as a whole."""
        return (
            len(self._waiting) + len(keys) <= self.limits.max_pending
            and self._waiting.keys().isdisjoint(keys)
            and self._flights.keys().isdisjoint(keys)
            and inside_batch() is None
        )

    def _collect(self, key: K, caller: SingleCaller[K, V], *, background: bool) -> None:
        """Let a key wait, or join it where it is."""
        if background:
            caller.background = True
        waiting = self._waiting
        if key in self._flights:
            self._flights.board(key, caller)
        elif (error := self._refused(caller)) is not None:
            caller.settle(key, error, batch_failed=True)
        elif key in waiting:
            waiting.join(key, caller, background=background)
        elif len(waiting) >= self.limits.max_pending:
            full = QueueFullError(self.name, self.limits.max_pending)
            caller.settle(key, full, batch_failed=True)  # it says nothing of the key
        elif waiting.put_one(key, caller, background=background):
            self._tick.news = True
        if caller.done():
            self._alarms.unset(caller)
        elif key in waiting and (asker := inside_batch()):
            waiting.askers.setdefault(key, []).append((asker, caller))

    def _refused(self, caller: SingleCaller[K, V]) -> Exception | None:
        """Return why a caller had better not wait."""
        if self._refusal is None:
            return None
        return self._refusal(getattr(caller, "deadline", None))

    def _wait_again(self, rest: Flight[K, V]) -> None:
        """Let keys that have rested wait anew, unless there is a reason not to by now."""
        self._dispatcher.wait_again(rest)
        if self._refusal is not None and self._waiting:
            self.reconsider()

    def _leave(self, key: K, caller: SingleCaller[K, V]) -> None:
        """Forget a caller that was cancelled or has expired."""
        if caller.get_loop() is not self._loop:
            return
        self._alarms.unset(caller)
        if key in self._waiting:
            self._waiting.leave(key, caller)
            if key not in self._waiting:
                self._flights.attempts.pop(key, None)
        elif key in self._flights:
            self._flights.leave(key, caller)
        if not self._waiting:
            self._dispatcher.rest()

    # Close.

    @property
    def _busy(self) -> bool:
        return bool(self._waiting or self._flights or self._flights.in_air)

    @property
    def _busy_elsewhere(self) -> bool:
        return self._busy and self._loop is not None and not self._loop.is_closed()

    def _tell_idle(self) -> None:
        if self._idle and not self._busy and not self._idle.done():
            self._idle.set_result(None)

    def _abandon(self) -> None:
        """Fail whatever is left when the grace of `close` is over."""
        error = ProcessorClosedError(self.name)
        for key, caller in list(self._waiting.items()):
            caller.settle(key, error, batch_failed=True)
        self._flights.abandon(error)
        self._alarms.clear()
        self._dispatcher.rest()
