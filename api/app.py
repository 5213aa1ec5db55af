"""The app: what is served, mounted or tested."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from api.engine import Engine
from api.http import GraphQLEndpoint
from api.live import live_events
from api.operations import Operations
from api.pages import Parts, page
from loaders import Settings
from loaders.http import ASGIApp
from loaders.simulator import Simulator

# Seconds that a call of the demo takes, so that it shows what batches are worth: about what a
# provider takes across the internet.
DEMO_LATENCY = 0.08


def create_app(settings: Settings | None = None, *, simulator: ASGIApp | None = None) -> Starlette:
    """Return the ASGI app; the settings come from the environment when none are given.

    Its lifespan opens and closes the providers. Mounted under another app, whose lifespan does not
    reach it, it opens them at the first request; `app.state.engine.close()` closes them.

    >>> uvicorn.run(create_app())
    >>> Starlette(routes=[Mount("/music", create_app(settings))])
    """
    settings = settings or Settings()
    if settings.demo and simulator is None:
        simulator = Simulator()
        simulator.latency = DEMO_LATENCY
    engine = Engine(settings, simulator=simulator)
    operations = Operations(engine)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, Any]]:
        async with engine:
            yield {"operations": operations}

    app = Starlette(
        routes=[
            *_pages(settings),
            Route("/graphql", GraphQLEndpoint(operations)),
            Route("/healthz", _healthz),
            Route("/readyz", _readyz),
            Route("/metrics", _metrics),
        ],
        middleware=_middleware(settings),
        lifespan=lifespan,
    )
    app.state.engine = engine
    app.state.operations = operations
    return app


def _middleware(settings: Settings) -> list[Middleware]:
    if not settings.cors_origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["content-type", "x-request-id", "x-unisono-trace"],
            expose_headers=["x-request-id"],
        )
    ]


def _pages(settings: Settings) -> list[BaseRoute]:
    routes: list[BaseRoute] = []
    if settings.explore:
        routes += [Route("/", _home), Route("/live", _live if settings.live else _no_live)]
    if settings.live:
        routes += [Route("/live", _live), Route("/live/events", live_events)]
    return [*routes, Mount("/pages", Parts())] if routes else []


async def _home(_request: Request) -> Response:
    return page("home")


async def _live(_request: Request) -> Response:
    return page("live")


async def _no_live(_request: Request) -> Response:
    return PlainTextResponse(
        "This server does not show its batches; with UNISONO_LIVE=true it would.\n",
        HTTPStatus.NOT_FOUND,
    )


async def _healthz(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _readyz(request: Request) -> Response:
    """Say whether queries are served; a provider that is off or on hold does not change that."""
    operations: Operations = request.app.state.operations
    engine = operations.engine
    if operations.is_ending:
        return JSONResponse({"status": "ending"}, HTTPStatus.SERVICE_UNAVAILABLE)
    await engine.start()
    providers = [
        {"name": status.name, "on": status.on, "reason": status.reason, "hold": status.hold}
        for status in engine.statuses()
    ]
    return JSONResponse({"status": "ready", "providers": providers}, HTTPStatus.OK)


async def _metrics(request: Request) -> Response:
    operations: Operations = request.app.state.operations
    return operations.metrics.response()
