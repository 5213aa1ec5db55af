"""HTTP: what is sent, what comes back, and what every fault is called."""

import asyncio
import gzip
import ssl
from contextlib import suppress
from http import HTTPStatus

import httpx
import pytest

from loaders.calls import BatchCalls, Call, calls_of_batch
from loaders.errors import (
    BadResponseError,
    InvalidIdError,
    UnavailableError,
    UpstreamTimeoutError,
)
from loaders.http import MOST_BYTES, Answer, Http, in_process, user_agent
from loaders.statuses import error_of, retry_after

TOO_LONG = b"x" * (MOST_BYTES + 1)
CUT_SHORT = gzip.compress(b"[1]")[:-9]


class App:
    """An ASGI app that answers as told and remembers what it was asked."""

    def __init__(self, body=b"{}", *, status=200, headers=(), latency=0.0, error=None):
        self.body, self.status, self.headers = body, status, headers
        self.latency, self.error = latency, error
        self.asked = []

    async def __call__(self, scope, receive, send):
        content = (await receive())["body"]
        query = scope["query_string"].decode()
        self.asked.append((scope["method"], scope["raw_path"].decode(), query, content))
        self.sent = {name.decode(): value.decode() for name, value in scope["headers"]}
        await asyncio.sleep(self.latency)
        if self.error:
            raise self.error
        headers = [(name.encode(), value.encode()) for name, value in self.headers]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def http(app, **options):
    return Http("spotify", "http://up.invalid/v1", transport=in_process(app), **options)


async def test_an_answer_has_its_status_headers_and_body():
    app = App(b"[1]", status=418, headers=[("X-A", "b")])
    answer = await http(app).get("/tracks")
    assert (answer.status, answer.headers["x-a"], answer.body) == (418, "b", b"[1]")
    assert app.asked == [("GET", "/v1/tracks", "", b"")]


async def test_ids_are_encoded_and_commas_kept():
    app = App()
    await http(app).get("/a/{id}", fill={"id": "x/y?z\r\n#é"}, params={"ids": "a,b", "q": "c d&e"})
    assert app.asked == [("GET", "/v1/a/x%2Fy%3Fz%0D%0A%23%C3%A9", "ids=a,b&q=c%20d%26e", b"")]


@pytest.mark.parametrize("base", ["http://up.invalid/v1", "https://[::1]:8443", 'http://u/a"b'])
async def test_a_url_is_the_one_that_httpx_would_make_of_its_text(base):
    sent = []

    class Wire(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request):
            sent.append(request.url)
            return httpx.Response(200, stream=httpx.ByteStream(b""))

    up = Http("spotify", base, transport=Wire())
    await up.get("/a/{id}/b", fill={"id": "x/y?z\r\n#é%"}, params={"ids": "a,b", "q": "c d&e=é'[%"})
    await up.get("/a")
    assert list(map(str, sent)) == [str(httpx.URL(str(url))) for url in sent]
    assert sent == [httpx.URL(str(url)) for url in sent]
    assert [url.host for url in sent] == [httpx.URL(base).host] * 2


@pytest.mark.parametrize("native", ["", ".", ".."])
async def test_what_would_change_the_path_is_never_sent(native):
    app = App()
    with pytest.raises(InvalidIdError):
        await http(app).get("/a/{id}", fill={"id": native})
    assert app.asked == []


@pytest.mark.parametrize("where", ["fill", "params"])
async def test_text_that_no_url_can_hold_is_never_sent(where):
    app = App()
    with pytest.raises(InvalidIdError) as caught:
        await http(app).get("/a/{id}", **{"fill": {"id": "b"}, where: {"id": "x\ud800"}})
    assert str(caught.value) == r"expected text that UTF-8 can write, got 'x\ud800'"
    assert app.asked == []


async def test_the_usual_headers_are_sent_and_those_of_the_call_too():
    app = App()
    await http(app, headers={"user-agent": "me"}).get("/a", headers={"authorization": "Bearer t"})
    assert app.sent == {
        "host": "up.invalid",
        "accept": "application/json",
        "accept-encoding": "gzip",
        "user-agent": "me",
        "authorization": "Bearer t",
    }


async def test_a_form_is_posted_to_the_base_url_itself():
    app = App()
    await http(app).post_form({"grant_type": "client_credentials"})
    assert app.asked == [("POST", "/v1", "", b"grant_type=client_credentials")]
    assert app.sent["content-type"] == "application/x-www-form-urlencoded"


async def test_a_question_is_posted_as_json_and_told_to_its_batch():
    app = App()
    batch = BatchCalls("listenbrainz.listens")
    token = calls_of_batch.set(batch)
    try:
        await http(app).post("/popularity", {"ids": ["a", "b"]}, ids=["a", "b"])
    finally:
        calls_of_batch.reset(token)
    assert app.asked == [("POST", "/v1/popularity", "", b'{"ids":["a","b"]}')]
    assert app.sent["content-type"] == "application/json"
    assert [(call.route, call.ids) for call in batch.calls] == [("POST /v1/popularity", ("a", "b"))]


