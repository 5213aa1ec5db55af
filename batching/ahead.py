"""Ahead: a call begins in the moment in which it is launched, before its task has its first turn.

An event loop takes a turn for everybody who is ready, and a new task stands behind all of them.
Where a hundred callers go on at once, that turn takes a tenth of a second: so long would the calls
that the first of them have filled stand there, and the provider would wait for us.
"""

from __future__ import annotations

import asyncio
from asyncio.tasks import _enter_task, _leave_task  # documented for those who extend asyncio
from collections.abc import Awaitable, Coroutine, Generator
from contextvars import Context
from types import coroutine
from typing import Any, TypeVar

V = TypeVar("V")


def step_ahead(task: asyncio.Task[None], call: Coroutine[Any, Any, None], context: Context) -> None:
    """Take a call's first step here and now, as its task; the task's own first step is the next."""
    loop = task.get_loop()
    here = asyncio.current_task(loop)
    if here is not None:
        _leave_task(loop, here)
    _enter_task(loop, task)
    try:
        context.run(call.send, None)
    finally:
        _leave_task(loop, task)
        if here is not None:
            _enter_task(loop, here)


@coroutine
def begun(answer: Awaitable[V]) -> Generator[Any, None, V]:
    """Await an answer, with a break after its first step: what it waits for is told to its task."""
    steps: Any = answer.__await__()
    error: BaseException | None = None
    is_first = True
    try:
        while True:
            try:
                pause = next(steps) if error is None else steps.throw(error)
            except StopIteration as stop:
                value: V = stop.value
                return value
            error = None
            try:
                if is_first:
                    is_first = False
                    yield
                yield pause
            except BaseException as thrown:  # noqa: BLE001 - passed on
                error = thrown
    finally:
        del error  # or its traceback would keep it in a circle
