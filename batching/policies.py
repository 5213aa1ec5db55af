"""The frozen values that bound a processor, and what its observers are told."""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from batching.checks import at_least, seconds

Reason: TypeAlias = Literal["settled", "full", "window", "flush", "close"]


# Beyond this a float power overflows before the cap is looked at.
MOST_DOUBLINGS = 63


@dataclass(frozen=True, slots=True)
class Limits:
    """Hard bounds of one processor.

    max_pending:    Keys that may wait; one more fails at once with `QueueFullError`.
    max_in_flight:  Batches that may be in the air together.
    """

    max_pending: int = 50_000
    max_in_flight: int = 64

    def __post_init__(self) -> None:
        """Refuse bounds under which nothing could ever be sent."""
        for name in ("max_pending", "max_in_flight"):
            at_least(1, name, getattr(self, name))


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how soon keys marked by a `RetryableError` are tried again.

    attempts:  Calls per key in all; 1 never tries again.
    base:      Seconds; the n-th wait is drawn from 0 to base * 2**(n - 1) (full jitter) ...
    cap:       ... and never longer than this many seconds.
    """

    attempts: int = 3
    base: float = 0.05
    cap: float = 20.0

    def __post_init__(self) -> None:
        """Refuse a policy that never makes the first call, or waits for no time there is."""
        at_least(1, "attempts", self.attempts)
        for name in ("base", "cap"):
            if getattr(self, name) is None:
                raise ValueError(f"{name}: expected seconds, got None")
            seconds(name, getattr(self, name))

    def delay(self, attempts: int, draw: Callable[[], float] = random.random) -> float:
        """Return the seconds to wait after this many attempts."""
        return draw() * min(self.cap, self.base * 2.0 ** min(attempts - 1, MOST_DOUBLINGS))


@dataclass(frozen=True, slots=True)
class BatchEvent:
    """One batch that has left and come to an end, as its observers see it.

    keys:      The keys sent, in the order in which they were sent.
    waiters:   Callers answered, those that joined in flight included.
    wait:      Seconds from its oldest key to its departure.
    duration:  Seconds in the air.
    reason:    Why it left: settled, full, window, flush or close.
    retries:   Keys of it that will be tried again.
    failures:  Keys of it that came to an exception.
    scopes:    The scopes of its callers.
    """

    name: str
    keys: tuple[Any, ...]
    waiters: int
    wait: float
    duration: float
    reason: Reason
    retries: int
    failures: int
    scopes: frozenset[Hashable]


Observer: TypeAlias = Callable[[BatchEvent], object]

#: From a caller's deadline, or None, to the exception it gets at once; None lets it wait.
Refusal: TypeAlias = Callable[[float | None], Exception | None]
