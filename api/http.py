"""GraphQL over HTTP: one endpoint, which answers anything malformed in GraphQL's own words."""

import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from graphql import OperationType, get_operation_ast
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.documents import prepare
from api.engine import Engine, Operation, new_request_id
from api.errors import Failure, extensions, failure_of
from api.pages import query_page
from api.schema import GRAPHQL_SCHEMA

logger = logging.getLogger("unisono.api")

MOST_BODY = 2_000_000  # bytes; Apollo Router's default
MOST_LEVELS = (
    100  # of JSON; no argument here has more than two, and Pythons differ in what they take
)

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")

_decode_operation = msgspec.json.Decoder(Operation).decode
_decode_object = msgspec.json.Decoder(dict[str, Any] | None).decode


class RefusedRequestError(Exception):
    """A request that is not a GraphQL request; answered with its status and a GraphQL error."""

    def __init__(self, status: HTTPStatus, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class GraphQLEndpoint:
    """The ASGI app of one engine: POST and GET, JSON in, JSON out; a page for browsers."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        given = request.headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else new_request_id()
        try:
            response = await self._respond(request, request_id)
        except ClientDisconnect:
            return  # nobody is there to be answered
        except RefusedRequestError as error:
            failure = Failure("BAD_USER_INPUT", str(error))
            response = _refusal(request, failure, error.status, request_id)
            response.headers.update(error.headers)
        except Exception as error:
            logger.exception("request %s: unforeseen error", request_id)
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            response = _refusal(request, failure_of(error), status, request_id)
        await response(scope, receive, send)

    async def _respond(self, request: Request, request_id: str) -> Response:
        if _is_a_browser(request):
            return query_page()
        operation = await _operation(request)
        await self._engine.start()
        trace = request.headers.get("x-unisono-trace") == "1"
        context = self._engine.context(request_id=request_id, trace=trace)
        answer = await self._engine.execute(operation, context)
        # The newer media type may say with its status that nothing was executed; in the older one
        # a 4xx would be taken for a proxy's.
        is_refused = answer.data is None and _media_type(request) == GRAPHQL_JSON
        status = HTTPStatus.BAD_REQUEST if is_refused else HTTPStatus.OK
        return _json(request, answer.body(), status, request_id)


def _is_a_browser(request: Request) -> bool:
    return (
        request.method == "GET"
        and "query" not in request.query_params
        and "text/html" in request.headers.get("accept", "")
    )


async def _operation(request: Request) -> Operation:
    match request.method:
        case "POST":
            operation: Operation = _decoded(_decode_operation, await _body(request), "the body")
            _refuse_nothing(operation)
            return operation
        case "GET":
            return _from_url(request.query_params)
        case method:
            raise RefusedRequestError(
                HTTPStatus.METHOD_NOT_ALLOWED,
                f"expected GET or POST, got {method}",
                allow="GET, POST",
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
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BODY:
            raise too_large
    return bytes(body)


def _from_url(parameters: Mapping[str, str]) -> Operation:
    operation = Operation(
        parameters.get("query"),
        _decoded(_decode_object, parameters.get("variables") or "null", "variables"),
        parameters.get("operationName") or None,
        _decoded(_decode_object, parameters.get("extensions") or "null", "extensions"),
    )
    _refuse_nothing(operation)
    document = prepare(GRAPHQL_SCHEMA, operation.query or "").document
    chosen = document and get_operation_ast(document, operation.operation_name)
    if chosen and chosen.operation is not OperationType.QUERY:
        raise RefusedRequestError(
            HTTPStatus.METHOD_NOT_ALLOWED,
            f"expected a query over GET, got a {chosen.operation.value}",
            allow="POST",
        )
    return operation


def _decoded(decode: Any, given: bytes | str, what: str) -> Any:
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
    raise RefusedRequestError(HTTPStatus.BAD_REQUEST, f"{what}: expected a JSON object; {reason}")


def _is_too_deep(decoded: Any) -> bool:
    level = [decoded.variables, decoded.extensions] if isinstance(decoded, Operation) else [decoded]
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


def _refusal(request: Request, failure: Failure, status: HTTPStatus, request_id: str) -> Response:
    error = {"message": failure.message, "extensions": extensions(failure, request_id)}
    return _json(request, {"errors": [error]}, status, request_id)


def _json(request: Request, body: dict[str, Any], status: HTTPStatus, request_id: str) -> Response:
    return Response(
        msgspec.json.encode(body),
        status,
        {
            "content-type": f"{_media_type(request)}; charset=utf-8",
            "cache-control": "no-store",
            "vary": "Accept",
            "x-request-id": request_id,
        },
    )


def _media_type(request: Request) -> str:
    return GRAPHQL_JSON if GRAPHQL_JSON in request.headers.get("accept", "") else JSON
