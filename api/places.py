"""Places: what was found out about a place in a document, remembered while that is there."""

from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

V = TypeVar("V")


class Places(Generic[V]):
    """What was found by place; the longest unused is forgotten first.

    A place is known by the ids of its nodes, which are the same objects while the document is
    remembered, and by whatever else counts there.

    >>> places.find((id(node),), node, lambda: plan(node)) is places.find((id(node),), node, None)
    True
    """

    def __init__(self, most: int) -> None:
        self._most = most
        # What a key is made of is kept beside what was found: an id is only good while its object
        # lives.
        self._found: dict[Hashable, tuple[V, Any]] = {}

    def __len__(self) -> int:
        return len(self._found)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} [{len(self)}]>"

    def find(self, key: Hashable, made_of: Any, make: Callable[[], V]) -> V:
        """Return what is remembered of a place, or else what is made now."""
        known = self._found.pop(key, None)
        if known is None:
            while len(self._found) >= self._most:
                del self._found[next(iter(self._found))]
            known = make(), made_of
        self._found[key] = known  # as the last
        return known[0]
