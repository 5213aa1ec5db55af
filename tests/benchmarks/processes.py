"""What several processes cost a provider together: `python -m tests.benchmarks.processes`.

Each process answers requests for keys through the whole of what it remembers, shares and batches; a
call takes 80 ms and carries 50 keys at most. Popular ids are the same few hundred for everybody,
distinct ones are asked once by one request. Then a minute at a rate that four processes share, and
what the model makes of a hundred processes.
"""

import asyncio
import json
import logging
import os
import random
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path

from loaders.shared import store as store_module
from tests.redis.callers import calls_of, most_above
from tests.redis.server import RedisServer, binaries
from tests.redis.worlds import Process, artist
from tests.served import COMPILED

ROOT = Path(__file__).parents[2]

# Seconds of a call, and the keys it takes, as at Spotify.
CALL, BATCH = 0.08, 50


@dataclass(frozen=True)
class Load:
    """What each process is asked: so many requests, some at a time, each for some keys.

    popular:  How many ids there are for everybody; 0: every id is asked once.
    """

    requests: int = 400
    at_a_time: int = 40
    keys: int = 20
    popular: int = 300

    def asked(self, process):
        """Return the keys of each request of a process."""
        if not self.popular:
            each = range(self.requests)
            return [[f"{process}.{n}.{key}" for key in range(self.keys)] for n in each]
        draw = random.Random(process)
        ids = [f"p{n}" for n in range(self.popular)]
        return [draw.sample(ids, self.keys) for _ in range(self.requests)]


@dataclass
class Figures:
    """What one run came to, all processes together."""

    processes: int
    calls: int
    fetched: int
    per_second: float
    median: float
    slowest: float


class Sleepy:
    """An upstream that takes its time."""

    def __init__(self):
        self.calls = []

    async def get(self, _process, keys):
        self.calls.append(len(keys))
        await asyncio.sleep(CALL)
        return {key: artist(key) for key in keys}


async def one(process, url, load):
    """Answer the requests of one process; print the calls it made and the seconds of each."""
    upstream = Sleepy()
    seconds = []
    todo = load.asked(process)[::-1]
    async with Process(str(process), url, upstream, batch_size=BATCH) as server:

        async def ask():
            while todo:
                keys = todo.pop()
                began = time.monotonic()
                answer = await server.cached.submit_many(keys, scope=object())
                seconds.append(time.monotonic() - began)
                assert [record.native for record in answer] == keys

        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        began = time.monotonic()
        await asyncio.gather(*(ask() for _ in range(load.at_a_time)))
        lasted = time.monotonic() - began
    sys.stdout.write(json.dumps({"calls": upstream.calls, "seconds": seconds, "lasted": lasted}))


def run(processes, url, load):
    """Return the figures of several processes at once."""
    started = []
    try:
        for number in range(processes):
            given = [str(number), url, json.dumps(asdict(load))]
            started.append(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.benchmarks.processes", "one", *given],
                    cwd=ROOT,
                    env={**os.environ, **COMPILED},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                )
            )
        for each in started:
            assert each.stdout.readline() == b"ready\n"
        for each in started:
            each.stdin.write(b"\n")
            each.stdin.flush()
        told = [json.loads(each.communicate(timeout=300)[0]) for each in started]
    finally:
        for each in started:
            each.kill()
            each.wait()
            each.stdin.close()
            each.stdout.close()
    seconds = sorted(second for each in told for second in each["seconds"])
    return Figures(
        processes,
        calls=sum(len(each["calls"]) for each in told),
        fetched=sum(sum(each["calls"]) for each in told),
        per_second=len(seconds) / max(each["lasted"] for each in told),
        median=seconds[len(seconds) // 2],
        slowest=seconds[-1],
    )


# The model: what a key costs depends on who knows it, and on nothing else.


def keys_to_fetch(load, processes, *, shared):
    """Return how many keys all processes fetch before they know everything they are asked for."""
    if not load.popular:
        return processes * load.requests * load.keys
    drawn = load.requests * load.keys
    unseen = (1 - load.keys / load.popular) ** load.requests if drawn else 1.0
    known = load.popular * (1 - unseen)
    return load.popular * (1 - unseen**processes) if shared else known * processes


def warm_after(ids, processes, *, rate, batch, shared):
    """Return the seconds of a provider's quota until every process knows so many popular ids."""
    return ceil(ids / batch) / rate * (1 if shared else processes)


QUOTAS = {"MusicBrainz": {"rate": 1.0, "batch": 100}, "Spotify": {"rate": 20.0, "batch": 50}}


def model(processes=(1, 2, 4, 10, 30, 100), ids=10_000):
    """Yield the lines of what the model says."""
    yield f"Until all processes know {ids:,} ids:"
    yield ""
    yield "| quota | processes | calls, shared | alone | seconds, shared | alone |"
    yield "|---|---|---|---|---|---|"
    for name, quota in QUOTAS.items():
        for number in processes:
            after = [warm_after(ids, number, **quota, shared=shared) for shared in (True, False)]
            calls = [round(seconds * quota["rate"]) for seconds in after]
            yield (
                f"| {name} | {number} | {calls[0]:,} | {calls[1]:,} | "
                f"{after[0]:,.0f} | {after[1]:,.0f} |"
            )


def table(url, sizes=(1, 2, 4), loads=None):
    """Yield the lines of what was measured, with Redis and without."""
    loads = loads or {"popular": Load(), "distinct": Load(popular=0)}
    heading = (
        "ids | Redis | processes | calls | keys fetched | model | requests/s | median | slowest"
    )
    yield f"| {heading} |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for name, load in loads.items():
        for shared in (True, False):
            for number in sizes:
                got = run(number, url if shared else "unix:///nowhere/redis.sock", load)
                expected = keys_to_fetch(load, number, shared=shared)
                yield (
                    f"| {name} | {'yes' if shared else 'no'} | {number} | {got.calls} "
                    f"| {got.fetched} | {expected:.0f} | {got.per_second:.0f} "
                    f"| {1000 * got.median:.0f} ms | {1000 * got.slowest:.0f} ms |"
                )


def minute(url, seconds=60.0):
    """Return a line about four processes that share 20 calls a second."""
    limits = {"rate": 20.0, "burst": 1}
    calls = calls_of(4, url, **limits, seconds=seconds)
    most = 1 + 20.0 * (calls[-1][1] - calls[0][1])
    late = max(made - due for due, made, _ in calls)
    return (
        f"4 processes at 20 calls a second: {len(calls)} calls, {100 * len(calls) / most:.1f} % of "
        f"what is allowed; the fullest window is {-most_above(calls, **limits):.2f} calls below "
        f"its bound; the latest call was late by {1000 * late:.0f} ms"
    )


def main():
    """Print everything."""
    version, path = next(iter(binaries().items()))
    with RedisServer(path) as server:
        say(f"Redis {version}, {os.cpu_count()} cores", "")
        for line in table(server.url):
            say(line)
            server.client.flushall()
        say("", minute(server.url), "")
    say(*model())


def say(*lines):
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1:2] == ["one"]:
        store_module.PATIENCE = 5.0  # a busy machine must not look like a Redis that is not well
        logging.disable(logging.WARNING)  # that there is no Redis is meant
        number, url, load = sys.argv[2:]
        asyncio.run(one(int(number), url, Load(**json.loads(load))))
    else:
        main()
