"""What can go wrong with a key, and the two marks a batch function can set.

BatchError                   whatever the coalescer itself has to say
KeyNotFoundError           the mapping that came back has no such key
QueueFullError             too many keys wait already
DeadlineExceededError      the caller's deadline passed first
ProcessorClosedError       asked after `close()`
CircularWaitError          a batch function waits for itself
RetryableError               raised by a batch function: try these keys again
RefusedError                 raised by a batch function: one of the keys is to blame
"""

from __future__ import annotations

from collections.abc import Hashable

from batching.checks import at_least, seconds


class BatchError(Exception):
    """Something went wrong in the coalescer, or with what a batch function handed back."""


class KeyNotFoundError(BatchError, LookupError):
    """A batch function answered with a mapping that lacks this key."""

    def __init__(self, key: Hashable, name: str) -> None:
        super().__init__(f"{name}: no value came back for the key {key!r}")
        self.key = key


class QueueFullError(BatchError):
    """As many keys wait as `Limits.max_pending` allows; this one was not taken."""

    def __init__(self, name: str, limit: int) -> None:
        super().__init__(f"{name}: {limit} keys wait already, no more are taken")
        self.limit = limit


class DeadlineExceededError(BatchError, TimeoutError):
    """The caller's deadline passed before its key settled."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}: the caller's deadline passed before its key settled")


class ProcessorClosedError(BatchError):
    """The processor is closed: it takes no more keys."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}: closed, no more keys are taken")


class CircularWaitError(BatchError):
    """A batch function waits, directly or through others, for the batch it is busy with."""

    def __init__(self, name: str, key: Hashable) -> None:
        super().__init__(
            f"{name}: a batch function waits for {key!r}, which waits for that batch function"
        )
        self.key = key


class RetryableError(Exception):
    """Raised (or returned for a key) by a batch function: these keys may be tried again.

    `after` is the least number of seconds to wait first, `attempts` the most calls for a key in
    all; None leaves either to the retry policy.
    Once the attempts are used up the callers see `__cause__`, or this error when it has none.
    `final` says that the processor has done what it could: it is for the caller to try again.

    >>> raise RetryableError(after=0.5) from UnavailableError(...)
    """

    def __init__(
        self,
        message: str = "try again",
        *,
        after: float | None = None,
        attempts: int | None = None,
        final: bool = False,
    ) -> None:
        super().__init__(message)
        seconds("after", after)
        if attempts is not None:
            at_least(1, "attempts", attempts)
        self.after = after
        self.attempts = attempts
        self.final = final


class RefusedError(Exception):
    """Raised by a batch function: the whole batch was refused because of one of its keys."""
