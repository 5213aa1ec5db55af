"""Token: Spotify's client-credentials token, asked for once by whoever comes first.

developer.spotify.com/documentation/web-api/tutorials/client-credentials-flow
"""

import asyncio
import re
from base64 import b64encode
from contextvars import Context
from http import HTTPStatus
from typing import Annotated

import msgspec
from pydantic import SecretStr

from loaders.errors import AuthError, ProviderError, RejectedError
from loaders.http import Http
from loaders.spotify.wire import NOT_JSON
from loaders.statuses import error_of

# Seconds before its end from which the next token is asked for; a tenth of its life when that is
# shorter.
MARGIN = 60.0

# Seconds until another token is asked for in advance after that has failed.
PAUSE = 5.0

# Seconds for which nobody calls after a fresh token was refused: the next one would be as well.
DISTRUST = 30.0

# Seconds that a token is good for when nobody says: what Spotify's are.
LIFETIME = 3600.0


class Token:
    """The one token of this process; its text is in no repr and in no message.

    All who need it while it is being fetched wait for the same call. Cancelling one of them cancels
    neither the call nor the others. One that is about to end is used while the next one is being
    fetched, so that a token endpoint may be down for a minute and nobody notices. The call goes to
    another host than the API, takes no permit of the API's gate, and is bounded by the timeout of
    `http`.
    """

    def __init__(self, http: Http, client_id: SecretStr, client_secret: SecretStr) -> None:
        self._http = http
        pair = f"{client_id.get_secret_value()}:{client_secret.get_secret_value()}"
        self._login = "Basic " + b64encode(pair.encode()).decode()
        # All of the mutable state: the token, the loop times from which the next one is asked for
        # in advance, at which it ends, and until which tokens are not trusted; and the call that
        # fetches the next one.
        self._text: str | None = None
        self._renew_from = 0.0
        self._good_until = 0.0
        self._distrusted_until = 0.0
        self._fetching: asyncio.Task[str] | None = None

    async def get(self) -> str:
        """Return a token that is good, fetching it first if need be; raises AuthError."""
        now = asyncio.get_running_loop().time()
        if now < self._distrusted_until:
            raise self._refused(self._distrusted_until - now)
        if self._text is None or now >= self._good_until:
            return await asyncio.shield(self._fetch_once())
        if now >= self._renew_from:
            self._renew_from = now + PAUSE
            self._fetch_once()
        return self._text

    async def renew(self, refused: str) -> str:
        """Return a token other than the one that was refused; raises AuthError."""
        if self._text == refused:
            self._text = None
        return await self.get()

    def refuse(self, refused: str) -> AuthError:
        """Note that a token was refused that had just been renewed; return what to raise."""
        if self._text == refused:
            self._text = None
            self._distrusted_until = asyncio.get_running_loop().time() + DISTRUST
        return self._refused(DISTRUST)

    async def close(self) -> None:
        """Give up a call that is under way, and close the connections."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait([self._fetching])
        await self._http.close()

    def _refused(self, wait: float) -> AuthError:
        message = "spotify refuses the tokens that it gives"
        return AuthError("spotify", message, retry_after=wait)

    def _fetch_once(self) -> asyncio.Task[str]:
        if self._fetching is None:
            # In a context of its own: the call belongs to no batch, whoever happens to start it.
            self._fetching = asyncio.create_task(self._fetch(), context=Context())
            self._fetching.add_done_callback(self._forget)
        return self._fetching

    def _forget(self, fetching: asyncio.Task[str]) -> None:
        self._fetching = None
        if not fetching.cancelled():
            fetching.exception()  # seen, even when all who waited have left

    async def _fetch(self) -> str:
        started = asyncio.get_running_loop().time()
        try:
            answer = await self._http.post_form(
                {"grant_type": "client_credentials"}, headers={"authorization": self._login}
            )
            if answer.status != HTTPStatus.OK:
                raise error_of("spotify", answer)
        except ProviderError as error:
            refused = isinstance(error, (AuthError, RejectedError))
            hint = " (are the client id and secret right?)" if refused else ""
            raise AuthError(
                "spotify",
                f"no token: {error}{hint}",
                retryable=error.retryable,
                retry_after=error.retry_after,
            ) from error
        token = _parse(answer.body)
        self._text = token.access_token
        self._good_until = started + token.expires_in
        self._renew_from = self._good_until - min(MARGIN, token.expires_in / 10)
        return token.access_token


class _Wire(msgspec.Struct):
    access_token: str
    token_type: str
    expires_in: Annotated[float, msgspec.Meta(gt=0)] = LIFETIME


def _parse(body: bytes) -> _Wire:
    try:
        token = msgspec.json.decode(body, type=_Wire)
    except NOT_JSON:
        token = None
    if token and token.token_type.lower() == "bearer" and _TEXT.fullmatch(token.access_token):
        return token
    # It says nothing of what came instead: that may be, or hold, a token.
    raise AuthError("spotify", "no token: spotify answered with something else")


# As it may stand in a header.
_TEXT = re.compile("[!-~]+")
