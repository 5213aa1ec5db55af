"""Requests: the bytes of an HTTP request -> the operations it asks for, or why it is refused."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import msgspec
from graphql import OperationType, get_operation_ast
from starlette.requests import Request

from api.documents import prepare
from api.engine import Operation
from api.schema import GRAPHQL_SCHEMA
from loaders import Settings

MOST_BODY = 2_000_000  # bytes; Apollo Router's default
BODY_SECONDS = 10.0  # 2 MB at 1.6 Mbit/s; a client that drips its body holds a connection no longer
MOST_LEVELS = (
    100  # of JSON; no argument here has more than two, and Pythons differ in what they take
)

JSON = "application/json"

_decode_operation = msgspec.json.Decoder(Operation).decode
_decode_list = msgspec.json.Decoder(list[Operation]).decode
_decode_object = msgspec.json.Decoder(dict[str, Any] | None).decode


class RefusedRequestError(Exception):
    """A request that is not a GraphQL request; answered with its status and a GraphQL error."""

    def __init__(
        self, status: HTTPStatus, message: str, *, code: str = "BAD_USER_INPUT", **headers: str
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


async def operations(request: Request, settings: Settings) -> Operation | list[Operation]:
    """Return the operation of a request, or the list of them; raises RefusedRequestError."""
    match request.method:
        case "POST":
            return _from_body(await _body(request), settings.max_operations)
        case "GET":
            _refuse_other_sites(request, settings)
            return _from_url(request.query_params, explore=settings.explore)
        case method:
            raise RefusedRequestError(
                HTTPStatus.METHOD_NOT_ALLOWED,
                f"expected GET or POST, got {method}",
                allow="GET, POST",
            )


def _refuse_other_sites(request: Request, settings: Settings) -> None:
    """Refuse a GET that another site's page makes a browser send: it is sent without asking us.

    A POST needs no such look: its content type makes browsers ask first (CORS).
    """
    origin = request.headers.get("origin", "")
    if "*" in settings.cors_origins or origin in settings.cors_origins:
        return
    site = request.headers.get("sec-fetch-site", "none")
    is_ours = not origin or urlsplit(origin).netloc == request.headers.get("host")
    if site not in {"none", "same-origin"} or not is_ours:
        raise RefusedRequestError(
            HTTPStatus.FORBIDDEN,
            "expected a query of this site over GET, got one of another; POST it, "
            "from an origin in UNISONO_CORS_ORIGINS",
        )


async def _body(request: Request) -> bytes:
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.lower().replace(" ", "").replace('"', "")
    if media_type.strip().lower() != JSON or charset not in {"", "charset=utf-8"}:
        raise RefusedRequestError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"content-type: expected {JSON} in UTF-8"
        )
    if request.headers.get("content-encoding", "identity") != "identity":
        raise RefusedRequestError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "content-encoding: expected none",
            accept_encoding="identity",
        )
    too_large = RefusedRequestError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body: expected at most {MOST_BODY} bytes"
    )
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > MOST_BODY:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MOST_BODY:
                    raise too_large
    except TimeoutError:
        raise RefusedRequestError(
            HTTPStatus.REQUEST_TIMEOUT,
            f"the body: expected it within {BODY_SECONDS:g} s",
            connection="close",
        ) from None
    return bytes(body)


def _from_body(body: bytes, most: int) -> Operation | list[Operation]:
    if not body.lstrip().startswith(b"["):
        operation: Operation = _decoded(_decode_operation, body, "the body: expected a JSON object")
        _refuse_nothing(operation)
        return operation
    expected = f"the body: expected a JSON object or a list of 1 to {most}"
    listed: list[Operation] = _decoded(_decode_list, body, expected)
    if not 1 <= len(listed) <= most:
        raise RefusedRequestError(HTTPStatus.BAD_REQUEST, f"{expected}; got {len(listed)}")
    for operation in listed:
        _refuse_nothing(operation)
    return listed


def _from_url(parameters: Mapping[str, str], *, explore: bool) -> Operation:
    given = {
        name: _decoded(
            _decode_object, parameters.get(name) or "null", f"{name}: expected a JSON object"
        )
        for name in ("variables", "extensions")
    }
    operation = Operation(
        parameters.get("query"),
        given["variables"],
        parameters.get("operationName") or None,
        given["extensions"],
    )
    _refuse_nothing(operation)
    document = prepare(GRAPHQL_SCHEMA, operation.query or "", explore=explore).document
    chosen = document and get_operation_ast(document, operation.operation_name)
    if chosen and chosen.operation is not OperationType.QUERY:
        raise RefusedRequestError(
            HTTPStatus.METHOD_NOT_ALLOWED,
            f"expected a query over GET, got a {chosen.operation.value}",
            allow="POST",
        )
    return operation


def _decoded(decode: Any, given: bytes | str, expected: str) -> Any:
    try:
        # As text: in bytes, invalid UTF-8 passes where nobody looks.
        text = given.decode() if isinstance(given, bytes) else given
        decoded = decode(text)
    except UnicodeDecodeError:
        reason = "not UTF-8"
    except RecursionError:
        reason = "nested too deeply"
    except msgspec.DecodeError as error:
        reason = str(error)
    else:
        if text.count("[") + text.count("{") <= MOST_LEVELS or not _is_too_deep(decoded):
            return decoded
        reason = "nested too deeply"
    raise RefusedRequestError(HTTPStatus.BAD_REQUEST, f"{expected}; {reason}")


def _is_too_deep(decoded: Any) -> bool:
    level = [
        value
        for each in (decoded if isinstance(decoded, list) else [decoded])
        for value in ([each.variables, each.extensions] if isinstance(each, Operation) else [each])
    ]
    for _ in range(MOST_LEVELS):
        level = [
            below
            for value in level
            if isinstance(value, list | dict)
            for below in (value if isinstance(value, list) else value.values())
        ]
    return bool(level)


def _refuse_nothing(operation: Operation) -> None:
    if operation.query is None:
        raise RefusedRequestError(HTTPStatus.BAD_REQUEST, "query: expected a document, got nothing")
