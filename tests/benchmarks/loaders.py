"""What asking costs, side by side in one run: `python -m tests.benchmarks.loaders`.

Every contender takes its turn in every round and the best of its rounds counts, so a machine that
is busy with other things slows all of them down alike. The batch function does nothing: what is
measured is what a key costs on its way, never what it is asked for.

It is measured as in a server: request after request in one event loop, each with a loader of its
own; those of ours have one processor under them, as all requests to a provider have.
"""

import asyncio
import gc
import platform
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import mean

from aiodataloader import DataLoader
from strawberry.dataloader import DataLoader as StrawberryLoader

from batching import BatchProcessor
from loaders.loader import Loader

SIZES = (1, 10, 100, 1_000, 10_000)
# Seconds for all rounds of one line; rounds beyond MOST_ROUNDS teach nothing new.
PATIENCE = 0.7
MOST_ROUNDS = 200
LEAST_ROUNDS = 5
# Keys asked in one event loop, by one request after the other.
KEYS_IN_A_LOOP = 1_000
# Turns after which what cancelling has set off is over.
AFTERMATH = 3


async def fetch(keys):
    return keys


class Floor:
    """The least that asyncio can do: a future per key, one callback, one task, no promises kept."""

    def __init__(self):
        self.futures = {}

    def load(self, key):
        if not self.futures:
            self.loop = asyncio.get_running_loop()
            self.loop.call_soon(self._dispatch)
        future = self.futures[key] = self.loop.create_future()
        return future

    def load_many(self, keys):
        return asyncio.ensure_future(fetch(list(keys)))

    def _dispatch(self):
        self.task = self.loop.create_task(self._settle(self.futures))
        self.futures = {}

    async def _settle(self, futures):
        for future, value in zip(futures.values(), await fetch(list(futures)), strict=True):
            if not future.done():
                future.set_result(value)


@dataclass
class Contender:
    """One who is measured: how to make what makes one for a request, and its two ways to ask."""

    name: str
    begin: Callable
    load: str = "load"
    load_many: str = "load_many"
    remembers: bool = True

    def asking(self):
        """Return what each request begins with: it returns that request's two ways to ask."""
        make = self.begin()

        def asking():
            one = make()
            return getattr(one, self.load), getattr(one, self.load_many)

        return asking


def over_one_processor():
    return partial(Loader.over, BatchProcessor(fetch, sys.maxsize))


def one_processor():
    processor = BatchProcessor(fetch, sys.maxsize)
    return lambda: processor


CONTENDERS = (
    Contender("asyncio alone", lambda: Floor, remembers=False),
    Contender("aiodataloader", lambda: partial(DataLoader, fetch)),
    Contender("strawberry", lambda: partial(StrawberryLoader, fetch)),
    Contender("Loader", over_one_processor),
    Contender(
        "BatchProcessor", one_processor, load="submit", load_many="submit_many", remembers=False
    ),
)


