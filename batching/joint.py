"""Joint: several callers of one key, and what is done to the callers of many keys at once."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Generic, TypeAlias, TypeVar

from batching.callers import KeyCaller, SetCaller, SingleCaller

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


# Keys that are settled one by one before it could be found out how to settle them all at once.
FEW = 5

#: Where a key stands: whose it is, and whether it is asked in the background.
Lane: TypeAlias = "tuple[Hashable, bool]"


class Joint(Generic[K, V]):
    """Several callers of one key."""

    __slots__ = ("background", "callers", "lanes", "scope", "since")

    def __init__(self, first: SingleCaller[K, V]) -> None:
        self.callers = {first: None}  # a dict for its order and quick removal
        self.since = first.since
        #: The lane in which the key stands, and, once there are more, the callers in each of them.
        self.scope = first.scope
        self.background = first.background
        self.lanes: dict[Lane, int] | None = None

    def add(self, caller: SingleCaller[K, V]) -> bool:
        """Let one more caller wait here; tell whether it is the first one of its lane."""
        self.callers[caller] = None
        if self.lanes is None:
            if caller.scope is self.scope and caller.background is self.background:
                return False
            self.lanes = {(self.scope, self.background): len(self.callers) - 1}
        lane = caller.scope, caller.background
        before = self.lanes.get(lane, 0)
        self.lanes[lane] = before + 1
        return not before

    def drop(self, caller: SingleCaller[K, V]) -> bool:
        """Forget a caller, not the last one; tell whether it was the last one of its lane."""
        del self.callers[caller]
        if self.lanes is None:
            return False
        lane = caller.scope, caller.background
        self.lanes[lane] -= 1
        if self.lanes[lane]:
            return False
        del self.lanes[lane]
        return True

    def stands_in(self, lane: Lane) -> bool:
        """Tell whether one of the callers has the key stand in this lane."""
        if self.lanes is None:
            return lane == (self.scope, self.background)
        return lane in self.lanes

    def settle(self, key: K, outcome: V | Exception, *, batch_failed: bool = False) -> None:
        """Answer every caller that has not left."""
        for caller in self.callers:
            caller.settle(key, outcome, batch_failed=batch_failed)

    def settle_value(self, key: K, value: V) -> None:
        """Give every caller that has not left a value that is no exception."""
        for caller in self.callers:
            if type(caller) is not KeyCaller:
                caller.settle(key, value)
            elif not caller.done():
                caller.set_result(value)


Caller: TypeAlias = KeyCaller[K, V] | SetCaller[K, V] | Joint[K, V]


def lane_of(caller: SingleCaller[K, V]) -> Lane:
    """Return the lane in which a caller's key stands: its scope, and whether in background."""
    return caller.scope, caller.background


def members(caller: Caller[K, V]) -> Collection[SingleCaller[K, V]]:
    """Return the single callers behind this one."""
    return caller.callers if isinstance(caller, Joint) else (caller,)


def joined(there: Caller[K, V], newcomer: SingleCaller[K, V]) -> Caller[K, V]:
    """Return what stands for a key after a newcomer joined whoever is there."""
    if not isinstance(there, Joint):
        if there.done():
            return newcomer
        there = Joint(there)
    there.add(newcomer)
    return there


def still(callers: Mapping[K, Caller[K, V]]) -> dict[K, Caller[K, V]]:
    """Return the callers that have not left, by key."""
    alive: dict[K, Caller[K, V]] = {}
    for key, caller in callers.items():
        for member in members(caller):
            if not member.done():
                alive[key] = joined(alive[key], member) if key in alive else member
    return alive


def settle_values(callers: Mapping[K, Caller[K, V]], values: Sequence[V]) -> None:
    """Give every caller the value of its key; this is where the time of large batches goes."""
    if len(callers) >= FEW and _settle_at_once(callers, values):
        return
    # Nothing is asked that is known: that none of the values is an exception.
    for value, (key, caller) in zip(values, callers.items()):  # noqa: B905 - one for each
        if type(caller) is Joint:
            caller.settle_value(key, value)
        elif type(caller) is not KeyCaller:
            caller.settle(key, value)
        elif not caller.done():
            caller.set_result(value)


def _settle_at_once(callers: Mapping[K, Caller[K, V]], values: Sequence[V]) -> bool:
    """Give the values to callers that are all alike; False if there is something to look at."""
    first = next(iter(callers.values()))
    if isinstance(first, SetCaller) and set(callers.values()) == {first}:
        first.settle_all(callers, values)
        return True
    if set(map(type, callers.values())) != {KeyCaller}:
        return False
    try:
        deque(map(asyncio.Future.set_result, callers.values(), values), maxlen=0)  # type: ignore[arg-type]  # all are KeyCallers
    except asyncio.InvalidStateError:  # somebody has left
        return False
    return True
