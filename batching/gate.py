"""A provider's gate: how often and how many calls may be made, for all who call that provider.

A turnstile. Whoever wants to call asks `admit`, and either passes at once or stands in line until
it is called: then it asks again, or goes. Nothing is reserved for those who wait, so a processor
cuts its batch only when the call can really be made, and no permit has to be given back by one
that changed its mind. The oldest in line that could pass is called first: a processor is as old as
its oldest key, and single calls queue up behind their own oldest one, so that the line is short.

Three things decide: the rate (GCRA: one timestamp), a hold, and the slots. Slots keep back partial
batches, which fill up meanwhile, and calls for one key each. Full batches may always leave, for a
cap on them would only lengthen the queue.

A rate may be shared with other processes (`share`). Then permits come from the quota, one by one:
one is asked for while somebody stands in line who could use it, and serves the oldest then. The
promise is the same: a batch is cut when its call is due, not when it was reserved.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import copy_context
from typing import Protocol

from batching.checks import at_least, seconds
from batching.errors import BatchError
from batching.lineage import inside_batch
from batching.quota import Permits, Quota

# Seconds by which an interactive key goes before a background key. After that long a background
# key has its turn like any other, so a busy day delays an import but never stops it.
BACKGROUND_LAG = 5.0

# Seconds for which nobody passes when somebody else has cancelled a call: asyncio.run cancels
# every task when it ends, and what was begun then would never be finished.
PAUSE = 0.05

# Float times that should be equal may differ by rounding: far below any interval that matters.
_TINY = 1e-9


class Party(Protocol):
    """One who wants to pass, call after call: a processor, or the queue of single calls."""

    @property
    def since(self) -> float:
        """Loop time of its oldest key, or of its asking; background keys count as later ones."""

    @property
    def needs_slot(self) -> bool:
        """Whether it has to have a slot; full batches and calls from inside a batch do not."""

    def called(self) -> None:
        """Ask again, at once, as long as there is something to send; it stands in no line now."""


class Gate:
    """The limits of one provider, shared by its processors and by its unbatched calls.

    >>> gate = Gate(rate=1.0, burst=1, concurrency=4)

    rate:         Calls per second; None is no limit.
    burst:        Calls that may follow each other at once after a rest.
    concurrency:  Slots for partial batches and single calls; those that find none wait for one.
                  Full batches neither wait for a slot nor take one.
    """

    def __init__(
        self, *, rate: float | None = None, burst: int = 1, concurrency: int | None = None
    ) -> None:
        seconds("rate", rate)
        at_least(1, "burst", burst)
        if concurrency is not None:
            at_least(1, "concurrency", concurrency)
        self.rate = rate or None
        self.burst = burst
        self.concurrency = concurrency
        self.calls = 0
        self._interval = 1 / rate if rate else 0.0
        self._context = copy_context()  # no timer keeps a caller's context alive
        self._loop: asyncio.AbstractEventLoop | None = None
        # All of the mutable state: when the next call would be due if calls were evenly spaced,
        # the end of a hold, the calls in the air, the slots taken, those in line, the queues of
        # single calls by whether they need a slot and by their lag, and the timer of the line.
        self._theoretical = 0.0
        self._held_until = 0.0
        self._busy = 0
        self._slots = 0
        self.line: list[Party] = []
        self._queues: dict[tuple[bool, float], _Queue] = {}
        self._timer: asyncio.TimerHandle | None = None
        # Where permits come from in place of the rate, if it is shared.
        self._permits: Permits | None = None
        # Whether there is anything that may keep a call back: until there is, all pass.
        self._has_limits = bool(self._interval) or concurrency is not None

    def __repr__(self) -> str:
        in_line = sum(len(one.turns) if isinstance(one, _Queue) else 1 for one in self.line)
        held = f" | held {self.held:.1f} s" if self.held else ""
        return f"<Gate [{self._busy} in the air | {in_line} in line{held}]>"

    def share(self, quota: Quota) -> None:
        """Take permits from a quota that other processes take theirs from; the own rate rests."""
        self._interval = 0.0
        self._has_limits = True
        self._permits = Permits(quota, self._context, told=self._told, failed=self._do_without)

    def hold(self, duration: float) -> None:
        """Let nobody pass for this many seconds; a longer hold that is on stays."""
        seconds("duration", duration)
        self.pause(duration)
        if self._permits is not None:
            self._permits.quota.hold(duration)

    @property
    def held(self) -> float:
        """Seconds that a hold will still last."""
        return 0.0 if self._loop is None else max(0.0, self._held_until - self._loop.time())

    @property
    def budget(self) -> float | None:
        """Calls that could be made at once, as far as the rate goes; None without a rate."""
        if self._permits is not None:
            return self._permits.quota.budget
        if self.rate is None or self._loop is None:
            return None if self.rate is None else float(self.burst)
        owed = max(0.0, self._theoretical - self._loop.time())
        return max(0.0, self.burst - owed * self.rate)

    @asynccontextmanager
    async def permit(self, *, background: bool = False) -> AsyncIterator[None]:
        """Wait in line for one call that no processor batches.

        >>> async with gate.permit():
        ...     await client.get(next_page)

        Inside a batch function it needs a permit but no slot: the batch has one already.
        """
        loop = self.enter()
        kind = inside_batch() is None, BACKGROUND_LAG if background else 0.0
        queue = self._queues.get(kind)
        if queue is None:
            queue = self._queues[kind] = _Queue(self, *kind)
        turn = queue.join(loop)
        try:
            slots = await turn
        except BaseException:
            queue.leave(turn)
            raise
        try:
            yield
        finally:
            self.done(slots)

    # What processors use.

    def pause(self, duration: float) -> None:
        """Hold for this many seconds in this process alone."""
        self._has_limits = True
        self._held_until = max(self._held_until, self.enter().time() + duration)
        self._set_timer()

    def enter(self) -> asyncio.AbstractEventLoop:
        """Return the running loop, and forget what was left of one that is over."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            if self._loop is not None:
                if not self._loop.is_closed() and (self._busy or self.line):
                    raise BatchError("a gate is in use on another event loop")
                shift = loop.time() - self._loop.time()  # the same budget on another clock
                self._theoretical += shift
                self._held_until += shift
            self._busy = self._slots = 0
            self.line = []
            self._queues = {}
            self._timer = None
            self._loop = loop
            if self._permits is not None:
                self._permits.forget()
        return loop

    def admit(self, party: Party) -> int | None:
        """Let a call pass now, with the slots it takes; or put the party in line to be called."""
        if self.line or self._has_limits:
            if not self._is_open() or self._first_of(party, *self.line) is not party:
                if party not in self.line:
                    self.line.append(party)
                self._set_timer()
                return None
            self.leave(party)
            self._theoretical = max(self._theoretical, self._now()) + self._interval
            if self._permits is not None:
                self._permits.has_one = False
        self._busy += 1
        self.calls += 1
        slots = int(self.concurrency is not None and party.needs_slot)
        self._slots += slots
        return slots

    def leave(self, party: Party) -> None:
        """Stand in line no longer."""
        if party in self.line:
            self.line.remove(party)

    def done(self, slots: int, *, unused: bool = False) -> None:
        """Give the slots back; the permit too when the call was never made."""
        self._busy -= 1
        self._slots -= slots
        if unused:
            self.calls -= 1
            self._theoretical -= self._interval
        if self.line:
            self._call_next()

    # The line.

    def _now(self) -> float:
        assert self._loop is not None  # noqa: S101 - everybody enters first
        return self._loop.time()

    def _is_open(self) -> bool:
        """Tell whether rate, or quota, and hold let a call pass now."""
        return self._delay() <= _TINY and (self._permits is None or self._permits.has_one)

    def _delay(self) -> float:
        """Return the seconds until rate and hold let the next call pass."""
        evenly = self._theoretical - (self.burst - 1) * self._interval
        return max(evenly, self._held_until) - self._now()

    def _may_pass(self, party: Party) -> bool:
        return self.concurrency is None or self._slots < self.concurrency or not party.needs_slot

    def _first_of(self, *parties: Party) -> Party | None:
        """Return the oldest of those who could pass."""
        return min(filter(self._may_pass, parties), key=lambda party: party.since, default=None)

    def _call_next(self) -> None:
        """Call the party whose turn it is, then the next one, while calls can be made."""
        while self._is_open() and (party := self._first_of(*self.line)):
            self.line.remove(party)
            party.called()
        self._set_timer()

    def _set_timer(self) -> None:
        """Have the line called when rate and hold allow; slots call it by themselves."""
        delay = self._delay() if self.line else 0.0
        if self._timer is not None:
            assert self._loop is not None  # noqa: S101 - everybody enters first
            if self.line and abs(self._timer.when() - self._loop.time() - delay) <= _TINY < delay:
                return  # set already, as it is for every key that comes to a line that waits
            self._timer.cancel()
            self._timer = None
        if not self.line:
            return
        # A timer that was due but had not run may just have been cancelled: then set one for now.
        if delay > _TINY or any(map(self._may_pass, self.line)):
            assert self._loop is not None  # noqa: S101 - everybody enters first
            if delay <= _TINY and self._permits is not None:
                self._permits.ask(self._loop)
                return
            self._timer = self._loop.call_later(
                max(delay, 0.0), self._call_next, context=self._context
            )

    # The quota.

    def _told(self, held: float) -> None:
        """Use the permit that is there just now, or keep to the hold that another process told."""
        if held:
            self._held_until = max(self._held_until, self._now() + held)
        self._call_next()

    def _do_without(self, error: BaseException) -> None:
        """Go at the own rate from now on: a quota that fails is not one to rely on."""
        self._permits = None
        self._interval = 1 / self.rate if self.rate else 0.0
        context = {"message": "a gate's quota failed", "exception": error}
        asyncio.get_running_loop().call_exception_handler(context)
        self._call_next()


