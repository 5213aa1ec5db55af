"""Collect: a key that is asked joins whoever asked for it before, or begins to wait."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

from batching.alarms import Alarms
from batching.callers import KeyCaller, SetCaller, SingleCaller
from batching.checks import some_key
from batching.dispatch import Dispatcher
from batching.errors import DeadlineExceededError, QueueFullError
from batching.flight import Flight
from batching.flights import Flights
from batching.home import Home
from batching.joint import members
from batching.lineage import inside_batch, marked
from batching.policies import Limits, Refusal

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Intake(Generic[K, V]):
    """Where keys come in, and where callers say that they have left."""

    def __init__(
        self,
        *,
        name: str,
        home: Home,
        limits: Limits,
        alarms: Alarms,
        flights: Flights[K, V],
        dispatcher: Dispatcher[K, V],
        refusal: Refusal | None,
    ) -> None:
        self._name = name
        self._home = home
        self._limits = limits
        self._alarms = alarms
        self._flights = flights
        self._dispatcher = dispatcher
        self._waiting = dispatcher.waiting
        self._tick = dispatcher.tick
        self.refusal = refusal
        if refusal is not None:
            flights.again = self._wait_again

    def ask(
        self,
        key: K,
        scope: Hashable,
        deadline: float | None,
        background: bool,  # noqa: FBT001 - by position, for this is done for each key
    ) -> KeyCaller[K, V]:
        """Look at a key from all sides; when it waits, those like it need no look for this tick.

        They have its scope and its deadline, so what is not refused to it is not refused to them:
        a new reason to refuse is told (`reconsider`), and then the next key is looked at again.
        """
        some_key(self._name, key)
        hash(scope)  # or raise, before anything has changed
        home, waiting, tick = self._home, self._waiting, self._tick
        caller: KeyCaller[K, V] = home.caller()
        caller.owner = self
        caller.key = key
        caller.scope = scope
        caller.since = home.loop.time()
        caller.deadline = deadline
        caller.background = background
        if deadline is not None and not self._alarms.set(home.loop, caller, deadline):
            caller.settle(key, DeadlineExceededError(self._name), batch_failed=True)
            return caller
        self.take(key, caller)
        self._dispatcher.collected()
        if tick.armed and key in waiting and not (background or caller.done()):
            tick.lane = waiting.lanes.get(scope)
            tick.scope = scope
            tick.deadline = deadline
            tick.since = caller.since
        return caller

    def ask_all(self, keys: dict[K, SetCaller[K, V]], caller: SetCaller[K, V]) -> None:
        """Look at a set of keys, all of the same caller."""
        hash(caller.scope)  # or raise, before anything has changed
        deadline = caller.deadline
        if deadline is not None and not self._alarms.set(self._home.loop, caller, deadline):
            caller.refuse(DeadlineExceededError(self._name))
        else:
            self._take_all(keys, caller)
            self._dispatcher.collected()

    def take(self, key: K, caller: SingleCaller[K, V]) -> None:
        """Let a caller wait for a key."""
        waiting = self._waiting
        if key in self._flights:
            self._flights.board(key, caller)
        elif self.refusal is not None and (error := self._refused(caller)) is not None:
            caller.settle(key, error, batch_failed=True)
        elif key in waiting:
            waiting.join(key, caller)
            caller.count_join()
        elif len(waiting) >= self._limits.max_pending:
            full = QueueFullError(self._name, self._limits.max_pending)
            caller.settle(key, full, batch_failed=True)  # it says nothing of the key
        elif waiting.put_one(key, caller):
            self._tick.news = True
        if caller.done():
            self._alarms.unset(caller)
        elif marked() is not None and key in waiting and (asker := inside_batch()):
            waiting.askers.setdefault(key, []).append((asker, caller))

    def _take_all(self, keys: dict[K, SetCaller[K, V]], caller: SetCaller[K, V]) -> None:
        """Let a caller wait for a set of keys: all at once where none is asked by others."""
        waiting, flights = self._waiting, self._flights
        asked_outside = marked() is None
        if asked_outside and flights and not flights.keys().isdisjoint(keys):
            keys = flights.board_all(caller, keys)
            if not keys:
                return
        if (
            asked_outside
            and (not waiting or waiting.keys().isdisjoint(keys))
            and len(waiting) + len(keys) <= self._limits.max_pending
            and (self.refusal is None or self._refused(caller) is None)
        ):
            self._tick.news |= waiting.put(keys, caller)
        else:
            for key in keys:
                self.take(key, caller)

    def leave(self, key: K, caller: SingleCaller[K, V]) -> None:
        """Forget a caller that was cancelled or has expired."""
        if caller.get_loop() is not self._home.loop:
            return  # it waited on a loop that is over
        if caller.deadline is not None:
            self._alarms.unset(caller)
        waiting = self._waiting
        if key in waiting:
            waiting.leave(key, caller)
            if self._flights.attempts and key not in waiting:
                self._flights.attempts.pop(key, None)
        elif key in self._flights:
            self._flights.leave(key, caller)
        if not waiting:
            self._dispatcher.rest()

    def reconsider(self) -> None:
        """Refuse those who wait and had better not, by now."""
        self._tick.lane = None
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

    def _refused(self, caller: SingleCaller[K, V]) -> Exception | None:
        """Return why a caller had better not wait."""
        return None if self.refusal is None else self.refusal(caller.deadline)

    def _wait_again(self, rest: Flight[K, V]) -> None:
        """Let keys that have rested wait anew, unless there is a reason not to by now."""
        self._dispatcher.wait_again(rest)
        self.reconsider()
