"""Attacks: what is sent to break the server, exhaust it or run up calls, and what comes of it.

Every one is answered with little work, by an error in GraphQL's own words, without a single
call to a provider; and the server answers the next query.
"""

import asyncio
import gzip
import json

import pytest

from api.testing import TestClient, call_app
from tests.work import counted

QUERY = {"query": "{ __typename }"}
ANSWER = {"data": {"__typename": "Query"}}
# Function calls, about a tenth of a second; most attacks cause ten thousand.
MOST_WORK = 1_000_000
NO_TRACK = "spotify:track:0000000000000000000000"


def asked(document, **variables):
    return {"body": json.dumps({"query": document, "variables": variables}).encode()}


def doubled(levels, field="__typename", alias=""):
    chain = "".join(
        f"fragment F{i} on Query {{ {alias and f'{alias}{i}: {field}'} ...F{i + 1} ...F{i + 1} }} "
        for i in range(levels)
    )
    return f"query {{ ...F0 }} {chain} fragment F{levels} on Query {{ {field} }}"


def nested(levels):
    pairs = levels // 2
    below = "albums { nodes { artists { " * pairs + "id" + " } } }" * pairs
    return f'{{ artist(id: "x") {{ {below} }} }}'


def looking_in(levels):
    return (
        "{ __schema { types { " + "fields { type { " * levels + "name" + " } }" * levels + " } } }"
    )


MANY_IDS = [f"spotify:track:{number:022d}" for number in range(10_000)]
HOW_MANY = "query ($ids: [ID!]!) { tracks(ids: $ids) { name } }"

PAGE = """query ($first: Int) {
  search(text: "x", provider: SPOTIFY, first: $first) { tracks { nodes { id } } } }"""

