"""Answers without end, or nearly; `python -m tests.faults.hostile.floods` tells what each takes.

As JSON: by name of the flood the MiB by which the process grew at its peak.
"""

import asyncio
import itertools
import json
import re
import sys
import zlib
from pathlib import Path

from tests.faults.hostile.server import FaultServer, answer, ask, asking

CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


def bomb():
    """Return 500 MB of nothing, in half a megabyte."""
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    nothing = bytes(1_000_000)
    return b"".join([*(packer.compress(nothing) for _ in range(500)), packer.flush()])


def endless(head, *steps):
    return itertools.chain([head], itertools.cycle(steps))


#: Bodies longer than any that is taken.
TOO_LONG = {
    "bomb": lambda: [answer(bomb(), content_encoding="gzip")],
    "long": lambda: [answer(b"x" * 9_000_000)],
    "endless": lambda: endless(answer(b"", content_length=None), b"x" * 65_536),
    "endless chunks": lambda: endless(CHUNKED, b"10000\r\n" + b" " * 65_536 + b"\r\n"),
}
#: Heads longer than any that is taken.
HEADS = {
    "20,000 headers": lambda: [b"HTTP/1.1 200 OK\r\n", *[b"X-A: a\r\n"] * 20_000],
    "endless headers": lambda: endless(b"HTTP/1.1 200 OK\r\n", b"X-A: a\r\n" * 1_000),
    "endless header": lambda: endless(b"HTTP/1.1 200 OK\r\nX: ", b"a" * 65_536),
}


def memory(kind):
    """Return MiB of this process: VmRSS now, VmHWM at its peak."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(rf"{kind}:\s+(\d+) kB", status)[1]) / 1024


async def growth(talk):
    async with FaultServer([answer()], talk) as server, asking(server.url) as engine:
        assert (await ask(engine)).errors == []  # all that is made once is there by now
        before = memory("VmRSS")
        assert len((await ask(engine)).errors) == 3
        return memory("VmHWM") - before


def main():
    # What is said is made before, so that it is none of the growth.
    talks = {name: talk() for name, talk in {**TOO_LONG, **HEADS}.items()}
    json.dump({name: asyncio.run(growth(talk)) for name, talk in talks.items()}, sys.stdout)


if __name__ == "__main__":
    main()
