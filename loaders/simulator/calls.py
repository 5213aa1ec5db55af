"""What came: every call, and how many to which route."""

from dataclasses import dataclass, field

_CALLS_HELD = 20_000  # a long benchmark must not fill the memory; the counts go on


@dataclass
class SimCall:
    """One call that came: when (loop time), where, for which ids, and how it was answered.

    `token_ok` is None where no token is needed. `status` is None while the call is in the air, and
    stays None if the caller or the line went away. Where no route is, `route` is "unknown" and
    `ids` has the path.
    """

    time: float
    route: str
    ids: tuple[str, ...]
    params: dict[str, str]
    token_ok: bool | None
    status: int | None = None


@dataclass
class RouteCount:
    """What came to one route since the start or the last reset."""

    calls: int = 0
    ids: int = 0
    statuses: dict[str, int] = field(default_factory=dict)


class Ledger:
    """The calls in the order they came, the last 20,000 at most, and counts that lose none."""

    def __init__(self) -> None:
        self.calls: list[SimCall] = []
        self.counts: dict[str, RouteCount] = {}

    def write_down(self, call: SimCall) -> None:
        """Keep a call that came."""
        if len(self.calls) >= _CALLS_HELD:
            del self.calls[: _CALLS_HELD // 2]
        self.calls.append(call)
        count = self.counts.setdefault(call.route, RouteCount())
        count.calls += 1
        count.ids += len(call.ids)

    def settle(self, call: SimCall, status: int) -> None:
        """Note how a call was answered."""
        call.status = status
        # A call may outlive a reset; then nobody asks for it any more.
        count = self.counts.get(call.route)
        if count is not None:
            count.statuses[str(status)] = count.statuses.get(str(status), 0) + 1

    def forget(self) -> None:
        """Forget all of it."""
        self.calls.clear()
        self.counts.clear()
