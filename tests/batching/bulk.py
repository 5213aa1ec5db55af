"""What the tests of the coalescer share: a batch function that remembers, and words for time."""

import asyncio
from collections import deque
from collections.abc import Awaitable

from api.testing.clock import VirtualClockLoop
from batching import BatchProcessor


class Bulk:
    """A batch function that remembers its calls and answers "a" with "a!".

    >>> bulk = Bulk(batch_size=2)
    >>> await bulk.processor().submit_many(["a", "b"])
    ['a!', 'b!']
    >>> bulk.calls
    [(0.0, ['a', 'b'])]

    Like a provider it refuses more keys than a call may carry, none at all, and any twice. What is
    refused turns into outcomes, which a test may never look at: so reading `calls` fails, too.

    latency:  Seconds that a call takes.
    answers:  What the first calls come to instead, one each: an exception is raised, a function
              is called with the keys, anything else is returned; None is the usual answer.
    failing:  Exceptions by key, which stand in the answer in place of a value.
    """

    def __init__(self, *, batch_size=50, latency=0.0, answers=(), failing=None):
        self.batch_size = batch_size
        self.latency = latency
        self.answers = deque(answers)
        self.failing = failing or {}
        self.in_air = self.most_in_air = 0
        self.cancelled = []
        self._calls = []
        self._refused = []

    def processor(self, **options):
        """Make a processor over this function."""
        return BatchProcessor(self, self.batch_size, **options)

    async def __call__(self, keys):
        keys = list(keys)
        self._calls.append((now(), keys))
        if not 1 <= len(set(keys)) == len(keys) <= self.batch_size:
            self._refused.append(keys)
            raise ValueError(f"expected 1 to {self.batch_size} different keys, got {keys}")
        answer = self.answers.popleft() if self.answers else None
        self.in_air += 1
        self.most_in_air = max(self.most_in_air, self.in_air)
        try:
            if self.latency:
                await asyncio.sleep(self.latency)
            return await self._answer(keys, answer)
        except asyncio.CancelledError:
            self.cancelled.append((now(), keys))
            raise
        finally:
            self.in_air -= 1

    async def _answer(self, keys, answer):
        if isinstance(answer, BaseException):
            raise answer
        if callable(answer):
            answer = answer(keys)
            if isinstance(answer, Awaitable):
                answer = await answer
        if answer is None:
            return [self.failing.get(key, f"{key}!") for key in keys]
        return answer

    @property
    def calls(self):
        """The time and the keys of each call."""
        assert not self._refused, f"no provider takes {self._refused}"
        return self._calls

    @property
    def batches(self):
        """The keys of each call."""
        return [keys for _, keys in self.calls]


def now():
    """Return the virtual seconds since the test began."""
    return asyncio.get_running_loop().time()


async def until(time):
    """Wait for a moment of the test."""
    await asyncio.sleep(time - now())


async def at(time, act, *args, **options):
    """Call a function at a moment of the test; wait for what it returns if that can be awaited."""
    await until(time)
    outcome = act(*args, **options)
    return await outcome if isinstance(outcome, Awaitable) else outcome


async def inside(act):
    """Call an async function from inside a batch function, where calls begin in turns of their own.

    Everywhere else a call begins in the moment in which its batch is cut.
    """

    async def ask(_keys):
        return [await act()]

    return await BatchProcessor(ask, 1).submit("anything")


async def outcome_of(future):
    """Return what a future comes to, an exception as a value."""
    await asyncio.wait([future])
    return future.exception() or future.result()


class TurnCountingLoop(VirtualClockLoop):
    """The virtual clock, with a count of the turns that the loop has taken."""

    def __init__(self):
        super().__init__()
        self.turns = 0

    def _run_once(self):
        self.turns += 1
        super()._run_once()


def turns():
    """Return the turns that the running `TurnCountingLoop` has taken."""
    return asyncio.get_running_loop().turns


async def keep_busy():
    """Keep something ready in the loop for ever."""
    while True:  # noqa: ASYNC110 - polling is what it is for
        await asyncio.sleep(0)
