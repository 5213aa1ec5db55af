"""The upstream of the soak: Spotify's bulk routes, and for a part of the calls a fault of any kind.

`python -m tests.benchmarks.servers.faulty SHARE SEED`; prints its port. `/_stats` tells as JSON how
many calls there were, which faults they met, and how many other connections are open.
"""

import asyncio
import json
import random
import sys
from collections import Counter

from tests.benchmarks.servers.upstream import ROUTES
from tests.faults.hostile.server import CLOSE, HANG, RESET, FaultServer, answer


def status(line, **headers):
    return lambda _: [answer(b"{}", status=line, **headers)]


#: What may go wrong; each is given the good answer. Not among them are refusals from which more
#: follows than one failed call: 403 (an hour of single calls), 413 and 414 (an hour of small ones).
FAULTS = {
    "500": status("500 Internal Server Error"),
    "501": status("501 Not Implemented"),
    "503": status("503 Service Unavailable"),
    "429": status("429 Too Many Requests", retry_after="1"),
    "400": status("400 Bad Request"),
    "401": status("401 Unauthorized"),
    "404": status("404 Not Found"),
    "302": status("302 Found", location="http://127.0.0.1:1/"),
    "reset": lambda _: [RESET],
    "closed": lambda _: [CLOSE],
    "cut": lambda good: [answer(good)[:-20], RESET],
    "half JSON": lambda good: [answer(good[: len(good) // 2])],
    "HTML": lambda _: [answer(b"<!doctype html>", content_type="text/html")],
    "wrong shape": lambda _: [answer(b'{"tracks": {"a": 1}, "artists": "b", "albums": 7}')],
    "too few": lambda good: [answer(good.partition(b":")[0] + b":[]}")],
    "no gzip": lambda good: [answer(good, content_encoding="gzip")],
    "no head": lambda _: [b"HTTP/1.1 200 OK\r\nX: " + b"a" * 20_000 + b"\r\n\r\n", CLOSE],
    "stray": lambda good: [answer(good) + answer(b"{}")],
    "too long": lambda _: [answer(b" " * 9_000_000)],
    "slow": lambda good: [0.3, answer(good)],
    "hangs": lambda _: [HANG],
}


class FaultyServer(FaultServer):
    """Knows every id, and fails for a share of the calls, 0 to 1.

    Of tokens only those that served a call are refused, for good: that two in a row are no good is
    no passing fault, and has half a minute's consequences.
    """

    def __init__(self, share, seed):
        super().__init__()
        self._share = share
        self._random = random.Random(seed)
        self._met = Counter()
        self._served = set()  # tokens

    def talk(self, line, headers):
        path, _, query = line.split()[1].partition("?")
        kind = path.rpartition("/")[2].encode()
        if kind == b"_stats":
            stats = {"met": self._met, "connections": self.connections - 1}
            return [answer(json.dumps(stats).encode()), CLOSE]
        natives = query.partition("ids=")[2].partition("&")[0].encode().split(b",")
        good = b'{"%s":[%s]}' % (kind, b",".join(map(ROUTES[kind], natives)))
        fault = None
        if self._random.random() < self._share:
            fault = self._random.choice(list(FAULTS))
        token = headers["authorization"]
        if fault == "401" and token not in self._served:
            fault = "503"
        if fault is None:
            self._served.add(token)
        self._met[fault or "good"] += 1
        return FAULTS[fault](good) if fault else [answer(good)]


async def main(share, seed):
    async with FaultyServer(share, seed) as server:
        sys.stdout.write(f"{server.port}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]), int(sys.argv[2])))
