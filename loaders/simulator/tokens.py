"""Spotify's client-credentials tokens: given for a Basic header, good for a while."""

import base64
import binascii
import hashlib
from collections.abc import Callable

from loaders.simulator.wire import Answer, Request, json_answer

_HELD = 1000  # tokens remembered; a client that asks for more has forgotten the first


class Tokens:
    """Gives tokens and knows which still hold."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.issued: list[float] = []  # when, in loop time
        self._now = now
        self._count = 0  # never starts again, so that no token is given twice
        self._ends: dict[str, float] = {}

    def give(
        self, request: Request, *, lifetime: float, required: tuple[str, str] | None
    ) -> Answer:
        """Answer `POST /api/token` with a token that holds for `lifetime` seconds.

        Only the required `(id, secret)` are accepted; if there are none, any that are not empty.
        """
        credentials = _basic(request.headers.get("authorization", ""))
        if not all(credentials) or required not in {None, credentials}:
            return json_answer({"error": "invalid_client"}, 400)
        grant = request.form.get("grant_type", "")
        if grant != "client_credentials":
            description = f"grant_type must be client_credentials, got {grant[:40]!r}"
            reason = {"error": "unsupported_grant_type", "error_description": description}
            return json_answer(reason, 400)
        self._count += 1
        token = "BQ" + hashlib.sha256(f"token {self._count}".encode()).hexdigest()
        now = self._now()
        self.issued.append(now)
        self._ends[token] = now + lifetime
        while len(self._ends) > _HELD:
            del self._ends[next(iter(self._ends))]
        return json_answer(
            {"access_token": token, "token_type": "Bearer", "expires_in": int(lifetime)}
        )

    def hold(self, request: Request) -> bool:
        """Tell whether a request carries a token that holds."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        ends = self._ends.get(token.strip())
        return scheme.lower() == "bearer" and ends is not None and self._now() < ends

    def expire(self) -> None:
        """Let no token given so far hold any longer."""
        self._ends.clear()


def _basic(header: str) -> tuple[str, str]:
    """Return id and secret of a Basic header, empty ones of any other."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    client, _, secret = text.partition(":")
    return client, secret
