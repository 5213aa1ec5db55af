"""The event loop that a processor serves: one at a time, and whoever asks on another is told so.

For each key it must be known whether that loop is the one that is running. Python 3.11 asks the
operating system for its process id each time it is asked for the running loop, or for a future
without being told its loop, and that takes longer than all else that a key costs. So there it is
asked whether the known loop still runs, in the thread in which it was met.
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

    __slots__ = ("caller", "loop", "runs", "thread")

    runs: Callable[[], bool]

    def __init__(self) -> None:
        #: An event loop, but None before the first use, when there is nothing to run on it.
        self.loop: Any = None
        self.thread: int | None = None
        self.caller: Callable[[], KeyCaller[Any, Any]] = KeyCaller

    def move(self, loop: asyncio.AbstractEventLoop) -> None:
        """Serve this loop, which is running here."""
        self.loop = loop
        self.caller = KeyCaller if QUICK_LOOKUP else partial(KeyCaller, loop=loop)
        self.runs = loop.is_running
        self.thread = get_ident()
