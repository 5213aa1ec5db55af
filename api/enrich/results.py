"""Results: what becomes of a line, as OUTPUT and FAILURES have it."""

from typing import Any

import msgspec


class Done(msgspec.Struct):
    """A line of OUTPUT: all that was asked is told."""

    line: int
    ref: str
    data: Any


class Failure(msgspec.Struct, omit_defaults=True):
    """A line of FAILURES: something is missing; `data` is what is known all the same."""

    line: int
    ref: str
    retryable: bool
    errors: list[dict[str, Any]]
    data: Any = None
