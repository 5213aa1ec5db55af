"""Load: clients that ask one query after the other, over a connection each.

`python -m tests.benchmarks.load PORT CLIENTS SECONDS distinct|popular TRACKS` prints one JSON
object: answers, errors, seconds and the latencies. Runs beside the upstream, on a core of its own.
"""

import asyncio
import json
import random
import sys
import time

import httptools
import uvloop

QUERY = """query ($ids: [ID!]!) { tracks(ids: $ids) {
  id name durationMs artists { id name genres } album { id name label } } }"""
POPULAR = 200  # tracks that everybody asks for, in the popular case


class Ids:
    """The ids of the next request: never asked before, or of the popular few."""

    def __init__(self, kind, tracks):
        self.kind = kind
        self.tracks = tracks
        self.next = time.time_ns() % 10**15  # of several runs none repeats another's
        self.dice = random.Random(1)

    def take(self):
        if self.kind == "popular":
            numbers = self.dice.sample(range(POPULAR), self.tracks)
        else:
            numbers = range(self.next, self.next + 3 * self.tracks, 3)
            self.next += 3 * self.tracks
        return [f"spotify:track:{number:022d}" for number in numbers]


def request(ids):
    body = json.dumps({"query": QUERY, "variables": {"ids": ids}}).encode()
    head = (
        "POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        f"accept: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Client(asyncio.Protocol):
    """One connection; `done` is called with the seconds and the body of each answer."""

    def __init__(self, ids, done):
        self.ids = ids
        self.done = done

    def connection_made(self, transport):
        self.transport = transport
        self.parser = httptools.HttpResponseParser(self)
        self.ask()

    def ask(self):
        self.body = []
        self.asked = self.ids.take()
        self.began = time.perf_counter()
        self.transport.write(request(self.asked))

    def data_received(self, data):
        self.parser.feed_data(data)

    def on_body(self, body):
        self.body.append(body)

    def on_message_complete(self):
        seconds = time.perf_counter() - self.began
        goes_on = self.done(seconds, self.asked, b"".join(self.body))
        # Not from within the parser, which is not ready for another message yet.
        if goes_on:
            asyncio.get_running_loop().call_soon(self.ask)
        else:
            self.transport.close()

    def connection_lost(self, error):
        if error is not None:
            raise error


def is_right(asked, body):
    """Tell whether an answer has what was asked, in order and whole."""
    return (
        b'"errors"' not in body
        and body.count(b'"genres"') == 2 * len(asked)
        and body.count(b'"label"') == len(asked)
        and all(f'"{native}"'.encode() in body for native in (asked[0], asked[-1]))
    )


async def main(port, clients, seconds, kind, tracks):
    loop = asyncio.get_running_loop()
    latencies, wrong = [], 0
    ids = Ids(kind, tracks)
    ends = loop.time() + seconds
    left = clients
    over = loop.create_future()

    def done(took, asked, body):
        nonlocal wrong, left
        latencies.append(took)
        wrong += not is_right(asked, body)
        if loop.time() < ends:
            return True
        left -= 1
        if not left:
            over.set_result(None)
        return False

    began = loop.time()
    for _ in range(clients):
        await loop.create_connection(lambda: Client(ids, done), "127.0.0.1", port)
    await over
    return {"answers": len(latencies), "wrong": wrong, "seconds": loop.time() - began} | {
        "latencies": sorted(latencies)
    }


if __name__ == "__main__":
    port, clients, seconds, kind, tracks = sys.argv[1:]
    found = uvloop.run(main(int(port), int(clients), float(seconds), kind, int(tracks)))
    sys.stdout.write(json.dumps(found))
