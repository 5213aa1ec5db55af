"""The served process: what only a real one shows, from its first line to its exit code."""

import signal
import socket
import sys
import time
from pathlib import Path

import pytest

from tests.canary import CANARY
from tests.served import ask, begin, over, process, read, until

NO_TRACK = "spotify:track:0000000000000000000000"
QUERY = f'{{ track(id: "{NO_TRACK}") {{ name }} }}'


@pytest.fixture(scope="module")
def simulator():
    with process("simulate") as (_, port):
        yield port


@pytest.fixture
def live(simulator):
    """A live server over a simulator process."""
    assert ask(simulator, "POST", "/_reset", {}).status < 300
    settings = {
        "UNISONO_GRACE": "2",
        "UNISONO_CACHE_ENTRIES": "0",  # every query shall call
    }
    with process("serve", **over(simulator), **settings) as (server, port):
        yield server, port, simulator


def is_running(port):
    return b"unisono_operations_running 1.0" in ask(port, "GET", "/metrics").body


def slow(upstream, seconds):
    fault = {"route": "GET /v1/tracks", "latency": seconds}
    assert ask(upstream, "POST", "/_fault", fault).status < 300


def test_at_sigterm_what_runs_is_finished_and_new_queries_are_sent_away(live):
    server, port, upstream = live
    slow(upstream, 1.0)
    running = begin(port, QUERY)
    until(lambda: is_running(port))
    server.send_signal(signal.SIGTERM)
    until(lambda: ask(port, "GET", "/readyz").status == 503)
    late = ask(port, "POST", "/graphql", {"query": QUERY})
    assert (late.status, late.codes()) == (503, ["SHUTTING_DOWN"])
    answer = read(running)
    assert (answer.status, answer.json()) == (200, {"data": {"track": None}})
    running.close()
    assert server.wait(timeout=10) == 0


def test_at_sigterm_what_outlasts_the_grace_is_told_so(live):
    server, port, upstream = live
    slow(upstream, 8.0)
    running = begin(port, QUERY)
    until(lambda: is_running(port))
    began = time.monotonic()
    server.send_signal(signal.SIGTERM)
    answer = read(running)
    running.close()
    assert answer.status == 200
    assert answer.json()["data"] == {"track": None}
    assert answer.codes() == ["SHUTTING_DOWN"]
    assert server.wait(timeout=10) == 0
    assert time.monotonic() - began < 7.0


def test_a_second_sigterm_ends_at_once(live):
    server, port, upstream = live
    slow(upstream, 8.0)
    running = begin(port, QUERY)
    until(lambda: is_running(port))
    server.send_signal(signal.SIGTERM)
    until(lambda: ask(port, "GET", "/readyz").status == 503)
    server.send_signal(signal.SIGTERM)
    assert server.wait(timeout=1.5) == -signal.SIGTERM
    running.close()


def test_a_client_that_goes_away_is_not_waited_for(live):
    server, port, upstream = live
    assert ask(port, "POST", "/graphql", {"query": QUERY}).status == 200
    slow(upstream, 8.0)
    running = begin(port, QUERY)
    until(lambda: is_running(port))
    running.close()
    gone = b'unisono_operations_total{outcome="gone",type="query"} 1.0'
    until(lambda: gone in ask(port, "GET", "/metrics").body)
    server.send_signal(signal.SIGTERM)
    assert server.wait(timeout=10) == 0


def test_a_secret_is_in_nothing_that_is_printed_or_answered(live):
    server, port, upstream = live
    seen = []
    ask(upstream, "POST", "/_fault", {"route": "POST /api/token", "status": 401, "times": 2})
    documents = (QUERY, QUERY, "{ providers { name reason } }", "{", "{ nope }")
    seen += [
        ask(port, "POST", "/graphql", {"query": document}, x_unisono_trace="1")
        for document in documents
    ]
    ask(upstream, "POST", "/_fault", {"route": "GET /v1/tracks", "status": 500, "body": "{"})
    seen.append(ask(port, "POST", "/graphql", {"query": QUERY}, x_unisono_trace="1"))
    paths = ("/", "/healthz", "/readyz", "/metrics", "/graphql?query=x", "/nope")
    seen += [ask(port, "GET", path, authorization="Bearer " + CANARY) for path in paths]
    server.send_signal(signal.SIGTERM)
    assert server.wait(timeout=10) == 0
    printed = server.printed()
    assert CANARY.encode() not in b"".join(each.body for each in seen)
    assert CANARY.encode() not in printed
    assert b"earer" not in printed
    events = [line["event"] for line in server.logged()]
    assert len(events) == len(printed.splitlines()) - 1  # the first says where it is
    assert events.count("operation") == 7


def test_every_operation_has_one_line_with_its_batches(live):
    server, port, _ = live
    ask(port, "POST", "/graphql", {"query": QUERY}, x_request_id="r-1")
    server.send_signal(signal.SIGTERM)
    assert server.wait(timeout=10) == 0
    [line] = [line for line in server.logged() if line["event"] == "operation"]
    assert (line["requestId"], line["type"], line["outcome"]) == ("r-1", "query", "ok")
    assert (line["cost"], line["calls"]) == (1, 1)
    assert line["loaders"]["spotify.tracks"]["distinct"] == 1


def test_a_body_that_never_ends_holds_up_nobody():
    head = (
        b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        b"content-length: 100\r\n\r\n{"
    )
    with (
        process("serve", "--demo") as (_, port),
        socket.create_connection(("127.0.0.1", port)) as slow_client,
    ):
        slow_client.sendall(head)
        assert ask(port, "POST", "/graphql", {"query": "{ __typename }"}).status == 200


def test_several_workers_end_together():
    with process("serve", "--workers", "2") as (server, port):
        until(lambda: _answers(port))
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=20) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells whose children are whose")
def test_workers_end_when_their_parent_is_killed():
    with process("serve", "--workers", "2") as (server, port):
        until(lambda: _answers(port))
        children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
        assert len(children) >= 2
        server.kill()
        until(lambda: not any(map(_is_alive, children)))


def _is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _answers(port):
    try:
        return ask(port, "GET", "/healthz").status == 200
    except OSError:
        return False
