"""Operations: what surrounds the execution of a request's operations.

Counted while they run, so that the server can end without cutting them off; weighed before they
begin; bounded in time; and accounted for afterwards, in one line of the log and in the metrics.
"""

import asyncio
import logging
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

from graphql import OperationDefinitionNode, get_operation_ast

from api.asked import Walks
from api.context import Context
from api.cost import NOTHING, Cost, cost_of
from api.documents import Prepared, is_remembered
from api.engine import Answer, Engine, Operation
from api.errors import Failure, extensions
from api.metrics import Metrics
from api.needs import Pace
from api.schema import GRAPHQL_SCHEMA
from loaders import Settings

if TYPE_CHECKING:
    from api.telemetry import OperationSpan, Telemetry

logger = logging.getLogger("unisono.operations")

# Seconds after the deadline. Keys keep to the deadline by themselves and leave the rest of the
# answer whole; this ends what waits for anything else.
_LATE = 1.0

# Seconds for answers to be written when all that they waited for was given up.
_WRITING = 1.0

# Documents whose fields are named from now on, because they asked for key after key.
_MOST_SUSPECTS = 100

# Characters of an operation's name that are told; a client may send any number.
_MOST_NAME = 80

_COUNTS = ("asked", "distinct", "remembered", "cached", "joined", "batches", "calls")


class Operations:
    """The operations of one engine, over HTTP.

    >>> await operations.answer([Operation("{ providers { name } }")], request_id="r1")
    [Answer(data={'providers': [{'name': 'SPOTIFY'}]}, ...)]
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.metrics = Metrics(engine.providers)
        engine.providers.observers.append(self.metrics.batch)
        self._telemetry = telemetry_if_on(engine.settings)
        if self._telemetry:
            engine.providers.observers.append(self._telemetry.batch)
        self.is_ending = False
        self._running = 0
        self._idle = asyncio.Event()
        self._suspects: dict[str, None] = {}
        self._walks = Walks()

    async def answer(
        self,
        operations: Sequence[Operation],
        *,
        request_id: str = "",
        trace: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> list[Answer]:
        """Return one answer per operation; they share their loaders, their deadline and a cost.

        `headers` may name the client's own span.
        """
        if self.is_ending:
            failure = Failure("SHUTTING_DOWN", "The server is about to stop.", None, True)
            status = HTTPStatus.SERVICE_UNAVAILABLE
            return [_refused(failure, request_id, status) for _ in operations]
        await self.engine.start()
        names_fields = trace or any(each.query in self._suspects for each in operations)
        context = self.engine.context(request_id=request_id, trace=names_fields)
        self._running += 1
        self.metrics.running.inc()
        try:
            return await self._answer(operations, context, headers or {}, trace=trace)
        finally:
            self._running -= 1
            self.metrics.running.dec()
            if not self._running:
                self._idle.set()
            self.metrics.request(context.trace)

    async def end(self, grace: float) -> None:
        """Take no more operations, let those that run finish, and close the providers.

        What runs after `grace` seconds is told SHUTTING_DOWN wherever it still waits.
        """
        self.is_ending = True
        await self._until_idle(grace)
        await self.engine.close(grace=0.0 if self._running else None)
        await self._until_idle(_WRITING)

    async def _until_idle(self, seconds: float) -> None:
        self._idle.clear()
        if self._running:
            await asyncio.wait({asyncio.ensure_future(self._idle.wait())}, timeout=seconds)

    async def _answer(
        self,
        operations: Sequence[Operation],
        context: Context,
        headers: Mapping[str, str],
        *,
        trace: bool,
    ) -> list[Answer]:
        paces = self.engine.paces()
        runs = []
        for operation in operations:
            prepared = self.engine.prepare(operation)
            run = _Run(operation, prepared, self._cost(operation, prepared, paces))
            if self._telemetry:
                span = self._telemetry.begin(_kind(run), _name(run), context.trace, headers)
                run = run._replace(span=span)
            runs.append(run)
            if len(operations) > 1:
                await asyncio.sleep(0)  # a long document takes 0.1 s, and others want their turn
        cost = sum((run.cost for run in runs), NOTHING)
        most = self.engine.settings.max_calls
        if cost.calls > most:
            failure = Failure("QUERY_TOO_COMPLEX", _too_many(cost, most))
            refused = _refused(failure, context.request_id, None, {"cost": cost.report(paces)})
            for run in runs:
                self._account(run, context, 0.0, refused)
            return [refused for _ in runs]
        if len(runs) == 1:  # as nearly always: then it needs no task of its own
            answers = [await self._execute(runs[0], context)]
        else:
            answers = await asyncio.gather(*(self._execute(run, context) for run in runs))
        self._look_for_single_keys(operations, context)
        # All of them share what was asked, and so what it cost and what of it is stale.
        told: dict[str, Any] = {"stale": context.trace.stale} if context.trace.stale else {}
        if trace:
            told |= {"batching": context.trace.report(), "cost": cost.report(paces)}
        return [Answer(each.data, each.errors, told, each.status) for each in answers]

    def _cost(self, operation: Operation, prepared: Prepared, paces: Mapping[str, Pace]) -> Cost:
        if prepared.errors or prepared.document is None:
            return NOTHING
        return cost_of(
            GRAPHQL_SCHEMA,
            prepared.document,
            operation.variables,
            operation.operation_name,
            paces,
            walks=self._walks if is_remembered(operation.query or "") else None,
        )

    async def _execute(self, run: "_Run", context: Context) -> Answer:
        clock = asyncio.get_running_loop().time
        began = clock()
        feed = self.engine.providers.feed
        if feed.is_watched:
            feed.begin(context.trace.number, _title(run))
        answer: Answer | None = None
        try:
            with run.span or nullcontext():
                async with asyncio.timeout_at(context.deadline + _LATE):
                    answer = await self.engine.execute(
                        run.operation, context, prepared=run.prepared
                    )
        except TimeoutError:
            failure = Failure(
                "DEADLINE_EXCEEDED", "The operation's time was over first.", None, True
            )
            status = HTTPStatus.GATEWAY_TIMEOUT
            answer = _refused(failure, context.request_id, status)
        finally:
            self._account(run, context, clock() - began, answer)
        return answer

    def _account(
        self, run: "_Run", context: Context, seconds: float, answer: Answer | None
    ) -> None:
        """Write the operation's one line, and count it; no answer means that nobody waited."""
        kind, outcome = _kind(run), _outcome(answer)
        codes = sorted({error["extensions"]["code"] for error in answer.errors}) if answer else []
        self.metrics.operation(kind, outcome, seconds)
        if run.span:
            run.span.end(context.request_id, outcome, codes)
        feed = self.engine.providers.feed
        if feed.is_watched:
            counts = context.trace.report()
            feed.answer(context.trace.number, _title(run), outcome, seconds, counts)
        if not logger.isEnabledFor(logging.INFO):
            return
        loaders = {
            row["loader"]: {name: row[name] for name in _COUNTS} for row in context.trace.report()
        }
        logger.info(
            "operation",
            extra={
                "requestId": context.request_id,
                "traceId": run.span and run.span.trace_id,
                "type": kind,
                "operation": _name(run),
                "outcome": outcome,
                "codes": codes,
                "seconds": round(seconds, 6),
                "cost": run.cost.calls,
                "calls": sum(row["calls"] for row in loaders.values()),
                "loaders": loaders,
            },
        )

    def _look_for_single_keys(self, operations: Sequence[Operation], context: Context) -> None:
        """Warn of loaders that were asked for one key again and again, and of who asked."""
        for name, found in context.trace.single_keys().items():
            logger.warning(
                "one key after the other: %d batches of %s carried a single key",
                found.batches,
                name,
                extra={"requestId": context.request_id, "fields": found.fields or None},
            )
            for operation in operations:
                self._suspects[operation.query or ""] = None
            while len(self._suspects) > _MOST_SUSPECTS:
                del self._suspects[next(iter(self._suspects))]


