"""Who asks from inside a batch function: the one context variable of this package.

It is set in the context of each batch and read when a key is asked, so that a batch function that
waits for itself, directly or through other processors, is told so instead of waiting for ever.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from batching.errors import BatchError
from batching.flight import Flight, still_asks

AnyFlight = Flight[Any, Any]

_inside: ContextVar[AnyFlight | None] = ContextVar("batching_inside", default=None)

#: Mark the current context as the inside of a batch.
enter_batch = _inside.set
#: The batch whose mark this context bears; it may be over, unlike that of `inside_batch`.
marked = _inside.get


def inside_batch() -> AnyFlight | None:
    """Return the batch from inside whose function this is called, or None."""
    flight = _inside.get()
    return None if flight is None or flight.settled else flight


def refuse_inside(name: str, verb: str) -> None:
    """Raise when called inside a batch function: it would wait for the batch it is part of."""
    if inside_batch() is not None:
        raise BatchError(f"{name}: {verb} inside a batch function would wait for that function")


def closes_circle(asker: AnyFlight, target: AnyFlight) -> bool:
    """Tell whether `target` waits, directly or through others, for its asker."""
    seen: set[AnyFlight] = set()
    unseen = [asker]
    while unseen:
        flight = unseen.pop()
        if flight is target:
            return True
        if flight not in seen:
            seen.add(flight)
            unseen += [
                asker[0]
                for askers in flight.askers.values()
                for asker in askers
                if still_asks(asker)
            ]
    return False
