"""Attacks: what is sent to break the server, exhaust it or run up calls, and what comes of it.

Every one is answered with little work, by an error in GraphQL's own words, without a single
call to a provider; and the server answers the next query.
"""

import asyncio
import json

import pytest

from api.testing import TestClient, call_app
from tests.api.attacks import ANSWER, ATTACKS, HOW_MANY, NO_TRACK, QUERY
from tests.work import counted

# Function calls, about a tenth of a second; most attacks cause ten thousand.
MOST_WORK = 1_000_000


@pytest.mark.parametrize("name", ATTACKS)
async def test_an_attack_is_refused_without_a_call_and_the_server_lives(client, name):
    request, status, code = ATTACKS[name]
    with counted() as work:
        answer = await client.post(**request)
    assert work.calls < MOST_WORK
    assert answer.status == status
    assert answer.json()["errors"][0]["extensions"]["code"] == code
    assert len(answer.body) < 25_000
    assert client.calls == []
    assert (await client.post(QUERY)).json() == ANSWER


SITE = {"host": "unisono.invalid"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"origin": "https://unisono.invalid"}, 200),
        ({"origin": "https://elsewhere.example"}, 403),
        ({"origin": "null"}, 403),
    ],
    ids=str,
)
async def test_13_a_query_that_another_sites_page_makes_a_browser_send_is_refused(
    client, headers, status
):
    answer = await client.get(params=QUERY, headers=headers)
    assert answer.status == status
    assert ("errors" in answer.json()) is (status == 403)


@pytest.mark.parametrize("origins", [("https://elsewhere.example",), ("*",)])
async def test_13_an_origin_that_is_allowed_may_ask_by_get(origins):
    async with TestClient(cors_origins=origins) as client:
        headers = {"origin": "https://elsewhere.example", "sec-fetch-site": "cross-site"}
        assert (await client.get(params=QUERY, headers=headers)).json() == ANSWER


async def test_14_what_a_resolver_raises_is_not_told(client, monkeypatch, caplog):
    def burst(*_args, **_kwargs):
        raise RuntimeError("the secret")

    monkeypatch.setattr(client.engine.providers, "statuses", burst)
    answer = await client.post({"query": "{ providers { name } }"})
    assert answer.json()["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert b"secret" not in answer.body
    assert "the secret" in caplog.text


NO_INTROSPECTION = (
    "GraphQL introspection has been disabled, but the requested query contained the field "
    "'__schema'."
)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{ trac }", "Cannot query field 'trac' on type 'Query'."),
        ("{ __schema { types { name } } }", NO_INTROSPECTION),
    ],
)
async def test_with_exploring_off_the_schema_is_not_told(document, message):
    async with TestClient(explore=False) as client:
        error, *_ = (await client.post({"query": document})).json()["errors"]
        assert error["message"] == message
        assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        assert (await client.post(QUERY)).json() == ANSWER


async def test_with_exploring_off_an_enum_is_not_told_either():
    document = (
        'query ($p: Provider!) { search(text: "x", provider: $p) { tracks { nodes { id } } } }'
    )
    async with TestClient(explore=False) as client:
        answer = await client.post({"query": document, "variables": {"p": "SPOTIFI"}})
        assert "SPOTIFY" not in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("path", ["/", "/graphql"])
async def test_with_exploring_off_there_is_no_page(path):
    async with TestClient(explore=False) as client:
        answer = await client.get(path, headers={"accept": "text/html"})
        assert answer.status in {400, 404}
        assert b"<html" not in answer.body


async def test_16_a_body_that_drips_is_given_up(client):
    async def receive():
        await asyncio.sleep(1.0)
        return {"type": "http.request", "body": b" ", "more_body": True}

    sent = []

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "root_path": "",
        "headers": [(b"content-type", b"application/json")], "server": ("x", 80), "scheme": "http",
    }  # fmt: skip
    started = asyncio.get_running_loop().time()
    await client.app(scope, receive, send)
    assert asyncio.get_running_loop().time() - started == 10.0
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]
    assert (await client.post(QUERY)).json() == ANSWER


async def test_16_a_client_that_goes_away_frees_what_it_alone_waited_for(client, track_ids):
    gate = client.engine.providers.on["spotify"].gate
    await client.post({"query": f'{{ track(id: "{NO_TRACK}") {{ name }} }}'})
    client.simulator.reset()
    gate.hold(5.0)  # so that keys wait
    gone = asyncio.Event()

    def query(ids):
        body = json.dumps({"query": HOW_MANY, "variables": {"ids": ids}}).encode()
        headers = {"content-type": "application/json"}
        return call_app(client.app, "POST", "/graphql", headers=headers, body=body, gone=gone)

    leaving = asyncio.ensure_future(query(track_ids[:3]))
    staying = asyncio.ensure_future(
        client.post({"query": HOW_MANY, "variables": {"ids": track_ids[2:4]}})
    )
    await asyncio.sleep(1.0)
    gone.set()
    assert (await leaving).status == 0
    answer = await staying
    assert None not in answer.json()["data"]["tracks"]
    [call] = client.calls
    assert sorted(call.ids) == sorted(text.rpartition(":")[2] for text in track_ids[2:4])
