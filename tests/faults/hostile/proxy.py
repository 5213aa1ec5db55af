"""A TCP proxy with the classic toxics: what a network does to an answer on its way.

A toxic takes the chunks that come from upstream and yields those that are passed on. When it ends
the connection is closed, when it raises `Reset` it is reset.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

Chunks = AsyncIterator[bytes]
Toxic = Callable[[Chunks], Chunks]


class Reset(Exception):  # noqa: N818  nothing is wrong: it is what is to be done
    """The connection is to be reset."""


async def clean(chunks):
    """Pass everything on."""
    async for chunk in chunks:
        yield chunk


def latency(seconds):
    """Pass everything on, later."""

    async def toxic(chunks):
        async for chunk in chunks:
            await asyncio.sleep(seconds)
            yield chunk

    return toxic


async def blackhole(chunks):
    """Take everything, and pass nothing on."""
    async for chunk in chunks:
        yield chunk[:0]


def limit_data(most):
    """Pass so many bytes on, then close."""

    async def toxic(chunks):
        left = most
        async for chunk in chunks:
            yield chunk[:left]
            left -= len(chunk)
            if left <= 0:
                return

    return toxic


def reset_peer(after=0):
    """Pass so many bytes on, then reset."""

    async def toxic(chunks):
        async for chunk in limit_data(after)(chunks):
            yield chunk
        raise Reset

    return toxic


def slicer(size, pause=0.0):
    """Pass everything on in small slices, with a pause after each."""

    async def toxic(chunks):
        async for chunk in chunks:
            for start in range(0, len(chunk), size):
                yield chunk[start : start + size]
                await asyncio.sleep(pause)

    return toxic


def slow_close(seconds):
    """Pass everything on, and close long after the other side did."""

    async def toxic(chunks):
        async for chunk in chunks:
            yield chunk
        await asyncio.sleep(seconds)

    return toxic


class ToxicProxy:
    """Passes connections on to a port; the n-th meets the n-th of `toxics`, later ones the last.

    >>> async with ToxicProxy(server.port, reset_peer(), clean) as proxy:
    ...     proxy.url
    'http://127.0.0.1:40002'
    """

    def __init__(self, port, *toxics):
        self.toxics = toxics
        self.connections = 0
        self._port = port
        self._tasks = set()

    async def __aenter__(self):
        await self.up()
        return self

    async def __aexit__(self, *_):
        await self.down()

    async def up(self, port=0):
        """Listen; where it listened before, if there was a before."""
        port = getattr(self, "port", port)
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    async def down(self):
        """Refuse connections, and end those there are."""
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        toxic = self.toxics[min(self.connections, len(self.toxics) - 1)]
        self.connections += 1
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._port)
        asking = asyncio.ensure_future(_pass_on(_chunks(reader), up_writer))
        try:
            with suppress(ConnectionError, asyncio.CancelledError):
                await _pass_on(toxic(_chunks(up_reader)), writer)
        except Reset:
            writer.transport.abort()
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            up_writer.close()
            writer.close()
            self._tasks.discard(task)


async def _pass_on(chunks, writer):
    async for chunk in chunks:
        writer.write(chunk)
        await writer.drain()


async def _chunks(reader):
    while chunk := await reader.read(65_536):
        yield chunk
