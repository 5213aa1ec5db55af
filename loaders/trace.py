"""Trace: what one request asked, and what that cost.

Everything a request submits has the `scope` of its trace. So each batch knows the requests it was
made for, and tells each of them the calls it made, those of a shared batch included. The scope is a
weak reference: what a request loaded is let go when it ends, not when Python looks for circles.
"""

from collections.abc import Hashable, Sequence
from contextvars import ContextVar
from itertools import count
from typing import Any, NamedTuple, Protocol
from weakref import ReferenceType, ref

from batching import BatchEvent
from loaders.calls import Call, calls_of_batch
from loaders.feed import UNWATCHED, Feed

_numbers = count(1)

# The field that is being resolved, like "Track.album"; set by whoever resolves it.
asking_field: ContextVar[str | None] = ContextVar("asking_field", default=None)


class Counts(Protocol):
    """What a loader counts: keys asked, and those it remembered."""

    @property
    def asked(self) -> int:
        """Keys asked for, each as often as it was."""

    @property
    def remembered(self) -> int:
        """Of those, the keys answered from what the request knew."""

    @property
    def distinct(self) -> int:
        """Keys asked of the processor."""

    @property
    def joined(self) -> int:
        """Of those, the keys on their way for another request already."""


class SingleKeys(NamedTuple):
    """A loader that was asked for one key after the other, and the fields that asked."""

    batches: int
    fields: list[str]


class Trace:
    """One request's account: per loader the keys asked, the batches and the calls.

    With `fields=True` it also keeps which field asked for which keys. Whoever watches the `feed` is
    told of what is asked and fails; `number` is the request's own.

    >>> trace = Trace()
    >>> loaders = providers.loaders(trace=trace)
    >>> trace.report()
    [{'loader': 'spotify.tracks', 'asked': 100, ..., 'calls': 2, 'callsSaved': 98, ...}]
    """

    def __init__(self, *, fields: bool = False, feed: Feed = UNWATCHED) -> None:
        self.number = next(_numbers)
        self.scope = ref(self)
        self._feed = feed
        self._watched: dict[str, Counts] = {}
        self._batches: dict[str, int] = {}
        self._seconds: dict[str, float] = {}
        # Keys that the process remembered, and those of them that no loader was asked for.
        self._cached: dict[str, int] = {}
        self._unasked: dict[str, int] = {}
        self._fields: dict[str, dict[str, list[Hashable]]] | None = {} if fields else None
        self._single: dict[str, int] = {}
        self.calls: list[Call] = []
        #: What was told though it was stale: loader, id, and age in milliseconds.
        self.stale: list[dict[str, Any]] = []

    def __repr__(self) -> str:
        return f"<Trace [{sum(self._batches.values())} batches | {len(self.calls)} calls]>"

    @property
    def fields(self) -> dict[str, dict[str, list[Hashable]]]:
        """Return loader -> field -> keys in the order asked; empty unless `fields` was wanted."""
        return self._fields or {}

    def watch(self, name: str, counts: Counts) -> None:
        """Report what this loader counts."""
        self._watched[name] = counts

    def ask(self, name: str, keys: Sequence[Hashable]) -> None:
        """Note which field asks for these keys."""
        if self._feed.is_watched:
            self._feed.ask(self.number, name, keys)
        if self._fields is not None:
            field = asking_field.get() or "(no field)"
            self._fields.setdefault(name, {}).setdefault(field, []).extend(keys)

    def recall(self, name: str, keys: Sequence[Hashable], *, unasked: bool = False) -> None:
        """Count keys that the process remembered; `unasked` if no loader was asked, nor counts."""
        self._cached[name] = self._cached.get(name, 0) + len(keys)
        if unasked:
            self._unasked[name] = self._unasked.get(name, 0) + len(keys)
        if self._feed.is_watched:
            self._feed.recall(self.number, name, keys)

    def tell_stale(self, name: str, id_: str, age: float) -> None:
        """Note that something is told that should have been asked again; `age` in seconds."""
        self.stale.append({"loader": name, "id": id_, "ageMs": round(1000 * age)})

    def answer(
        self,
        name: str,
        keys: Sequence[Hashable],
        outcomes: Sequence[object],
        *,
        passing: type[Exception] | tuple[()] = (),
    ) -> None:
        """Tell whoever watches which of these keys failed, unless something else is tried then."""
        if not self._feed.is_watched:
            return
        failed: dict[str, list[Hashable]] = {}
        for key, outcome in zip(keys, outcomes, strict=True):
            if isinstance(outcome, Exception) and not isinstance(outcome, passing):
                failed.setdefault(type(outcome).__name__, []).append(key)
        for error, those in failed.items():
            self._feed.fail(self.number, name, error, those)

    def add(self, event: BatchEvent, calls: Sequence[Call]) -> None:
        """Count a batch that carried a key of this request."""
        self._batches[event.name] = self._batches.get(event.name, 0) + 1
        self._seconds[event.name] = self._seconds.get(event.name, 0.0) + event.duration
        # A batch that is full with one key has a route that takes no more; there is no other way.
        if len(event.keys) == 1 and event.reason != "full":
            self._single[event.name] = self._single.get(event.name, 0) + 1
        self.calls += calls

    def single_keys(self) -> dict[str, SingleKeys]:
        """Return the loaders whose bulk calls carried one key again and again: the N+1 problem.

        The fields are those that asked for keys of it, most keys first, if fields are kept.
        """
        return {
            name: SingleKeys(batches, sorted(asked, key=lambda field: -len(asked[field])))
            for name, batches in self._single.items()
            if batches >= _MOST_SINGLE and (asked := self.fields.get(name, {})) is not None
        }

    def report(self) -> list[dict[str, Any]]:
        """Return one JSON object per loader, in the order of their first use."""
        return [self._row(name) for name in {**self._watched, **self._unasked}]

    def _row(self, name: str) -> dict[str, Any]:
        counts = self._watched.get(name, _Nothing)
        unasked = self._unasked.get(name, 0)
        asked = counts.asked + unasked
        calls = sum(call.resource == name for call in self.calls)
        row: dict[str, Any] = {
            "loader": name,
            "asked": asked,
            "distinct": counts.distinct + unasked,
            "remembered": counts.remembered,
            "cached": self._cached.get(name, 0),
            "joined": counts.joined,
            "batches": self._batches.get(name, 0),
            "calls": calls,
            # Against one call for each time a key was asked; paging can cost more than that.
            "callsSaved": max(0, asked - calls),
            "milliseconds": round(1000 * self._seconds.get(name, 0.0), 3),
        }
        if self._fields is not None:
            fields = self._fields.get(name, {})
            row["fields"] = {field: len(keys) for field, keys in fields.items()}
            if self._single.get(name, 0) >= _MOST_SINGLE:
                row["singleKeyBatches"] = self._single[name]
        return row


class _Nothing:
    """What a loader counts that was never asked."""

    asked = remembered = distinct = joined = 0


# Single keys happen: a query asks for one track, then for its album. Five of one loader are a row.
_MOST_SINGLE = 5


def observe(event: BatchEvent) -> None:
    """Tell every request that has a key in this batch; runs in the batch's own context."""
    batch = calls_of_batch.get()
    for scope in event.scopes:
        if trace := trace_of(scope):
            trace.add(event, batch.calls if batch else ())


def trace_of(scope: Hashable) -> Trace | None:
    """Return the trace whose scope this is, as long as anybody keeps it.

    >>> trace_of(trace.scope) is trace
    True
    """
    found = scope() if isinstance(scope, ReferenceType) else None
    return found if isinstance(found, Trace) else None
