"""OpenTelemetry: the spans of operations, batches and calls; and nothing where nobody asked."""

import asyncio
import gc
import json
import signal
import subprocess
import sys

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from api.testing import TestClient
from tests.served import ask, process

TRACKS = "query Mine ($ids: [ID!]!) { tracks(ids: $ids) { name } }"
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


class Spans:
    """The spans that ended, as an exporter gets them."""

    def __init__(self, exporter):
        self._exporter = exporter

    def of(self, kind):
        return [each for each in self._exporter.get_finished_spans() if each.kind is kind]

    @property
    def operations(self):
        return self.of(SpanKind.SERVER)

    @property
    def batches(self):
        return self.of(SpanKind.INTERNAL)

    @property
    def calls(self):
        return self.of(SpanKind.CLIENT)


@pytest.fixture
def provider():
    return TracerProvider()


@pytest.fixture
def spans(provider, monkeypatch):
    """A tracer provider that is set; without this fixture there is none."""
    exporter = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    return Spans(exporter)


@pytest.fixture
async def client(spans):  # noqa: ARG001  the provider must be set before the app is made
    async with TestClient() as client:
        yield client


def body(ids, query=TRACKS, **more):
    return {"query": query, "variables": {"ids": ids}, **more}


async def test_an_operation_its_batch_and_its_call_are_three_spans_in_one_trace(
    client, spans, track_ids
):
    client.simulator.latency = 0.25
    await client.post(body(track_ids[:3]), headers={"x-request-id": "r1"})
    [operation], [batch], [call] = spans.operations, spans.batches, spans.calls
    assert operation.name == "query"
    assert operation.attributes == {
        "graphql.operation.type": "query",
        "unisono.request.id": "r1",
        "unisono.outcome": "ok",
    }
    assert batch.name == "batch spotify.tracks"
    assert batch.attributes == {
        "unisono.batch.provider": "spotify",
        "unisono.batch.resource": "tracks",
        "unisono.batch.size": 3,
        "unisono.batch.wait_seconds": 0.0,
        "unisono.batch.reason": "settled",
        "unisono.batch.retries": 0,
        "unisono.batch.failures": 0,
    }
    assert call.name == "GET /v1/tracks"
    assert call.attributes == {
        "http.request.method": "GET",
        "server.address": "simulator.invalid",
        "server.port": 80,
        "url.template": "/v1/tracks",
        "http.response.status_code": 200,
    }
    assert operation.parent is None
    assert batch.parent == operation.context
    assert call.parent == batch.context
    assert [link.context for link in batch.links] == [operation.context]
    assert call.end_time - call.start_time == 250_000_000
    assert batch.start_time <= call.start_time
    assert {each.status.status_code for each in (operation, batch, call)} == {StatusCode.UNSET}


async def test_a_batch_is_linked_to_every_operation_that_waits_for_it(client, spans, track_ids):
    await asyncio.gather(*(client.post(body(track_ids[n : n + 2])) for n in range(3)))
    [batch] = spans.batches
    assert len(spans.operations) == len(batch.links) == 3
    assert all(each.context in [link.context for link in batch.links] for each in spans.operations)
    assert batch.parent == batch.links[0].context


async def test_operations_of_one_request_share_their_batches_and_each_is_linked(
    client, spans, track_ids
):
    await client.post([body(track_ids[:1], operationName="Mine"), body(track_ids[1:2])])
    [batch] = spans.batches
    names = {each.attributes.get("graphql.operation.name"): each for each in spans.operations}
    assert set(names) == {"Mine", None}
    assert [link.context for link in batch.links] == [names["Mine"].context, names[None].context]


async def test_a_clients_traceparent_is_the_parent(client, spans, track_ids):
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
    await client.post(body(track_ids[:1]), headers=headers)
    [operation] = spans.operations
    assert trace.format_trace_id(operation.context.trace_id) == TRACE
    assert trace.format_span_id(operation.parent.span_id) == PARENT
    assert {each.context.trace_id for each in (*spans.batches, *spans.calls)} == {int(TRACE, 16)}


async def test_a_traceparent_that_is_none_begins_a_new_trace(client, spans):
    await client.post({"query": "{ __typename }"}, headers={"traceparent": "00-zz-\xff-01"})
    [operation] = spans.operations
    assert operation.parent is None


async def test_a_batch_hangs_under_an_operation_that_is_sampled(client, spans, track_ids):
    unsampled = {"traceparent": f"00-{TRACE}-{PARENT}-00"}
    await asyncio.gather(
        client.post(body(track_ids[:1]), headers=unsampled), client.post(body(track_ids[1:2]))
    )
    [operation], [batch] = spans.operations, spans.batches
    assert batch.parent == operation.context
    assert len(batch.links) == 2


async def test_what_nobody_samples_makes_no_span(client, spans, track_ids):
    unsampled = {"traceparent": f"00-{TRACE}-{PARENT}-00"}
    await client.post(body(track_ids[:1]), headers=unsampled)
    assert (spans.operations, spans.batches, spans.calls) == ([], [], [])


async def test_inside_a_server_that_has_a_span_the_operation_is_under_it(client, spans, provider):
    with provider.get_tracer("outer").start_as_current_span("POST /graphql") as outer:
        headers = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
        await client.post({"query": "{ __typename }"}, headers=headers)
    [operation] = spans.operations
    assert operation.parent == outer.get_span_context()