# name: the request, its status, and the code of its first error.
ATTACKS = {
    "1 doubled fragments, 22": (asked(doubled(22)), 200, "QUERY_TOO_COMPLEX"),
    "1 doubled fragments, 150": (asked(doubled(150)), 200, "QUERY_TOO_COMPLEX"),
    "2 doubled fragments of aliases": (asked(doubled(16, alias="a")), 200, "QUERY_TOO_COMPLEX"),
    "3 depth 50": (asked(nested(50)), 200, "QUERY_TOO_COMPLEX"),
    "3 depth 400": (asked(nested(400)), 200, "QUERY_TOO_COMPLEX"),
    "3 depth 3000": (asked(nested(3000)), 200, "QUERY_TOO_COMPLEX"),
    "4 a thousand aliases": (
        asked("{" + " ".join(f'a{i}: track(id: "{i}") {{ name }}' for i in range(1000)) + "}"),
        200,
        "QUERY_TOO_COMPLEX",
    ),
    "5 a field 3000 times": (
        asked("{" + " providers" * 3000 + "}"),
        200,
        "QUERY_TOO_COMPLEX",
    ),
    "5 with arguments 1500 times": (
        asked("{" + f' track(id: "{NO_TRACK}") {{ name }}' * 1500 + "}"),
        200,
        "QUERY_TOO_COMPLEX",
    ),
    "6 unknown directives": (
        asked("{ __typename " + "@aa" * 2000 + " }"),
        200,
        "QUERY_TOO_COMPLEX",
    ),
    "6 a directive 2000 times": (
        asked("{ __typename " + "@skip(if: false)" * 2000 + " }"),
        200,
        "QUERY_TOO_COMPLEX",
    ),
    "7 introspection in circles, 3": (asked(looking_in(3)), 200, "GRAPHQL_VALIDATION_FAILED"),
    "7 introspection in circles, 8": (asked(looking_in(8)), 200, "GRAPHQL_VALIDATION_FAILED"),
    "8 circular fragments": (
        asked("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }"),
        200,
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "8 an unknown fragment": (asked("{ ...Nope }"), 200, "GRAPHQL_VALIDATION_FAILED"),
    "8 200 operations": (
        asked(" ".join(f"query Q{i} {{ __typename }}" for i in range(200))),
        200,
        "BAD_USER_INPUT",  # which of them?
    ),
    "9 a million commas": (
        asked("{ __typename }" + "," * 1_000_000),
        200,
        "QUERY_TOO_COMPLEX",
    ),
    "9 600 comments": (asked("#\n" * 600 + "{ __typename }"), 200, "QUERY_TOO_COMPLEX"),
    "9 a name of 200 kB": (asked("{ " + "x" * 200_000 + " }"), 200, "QUERY_TOO_COMPLEX"),
    "9 a value 5000 deep": (
        asked("{ tracks(ids: " + "[" * 5000 + ") { name } }"),
        200,
        "QUERY_TOO_COMPLEX",
    ),
    "10 a thousand operations": (
        {"body": json.dumps([QUERY] * 1000).encode()},
        400,
        "BAD_USER_INPUT",
    ),
    "10 an empty list": ({"body": b"[]"}, 400, "BAD_USER_INPUT"),
    "10 a list of a number": ({"body": b"[1]"}, 400, "BAD_USER_INPUT"),
    "10 a list with nothing asked": ({"body": b"[{}]"}, 400, "BAD_USER_INPUT"),
    "10 a number": ({"body": b"5"}, 400, "BAD_USER_INPUT"),
    "10 null": ({"body": b"null"}, 400, "BAD_USER_INPUT"),
    "10 not UTF-8": ({"body": b'{"query": "\xff"}'}, 400, "BAD_USER_INPUT"),
    "10 gzip, not told": ({"body": gzip.compress(b"{}")}, 400, "BAD_USER_INPUT"),
    "10 gzip, told": (
        {"body": gzip.compress(b"{}"), "headers": {"content-encoding": "gzip"}},
        415,
        "BAD_USER_INPUT",
    ),
    "10 brackets": ({"body": b"[" * 100_000}, 400, "BAD_USER_INPUT"),
    "10 brackets in a list": (
        {"body": b'[{"query": "", "variables": {"a": ' + b"[" * 101 + b"]" * 101 + b"}}]"},
        400,
        "BAD_USER_INPUT",
    ),
    "11 ten thousand ids": (asked(HOW_MANY, ids=MANY_IDS), 200, "BAD_USER_INPUT"),
    "11 an empty id": (asked(HOW_MANY, ids=[""]), 200, "BAD_USER_INPUT"),
    "11 an id that climbs": (asked(HOW_MANY, ids=["../../me"]), 200, "BAD_USER_INPUT"),
    "11 an id with another line": (asked(HOW_MANY, ids=[f"{NO_TRACK}\n"]), 200, "BAD_USER_INPUT"),
    "11 an id of a megabyte": (asked(HOW_MANY, ids=["x" * 1_000_000]), 200, "BAD_USER_INPUT"),
    "12 a page of 99999999": (
        asked(PAGE, first=99999999),
        200,
        "BAD_USER_INPUT",
    ),
    "12 a page of -1": (
        asked(PAGE, first=-1),
        200,
        "BAD_USER_INPUT",
    ),
    "12 a page of 2^31": (
        asked(PAGE, first=2147483648),
        200,
        "BAD_USER_INPUT",
    ),
    "13 a form": (
        {"body": b"query=x", "headers": {"content-type": "application/x-www-form-urlencoded"}},
        415,
        "BAD_USER_INPUT",
    ),
    "13 plain text": (
        {"body": b'{"query": "{ x }"}', "headers": {"content-type": "text/plain"}},
        415,
        "BAD_USER_INPUT",
    ),
    "13 multipart": (
        {"body": b"", "headers": {"content-type": "multipart/form-data; boundary=x"}},
        415,
        "BAD_USER_INPUT",
    ),
    "14 a field that is nearly right": (asked("{ trac }"), 200, "GRAPHQL_VALIDATION_FAILED"),
    "14 __typename 3000 times": (
        asked("{" + " __typename" * 3000 + "}"),
        200,
        "QUERY_TOO_COMPLEX",
    ),
    "cost: the albums of the artists of all albums": (
        asked(
            "query ($ids: [ID!]!) { artists(ids: $ids) { albums(first: 50) { nodes { "
            "artists { albums(first: 50) { nodes { label } } } } } } }",
            ids=["spotify:artist:0000000000000000000000", "spotify:artist:0000000000000000000001"],
        ),
        200,
        "QUERY_TOO_COMPLEX",
    ),
}


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
