"""Deadlines: one timer for all callers that share one, as all keys of one operation do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextvars import Context
from typing import Any

from batching.callers import SingleCaller
from batching.errors import DeadlineExceededError
from batching.joint import Caller, members

AnyCaller = SingleCaller[Any, Any]


class Alarms(dict[float, tuple[asyncio.TimerHandle, set[AnyCaller]]]):
    """The callers that have a deadline, by that deadline (loop time)."""

    def __init__(self, name: str, context: Context) -> None:
        super().__init__()
        self._name = name
        self._context = context

    def set(self, loop: asyncio.AbstractEventLoop, caller: AnyCaller, deadline: float) -> bool:
        """Let the caller expire at its deadline; False if that has passed already."""
        if deadline <= loop.time():
            return False
        if deadline not in self:
            timer = loop.call_at(deadline, self._ring, deadline, context=self._context)
            self[deadline] = timer, set()
        self[deadline][1].add(caller)
        return True

    def unset(self, caller: AnyCaller) -> None:
        """Forget a caller that has its answer or has left."""
        deadline = caller.deadline
        if deadline is not None and deadline in self:
            timer, callers = self[deadline]
            callers.discard(caller)
            if not callers:
                timer.cancel()
                del self[deadline]

    def unset_settled(self, callers: Iterable[Caller[Any, Any]]) -> None:
        """Forget those of the callers that have their answer."""
        for caller in callers:
            for member in members(caller):
                if member.done():
                    self.unset(member)

    def clear(self) -> None:
        """Forget all callers."""
        for timer, _ in self.values():
            timer.cancel()
        super().clear()

    def _ring(self, deadline: float) -> None:
        for caller in self.pop(deadline)[1]:
            if not caller.done():
                caller.expire(DeadlineExceededError(self._name))
