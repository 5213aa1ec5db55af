"""Errors as clients see them: a message, a stable `extensions.code`, and the request's id.

BAD_USER_INPUT              arguments or variables that cannot be meant
GRAPHQL_PARSE_FAILED        not GraphQL
GRAPHQL_VALIDATION_FAILED   GraphQL, but not for this schema
QUERY_TOO_COMPLEX           more than the limits allow
UPSTREAM_..., PROVIDER_NOT_CONFIGURED    a provider's failure: loaders/errors.py
DEADLINE_EXCEEDED           the operation's time was over first
OVERLOADED                  too much is waiting already
SHUTTING_DOWN               the server is about to stop
INTERNAL_SERVER_ERROR       anything unforeseen; its text stands in the log only
"""

import logging
from collections.abc import Iterable
from typing import Any, NamedTuple

from graphql import GraphQLError

from loaders import (
    DeadlineExceededError,
    InvalidIdError,
    ProcessorClosedError,
    ProviderError,
    QueueFullError,
    RetryableError,
)

logger = logging.getLogger("unisono.api")


# GraphQL's own messages quote names as long as the document has them, up to 100 times.
_MOST_CHARACTERS = 1_000


class BadInputError(ValueError):
    """An argument that cannot be meant; says what was expected and what was got."""


class Failure(NamedTuple):
    """What is told of an error besides where it happened. `retry_after` is in seconds."""

    code: str
    message: str
    provider: str | None = None
    retryable: bool | None = None
    retry_after: float | None = None


def formatted(
    errors: Iterable[GraphQLError], request_id: str, *, code: str = "BAD_USER_INPUT"
) -> list[dict[str, Any]]:
    """Return errors as they are sent; logs those that are unforeseen, each exception once.

    `code` is for GraphQL's own errors, which say nothing but what the client sent.
    """
    logged: set[int] = set()
    return [_formatted(error, request_id, code, logged) for error in errors]


def _formatted(error: GraphQLError, request_id: str, code: str, logged: set[int]) -> dict[str, Any]:
    cause = _cause(error)
    if cause is None and _is_about_the_request(error):
        failure = Failure(code, error.message[:_MOST_CHARACTERS])
    else:
        failure = failure_of(cause or error)
    if failure.code == "INTERNAL_SERVER_ERROR" and id(cause) not in logged:
        logged.add(id(cause))
        logger.error(
            "request %s: unforeseen error at %s", request_id, error.path, exc_info=cause or error
        )
    body: dict[str, Any] = {"message": failure.message}
    if error.locations:
        body["locations"] = [location.formatted for location in error.locations]
    if error.path:
        body["path"] = error.path
    body["extensions"] = extensions(failure, request_id)
    return body


def extensions(failure: Failure, request_id: str) -> dict[str, Any]:
    """Return the `extensions` of an error: only what is known."""
    known: dict[str, Any] = {"code": failure.code, "requestId": request_id}
    if failure.provider is not None:
        known["provider"] = failure.provider
    if failure.retryable is not None:
        known["retryable"] = failure.retryable
    if failure.retry_after is not None:
        known["retryAfterMs"] = round(1000 * failure.retry_after)
    return known


def failure_of(cause: Exception) -> Failure:
    """Return what is told of an exception that a resolver raised or a loader handed back."""
    match cause:
        case ProviderError():
            return Failure(
                cause.code, str(cause), cause.provider, cause.retryable, cause.retry_after
            )
        case RetryableError(__cause__=ProviderError() as whole):
            # The batch was refused because of a key, and nobody knows whether it was this one.
            return failure_of(whole)._replace(retryable=True)
        case InvalidIdError() | BadInputError():
            return Failure("BAD_USER_INPUT", str(cause))
        case DeadlineExceededError() | QueueFullError() | ProcessorClosedError():
            return _OURS[type(cause)]
        case _:
            return Failure("INTERNAL_SERVER_ERROR", "Something unforeseen happened.")


_OURS: dict[type[Exception], Failure] = {
    DeadlineExceededError: Failure(
        "DEADLINE_EXCEEDED", "The operation's time was over first.", retryable=True
    ),
    QueueFullError: Failure("OVERLOADED", "Too much is waiting already.", retryable=True),
    ProcessorClosedError: Failure("SHUTTING_DOWN", "The server is about to stop.", retryable=True),
}


def _cause(error: GraphQLError) -> Exception | None:
    """Return the exception under GraphQL's wrapping, or None for an error of GraphQL itself."""
    inner: Exception | None = error
    while isinstance(inner, GraphQLError):
        inner = inner.original_error
    return inner


def _is_about_the_request(error: GraphQLError) -> bool:
    """Tell GraphQL's complaints about arguments from those about what a resolver returned.

    Both come up while executing; only the former know the place in the document by themselves.
    """
    if not error.path:
        return True
    inner = error.original_error
    return isinstance(inner, GraphQLError) and bool(inner.nodes)
