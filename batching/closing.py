"""Close: what waits is sent, and when the grace is over, what is left fails."""

from __future__ import annotations

import asyncio
from asyncio import get_running_loop
from collections.abc import Hashable
from typing import Generic, TypeVar

from batching.alarms import Alarms
from batching.dispatch import Dispatcher
from batching.errors import ProcessorClosedError
from batching.flights import Flights

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Closing(Generic[K, V]):
    """The end of a processor, and whether it has been reached."""

    def __init__(
        self, name: str, alarms: Alarms, flights: Flights[K, V], dispatcher: Dispatcher[K, V]
    ) -> None:
        self._name = name
        self._alarms = alarms
        self._flights = flights
        self._dispatcher = dispatcher
        self._idle: asyncio.Future[None] | None = None

    @property
    def busy(self) -> bool:
        """Whether anything waits or is in flight."""
        return bool(self._dispatcher.waiting or self._flights or self._flights.in_air)

    async def close(self, grace: float | None) -> None:
        """Send what waits, and return when all is settled; with what is left when grace is over."""
        for flight in self._flights.resting():
            self._dispatcher.wait_again(flight)
        self._dispatcher.become_due("close")
        if self.busy:
            self._dispatcher.emptied = self._look
            self._idle = self._idle or get_running_loop().create_future()
            await asyncio.wait([self._idle], timeout=grace)
            self._abandon()

    def _look(self) -> None:
        if self._idle and not self.busy and not self._idle.done():
            self._idle.set_result(None)

    def _abandon(self) -> None:
        error = ProcessorClosedError(self._name)
        for key, caller in list(self._dispatcher.waiting.items()):
            caller.settle(key, error, batch_failed=True)
        self._flights.abandon(error)
        self._alarms.clear()
        self._dispatcher.rest()
