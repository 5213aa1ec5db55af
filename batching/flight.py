"""One batch, from its cut to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from typing import Any, Generic, TypeAlias, TypeVar

from batching.joint import Caller, members
from batching.policies import Reason

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

#: Who asked from inside a batch function, and the future it got for it.
Asker: TypeAlias = "tuple[Flight[Any, Any], asyncio.Future[Any]]"


def still_asks(asker: Asker) -> bool:
    """Tell whether a batch function is under way and has not given up what it asked."""
    flight, caller = asker
    return not flight.settled and not caller.done()


class Flight(Generic[K, V]):
    """The keys of one call with those who wait for them.

    When the last caller of the last key leaves, nobody needs the call and it is cancelled. A flight
    has a `task` while its call is made, a `timer` while its keys rest before another attempt, and
    neither while it stands ready (the halves of a refused batch).
    """

    __slots__ = (
        "askers",
        "callers",
        "extra_calls",
        "live",
        "reason",
        "settled",
        "slots",
        "started",
        "task",
        "timer",
    )

    def __init__(
        self, callers: dict[K, Caller[K, V]], reason: Reason, askers: dict[K, list[Asker]]
    ) -> None:
        self.callers = callers
        self.reason: Reason = reason
        #: By key, who asked for it from inside a batch function.
        self.askers = askers
        self.started: float | None = None
        self.settled = False
        #: What its call takes of the gate's slots.
        self.slots = 0
        #: The callers that are still there, per key; counted once one of them has left.
        self.live: int | None = None
        self.task: asyncio.Task[None] | None = None
        self.timer: asyncio.TimerHandle | None = None
        #: Extra calls made so far to find a refused key, one count shared by all halves.
        self.extra_calls = [0]

    def count_live(self) -> int:
        """Return how many callers are there, per key."""
        if self.live is None:
            self.live = sum(len(members(caller)) for caller in self.callers.values())
        return self.live

    def asked_inside(self) -> bool:
        """Tell whether a batch function under way waits for one of the keys."""
        return any(still_asks(asker) for askers in self.askers.values() for asker in askers)
