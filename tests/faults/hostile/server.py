"""A server that says to each call what it is told to, byte by byte, and a world that asks it."""

import asyncio
import json
from contextlib import asynccontextmanager, suppress

from api.engine import Engine, Operation
from loaders import Settings

CLOSE, RESET, HANG = "close", "reset", "hang"

#: Three Spotify ids, and the answer that knows them.
IDS = tuple(f"{letter * 22}" for letter in "ABC")
TRACKS = [{"id": id_, "name": f"Song {id_[0]}", "artists": []} for id_ in IDS]
GOOD = json.dumps({"tracks": TRACKS}).encode()

QUERY = f"{{ tracks(ids: {json.dumps([f'spotify:track:{id_}' for id_ in IDS])}) {{ id name }} }}"


def answer(body=GOOD, *, status="200 OK", **headers):
    """An answer in HTTP; a header given as None is left out."""
    told = {"content_type": "application/json", "content_length": len(body), **headers}
    lines = [f"HTTP/1.1 {status}"]
    lines += [f"{name.replace('_', '-')}: {it}" for name, it in told.items() if it is not None]
    return "\r\n".join([*lines, "", ""]).encode() + body


class FaultServer:
    """Says to the n-th call what the n-th of `talks` tells, to later ones what the last does.

    A talk is what is done one after the other: bytes are said, a number is seconds of silence,
    CLOSE and RESET end the connection, and HANG waits until the other side does. Tokens are given
    to whoever asks, and not counted.

    >>> async with FaultServer([answer()[:50], RESET], [answer()]) as server:
    ...     server.url
    'http://127.0.0.1:40001'
    """

    def __init__(self, *talks, ssl=None):
        self.talks = talks
        self.asked = []  # of each call its first line and its headers
        self.tokens = 0  # that were given
        self._ssl = ssl
        self._tasks = set()
        self._fewer = asyncio.Event()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._ssl)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http{'s' if self._ssl else ''}://127.0.0.1:{self.port}"
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def talk(self, line, headers):
        """Return what is said to a call, of which its first line and its headers are known."""
        talk = self.talks[min(len(self.asked), len(self.talks) - 1)]
        self.asked.append((line, headers))
        return talk

    @property
    def connections(self):
        """How many are open."""
        return len(self._tasks)

    async def left_with(self, connections):
        """Wait until no more connections than these are open."""
        while self.connections > connections:
            self._fewer.clear()
            await self._fewer.wait()

    async def _accept(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            # Cancelled by nobody but our own end.
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while await self._talk(reader, writer):
                    pass
        finally:
            writer.close()
            self._tasks.discard(task)
            self._fewer.set()

    async def _talk(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        await reader.readexactly(int(headers.get("content-length", 0)))
        if head[0].startswith("POST /api/token"):
            self.tokens += 1
            token = {"access_token": f"canary-{self.tokens}", "token_type": "Bearer"}
            writer.write(answer(json.dumps(token).encode()))
            return True
        for step in self.talk(head[0], headers):
            if isinstance(step, bytes):
                writer.write(step)
                await writer.drain()
            elif step == RESET:
                writer.transport.abort()
                return False
            elif step == HANG:
                await reader.read()
                return False
            elif step == CLOSE:
                return False
            else:
                await asyncio.sleep(step)
        return True


@asynccontextmanager
async def asking(url, *, token_url=None, **settings):
    """An engine whose Spotify is at this address."""
    spotify = {
        "base_url": f"{url}/v1",
        "token_url": f"{token_url or url}/api/token",
        "client_id": "canary-id",
        "client_secret": "canary-secret",
    }
    async with Engine(Settings(spotify=spotify, **{"cache_entries": 0, **settings})) as engine:
        yield engine


class Outcome:
    """What a query came to, and the calls it made."""

    def __init__(self, answer, trace):
        self.data, self.errors = answer.data, answer.errors
        self.calls = trace.calls

    @property
    def codes(self):
        return [error["extensions"]["code"] for error in self.errors]

    @property
    def retryable(self):
        return {error["extensions"]["retryable"] for error in self.errors}


async def ask(engine, query=QUERY):
    context = engine.context(trace=True)
    return Outcome(await engine.execute(Operation(query), context), context.trace)


WHOLE = [{"id": f"spotify:track:{id_}", "name": f"Song {id_[0]}"} for id_ in IDS]
