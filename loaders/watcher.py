"""Watcher: one who reads the frames of a feed, as fast as it can."""

import asyncio
from collections import deque
from typing import Self

import msgspec

# Frames that wait for a watcher: two seconds.
MOST_FRAMES = 40


class Watcher:
    """Frames for one who watches, oldest first; ends when it is closed.

    >>> async for frame in watcher:
    ...     await send(frame)
    """

    def __init__(self) -> None:
        self._frames: deque[tuple[bytes, int]] = deque()
        self._news = asyncio.Event()
        self._is_closed = False
        self._lost = 0

    def __repr__(self) -> str:
        return f"<Watcher [{len(self._frames)} frames wait | {self._lost} events lost]>"

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """Return the next frame, or how many events were lost before it."""
        while not self._frames and not self._is_closed:
            self._news.clear()
            await self._news.wait()
        if self._lost:
            lost, self._lost = self._lost, 0
            return msgspec.json.encode({"lost": lost})
        if not self._frames:
            raise StopAsyncIteration
        return self._frames.popleft()[0]

    def put(self, frame: bytes, events: int) -> None:
        """Add a frame with so many events; one who reads too slowly loses those that wait."""
        if len(self._frames) >= MOST_FRAMES:
            self._lost += sum(each for _, each in self._frames)
            self._frames.clear()
        self._frames.append((frame, events))
        self._news.set()

    def close(self) -> None:
        """End it, after the frames that wait."""
        self._is_closed = True
        self._news.set()