async def test_what_a_resolver_begins_is_under_the_operation(client, spans, provider, monkeypatch):
    statuses = client.engine.providers.statuses

    def traced():
        with provider.get_tracer("mine").start_as_current_span("statuses", kind=SpanKind.PRODUCER):
            return statuses()

    monkeypatch.setattr(client.engine.providers, "statuses", traced)
    await client.post({"query": "{ providers { name } }"})
    [operation], [inner] = spans.operations, spans.of(SpanKind.PRODUCER)
    assert inner.parent == operation.context
    assert not trace.get_current_span().get_span_context().is_valid


async def test_a_failure_is_told_in_all_three_by_its_kind(client, spans, track_ids):
    client.simulator.fault("GET /v1/tracks", status=418, body="{}")
    await client.post(body(track_ids[:1]))
    [operation], [batch], [call, *_] = spans.operations, spans.batches, spans.calls
    assert operation.status.status_code is StatusCode.ERROR
    assert operation.attributes["error.type"] == "UPSTREAM_REJECTED"
    assert operation.attributes["unisono.outcome"] == "partial"
    assert batch.status.status_code is StatusCode.ERROR
    assert batch.attributes["unisono.batch.failures"] == 1
    assert call.status.status_code is StatusCode.ERROR
    assert call.attributes["error.type"] == "418"


async def test_a_call_that_is_not_answered_says_what_came_instead(client, spans, track_ids):
    client.simulator.fault("GET /v1/tracks", latency=11.0)
    await client.post(body(track_ids[:1]))
    call = spans.calls[0]
    assert call.attributes["error.type"] == "UpstreamTimeoutError"
    assert "http.response.status_code" not in call.attributes
    assert call.end_time - call.start_time == 10_000_000_000


@pytest.mark.parametrize(
    ("query", "name"),
    [("{", "GraphQL Operation"), ("{ nope }", "query"), ("{ providers }", "query")],
)
async def test_what_the_client_got_wrong_is_no_failure_of_the_server(client, spans, query, name):
    await client.post({"query": query})
    [operation] = spans.operations
    assert operation.name == name
    assert operation.attributes["unisono.outcome"] == "refused"
    assert operation.status.status_code is StatusCode.UNSET


async def test_no_id_and_no_document_is_in_a_span(client, spans, track_ids, caplog):
    caplog.set_level("INFO", "unisono.operations")
    await client.post(body(track_ids[:2]))
    told = "".join(each.to_json() for each in (*spans.operations, *spans.batches, *spans.calls))
    assert not any(text.rpartition(":")[2] in told for text in track_ids[:2])
    assert "tracks(" not in told


async def test_the_line_of_the_log_names_the_trace(client, spans, caplog):
    caplog.set_level("INFO", "unisono.operations")
    await client.post({"query": "{ __typename }"})
    [operation], [record] = spans.operations, caplog.records
    assert record.traceId == trace.format_trace_id(operation.context.trace_id)


async def test_a_client_that_goes_away_ends_its_span(client, spans, track_ids):
    client.simulator.fault("GET /v1/tracks", latency=5.0)
    asking = asyncio.ensure_future(client.post(body(track_ids[:1])))
    await asyncio.sleep(1.0)
    asking.cancel()
    await asyncio.wait({asking})
    [operation] = spans.operations
    assert operation.attributes["unisono.outcome"] == "gone"


async def test_an_answered_request_leaves_nothing_behind(client, track_ids):
    await client.post(body(track_ids[:3]))
    gc.collect()  # graphql-core's executor goes round in a circle
    assert len(client.app.state.operations._telemetry._waiting) == 0


async def test_where_no_tracer_provider_is_set_there_is_nothing_to_pay_for():
    async with TestClient() as client:
        assert client.app.state.operations._telemetry is None


def test_a_server_without_an_sdk_imports_nothing_of_it():
    program = (
        "import sys; from api.app import create_app; create_app(); "
        "print(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


# What `opentelemetry-instrument` does: an SDK is set up before the program begins.
SET_UP = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter

exporter = ConsoleSpanExporter(
    out=open({path!r}, "a"), formatter=lambda span: span.to_json(indent=None) + chr(10)
)
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(exporter))
trace.set_tracer_provider(provider)
"""


def test_the_served_process_exports_its_spans_and_the_last_ones_when_it_ends(tmp_path):
    exported = tmp_path / "spans"
    set_up = SET_UP.format(path=str(exported))
    query = '{ track(id: "spotify:track:0000000000000000000000") { name } }'
    with process("serve", "--demo", before=set_up) as (server, port):
        traceparent = f"00-{TRACE}-{PARENT}-01"
        answer = ask(port, "POST", "/graphql", {"query": query}, traceparent=traceparent)
        assert answer.status == 200
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=20) == 0
    spans = {span["name"]: span for span in map(json.loads, exported.read_text().splitlines())}
    assert set(spans) == {"query", "batch spotify.tracks", "GET /v1/tracks"}
    assert {span["context"]["trace_id"] for span in spans.values()} == {f"0x{TRACE}"}
    assert spans["query"]["parent_id"] == f"0x{PARENT}"
    batch = spans["batch spotify.tracks"]
    assert batch["links"][0]["context"] == spans["query"]["context"]
