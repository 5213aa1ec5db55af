"""The soak: full load over real sockets, a tenth of all calls faulty, clients that leave at random.

`python -m tests.benchmarks.soak [--seconds 30] [--seed 1]`, or `make soak`. It fails unless every
answer was right or a typed error, and unless neither a task, a call, a key, a connection nor memory
is left afterwards.
"""

import argparse
import asyncio
import ctypes
import gc
import http.client
import json
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import loaders.http
from api.engine import Operation
from tests.faults.clients import Clients, standing
from tests.faults.hostile.server import asking

CLIENTS = 32
SHARE = 0.1

#: Seconds for a call, in place of ten: clients share calls, and one that hangs stops them all.
LIMIT = 1.0

#: Tracks that are asked for, and outcomes that are remembered: fewer, so that entries come and go.
TRACKS, ENTRIES = 5_000, 500

#: MiB that memory may grow by for 10,000 requests, and that it goes up and down by anyhow; looked
#: at in the latter half of the time, when all that is made once is made.
SLOPE, NOISE = 1.0, 1.0

#: Requests, below which memory tells nothing yet: in two seconds a process still makes what it
#: makes once, buffers of the largest answers among it.
FEWEST = 1_000

_M_MMAP_THRESHOLD = -3  # malloc.h

#: Seconds in which what nobody waits for any more has to be gone.
PATIENCE = 10.0


@contextmanager
def upstream(seed):
    """Start the faulty upstream; yields its port."""
    command = [sys.executable, "-m", "tests.benchmarks.servers.faulty", str(SHARE), str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as started:
        try:
            yield int(started.stdout.readline())
        finally:
            started.kill()


async def soak(seconds, seed):
    """Return what is wrong, and what is told of the rest."""
    clock = asyncio.get_running_loop().time
    with upstream(seed) as port:
        files = open_files()
        async with asking(f"http://127.0.0.1:{port}", cache_entries=ENTRIES) as engine:

            async def execute(query, variables):
                return await engine.execute(Operation(query, variables))

            ids = [f"spotify:track:{number:022d}" for number in range(TRACKS)]
            clients = Clients(execute, ids, truth, seed=seed, patience=0.02, most=5)
            before = standing(engine)
            ends = clock() + seconds
            memory = asyncio.ensure_future(watch(clients, ends - seconds / 2))
            await clients.ask(CLIENTS, lambda: clock() > ends)
            memory.cancel()
            [samples] = await asyncio.gather(memory)
            await until(lambda: exceeds(standing(engine), before) == [])
            wrong = exceeds(standing(engine), before)
        await until(lambda: not stats(port)["connections"])
        told = stats(port)
        wrong += exceeds(
            {"connections": told["connections"], "files": open_files()},
            {"connections": 0, "files": files},
        )
    requests, growth = grown(samples)
    if requests >= FEWEST:
        wrong += exceeds({"MiB grown": growth}, {"MiB grown": SLOPE * requests / 10_000 + NOISE})
    faults = {kind: count for kind, count in told["met"].items() if kind != "good"}
    return [*clients.wrong[:9], *wrong], {
        "answered": clients.answered,
        "left": clients.left,
        "calls": sum(told["met"].values()),
        "faults": sum(faults.values()),
        "kinds of faults": len(faults),
        "codes": dict(clients.codes.most_common()),
        "memory": f"grew by {growth:.2f} MiB within {requests} requests",
    }


def truth(id_):
    """Return what is to be told of anything, as the upstream makes it."""
    _, kind, native = id_.split(":")
    told = {"name": f"{kind.capitalize()} {native}"}
    return {**told, "label": "Slow Harbour"} if kind == "album" else told


async def watch(clients, begins):
    """Take (answered, MiB) four times a second once it begins, until cancelled."""
    samples = []
    try:
        await asyncio.sleep(begins - asyncio.get_running_loop().time())
        while True:
            gc.collect()
            samples.append((clients.answered + clients.left, resident()))
            await asyncio.sleep(0.25)
    except asyncio.CancelledError:
        return samples


def grown(samples):
    """Return by how much requests and memory grew from the first third of samples to the last."""
    third = max(1, len(samples) // 3)
    (began, small), (ended, large) = (
        (median(column) for column in zip(*part, strict=True))
        for part in (samples[:third], samples[-third:])
    )
    return int(ended - began), large - small


async def until(condition):
    """Wait until it is so, or the patience is over."""
    for _ in range(int(PATIENCE / 0.1)):
        if condition():
            return
        await asyncio.sleep(0.1)


def exceeds(found, most):
    return [
        f"{name}: expected at most {most[name]}, got {value}"
        for name, value in found.items()
        if value > most[name]
    ]


def resident():
    """Return the MiB that this process holds, as Linux tells it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


def stats(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", "/_stats")
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def main(*arguments):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments or None)
    loaders.http.TIMEOUT = LIMIT
    # glibc keeps what was freed, the more the larger it was once: here an answer of 8 MiB shall go.
    ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, 2**18)
    wrong, told = asyncio.run(soak(given.seconds, given.seed))
    sys.stdout.write("".join(f"{name}: {value}\n" for name, value in told.items()))
    sys.stdout.write("".join(f"WRONG {one}\n" for one in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
