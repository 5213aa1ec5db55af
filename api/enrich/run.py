"""A run: what failed before is asked again, then the lines that are left, window by window.

Two windows are in the air, so that one provider has work while the other window waits for another
one; their results are written in order. INPUT is read while nothing is awaited, so a slow pipe
holds up nobody: then only one window is in the air.
"""

import asyncio
import gc
import hashlib
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple

from api.engine import Engine
from api.enrich import windows
from api.enrich.errors import EnrichError
from api.enrich.fields import Fields
from api.enrich.journal import Journal
from api.enrich.lines import Line, Source
from api.enrich.results import Failure
from api.enrich.windows import Outcome
from batching import BatchEvent
from loaders import Call

IN_FLIGHT = 2


class _Window(NamedTuple):
    """Lines to be asked; those of standing failures say which, and where these end in FAILURES."""

    lines: Sequence[Line]
    old: Sequence[Failure] = ()
    end: int | None = None


class Run:
    """One run over the files; `step` until it returns False.

    >>> with asyncio.Runner() as runner:
    ...     while run.step(runner):
    ...         ...
    """

    def __init__(
        self,
        engine: Engine,
        fields: Fields,
        providers: Sequence[str],
        source: Source,
        journal: Journal,
    ) -> None:
        self.asked = 0  # keys, as often as they were asked
        self.lines = 0  # written in this run
        self.calls = 0  # made in this run
        self.saved = 0  # against one call for each time a key was asked
        self.position = 0  # the byte of INPUT up to which all is done
        self.journal = journal
        self._engine = engine
        self._fields = fields
        self._providers = providers
        self._source = source
        self._reading = iter(source)
        self._digest = hashlib.sha256()
        self._pass_over_what_is_done()
        self._windows = self._cut()
        self._in_flight: deque[tuple[_Window, asyncio.Task[Outcome]]] = deque()
        self._most = 1 if source.is_waited_for else IN_FLIGHT
        engine.providers.observers.append(self._count)

    @property
    def hold(self) -> tuple[str, float] | None:
        """Return who takes no calls at present, and for how many seconds."""
        held = [(status.name, status.hold) for status in self._engine.statuses() if status.hold]
        return max(held, key=lambda each: each[1], default=None)

    def step(self, runner: asyncio.Runner) -> bool:
        """Read, ask and write one window; False when nothing is left."""
        while len(self._in_flight) < self._most:
            window = next(self._windows, None)
            if window is None:
                break
            asking = windows.execute(self._engine, self._fields, self._providers, window.lines)
            self._in_flight.append((window, runner.get_loop().create_task(asking)))
        if not self._in_flight:
            return False
        window, task = self._in_flight[0]
        outcome = runner.run(_result(task))
        self._in_flight.popleft()
        self._write(window, outcome)
        gc.collect()  # GraphQL leaves circles, each with its window, and the collector comes seldom
        return True

    def give_up(self, runner: asyncio.Runner) -> None:
        """Wait no longer for what is in the air."""
        tasks = [task for _, task in self._in_flight]
        self._in_flight.clear()
        for task in tasks:
            task.cancel()
        if tasks:
            runner.run(_all(tasks))

    def left(self) -> int | None:
        """Count the lines of INPUT that are not done, by reading them; None where that may last."""
        if self._source.is_waited_for:
            return None
        done = self.journal.state.lines
        with_rest = Source(self._source.path, self._source.format, self._source.column)
        try:
            return sum(line.number > done for line in with_rest)
        finally:
            with_rest.close()

    def _count(self, _event: BatchEvent, calls: Sequence[Call]) -> None:
        self.calls += len(calls)

    def _write(self, window: _Window, outcome: Outcome) -> None:
        if window.end is not None:
            kept = [failure for failure in window.old if not failure.retryable]
            self.journal.replace(window.old, [*kept, *outcome.results], window.end)
        else:
            for line in window.lines:
                self._learn(line)
            last = window.lines[-1].number
            self.journal.commit(outcome.results, lines=last, digest=self._digest.hexdigest())
            self.position = window.lines[-1].end
        self.lines += len(window.lines)
        self.asked += outcome.asked
        self.saved = max(0, self.asked - self.calls)

    def _pass_over_what_is_done(self) -> None:
        """Read the lines that are done, and see that they are those that were read before."""
        state = self.journal.state
        number = 0
        while number < state.lines:
            line = next(self._reading, None)
            if line is None or line.number > state.lines:
                break
            number, self.position = line.number, line.end
            self._learn(line)
        if state.lines and (number, self._digest.hexdigest()) != (state.lines, state.digest):
            raise EnrichError(
                f"{self._source.name}: expected the {state.lines:,} lines that "
                f"{self.journal.output} was made of to begin with, got others"
            )

    def _learn(self, line: Line) -> None:
        self._digest.update(f"{line.number}\t{line.ref}\n".encode(errors="surrogatepass"))

    def _cut(self) -> Iterator[_Window]:
        yield from self._standing()
        sample = list(islice(self._reading, windows.MOST))
        size = windows.size(self._engine, self._fields, self._providers, sample)
        lines = chain(sample, self._reading)
        while window := list(islice(lines, size)):
            yield _Window(window)

    def _standing(self) -> Iterator[_Window]:
        """Yield what failed in earlier runs, and may not fail again."""
        if not self.journal.state.retryable:
            return
        standing = self.journal.standing()
        while some := list(islice(standing, windows.FEWEST)):
            old = [failure for failure, _ in some]
            again = [Line(failure.line, failure.ref) for failure in old if failure.retryable]
            yield _Window(again, old, some[-1][1])


async def _result(task: asyncio.Task[Outcome]) -> Outcome:
    return await task


async def _all(tasks: Sequence[asyncio.Task[Outcome]]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)