def timed(measure):
    """Make a measure out of a coroutine function that returns the seconds of one request."""

    async def requests(contender, size):
        asking = contender.asking()
        return mean([await measure(asking, size) for _ in range(max(1, KEYS_IN_A_LOOP // size))])

    def measured(contender, size):
        return asyncio.run(requests(contender, size))

    measured.__doc__ = measure.__doc__
    measured.__name__ = measure.__name__
    return measured


@timed
async def load(asking, size):
    """load, all awaited by the last"""
    ask, _ = asking()
    keys = range(size)
    started = time.perf_counter()
    asked = [ask(key) for key in keys]
    await asked[-1]
    return time.perf_counter() - started


@timed
async def gather(asking, size):
    """load, through gather"""
    ask, _ = asking()
    keys = range(size)
    started = time.perf_counter()
    await asyncio.gather(*map(ask, keys))
    return time.perf_counter() - started


@timed
async def load_twice(asking, size):
    """load, every key twice"""
    ask, _ = asking()
    keys = [*range((size + 1) // 2)] * 2
    started = time.perf_counter()
    asked = [ask(key) for key in keys]
    await asked[-1]
    return (time.perf_counter() - started) * size / len(keys)


@timed
async def load_known(asking, size):
    """load, remembered"""
    ask, _ = asking()
    keys = range(size)
    await asyncio.gather(*map(ask, keys))
    started = time.perf_counter()
    for key in keys:
        await ask(key)
    return time.perf_counter() - started


@timed
async def load_known_of_set(asking, size):
    """load, remembered from a set"""
    ask, ask_many = asking()
    keys = range(size)
    await ask_many(keys)
    started = time.perf_counter()
    for key in keys:
        await ask(key)
    return time.perf_counter() - started


@timed
async def load_many(asking, size):
    """load_many"""
    _, ask_many = asking()
    keys = range(size)
    started = time.perf_counter()
    await ask_many(keys)
    return time.perf_counter() - started


@timed
async def load_many_twice(asking, size):
    """load_many, the same set twice"""
    _, ask_many = asking()
    keys = range(size)
    started = time.perf_counter()
    asked = [ask_many(keys), ask_many(keys)]
    await asked[1]
    await asked[0]
    return (time.perf_counter() - started) / 2


@timed
async def load_many_known(asking, size):
    """load_many, remembered"""
    _, ask_many = asking()
    keys = range(size)
    await ask_many(keys)
    started = time.perf_counter()
    await ask_many(keys)
    return time.perf_counter() - started


@timed
async def one_by_one(asking, size):
    """load, one alone at a time"""
    ask, _ = asking()
    keys = range(min(size, 100))
    started = time.perf_counter()
    for key in keys:
        await ask(key)
    return (time.perf_counter() - started) * size / len(keys)


@timed
async def cancel(asking, size):
    """cancel all while they wait"""
    ask, _ = asking()
    asked = [ask(key) for key in range(size)]
    started = time.perf_counter()
    for one in asked:
        one.cancel()
    for _ in range(AFTERMATH):
        await asyncio.sleep(0)
    return time.perf_counter() - started


MEASURES = (
    load,
    gather,
    load_twice,
    load_known,
    load_known_of_set,
    load_many,
    load_many_twice,
    load_many_known,
    one_by_one,
    cancel,
)
# Only a loader remembers: a processor and asyncio alone would do something else.
OF_THE_MEMO = {load_known, load_known_of_set, load_many_known}
# asyncio alone has no keys that could be the same.
OF_EQUAL_KEYS = {load_twice, load_many_twice}


def fits(contender, measure):
    if measure in OF_THE_MEMO:
        return contender.remembers
    return measure not in OF_EQUAL_KEYS or contender.name != CONTENDERS[0].name


def best(measure, size, patience):
    """Return each contender's best seconds, all of them taking turns."""
    racing = [one for one in CONTENDERS if fits(one, measure)]
    seconds = dict.fromkeys([one.name for one in racing], float("inf"))
    end = time.perf_counter() + patience
    for done in range(MOST_ROUNDS):
        if done >= LEAST_ROUNDS and time.perf_counter() > end:
            break
        for contender in racing:
            seconds[contender.name] = min(seconds[contender.name], measure(contender, size))
        if not gc.isenabled():
            gc.collect()  # between the rounds, so that nobody pays for what others leave
    return seconds


def bytes_per_key(contender, size, *, many):
    """Return what a waiting key takes in memory, apart from the key itself."""

    async def main():
        ask, ask_many = contender.asking()()
        keys = list(range(size))
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        asked = ask_many(keys) if many else [ask(key) for key in keys]
        after, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        await (asked if many else asked[-1])
        return (after - before) / size

    return asyncio.run(main())


def line(what, size, got, digits=0):
    """Return a line of the table: each contender's figure, and how it compares."""
    reference = got["aiodataloader"]
    cells = []
    for contender in CONTENDERS:
        figure = got.get(contender.name)
        if figure is None:
            cells.append("")
        elif contender.name == "aiodataloader":
            cells.append(f"{figure:,.{digits}f}")
        else:
            cells.append(f"{figure:,.{digits}f} ({reference / figure:.2f})")
    return f"| {what} | {size:,} | {' | '.join(cells)} |"


def table(sizes=SIZES, patience=PATIENCE):
    """Yield the lines of the table as they are measured."""
    yield f"| ns per key | keys | {' | '.join(one.name for one in CONTENDERS)} |"
    yield "|---|--:|" + "--:|" * len(CONTENDERS)
    for measure in MEASURES:
        for size in sizes:
            seconds = best(measure, size, patience)
            got = {name: second / size * 1e9 for name, second in seconds.items()}
            yield line(measure.__doc__, size, got)
    for many, what in ((False, "bytes, waiting"), (True, "bytes, waiting in a set")):
        size = max(sizes)
        got = {one.name: bytes_per_key(one, size, many=many) for one in CONTENDERS}
        yield line(what, size, got)
    yield ""
    yield (
        f"Python {platform.python_version()}. In brackets: how many times faster than"
        " aiodataloader, or smaller."
    )


def main():
    gc.freeze()
    gc.disable()
    for text in table():
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
