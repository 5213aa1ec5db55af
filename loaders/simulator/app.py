"""The simulator: an ASGI app that answers as the providers do, counts, and fails when told to.

The way of a call: find its route, write it down, let latency pass, meet its fault, pass the
provider's door, be answered. Nothing here waits except for latency, so it runs on any event loop.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from loaders.simulator.calls import Ledger, SimCall
from loaders.simulator.catalogue import SEED, catalogue_of
from loaders.simulator.coverart import CoverArt
from loaders.simulator.deezer import Deezer
from loaders.simulator.faults import ANY_ROUTE, Fault, FaultOrder, HungUp, wait
from loaders.simulator.listenbrainz import ListenBrainz
from loaders.simulator.musicbrainz import MusicBrainz
from loaders.simulator.pages import front_page, tell
from loaders.simulator.spotify import Spotify
from loaders.simulator.wikidata import Wikidata
from loaders.simulator.wire import (
    Answer,
    Provider,
    Receive,
    RefusedError,
    Request,
    Route,
    Scope,
    Send,
    json_answer,
    read_request,
    send_answer,
)


class Simulator:
    """Every provider on one port, over one invented catalogue.

    >>> simulator = Simulator()
    >>> fault = simulator.fault("GET /v1/tracks", status=503, times=2)
    >>> simulator.spotify.development_mode = True

    `latency` is the usual seconds of every call, `faults` are those that still happen. `clock`
    returns seconds, the event loop's if it is None.
    """

    def __init__(self, *, seed: int = SEED, clock: Callable[[], float] | None = None) -> None:
        self.catalogue = catalogue_of(seed)
        self.latency = 0.0
        self.faults: list[Fault] = []
        self._ledger = Ledger()
        self._clock = clock
        self.spotify = Spotify(self.catalogue, self.now)
        self.musicbrainz = MusicBrainz(self.catalogue, self.now)
        self.deezer = Deezer(self.catalogue, self.now)
        self.listenbrainz = ListenBrainz(self.catalogue, self.now)
        self.wikidata = Wikidata(self.catalogue)
        self.coverart = CoverArt(self.catalogue)
        self.providers: dict[str, Provider] = {
            "spotify": self.spotify,
            "musicbrainz": self.musicbrainz,
            "deezer": self.deezer,
            "listenbrainz": self.listenbrainz,
            "wikidata": self.wikidata,
            "coverart": self.coverart,
        }

    @property
    def calls(self) -> list[SimCall]:
        """Return the calls that came, in order."""
        return self._ledger.calls

    def now(self) -> float:
        """Return the seconds of the clock."""
        return self._clock() if self._clock else asyncio.get_running_loop().time()

    def fault(
        self,
        route: str,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        latency: float | None = None,
        times: int | None = None,
        hang_up: bool = False,
    ) -> Fault:
        """Make a route fail, "*" any; of several faults the one set first happens until it is over.

        >>> simulator = Simulator()
        >>> fault = simulator.fault("GET /v1/tracks", status=429, headers={"retry-after": "2"})
        >>> fault = simulator.fault("GET /v1/albums", body='{"albums": [')
        >>> fault = simulator.fault("POST /api/token", latency=5.0)
        >>> simulator.faults.remove(fault)
        """
        names = [route.name for provider in self.providers.values() for route in provider.routes]
        if route not in {*names, ANY_ROUTE}:
            raise ValueError(f"route: expected '*' or one of {', '.join(names)}, got {route!r}")
        fault = Fault(route, status, headers, body, latency, times, hang_up)
        self.faults.append(fault)
        return fault

    def reset(self) -> None:
        """Forget calls and faults; what was set on the simulator and its tokens stay."""
        self._ledger.forget()
        self.faults.clear()
        for provider in self.providers.values():
            provider.forget()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI connection."""
        match scope["type"]:
            case "http":
                await self._serve(scope, receive, send)
            case "lifespan":
                await _live(receive, send)
            case "websocket":
                await receive()
                await send({"type": "websocket.close"})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            request = await read_request(scope, receive)
        except ValueError as error:
            answer = json_answer({"error": str(error)}, 413)
        else:
            try:
                answer = await self._answer(request)
            except HungUp:
                # Over a socket, what has begun and does not go on is a line that broke.
                head = {"type": "http.response.start", "status": 200}
                await send({**head, "headers": [(b"content-length", b"1")]})
                raise
        await send_answer(send, answer)

    async def _answer(self, request: Request) -> Answer:
        control = self._control(request)
        if control is not None:
            return control
        allowed = []
        for provider in self.providers.values():
            for route in provider.routes:
                found = route.pattern.fullmatch(request.path)
                if found is None:
                    continue
                if route.method == request.method:
                    return await self._call(provider, route, request, found[1])
                allowed.append(route.method)
        return self._turn_away(request, allowed)

    async def _call(
        self, provider: Provider, route: Route, request: Request, native: str
    ) -> Answer:
        call = SimCall(
            self.now(),
            route.name,
            route.ids(request, native),
            # A form may hold a secret: of it only what names the grant is kept.
            request.params if route.method == "GET" else _grant(request),
            None if route.is_open else provider.token_ok(request),
        )
        self._ledger.write_down(call)
        refusal = provider.arrive(request)
        fault = self._fault_of(route)
        await wait(self.latency if fault is None or fault.latency is None else fault.latency)
        if fault is not None and not fault.is_delay:
            answer = fault.answer(provider.error(fault.status or 200, is_open=route.is_open))
        else:
            answer = refusal or self._usual_answer(provider, route, request, native)
        self._ledger.settle(call, answer.status)
        return answer

    def _usual_answer(
        self, provider: Provider, route: Route, request: Request, native: str
    ) -> Answer:
        refusal = None if route.is_open else provider.refuse(request)
        if refusal is not None:
            return refusal
        try:
            return route.answer(request, native)
        except RefusedError as refused:
            return refused.answer

    def _turn_away(self, request: Request, allowed: list[str]) -> Answer:
        first = request.path.split("/")[1]
        owners: dict[str, Provider] = {
            "ws": self.musicbrainz,
            "1": self.listenbrainz,
            "w": self.wikidata,
            "release": self.coverart,
        }
        owners |= dict.fromkeys(("track", "artist", "album", "search"), self.deezer)
        answer = owners.get(first, self.spotify).error(405 if allowed else 404, is_open=False)
        call = SimCall(self.now(), "unknown", (request.path[:200],), request.params, None)
        self._ledger.write_down(call)
        self._ledger.settle(call, answer.status)
        if not allowed:
            return answer
        return Answer(answer.status, answer.body, {"allow": ", ".join(allowed)})

    def _fault_of(self, route: Route) -> Fault | None:
        for fault in self.faults:
            if fault.route in {route.name, ANY_ROUTE}:
                fault.strike()
                if fault.is_over:
                    self.faults.remove(fault)
                return fault
        return None

    # The simulator's own routes

    def _control(self, request: Request) -> Answer | None:
        match f"{request.method} {request.path}":
            case "GET /":
                return self._front(request)
            case "GET /_stats":
                return json_answer(self._stats())
            case "POST /_fault":
                return self._set_fault(request)
            case "POST /_reset":
                self.reset()
                return json_answer({"reset": True})
        return None

    def _front(self, request: Request) -> Answer:
        told = tell(self.catalogue, self.providers, request.origin)
        if "text/html" not in request.headers.get("accept", ""):
            return json_answer(told)
        page = front_page(told, request.origin)
        return Answer(200, page, content_type="text/html; charset=utf-8")

    def _stats(self) -> dict[str, Any]:
        return {
            "routes": self._ledger.counts,
            "tokens": len(self.spotify.tokens.issued),
            "faults": [{"route": fault.route, "times": fault.times} for fault in self.faults],
            "calls": self.calls,
        }

    def _set_fault(self, request: Request) -> Answer:
        try:
            order = msgspec.json.decode(request.body, type=FaultOrder)
            self.fault(**{name: getattr(order, name) for name in FaultOrder.__struct_fields__})
        except (msgspec.DecodeError, ValueError) as error:
            return json_answer({"error": str(error)}, 400)
        return json_answer({"set": order})


def _grant(request: Request) -> dict[str, str]:
    return {name: value for name, value in request.form.items() if name == "grant_type"}


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
