"""When keys leave: at the end of tick or window, full, or flushed; and when the gate lets them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from contextvars import Context
from typing import Generic, TypeVar

from batching.callers import ADDED
from batching.flight import Flight
from batching.flights import Flights
from batching.gate import Gate
from batching.home import Home
from batching.policies import Limits, Reason
from batching.tick import Tick
from batching.waiting import Waiting

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Dispatcher(Generic[K, V]):
    """Cuts batches out of the keys that wait; stands in the gate's line for its processor.

    Whoever closes it sets `emptied`, called from then on when nothing waits any more.
    """

    def __init__(
        self,
        flights: Flights[K, V],
        *,
        home: Home,
        batch_size: int,
        max_wait_time: float | None,
        auto_flush: bool,
        gate: Gate,
        limits: Limits,
        context: Context,
    ) -> None:
        self._home = home
        self.batch_size = batch_size
        self.max_wait_time = max_wait_time
        self.auto_flush = auto_flush
        self._flights = flights
        flights.again = self.wait_again
        flights.is_awaited = self._is_awaited
        flights.landed = self.pump
        self._gate = gate
        self._limits = limits
        self._context = context
        self.emptied: Callable[[], None] | None = None
        # All of the mutable state: the keys that wait, why they are due, and what makes them so.
        self.waiting: Waiting[K, V] = Waiting()
        self.due: Reason | None = None
        self.tick = Tick(self._tick_over, context)
        self._window: asyncio.TimerHandle | None = None
        self._asked_due = False  # without auto_flush: the keys that a batch function asked for

    def reset(self) -> None:
        """Begin anew: the event loop of what waited is over."""
        self.waiting.clear()
        self.due = None
        self.tick.disarm()
        self._window = None

    # Keys that wait become due.

    def collected(self) -> None:
        """See to it that the keys that wait will leave."""
        if self._flights.ready or self._may_cut():
            self.pump()
        elif self.waiting and not self.tick.armed:
            self._arm()

    def _arm(self) -> None:
        """Look for what will make the keys due that are not."""
        if self.due:
            return
        if not self.auto_flush:
            # The flush that the asking batch belongs to takes them along.
            if self.waiting.askers and not self._asked_due:
                self.tick.arm(self._home.loop)
        elif self.max_wait_time:
            if self._window is None:
                loop: asyncio.AbstractEventLoop = self._home.loop
                end = self.waiting.oldest() + self.max_wait_time
                self._window = loop.call_at(end, self._window_over, context=self._context)
        elif self.waiting.has_beside(ADDED):
            self.tick.arm(self._home.loop)

    def become_due(self, reason: Reason) -> None:
        """Let all that waits leave, and what comes until nothing waits."""
        if self.waiting:
            self.due = self.due or reason
            self.pump()

    def wait_again(self, rest: Flight[K, V]) -> None:
        """Let keys that have rested wait anew, with whatever else waits by now."""
        self.waiting.take_back(self._flights.release(rest), rest.askers)
        self.become_due(rest.reason)

    def overdue(self) -> bool:
        """Tell whether a key has waited for `max_wait_time`."""
        if not self.waiting or not self.max_wait_time:
            return False
        return self.waiting.oldest() + self.max_wait_time <= float(self._home.loop.time())

    def _tick_over(self, task: asyncio.Task[None] | None) -> Awaitable[None] | None:
        if not self.auto_flush:
            self._asked_due = True
        elif self.waiting.has_beside(ADDED):
            self.due = self.due or "settled"
        return self._flights.carry(task, self.pump)

    def _window_over(self) -> None:
        self._window = None
        if self.overdue():
            self.become_due("window")
        else:  # the key that set the timer has left
            self.collected()

    # Due keys leave, if the gate lets them.

    def pump(self) -> None:
        """Let leave what may leave; the gate, or a landing flight, calls again for the rest."""
        flights = self._flights
        while flights.ready or self._may_cut():
            crowded = len(flights.in_air) >= self._limits.max_in_flight
            kept_back = crowded and not self._asked_inside()
            slots = None if kept_back else self._gate.admit(self)
            if slots is None:
                if self.waiting:
                    self._arm()
                return
            half = flights.next_ready(asked=crowded) if flights.ready else None
            flights.launch(half or self._cut(), slots)
        self._asked_due = False
        if self.waiting:
            self._arm()
        else:
            self.rest()

    def rest(self) -> None:
        """Nothing waits any more: forget why it was due, and leave the gate's line."""
        self.due = None
        if self.tick.armed:
            self.tick.disarm()
        if self._window:
            self._end_window()
        if self.waiting.lanes or self.waiting.background:  # dead slots
            self.waiting.clear()
        if self._gate.line and not self._flights.ready:
            self._gate.leave(self)
        if self.emptied:
            self.emptied()

    def _is_awaited(self) -> bool:
        """Tell whether anybody waits for a call to end: keys here, others in line, who closes."""
        waits = self.waiting or self._flights.ready or self.emptied
        return bool(waits or self._gate.line)

    def _asked_inside(self) -> bool:
        """Tell whether a batch function under way waits for a key that could leave."""
        ready = any(flight.asked_inside() for flight in self._flights.ready)
        return ready or (self._may_cut() and self.waiting.asked_inside())

    def _may_cut(self) -> bool:
        """Tell whether a batch may leave, as far as its keys are concerned."""
        if self.due:
            return bool(self.waiting)
        if self.auto_flush:
            return len(self.waiting) >= self.batch_size
        return self._asked_due and self.waiting.asked_inside()

    def _cut(self) -> Flight[K, V]:
        """Take the next batch out of the keys that wait."""
        self.tick.lane = None
        only_asked = not self.auto_flush and not self.due
        callers, askers = self.waiting.cut(self.batch_size, only_asked=only_asked)
        reason = "full" if len(callers) >= self.batch_size else self.due
        flight = Flight(callers, reason or "flush", askers)
        self._flights.update(dict.fromkeys(callers, flight))
        if self._window:
            self._end_window()
        return flight

    def _end_window(self) -> None:
        assert self._window is not None  # noqa: S101 - looked at by whoever calls
        self._window.cancel()
        self._window = None

    # What the gate wants to know.

    @property
    def since(self) -> float:
        """The age of the oldest key, as loop time."""
        ready = [one.since for flight in self._flights.ready for one in flight.callers.values()]
        return min([*ready, self.waiting.rank()] if self.waiting else ready)

    @property
    def needs_slot(self) -> bool:
        """Whether to wait for a slot: full batches get no fuller, but single calls keep in step."""
        full = 1 < self.batch_size <= len(self.waiting)
        return not (full or self._flights.ready or self.waiting.asked_inside())

    called = pump
