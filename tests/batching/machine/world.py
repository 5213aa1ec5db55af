"""Runs a random program on the virtual clock and notes every violation of what must always hold.

Violations are noted beside the batch functions, never asserted inside: there an assertion becomes
the outcome of a key, and hides.
"""

import asyncio
from collections import Counter, deque
from itertools import count

from api.testing import clock
from batching import Gate, ProcessorClosedError
from tests.batching.machine import programs
from tests.batching.machine.calls import TINY, Fetcher
from tests.batching.machine.outcomes import Asked, problem

# More loop turns than any tick may take.
MANY_TURNS = 80


def violations(program):
    """Run a program; return what went wrong."""

    async def main():
        world = World(program)
        try:
            await world.play(program.steps)
        finally:
            for task in world.tasks:
                task.cancel()
        return world.violations

    return clock.run(main())


class World:
    """One program under way."""

    def __init__(self, program):
        setting = program.setting
        self.setting = setting
        self.plans = program.plans
        # Halves of refused batches and calls asked by calls have rules of their own.
        self.bisects = any(one.answer.startswith("refused") for one in program.plans)
        self.special = self.bisects or any(one.asks for one in program.plans)
        self.numbers = count(1)
        self.violations = []
        self.asking = ()
        self.asked = []
        self.events = []
        self.starts = []
        self.holds = []
        self.tasks = []
        self.permits = 0
        self.inside = set()
        self.closed = set()
        self.added = Counter()
        self.reported = Counter()
        self.gate = Gate(rate=setting.rate, burst=setting.burst, concurrency=setting.concurrency)
        self.fetchers = [Fetcher(self, f"processor {one}") for one in range(setting.processors)]

    async def play(self, steps):
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, what: self.violations.append(str(what)))
        for step in steps:
            await getattr(self, type(step).__name__.lower())(step)
            self.check()
        await self.finish()

    # What batch functions and checks ask for.

    @property
    def now(self):
        return asyncio.get_running_loop().time()

    def next_plan(self):
        return self.plans[sum(len(one.runs) for one in self.fetchers) % len(self.plans)]

    def runs_with(self, processor, key):
        runs = next(one.runs for one in self.fetchers if one.processor is processor)
        return [run for run in runs if key in run.keys]

    def held_since_before(self, now):
        return any(since + TINY < now < until - TINY for since, until in self.holds)

    def wanted(self, processor):
        """Return the keys that somebody waits for, or did until just now."""
        wanted = {key for one, key in (*self.added, *self.inside) if one is processor}
        wanted.update(self.asking)  # a call may begin before whoever asks has the future
        for asked in self.asked:
            left = not asked.meddled and asked.answered is not None
            if asked.processor is processor and not (left and asked.answered < self.now - TINY):
                wanted.update(asked.keys)
        return wanted

    # The steps.

    async def turns(self, step):
        for _ in range(step.count):
            await asyncio.sleep(0)

    async def wait(self, step):
        await asyncio.sleep(step.seconds)

    async def submit(self, step):
        self._ask(step, step.key, (step.key,), many=False)

    async def submitmany(self, step):
        self._ask(step, step.keys, step.keys, many=True)

    def _ask(self, step, what, order, *, many):
        processor = self._processor(step)
        deadline = None if step.within is None else self.now + step.within
        full = len(processor._waiting) + len(order) > self.setting.max_pending
        ask = processor.submit_many if many else processor.submit
        self.asking = order
        try:
            future = ask(what, scope=step.scope, background=step.background, deadline=deadline)
        except ProcessorClosedError:
            if processor not in self.closed:
                self.violations.append("an open processor says that it is closed")
            return
        finally:
            self.asking = ()
        if processor in self.closed:
            self.violations.append("a closed processor takes keys")
        if future.done() and order and not full and (deadline is None or deadline > self.now):
            self.violations.append(f"answered at once: {future}")
        self.asked.append(Asked(self, processor, order, future, many=many, deadline=deadline))
        self.asked[-1].full = full

    async def add(self, step):
        processor = self._processor(step)

        async def adding():
            if processor in self.closed:
                return
            self.added.update((processor, item) for item in step.items)
            if len(step.items) == 1:
                self._report(processor, await processor.add(step.items[0]))
            else:
                for result in await processor.add_batch(step.items):
                    self._report(processor, result)

        self._start(adding())

    async def flush(self, step):
        self._start(self._flush(self._processor(step), if_needed=step.if_needed))

    async def _flush(self, processor, *, if_needed=False):
        ask = processor.flush_if_needed if if_needed else processor.flush
        self._report(processor, await ask())

    def _report(self, processor, result):
        if result is None:
            return
        values = [(value[1], value) for value in result.successful]
        for key, outcome in values + result.failed:
            self.reported[processor, key] += 1
            self._check_outcome(None, processor, key, outcome)

    async def cancel(self, step):
        if step.back < len(self.asked):
            asked = self.asked[-1 - step.back]
            asked.left |= asked.future.cancel()
        elif step.back - len(self.asked) < len(self.tasks):
            self.tasks[-1 - step.back + len(self.asked)].cancel()

    async def meddle(self, step):
        """Settle a future from outside, unless that would be noticed only at its deadline."""
        if step.back < len(self.asked):
            asked = self.asked[-1 - step.back]
            if not asked.future.done() and asked.deadline is None:
                asked.meddled = True
                asked.future.set_result("meddled")

    async def hold(self, step):
        self.gate.hold(step.seconds)
        self.holds.append((self.now, self.now + step.seconds))

    async def permit(self, step):
        async def calling():
            async with self.gate.permit(background=step.background):
                if self.held_since_before(self.now):
                    self.violations.append("a permit during a hold")
                self.starts.append(self.now)
                self.permits += 1
                try:
                    await asyncio.sleep(step.seconds)
                finally:
                    self.permits -= 1

        self._start(calling())

    async def resize(self, step):
        self.fetchers[step.on % len(self.fetchers)].resize(step.size)

    async def close(self, step):
        self._start(self._close(self._processor(step), step.grace))

    async def _close(self, processor, grace):
        started = self.now
        self.closed.add(processor)
        await processor.close(grace=grace)
        if grace is not None and self.now > started + grace + TINY:
            self.violations.append(f"closing took {self.now - started} s, not {grace} s")
        mine = [asked for asked in self.asked if asked.processor is processor]
        if pending := [asked.keys for asked in mine if not asked.future.done()]:
            self.violations.append(f"{pending} still wait after close")

    def _processor(self, step):
        return self.fetchers[step.on % len(self.fetchers)].processor

    def _start(self, coroutine):
        self.tasks.append(asyncio.get_running_loop().create_task(coroutine))

    # What must hold after each step.

    def check(self):
        note = self.violations.append
        for asked in self.asked:
            if asked.future.done():
                self._check_answer(asked)
            elif asked.deadline is not None and asked.deadline < self.now:
                note(f"{asked.keys} wait beyond their deadline")
        in_air = sum(len(one.processor._flights.in_air) for one in self.fetchers)
        if self.gate._busy < in_air + self.permits:
            note(f"{self.gate} but {in_air} batches and {self.permits} permits")
        for fetcher in self.fetchers:
            waiting = fetcher.processor._waiting
            if both := waiting.keys() & fetcher.processor._flights.keys():
                note(f"{both} wait and fly")
            if late := self._late(fetcher.processor):
                note(f"{late} wait for nothing at {self.now}")

    def _late(self, processor):
        """Return the keys that wait although nothing keeps them back."""
        setting = self.setting
        bounds = (setting.rate, setting.concurrency, *self.holds)
        bounded = setting.max_in_flight < programs.Setting.max_in_flight or not setting.auto_flush
        if any(bounds) or bounded:
            return []
        due = self.now - (setting.max_wait_time or 0.0) - TINY
        return [
            asked.keys
            for asked in self.asked
            if asked.processor is processor
            and not (asked.future.done() or asked.full)
            and asked.since < due
            and not asked.open_keys.isdisjoint(processor._waiting)
        ]

    def _check_answer(self, asked):
        if asked.checked:
            return
        asked.checked = True
        future = asked.future
        if future.cancelled():
            if not asked.left:
                self.violations.append(f"{asked.keys} cancelled by nobody")
        elif asked.meddled:
            if future.exception() or future.result() != "meddled":
                self.violations.append(f"{asked.keys} answered twice")
        elif asked.many and (future.exception() or len(future.result()) != len(asked.order)):
            self.violations.append(f"the set {asked.order} came to {future}")
        else:
            for key, outcome in asked.outcomes():
                self._check_outcome(asked, asked.processor, key, outcome)

    def _check_outcome(self, asked, processor, key, outcome):
        if wrong := problem(self, asked, processor, key, outcome):
            self.violations.append(f"{key} -> {outcome!r}: {wrong}")

    # The end.

    async def finish(self):
        """Let everything come to its end, and look at what is left."""
        for _ in range(MANY_TURNS):
            await asyncio.sleep(0)
        self.check()
        processors = [one.processor for one in self.fetchers]
        still_open = [one for one in processors if one not in self.closed]
        if self.setting.auto_flush:  # without a flush, a close or another key to help
            await _all(asked.future for asked in self.asked)
        for processor in still_open:
            self._start(self._flush(processor))
        await _all(self.tasks)
        await _all(asked.future for asked in self.asked)
        for processor in still_open:
            await self._flush(processor)
        await self._all_quiet()
        self.check()
        for processor in still_open:
            self._check_empty(processor)
            await self._close(processor, None)
        for processor in processors:
            await self._flush(processor)
            self._check_empty(processor)
        self._check_end()

    async def _all_quiet(self):
        """Wait for calls that go on although nobody waits for them."""

        def quiet(one):
            return not (one.running or one.processor._waiting or one.processor._flights.in_air)

        while not all(map(quiet, self.fetchers)):  # noqa: ASYNC110 - on the virtual clock
            await asyncio.sleep(0.05)
        await asyncio.sleep(0)

    def _check_empty(self, processor):
        if rest := list(leftovers(processor)):
            self.violations.append(f"left over: {rest}")

    def _check_end(self):
        note = self.violations.append
        for task in self.tasks:
            if not task.cancelled() and (error := task.exception()):
                note(f"{task}: {error!r}")
        queued = [queue for queue in self.gate._queues.values() if queue.turns]
        if self.gate._busy or self.gate.line or queued:
            note(f"left over: {self.gate}")
        if lost := self.added - self.reported:
            note(f"added but not reported: {lost}")
        if invented := self.reported - self.added:
            note(f"reported but not added: {invented}")
        runs = Counter(run.keys for one in self.fetchers for run in one.runs)
        if untold := runs - Counter(event.keys for event in self.events):
            note(f"observers were not told of {untold}")
        rate, starts = self.setting.rate, self.starts
        for first in range(len(starts) if rate else 0):
            for last in range(first, len(starts)):
                allowed = rate * (starts[last] - starts[first]) + self.setting.burst
                if last - first + 1 > allowed + TINY:
                    note(f"{last - first + 1} calls where {allowed} may be")


async def _all(futures):
    if pending := {one for one in futures if not one.done()}:
        await asyncio.wait(pending)


def leftovers(thing, name="processor", seen=None):
    """Yield what a processor that has nothing to do still holds on to, wherever it is kept."""
    seen = set() if seen is None else seen
    if id(thing) in seen or isinstance(thing, Gate):
        return
    seen.add(id(thing))
    if isinstance(thing, (dict, list, set, deque)) and thing:
        yield name, thing
    if isinstance(thing, asyncio.Handle) and not thing.cancelled():
        yield name, thing
    if type(thing).__module__.startswith("batching."):
        slots = [slot for kind in type(thing).__mro__ for slot in getattr(kind, "__slots__", ())]
        for attribute in (*getattr(thing, "__dict__", ()), *slots):
            yield from leftovers(getattr(thing, attribute, None), f"{name}.{attribute}", seen)
