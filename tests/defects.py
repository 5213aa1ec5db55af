"""What known loaders get wrong, as a table made by running them: `python -m tests.defects`.

Each row is a small program that ends when a loader does it right, raises when it does it wrong, and
hangs when the loader does. `tests/loaders/test_defects.py` runs every row against our own loader.
"""

import asyncio
import gc
import json
import platform
import subprocess
import sys
import threading
import weakref
from importlib.metadata import version

from aiodataloader import DataLoader
from strawberry.dataloader import DataLoader as StrawberryLoader

from loaders.loader import Loader
from tests.work import counted

# Real seconds after which a row hangs: each takes milliseconds when it does not.
DEADLINE = 1.0
# Real seconds for all rows of one loader, should one of them block the event loop itself.
PATIENCE = 60.0

LOADERS = ("aiodataloader", "strawberry", "unisono")


def maker(name):
    """Return what makes a loader of this name out of a batch function."""
    return {"aiodataloader": DataLoader, "strawberry": strawberry_loader, "unisono": Loader}[name]


def strawberry_loader(fetch, *, get_cache_key=None, **options):
    return StrawberryLoader(fetch, cache_key_fn=get_cache_key, **options)


def run_for_real(main):
    """Run a coroutine on a loop of its own; raise TimeoutError when it hangs."""
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)
    try:
        return loop.run_until_complete(asyncio.wait_for(main, DEADLINE))
    finally:
        loop.close()


class Calls(list):
    """A batch function that brings each key's number, and the keys of its calls."""

    def __init__(self, *failures):
        super().__init__()
        self.failures = list(failures)

    async def fetch(self, keys):
        self.append(list(keys))
        await asyncio.sleep(0.01)
        if self.failures:
            raise self.failures.pop(0)
        return [key * 10 for key in keys]


ROWS = {}


def row(defect):
    """Enter a function as the row of this defect."""

    def enter(function):
        ROWS[defect] = function
        return function

    return enter


def in_a_loop(defect):
    """Enter a coroutine function as a row that needs one event loop."""

    def enter(function):
        ROWS[defect] = lambda make, run: run(function(make))
        return function

    return enter


async def told(awaitable, *errors):
    """Await what must fail with one of these errors, and return that."""
    try:
        value = await awaitable
    except errors as error:
        return error
    raise AssertionError(f"expected an error, got {value!r}")


def same(got, expected):
    if got != expected:
        raise AssertionError(f"expected {expected!r}, got {got!r}")


@in_a_loop("one caller of a key times out: the others are cancelled too")
async def one_caller_leaves(make):
    loader = make(Calls().fetch)
    first, second = loader.load(1), asyncio.ensure_future(asyncio.wait_for(loader.load(1), 0.5))
    await asyncio.sleep(0.005)
    first.cancel()
    same(await second, 10)


@in_a_loop("after a load was cancelled its key cannot be loaded again")
async def cancelled_and_loaded_again(make):
    loader = make(Calls().fetch)
    loader.load(1).cancel()
    await asyncio.sleep(0.03)
    same(await loader.load(1), 10)


class Stop(BaseException):
    pass


@in_a_loop("the batch function is cancelled, or raises a BaseException: its callers hang")
async def a_batch_is_cancelled(make):
    for error in (asyncio.CancelledError(), Stop()):
        loader = make(Calls(error).fetch)
        first, second = loader.load(1), loader.load(2)
        for asked in (first, second):
            await told(asked, Exception)


@in_a_loop("a failed batch is remembered: never tried again in this request")
async def a_batch_fails(make):
    loader = make(Calls(OSError()).fetch)
    await told(loader.load(1), OSError)
    same(await loader.load(1), 10)


@in_a_loop("StopIteration as the value of a key: the rest of its batch fails or hangs")
async def stop_iteration(make):
    async def fetch(keys):
        return [StopIteration() if key == 1 else key for key in keys]

    loader = make(fetch)
    first, second = loader.load(1), loader.load(2)
    same(await second, 2)
    await told(first, Exception)


