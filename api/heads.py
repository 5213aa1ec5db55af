"""Heads: the head of a request comes whole, in time and small, or its connection is closed.

uvicorn bounds the time between two requests, and no more: a client that sends a head byte by byte,
or a body that nobody reads any more, keeps a connection for as long as it likes; and of its two
parsers httptools takes a head of any length.
"""

import asyncio
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

HEAD_SECONDS = 10.0  # as for a body; a head comes in one piece from whoever means it
MOST_HEAD = 16_384  # bytes; what h11, the other parser, takes


class PunctualHeads(asyncio.Protocol):
    """What stands before a protocol of uvicorn, whose `cycle` is the request that came last."""

    cycle: Any
    transport: asyncio.Transport
    _timer: asyncio.TimerHandle | None = None
    _bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Await the first head."""
        super().connection_made(transport)
        self._timer = self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        """Await nothing any more."""
        self._stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Look whether a request has begun: if none is under way, this is a part of a head."""
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self._stop()
        elif before is None or before.response_complete:
            self._timer = self._timer or self._begin()
            self._bytes += len(data)
            if self._bytes > MOST_HEAD:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def _begin(self) -> asyncio.TimerHandle:
        loop = asyncio.get_running_loop()
        return loop.call_later(HEAD_SECONDS, self._refuse, HTTPStatus.REQUEST_TIMEOUT)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._bytes = 0

    def _refuse(self, status: HTTPStatus) -> None:
        if self.transport.is_closing():
            return
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\nconnection: close\r\n"
        self.transport.write(f"{head}content-length: 0\r\n\r\n".encode())
        self.transport.close()


class HttpProtocol(PunctualHeads, AutoHTTPProtocol):  # type: ignore[misc, valid-type]  # what is there
    """The faster of uvicorn's protocols that are installed, with punctual heads."""
