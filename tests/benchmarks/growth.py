"""How Unisono grows: CPU by tracks asked, memory by requests answered.

`python -m tests.benchmarks.growth [--requests 100000]`. Cost ought to be a line, memory flat.
"""

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path

from tests.benchmarks import end_to_end as bench

TRACKS = (1, 10, 100, 1_000)
CLIENTS = 10
SAMPLES = 5


def resident_mb(pid):
    """Return the memory that a process holds, as Linux tells it."""
    status = Path(f"/proc/{pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) / 1024


def served(open_ones):
    """Start an upstream and Unisono; return its process and port."""
    port, upstream_port = bench.free_port(), bench.free_port()
    serves = bench.python("tests.benchmarks.servers.upstream", upstream_port, 0.0)
    open_ones.enter_context(bench.process(serves, upstream_port, core=1))
    command, environ = bench.unisono(port, f"http://127.0.0.1:{upstream_port}")
    return open_ones.enter_context(bench.process(command, port, core=0, **environ)), port


def by_tracks(seconds):
    """Yield the lines of the table of CPU."""
    yield "| tracks | CPU ms | CPU us per track |"
    yield "|--:|--:|--:|"
    for tracks in TRACKS:
        with ExitStack() as open_ones:
            started, port = served(open_ones)
            case = bench.Case("distinct", 0.0, CLIENTS)
            bench.load(port, case, 1.0, tracks)
            before = bench.cpu_seconds(started.pid)
            found = bench.load(port, case, seconds, tracks)
            cpu = (bench.cpu_seconds(started.pid) - before) / found["answers"]
        yield f"| {tracks} | {1000 * cpu:.2f} | {1e6 * cpu / tracks:.0f} |"


def by_requests(requests):
    """Yield the lines of the table of memory."""
    yield "| requests | MB |"
    yield "|--:|--:|"
    with ExitStack() as open_ones:
        started, port = served(open_ones)
        case = bench.Case("distinct", 0.0, CLIENTS)
        answered = 0
        for sample in range(SAMPLES + 1):
            while answered < sample * requests / SAMPLES:
                answered += bench.load(port, case, 2.0, 1)["answers"]
            yield f"| {answered:,} | {resident_mb(started.pid):.1f} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--requests", type=int, default=100_000)
    options = parser.parse_args()
    for table in (by_tracks(options.seconds), by_requests(options.requests)):
        for line in table:
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
        sys.stdout.write("\n")


if __name__ == "__main__":
    main()
