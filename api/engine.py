"""Engine: one operation in, one answer out; for HTTP, the command line and the test kit."""

import asyncio
import math
import random
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Self

import msgspec
from graphql import ExecutionResult, execute
from strawberry.execution import optimized_is_awaitable

from api.columns import ColumnExecutor
from api.context import Context
from api.documents import Prepared, prepare
from api.errors import formatted
from api.execution import Executor
from api.needs import Pace
from api.schema import GRAPHQL_SCHEMA
from loaders import Providers, ProviderStatus, Settings, Trace
from loaders.http import ASGIApp


class Operation(msgspec.Struct, frozen=True, rename="camel"):
    """What a client asks, as GraphQL over HTTP writes it."""

    query: str | None = None
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None


@dataclass(frozen=True)
class Answer:
    """What a client gets. `data` is None when the operation was refused before it was executed.

    `status` is the HTTP status, where it is not the one that follows from the rest.
    """

    data: dict[str, Any] | None
    errors: list[dict[str, Any]] = field(default_factory=list)
    extensions: dict[str, Any] = field(default_factory=dict)
    status: HTTPStatus | None = None

    def body(self) -> dict[str, Any]:
        """Return the response as GraphQL writes it: only what is there."""
        body: dict[str, Any] = {}
        if self.errors:
            body["errors"] = self.errors
        if self.data is not None:
            body["data"] = self.data
        if self.extensions:
            body["extensions"] = self.extensions
        return body


# Seeded by the system once: asking it for each request takes a call of its own.
_dice = random.Random()  # noqa: S311  nothing is secret about a request's id


def new_request_id() -> str:
    """Return an id that nobody had before."""
    return f"{_dice.getrandbits(64):016x}"


class Engine:
    """Executes operations against the providers, which it opens and closes.

    >>> async with Engine(Settings()) as engine:
    ...     answer = await engine.execute(Operation('{ track(id: "...") { name } }'))
    """

    def __init__(self, settings: Settings, *, simulator: ASGIApp | None = None) -> None:
        self.settings = settings
        self.providers = Providers(settings, simulator=simulator)
        self._is_started = False
        self._executor_class = ColumnExecutor if settings.columns else Executor

    async def start(self) -> None:
        """Open the providers, unless they are open."""
        if not self._is_started:
            self._is_started = True  # first, so that of two first requests one starts them
            await self.providers.start()

    async def close(self, *, grace: float | None = None) -> None:
        """Finish what waits, within `grace` seconds where given, and close the providers."""
        if self._is_started:
            self._is_started = False
            await self.providers.close(grace=grace)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    def statuses(self) -> list[ProviderStatus]:
        """Return how each provider stands."""
        return self.providers.statuses()

    def paces(self) -> dict[str, Pace]:
        """Return what each provider that is on takes at present."""
        return {
            name: Pace(
                {resource: each.batch_size for resource, each in provider.resources.items()},
                provider.gate.rate,
                provider.parts,
            )
            for name, provider in self.providers.on.items()
        }

    def context(
        self, *, request_id: str = "", trace: bool = False, background: bool = False
    ) -> Context:
        """Return the context of a request; with `trace` it notes which field asked what.

        The operations of one request may share it, and with it the loaders and what they remember.
        One in the background lets others go first, and takes the time that it takes.
        """
        now = asyncio.get_running_loop().time()
        deadline = None if background else now + self.settings.deadline
        account = Trace(fields=trace, feed=self.providers.feed)
        return Context(
            loaders=self.providers.loaders(trace=account, deadline=deadline, background=background),
            trace=account,
            request_id=request_id or new_request_id(),
            deadline=math.inf if deadline is None else deadline,
            settings=self.settings,
            providers=self.providers,
            names_fields=trace,
        )

    def prepare(self, operation: Operation) -> Prepared:
        """Return an operation's document, measured and validated."""
        return prepare(GRAPHQL_SCHEMA, operation.query or "", explore=self.settings.explore)

    async def execute(
        self,
        operation: Operation,
        context: Context | None = None,
        *,
        prepared: Prepared | None = None,
    ) -> Answer:
        """Return the answer to an operation; whatever is wrong with it stands in `errors`."""
        context = context or self.context()
        prepared = prepared or self.prepare(operation)
        if prepared.errors or prepared.document is None:
            return Answer(None, formatted(prepared.errors, context.request_id, code=prepared.code))
        result = execute(
            GRAPHQL_SCHEMA,
            prepared.document,
            context_value=context,
            variable_values=operation.variables,
            operation_name=operation.operation_name,
            executor_class=self._executor_class,
            is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]  # told as bool, is a guard
            hide_suggestions=not self.settings.explore,
        )
        if not isinstance(result, ExecutionResult):
            result = await result
        return Answer(
            result.data,
            formatted(result.errors or (), context.request_id),
            _told(context),
        )


def _told(context: Context) -> dict[str, Any]:
    """Return the extensions of an answer: always what is stale in it, on demand what it cost."""
    told: dict[str, Any] = {}
    if context.trace.stale:
        told["stale"] = context.trace.stale
    if context.names_fields:
        told["batching"] = context.trace.report()
    return told
