"""GraphQL over HTTP: one endpoint, which answers anything malformed in GraphQL's own words."""

import asyncio
import logging
import re
from collections.abc import Awaitable
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.engine import Answer, Operation, new_request_id
from api.errors import Failure, extensions, failure_of
from api.operations import Operations
from api.pages import page
from api.requests import JSON, RefusedRequestError, operations

logger = logging.getLogger("unisono.api")

GRAPHQL_JSON = "application/graphql-response+json"

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


class GraphQLEndpoint:
    """The ASGI app of one engine: POST and GET, JSON in, JSON out; a page for browsers."""

    def __init__(self, desk: Operations) -> None:
        self._operations = desk
        self._settings = desk.engine.settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        given = request.headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else new_request_id()
        try:
            response = await self._respond(request, request_id)
        except ClientDisconnect:
            logger.info("the client went away", extra={"requestId": request_id})
            return  # nobody is there to be answered
        except RefusedRequestError as error:
            failure = Failure(error.code, str(error))
            response = _refusal(request, failure, error.status, request_id)
            response.headers.update(error.headers)
        except Exception as error:
            logger.exception("request %s: unforeseen error", request_id)
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            response = _refusal(request, failure_of(error), status, request_id)
        await response(scope, receive, send)

    async def _respond(self, request: Request, request_id: str) -> Response:
        if self._settings.explore and _is_a_browser(request):
            return page("ide")
        asked = await operations(request, self._settings)
        trace = request.headers.get("x-unisono-trace") == "1"
        listed = [asked] if isinstance(asked, Operation) else asked
        work = self._operations.answer(
            listed, request_id=request_id, trace=trace, headers=request.headers
        )
        answers = await _unless_gone(request, work)
        bodies = [answer.body() for answer in answers]
        if isinstance(asked, Operation):
            return _json(request, bodies[0], _status(request, answers[0]), request_id)
        return _json(request, bodies, HTTPStatus.OK, request_id)


async def _unless_gone(request: Request, work: Awaitable[list[Answer]]) -> list[Answer]:
    """Return what the work comes to; cancel it when the client goes away meanwhile."""
    here = asyncio.current_task()
    assert here is not None  # noqa: S101  a server calls an app in a task

    def leave(gone: asyncio.Task[None]) -> None:
        if not gone.cancelled():
            here.cancel()

    gone = asyncio.ensure_future(_until_gone(request))
    gone.add_done_callback(leave)
    try:
        return await work
    except asyncio.CancelledError:
        if not gone.done() or here.uncancel():
            raise  # somebody else cancels us, at least besides
        raise ClientDisconnect from None
    finally:
        gone.remove_done_callback(leave)
        gone.cancel()


async def _until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _status(request: Request, answer: Answer) -> HTTPStatus:
    # The newer media type may say with its status that nothing was executed; in the older one
    # a 4xx would be taken for a proxy's.
    if answer.status is not None:
        return answer.status
    is_refused = answer.data is None and answer.errors and "path" not in answer.errors[0]
    if is_refused and _media_type(request) == GRAPHQL_JSON:
        return HTTPStatus.BAD_REQUEST
    return HTTPStatus.OK


def _is_a_browser(request: Request) -> bool:
    return (
        request.method == "GET"
        and "query" not in request.query_params
        and "text/html" in request.headers.get("accept", "")
    )


def _refusal(request: Request, failure: Failure, status: HTTPStatus, request_id: str) -> Response:
    error = {"message": failure.message, "extensions": extensions(failure, request_id)}
    return _json(request, {"errors": [error]}, status, request_id)


def _json(request: Request, body: Any, status: HTTPStatus, request_id: str) -> Response:
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
