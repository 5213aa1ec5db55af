"""HTTP: the calls to one provider.

Of httpx it uses requests, responses and transports alone, so there is nothing to switch off: no
redirects, no logins from the environment, no unbounded decompression. The transport has aiohttp's
connections (`loaders.connections`).
"""

import asyncio
import ssl
import zlib
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from importlib.metadata import version
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import quote, urlencode, urlsplit

import aiohttp
import httpx
import msgspec

from loaders.calls import Call, calls_of_batch
from loaders.connections import Connections
from loaders.errors import (
    BadResponseError,
    InvalidIdError,
    ProviderError,
    UnavailableError,
    UpstreamTimeoutError,
)

ASGIApp: TypeAlias = Callable[
    [
        MutableMapping[str, Any],
        Callable[[], Awaitable[MutableMapping[str, Any]]],
        Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ],
    Awaitable[None],
]

# What carries a request to its answer; made by `in_process`, or by `Http` itself.
Transport: TypeAlias = httpx.AsyncBaseTransport

# What a query asks; a parameter with several values is sent once for each.
Params: TypeAlias = Mapping[str, str | int | Sequence[str]]

# Seconds for a whole call, body included. The slowest bulk answers take about two.
TIMEOUT = 10.0

# Bytes of one answer, unpacked. The largest, 20 albums of 50 tracks, has about half a megabyte.
MOST_BYTES = 8 * 1024 * 1024

# What a transport raises, the first that fits -> what it means to us. All calls are reads, so
# whatever may have been lost on the way can be asked again.
_FAULTS: tuple[tuple[type[Exception], type[ProviderError], str], ...] = (
    (TimeoutError, UpstreamTimeoutError, "did not answer in time"),
    (httpx.TimeoutException, UpstreamTimeoutError, "did not answer in time"),
    (httpx.ConnectError, UnavailableError, "could not be reached"),
    (aiohttp.ClientConnectorError, UnavailableError, "could not be reached"),
    (aiohttp.ClientResponseError, BadResponseError, "did not answer in HTTP"),
    (httpx.TransportError, UnavailableError, "broke off"),
    (aiohttp.ClientError, UnavailableError, "broke off"),
    (OSError, UnavailableError, "broke off"),
)


_GZIP = zlib.MAX_WBITS | 16  # zlib's word for it: 16 is a gzip header

_NO_BODY = httpx.ByteStream(b"")


