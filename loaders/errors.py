"""What can go wrong between a key and its record.

Exception
├── ProviderError             a provider's call, or the lack of one; says what to do next
│   ├── UpstreamTimeoutError    UPSTREAM_TIMEOUT         no answer in time
│   ├── UnavailableError        UPSTREAM_UNAVAILABLE     not reached, broken off, or a 5xx
│   │   └── MaybeMergedError      UPSTREAM_UNAVAILABLE     not found, and not looked up in time
│   ├── RateLimitedError        UPSTREAM_RATE_LIMITED    too many calls; come back after ...
│   ├── CircuitOpenError        UPSTREAM_CIRCUIT_OPEN    not asked, because it fails too often
│   ├── BadResponseError        UPSTREAM_BAD_RESPONSE    an answer that is not what it should be
│   ├── RejectedError           UPSTREAM_REJECTED        a 4xx: the provider refuses this call
│   │   ├── BadKeyError           UPSTREAM_REJECTED        ... because of one of its keys
│   │   └── TooManyKeysError      UPSTREAM_REJECTED        ... because there are too many
│   ├── AuthError               UPSTREAM_AUTH            no token, or not a good one
│   └── NotConfiguredError      PROVIDER_NOT_CONFIGURED  the provider is off
└── ValueError
    ├── InvalidIdError          BAD_USER_INPUT           refused before anything is sent
    └── SettingsError           a setting that cannot be used; the server does not start
"""

from typing import ClassVar


class ProviderError(Exception):
    """A failure of one provider, in words fit for the client of the API.

    >>> str(RateLimitedError("spotify", "spotify takes no calls for 2 s", retry_after=2.0))
    'spotify takes no calls for 2 s'

    `retryable` says whether the same question may be answered later, `retry_after` (seconds) when,
    where that is known.
    """

    code: ClassVar[str] = "UPSTREAM_UNAVAILABLE"
    may_pass: ClassVar[bool] = False  # what `retryable` is when nobody says

    def __init__(
        self,
        provider: str,
        message: str,
        *,
        retryable: bool | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.provider = provider
        self.retryable = self.may_pass if retryable is None else retryable
        self.retry_after = retry_after


class UpstreamTimeoutError(ProviderError):
    """The provider did not answer in time."""

    code = "UPSTREAM_TIMEOUT"
    may_pass = True


class UnavailableError(ProviderError):
    """The provider could not be reached, broke off, or failed by itself."""

    code = "UPSTREAM_UNAVAILABLE"
    may_pass = True


class MaybeMergedError(UnavailableError):
    """An id that the bulk route does not find: unknown, or merged into another one.

    Who gets it may look the id up singly; where that is not done, the key has failed.
    """

    def __init__(self, provider: str, kind: str, native: str) -> None:
        super().__init__(
            provider, f"{provider}: the {kind} {native} was not found, and not looked up in time"
        )


class RateLimitedError(ProviderError):
    """The provider wants fewer calls."""

    code = "UPSTREAM_RATE_LIMITED"
    may_pass = True


class CircuitOpenError(ProviderError):
    """The provider was not asked, because it failed too often just before."""

    code = "UPSTREAM_CIRCUIT_OPEN"
    may_pass = True


class BadResponseError(ProviderError):
    """The provider's answer is not what its interface promises, or was garbled on its way."""

    code = "UPSTREAM_BAD_RESPONSE"
    may_pass = True


class RejectedError(ProviderError):
    """The provider refuses the call."""

    code = "UPSTREAM_REJECTED"


class BadKeyError(RejectedError):
    """The provider refuses a call because of one of its keys, and does not say which."""


class TooManyKeysError(RejectedError):
    """The provider refuses a call because of the number of its keys; fewer may be taken.

    `at_most` is how many, where that is known.
    """

    def __init__(self, provider: str, message: str, *, at_most: int | None = None) -> None:
        super().__init__(provider, message)
        self.at_most = at_most


class AuthError(ProviderError):
    """The provider does not take our credentials, or its token endpoint fails."""

    code = "UPSTREAM_AUTH"


class NotConfiguredError(ProviderError):
    """The provider is off; the message says why."""

    code = "PROVIDER_NOT_CONFIGURED"


class InvalidIdError(ValueError):
    """An id, link or ISRC that names nothing; says what was expected and what was got."""

    code: ClassVar[str] = "BAD_USER_INPUT"

    def __init__(self, text: str, expected: str) -> None:
        super().__init__(f"expected {expected}, got {printable(text)}")
        self.text = text
        self.expected = expected


class SettingsError(ValueError):
    """A setting that cannot be used; names the variable, what was expected and what was got."""


# What is shown of a text that somebody sent: enough to find it, too little to flood a log.
SHOWN_CHARACTERS = 80


def printable(text: str) -> str:
    r"""Return a text as it may be shown anywhere: quoted, cut, control characters escaped.

    >>> printable("a\r\nb")
    "'a\\r\\nb'"
    """
    cut = text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 3] + "..."
    return ascii(cut) if not cut.isprintable() else repr(cut)
