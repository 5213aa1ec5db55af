"""Chance that falls alike everywhere: the same seed, the same throws, on every Python."""

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Seeded chance.

    Built on `random()` alone, the one method whose sequence Python promises to keep; `choice`,
    `shuffle` and `sample` have changed between versions.

    >>> Dice(1).pick("abc") == Dice(1).pick("abc")
    True
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed).random  # noqa: S311  a catalogue is no secret

    def below(self, limit: int) -> int:
        """Return a whole number from 0 to `limit`, `limit` itself excluded."""
        return int(self._random() * limit)

    def between(self, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`, both included."""
        return low + int(self._random() * (high - low + 1))

    def chance(self, probability: float) -> bool:
        """Return True as often as `probability` says, from 0 to 1."""
        return self._random() < probability

    def pick(self, choices: Sequence[T]) -> T:
        """Return one of several."""
        return choices[int(self._random() * len(choices))]

    def low(self, limit: int) -> int:
        """Return a whole number below `limit`, small ones more often: fame is rare."""
        return int(self._random() * self._random() * limit)

    def some(self, choices: Sequence[T], count: int) -> list[T]:
        """Return `count` different ones, or all if there are fewer, in an order of their own."""
        left = list(choices)
        return [left.pop(self.below(len(left))) for _ in range(min(count, len(left)))]
