"""Trace: what one request asked, and what that cost.

A trace is the `scope` of everything its request submits. So each batch knows the requests it was
made for, and tells each of them the calls it made, those of a shared batch included.
"""

from collections.abc import Hashable, Sequence
from contextvars import ContextVar
from typing import Any, Protocol

from batching import BatchEvent
from loaders.calls import Call, calls_of_batch

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


class Trace:
    """One request's account: per loader the keys asked, the batches and the calls.

    With `fields=True` it also keeps which field asked for which keys.

    >>> trace = Trace()
    >>> loaders = providers.loaders(trace=trace)
    >>> trace.report()
    [{'loader': 'spotify.tracks', 'asked': 100, ..., 'calls': 2, 'callsSaved': 98, ...}]
    """

    def __init__(self, *, fields: bool = False) -> None:
        self._watched: dict[str, Counts] = {}
        self._batches: dict[str, int] = {}
        self._seconds: dict[str, float] = {}
        self._fields: dict[str, dict[str, list[Hashable]]] | None = {} if fields else None
        self.calls: list[Call] = []

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
        if self._fields is not None:
            field = asking_field.get() or "(no field)"
            self._fields.setdefault(name, {}).setdefault(field, []).extend(keys)

    def add(self, event: BatchEvent, calls: Sequence[Call]) -> None:
        """Count a batch that carried a key of this request."""
        self._batches[event.name] = self._batches.get(event.name, 0) + 1
        self._seconds[event.name] = self._seconds.get(event.name, 0.0) + event.duration
        self.calls += calls

    def report(self) -> list[dict[str, Any]]:
        """Return one JSON object per loader, in the order of their first use."""
        return [self._row(name, counts) for name, counts in self._watched.items()]

    def _row(self, name: str, counts: Counts) -> dict[str, Any]:
        calls = sum(call.resource == name for call in self.calls)
        row: dict[str, Any] = {
            "loader": name,
            "asked": counts.asked,
            "distinct": counts.distinct,
            "remembered": counts.remembered,
            "joined": counts.joined,
            "batches": self._batches.get(name, 0),
            "calls": calls,
            # Against one call for each time a key was asked; paging can cost more than that.
            "callsSaved": max(0, counts.asked - calls),
            "milliseconds": round(1000 * self._seconds.get(name, 0.0), 3),
        }
        if self._fields is not None:
            asked = self._fields.get(name, {})
            row["fields"] = {field: len(keys) for field, keys in asked.items()}
        return row


def observe(event: BatchEvent) -> None:
    """Tell every request that has a key in this batch; runs in the batch's own context."""
    batch = calls_of_batch.get()
    for scope in event.scopes:
        if isinstance(scope, Trace):
            scope.add(event, batch.calls if batch else ())
