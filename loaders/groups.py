"""Groups: things put together by the name they share, and what came of them in their own order.

Most lists are of one name, and cost no look at each of their things.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

N = TypeVar("N", bound=Hashable)
T = TypeVar("T")


def grouped(names: Sequence[N], things: Sequence[T]) -> dict[N, Sequence[T]]:
    """Return the things by name, each group in the order given.

    >>> grouped(["a", "b", "a"], [1, 2, 3])
    {'a': [1, 3], 'b': [2]}
    """
    if len(set(names)) == 1:
        return {names[0]: things}
    groups: dict[N, list[T]] = {}
    for name, thing in zip(names, things, strict=True):
        groups.setdefault(name, []).append(thing)
    return {**groups}


def in_order(names: Sequence[N], groups: Mapping[N, Sequence[T]]) -> list[T]:
    """Return the things of all groups in the order of their names.

    >>> in_order(["a", "b", "a"], {"a": [1, 3], "b": [2]})
    [1, 2, 3]
    """
    if len(groups) == 1:
        return list(groups[names[0]])
    rest = {name: iter(group) for name, group in groups.items()}
    return [next(rest[name]) for name in names]