@in_a_loop("the batch function answers with a mapping, or a text: keys or letters become values")
async def a_mapping_comes_back(make):
    async def mapping(keys):
        return {key: key * 10 for key in reversed(keys)}

    async def text(keys):
        return "x" * len(keys)

    loader = make(mapping)
    same(await asyncio.gather(loader.load(1), loader.load(2)), [10, 20])
    await told(make(text).load(1), Exception)


@in_a_loop("with the memo off, a key twice in one tick is sent twice")
async def twice_in_one_tick(make):
    calls = Calls()
    loader = make(calls.fetch, cache=False)
    same(await asyncio.gather(loader.load(1), loader.load(1)), [10, 10])
    same(calls, [[1]])


@in_a_loop("clearing a key that is not there is an error, or cannot be chained")
async def clear_what_is_not_there(make):
    loader = make(Calls().fetch)
    same(loader.clear(1).clear(2), loader)


@in_a_loop("an exception that was primed is returned as a value")
async def prime_an_exception(make):
    loader = make(Calls().fetch)
    loader.prime(1, ValueError())
    await told(loader.load(1), ValueError)


@in_a_loop("priming a key whose load was cancelled fails, or has no effect")
async def prime_a_cancelled_key(make):
    loader = make(Calls().fetch)
    loader.load(1).cancel()
    loader.prime(1, 11)
    same(await loader.load(1), 11)


@in_a_loop("priming by a key function with keys that cannot be hashed is an error")
async def prime_unhashable(make):
    loader = make(Calls().fetch, get_cache_key=tuple)
    loader.prime([1], 11)
    same(await loader.load([1]), 11)


@in_a_loop("an object, or a function that returns a coroutine, is refused as a batch function")
async def callable_object(make):
    class Fetch:
        async def __call__(self, keys):
            return keys

    def plain(keys):
        return Calls().fetch(keys)

    same(await make(Fetch()).load(1), 1)
    same(await make(plain).load(1), 10)


@row("built outside of an event loop: an error, there or later")
def outside_of_a_loop(make, run):
    asyncio.set_event_loop(None)
    loader = make(Calls().fetch)

    async def main():
        return await loader.load(1)

    same(run(main()), 10)


@row("used in a second event loop, or in another thread's: an error or a hang")
def second_loop(make, run):
    loaders = []
    calls = Calls()

    async def load(key):
        if not loaders:
            loaders.append(make(calls.fetch))
        return await loaders[0].load(key)

    same([run(load(1)), run(load(2))], [10, 20])
    brought = []
    thread = threading.Thread(target=lambda: brought.append(run(load(3))))
    thread.start()
    thread.join()
    same(brought, [30])


@row("keys left waiting when their event loop ends harm the next one")
def left_behind(make, run):
    loaders = []

    async def leave():
        loaders.append(make(Calls().fetch))
        loaders[0].load(1)

    async def load():
        return await loaders[0].load(2)

    run(leave())
    same(run(load()), 20)


@in_a_loop("a batch function that loads its own key hangs")
async def own_key(make):
    async def fetch(keys):
        return [await loader.load(key) for key in keys]

    loader = make(fetch)
    await told(loader.load(1), Exception)


@in_a_loop("loads of one tick that are 0 to 5 awaits deep make several batches")
async def deeper_awaits(make):
    calls = Calls()
    loader = make(calls.fetch)

    async def deep(level):
        for _ in range(level):
            await asyncio.sleep(0)
        return await loader.load(level)

    await asyncio.gather(*map(deep, range(6)))
    same(calls, [[0, 1, 2, 3, 4, 5]])


@in_a_loop("500 keys, one per call: 500 calls at once")
async def all_at_once(make):
    now = most = 0

    async def fetch(keys):
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1
        return keys

    loader = make(fetch, max_batch_size=1)
    await asyncio.gather(*map(loader.load, range(500)))
    if most > 64:
        raise AssertionError(f"{most} calls at once")


