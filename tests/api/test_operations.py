"""What surrounds an operation: its deadline, its line in the log, its series, its end."""

import asyncio
import logging
from pathlib import Path

import pytest
from graphql import build_schema

import api.cli
from api.testing import TestClient

BASELINE = Path(__file__).parents[1] / "data" / "baseline.graphql"

QUERY = "query ($ids: [ID!]!) { tracks(ids: $ids) { name } }"


def codes(answer):
    return [error["extensions"]["code"] for error in answer.json()["errors"]]


async def test_past_its_deadline_an_operation_is_answered_with_what_is_there(track_ids):
    async with TestClient(deadline=2.0) as client:
        client.simulator.fault("GET /v1/tracks", latency=5.0)
        document = f'{{ providers {{ name }} track(id: "{track_ids[0]}") {{ name }} }}'
        answer = await client.post({"query": document})
        assert asyncio.get_running_loop().time() == 2.0
        assert answer.status == 200
        providers = [{"name": name} for name in ("SPOTIFY", "MUSICBRAINZ", "DEEZER")]
        assert answer.json()["data"] == {"providers": providers, "track": None}
        assert codes(answer) == ["DEADLINE_EXCEEDED"]


async def test_what_does_not_heed_the_deadline_is_ended(monkeypatch):
    async with TestClient(deadline=2.0) as client:

        async def never(*_args, **_kwargs):
            await asyncio.sleep(1000)

        monkeypatch.setattr(client.engine, "execute", never)
        answer = await client.post({"query": "{ __typename }"})
        assert answer.status == 504
        assert codes(answer) == ["DEADLINE_EXCEEDED"]
        assert asyncio.get_running_loop().time() == 3.0


async def test_closed_while_it_runs_an_operation_is_told_that_the_server_ends(client, track_ids):
    client.simulator.fault("GET /v1/tracks", latency=5.0)
    client.simulator.fault("GET /v1/artists", latency=5.0)
    document = "query ($ids: [ID!]!) { tracks(ids: $ids) { artists { genres } } }"
    asked = {"query": document, "variables": {"ids": track_ids[:1]}}
    running = asyncio.ensure_future(client.post(asked))
    await asyncio.sleep(1.0)
    await client.app.state.operations.end(grace=100.0)  # finishes: the grace is long enough
    assert None not in (await running).json()["data"]["tracks"]
    answer = await client.post(asked)
    assert answer.status == 503
    assert codes(answer) == ["SHUTTING_DOWN"]
    assert (await client.get("/readyz")).status == 503


async def test_what_asks_after_the_close_is_told_that_the_server_ends(client, track_ids):
    client.simulator.fault("GET /v1/tracks", latency=5.0)
    document = "query ($ids: [ID!]!) { tracks(ids: $ids) { name artists { genres } } }"
    running = asyncio.ensure_future(
        client.post({"query": document, "variables": {"ids": track_ids[:1]}})
    )
    await asyncio.sleep(1.0)
    await client.engine.close()  # waits for the tracks; their artists are asked of what is closed
    answer = await running
    assert set(codes(answer)) == {"SHUTTING_DOWN"}


async def test_an_operation_has_one_line_in_the_log(client, track_ids, caplog):
    caplog.set_level(logging.INFO, "unisono.operations")
    asked = {"query": QUERY, "variables": {"ids": track_ids[:3] * 2}}
    await client.post(asked, headers={"x-request-id": "r1"})
    [record] = caplog.records
    assert (record.message, record.requestId, record.type) == ("operation", "r1", "query")
    assert (record.outcome, record.codes, record.cost, record.calls) == ("ok", [], 1, 1)
    assert record.loaders == {
        "spotify.tracks": {
            "asked": 6, "distinct": 3, "remembered": 3, "cached": 0, "joined": 0, "batches": 1,
            "calls": 1,
        }
    }  # fmt: skip
    assert track_ids[0].rpartition(":")[2] not in str(vars(record))


async def test_the_metrics_count_it_without_ids_and_names(client, track_ids):
    document = QUERY.replace("query", "query MyName")
    await client.post({"query": document, "variables": {"ids": track_ids[:60]}})
    await client.post({"query": "{"})
    text = (await client.get("/metrics")).body.decode()
    for line in (
        'unisono_operations_total{outcome="ok",type="query"} 1.0',
        'unisono_operations_total{outcome="refused",type="none"} 1.0',
        'unisono_keys_total{kind="distinct",provider="spotify",resource="tracks"} 60.0',
        'unisono_upstream_calls_total{provider="spotify",status="200"} 2.0',
        'unisono_batch_keys_count{provider="spotify",resource="tracks"} 2.0',
        'unisono_waiting_keys{provider="spotify",resource="tracks"} 0.0',
        'unisono_provider_on{provider="spotify"} 1.0',
    ):
        assert line in text.splitlines()
    assert "MyName" not in text
    assert track_ids[0].rpartition(":")[2] not in text


async def test_one_key_after_the_other_is_noticed_and_the_field_named(
    client, track_ids, caplog, monkeypatch
):
    loads = client.engine.providers.loaders

    def one_by_one(**options):
        loaders = loads(**options)
        load = loaders._load

        async def each(asked):
            return {
                resource: [
                    outcome for key in keys for outcome in (await load({resource: [key]}))[resource]
                ]
                for resource, keys in asked.items()
            }

        monkeypatch.setattr(loaders, "_load", each)
        return loaders

    monkeypatch.setattr(client.engine.providers, "loaders", one_by_one)
    client.simulator.latency = 0.01
    asked = {"query": QUERY, "variables": {"ids": track_ids[:6]}}
    for _ in range(2):
        caplog.clear()
        await client.post(asked)
    [record] = [each for each in caplog.records if each.levelno == logging.WARNING]
    assert record.message == (
        "one key after the other: 6 batches of spotify.tracks carried a single key"
    )
    assert record.fields == ["Query.tracks"]
    traced = (await client.post(asked, headers={"x-unisono-trace": "1"})).json()
    [row] = traced["extensions"]["batching"]
    assert (row["singleKeyBatches"], row["fields"]) == (6, {"Query.tracks": 6})


@pytest.mark.parametrize(
    ("change", "described"),
    [
        (("  track(", "  song("), "Field Query.track was removed."),
        (("durationMs: Int", "durationMs: Float"), "durationMs changed type from Int to Float."),
    ],
)
def test_a_change_that_breaks_clients_is_found(change, described, monkeypatch, capsys):
    changed = build_schema(BASELINE.read_text(encoding="utf-8").replace(*change))
    monkeypatch.setattr(api.cli, "GRAPHQL_SCHEMA", changed)
    with pytest.raises(SystemExit) as ended:
        api.cli.schema(baseline=BASELINE)
    assert ended.value.code == 1
    assert described in capsys.readouterr().out


def test_this_schema_breaks_no_client_of_the_last(capsys):
    api.cli.schema(baseline=BASELINE)
    assert capsys.readouterr().out == ""
