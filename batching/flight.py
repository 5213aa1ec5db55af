"""One batch, from its cut to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from typing import Any, Generic, TypeAlias, TypeVar

from batching.callers import Caller, Joint, members
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

    `live` counts the callers, per key; when the last one leaves, nobody needs the call and it is
    cancelled. A flight has a `task` while its call is made, a `timer` while its keys rest before
    another attempt, and neither while it stands ready (the halves of a refused batch).
    """

    __slots__ = (
        "askers",
        "callers",
        "extra_calls",
        "left",
        "live",
        "reason",
        "settled",
        "started",
        "task",
        "timer",
    )

    def __init__(
        self, callers: dict[K, Caller[K, V]], reason: Reason, askers: dict[K, list[Asker]]
    ) -> None:
        self.callers = callers
        self.live: int = len(callers)
        if Joint in set(map(type, callers.values())):
            self.live = sum(len(list(members(caller))) for caller in callers.values())
        self.reason: Reason = reason
        #: By key, who asked for it from inside a batch function.
        self.askers = askers
        self.started: float | None = None
        self.settled = False
        #: Whether a caller has left, so that some key may have none any more.
        self.left = False
        self.task: asyncio.Task[None] | None = None
        self.timer: asyncio.TimerHandle | None = None
        #: Extra calls made so far to find a refused key, one count shared by all halves.
        self.extra_calls = [0]

    def asked_inside(self) -> bool:
        """Tell whether a batch function under way waits for one of the keys."""
        return any(still_asks(asker) for askers in self.askers.values() for asker in askers)
