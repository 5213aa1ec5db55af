"""Retries: which failed calls are made again, how often, and how long a provider is left alone."""

import random
from typing import NamedTuple

from batching import Gate
from loaders.errors import (
    AuthError,
    BadResponseError,
    ProviderError,
    RateLimitedError,
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


class Rule(NamedTuple):
    """What is done about a failed call: how many are made for a key in all."""

    attempts: int


# The one table that decides. What is not in it, or says of itself that it is not retryable, is not
# tried again.
RULES: dict[type[ProviderError], Rule] = {
    UpstreamTimeoutError: Rule(ATTEMPTS),
    UnavailableError: Rule(ATTEMPTS),
    BadResponseError: Rule(2),  # it may have been garbled on its way: once
    AuthError: Rule(ATTEMPTS),  # its token endpoint was not reached
}


def attempts_after(error: ProviderError) -> int:
    """Return how many calls a key that met this error may have in all; 1 is no further one.

    >>> attempts_after(UnavailableError("spotify", "spotify answered 502 Bad Gateway"))
    3
    """
    rule = RULES.get(type(error))
    return rule.attempts if rule and error.retryable else 1


class Throttle:
    """Lets a provider rest that wants fewer calls: for as long as it says, or longer each time."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._in_a_row = 0

    def hold(self, error: RateLimitedError) -> float:
        """Hold the gate; return the seconds that the provider is to be left alone."""
        most = min(THROTTLE_CAP, THROTTLE_BASE * 2.0**self._in_a_row)
        self._in_a_row += 1
        rest = error.retry_after or random.random() * most  # noqa: S311  nobody gains by guessing it
        self._gate.hold(min(rest, LONGEST_HOLD))
        return rest

    def ease(self) -> None:
        """Note that a call was served."""
        self._in_a_row = 0