async def test_redirects_are_answers_like_any_other():
    app = App(status=301, headers=[("location", "http://elsewhere.invalid/")])
    assert (await http(app).get("/a")).status == 301
    assert len(app.asked) == 1


async def test_a_packed_answer_is_unpacked():
    app = App(gzip.compress(b"[1]"), headers=[("content-encoding", "gzip")])
    assert (await http(app).get("/a")).body == b"[1]"


@pytest.mark.parametrize(
    ("body", "packing", "message", "retryable"),
    [
        (TOO_LONG, "identity", "expected at most 8388608 bytes, got more", False),
        (gzip.compress(TOO_LONG), "gzip", "expected at most 8388608 bytes, got more", False),
        (CUT_SHORT, "gzip", "expected a whole gzip answer, got a broken one", True),
        (b"[1]", "gzip", "expected a whole gzip answer, got a broken one", True),
        (
            gzip.compress(b"[1]") + b"\0",
            "gzip",
            "expected a whole gzip answer, got a broken one",
            True,
        ),
        (b"[1]", "br", "expected a gzip answer, got another packing", True),
    ],
)
async def test_a_body_that_is_too_long_or_broken_is_a_bad_response(
    body, packing, message, retryable
):
    app = App(body, headers=[("content-encoding", packing)])
    with pytest.raises(BadResponseError) as caught:
        await http(app).get("/a")
    assert str(caught.value) == f"spotify: {message}"
    assert caught.value.retryable is retryable


async def test_the_longest_body_is_still_taken():
    assert len((await http(App(b"x" * MOST_BYTES)).get("/a")).body) == MOST_BYTES
    packed = App(gzip.compress(b"x" * MOST_BYTES), headers=[("content-encoding", "gzip")])
    assert len((await http(packed).get("/a")).body) == MOST_BYTES


async def test_a_provider_may_have_longer_answers_than_others():
    answer = await http(App(TOO_LONG), most_bytes=len(TOO_LONG)).get("/a")
    assert len(answer.body) == len(TOO_LONG)
    with pytest.raises(BadResponseError, match="at most 3 bytes"):
        await http(App(b"four"), most_bytes=3).get("/a")


async def test_a_whole_call_has_to_be_over_in_time():
    clock = asyncio.get_running_loop().time
    with pytest.raises(UpstreamTimeoutError) as caught:
        await http(App(latency=11.0)).get("/a")
    assert clock() == 10.0
    assert str(caught.value) == "spotify did not answer in time (TimeoutError)"
    assert caught.value.retryable is True


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (httpx.ReadTimeout("x"), UpstreamTimeoutError, "did not answer in time (ReadTimeout)"),
        (httpx.PoolTimeout("x"), UpstreamTimeoutError, "did not answer in time (PoolTimeout)"),
        (httpx.ConnectError("x"), UnavailableError, "could not be reached (ConnectError)"),
        (httpx.ReadError("x"), UnavailableError, "broke off (ReadError)"),
        (httpx.RemoteProtocolError("x"), UnavailableError, "broke off (RemoteProtocolError)"),
        (ConnectionResetError("x"), UnavailableError, "broke off (ConnectionResetError)"),
    ],
)
async def test_every_fault_of_the_network_is_an_error_of_the_provider(error, kind, words):
    with pytest.raises(kind) as caught:
        await http(App(error=error)).get("/a")
    assert (str(caught.value), caught.value.retryable) == (f"spotify {words}", True)
    assert caught.value.__cause__ is error


async def test_a_certificate_that_is_not_trusted_is_no_passing_fault():
    error = httpx.ConnectError("x")
    error.__cause__ = ssl.SSLCertVerificationError("self-signed")
    with pytest.raises(UnavailableError) as caught:
        await http(App(error=error)).get("/a")
    assert str(caught.value) == "spotify: its certificate cannot be trusted"
    assert caught.value.retryable is False


async def test_a_call_is_told_to_its_batch_however_it_ends():
    batch = BatchCalls("spotify.tracks")
    calls_of_batch.set(batch)
    await http(App(latency=0.5)).get("/a/{id}", fill={"id": "1"}, ids=["1"])
    with pytest.raises(UpstreamTimeoutError):
        await http(App(latency=11.0)).get("/a", ids=["2", "3"])
    assert batch.calls == [
        Call("spotify.tracks", "GET /v1/a/{id}", ("1",), 200, 0.0, 0.5),
        Call("spotify.tracks", "GET /v1/a", ("2", "3"), None, 0.5, 10.0, "UpstreamTimeoutError"),
    ]


