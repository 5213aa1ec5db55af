"""Answers that nobody should give, over a real socket: rows 16 to 31 and 50 of the catalogue."""

import asyncio
import gzip
import json
import socket
import subprocess
import sys
import zlib

import pytest

from tests.faults.hostile.floods import HEADS, TOO_LONG
from tests.faults.hostile.server import (
    CLOSE,
    GOOD,
    HANG,
    IDS,
    RESET,
    TRACKS,
    WHOLE,
    FaultServer,
    answer,
    ask,
    asking,
)

UNAVAILABLE, TIMEOUT, BAD = "UPSTREAM_UNAVAILABLE", "UPSTREAM_TIMEOUT", "UPSTREAM_BAD_RESPONSE"


async def outcome_of(*talks):
    async with FaultServer(*talks) as server, asking(server.url) as engine:
        outcome = await ask(engine)
        assert "canary" not in json.dumps(outcome.errors)
    return outcome, len(server.asked)


def assert_failed(outcome, code, *, retryable=True):
    assert outcome.data == {"tracks": [None] * 3}
    assert [error["path"] for error in outcome.errors] == [["tracks", n] for n in range(3)]
    assert (outcome.codes, outcome.retryable) == ([code] * 3, {retryable})


async def test_nobody_there():
    """Row 16."""
    async with FaultServer([answer()]) as server, FaultServer([answer()]) as gone:
        await gone.__aexit__()
        async with asking(gone.url, token_url=server.url) as engine:
            outcome = await ask(engine)
    assert_failed(outcome, UNAVAILABLE)
    assert [(call.status, call.fault) for call in outcome.calls] == [(None, "UnavailableError")] * 3
    assert (server.asked, gone.asked) == ([], [])


