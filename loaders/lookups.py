"""Look-ups: an entity is asked by itself, for parts that no bulk call tells.

A look-up is open until its call is made: whoever wants the same entity in the meantime shares it,
and adds the parts he wants. Whoever comes later begins another one, for what he wants alone.

>>> lookups = Lookups()
>>> one = lookups.wanting("5b11f4ce", ["genres"])
>>> lookups.wanting("5b11f4ce", ["links"]) is one, sorted(one.parts)
(True, ['genres', 'links'])
>>> lookups.send(one)
>>> lookups.wanting("5b11f4ce", ["links"]) is one
False
"""

from collections.abc import Iterable
from weakref import WeakValueDictionary


class Lookup:
    """One look-up, and the key it is known by to processors: equal to itself only."""

    __slots__ = ("__weakref__", "native", "parts")

    def __init__(self, native: str) -> None:
        self.native = native
        self.parts: set[str] = set()

    def __repr__(self) -> str:
        return f"<Lookup {self.native} {sorted(self.parts)}>"


class Lookups:
    """The open look-ups of one kind at one provider; one that nobody waits for is forgotten."""

    def __init__(self) -> None:
        self._open: WeakValueDictionary[str, Lookup] = WeakValueDictionary()

    def __repr__(self) -> str:
        return f"<Lookups [{len(self._open)} open]>"

    def wanting(self, native: str, parts: Iterable[str]) -> Lookup:
        """Return the open look-up of an entity, with these parts among those it asks for."""
        lookup = self._open.get(native)
        if lookup is None:
            lookup = self._open[native] = Lookup(native)
        lookup.parts.update(parts)
        return lookup

    def send(self, lookup: Lookup) -> None:
        """Close a look-up: its call is being made."""
        if self._open.get(lookup.native) is lookup:
            del self._open[lookup.native]
