"""A processor behind what other processes know and fetch; to who asks, it is the processor itself.

Keys asked in one tick are looked for together, with one command. What is found is answered at once.
What is not, this process fetches, through its own processor, or it waits until another one has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Generic, TypedDict, TypeVar

from batching import (
    BatchError,
    BatchProcessor,
    DeadlineExceededError,
    KeyCaller,
    ProcessorClosedError,
    QueueFullError,
    SetCaller,
)
from loaders.remembered import Remembered
from loaders.shared.entries import MOST_LOOKED_FOR, Claim, Found, SharedEntries
from loaders.trace import trace_of

V = TypeVar("V")

# What says nothing of a key, and so not that another process would fare no better.
_GIVEN_UP = (DeadlineExceededError, ProcessorClosedError, QueueFullError)

# Seconds between two looks for what another process fetches: from the first, growing, to the last.
_FIRST_REST, _LONGEST_REST, _GROWTH = 0.01, 0.1, 1.5


class _Asking(TypedDict):
    """How a caller asks."""

    scope: Hashable
    deadline: float | None
    background: bool


class SharedProcessor(Generic[V]):
    """The processor of one resource, as far as what is asked in other processes matters.

    What is found is remembered here as well, with the age that it has.
    """

    def __init__(
        self,
        processor: BatchProcessor[str, V],
        remembered: Remembered[str],
        entries: SharedEntries,
    ) -> None:
        self.name = processor.name
        self.processor = processor
        self.remembered = remembered
        self.entries = entries
        self._looks: dict[bool, BatchProcessor[str, Found | Claim]] = {
            fresh: BatchProcessor(
                partial(entries.look, fresh=fresh), MOST_LOOKED_FOR, name=processor.name
            )
            for fresh in (False, True)
        }

    def __repr__(self) -> str:
        return f"<SharedProcessor {self.entries!r} {self.processor!r}>"

    def submit(
        self,
        key: str,
        *,
        scope: Hashable = None,
        deadline: float | None = None,
        background: bool = False,
    ) -> KeyCaller[str, V]:
        """Ask for one key, as `BatchProcessor.submit` does."""
        asking = _Asking(scope=scope, deadline=deadline, background=background)
        if not self.entries.is_up:
            return self.processor.submit(key, **asking)
        return _one_of(key, _SharedCaller(self, [key], asking))

    def submit_many(
        self,
        keys: Iterable[str],
        *,
        scope: Hashable = None,
        deadline: float | None = None,
        background: bool = False,
        known: Mapping[str, V | Exception] = MappingProxyType({}),
        raising: bool = False,
    ) -> SetCaller[str, V]:
        """Ask for a set of keys, as `BatchProcessor.submit_many` does."""
        asking = _Asking(scope=scope, deadline=deadline, background=background)
        if not self.entries.is_up:
            return self.processor.submit_many(keys, known=known, raising=raising, **asking)
        return _SharedCaller(self, list(keys), asking, known, raising=raising)

    def look(self, keys: list[str], asking: _Asking) -> SetCaller[str, Found | Claim]:
        """Look for keys, together with whoever looks just now."""
        return self._looks[asking["background"]].submit_many(keys, **asking)

    async def close(self) -> None:
        """Look for nothing more."""
        await asyncio.gather(*(looks.close() for looks in self._looks.values()))
        self.entries.close()


class _SharedCaller(SetCaller[str, V]):
    """One caller's future for a set of keys: found, fetched, or fetched by another process."""

    def __init__(
        self,
        shared: SharedProcessor[V],
        keys: list[str],
        asking: _Asking,
        known: Mapping[str, V | Exception] = MappingProxyType({}),
        *,
        raising: bool = False,
    ) -> None:
        super().__init__(loop=asyncio.get_running_loop())
        self._shared = shared
        self._asking = asking
        # What is under way: futures of ours elsewhere, keys leased for us, the next look.
        self._asked: set[SetCaller[str, Any]] = set()
        self._leased: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._rest = _FIRST_REST
        self._look(list(self.expect(keys, known, raising=raising)))

    def cancel(self, msg: Any | None = None) -> bool:
        """Leave; no other caller of any of the keys notices."""
        if not asyncio.Future.cancel(self, msg):
            return False
        if self._timer is not None:
            self._timer.cancel()
        for asked in list(self._asked):
            asked.cancel(msg)
        self._give_up(self._leased)
        return True

    # Look.

    def _look(self, keys: list[str]) -> None:
        self._timer = None
        if keys:
            self._ask(self._shared.look, keys, self._looked)

    def _looked(self, keys: list[str], asked: SetCaller[str, Found | Claim]) -> None:
        found: dict[str, Found] = {}
        mine, taken = [], []
        for key, one in zip(keys, asked.result(), strict=True):
            if isinstance(one, Found):
                found[key] = one
            elif isinstance(one, BatchError):  # there is no more time, or no room
                self.settle(key, one, batch_failed=True)
            elif one is Claim.TAKEN:
                taken.append(key)
            else:
                mine.append(key)
                if one is Claim.OURS:
                    self._leased.add(key)
        self._recall(found)
        if mine:
            self._fetch(mine)
        if taken:
            self._wait(taken)

    def _recall(self, found: dict[str, Found]) -> None:
        """Answer what is known, as if this process had known it."""
        if not found:
            return
        remembered, scope = self._shared.remembered, self._asking["scope"]
        remembered.remember_aged({key: (one.outcome, one.age) for key, one in found.items()})
        stale = [key for key, one in found.items() if not one.is_fresh]
        if stale:
            remembered.recall(stale, scope)  # which asks again, and tells the trace
        if trace := trace_of(scope):
            trace.recall(self._shared.name, list(found))
        self.settle_all(found, [one.outcome for one in found.values()])

    # Fetch.

    def _fetch(self, keys: list[str]) -> None:
        self._shared.entries.hold(self._leased.intersection(keys))
        submit_many = self._shared.processor.submit_many
        asked = self._ask(lambda keys, asking: submit_many(keys, **asking), keys, self._fetched)
        if asked is not None:
            self.joined += asked.joined
        else:
            self._give_up(self._leased.intersection(keys))

    def _fetched(self, keys: list[str], asked: SetCaller[str, V]) -> None:
        answered: list[str] = []
        given_up: list[str] = []
        for key, outcome in zip(keys, asked.result(), strict=True):
            if key in self._leased:
                (given_up if isinstance(outcome, _GIVEN_UP) else answered).append(key)
            self.settle(key, outcome, batch_failed=key in asked.batch_failed)
        self._shared.entries.leave(answered, is_open=True)
        self._give_up(given_up)
        self._leased.difference_update(keys)

    def _give_up(self, keys: Iterable[str]) -> None:
        self._shared.entries.leave(keys, is_open=False)

    # Wait for another process.

    def _wait(self, keys: list[str]) -> None:
        if self._rest == _FIRST_REST:
            self.joined += len(keys)
        loop = self.get_loop()
        rest, deadline = self._rest, self._asking["deadline"]
        if deadline is not None:
            rest = max(0.0, min(rest, deadline - loop.time()))
        self._rest = min(self._rest * _GROWTH, _LONGEST_REST)
        self._timer = loop.call_later(rest, self._look, keys)

    def _ask(self, ask: Any, keys: list[str], told: Any) -> SetCaller[str, Any] | None:
        """Ask elsewhere, and be told; where nothing is taken any more, that is the answer."""
        try:
            asked: SetCaller[str, Any] = ask(keys, self._asking)
        except BatchError as error:
            for key in keys:
                self.settle(key, error, batch_failed=True)
            return None
        self._asked.add(asked)
        asked.add_done_callback(partial(self._told, keys, told))
        return asked

    def _told(self, keys: list[str], told: Any, asked: SetCaller[str, Any]) -> None:
        self._asked.discard(asked)
        if not self.done():
            told(keys, asked)


def _one_of(key: str, asked: SetCaller[str, V]) -> KeyCaller[str, V]:
    """Return a future for the one key of a set."""
    caller: KeyCaller[str, V] = KeyCaller()
    caller.key = key
    caller.owner = _Set(asked)

    def told(_: object) -> None:
        if asked.joined:
            caller.count_join()
        if asked.cancelled():
            caller.cancel()
        else:
            [outcome] = asked.result()
            caller.settle(key, outcome, batch_failed=key in asked.batch_failed)

    asked.add_done_callback(told)
    return caller


class _Set:
    """The owner of a caller that stands for a set of one key."""

    def __init__(self, asked: SetCaller[Any, Any]) -> None:
        self._asked = asked

    def leave(self, _key: Any, _caller: Any) -> None:
        """Leave the set."""
        self._asked.cancel()
