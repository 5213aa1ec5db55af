"""What became of a number of added items, item by item."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

R = TypeVar("R")


@dataclass(slots=True)
class BatchResult(Generic[R]):
    """The outcomes of added items, in the order in which they were added.

    >>> BatchResult(successful=[1, 2], failed=[("c", error)]).success_rate
    66.66666666666667
    """

    successful: list[R] = field(default_factory=list)
    failed: list[tuple[Any, Exception]] = field(default_factory=list)

    @property
    def total_items(self) -> int:
        """How many items this result speaks of."""
        return len(self.successful) + len(self.failed)

    @property
    def success_count(self) -> int:
        """How many items came to a value."""
        return len(self.successful)

    @property
    def failure_count(self) -> int:
        """How many items came to an exception."""
        return len(self.failed)

    @property
    def success_rate(self) -> float:
        """Values in per cent of all items, 0 to 100; 0.0 when there are none."""
        return 100 * len(self.successful) / self.total_items if self.total_items else 0.0

    def _take(self, item: Hashable, outcome: R | Exception) -> None:
        """Put one more item's outcome where it belongs."""
        if isinstance(outcome, Exception):
            self.failed.append((item, outcome))
        else:
            self.successful.append(outcome)
