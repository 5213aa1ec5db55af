"""The settle rule: whether everybody who is going to ask in this tick has asked."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Hashable
from contextvars import Context
from typing import Any

# A list level of a GraphQL execution costs two loop turns (items, then fields): one quiet turn
# would split nested lists into a batch for each level, two keep every shape measured together.
QUIET_TURNS = 2
# However busy the loop: about as many turns as the deepest query that a server should accept.
MOST_TURNS = 64


class Tick:
    """Calls `due` once the event loop has gone quiet about new keys.

    That is when the loop shows that nothing else is ready, or after two turns in a row without
    news, or after 64 turns at the latest. It looks once each turn, and only while armed.

    Most keys of a tick are like the one before: of the same scope, with the same deadline. Their
    first one is looked at from all sides; when it waits, its `lane` is open, and further ones are
    put there without another look (`BatchProcessor.submit`). It closes with the tick.
    """

    __slots__ = (
        "_context",
        "_due",
        "_handle",
        "_loop",
        "_quiet",
        "_turns",
        "armed",
        "deadline",
        "lane",
        "news",
        "scope",
        "since",
    )

    def __init__(self, due: Callable[[], None], context: Context) -> None:
        self._due = due
        self._context = context
        self._handle: asyncio.Handle | None = None
        #: Whether it looks.
        self.armed = False
        #: Set by the processor when a scope that has keys waiting brings another one.
        self.news = False
        # The open lane: whose keys it takes, with which deadline, and the age they all have.
        self.close_lane()
        self.since = 0.0

    def arm(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to look, unless that is so already."""
        if self._handle is None:
            self.armed = True
            self._loop = loop
            self._turns = self._quiet = 0
            self.news = True
            self._handle = loop.call_soon(self._turn, context=self._context)

    def disarm(self) -> None:
        """Look no longer."""
        if self._handle is not None:
            self._handle.cancel()
            self._end()

    def open_lane(
        self, lane: deque[Any] | None, scope: Hashable, deadline: float | None, since: float
    ) -> None:
        """Take further keys like one that was found nothing against, until the tick is over."""
        self.lane = lane
        self.scope = scope
        self.deadline = deadline
        self.since = since

    def close_lane(self) -> None:
        """Have the next key looked at from all sides again."""
        self.lane: deque[Any] | None = None
        self.scope: Hashable = None
        self.deadline: float | None = None

    def _turn(self) -> None:
        self._turns += 1
        self._quiet = 0 if self.news else self._quiet + 1
        self.news = False
        # asyncio's own loops show what is ready; others only let the turns be counted.
        nothing_ready = not getattr(self._loop, "_ready", True)
        if nothing_ready or self._quiet >= QUIET_TURNS or self._turns >= MOST_TURNS:
            self._end()
            self._due()
        else:
            self._handle = self._loop.call_soon(self._turn, context=self._context)

    def _end(self) -> None:
        self._handle = None
        self.armed = False
        self.close_lane()