def serve(talk, ask):
    """Let `talk(reader, writer)` be the server of one `ask(http)`, over a real socket."""
    talks = []

    async def accept(reader, writer):
        talks.append(asyncio.current_task())
        with suppress(asyncio.IncompleteReadError):
            await talk(reader, writer)
        writer.close()
        await writer.wait_closed()

    async def main():
        server = await asyncio.start_server(accept, "127.0.0.1")
        upstream = Http("spotify", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1")
        try:
            return await ask(upstream)
        finally:
            await upstream.close()
            server.close()
            await asyncio.gather(*talks)

    return asyncio.run(main()), len(talks)


def ask_three_times():
    async def talk(reader, writer):
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    async def ask(upstream):
        return [(await upstream.get("/a")).body for _ in range(3)]

    return serve(talk, ask)


def test_over_a_real_socket_connections_are_kept():
    assert ask_three_times() == ([b"{}"] * 3, 1)


def test_the_environment_does_not_reroute_calls(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert ask_three_times() == ([b"{}"] * 3, 1)


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        (b"", UnavailableError, "broke off (ServerDisconnectedError)"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}",
            UnavailableError,
            "broke off (ClientPayloadError)",
        ),
        (b"SSH-2.0-OpenSSH\r\n", BadResponseError, "did not answer in HTTP (ClientResponseError)"),
    ],
)
def test_over_a_real_socket_half_an_answer_is_a_fault_and_not_asked_again(said, kind, words):
    async def talk(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)

    async def ask(upstream):
        with pytest.raises(kind) as caught:
            await upstream.get("/a")
        return str(caught.value)

    assert serve(talk, ask) == (f"spotify {words}", 1)


def test_over_a_real_socket_nobody_there_is_a_fault():
    async def main():
        server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1")
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        upstream = Http("spotify", f"http://127.0.0.1:{port}/v1")
        with pytest.raises(UnavailableError) as caught:
            await upstream.get("/a")
        await upstream.close()
        return str(caught.value)

    assert asyncio.run(main()) == "spotify could not be reached (ClientConnectorError)"


def test_providers_know_us_by_name():
    name, _, contact = user_agent("me@example.org").partition(" ")
    assert name.startswith("unisono/0.")
    assert contact == "( me@example.org )"
    assert user_agent("") == name


@pytest.mark.parametrize(
    ("status", "after", "code", "message", "next_step"),
    [
        (429, "2", "RATE_LIMITED", "spotify takes no calls for 2 s", (True, 2.0)),
        (429, "", "RATE_LIMITED", "spotify takes no calls", (True, None)),
        (503, "0", "RATE_LIMITED", "spotify takes no calls for 0 s", (True, 0.0)),
        (503, "", "UNAVAILABLE", "spotify answered 503 Service Unavailable", (True, None)),
        (500, "9", "UNAVAILABLE", "spotify answered 500 Internal Server Error", (True, None)),
        (501, "", "UNAVAILABLE", "spotify answered 501 Not Implemented", (False, None)),
        (599, "", "UNAVAILABLE", "spotify answered 599", (False, None)),
        (408, "", "TIMEOUT", "spotify answered 408 Request Timeout", (True, None)),
        (401, "", "AUTH", "spotify answered 401 Unauthorized", (False, None)),
        (400, "", "REJECTED", "spotify answered 400 Bad Request", (False, None)),
        (403, "", "REJECTED", "spotify answered 403 Forbidden", (False, None)),
        (404, "", "BAD_RESPONSE", "spotify: expected 200 OK, got 404 Not Found", (False, None)),
        (413, "", "REJECTED", f"spotify answered 413 {HTTPStatus(413).phrase}", (False, None)),
        (422, "", "REJECTED", f"spotify answered 422 {HTTPStatus(422).phrase}", (False, None)),
        (204, "", "BAD_RESPONSE", "spotify: expected 200 OK, got 204 No Content", (True, None)),
        (302, "", "BAD_RESPONSE", "spotify: expected 200 OK, got 302 Found", (False, None)),
    ],
)
def test_every_status_has_its_meaning(status, after, code, message, next_step):
    error = error_of("spotify", Answer(status, {"retry-after": after}, b""))
    assert (error.code, str(error)) == (f"UPSTREAM_{code}", message)
    assert (error.retryable, error.retry_after) == next_step


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("86400", 86400.0),
        (" 7 ", 7.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 -0000", 0.0),
        ("-1", None),
        ("1.5", None),
        ("٣", None),
        ("9" * 400, None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_read_however_it_is_said(text, wait):
    assert retry_after(Answer(429, {"retry-after": text}, b"")) == wait


@pytest.mark.parametrize(
    ("after", "date", "wait"),
    [
        ("Wed, 21 Oct 2015 07:28:03 GMT", "Wed, 21 Oct 2015 07:28:00 GMT", 3.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2015 08:28:00 GMT", 0.0),
        ("Wed, 21 Oct 2015 07:28:03 GMT", "yesterday", 0.0),
        ("Wed, 21 Oct 99999999999999999999 07:28:03 GMT", "Wed, 21 Oct 2015 07:28:00 GMT", None),
        ("3, 3", "", None),  # said twice
        ("1e9", "", None),
    ],
)
def test_a_date_is_read_by_the_clock_of_who_wrote_it(after, date, wait):
    assert retry_after(Answer(429, {"retry-after": after, "date": date}, b"")) == wait
