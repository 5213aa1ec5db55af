"""A quota that a gate shares with gates of other processes, and the permits that come from it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from typing import Protocol


class Quota(Protocol):
    """What a provider allows to all who call it together; kept somewhere outside this process."""

    @property
    def budget(self) -> float | None:
        """Calls that could be made at once, as far as is known; None without a rate."""

    async def permit(self) -> float:
        """Wait until one call may be made and return 0.0; or return the seconds of a hold.

        With 0.0 one call is spent, made or not. With a hold none is.
        """

    def hold(self, duration: float) -> None:
        """Let nobody call for this many seconds, whichever process it is in."""


class Permits:
    """The permits that a gate gets from a quota, asked for one by one.

    One that nobody uses at the moment it comes is lost: kept, it would be a call too many later.

    told:  Called with the seconds of a hold, or with 0.0 while a permit is there.
    failed:  Called with the exception of a quota that has failed; it is asked no more.
    """

    def __init__(
        self,
        quota: Quota,
        context: Context,
        *,
        told: Callable[[float], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self.quota = quota
        self._context = context
        self._told = told
        self._failed = failed
        # The mutable state: whether a permit is there, and who is waiting for one.
        self.has_one = False
        self._asking: asyncio.Task[float] | None = None

    def ask(self, loop: asyncio.AbstractEventLoop) -> None:
        """Ask for a permit, unless that is under way."""
        if self._asking is None:
            self._asking = loop.create_task(self._permit(), context=self._context.copy())
            self._asking.add_done_callback(self._answered, context=self._context)

    def forget(self) -> None:
        """Forget what was asked on an event loop that is over."""
        self._asking = None

    async def _permit(self) -> float:
        return await self.quota.permit()

    def _answered(self, asked: asyncio.Task[float]) -> None:
        if asked is not self._asking:  # another event loop's
            return
        self._asking = None
        if asked.cancelled():  # the event loop ends
            return
        error = asked.exception()
        if error is not None:
            self._failed(error)
            return
        held = asked.result()
        self.has_one = not held
        self._told(held)
        self.has_one = False
