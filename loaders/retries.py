"""Retries: which failed calls are made again, how often, and how long a provider is left alone."""

import random
from typing import Any, NamedTuple

from batching import BatchProcessor, Gate
from loaders.errors import (
    AuthError,
    BadKeyError,
    BadResponseError,
    ProviderError,
    RateLimitedError,
    RejectedError,
    TooManyKeysError,
    UnavailableError,
    UpstreamTimeoutError,
)

# Calls for a key in all: the SRE book, chapter 21, and botocore's standard mode have three.
ATTEMPTS = 3

# How often the keys of one call may be asked again because they were too many: halved that often,
# a thousand is one.
SPLITS = 10

# Seconds, drawn from 0 to these (full jitter) and doubled with every further one, for which a
# provider rests that asks for a pause and does not say how long: botocore's standard mode.
THROTTLE_BASE = 1.0
THROTTLE_CAP = 20.0

# The most seconds for which a provider's word is taken: Spotify has said a day. Nobody waits for so
# long, so it is a newcomer's call that asks whether that is still so; then the hold begins again.
LONGEST_HOLD = 900.0


# Retries that a provider costs at most: one for ten calls that were served, which is the ratio of
# gRPC's proposal A6; five before any was; and fifty in a row, saved up for a bad moment.
CALLS_PER_RETRY = 10
FIRST_CREDIT = 5 * CALLS_PER_RETRY
MOST_CREDIT = 50 * CALLS_PER_RETRY


class Rule(NamedTuple):
    """What follows from a failed call: how many are made for a key in all, and what it proves.

    `is_failure` is whether it speaks against the provider (its breaker counts it) or for it, as any
    answer does; None if it is about something else.
    """

    attempts: int
    is_failure: bool | None


# The one table that decides; what says of itself that it is not retryable is not tried again.
RULES: dict[type[ProviderError], Rule] = {
    UpstreamTimeoutError: Rule(ATTEMPTS, is_failure=True),
    UnavailableError: Rule(ATTEMPTS, is_failure=True),
    BadResponseError: Rule(2, is_failure=True),  # it may have been garbled on its way: once
    RateLimitedError: Rule(ATTEMPTS, is_failure=None),  # waited out at the gate
    AuthError: Rule(ATTEMPTS, is_failure=None),  # retryable when its token endpoint failed
    RejectedError: Rule(1, is_failure=False),
    BadKeyError: Rule(1, is_failure=False),  # looked for in halves, where there are several
    TooManyKeysError: Rule(SPLITS, is_failure=False),  # with fewer
}
_NOTHING = Rule(1, is_failure=None)


def attempts_after(error: ProviderError) -> int:
    """Return how many calls a key that met this error may have in all; 1 is no further one.

    >>> attempts_after(UnavailableError("spotify", "spotify answered 502 Bad Gateway"))
    3
    """
    return _rule_of(error).attempts if error.retryable else 1


def is_failure(error: ProviderError) -> bool | None:
    """Tell whether an error speaks against its provider; None if it is about something else."""
    return _rule_of(error).is_failure


def _rule_of(error: ProviderError) -> Rule:
    """Return the rule of an error's class, or of what that is a kind of."""
    return next((RULES[kind] for kind in type(error).__mro__ if kind in RULES), _NOTHING)


class Patience:
    """What one provider's resources share: the pauses it is given, and the retries it may cost."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.processors: list[BatchProcessor[Any, Any]] = []
        self._pauses = 0  # in a row
        self._credit = FIRST_CREDIT  # in calls

    def hold(self, error: RateLimitedError) -> float:
        """Let the provider rest, for as long as it says or longer each time; return how long.

        Who waits for it and has no time for that is told so.
        """
        most = min(THROTTLE_CAP, THROTTLE_BASE * 2.0**self._pauses)
        self._pauses += 1
        rest = error.retry_after or random.random() * most  # noqa: S311  nobody gains by guessing it
        rest = min(rest, LONGEST_HOLD)
        self.gate.hold(rest)
        for processor in self.processors:
            processor.reconsider()
        return rest

    def may_retry(self) -> bool:
        """Take one retry from the budget, if there is one."""
        if self._credit < CALLS_PER_RETRY:
            return False
        self._credit -= CALLS_PER_RETRY
        return True

    def served(self) -> None:
        """Note that a call was served."""
        self._pauses = 0
        self._credit = min(MOST_CREDIT, self._credit + 1)
