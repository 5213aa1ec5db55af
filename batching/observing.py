"""Observers: who is told of each call that has come to its end."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

from batching.callers import ADDED
from batching.flight import Flight
from batching.home import Home
from batching.policies import BatchEvent, Observer

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Observers(Generic[K, V]):
    """The observers of a processor; and the event loop's handler, for faults of nobody."""

    def __init__(self, name: str, home: Home, observers: tuple[Observer, ...]) -> None:
        self._name = name
        self._home = home
        self._observers = observers
        #: Whether there is anybody to be told.
        self.are_there = bool(observers)

    def tell(self, flight: Flight[K, V], *, retries: int = 0, failures: int = 0) -> None:
        """Tell the observers of a call that has come to its end."""
        started = flight.started
        if started is None or not self.are_there:
            return
        singles = flight.singles()
        event = BatchEvent(
            name=self._name,
            keys=tuple(flight.keys),
            waiters=len(singles),
            wait=started - min(caller.since for caller in singles),
            duration=self._home.loop.time() - started,
            reason=flight.reason,
            retries=retries,
            failures=failures,
            scopes=frozenset(None if caller.scope is ADDED else caller.scope for caller in singles),
        )
        for observer in self._observers:
            try:
                observer(event)
            except Exception as error:  # noqa: BLE001 - the loop's handler tells of it
                self.complain("an observer of", error)

    def complain(self, what: str, error: Exception) -> None:
        """Tell the event loop of a fault that no caller is to blame for."""
        context = {"message": f"{what} {self._name} failed", "exception": error}
        self._home.loop.call_exception_handler(context)
