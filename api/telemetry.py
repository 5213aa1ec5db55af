"""Telemetry: OpenTelemetry's spans of operations, batches and calls.

An operation is a SERVER span, as the conventions for GraphQL have it. A batch serves many
operations, so it has a link to each that waits for it; a trace must hang it somewhere, and that is
under the first of them that is sampled. The calls of a batch are CLIENT spans under it.

No id, variable or document is in a span, and no provider is told of one. This is the one file that
imports opentelemetry; `telemetry_if_on` in `api.operations` says when it is imported itself.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from itertools import count
from typing import NamedTuple
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from opentelemetry.context import Context, attach, detach
from opentelemetry.propagate import extract
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    format_trace_id,
    get_current_span,
    get_tracer,
    set_span_in_context,
)

from batching import BatchEvent
from loaders import Call, Settings, Trace, trace_of

# What the client got wrong, and the server right.
_CLIENTS_FAULTS = {
    "BAD_USER_INPUT",
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "QUERY_TOO_COMPLEX",
}

_PORTS = {"http": 80, "https": 443}

_FIRST_FAILING_STATUS = 400  # of HTTP; OpenTelemetry's, for clients


class _Waiting(NamedTuple):
    """An operation's place among those begun, and its span as others refer to it."""

    number: int
    span: SpanContext


class Telemetry:
    """The spans of one server, for the tracer provider that is set."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._tracer = get_tracer("unisono", version("unisono"))
        self._numbers = count()
        # A request's trace is the scope of all it asks: by it a batch finds those that wait.
        self._waiting: WeakKeyDictionary[Trace, list[_Waiting]] = WeakKeyDictionary()

    def begin(
        self, kind: str, name: str | None, account: Trace, headers: Mapping[str, str]
    ) -> "OperationSpan":
        """Begin an operation's span, under the span that is current or else the client's own."""
        is_inside = get_current_span().get_span_context().is_valid
        attributes = {} if kind == "none" else {"graphql.operation.type": kind}
        if name:
            attributes["graphql.operation.name"] = name
        span = self._tracer.start_span(
            "GraphQL Operation" if kind == "none" else kind,
            None if is_inside else extract(headers),
            SpanKind.SERVER,
            attributes,
        )
        waiting = _Waiting(next(self._numbers), span.get_span_context())
        self._waiting.setdefault(account, []).append(waiting)
        return OperationSpan(span)

    def batch(self, event: BatchEvent, calls: Sequence[Call]) -> None:
        """Make the spans of a batch that has come to an end, and of its calls."""
        waiting = sorted(
            each
            for scope in event.scopes
            if (trace := trace_of(scope))
            for each in self._waiting.get(trace, ())
        )
        spans = [each.span for each in waiting]
        above = next((span for span in spans if span.trace_flags.sampled), (*spans, None)[0])
        provider, _, resource = event.name.partition(".")
        at = _wall_clock()
        end = asyncio.get_running_loop().time()
        span = self._tracer.start_span(
            f"batch {event.name}",
            _under(above),
            SpanKind.INTERNAL,
            {
                "unisono.batch.provider": provider,
                "unisono.batch.resource": resource,
                "unisono.batch.size": len(event.keys),
                "unisono.batch.wait_seconds": event.wait,
                "unisono.batch.reason": event.reason,
                "unisono.batch.retries": event.retries,
                "unisono.batch.failures": event.failures,
            },
            [Link(each) for each in spans],
            at(end - event.duration),
        )
        if event.failures:
            span.set_status(StatusCode.ERROR)
        for call in calls:
            self._call(provider, call, span, at)
        span.end(at(end))

    def _call(self, provider: str, call: Call, batch: Span, at: Callable[[float], int]) -> None:
        method, _, template = call.route.partition(" ")
        url = urlsplit(self._settings.of(provider).base_url)
        span = self._tracer.start_span(
            call.route,
            set_span_in_context(batch, Context()),
            SpanKind.CLIENT,
            {
                "http.request.method": method,
                "server.address": url.hostname or "",
                "server.port": url.port or _PORTS[url.scheme],
                "url.template": template,
            },
            start_time=at(call.started),
        )
        fault = call.fault
        if call.status is not None:
            span.set_attribute("http.response.status_code", call.status)
            if call.status >= _FIRST_FAILING_STATUS:
                fault = str(call.status)
        if fault is not None:
            span.set_attribute("error.type", fault)
            span.set_status(StatusCode.ERROR)
        span.end(at(call.started + call.seconds))


class OperationSpan:
    """The span of an operation; inside `with` others begin under it, those of a resolver too."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def __enter__(self) -> None:
        """Make it the span that is current here."""
        self._token = attach(set_span_in_context(self._span))

    def __exit__(self, *exc: object) -> None:
        """Make it so no longer."""
        detach(self._token)

    @property
    def trace_id(self) -> str:
        """Return the id of its trace, as traceparent has it."""
        return format_trace_id(self._span.get_span_context().trace_id)

    def end(self, request_id: str, outcome: str, codes: Sequence[str]) -> None:
        """End it; it failed if anything failed that was asked rightly."""
        self._span.set_attribute("unisono.request.id", request_id)
        self._span.set_attribute("unisono.outcome", outcome)
        failed = [code for code in codes if code not in _CLIENTS_FAULTS]
        if failed:
            self._span.set_attribute("error.type", failed[0])
            self._span.set_status(StatusCode.ERROR)
        self._span.end()


def _under(span: SpanContext | None) -> Context:
    """Return a context with this span, and nothing of where we are: a batch is nobody's own."""
    return Context() if span is None else set_span_in_context(NonRecordingSpan(span), Context())


def _wall_clock() -> Callable[[float], int]:
    """Return what turns loop time into nanoseconds since 1970, as OpenTelemetry counts."""
    now, loop_now = time.time_ns(), asyncio.get_running_loop().time()
    return lambda moment: now - round((loop_now - moment) * 1e9)
