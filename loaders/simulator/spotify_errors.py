"""How Spotify says no: one shape of body, and headers that tell what to do."""

from collections.abc import Mapping

from loaders.simulator.wire import Answer, json_answer

MISSING_TOKEN = {
    "www-authenticate": 'Bearer realm="spotify", error="invalid_request", '
    'error_description="No token provided"'
}
EXPIRED_TOKEN = {
    "www-authenticate": 'Bearer realm="spotify", error="invalid_token", '
    'error_description="The access token expired"'
}

_MESSAGES = {
    400: "Bad request",
    401: "The access token expired",
    403: "Forbidden",
    404: "Service not found",
    405: "Method not allowed",
    429: "API rate limit exceeded",
    500: "Server error.",
    502: "Bad gateway.",
    503: "Service unavailable",
    504: "Gateway timeout",
}
_HEADERS = {401: EXPIRED_TOKEN, 429: {"retry-after": "1"}}
_SERVER_ERRORS = 500  # and above


def error(
    status: int, message: str | None = None, *, headers: Mapping[str, str] | None = None
) -> Answer:
    """Return the Web API's answer for a status, in its usual words and headers if none are given.

    >>> error(404).body
    b'{"error":{"status":404,"message":"Service not found"}}'
    """
    said = message or _MESSAGES.get(status, "Error")
    body = {"error": {"status": status, "message": said}}
    return json_answer(body, status, _HEADERS.get(status) if headers is None else headers)


def token_error(status: int) -> Answer:
    """Return the accounts service's answer for a status: OAuth's shape, not the Web API's."""
    reason = "server_error" if status >= _SERVER_ERRORS else "invalid_client"
    return json_answer({"error": reason}, status, _HEADERS.get(status))
