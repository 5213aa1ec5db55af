"""Heads that drip, heads without end: bounded for each of uvicorn's two parsers."""

import asyncio

import pytest
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from api.heads import HEAD_SECONDS, MOST_HEAD, PunctualHeads

GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
TIMEOUT = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Wire(asyncio.Transport):
    """A transport that keeps what is written, and when it was closed."""

    def __init__(self):
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.written = b""
        self.closed_at = None

    def write(self, text):
        assert self.closed_at is None
        self.written += text

    def close(self):
        if self.closed_at is None:
            self.closed_at = asyncio.get_running_loop().time()

    def is_closing(self):
        return self.closed_at is not None

    def pause_reading(self):
        pass

    def resume_reading(self):
        pass


async def answer(_scope, _receive, send):
    await asyncio.sleep(1.0)
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


@pytest.fixture(params=[H11Protocol, HttpToolsProtocol], ids=lambda parser: parser.__name__)
def connection(request):
    """A connection to a server that answers after a second, and its wire."""
    kind = type("Protocol", (PunctualHeads, request.param), {})

    async def connect():
        protocol = kind(Config(answer, http=kind, log_config=None), ServerState(), {})
        wire = Wire()
        protocol.connection_made(wire)
        return protocol, wire

    return connect


async def drip(protocol, text, every=1.0):
    for number in range(len(text)):
        await asyncio.sleep(every)
        if protocol.transport.is_closing():
            return
        protocol.data_received(text[number : number + 1])


async def test_a_connection_that_asks_nothing_is_closed(connection):
    _, wire = await connection()
    await asyncio.sleep(60.0)
    assert wire.closed_at == HEAD_SECONDS
    assert wire.written == TIMEOUT


async def test_a_head_that_drips_is_given_up_however_often_a_byte_comes(connection):
    protocol, wire = await connection()
    await drip(protocol, GET)
    assert wire.closed_at == HEAD_SECONDS
    assert wire.written == TIMEOUT


async def test_a_head_in_pieces_that_comes_in_time_is_answered(connection):
    protocol, wire = await connection()
    await drip(protocol, GET, every=0.2)
    await asyncio.sleep(4.0)
    assert wire.written.startswith(b"HTTP/1.1 204")
    assert wire.closed_at is None


async def test_the_second_head_of_a_connection_has_its_own_time(connection):
    protocol, wire = await connection()
    protocol.data_received(GET)
    await asyncio.sleep(3.0)
    await drip(protocol, GET)
    assert wire.closed_at == 4.0 + HEAD_SECONDS  # its first byte came at 4.0
    assert wire.written.startswith(b"HTTP/1.1 204")
    assert wire.written.endswith(TIMEOUT)


async def test_a_body_that_nobody_reads_any_more_is_no_way_to_stay(connection):
    protocol, wire = await connection()
    protocol.data_received(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n")
    await drip(protocol, b" " * 1000)
    assert wire.written.startswith(b"HTTP/1.1 204")
    assert wire.closed_at <= 2.0 + HEAD_SECONDS


async def test_an_answer_that_takes_its_time_is_waited_for(connection):
    protocol, wire = await connection()
    await asyncio.sleep(HEAD_SECONDS - 0.5)
    protocol.data_received(GET)
    await asyncio.sleep(2.0)
    assert wire.written.startswith(b"HTTP/1.1 204")
    assert wire.closed_at is None


async def test_two_requests_at_once_are_both_answered(connection):
    protocol, wire = await connection()
    protocol.data_received(GET + GET)
    await asyncio.sleep(3.0)
    assert wire.written.count(b"HTTP/1.1 204") == 2
    assert wire.closed_at is None


async def test_a_head_without_end_is_refused(connection):
    protocol, wire = await connection()
    protocol.data_received(GET[:-2])
    for _ in range(MOST_HEAD // 1000):
        assert not wire.is_closing()
        protocol.data_received(b"x: " + b"y" * 995 + b"\r\n")
    protocol.data_received(b"x: " + b"y" * 1000)
    assert wire.is_closing()
    assert wire.written.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))
    await asyncio.sleep(60.0)


async def test_a_connection_that_is_lost_leaves_no_timer(connection):
    protocol, wire = await connection()
    protocol.data_received(GET[:5])
    protocol.connection_lost(None)
    await asyncio.sleep(60.0)
    assert wire.written == b""
