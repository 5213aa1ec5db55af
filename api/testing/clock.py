"""A virtual clock: an event loop on which waiting takes no time and time is exact."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

# Real seconds to wait for a thread or a socket before a test is called hung.
_PATIENCE = 1.0


class VirtualClockLoop(asyncio.SelectorEventLoop):
    """An event loop whose `time()` starts at 0.0 and jumps to the next timer when all is idle.

    >>> with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
    ...     runner.run(asyncio.sleep(3600))  # returns at once

    When nothing is ready and no timer is set, the program would wait for ever: that raises
    `RuntimeError("deadlock ...")` instead.
    """

    def __init__(self) -> None:
        self._now = 0.0
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        """Return the virtual seconds since this loop was made."""
        return self._now

    def jump(self) -> None:
        """Move the clock to the next timer."""
        self._now = self._scheduled[0].when()  # type: ignore[attr-defined]  # no public way


class _JumpingSelector(selectors.DefaultSelector):
    """Wait for real events only when no timer could end the wait."""

    def __init__(self, loop: VirtualClockLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if events or (timeout is not None and timeout <= 0):
            return events
        if timeout is not None:
            self._loop.jump()
            return events
        events = super().select(_PATIENCE)
        if not events:
            raise RuntimeError("deadlock: nothing is ready to run and no timer is set")
        return events


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on a fresh virtual clock and return what it returns.

    >>> run(asyncio.sleep(86_400, "the next day"))
    'the next day'
    """
    with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
        return runner.run(main)
