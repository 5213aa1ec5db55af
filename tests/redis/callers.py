"""Processes that call one provider under one quota, as fast as they may.

`python -m tests.redis.callers URL RATE BURST SECONDS` is one of them: it says that it is ready,
waits for a line, calls, and prints when each of its calls was due and when it was made, on the
clock that all processes of a machine share. `calls_of` starts several and waits for them.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from batching import BatchProcessor, Gate
from loaders import Settings
from loaders.shared import Keyspace, SharedQuota, SharedStore
from loaders.shared import store as store_module
from tests.served import COMPILED

ROOT = Path(__file__).parents[2]

# Seconds between two new keys of a process: more than its share of the calls, so it always waits.
KEY_EVERY = 0.01


class WatchedQuota(SharedQuota):
    """Remembers the earliest moment at which the call it reserved last may be due."""

    due = 0.0

    async def _reserve(self):
        asked = time.monotonic()
        told = await super()._reserve()
        self.due = asked + told[1] / 1e6
        return told


async def call(url, rate, burst, seconds):
    """Return the calls of this process: when each was due, when it was made, with how many keys."""
    calls = []
    keyspace = Keyspace.of("spotify", Settings.demo_settings().spotify)
    async with SharedStore(url) as store:
        assert store.is_up
        quota = WatchedQuota(store, keyspace, rate=rate, burst=burst)
        gate = Gate(rate=rate, burst=burst)
        gate.share(quota)

        async def fetch(keys):
            calls.append((quota.due, time.monotonic(), len(keys)))
            return keys

        processor = BatchProcessor(fetch, 50, gate=gate)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        ends = time.monotonic() + seconds
        key = 0
        while time.monotonic() < ends:
            processor.submit(key)
            key += 1
            await asyncio.sleep(KEY_EVERY)
        await processor.close(grace=0.0)
        assert store.is_up
    return calls


def calls_of(processes, url, *, rate, burst, seconds):
    """Return the calls of several processes together, in the order in which they were made."""
    command = [sys.executable, "-m", "tests.redis.callers", url, *map(str, (rate, burst, seconds))]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    started = []
    try:
        environ = {**os.environ, **COMPILED}
        started += [
            subprocess.Popen(command, cwd=ROOT, env=environ, **pipes) for _ in range(processes)
        ]
        for one in started:
            assert one.stdout.readline() == b"ready\n"
        for one in started:
            one.stdin.write(b"\n")
            one.stdin.flush()
        told = [one.communicate(timeout=seconds + 20)[0] for one in started]
    finally:
        for one in started:
            one.kill()
            one.wait()
            one.stdin.close()
            one.stdout.close()
    return sorted(
        (tuple(each) for text in told for each in json.loads(text)), key=lambda each: each[1]
    )


def most_above(calls, *, rate, burst):
    """Return by how many calls the worst window of any length exceeds what the quota allows.

    Calls can only be late; the latest one says by how much a window may have been shortened.
    """
    made = [moment for _, moment, _ in calls]
    late = max(moment - due for due, moment, _ in calls)
    return max(
        last - first + 1 - burst - rate * (end - start + late)
        for first, start in enumerate(made)
        for last, end in enumerate(made[first:], first)
    )


if __name__ == "__main__":
    store_module.PATIENCE = 5.0  # a busy machine must not look like a Redis that is not well
    given = asyncio.run(call(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
    sys.stdout.write(json.dumps(given))
