"""One batch, from its cut to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Hashable, Sequence
from typing import Any, Generic, TypeAlias, TypeVar

from batching.callers import SetCaller, SingleCaller
from batching.joint import Caller, Joint, members, settle_values
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

    Sets that come aboard are kept as such, for most are answered as such: key by key they are
    sorted in among the `callers` when somebody looks at those.
    """

    __slots__ = (
        "_aboard",
        "_callers",
        "askers",
        "extra_calls",
        "keys",
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
        self._callers = callers
        self._aboard: dict[SetCaller[K, V], list[K]] | None = None
        #: The keys of the call.
        self.keys: Collection[K] = callers
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

    @property
    def callers(self) -> dict[K, Caller[K, V]]:
        """Who waits, by key."""
        if self._aboard is not None:
            aboard, self._aboard = self._aboard, None
            for caller, keys in aboard.items():
                for key in keys:
                    there = self._callers[key]
                    if not isinstance(there, Joint):  # perhaps just about to leave, but there
                        there = self._callers[key] = Joint(there)
                    there.add(caller)
        return self._callers

    @callers.setter
    def callers(self, callers: dict[K, Caller[K, V]]) -> None:
        self._callers = self.keys = callers

    def singles(self) -> set[SingleCaller[K, V]]:
        """Return everybody who waits, or has waited."""
        singles: set[SingleCaller[K, V]] = set(self._aboard or ())
        for caller in set(self._callers.values()):
            singles.update(members(caller))
        return singles

    def take_aboard(self, caller: SetCaller[K, V], keys: list[K]) -> None:
        """Let a set wait for some of the keys, too."""
        if self._aboard is None:
            self._aboard = {}
        self._aboard[caller] = keys
        if self.live is not None:
            self.live += len(keys)

    def settle_values(self, values: Sequence[V]) -> None:
        """Give everybody the values of their keys."""
        settle_values(self._callers, values)
        if self._aboard is not None:
            by_key = dict(zip(self._callers, values, strict=True))
            for caller, keys in self._aboard.items():
                caller.settle_all(keys, [by_key[key] for key in keys])

    def count_live(self) -> int:
        """Return how many callers are there, per key."""
        if self.live is None:
            self.live = sum(len(members(caller)) for caller in self.callers.values())
        return self.live

    def asked_inside(self) -> bool:
        """Tell whether a batch function under way waits for one of the keys."""
        return any(still_asks(asker) for askers in self.askers.values() for asker in askers)