class _Queue:
    """Single calls of one kind, first come, first served: in the gate's line they are one party."""

    def __init__(self, gate: Gate, needs_slot: bool, lag: float) -> None:  # noqa: FBT001 - private
        self.needs_slot = needs_slot
        #: What each call waits for, and since when.
        self.turns: OrderedDict[asyncio.Future[int], float] = OrderedDict()
        self._gate = gate
        self._lag = lag

    @property
    def since(self) -> float:
        return next(iter(self.turns.values())) + self._lag

    def join(self, loop: asyncio.AbstractEventLoop) -> asyncio.Future[int]:
        """Return a future that is settled when the call may be made, which may be at once."""
        turn: asyncio.Future[int] = loop.create_future()
        self.turns[turn] = loop.time()
        if len(self.turns) == 1:  # otherwise the queue stands in line already
            self.called()
        return turn

    def leave(self, turn: asyncio.Future[int]) -> None:
        """Forget a call that will not be made."""
        if turn in self.turns:
            del self.turns[turn]
            if not self.turns:
                self._gate.leave(self)
        elif not turn.cancelled():  # it was its turn
            self._gate.done(turn.result(), unused=True)

    def called(self) -> None:
        while self._drop_gone() and (slots := self._gate.admit(self)) is not None:
            turn, _ = self.turns.popitem(last=False)
            turn.set_result(slots)

    def _drop_gone(self) -> bool:
        """Forget those in front who were cancelled just now; tell whether anybody is left."""
        while self.turns and next(iter(self.turns)).cancelled():
            self.turns.popitem(last=False)
        return bool(self.turns)