@in_a_loop("the traceback of a batch's failure grows with every caller")
async def growing_traceback(make):
    loader = make(Calls(OSError()).fetch)
    lengths = set()
    for asked in [loader.load(key) for key in range(20)]:
        traceback = (await told(asked, OSError)).__traceback__
        length = 0
        while traceback:
            traceback = traceback.tb_next
            length += 1
        lengths.add(length)
    if max(lengths) > 10:
        raise AssertionError(f"tracebacks of {sorted(lengths)} frames")


@in_a_loop("a failing load that nobody awaits: one log entry for each key")
async def never_retrieved(make):
    logged = []
    asyncio.get_running_loop().set_exception_handler(lambda _, what: logged.append(what))
    loader = make(Calls(OSError()).fetch)
    for key in range(3):
        loader.load(key)
    await asyncio.sleep(0.05)
    del loader
    gc.collect()
    same(logged, [])


@in_a_loop("keys whose callers have all left are sent nevertheless")
async def dead_keys(make):
    calls = Calls()
    loader = make(calls.fetch)
    first, second = loader.load(1), loader.load(2)
    first.cancel()
    same(await second, 20)
    same(calls, [[2]])


@in_a_loop("cancelling waiting keys takes quadratic time")
async def cancel_many(make):
    async def work(count):
        loader = make(Calls().fetch)
        asked = [loader.load(key) for key in range(count)]
        with counted() as work:
            for one in asked:
                one.cancel()
            for _ in range(3):
                await asyncio.sleep(0)  # callbacks of what was cancelled
        return work.calls

    few, many = await work(100), await work(800)
    if many > 12 * few:  # 8 times as many keys: 8 is linear, 64 quadratic
        raise AssertionError(f"{few} functions are called for 100 keys, {many} for 800")


@in_a_loop("a batch that fails forgets what was primed meanwhile")
async def primed_meanwhile(make):
    loader = make(Calls(OSError()).fetch)
    first = loader.load(1)
    await asyncio.sleep(0.005)
    loader.clear(1)
    loader.prime(1, 11)
    await told(first, OSError)
    same(await loader.load(1), 11)


@in_a_loop("the garbage collector may take a call that is under way: its callers hang")
async def collected(make):
    waits = []

    async def fetch(keys):
        wait = asyncio.get_running_loop().create_future()
        waits.append(weakref.ref(wait))
        await wait
        return keys

    loader = make(fetch)
    asked = loader.load(1)
    await asyncio.sleep(0.01)
    gc.collect()
    if (wait := waits[0]()) is not None:
        wait.set_result(None)
    same(await asked, 1)


def verdict(defect, name):
    """Run a row for real: ok, broken or hangs."""
    try:
        ROWS[defect](maker(name), run_for_real)
    except TimeoutError:
        return "hangs"
    except BaseException:  # noqa: BLE001 - whatever a loader may raise
        return "broken"
    return "ok"


def column(name):
    """Run all rows of a loader in a process of its own; rows it did not get to hang."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.defects", name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        guard = threading.Timer(PATIENCE, process.kill)
        guard.start()
        verdicts = dict(map(json.loads, process.stdout))
        guard.cancel()
    return verdicts


def table():
    """Return the whole table as markdown, and whether our column is all ok."""
    columns = {name: column(name) for name in LOADERS}
    lines = [f"| defect | {' | '.join(LOADERS)} |", "|---|---|---|---|"]
    for defect in ROWS:
        verdicts = [columns[name].get(defect, "hangs") for name in LOADERS]
        lines.append(f"| {defect} | {' | '.join(verdicts)} |")
    versions = [f"aiodataloader {version('aiodataloader')}"]
    versions += [
        f"strawberry {version('strawberry-graphql')}",
        f"Python {platform.python_version()}",
    ]
    lines += ["", f"Run with {', '.join(versions)}."]
    return "\n".join(lines), set(columns["unisono"].values()) == {"ok"}


if __name__ == "__main__":
    if sys.argv[1:]:
        for one in ROWS:
            sys.stdout.write(json.dumps([one, verdict(one, sys.argv[1])]) + "\n")
            sys.stdout.flush()
    else:
        text, all_ok = table()
        sys.stdout.write(text + "\n")
        sys.exit(not all_ok)
