"""Feed: what requests and batches do, told to whoever watches.

Nobody watches: a feed is an attribute that is False, and nothing else happens. Somebody does: what
is told becomes an event (`loaders/events.py`), events of the same twentieth of a second become a
frame, and a frame is encoded once for all who watch. Everything is bounded: a frame takes only so
many events and keys, and a watcher that does not keep up loses what it has not read. Either way it
is told how many events that were, and the totals in each frame are exact all the same.

>>> with feed.watch() as watcher:
...     async for frame in watcher:
...         print(frame)
b'{"at":0.05,"hello":[...],"events":[],"totals":{"asked":0,...},"standing":{...},"lost":0}'
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import copy_context
from typing import Any

import msgspec

from batching import BatchEvent
from loaders import events
from loaders.calls import BatchCalls, Call, calls_of_batch
from loaders.watcher import Watcher

# Seconds between frames while something happens: 20 a second are enough for an eye, as the page
# moves things by itself in between. While nothing happens, budgets and holds come once a second.
FRAME = 0.05
IDLE = 1.0

# In one frame: 40 times the keys, and more than that the events, of a thousand keys a second.
MOST_EVENTS = 400
MOST_KEYS = 2_000

MOST_WATCHERS = 16


class Feed:
    """What happens in one process; `hello` and `standing` say how its providers are, in JSON.

    Whoever has something to tell asks `is_watched` first.
    """

    def __init__(self, *, hello: Callable[[], Any], standing: Callable[[], Any]) -> None:
        self.is_watched = False
        self._hello = hello
        self._standing = standing
        self._context = copy_context()  # no timer keeps a request's context alive
        # All of the mutable state: who watches, who of them waits for the first frame, the timer of
        # the next frame, what goes into it, and the totals since somebody watches.
        self._watchers: list[Watcher] = []
        self._new: list[Watcher] = []
        self._timer: asyncio.TimerHandle | None = None
        self._events: list[events.Event] = []
        self._keys = self._lost = 0
        self._totals = events.Totals()

    def __repr__(self) -> str:
        return f"<Feed [{len(self._watchers)} watchers | {len(self._events)} events]>"

    @property
    def is_full(self) -> bool:
        """Whether there are as many watchers as there may be."""
        return len(self._watchers) >= MOST_WATCHERS

    @contextmanager
    def watch(self) -> Iterator[AsyncIterator[bytes]]:
        """Watch, until the block ends or the feed is closed; the first frame says hello."""
        watcher = Watcher()
        self._watchers.append(watcher)
        self._new.append(watcher)
        self.is_watched = True
        self._publish_in(FRAME)
        try:
            yield watcher
        finally:
            self._drop(watcher)

    def close(self) -> None:
        """End every watcher, after what was told so far."""
        if self._watchers:
            self._publish()
        for watcher in list(self._watchers):
            watcher.close()
            self._drop(watcher)

    # What is told, by those who have seen that it is watched.

    def begin(self, request: int, name: str | None) -> None:
        """Tell of an operation that begins."""
        self._tell(events.Began, request=request, name=(name or "")[: events.LONGEST])

    def ask(self, request: int, loader: str, keys: Sequence[Hashable]) -> None:
        """Tell of keys that a request asks for."""
        self._totals.asked += len(keys)
        self._tell(events.Asked, keys, request=request, loader=loader)

    def recall(self, request: int, loader: str, keys: Sequence[Hashable]) -> None:
        """Tell of keys, of those that were asked last, that the process remembered."""
        self._tell(events.Cached, keys, request=request, loader=loader)

    def flight(self, keys: Sequence[Hashable]) -> AbstractContextManager[None]:
        """Tell of a batch that leaves, and of one that is given up; looks by itself."""
        batch = calls_of_batch.get()
        return self._flight(batch, keys) if self.is_watched and batch else _UNSEEN

    @contextmanager
    def _flight(self, batch: BatchCalls, keys: Sequence[Hashable]) -> Iterator[None]:
        self._totals.batches += 1
        self._tell(events.Left, keys, batch=batch.number, loader=batch.resource)
        try:
            yield
        except asyncio.CancelledError:
            if self.is_watched:
                self._totals.calls += len(batch.calls)
                self._tell(events.Gone, batch=batch.number)
            raise

    def land(self, event: BatchEvent, calls: Sequence[Call]) -> None:
        """Tell of a batch that came to its end; an observer, so it looks by itself."""
        batch = calls_of_batch.get()
        if not self.is_watched or batch is None:
            return
        self._totals.calls += len(calls)
        self._tell(
            events.Landed,
            batch=batch.number,
            wait=_rounded(event.wait),
            seconds=_rounded(event.duration),
            reason=event.reason,
            waiters=event.waiters,
            calls=[
                events.Told(call.route, _rounded(call.started), _rounded(call.seconds), call.status)
                for call in calls
            ],
            retries=event.retries,
            failures=event.failures,
        )

    def fail(self, request: int, loader: str, error: str, keys: Sequence[Hashable]) -> None:
        """Tell of keys for which a request gets errors."""
        self._totals.failed += len(keys)
        self._tell(events.Failed, keys, request=request, loader=loader, error=error)

    def answer(
        self,
        request: int,
        name: str | None,
        outcome: str,
        seconds: float,
        counts: list[dict[str, Any]],
    ) -> None:
        """Tell of an operation that is answered."""
        self._tell(
            events.Answered,
            request=request,
            name=(name or "")[: events.LONGEST],
            outcome=outcome,
            seconds=_rounded(seconds),
            counts=counts,
        )

    def _tell(
        self, kind: type[events.Event], keys: Sequence[Hashable] = (), /, **told: Any
    ) -> None:
        if len(self._events) >= MOST_EVENTS:
            self._lost += 1
            return
        if keys:
            told["size"] = len(keys)
            if self._keys + len(keys) <= MOST_KEYS:
                self._keys += len(keys)
                told["keys"] = events.shown(keys)
        if not self._events:
            self._publish_in(FRAME)
        self._events.append(kind(at=_rounded(asyncio.get_running_loop().time()), **told))

    # Frames.

    def _publish_in(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        if self._timer is not None:
            if self._timer.when() <= loop.time() + seconds:
                return
            self._timer.cancel()
        self._timer = loop.call_later(seconds, self._publish, context=self._context)

    def _publish(self) -> None:
        """Give everybody a frame of what was told since the last one."""
        frame = events.Frame(
            at=_rounded(asyncio.get_running_loop().time()),
            events=self._events,
            totals=self._totals,
            standing=self._standing(),
            lost=self._lost,
        )
        usual = msgspec.json.encode(frame)
        if self._new:
            frame.hello = self._hello()
            first = msgspec.json.encode(frame)
            for watcher in self._new:
                watcher.put(first, len(self._events))
        for watcher in self._watchers:
            if watcher not in self._new:
                watcher.put(usual, len(self._events))
        self._new.clear()
        self._empty()
        self._timer = None
        self._publish_in(IDLE)

    def _empty(self) -> None:
        self._events = []
        self._keys = self._lost = 0

    def _drop(self, watcher: Watcher) -> None:
        if watcher not in self._watchers:
            return
        self._watchers.remove(watcher)
        if watcher in self._new:
            self._new.remove(watcher)
        self.is_watched = bool(self._watchers)
        if not self.is_watched:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            self._totals = events.Totals()
            self._empty()


# The feed of what is in nobody's sight: of a provider that was made by itself, say.
UNWATCHED = Feed(hello=list, standing=dict)

_UNSEEN: AbstractContextManager[None] = nullcontext()


def _rounded(seconds: float) -> float:
    return round(seconds, 6)
