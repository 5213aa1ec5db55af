"""The keys that wait, with their callers, and the order in which they leave."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Hashable, Mapping
from functools import partial
from typing import TypeVar

from batching.callers import SingleCaller
from batching.flight import Asker, still_asks
from batching.gate import BACKGROUND_LAG
from batching.joint import Caller, Joint, Lane, lane_of, members
from batching.lanes import Lanes

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

# What background keys that have waited for long get of every batch, whatever else waits.
BACKGROUND_SHARE = 0.25

# Dead slots that are not worth a sweep.
_FEW = 64


class Waiting(dict[K, Caller[K, V]]):
    """Callers by key. Every key also stands in the lane of each scope that asked for it."""

    def __init__(self) -> None:
        super().__init__()
        self.lanes: Lanes[K] = Lanes()
        self.background: Lanes[K] = Lanes()
        #: Who asked for a key from inside a batch function.
        self.askers: dict[K, list[Asker]] = {}
        # Slots in which no key stands any more, and slots beyond the first of a key.
        self._dead = 0
        self._more = 0
        self._credit = 0.0

    def put(self, keys: Mapping[K, SingleCaller[K, V]], caller: SingleCaller[K, V]) -> bool:
        """Take in keys of a caller that do not wait yet; tell whether its scope has others here."""
        self.update(keys)
        return (self.background if caller.background else self.lanes).put(caller.scope, keys)

    def put_one(self, key: K, caller: SingleCaller[K, V]) -> bool:
        """Take in one key that does not wait yet; tell whether its scope has others waiting."""
        self[key] = caller
        lanes = self.background if caller.background else self.lanes
        lane = lanes.get(caller.scope)
        if lane is None:
            lanes[caller.scope] = deque((key,))
            return False
        lane.append(key)
        return True

    def take_back(self, callers: dict[K, Caller[K, V]], askers: Mapping[K, list[Asker]]) -> None:
        """Take in keys again that have been in flight: they are the oldest, and go first."""
        self.update(callers)
        for key, caller in reversed(callers.items()):
            for scope, background in {lane_of(member) for member in members(caller)}:
                (self.background if background else self.lanes).put_first(scope, key)
            if key in askers:
                self.askers[key] = askers[key]

    def join(self, key: K, caller: SingleCaller[K, V]) -> None:
        """Let one more caller wait for a key that waits."""
        there = self[key]
        if not isinstance(there, Joint):
            if there.done():
                self[key] = caller
                return
            there = self[key] = Joint(there)
        if there.add(caller):
            self._more += 1
            (self.background if caller.background else self.lanes).put(caller.scope, (key,))

    def leave(self, key: K, caller: SingleCaller[K, V]) -> None:
        """Forget a caller, and the key with its last one."""
        there = self[key]
        if isinstance(there, Joint) and len(there.callers) > 1:
            last = there.drop(caller)
            self._dead += last
            self._more -= last
        else:
            del self[key]
            if self.askers:
                self.askers.pop(key, None)
            self._dead += 1
        if self._dead > len(self) + self._more + _FEW:
            self._sweep()

    def _sweep(self) -> None:
        """Drop dead slots, and lanes that hold no others."""
        if Joint in set(map(type, self.values())):
            self.lanes.sweep(lambda scope: partial(self._stands, (scope, False)))
            self.background.sweep(lambda scope: partial(self._stands, (scope, True)))
        else:
            self.lanes.sweep(lambda _: self.__contains__)
            self.background.sweep(lambda _: self.__contains__)
        self._dead = 0
        slots = sum(map(len, self.lanes.values())) + sum(map(len, self.background.values()))
        self._more = slots - len(self)

    def _stands(self, lane: Lane, key: K) -> bool:
        there = self.get(key)
        return there is not None and (not isinstance(there, Joint) or there.stands_in(lane))

    def has_beside(self, scope: Hashable) -> bool:
        """Tell whether keys of any other scope wait."""
        if scope not in self.lanes:
            return bool(self)
        if self._dead:
            self._sweep()
        return len(self.lanes) > (scope in self.lanes) or bool(self.background)

    def oldest(self) -> float:
        """Return the loop time at which the oldest key was asked."""
        heads = self.lanes.heads(self) + self.background.heads(self)
        return min(self[key].since for key in heads)

    def asked_inside(self) -> bool:
        """Tell whether a batch function that is under way waits for a key here."""
        for key, askers in list(self.askers.items()):
            if not any(map(still_asks, askers)):
                del self.askers[key]
        return bool(self.askers)

    def rank(self) -> float:
        """Return the loop time by which the oldest key stands in a line; background ones later."""
        ranks = [self[key].since for key in self.lanes.heads(self)]
        ranks += [self[key].since + BACKGROUND_LAG for key in self.background.heads(self)]
        return min(ranks)

    def cut(
        self, size: int, *, only_asked: bool = False
    ) -> tuple[dict[K, Caller[K, V]], dict[K, list[Asker]]]:
        """Take out the keys of the next batch: interactive ones first, fair over scopes.

        only_asked:  Only keys that a batch function waits for.
        """
        if len(self) <= size and not only_asked:
            callers, askers = dict(self), dict(self.askers)
            self.clear()
            return callers, askers
        self.asked_inside()
        taken = dict.fromkeys(list(self.askers)[:size])  # their batches hold slots meanwhile
        if not only_asked:
            share = len(taken) + self._background_share(size)
            self.background.cut(self, min(size, share), taken)
            self.lanes.cut(self, size, taken)
            self.background.cut(self, size, taken)
        self._dead += len(taken)  # of those that stood in other lanes, too
        askers = {key: self.askers.pop(key) for key in taken if key in self.askers}
        return {key: self.pop(key) for key in taken}, askers

    def clear(self) -> None:
        """Forget everything."""
        dict.clear(self)  # super() would cost more than all the rest
        if self.lanes:
            self.lanes.clear()
        if self.background:
            self.background.clear()
        if self.askers:
            self.askers.clear()
        self._dead = self._more = 0

    def _background_share(self, size: int) -> int:
        """Return how many keys background callers get before anybody else."""
        if not self.background:
            return 0
        now = asyncio.get_running_loop().time()
        heads = self.background.heads(self)
        if not any(self[key].since + BACKGROUND_LAG <= now for key in heads):
            return 0
        self._credit += size * BACKGROUND_SHARE
        share = int(self._credit)
        self._credit -= share
        return share
