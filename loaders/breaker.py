"""Circuit breaker: a resource that fails too often is left alone, and then asked by one call.

closed       every call is made; too many of the latest failed or were slow: open
open         no call is made, for 5 seconds, twice as long each time it opens anew
half open    one call is made, the rest is refused: it decides between closed and open
"""

import asyncio
from collections import deque

# After resilience4j and Polly. The latest calls that are looked at, and for how many seconds; how
# many there must be, and which part of them must have failed.
LATEST = 20
SECONDS = 30.0
FEWEST = 5
PART = 0.5

# Seconds for which it is open at first, and at most.
OPEN = 5.0
LONGEST_OPEN = 60.0

# Seconds from which an answer counts as a failure: half the time that a call may take.
SLOW = 5.0


class Breaker:
    """The breaker of one resource. Whoever calls enters first, and leaves with how it ended.

    >>> is_probe = breaker.enter()
    >>> breaker.leave(is_probe, failed=False)
    """

    def __init__(self) -> None:
        # When a call ended, and whether it failed; when the next may be made, how often in a row
        # the breaker has opened, and whether the one call of a half open one is under way.
        self._ended: deque[tuple[float, bool]] = deque(maxlen=LATEST)
        self._open_until = 0.0
        self._opened = 0
        self._probing = False

    def __repr__(self) -> str:
        return f"<Breaker [{'open' if self.is_open else 'closed'}]>"

    @property
    def is_open(self) -> bool:
        """Whether it is open, or half open."""
        return self._opened > 0

    @property
    def wait(self) -> float:
        """Seconds after which asking may have a point; 0.0 when a call may be made."""
        if not self.is_open:
            return 0.0
        return OPEN if self._probing else max(0.0, self._open_until - _now())

    def enter(self) -> bool:
        """Note that a call is made; tell whether all depends on it."""
        self._probing = self.is_open
        return self._probing

    def leave(self, is_probe: bool, *, failed: bool | None) -> bool:  # noqa: FBT001  from `enter`
        """Note how a call ended, None if that proves nothing; tell whether the breaker opens."""
        if is_probe:
            self._probing = False
            if failed:
                return self._open()
            if failed is None:
                return False  # the next one is it
            self._opened = 0
            self._ended.clear()
        if self.is_open or failed is None:
            return False  # it was made before the breaker opened, or proves nothing
        self._ended.append((_now(), failed))
        return failed and self._fails_too_often() and self._open()

    def _fails_too_often(self) -> bool:
        latest = [failed for ended, failed in self._ended if ended > _now() - SECONDS]
        return len(latest) >= FEWEST and sum(latest) >= PART * len(latest)

    def _open(self) -> bool:
        self._open_until = _now() + min(LONGEST_OPEN, OPEN * 2.0**self._opened)
        self._opened += 1
        return True


def _now() -> float:
    return asyncio.get_running_loop().time()
