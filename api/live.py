"""Live: the feed of one process as server-sent events, for the page that draws it."""

from collections.abc import AsyncIterator
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from api.operations import Operations
from loaders.feed import Feed

_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}  # nginx would collect it


async def live_events(request: Request) -> Response:
    """Answer with frames until the client goes or the server ends."""
    operations: Operations = request.app.state.operations
    feed = operations.engine.providers.feed
    if request.headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
        return PlainTextResponse("expected this site's own page\n", HTTPStatus.FORBIDDEN)
    if operations.is_ending or feed.is_full:
        return PlainTextResponse("no more watchers\n", HTTPStatus.SERVICE_UNAVAILABLE)
    await operations.engine.start()
    return StreamingResponse(_events(feed), media_type="text/event-stream", headers=_HEADERS)


async def _events(feed: Feed) -> AsyncIterator[bytes]:
    if feed.is_full:  # by now
        return
    with feed.watch() as watcher:
        async for frame in watcher:
            yield b"data: %b\n\n" % frame
