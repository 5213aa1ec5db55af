"""A provider's quota, shared: its rate and its holds, for all processes that ask it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from math import ceil

from loaders.shared.keyspace import Keyspace
from loaders.shared.scripts import HOLD, RESERVE
from loaders.shared.store import SharedStore

# Seconds after which a reservation is old: whoever waited longer asks once more for a hold, so
# that one told meanwhile by another process is kept. At most one command a second and process.
_OLD = 1.0

# Least seconds between two tries for a call that could not be reserved as far ahead.
_RETRY = 0.01


class SharedQuota:
    """When the next call may be made: a `batching.Quota` over Redis.

    One command reserves a call, however many processes stand in line: its answer says how long to
    wait, and nobody has to ask again. Without Redis each process goes at its part of the rate.

    horizon:  Seconds ahead for which a call is reserved at most: longer nobody waits for one.
    """

    def __init__(
        self,
        store: SharedStore,
        keyspace: Keyspace,
        *,
        rate: float | None,
        burst: int = 1,
        horizon: float = 30.0,
    ) -> None:
        self._store = store
        self._keyspace = keyspace
        self._rate = rate
        self._burst = burst
        self._horizon = horizon
        self._alone = store.replicas / rate if rate else 0.0  # seconds from call to call
        # When the timestamp in Redis and the next call without Redis are due, as far as is known.
        self._spent_until = 0.0
        self._next_alone = 0.0

    @property
    def budget(self) -> float | None:
        """Calls that could be made at once, by what Redis said last; None without a rate."""
        if self._rate is None:
            return None
        owed = max(0.0, self._spent_until - asyncio.get_running_loop().time())
        return max(0.0, self._burst - owed * self._rate)

    async def permit(self) -> float:
        """Return 0.0 when a call may be made, or the seconds of a hold, and no call is due then."""
        loop = asyncio.get_running_loop()
        while (told := await self._reserve()) is not None:
            held, wait, ahead = told[0] / 1000, told[1] / 1e6, told[2] / 1e6
            if held:
                return held
            if wait > self._horizon:
                await self._store.rest(max(wait - self._horizon, _RETRY))
                continue
            self._spent_until = loop.time() + ahead
            self._next_alone = loop.time() + wait + self._alone
            await self._store.rest(wait)
            return await self._held_by_now() if wait > _OLD else 0.0
        await self._store.rest(self._turn_alone(loop.time()))
        return 0.0

    def hold(self, duration: float) -> None:
        """Tell the other processes that nobody may call for this many seconds."""
        milliseconds = ceil(1000 * duration)
        if milliseconds:
            self._store.run_soon(HOLD, [self._keyspace.hold], [milliseconds])

    async def _reserve(self) -> Sequence[int] | None:
        keys = [self._keyspace.rate, self._keyspace.hold]
        interval = ceil(1e6 / self._rate) if self._rate else 0
        return await self._store.run(
            RESERVE, keys, [interval, self._burst, ceil(1e6 * self._horizon)]
        )

    async def _held_by_now(self) -> float:
        """Return the seconds of a hold, or 0.0."""
        left = await self._store.use(lambda redis: redis.pttl(self._keyspace.hold))
        return max(0.0, (left or 0) / 1000)

    def _turn_alone(self, now: float) -> float:
        """Return the seconds until this process may call without asking anybody."""
        turn = max(now, self._next_alone)
        self._next_alone = turn + self._alone
        return turn - now
