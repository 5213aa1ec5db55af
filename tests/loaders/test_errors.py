"""Errors: one class per code, and texts that may be shown to anybody."""

import pytest

from loaders import errors
from loaders.errors import InvalidIdError, ProviderError, printable

CODES = {
    errors.UpstreamTimeoutError: ("UPSTREAM_TIMEOUT", True),
    errors.UnavailableError: ("UPSTREAM_UNAVAILABLE", True),
    errors.RateLimitedError: ("UPSTREAM_RATE_LIMITED", True),
    errors.CircuitOpenError: ("UPSTREAM_CIRCUIT_OPEN", True),
    errors.BadResponseError: ("UPSTREAM_BAD_RESPONSE", True),
    errors.RejectedError: ("UPSTREAM_REJECTED", False),
    errors.AuthError: ("UPSTREAM_AUTH", False),
    errors.NotConfiguredError: ("PROVIDER_NOT_CONFIGURED", False),
}


def test_every_provider_error_has_its_code():
    assert set(CODES) == set(ProviderError.__subclasses__())


@pytest.mark.parametrize(("kind", "code", "retryable"), [(k, *v) for k, v in CODES.items()])
def test_an_error_says_what_to_do_next(kind, code, retryable):
    error = kind("spotify", "words")
    assert (error.code, error.provider, str(error)) == (code, "spotify", "words")
    assert (error.retryable, error.retry_after) == (retryable, None)
    told = kind("spotify", "words", retryable=not retryable, retry_after=3.0)
    assert (told.retryable, told.retry_after) == (not retryable, 3.0)


def test_what_somebody_sent_is_shown_cut_and_escaped():
    assert printable("plain") == "'plain'"
    assert printable("né") == "'né'"
    assert printable("a\r\nb\x1b[31m") == r"'a\r\nb\x1b[31m'"
    assert printable("x" * 80) == f"'{'x' * 80}'"
    assert printable("x" * 81) == f"'{'x' * 77}...'"
    assert str(InvalidIdError("\n", "an id")) == r"expected an id, got '\n'"
