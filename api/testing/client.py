"""TestClient: the whole server in this process, the simulator behind it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Self

import msgspec

from api.app import create_app
from api.engine import Answer, Engine, Operation
from api.testing.wire import HttpAnswer, call_app
from loaders import Call, Settings, Trace
from loaders.simulator import SimCall, Simulator


@dataclass(frozen=True)
class TestAnswer(Answer):
    """An answer, and the calls of every batch that carried a key of its operation."""

    __test__ = False  # pytest takes it for a test otherwise

    trace: Trace | None = None

    @property
    def calls(self) -> list[Call]:
        """Return the calls in the order in which they came to an end."""
        return list(self.trace.calls) if self.trace else []

    def expect_calls(self, expected: Mapping[str, int]) -> None:
        """Raise AssertionError unless exactly this many calls were made, per loader.

        >>> answer.expect_calls({"spotify.tracks": 2, "spotify.artists": 1})
        """
        got = Counter(call.resource for call in self.calls)
        wrong = [
            name for name in sorted({*expected, *got}) if expected.get(name, 0) != got.get(name, 0)
        ]
        if wrong:
            parts = (
                f"{name}: expected {_calls(expected.get(name, 0))}, got {got.get(name, 0)}"
                + "".join(f"\n  {self._told(call)}" for call in self.calls if call.resource == name)
                for name in wrong
            )
            raise AssertionError("\n".join(parts))

    def _told(self, call: Call) -> str:
        keys = "1 key" if len(call.ids) == 1 else f"{len(call.ids)} keys"
        return f"{call.route} at {call.started:.3f} s: {keys}, asked by {self._asked_by(call)}"

    def _asked_by(self, call: Call) -> str:
        """Return the fields that asked for something this call brought, or may have."""
        asked = self.trace.fields.get(call.resource, {}) if self.trace else {}
        ids = set(call.ids)
        fields = [
            field for field, keys in asked.items() if any(str(_native(key)) in ids for key in keys)
        ]
        return ", ".join(fields or asked) or "another request"


class TestClient:
    """The server over the simulator; nothing leaves the process.

    >>> async with TestClient(max_ids=5, spotify={"window": 0.005}) as client:
    ...     client.simulator.fault("GET /v1/tracks", status=503)
    ...     answer = await client.execute('{ track(id: "spotify:track:...") { name } }')

    Settings are those of `loaders.Settings`; of a provider, a mapping of what differs will do.
    `calls` has every call that reached the simulator, token calls too.
    """

    __test__ = False  # pytest takes it for a test otherwise

    def __init__(self, *, simulator: Simulator | None = None, **settings: Any) -> None:
        demo = Settings.demo_settings()
        for name, value in settings.items():
            if isinstance(value, Mapping):
                settings[name] = demo.of(name).model_copy(update=dict(value))
        self.simulator = simulator or Simulator()
        self.settings = Settings.demo_settings(**settings)
        self.app = create_app(self.settings, simulator=self.simulator)
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._open.enter_async_context(self.app.router.lifespan_context(self.app))
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._open.aclose()

    @property
    def engine(self) -> Engine:
        """Return the engine that the app serves."""
        engine: Engine = self.app.state.engine
        return engine

    @property
    def calls(self) -> list[SimCall]:
        """Return every call that reached the simulator, in order."""
        return self.simulator.calls

    async def execute(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        operation_name: str | None = None,
    ) -> TestAnswer:
        """Execute a document as the server does, and keep account of who asked what."""
        context = self.engine.context(trace=True)
        operation = Operation(document, dict(variables or {}), operation_name)
        answer = await self.engine.execute(operation, context)
        return TestAnswer(
            answer.data, answer.errors, answer.extensions, answer.status, context.trace
        )

    async def post(
        self,
        json: Any = None,
        *,
        body: bytes | Iterable[bytes] | None = None,
        path: str = "/graphql",
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        """POST over HTTP: an object as JSON, or a body as it is.

        >>> answer = await client.post({"query": "{ __typename }"})
        >>> answer.status, answer.json()
        (200, {'data': {'__typename': 'Query'}})
        """
        return await call_app(
            self.app,
            "POST",
            path,
            headers={"content-type": "application/json", **(headers or {})},
            body=msgspec.json.encode(json) if body is None else body,
        )

    async def get(
        self,
        path: str = "/graphql",
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        """GET over HTTP."""
        return await call_app(self.app, "GET", path, params=params, headers=headers)


def _native(key: Any) -> Any:
    """Return what a key is called in a call's ids."""
    return getattr(key, "native", None) or getattr(key, "text", None) or key


def _calls(number: int) -> str:
    return "1 call" if number == 1 else f"{number} calls"
