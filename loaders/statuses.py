"""What the status of an answer means: the one place that decides.

429, 503 with Retry-After    fewer calls, please         RateLimitedError
408                          too slow                    UpstreamTimeoutError
401                          not these credentials       AuthError
400 422                      not one of these keys       BadKeyError
413 414                      not so many keys            TooManyKeysError
404                          not at this address         BadResponseError, not retryable
other 4xx                    not this call               RejectedError
500 502 503 504              may pass                    UnavailableError, retryable
other 5xx                    will not pass               UnavailableError
3xx                          from somebody else          BadResponseError, not retryable
anything else                no answer at all            BadResponseError

A client that knows what a status means at one of its routes does not ask here.
"""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

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
from loaders.http import Answer

_KINDS: dict[int, type[ProviderError]] = {
    400: BadKeyError,
    401: AuthError,
    408: UpstreamTimeoutError,
    413: TooManyKeysError,
    414: TooManyKeysError,
    422: BadKeyError,
    500: UnavailableError,
    502: UnavailableError,
    503: UnavailableError,
    504: UnavailableError,
}


def error_of(provider: str, answer: Answer) -> ProviderError:
    """Return what an answer without the wanted status means.

    >>> error_of("spotify", Answer(429, {"retry-after": "2"}, b"")).retry_after
    2.0
    """
    status = answer.status
    wait = retry_after(answer)
    got = f"{provider} answered {_words(status)}"
    if status == HTTPStatus.TOO_MANY_REQUESTS or (
        status == HTTPStatus.SERVICE_UNAVAILABLE and wait is not None
    ):
        pause = "" if wait is None else f" for {wait:g} s"
        return RateLimitedError(provider, f"{provider} takes no calls{pause}", retry_after=wait)
    kind = _KINDS.get(status)
    if kind is not None:
        return kind(provider, got)
    if status >= 500:  # noqa: PLR2004  the other server errors
        return UnavailableError(provider, got, retryable=False)
    if status >= 400 and status != HTTPStatus.NOT_FOUND:  # noqa: PLR2004  the other client errors
        return RejectedError(provider, got)
    expected = f"{provider}: expected 200 OK, got {_words(status)}"
    return BadResponseError(provider, expected, retryable=status < 300)  # noqa: PLR2004  no redirect


def retry_after(answer: Answer) -> float | None:
    """Return the seconds of a Retry-After header, however it says them; None without a good one."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS:
        return float(text)
    moment = _moment(text)
    if moment is None:
        return None
    # By the clock that wrote it, where that is told: ours may go wrong.
    now = _moment(answer.headers.get("date", "")) or datetime.now(UTC)
    return max(0.0, (moment - now).total_seconds())


_MOST_DIGITS = 7  # 115 days; the longest seen is a day


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # the year 99999, and others that no calendar has
        return None


def _words(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
