"""MusicBrainz's rate rule: so many calls a second from one address, over all its routes."""

# Of the time between two calls: what a steady client may come too early, once, as lines jitter.
_TOLERANCE = 0.2
_MOST_ADDRESSES = 1_000


class Pace:
    """Lets calls in at a pace; what it turns away does not count.

    >>> pace = Pace()
    >>> [pace.admits("::1", now, rate=1.0) for now in (0.0, 0.5, 1.0, 2.0)]
    [True, False, True, True]
    """

    def __init__(self) -> None:
        self._due: dict[str, float] = {}  # when the next call of an address may come

    def admits(self, address: str, now: float, *, rate: float) -> bool:
        """Tell whether a call may come now, at `rate` calls a second; count it if it may."""
        interval = 1 / rate
        slack = interval * _TOLERANCE
        due = self._due.get(address, now)
        if due > now + interval + slack:
            due = now  # no call can have led to that: another event loop's clock began again
        if due > now + slack:
            return False
        if len(self._due) >= _MOST_ADDRESSES:
            self._due.clear()
        self._due[address] = max(now, due) + interval
        return True

    def forget(self) -> None:
        """Forget who came."""
        self._due.clear()
