"""ListenBrainz's rate rule: so many calls of one address in a window, told with every answer."""

from math import ceil

SECONDS = 10.0  # as its server comes: brainzutils/ratelimit.py
_MOST_ADDRESSES = 1_000


class Windows:
    """Counts the calls of each address; what is turned away counts as well.

    >>> windows = Windows()
    >>> [windows.admit("::1", now, most=2) for now in (0.0, 1.0, 2.0, 10.0)]
    [True, True, False, True]
    >>> windows.headers("::1", 12.5, most=2)["x-ratelimit-reset-in"]
    '8'
    """

    def __init__(self) -> None:
        self._open: dict[str, tuple[float, int]] = {}  # when a window began, and the calls in it

    def admit(self, address: str, now: float, *, most: int) -> bool:
        """Count a call; tell whether it may come."""
        began, calls = self._window(address, now)
        if len(self._open) >= _MOST_ADDRESSES:
            self._open.clear()
        self._open[address] = began, calls + 1
        return calls < most

    def headers(self, address: str, now: float, *, most: int) -> dict[str, str]:
        """Return what an answer tells of the window; the moment it ends is by the wall clock."""
        began, calls = self._window(address, now)
        rest = max(1, ceil(began + SECONDS - now))
        return {
            "x-ratelimit-limit": str(most),
            "x-ratelimit-remaining": str(max(0, most - calls)),
            "x-ratelimit-reset-in": str(rest),
        }

    def forget(self) -> None:
        """Forget who came."""
        self._open.clear()

    def _window(self, address: str, now: float) -> tuple[float, int]:
        began, calls = self._open.get(address, (now, 0))
        # Before it began: another event loop's clock began again.
        return (began, calls) if began <= now < began + SECONDS else (now, 0)
