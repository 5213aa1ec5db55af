"""The served process: what only a real one shows, from its first line to its exit code."""

import json
import secrets
import signal
import socket
import time

import pytest

from tests.served import ask, begin, process, until

CANARY = f"canary{secrets.token_hex(8)}"
NO_TRACK = "spotify:track:0000000000000000000000"
QUERY = f'{{ track(id: "{NO_TRACK}") {{ name }} }}'


@pytest.fixture(scope="module")
def simulator():
    with process("simulate") as (_, port):
        yield port


@pytest.fixture
def live(simulator):
    """A live server over a simulator process, with credentials that are easily found."""
    assert ask(simulator, "POST", "/_reset", {})[0] < 300
    url = f"http://127.0.0.1:{simulator}"
    settings = {
        "UNISONO_SPOTIFY_BASE_URL": f"{url}/v1",
        "UNISONO_SPOTIFY_TOKEN_URL": f"{url}/api/token",
        "UNISONO_SPOTIFY_CLIENT_ID": f"{CANARY}1",
        "UNISONO_SPOTIFY_CLIENT_SECRET": f"{CANARY}2",
        "UNISONO_GRACE": "2",
    }
    with process("serve", **settings) as (server, port):
        yield server, port, simulator


def is_running(port):
    return b"unisono_operations_running 1.0" in ask(port, "GET", "/metrics")[1]


def slow(upstream, seconds):
    fault = {"route": "GET /v1/tracks", "latency": seconds}
    assert ask(upstream, "POST", "/_fault", fault)[0] < 300


def test_at_sigterm_what_runs_is_finished_and_new_queries_are_sent_away(live):
    server, port, upstream = live
    slow(upstream, 1.0)
    running = begin(port, QUERY)
    until(lambda: is_running(port))
    server.send_signal(signal.SIGTERM)
    until(lambda: ask(port, "GET", "/readyz")[0] == 503)
    status, body = ask(port, "POST", "/graphql", {"query": QUERY})
    assert status == 503
    assert json.loads(body)["errors"][0]["extensions"]["code"] == "SHUTTING_DOWN"
    answer = running.getresponse()
    assert (answer.status, json.loads(answer.read())) == (200, {"data": {"track": None}})
    running.close()
    assert server.wait(timeout=10) == 0


def test_at_sigterm_what_outlasts_the_grace_is_told_so(live):
    server, port, upstream = live
    slow(upstream, 8.0)
    running = begin(port, QUERY)
    until(lambda: is_running(port))
    began = time.monotonic()
    server.send_signal(signal.SIGTERM)
    answer = running.getresponse()
    body = json.loads(answer.read())
    running.close()
    assert answer.status == 200
    assert body["data"] == {"track": None}
    assert body["errors"][0]["extensions"]["code"] == "SHUTTING_DOWN"
    assert server.wait(timeout=10) == 0
    assert time.monotonic() - began < 7.0


def test_a_second_sigterm_ends_at_once(live):
    server, port, upstream = live
    slow(upstream, 8.0)
    running = begin(port, QUERY)
    until(lambda: is_running(port))
    server.send_signal(signal.SIGTERM)
    until(lambda: ask(port, "GET", "/readyz")[0] == 503)
    server.send_signal(signal.SIGTERM)
    assert server.wait(timeout=1.5) == -signal.SIGTERM
    running.close()


def test_a_client_that_goes_away_is_not_waited_for(live):
    server, port, upstream = live
    assert ask(port, "POST", "/graphql", {"query": QUERY})[0] == 200
    slow(upstream, 8.0)
    running = begin(port, QUERY)
    until(lambda: is_running(port))
    running.close()
    gone = b'unisono_operations_total{outcome="gone",type="query"} 1.0'
    until(lambda: gone in ask(port, "GET", "/metrics")[1])
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
    printed = server.stderr.read()
    assert server.wait(timeout=10) == 0
    assert CANARY.encode() not in b"".join(body for _, body in seen)
    assert CANARY.encode() not in printed
    assert b"earer" not in printed
    for line in printed.splitlines():
        assert isinstance(json.loads(line)["event"], str)
    assert [json.loads(line)["event"] for line in printed.splitlines()].count("operation") == 7


def test_every_operation_has_one_line_with_its_batches(live):
    server, port, _ = live
    ask(port, "POST", "/graphql", {"query": QUERY}, x_request_id="r-1")
    server.send_signal(signal.SIGTERM)
    lines = [json.loads(line) for line in server.stderr.read().splitlines()]
    [line] = [line for line in lines if line["event"] == "operation"]
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
        assert ask(port, "POST", "/graphql", {"query": "{ __typename }"})[0] == 200


def test_several_workers_end_together():
    with process("serve", "--workers", "2") as (server, port):
        until(lambda: _answers(port))
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=20) == 0


def _answers(port):
    try:
        return ask(port, "GET", "/healthz")[0] == 200
    except OSError:
        return False
