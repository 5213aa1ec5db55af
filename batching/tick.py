"""The settle rule: whether everybody who is going to ask in this tick has asked."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Generator, Hashable
from contextvars import Context
from types import coroutine
from typing import Any, TypeAlias

from batching.gate import PAUSE

#: What a tick calls in the end: with its task, which awaits what is returned, or without.
Due: TypeAlias = Callable[["asyncio.Task[None] | None"], Awaitable[None] | None]

# A list level of a GraphQL execution costs two loop turns (items, then fields): one quiet turn
# would split nested lists into a batch for each level, two keep every shape measured together.
QUIET_TURNS = 2
# However busy the loop: about as many turns as the deepest query that a server should accept.
MOST_TURNS = 64


class Tick:
    """Calls `due` once the event loop has gone quiet about new keys.

    That is when the loop shows that nothing else is ready, or after two turns in a row without
    news, or after 64 turns at the latest. It looks once each turn, and only while armed.

    It looks in a task, which is handed to `due` and then awaits what that returns: so the first
    call is made in the turn in which it became due, and a lone key costs no further task.

    Most keys of a tick are like the one before: of the same scope, with the same deadline. Their
    first one is looked at from all sides; when it waits, its `lane` is open, and further ones are
    put there without another look (`BatchProcessor.submit`). It closes with the tick.
    """

    __slots__ = (
        "_arming",
        "_context",
        "_due",
        "_loop",
        "_quiet",
        "_task",
        "_turns",
        "armed",
        "deadline",
        "lane",
        "news",
        "scope",
        "since",
    )

    def __init__(self, due: Due, context: Context) -> None:
        self._due = due
        self._context = context
        #: Whether it looks.
        self.armed = False
        self._task: asyncio.Task[None] | None = None
        # Which arming this is: a task of an earlier one has nothing to look for any more.
        self._arming = 0
        #: Set by the processor when a scope that has keys waiting brings another one.
        self.news = False
        #: The open lane: whose keys it takes, with which deadline, and the age they all have.
        self.lane: deque[Any] | None = None
        self.scope: Hashable = None
        self.deadline: float | None = None
        self.since = 0.0

    def arm(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to look, unless that is so already."""
        if not self.armed:
            self.armed = True
            self._loop = loop
            self._turns = self._quiet = 0
            self.news = True
            look = self._look(self._arming)
            look.send(None)  # entered, it notices however early it is cancelled
            self._task = loop.create_task(look, context=self._context.copy())

    def disarm(self) -> None:
        """Look no longer."""
        self._arming += 1
        self.armed = False
        self._task = None
        self.lane = None
        self.scope = None

    async def _look(self, arming: int) -> None:
        """Look once each turn; when everybody has asked, go on with what is due."""
        try:
            await next_turn()
            while self._arming == arming and not self._is_over():
                await next_turn()
        except asyncio.CancelledError:
            if self._arming == arming:  # by a stranger, which is not the fault of those who wait
                self.disarm()
                self._loop.call_later(PAUSE, self._due, None, context=self._context)
            raise
        if self._arming == arming:
            task = self._task
            self.disarm()
            call = self._due(task)
            del task  # or it would keep itself in a circle
            if call is not None:
                await call

    def _is_over(self) -> bool:
        if self._task is None:
            return False  # a task factory was eager: the turn has not ended yet
        self._turns += 1
        self._quiet = 0 if self.news else self._quiet + 1
        self.news = False
        # asyncio's own loops show what is ready; others only let the turns be counted.
        nothing_ready = not getattr(self._loop, "_ready", True)
        return nothing_ready or self._quiet >= QUIET_TURNS or self._turns >= MOST_TURNS


@coroutine
def next_turn() -> Generator[None, None, None]:
    """Let the event loop take a turn."""
    yield
