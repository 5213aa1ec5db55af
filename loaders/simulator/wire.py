"""HTTP as the simulated providers see it: a request, a route, an answer; ASGI at the edges."""

import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol
from urllib.parse import parse_qsl

import msgspec

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# Longer than anything a client of ours has reason to send.
_MOST_BODY_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Request:
    """What was asked.

    Header names are lower case; `origin` is where the client reached us, `address` where it is
    itself, `target` path and query as they were sent.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    origin: str
    body: bytes = b""
    address: str = ""
    target: str = ""

    @cached_property
    def params(self) -> dict[str, str]:
        """Return the query parameters; of a repeated one the last."""
        return dict(self.query)

    @cached_property
    def form(self) -> dict[str, str]:
        """Return the fields of a form body; of a repeated one the last."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(frozen=True)
class Answer:
    """What is said."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=utf-8"


class RefusedError(Exception):
    """A provider refuses a request; `answer` says why."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer)
        self.answer = answer


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """Return an answer whose body is a value as JSON."""
    return Answer(status, msgspec.json.encode(value), headers or {})


@dataclass(frozen=True)
class Route:
    """A method and a path, in which `{id}` stands for one segment.

    `ids` says which ids a request asks for; `is_open` whether it needs no token.
    """

    name: str
    answer: Callable[[Request, str], Answer]
    ids: Callable[[Request, str], tuple[str, ...]] = lambda _, native: (native,) if native else ()
    is_open: bool = False

    @cached_property
    def method(self) -> str:
        """Return the method."""
        return self.name.partition(" ")[0]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Return what a path must match; the group is the id, where there is one."""
        before, _, after = self.name.partition(" ")[2].partition("{id}")
        middle = "([^/]+)" if "{id}" in self.name else "()"
        return re.compile(f"{re.escape(before)}{middle}{re.escape(after)}", re.DOTALL)


class Provider(Protocol):
    """What the simulator needs to know of one provider."""

    routes: tuple[Route, ...]

    def token_ok(self, request: Request) -> bool:
        """Tell whether a request carries a token that holds."""

    def arrive(self, request: Request) -> Answer | None:
        """Count a request when it comes; return what to say to one that comes too soon or wrong."""

    def refuse(self, request: Request) -> Answer | None:
        """Return the answer for a request that may not come in, None if it may."""

    def error(self, status: int, *, is_open: bool) -> Answer:
        """Return how the provider says that something went wrong, on an open route or behind."""

    def forget(self) -> None:
        """Forget what was counted."""


async def read_request(scope: Scope, receive: Receive) -> Request:
    """Return the request of an ASGI scope; raise ValueError if its body is too long."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    host, port = scope.get("server") or ("simulator.invalid", 80)
    address, _ = scope.get("client") or ("", 0)
    query = scope["query_string"].decode("latin-1")
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    body = b""
    if scope["method"] != "GET":
        body = await _read_body(receive)
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=tuple(parse_qsl(query, keep_blank_values=True)),
        headers=headers,
        origin=f"{scope.get('scheme', 'http')}://{headers.get('host') or f'{host}:{port}'}",
        body=body,
        address=address,
        target=f"{path}?{query}" if query else path,
    )


async def send_answer(send: Send, answer: Answer) -> None:
    """Send an answer, whole."""
    headers = {
        "content-type": answer.content_type,
        "content-length": str(len(answer.body)),
        **{name.lower(): value for name, value in answer.headers.items()},
    }
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
    await send({"type": "http.response.body", "body": answer.body})


async def _read_body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        part: bytes = message.get("body", b"")
        body += part
        if len(body) > _MOST_BODY_BYTES:
            raise ValueError(f"expected a body of at most {_MOST_BODY_BYTES:,} bytes, got more")
        if not message.get("more_body", False):
            return body
