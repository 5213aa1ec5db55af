"""Events: what a feed tells, as it is written in JSON; a time is loop time, in seconds.

Where keys are listed, there are `size` of them, or none where a frame was full.
"""

from collections.abc import Hashable, Sequence
from typing import Any

import msgspec

# What a drawing can show of a key, or of a name that a client chose.
LONGEST = 60


class Event(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag=str.lower):
    """Something that happened."""

    at: float


class Began(Event, frozen=True):
    """An operation has begun, as part of this request."""

    request: int
    name: str = ""


class Asked(Event, frozen=True):
    """A request asked a loader for keys."""

    request: int
    loader: str
    size: int
    keys: Sequence[str] = ()


class Cached(Event, frozen=True):
    """Of the keys that were asked last, the process remembered these."""

    request: int
    loader: str
    size: int
    keys: Sequence[str] = ()


class Left(Event, frozen=True):
    """A batch has left."""

    batch: int
    loader: str
    size: int
    keys: Sequence[str] = ()


class Gone(Event, frozen=True):
    """A batch was given up, because nobody waits for it any more."""

    batch: int


class Told(msgspec.Struct, frozen=True):
    """An upstream call that came to its end; no status where no answer came."""

    route: str
    at: float
    seconds: float
    status: int | None


class Landed(Event, frozen=True):
    """A batch has come to its end; of its keys some are tried again, some have failed."""

    batch: int
    wait: float
    seconds: float
    reason: str
    waiters: int
    calls: list[Told]
    retries: int = 0
    failures: int = 0


class Failed(Event, frozen=True):
    """A request got errors for keys, all of one kind."""

    request: int
    loader: str
    error: str
    size: int
    keys: Sequence[str] = ()


class Answered(Event, frozen=True):
    """An operation was answered; `counts` has the rows of its request's account."""

    request: int
    name: str
    outcome: str
    seconds: float
    counts: list[dict[str, Any]]


class Totals(msgspec.Struct):
    """What was counted since somebody watches."""

    asked: int = 0
    batches: int = 0
    calls: int = 0
    failed: int = 0


class Frame(msgspec.Struct, omit_defaults=True):
    """What is sent at once; `standing` is how the providers are, `hello` only in a first frame."""

    at: float
    events: list[Event]
    totals: Totals
    standing: dict[str, Any]
    lost: int = 0
    hello: list[dict[str, Any]] = []


def shown(keys: Sequence[Hashable]) -> Sequence[str]:
    """Return keys as people know them; a page or a search by what it is of.

    >>> shown([PageKey("11dFghVXANMlKmJXsNCbNl", offset=0, limit=50)])
    ['11dFghVXANMlKmJXsNCbNl']
    """
    if set(map(type, keys)) == {str} and max(map(len, keys)) <= LONGEST:  # type: ignore[arg-type]  # all are text
        return keys  # type: ignore[return-value]  # all are text
    natives = [getattr(key, "native", None) or getattr(key, "text", None) or key for key in keys]
    return [str(native)[:LONGEST] for native in natives]