class _Run(NamedTuple):
    """An operation on its way, with what is known of it before it is executed."""

    operation: Operation
    prepared: Prepared
    cost: Cost
    span: "OperationSpan | None" = None


def telemetry_if_on(settings: Settings) -> "Telemetry | None":
    """Return what makes spans, where a tracer provider is set: whoever set one has imported it."""
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None or isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        return None
    from api.telemetry import Telemetry  # noqa: PLC0415  an extra: it may not be installed

    return Telemetry(settings)


def _chosen(run: _Run) -> OperationDefinitionNode | None:
    document = run.prepared.document
    return get_operation_ast(document, run.operation.operation_name) if document else None


def _kind(run: _Run) -> str:
    chosen = _chosen(run)
    return chosen.operation.value if chosen else "none"


def _name(run: _Run) -> str | None:
    return (run.operation.operation_name or "")[:_MOST_NAME] or None


def _title(run: _Run) -> str | None:
    """Return what the document calls the operation, whether or not the client chose it by name."""
    chosen = _chosen(run)
    return chosen.name.value if chosen and chosen.name else None


def _refused(
    failure: Failure, request_id: str, status: HTTPStatus | None, told: dict[str, Any] | None = None
) -> Answer:
    error = {"message": failure.message, "extensions": extensions(failure, request_id)}
    return Answer(None, [error], told or {}, status)


def _outcome(answer: Answer | None) -> str:
    if answer is None:
        return "gone"
    if answer.data is None:
        return "refused"
    if not answer.errors:
        return "ok"
    return "failed" if all(value is None for value in answer.data.values()) else "partial"


def _too_many(cost: Cost, most: int) -> str:
    parts = sorted(cost.loaders.items(), key=lambda item: -item[1])
    told = ", ".join(f"{name} {calls:,}" for name, calls in parts[:5])
    return (
        f"Expected a request that can cause at most {most:,} upstream calls, "
        f"got up to {cost.calls:,}: {told}."
    )