async def test_a_name_that_nobody_knows(monkeypatch):
    """Row 17."""

    async def nobody(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    url = "http://secret-host.invalid"
    async with FaultServer([answer()]) as server, asking(url, token_url=server.url) as engine:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", nobody)
        outcome = await ask(engine)
    assert_failed(outcome, UNAVAILABLE)
    assert len(outcome.calls) == 3
    assert "secret-host" not in json.dumps(outcome.errors)


@pytest.mark.parametrize(
    "broken",
    [
        [RESET],
        [CLOSE],
        [answer()[:100], RESET],
        [answer()[:-5], RESET],
        [answer()[:-5], CLOSE],
        [answer(content_length=len(GOOD) + 1), CLOSE],
        [b'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"tra', CLOSE],
    ],
    ids=["reset", "closed", "reset in headers", "reset in body", "cut", "longer", "half a chunk"],
)
async def test_what_breaks_off_is_asked_again(broken):
    """Rows 19, 20 and 21."""
    outcome, calls = await outcome_of(broken, [answer()])
    assert (outcome.data, outcome.errors, calls) == ({"tracks": WHOLE}, [], 2)
    outcome, calls = await outcome_of(broken)
    assert_failed(outcome, UNAVAILABLE)
    assert calls == 3


@pytest.mark.parametrize(
    "talk",
    [
        [HANG],
        [b"HTTP/1.1 200 OK\r\n", HANG],
        [step for byte in b"HTTP/1.1 200 OK\r\n" for step in (bytes([byte]), 0.05)],
        [b"HTTP/1.1 200 OK\r\nX: ", *[b"x", 0.05] * 100],
        [answer()[:-5], HANG],
        [answer(content_length=10_000)[:-5], *[b" ", 0.05] * 100],
        [b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", *[b"1\r\n \r\n", 0.05] * 100],
        [b"HTTP/1.1 100 Continue\r\n\r\n", 0.05] * 100,
    ],
    ids=["silent", "half a head", "slow line", "slow headers", "half a body", "slow body",
         "slow chunks", "not yet"],
)  # fmt: skip
async def test_what_is_too_slow_is_given_up_each_time(talk, limit):
    """Rows 23 and 24: the limit is one for the whole call, however busy it looks."""
    clock = asyncio.get_running_loop().time
    began = clock()
    outcome, calls = await outcome_of(talk)
    assert_failed(outcome, TIMEOUT)
    assert calls == 3
    assert [call.seconds >= limit for call in outcome.calls] == [True] * 3
    assert clock() - began < 10 * limit


@pytest.mark.parametrize("talk", TOO_LONG.values(), ids=TOO_LONG)
async def test_what_is_too_long_is_given_up_at_once_and_for_good(talk):
    """Row 25."""
    outcome, calls = await outcome_of(talk())
    assert_failed(outcome, BAD, retryable=False)
    assert calls == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process its peak")
def test_what_is_too_long_takes_no_memory():
    """Row 25: in a process of its own, whose peak is its own."""
    told = subprocess.run(
        [sys.executable, "-m", "tests.faults.hostile.floods"], capture_output=True, check=True
    )
    growth = json.loads(told.stdout)
    assert set(growth) == {*TOO_LONG, *HEADS}
    assert {name: mib for name, mib in growth.items() if mib >= 32.0} == {}


def packed(body=GOOD):
    return gzip.compress(body)


@pytest.mark.parametrize(
    "said",
    [
        answer(b"not gzip", content_encoding="gzip"),
        answer(packed()[:-9], content_encoding="gzip"),
        answer(packed()[:20] + b"!" + packed()[21:], content_encoding="gzip"),
        answer(packed() + b"more", content_encoding="gzip"),
        answer(packed(packed()), content_encoding="gzip"),
        answer(packed(), content_encoding="gzip, gzip"),
        answer(zlib.compress(GOOD), content_encoding="deflate"),
        answer(b"", content_encoding="gzip"),
    ],
    ids=[
        "no gzip",
        "cut",
        "changed",
        "more behind it",
        "twice",
        "said twice",
        "deflate",
        "nothing",
    ],
)
async def test_a_badly_packed_answer(said):
    """Row 26."""
    outcome, calls = await outcome_of([said])
    assert_failed(outcome, BAD)
    assert calls == 2
    outcome, calls = await outcome_of([said], [answer(packed(), content_encoding="gzip")])
    assert (outcome.data, outcome.errors, calls) == ({"tracks": WHOLE}, [], 2)


PAGE = b"<!doctype html><title>canary</title><p>Please log in to this hotel's network."
DEEP = b"[" * 200_000
SONG = b'{"id": "%s", "name": %%s, "artists": []}' % IDS[0].encode()


def song(text):
    """The good answer, with this in place of the first song's name."""
    rest = b", ".join(json.dumps(track).encode() for track in TRACKS[1:])
    return b'{"tracks": [' + SONG % text + b", " + rest + b"]}"


@pytest.mark.parametrize(
    "said",
    [
        [answer(GOOD[:-9], content_length=None), CLOSE],  # row 22
        [answer(PAGE, content_type="text/html")],  # row 27
        [answer(b"")],  # row 28
        [answer(b"", status="204 No Content", content_length=None)],
        [answer(b"NaN")],  # row 29
        [answer(song(b"NaN"))],
        [answer(song(b'"\\ud800"'))],
        [answer(song(b'"\xff"'))],
        [answer(DEEP)],
        [answer(b'{"a": ' * 100_000)],
        [answer(song(b'"x", "y": ' + DEEP + b"]" * 200_000))],
        [answer(GOOD.decode().encode("utf-16"))],
        [answer(GOOD + GOOD)],
        [answer(b'{"tracks": {}}')],  # row 30
        [answer(b'{"tracks": "ABC"}')],
        [answer(b'{"tracks": null}')],
        [answer(b"[]")],
        [answer(b"{}")],
        [answer(b"null")],
    ],
    ids=[
        "half JSON", "HTML", "empty", "204", "NaN", "NaN inside", "half a character", "no UTF-8",
        "200,000 deep", "100,000 objects deep", "deep where nobody looks", "UTF-16", "twice",
        "object", "text", "null", "list", "nothing", "null alone",
    ],
)  # fmt: skip
async def test_an_answer_that_is_not_what_was_promised(said):
    outcome, calls = await outcome_of(said)
    assert_failed(outcome, BAD)
    assert calls == 2
    outcome, calls = await outcome_of(said, [answer()])
    assert (outcome.data, outcome.errors, calls) == ({"tracks": WHOLE}, [], 2)


@pytest.mark.parametrize(
    "item",
    [b'"name"', b"7", b"[]", b'{"id": "short", "name": "x", "artists": []}', SONG % b"7"],
    ids=["text", "number", "list", "bad id", "bad name"],
)
async def test_one_bad_item_fails_its_key_alone(item):
    """The rest of row 30."""
    rest = [json.dumps(track).encode() for track in TRACKS[1:]]
    body = b'{"tracks": [' + b", ".join([item, *rest]) + b"]}"
    outcome, _ = await outcome_of([answer(body)])
    assert outcome.data == {"tracks": [None, *WHOLE[1:]]}
    assert [(error["path"], error["extensions"]["code"]) for error in outcome.errors] == [
        (["tracks", 0], BAD)
    ]


@pytest.mark.parametrize(
    "number", [b"9" * 5_000, b"1e999", b"-0", b"1.5"], ids=["5,000 digits", "1e999", "-0", "1.5"]
)
async def test_a_number_that_is_none_is_refused_or_ignored_but_never_a_crash(number):
    """Row 29: where nobody looks for it, it does no harm."""
    body = song(b'"Song A", "weight": ' + number)
    outcome, calls = await outcome_of([answer(body)])
    assert (outcome.data, outcome.errors, calls) == ({"tracks": WHOLE}, [], 1)
    where_it_counts = song(b'"Song A", "duration_ms": ' + number)
    outcome, _ = await outcome_of([answer(where_it_counts)])
    assert outcome.data["tracks"][1:] == WHOLE[1:]
    assert set(outcome.codes) <= {BAD}


@pytest.mark.parametrize(
    "talk",
    [
        lambda: [b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000 + b"\r\n\r\n"],
        lambda: [b"HTTP/1.1 200 " + b"O" * 200_000 + b"\r\n\r\n"],
        *HEADS.values(),
        lambda: [answer(GOOD)[9:]],
        lambda: [b"SSH-2.0-OpenSSH_9.2\r\n", HANG],
        lambda: [answer(content_length=-5)],
        lambda: [answer(transfer_encoding="chunked")],
        lambda: [b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n", HANG],
        lambda: [answer(x="a\x00b")],
    ],
    ids=["200 kB in one", "long reason", *HEADS, "HTTP/0.9", "another protocol", "negative length",
         "two lengths", "no chunk", "a zero"],
)  # fmt: skip
async def test_a_head_that_is_no_head(talk):
    """Row 31."""
    outcome, calls = await outcome_of(talk())
    assert_failed(outcome, BAD)
    assert calls == 2


async def test_an_answer_that_nobody_asked_for_answers_nobody():
    stray = answer(GOOD.replace(b"Song", b"Stray"))
    async with FaultServer([answer() + stray]) as server, asking(server.url) as engine:
        for _ in range(3):
            outcome = await ask(engine)
            assert (outcome.data, outcome.errors) == ({"tracks": WHOLE}, [])
    assert len(server.asked) == 3


async def test_a_cookie_is_not_kept():
    talk = [answer(set_cookie="a=b; Path=/")]
    async with FaultServer(talk) as server, asking(server.url) as engine:
        await ask(engine)
        await ask(engine)
    assert [sorted(headers) for _, headers in server.asked] == [
        ["accept", "accept-encoding", "authorization", "host", "user-agent"]
    ] * 2


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect"])
async def test_a_redirect_elsewhere_is_not_followed_and_gets_no_credential(status):
    """Row 50."""
    async with FaultServer([answer()]) as elsewhere:
        location = f"{elsewhere.url}/v1/tracks"
        outcome, calls = await outcome_of([answer(b"", status=status, location=location)])
        assert_failed(outcome, BAD, retryable=False)
        assert (calls, elsewhere.asked) == (1, [])


@pytest.mark.usefixtures("limit")
async def test_afterwards_no_connection_is_left_and_none_is_lost():
    """Whatever was given up was closed, and whatever was answered is used again."""
    talks = [[HANG], [answer()[:-5], RESET], [answer(b"x" * 9_000_000)], [answer()]]
    async with FaultServer(*talks) as server:
        async with asking(server.url) as engine:
            assert [(await ask(engine)).codes for _ in range(3)] == [[BAD] * 3, [], []]
            await server.left_with(2)  # one for tokens, one for calls
            assert len(server.asked) == 5
        await server.left_with(0)
