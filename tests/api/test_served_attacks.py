"""Attacks on the served process: over real sockets, with a provider that would notice."""

import http.client
import json
import socket

import pytest

from tests.api.attacks import ANSWER, ATTACKS, QUERY
from tests.served import ask, begin, over, process, read, until

ID = "spotify:track:{:022d}".format


@pytest.fixture(scope="module")
def upstream():
    with process("simulate") as (_, port):
        yield port


@pytest.fixture(scope="module")
def server(upstream):
    with process("serve", **over(upstream), UNISONO_SPOTIFY_CONCURRENCY="1") as (_, port):
        yield port


def stats(upstream):
    return ask(upstream, "GET", "/_stats").json()


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused_without_a_call_and_the_server_lives(server, upstream, name):
    request, status, code = ATTACKS[name]
    ask(upstream, "POST", "/_reset", {})
    connection = http.client.HTTPConnection("127.0.0.1", server, timeout=20)
    headers = {"content-type": "application/json", **request.get("headers", {})}
    connection.request("POST", "/graphql", request["body"], headers)
    answer = read(connection)
    connection.close()
    assert answer.status == status
    assert answer.codes()[0] == code
    assert len(answer.body) < 25_000
    assert stats(upstream)["calls"] == []
    assert ask(server, "POST", "/graphql", QUERY).json() == ANSWER
    assert ask(server, "GET", "/healthz").status == 200


def test_13_nobody_speaks_websocket(server):
    headers = {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec_websocket_version": "13",
        "sec_websocket_key": "dGhlIHNhbXBsZSBub25jZQ==",
        "sec_websocket_protocol": "graphql-transport-ws",
        "origin": "https://elsewhere.example",
    }
    answer = ask(server, "GET", "/graphql?query=%7B__typename%7D", **headers)
    assert (answer.status, answer.codes()) == (403, ["BAD_USER_INPUT"])


def test_16_a_client_that_goes_away_mid_batch_takes_nothing_from_the_others(server, upstream):
    ask(upstream, "POST", "/_reset", {})
    endless = {"route": "GET /v1/tracks", "latency": 60.0, "times": 1}
    assert ask(upstream, "POST", "/_fault", endless).status < 300
    in_the_air = asking(server, ID(1))
    until(lambda: stats(upstream)["faults"] == [])  # it has begun
    leaving, staying = asking(server, ID(2), ID(3)), asking(server, ID(3), ID(4))
    until(lambda: is_shown(server, "unisono_operations_running 3.0"))
    until(lambda: is_shown(server, 'waiting_keys{provider="spotify",resource="tracks"} 3.0'))
    leaving.close()
    until(lambda: is_shown(server, "unisono_operations_running 2.0"))
    in_the_air.close()  # the call is nobody's now, and its place free
    answer = read(staying)
    assert (answer.status, answer.json()) == (200, {"data": {"tracks": [None, None]}})
    staying.close()
    asked = [call["ids"] for call in stats(upstream)["calls"]]
    assert [ids for ids in asked if len(ids) > 1] == [[ID(3)[14:], ID(4)[14:]]]


def asking(port, *ids):
    told = ", ".join(f'"{text}"' for text in ids)
    return begin(port, f"{{ tracks(ids: [{told}]) {{ name }} }}")


def is_shown(port, line):
    return line.encode() in ask(port, "GET", "/metrics").body


# Bounds so short that no test has to wait, and for h11 no httptools.
HASTY = """
import sys
if {parser!r} == "h11":
    sys.modules["httptools"] = None
import api.heads, api.requests
api.heads.HEAD_SECONDS = api.requests.BODY_SECONDS = 1.0
"""

HEAD = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"


@pytest.fixture(scope="module", params=["h11", "httptools"])
def hasty(request):
    """A server with one of the two parsers that gives a head and a body a second each."""
    with process("serve", "--demo", before=HASTY.format(parser=request.param)) as (_, port):
        yield port


def drip(port, at_once, then):
    """Send one part at once and one again and again until there is an answer; return it."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(at_once)
        client.settimeout(0.005)
        answer = b""
        for _ in range(4000):
            try:
                client.sendall(then)
                while part := client.recv(10_000):
                    answer += part
            except TimeoutError:
                continue
            except OSError:  # closed while we were writing
                return answer
            else:
                return answer
    raise AssertionError(f"expected an end, got {answer!r}")


def test_16_a_head_that_drips_is_given_up_and_nobody_waits_for_it(hasty):
    assert drip(hasty, HEAD, b"x").startswith(b"HTTP/1.1 408 ")
    assert ask(hasty, "POST", "/graphql", QUERY).json() == ANSWER


def test_16_a_connection_that_never_asks_is_given_up(hasty):
    with socket.create_connection(("127.0.0.1", hasty), timeout=20) as client:
        assert client.recv(10_000).startswith(b"HTTP/1.1 408 ")
        assert client.recv(10_000) == b""


def test_16_a_head_without_end_is_refused(hasty):
    answer = drip(hasty, HEAD, b"x: " + b"y" * 1000 + b"\r\n")
    assert answer.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))


def test_16_a_body_that_drips_is_given_up_in_words(hasty):
    answer = drip(hasty, HEAD + b"content-length: 1000\r\n\r\n", b" ")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ")
    assert json.loads(body)["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert ask(hasty, "POST", "/graphql", QUERY).json() == ANSWER
