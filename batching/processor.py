"""The coalescer: many callers ask for single keys, few bulk calls go out, each gets its own answer.

Theory of operation
-------------------
A key is in one of three states. It *waits* until its batch is cut, it is *in flight* while its call
is made (or rests between two attempts), and it is *settled* when its outcome is known: from then
on the processor knows nothing of it. Asking for a key that waits or flies joins it; each caller
has a future of its own, and one that leaves is noticed by nobody else.

Collect. `submit` puts a key among those that wait (`intake.py`) and, if it is the first, starts to
look for the end of the tick (`tick.py`), or the timer of the window. Added items start neither, for
they wait until a batch is full. What is like the key before it, in one tick, is put there at once.

Dispatch. When the tick or window is over, or somebody flushes, the keys that wait become *due*, and
stay so until none waits: later keys fill along. As many keys as fit in a batch may leave without
being due. Either way the gate has the last word (`gate.py`): the processor stands in line like
anybody else, and only when it may pass is a batch cut, from all scopes in turn (`lanes.py`). Its
call begins in that moment (`ahead.py`), or in a turn of its own if a batch function is asking.

Settle. Whatever the batch function returns or raises becomes one outcome per key (`outcomes.py`),
and each caller gets its own. Keys that may be tried again rest and then wait anew, together
with whatever else waits by then; a batch refused because of one key is sent again in halves.

Nothing here awaits between reading and writing the state, so there is no lock. Everything that is
called by the loop runs in the context in which the processor was made: no caller's context leaks
into a batch that others share.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, get_running_loop
from collections.abc import Hashable, Iterable, Mapping
from contextvars import copy_context
from threading import get_ident
from types import MappingProxyType, TracebackType
from typing import Generic, TypeVar

from batching.alarms import Alarms
from batching.callers import KeyCaller, SetCaller
from batching.checks import at_least, seconds
from batching.closing import Closing
from batching.collector import Collector
from batching.dispatch import Dispatcher
from batching.errors import BatchError, ProcessorClosedError
from batching.flights import Flights, ProcessorFunc
from batching.gate import Gate
from batching.home import QUICK_LOOKUP, Home
from batching.intake import Intake
from batching.lineage import marked, refuse_inside
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
                     at once for keys not in the air, or None to let it wait. Of a scope's keys in
                     one tick, and with one deadline, the first is asked about. See `reconsider`.
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
        self._context = copy_context()
        # All of the mutable state: the loop that is served, the deadlines, the keys in flight,
        # those that wait with why they are due, the added items, how many keys may wait for
        # another one to need no look at the limits, and whether and when all this has ended.
        self._home = Home()
        self._alarms = Alarms(name, self._context)
        self._flights: Flights[K, V] = Flights(
            processor_func,
            name=name,
            home=self._home,
            gate=self.gate,
            retry=retry,
            observers=tuple(observers),
            alarms=self._alarms,
            context=self._context,
        )
        self._dispatcher: Dispatcher[K, V] = Dispatcher(
            self._flights,
            home=self._home,
            batch_size=batch_size,
            max_wait_time=max_wait_time,
            auto_flush=auto_flush,
            gate=self.gate,
            limits=limits,
            context=self._context,
        )
        self._waiting = self._dispatcher.waiting
        self._tick = self._dispatcher.tick
        self._intake = Intake(
            name=name,
            home=self._home,
            limits=limits,
            alarms=self._alarms,
            flights=self._flights,
            dispatcher=self._dispatcher,
            refusal=refusal,
        )
        self._collector: Collector[K, V] = Collector(self)
        self._closing = Closing(name, self._alarms, self._flights, self._dispatcher)
        self._closed = False
        self._room = self._fast_room()

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
        tick, home = self._tick, self._home
        waiting, flights = self._waiting, self._flights
        lane = tick.lane
        if (
            lane
            and scope is tick.scope
            and deadline is tick.deadline
            and (deadline is None or deadline in self._alarms)
            and len(waiting) < self._room
            and (not flights or key not in flights)
            and key is not None
            and not background
            and marked() is None
            and (
                get_running_loop() is home.loop
                if QUICK_LOOKUP
                else get_ident() == home.runner._thread_id
            )
        ):  # one more key like that before it: all there is to do
            caller: KeyCaller[K, V] = home.caller()
            caller.owner = self._intake
            caller.key = key
            caller.scope = scope
            caller.since = tick.since
            caller.deadline = deadline
            caller.background = False
            if key not in waiting:
                waiting[key] = caller
                lane.append(key)
                tick.news = True
            else:
                waiting.join(key, caller)
                caller.joined = 1
            if deadline is not None:
                self._alarms[deadline][1].add(caller)
            return caller
        self._enter()
        return self._intake.ask(key, scope, deadline, background)

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
        """Ask for a set of keys with one future: their outcomes in order, exceptions as values.

        >>> a, b = await processor.submit_many(["a", "b"])

        known:    Outcomes that need not be asked for.
        raising:  The future raises the first exception among the outcomes, as `gather` does.

        At a deadline it answers with what is known by then. Raises as `submit` does.
        """
        loop = self._enter()
        caller: SetCaller[K, V] = SetCaller(loop=loop)
        caller.owner = self._intake
        caller.scope = scope
        caller.since = loop.time()
        caller.deadline = deadline
        caller.background = background
        asked = caller.expect(list(keys), known, raising=raising)
        if None in asked:
            raise TypeError(f"{self.name}: expected keys, got None among them")
        if asked:
            self._intake.ask_all(asked, caller)
        return caller

    def reconsider(self) -> None:
        """Ask `refusal` about all who wait, because there is a new reason not to."""
        self._intake.reconsider()

    async def close(self, *, grace: float | None = None) -> None:
        """Take no more keys, send those that wait, and return when all are settled.

        grace:  Seconds after which what is left is cancelled and fails; None waits for the end.
        """
        refuse_inside(self.name, "close()")
        here = get_running_loop() is self._home.loop
        if not here:
            self._refuse_elsewhere()
        self._closed = self._flights.final = True
        self._room = self._fast_room()
        if here:
            await self._closing.close(grace)

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
        self._enter(closing=True)
        return await self._collector.flush()

    async def flush_if_needed(self) -> BatchResult[V] | None:
        """Flush if an item has waited for `max_wait_time`, or if a batch has left by itself."""
        refuse_inside(self.name, "flush_if_needed()")
        self._enter(closing=True)
        return await self._collector.flush_if_needed()

    def get_pending_count(self) -> int:
        """Return how many items and keys wait; those in flight do not."""
        if self._home.loop is None or self._home.loop.is_closed():
            return 0  # what a loop that is over left behind will never be sent
        return self._collector.pending_count()

    # Collect.

    def _enter(self, *, closing: bool = False) -> AbstractEventLoop:
        """Return the running loop, and see to it that it is the one that is served."""
        if self._closed and not closing:
            raise ProcessorClosedError(self.name)
        loop = get_running_loop()
        if loop is not self._home.loop:
            self._move_in()
        return loop

    def _move_in(self) -> None:
        """Serve the running loop; what one that is over left behind is dropped."""
        first = self._home.loop is None
        if not first:
            self._refuse_elsewhere()
        self._home.move(self.gate.enter())
        if not first:
            self._dispatcher.reset()
            self._alarms.clear()
            self._flights.reset()
            self._collector.forget()

    def _refuse_elsewhere(self) -> None:
        if self._closing.busy and self._home.loop and not self._home.loop.is_closed():
            raise BatchError(f"{self.name}: expected the event loop it is busy on, got another")

    def _fast_room(self) -> int:
        most = min(self._dispatcher.batch_size, self.limits.max_pending)
        return 0 if self._closed else most - 1
