"""The batch functions of a random program, and what must hold whenever one is called."""

import asyncio

from batching import BatchProcessor, Limits, RefusedError, RetryableError, RetryPolicy

# Rounding of float times: far below the seconds that programs speak of.
TINY = 1e-6
# A key from here on was asked by a batch function, for the key that is smaller by as much.
DEEPER = 100


class KeyFailedError(Exception):
    """What a batch function says about a key of its call, or about all of them (None)."""

    def __init__(self, key, run):
        super().__init__(f"{key} in run {run.number}")
        self.key = key
        self.run = run


class Abort(BaseException):
    pass


class Run:
    """One call of a batch function."""

    def __init__(self, number, keys, plan):
        self.number = number
        self.keys = keys
        self.plan = plan
        self.ended = None
        self.left = False


class Fetcher:
    """The batch function of one processor."""

    def __init__(self, world, name):
        setting = world.setting
        self.world = world
        self.runs = []
        self.running = []
        self.most = setting.batch_size
        self.resized = -1.0
        self.processor = BatchProcessor(
            self,
            setting.batch_size,
            setting.max_wait_time,
            setting.auto_flush,
            name=name,
            gate=world.gate,
            retry=RetryPolicy(attempts=setting.attempts),
            limits=Limits(max_pending=setting.max_pending, max_in_flight=setting.max_in_flight),
            observers=(world.events.append,),
        )

    async def __call__(self, keys):
        world = self.world
        run = Run(next(world.numbers), tuple(keys), world.next_plan())
        self.check(run)
        self.runs.append(run)
        self.running.append(run)
        world.starts.append(world.now)
        keys.clear()  # the list is the function's own
        try:
            if run.plan.seconds is not None:
                await asyncio.sleep(run.plan.seconds)
            if run.plan.asks:
                await self.ask(run)
            return answer(run)
        except asyncio.CancelledError:
            run.left = True
            if run.plan.stubborn:
                await asyncio.sleep(0.1)
                return [("value", key, run) for key in run.keys]
            raise
        finally:
            run.ended = world.now
            self.running.remove(run)

    async def ask(self, run):
        """Wait for keys from inside a batch, some of which close a circle."""
        fetchers = self.world.fetchers
        key = run.keys[0]
        if run.plan.asks == "itself":
            processor, asked = self.processor, key
        elif key >= DEEPER:
            processor, asked = fetchers[0].processor, key - DEEPER
        elif run.plan.asks == "another key":
            processor, asked = self.processor, key + DEEPER
        else:
            processor, asked = fetchers[-1].processor, key + DEEPER
        self.world.inside.add((processor, asked))
        if key == asked:
            await processor.submit(asked)
        else:
            await processor.submit_many([asked, asked])

    def resize(self, size):
        """Change the batch size; a batch cut just now may still have the old one."""
        self.processor.batch_size = size
        self.resized = self.world.now
        self.most = max(self.most, size)
        loop = asyncio.get_running_loop()
        loop.call_soon(loop.call_soon, self.settle_size)

    def settle_size(self):
        if not self.world.bisects:  # halves of a batch that was larger may be larger still
            self.most = self.processor.batch_size

    # What must hold when a call starts.

    def check(self, run):
        note = self.world.violations.append
        now = self.world.now
        if not 0 < len(run.keys) <= self.most:
            note(f"{len(run.keys)} keys where {self.most} are the most")
        if len(set(run.keys)) < len(run.keys):
            note(f"a key twice in {run.keys}")
        for other in self.running:
            if not other.left and not set(other.keys).isdisjoint(run.keys):
                note(f"{run.keys} sent while {other.keys} are in the air")
        if self.world.held_since_before(now):
            note("a call during a hold")
        if dead := set(run.keys) - self.world.wanted(self.processor):
            note(f"keys sent that nobody waits for: {dead}")
        if not self.world.special:
            self.check_limits(run)

    def check_limits(self, run):
        """Check what late binding, slots and the hard bound mean for a call that starts."""
        world = self.world
        setting = world.setting
        note = world.violations.append
        if len(self.running) >= setting.max_in_flight:
            note(f"{len(self.running)} batches in flight")
        flight = self.processor._flights[run.keys[0]]
        was_full = flight.reason == "full" and flight.live is not None  # until somebody left
        if len(run.keys) >= self.most or was_full or self.resized >= world.now:
            return
        before = world.now - TINY
        waiting = {key for key, one in self.processor._waiting.items() if one.since < before}
        if behind := waiting.difference(*(one.keys for one in self.runs)):
            note(f"{run.keys} left before {behind} could join, which wait")
        in_air = sum(len(one.running) for one in world.fetchers) + world.permits
        if setting.concurrency is not None and in_air >= setting.concurrency:
            note(f"a partial batch beside {in_air} calls")


def answer(run):
    """Return or raise what the plan of a call says."""
    kind = run.plan.answer
    values = {key: ("value", key, run) for key in run.keys}
    odd = [key for key in run.keys if key % 2]
    failed_keys = {key: KeyFailedError(key, run) for key in odd}
    retryable = RetryableError(after=run.plan.after)
    retryable.__cause__ = KeyFailedError(None, run) if kind == "retryable batch" else None
    refused = RefusedError()
    refused.__cause__ = KeyFailedError(None, run)
    raised = {
        "failed batch": KeyFailedError(None, run),
        "retryable batch": retryable,
        "refused": refused,
        "refused for key 3": refused if 3 in run.keys else None,
        "cancelled": asyncio.CancelledError(),
        "base exception": Abort(),
    }
    if (error := raised.get(kind)) is not None:
        raise error
    answers = {
        "mapping": values,
        "mapping with holes": {key: values[key] for key in run.keys[1::2]},
        "generator": (value for value in values.values()),
        "failed keys": list((values | failed_keys).values()),
        "retryable keys": list((values | dict.fromkeys(odd, retryable)).values()),
        "stop iteration": [StopIteration() for _ in values],
        "too few": list(values.values())[1:],
        "text": "x" * len(values),
        "nothing": None,
    }
    return answers.get(kind, list(values.values()))