class Answer(NamedTuple):
    """An answer with its whole body; the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def in_process(app: ASGIApp) -> Transport:
    """Return a transport that calls an ASGI app instead of the network."""
    return httpx.ASGITransport(app)


def user_agent(contact: str) -> str:
    """Return the name by which providers know us, like `unisono/1.0 ( me@example.org )`."""
    name = f"unisono/{version('unisono')}"
    return f"{name} ( {contact} )" if contact else name


class Http:
    """The calls to one base URL.

    >>> http = Http("spotify", "https://api.spotify.com/v1")
    >>> await http.get("/tracks/{id}", fill={"id": "11dFghVXANMlKmJXsNCbNl"})
    Answer(status=200, ...)

    Every fault is a ProviderError of this provider, and every answer is an `Answer`, whatever its
    status: `loaders.statuses` says what a status means. A cancelled call is abandoned.
    """

    def __init__(
        self,
        provider: str,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        transport: Transport | None = None,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self.provider = provider
        self._base_url = httpx.URL(base_url)
        self._base_path = urlsplit(base_url).path
        self._raw_path = self._base_url.raw_path.decode().rstrip("/")
        self._headers = httpx.Headers(
            {
                "host": self._base_url.netloc.decode("ascii"),
                "accept": "application/json",
                "accept-encoding": "gzip",
                **(headers or {}),
            }
        )
        # The further headers of the last call, nearly always those of the next, and all together.
        self._further: Mapping[str, str] = {}
        self._together = self._headers
        self._transport = transport or Connections()
        self._most_bytes = most_bytes

    async def get(
        self,
        route: str,
        *,
        fill: Mapping[str, str] | None = None,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        ids: Sequence[str] = (),
    ) -> Answer:
        """Get a route; what fills its placeholders is percent-encoded.

        `ids` is what the call asks for, as the account of the batch shall show it.
        """
        try:
            path = route.format_map({name: _segment(text) for name, text in (fill or {}).items()})
            query = urlencode(params or {}, doseq=True, safe=",", quote_via=quote)
        except UnicodeEncodeError as error:  # half a character: JSON can say it, no URL can
            raise InvalidIdError(str(error.object), "text that UTF-8 can write") from None
        # With a body of its own, even an empty one, httpx need not find out what its headers are.
        request = httpx.Request(
            "GET", self._url(path, query), headers=self._with(headers), stream=_NO_BODY
        )
        return await self._send(request, f"GET {self._base_path}{route}", ids)

    async def post(self, route: str, question: Any, *, ids: Sequence[str] = ()) -> Answer:
        """Post a question as JSON, one that is too long for a URL."""
        headers = self._with({"content-type": "application/json"})
        content = msgspec.json.encode(question)
        request = httpx.Request("POST", self._url(route, ""), headers=headers, content=content)
        return await self._send(request, f"POST {self._base_path}{route}", ids)

    async def post_form(
        self, form: Mapping[str, str], *, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Post a form to the base URL itself."""
        request = httpx.Request(
            "POST", self._base_url, headers=self._with(headers), data=dict(form)
        )
        return await self._send(request, f"POST {self._base_path}", ())

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    def _with(self, headers: Mapping[str, str] | None) -> httpx.Headers:
        """Return the headers of every call with those of this one; to be copied, as httpx does."""
        if headers and headers != self._further:
            self._together = self._headers.copy()
            self._together.update(headers)
            self._further = {**headers}
        return self._together if headers else self._headers

    def _url(self, path: str, query: str) -> httpx.URL:
        """Return the URL of a path below the base; both are percent-encoded already.

        httpx would look at each of the characters again, in a quarter of the time of a whole call.
        """
        url = httpx.URL(self._base_url)
        url._uri_reference = self._base_url._uri_reference._replace(  # noqa: SLF001  no other way in
            path=self._raw_path + path, query=query or None
        )
        return url

    async def _send(self, request: httpx.Request, route: str, ids: Sequence[str]) -> Answer:
        clock = asyncio.get_running_loop().time
        started = clock()
        status = fault = None
        try:
            async with asyncio.timeout(TIMEOUT):
                response = await self._transport.handle_async_request(request)
                status = response.status_code
                try:
                    body = await self._read(response)
                finally:
                    await response.aclose()
        except (httpx.TransportError, aiohttp.ClientError, OSError) as error:
            known = self._fault(error)
            fault = type(known).__name__
            raise known from error
        except BaseException as error:  # one that is cancelled was a call, too
            fault = type(error).__name__
            raise
        finally:
            batch = calls_of_batch.get()
            if batch is not None:
                seconds = clock() - started
                batch.calls.append(
                    Call(batch.resource, route, tuple(ids), status, started, seconds, fault)
                )
        return Answer(status, response.headers, body)

    async def _read(self, response: httpx.Response) -> bytes:
        """Return the body, unpacked as it comes; gives up as soon as it is too long."""
        unpacker = (
            self._unpacker(response.headers) if "content-encoding" in response.headers else None
        )
        parts: list[bytes] = []
        length = 0
        async for piece in response.stream:  # type: ignore[union-attr]  # transports here are async
            room = self._most_bytes + 1 - length
            part = self._unpacked(unpacker, piece, room) if unpacker else piece
            parts.append(part)
            length += len(part)
            if length > self._most_bytes:
                raise self._too_long()
        if unpacker and not unpacker.eof:
            raise self._broken()
        return b"".join(parts)

    def _unpacker(self, headers: httpx.Headers) -> "zlib._Decompress | None":
        match headers["content-encoding"].lower():
            case "identity":
                return None
            case "gzip":
                return zlib.decompressobj(wbits=_GZIP)
        raise BadResponseError(
            self.provider, f"{self.provider}: expected a gzip answer, got another packing"
        )

    def _unpacked(self, unpacker: "zlib._Decompress", piece: bytes, most: int) -> bytes:
        """Return what a piece unpacks to, or as much of that."""
        try:
            unpacked = unpacker.decompress(piece, most)
        except zlib.error as error:
            raise self._broken() from error
        if unpacker.unused_data:  # there is more behind its end, perhaps without end
            raise self._broken()
        return unpacked

    def _fault(self, error: Exception) -> ProviderError:
        """Return this provider's error for whatever httpx and the network raise."""
        if _is_distrust(error):
            message = f"{self.provider}: its certificate cannot be trusted"
            return UnavailableError(self.provider, message, retryable=False)
        # A TimeoutError is an OSError.
        _, kind, words = next(fault for fault in _FAULTS if isinstance(error, fault[0]))
        return kind(self.provider, f"{self.provider} {words} ({type(error).__name__})")

    def _too_long(self) -> BadResponseError:
        message = f"{self.provider}: expected at most {self._most_bytes} bytes, got more"
        return BadResponseError(self.provider, message, retryable=False)

    def _broken(self) -> BadResponseError:
        return BadResponseError(
            self.provider, f"{self.provider}: expected a whole gzip answer, got a broken one"
        )


def _segment(text: str) -> str:
    """Return a text as one segment of a path; ids were checked before, this is the last door."""
    if text in {"", ".", ".."}:
        raise InvalidIdError(text, "an id")
    return quote(text, safe="")


def _is_distrust(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
