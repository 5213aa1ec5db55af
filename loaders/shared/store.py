"""The store: Redis as we use it, waited for once and never needed; the only file that imports it.

The first use that fails ends all use. From then on nobody waits for Redis: a task of its own tries
it until it is well, which is to take a write, in time. Each of the two changes is one line in the
log.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self, TypeAlias, TypeVar

from loaders.errors import printable

if TYPE_CHECKING:
    from redis.asyncio import Redis

logger = logging.getLogger("unisono.shared")

T = TypeVar("T")

# What a script is given.
Argument: TypeAlias = str | bytes | int

# Seconds for one use. A Redis beside us answers in 0.2 ms (99 % in 0.8 ms); one that takes this
# long is worth less than asking the provider.
PATIENCE = 0.05

# Seconds to connect while nobody waits: a name, a TLS handshake and a log-in at some distance.
_CONNECTING = 1.0

# Seconds between two looks at a Redis that is not well: from the first, doubling, to the second.
_FIRST_REST, _LONGEST_REST = 0.1, 5.0

# Connections of one process. Uses take a fraction of a millisecond, so few are ever open.
_MOST_CONNECTIONS = 16

# Written to see whether Redis takes writes: full or a mere replica, it answers a ping all the same.
_PROBE = "unisono:v1:probe"


class SharedStore:
    """The connections to Redis, and whether it is well.

    >>> async with SharedStore("redis://127.0.0.1:6379/0", replicas=4) as store:
    ...     await store.use(lambda redis: redis.get("unisono:v1:..."))

    replicas:  Server processes that share it: without it each keeps to its part of every rate.
    """

    def __init__(self, url: str, *, replicas: int = 1) -> None:
        self.replicas = replicas
        #: By which other processes know this one.
        self.token = secrets.token_hex(8)
        self._url = url
        self._redis: Redis | None = None
        # The mutable state: whether Redis is used, why not (as it was logged), the task that
        # looks after it, tasks that nobody waits for, and what is settled when all ends.
        self.is_up = False
        self._reason: str | None = None
        self._watch: asyncio.Task[None] | None = None
        self._unattended: set[asyncio.Task[Any]] = set()
        self._closed = asyncio.Event()

    def __repr__(self) -> str:
        # Without the address, in which a password may stand.
        return f"<SharedStore [{'up' if self.is_up else 'down'}]>"

    async def start(self) -> None:
        """Connect; go on without Redis when that takes too long."""
        self._closed = asyncio.Event()
        self._redis = _connect(self._url)
        self._watch = asyncio.create_task(self._until_well())
        await asyncio.wait([self._watch], timeout=PATIENCE)

    async def close(self) -> None:
        """Finish what is under way, and close the connections."""
        if self._redis is None or self._watch is None:
            return
        redis, self._redis, self.is_up = self._redis, None, False
        self._closed.set()
        self._watch.cancel()
        await asyncio.gather(self._watch, *self._unattended, return_exceptions=True)
        try:
            await redis.aclose()
        except Exception as error:  # noqa: BLE001 - it is over anyway, and must end well
            logger.info("Redis was not taken leave of: %s", _in_words(error))
        await asyncio.sleep(0)  # connections that were given up close by then, too

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def use(self, call: Callable[[Redis], Awaitable[T]]) -> T | None:
        """Return what the call comes to, or None: Redis is not there, and nobody waits for it."""
        if not self.is_up or self._redis is None:
            return None
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(PATIENCE):
                return await call(self._redis)
        except TimeoutError:
            # If more has passed than we would have waited, it was this process that was late.
            if loop.time() - began < 2 * PATIENCE:
                self._leave(f"no answer within {1000 * PATIENCE:.0f} ms")
        except Exception as error:  # noqa: BLE001 - the reason is logged; no key may fail of it
            self._leave(_in_words(error))
        return None

    async def run(self, script: str, keys: Sequence[str], args: Sequence[Argument]) -> Any | None:
        """Return what a script comes to, or None as `use` does."""
        return await self.use(lambda redis: redis.register_script(script)(keys, args))

    def run_soon(self, script: str, keys: Sequence[str], args: Sequence[Argument]) -> None:
        """Run a script whose end nobody waits for."""
        if self.is_up:
            task = asyncio.create_task(self.run(script, keys, args))
            self._unattended.add(task)
            task.add_done_callback(self._unattended.discard)

    async def rest(self, seconds: float) -> None:
        """Wait this long, or until the store is closed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closed.wait()

    async def ailment(self) -> str | None:
        """Return why Redis is not well, or None: connected, and then a write in time."""
        redis = self._redis
        assert redis is not None  # noqa: S101 - whoever closes asks no more
        try:
            async with asyncio.timeout(_CONNECTING):
                await redis.ping()
            async with asyncio.timeout(PATIENCE):
                await redis.set(_PROBE, 1, px=1000)
        except TimeoutError:
            return f"no answer within {1000 * PATIENCE:.0f} ms"
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told and tried again
            return _in_words(error)
        return None

    def _leave(self, reason: str) -> None:
        """Use Redis no more until it is well; of several failures at once the first one tells."""
        if self.is_up:
            self.is_up = False
            self._told(reason)
            self._watch = asyncio.create_task(self._until_well())

    def _told(self, reason: str) -> None:
        self._reason = reason
        logger.warning(
            "Redis is not used: %s; each process keeps to rate / %d by itself",
            reason,
            self.replicas,
        )

    async def _until_well(self) -> None:
        """Try Redis until it is well."""
        rest = _FIRST_REST
        while (reason := await self.ailment()) is not None:
            if self._reason is None:
                self._told(reason)
            await asyncio.sleep(rest)
            rest = min(2 * rest, _LONGEST_REST)
        if self._reason is not None:
            logger.info("Redis is used again")
            self._reason = None
        self.is_up = True


def _connect(url: str) -> Redis:
    """Return a client that neither waits nor tries again by itself: that is for the store."""
    # Here, because a server without UNISONO_REDIS_URL does without the package.
    from redis.asyncio import BlockingConnectionPool, Redis  # noqa: PLC0415 - see above
    from redis.asyncio.retry import Retry  # noqa: PLC0415 - see above
    from redis.backoff import NoBackoff  # noqa: PLC0415 - see above

    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=_MOST_CONNECTIONS,
        timeout=PATIENCE,
        socket_timeout=_CONNECTING,
        socket_connect_timeout=_CONNECTING,
        retry=Retry(NoBackoff(), 0),
        protocol=2,  # the first command of a connection is ours: no HELLO, no subscriptions
        driver_info=None,  # nor CLIENT SETINFO, which Redis 7.0 does not know
    )
    return Redis.from_pool(pool)


def _in_words(error: Exception) -> str:
    return f"{type(error).__name__}: {printable(str(error))}"
