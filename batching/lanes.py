"""Lanes: the waiting keys of each scope, from which a batch is cut in turn, one key from each.

A key that no longer waits (sent from another lane, or left by its callers) leaves a dead slot
behind, which is skipped at the cut and swept when the dead outnumber the living.

A lane is dropped when it is empty, or with all others. So whoever holds one (`tick.py`) can tell by
a glance whether a key that is put there will be found.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, TypeVar

K = TypeVar("K", bound=Hashable)


class Lanes(OrderedDict[Hashable, "deque[K]"]):
    """Keys by scope, the scope whose turn is next coming first."""

    def put(self, scope: Hashable, keys: Iterable[K]) -> bool:
        """Append keys to their scope's lane; tell whether the scope had keys here before."""
        lane = self.get(scope)
        if lane is None:
            self[scope] = deque(keys)
            return False
        lane.extend(keys)
        return True

    def put_first(self, scope: Hashable, key: K) -> None:
        """Put a key before all others of its scope, and the scope before all others."""
        self.setdefault(scope, deque()).appendleft(key)
        self.move_to_end(scope, last=False)

    def heads(self, waiting: Mapping[K, Any]) -> list[K]:
        """Return the oldest waiting key of each lane, and drop what is dead before it."""
        heads = []
        for scope, lane in list(self.items()):
            while lane and lane[0] not in waiting:
                lane.popleft()
            if lane:
                heads.append(lane[0])
            else:
                del self[scope]
        return heads

    def cut(self, waiting: Mapping[K, Any], size: int, taken: dict[K, None]) -> None:
        """Take keys, one from each lane in turn, until `size` are taken or none is left."""
        while self and len(taken) < size:
            scope, lane = self.popitem(last=False)
            share = len(taken) + 1 if self else size  # a lane alone need not take turns
            while lane and len(taken) < share:
                key = lane.popleft()
                if key in waiting:
                    taken[key] = None
            if lane:
                self[scope] = lane

    def sweep(self, standing: Callable[[Hashable], Callable[[K], bool]]) -> None:
        """Drop every dead slot: where a key does not stand for this scope any more."""
        for scope, lane in list(self.items()):
            alive = list(filter(standing(scope), lane))
            lane.clear()
            lane.extend(alive)
            if not alive:
                del self[scope]
