"""Connections: those of aiohttp, as a transport of httpx.

A call takes two thirds of the time that it takes through httpx-aiohttp, which serves any client,
and a third of that over httpx's own connections.
"""

from collections.abc import AsyncIterator

import aiohttp
import httpx
from yarl import URL

# The gate decides how many calls are made; the pool only has to hold that many connections
# (64 batches in flight per resource at most), and keep them, for a new one costs a TLS handshake.
_MOST_CONNECTIONS = 256
_KEPT_SECONDS = 30.0

# Whoever makes a call says how long it may take.
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None)


class Connections(httpx.AsyncBaseTransport):
    """Connections of our own, under the certificate authorities that httpx brings.

    They are opened on the event loop of the first call. What goes wrong is aiohttp's own error.
    """

    def __init__(self) -> None:
        self._authorities = httpx.create_ssl_context(trust_env=False)
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the body of its answer is read by whoever wants it."""
        session = self._session or self._open()
        answer = await session.request(
            request.method,
            URL(str(request.url), encoded=True),
            headers=[(name.decode(), value.decode()) for name, value in request.headers.raw],
            data=None if request.method == "GET" else request.content,
            allow_redirects=False,
        )
        return httpx.Response(answer.status, headers=answer.raw_headers, stream=_Body(answer))

    async def aclose(self) -> None:
        """Close all of them."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=_MOST_CONNECTIONS, keepalive_timeout=_KEPT_SECONDS, ssl=self._authorities
        )
        session = self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=_NO_TIMEOUT,
            auto_decompress=False,
        )
        session._retry_connection = False  # noqa: SLF001  no option; a call sent again needs a permit
        return session


class _Body(httpx.AsyncByteStream):
    """The body of an answer, in the pieces in which it comes."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._answer.content.iter_any():
            yield piece

    async def aclose(self) -> None:
        """End a connection on which something is left; another one is kept."""
        self._answer.close()
