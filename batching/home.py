"""The event loop that a processor serves: one at a time, and whoever asks on another is told so.

For each key it must be known whether that loop is the one that is running. Python 3.11 asks the
operating system for its process id each time it is asked for the running loop, or for a future
without being told its loop, and that takes longer than all else that a key costs. So there it is
asked in which thread the known loop runs: asyncio's own loops tell, for others it is found out.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from functools import partial
from threading import get_ident
from typing import Any

from batching.callers import KeyCaller

QUICK_LOOKUP = sys.version_info >= (3, 12)


class Home:
    """The loop served, and the quickest ways to tell that it runs here and to make a caller."""

    __slots__ = ("caller", "loop", "runner")

    def __init__(self) -> None:
        #: An event loop, but None before the first use, when there is nothing to run on it.
        self.loop: Any = None
        #: What knows in which thread the loop runs, by the name that asyncio has for it.
        self.runner: Any = None
        self.caller: Callable[[], KeyCaller[Any, Any]] = KeyCaller

    def move(self, loop: asyncio.AbstractEventLoop) -> None:
        """Serve this loop, which is running here."""
        self.loop = loop
        self.runner = loop if isinstance(loop, asyncio.BaseEventLoop) else _Runner(loop)
        self.caller = KeyCaller if QUICK_LOOKUP else partial(KeyCaller, loop=loop)


class _Runner:
    """The thread in which a loop was met, for as long as the loop runs."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._met_in = get_ident()

    @property
    def _thread_id(self) -> int | None:
        return self._met_in if self._loop.is_running() else None
