"""Random programs: what callers do to a processor, and what its batch function does to them."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

KEYS = st.integers(0, 7)
SCOPES = st.sampled_from(["a", "b", "c"])
SECONDS = st.sampled_from([0.0, 0.05, 0.3, 1.0, 2.5, 7.0])


@dataclass(frozen=True)
class Setting:
    """The processors of one program, which share a gate."""

    processors: int = 1
    batch_size: int = 3
    max_wait_time: float | None = None
    auto_flush: bool = True
    rate: float | None = None
    burst: int = 1
    concurrency: int | None = None
    max_pending: int = 50
    max_in_flight: int = 64
    attempts: int = 3


@dataclass(frozen=True)
class Plan:
    """What one call of a batch function does."""

    answer: str = "values"
    seconds: float | None = 0.3
    after: float | None = 0.05
    asks: str | None = None
    stubborn: bool = False


@dataclass(frozen=True)
class Submit:
    key: int
    scope: str = "a"
    background: bool = False
    within: float | None = None
    on: int = 0


@dataclass(frozen=True)
class SubmitMany:
    keys: tuple[int, ...]
    scope: str = "a"
    background: bool = False
    within: float | None = None
    on: int = 0


@dataclass(frozen=True)
class Add:
    items: tuple[int, ...]
    on: int = 0


@dataclass(frozen=True)
class Flush:
    if_needed: bool = False
    on: int = 0


@dataclass(frozen=True)
class Cancel:
    """Cancel one of those that have asked, counted from the last one."""

    back: int = 0


@dataclass(frozen=True)
class Meddle:
    """Settle somebody's future from outside, counted from the last one."""

    back: int = 0


@dataclass(frozen=True)
class Turns:
    count: int = 1


@dataclass(frozen=True)
class Wait:
    seconds: float = 1.0


@dataclass(frozen=True)
class Hold:
    seconds: float = 1.0


@dataclass(frozen=True)
class Permit:
    seconds: float = 0.3
    background: bool = False


@dataclass(frozen=True)
class Resize:
    size: int = 1
    on: int = 0


@dataclass(frozen=True)
class Close:
    grace: float | None = None
    on: int = 0


@dataclass(frozen=True)
class Program:
    setting: Setting = field(default_factory=Setting)
    plans: tuple[Plan, ...] = (Plan(),)
    steps: tuple[Any, ...] = ()


ANSWERS = [
    "values",
    "mapping",
    "generator",
    "mapping with holes",
    "failed keys",
    "failed batch",
    "retryable keys",
    "retryable batch",
    "refused",
    "refused for key 3",
    "cancelled",
    "base exception",
    "stop iteration",
    "too few",
    "text",
    "nothing",
]
ON = st.integers(0, 1)
WITHIN = st.one_of(st.none(), st.none(), st.sampled_from([-1.0, 0.0, 0.2, 0.3, 2.0]))

settings = st.builds(
    Setting,
    processors=st.integers(1, 2),
    batch_size=st.integers(1, 4),
    max_wait_time=st.sampled_from([None, None, 0.0, 0.1, 1.0]),
    auto_flush=st.sampled_from([True, True, True, False]),
    rate=st.sampled_from([None, None, 1.0, 3.0]),
    burst=st.integers(1, 3),
    concurrency=st.sampled_from([None, None, 1, 2]),
    max_pending=st.sampled_from([50, 50, 2, 5]),
    max_in_flight=st.sampled_from([64, 64, 1, 2]),
    attempts=st.integers(1, 3),
)
plans = st.builds(
    Plan,
    answer=st.sampled_from(["values"] * 6 + ANSWERS),
    seconds=st.one_of(st.none(), SECONDS),
    after=st.sampled_from([None, 0.0, 0.05, 1.0]),
    asks=st.sampled_from([None, None, None, None, None, "another key", "another", "itself"]),
    stubborn=st.sampled_from([False, False, False, True]),
)
steps = st.one_of(
    st.builds(Submit, KEYS, SCOPES, st.booleans(), WITHIN, ON),
    st.builds(Submit, KEYS, SCOPES, on=ON),
    st.builds(Submit, KEYS),
    st.builds(
        SubmitMany,
        st.lists(KEYS, max_size=8).map(tuple),
        SCOPES,
        st.sampled_from([False, False, True]),
        WITHIN,
        ON,
    ),
    st.builds(Add, st.lists(KEYS, min_size=1, max_size=5).map(tuple), ON),
    st.builds(Flush, st.booleans(), ON),
    st.builds(Cancel, st.integers(0, 8)),
    st.builds(Cancel, st.integers(0, 8)),
    st.builds(Meddle, st.integers(0, 4)),
    st.builds(Turns, st.integers(1, 4)),
    st.builds(Wait, SECONDS),
    st.builds(Wait, SECONDS),
    st.builds(Hold, SECONDS),
    st.builds(Permit, SECONDS, st.booleans()),
    st.builds(Resize, st.integers(1, 5), ON),
)
closes = st.builds(Close, st.sampled_from([None, None, 0.0, 0.2, 3.0]), ON)

programs = st.builds(
    Program,
    settings,
    st.lists(plans, min_size=1, max_size=6).map(tuple),
    st.tuples(
        st.lists(steps, min_size=1, max_size=25),
        st.lists(closes, max_size=1),
        st.lists(steps, max_size=5),
    ).map(lambda parts: (*parts[0], *parts[1], *parts[2])),
)
