"""GraphQL over HTTP, down to the byte: whatever comes in, JSON goes out, and never a 500."""

import gzip
import json
import re

import pytest

from api.requests import MOST_BODY
from api.testing import TestClient, call_app

QUERY = {"query": "{ __typename }"}
ANSWER = {"data": {"__typename": "Query"}}
WITH_VARIABLE = "query ($x: Boolean!) { __typename @include(if: $x) }"


def complaint(answer):
    body = answer.json()
    assert set(body) == {"errors"}
    [error] = body["errors"]
    assert error["extensions"]["requestId"] == answer.headers["x-request-id"]
    return error["extensions"]["code"], error["message"]


async def test_a_posted_query_is_answered(client):
    answer = await client.post(QUERY)
    assert (answer.status, answer.json()) == (200, ANSWER)
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"


async def test_variables_and_operation_name_are_obeyed(client):
    document = "query A { a: __typename } query B($x: Boolean!) { b: __typename @include(if: $x) }"
    answer = await client.post(
        {"query": document, "operationName": "B", "variables": {"x": True}, "extensions": None}
    )
    assert answer.json() == {"data": {"b": "Query"}}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "Input data was truncated"),
        (b"5", "Expected `object`, got `int`"),
        (b"null", "Expected `object`, got `null`"),
        (b'{"query": 5}', "Expected `str | null`, got `int` - at `$.query`"),
        (b'{"variables": [1]}', "Expected `object | null`, got `array` - at `$.variables`"),
        (b'{"variables": {"a": NaN}}', "JSON is malformed: invalid character (byte 20)"),
        (b'{"variables": {"a": 1e999}}', "Number out of range - at `$.variables[...]`"),
        (b'{"variables": {"a": ' + b"[" * 3000 + b"]" * 3000 + b"}}", "nested too deeply"),
        (b'{"variables": {"a": ' + b"[" * 101 + b"]" * 101 + b"}}", "nested too deeply"),
        (b'{"extensions": ' + b'{"a":' * 101 + b"1" + b"}" * 102, "nested too deeply"),
        (b'{"query": "{ __typename }"', "Input data was truncated"),
        (b'{"query": "\\ud800"}', "Input data was truncated"),
        (b'{"other": "\xff", "query": "{ __typename }"}', "not UTF-8"),
        (gzip.compress(b'{"query": "{ __typename }"}', mtime=0), "not UTF-8"),
    ],
    ids=lambda value: repr(value[:24]) if isinstance(value, bytes) else "",
)
async def test_a_malformed_body_is_refused_in_graphqls_own_words(client, body, reason):
    answer = await client.post(body=body)
    assert answer.status == 400
    expected = f"the body: expected a JSON object; {reason}"
    assert complaint(answer) == ("BAD_USER_INPUT", expected)
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert client.calls == []
    assert (await client.post(QUERY)).json() == ANSWER


async def test_a_body_may_be_nested_and_hold_many_brackets(client):
    variables = {"ids": [["["] * 200], "other": [{}] * 200}
    answer = await client.post({**QUERY, "variables": variables})
    assert answer.json() == ANSWER


async def test_a_list_of_operations_gets_a_list_of_answers_and_shares_its_loaders(
    client, track_ids
):
    document = "query ($id: ID!) { track(id: $id) { id } }"
    asked = [{"query": document, "variables": {"id": id_}} for id_ in track_ids[:3]]
    answer = await client.post([*asked, {"query": "{"}], headers={"x-unisono-trace": "1"})
    assert answer.status == 200
    *found, broken = answer.json()
    assert [each["data"]["track"]["id"] for each in found] == track_ids[:3]
    assert broken["errors"][0]["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"
    [call] = [call for call in client.calls if call.route == "GET /v1/tracks"]
    assert len(call.ids) == 3
    costs = [each["extensions"]["cost"]["calls"] for each in found]
    assert costs == [3, 3, 3]  # that of all together, counted as if each came alone


async def test_a_list_of_operations_is_weighed_as_one():
    query = {
        "query": '{ tracksByIsrc(isrcs: ["USRC17607839"], providers: [SPOTIFY]) { tracks { id } } }'
    }
    async with TestClient(max_calls=2) as client:
        assert "data" in (await client.post([query] * 2)).json()[1]
        answers = (await client.post([query] * 3)).json()
        assert [each["errors"][0]["extensions"]["code"] for each in answers] == [
            "QUERY_TOO_COMPLEX"
        ] * 3


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"[]", "got 0"),
        (b"[1]", "Expected `object`, got `int` - at `$[0]`"),
        (b"[" * 100_000, "Expected `object`, got `array` - at `$[0]`"),
        (b'[{"query": "{ __typename }"}' + b',{"query": "{ __typename }"}' * 10 + b"]", "got 11"),
    ],
    ids=["nothing", "a number", "brackets", "eleven"],
)
async def test_a_list_that_cannot_be_meant_is_refused(client, body, reason):
    answer = await client.post(body=body)
    assert answer.status == 400
    expected = f"the body: expected a JSON object or a list of 1 to 10; {reason}"
    assert complaint(answer) == ("BAD_USER_INPUT", expected)


@pytest.mark.parametrize("body", [b"{}", b'{"query": null}', b'{"variables": {}}'])
async def test_a_body_without_a_query_is_refused(client, body):
    answer = await client.post(body=body)
    assert answer.status == 400
    assert complaint(answer) == ("BAD_USER_INPUT", "query: expected a document, got nothing")


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("Application/JSON; charset=UTF-8", 200),
        ('application/json; charset="utf-8"', 200),
        ("application/json; charset=utf-16", 415),
        ("application/jsonx", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("", 415),
    ],
)
async def test_only_json_in_utf8_is_read(client, content_type, status):
    answer = await client.post(QUERY, headers={"content-type": content_type})
    assert answer.status == status


async def test_a_compressed_body_is_refused(client):
    answer = await client.post(
        body=gzip.compress(json.dumps(QUERY).encode()), headers={"content-encoding": "gzip"}
    )
    assert answer.status == 415
    assert complaint(answer) == ("BAD_USER_INPUT", "content-encoding: expected none")
    assert answer.headers["accept-encoding"] == "identity"


async def test_a_body_announced_as_too_large_is_refused_unread(client):
    def nothing_to_read():
        raise AssertionError("the body was read")
        yield b""

    answer = await client.post(
        body=nothing_to_read(), headers={"content-length": str(MOST_BODY + 1)}
    )
    assert answer.status == 413
    assert complaint(answer) == ("BAD_USER_INPUT", "the body: expected at most 2000000 bytes")


async def test_a_body_that_turns_out_too_large_is_refused_at_once(client):
    read = []

    def endless():
        while True:
            read.append(1)
            yield b" " * 500_000

    answer = await client.post(body=endless())
    assert answer.status == 413
    assert len(read) == 5


async def test_a_body_may_come_in_pieces(client):
    answer = await client.post(body=[b'{"query": "{ __typ', b"", b'ename }"}'])
    assert answer.json() == ANSWER


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE"])
async def test_other_methods_are_refused_with_those_that_are_not(client, method):
    answer = await call_app(client.app, method, "/graphql")
    assert answer.status == 405
    assert answer.headers["allow"] == "GET, POST"


async def test_a_query_may_be_asked_by_get(client):
    answer = await client.get(
        params={
            "query": WITH_VARIABLE.replace("query", "query Q"),
            "variables": '{"x": true}',
            "operationName": "Q",
        }
    )
    assert (answer.status, answer.json()) == (200, ANSWER)


NOT_AN_OBJECT = "expected a JSON object; Expected `object | null`, got"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "query: expected a document, got nothing"),
        ({"query": "{ x }", "variables": "["}, f"variables: {NOT_AN_OBJECT} `array`"),
        ({"query": "{ x }", "variables": "5"}, f"variables: {NOT_AN_OBJECT} `int`"),
        ({"query": "{ x }", "extensions": "[]"}, f"extensions: {NOT_AN_OBJECT} `array`"),
    ],
)
async def test_what_get_cannot_mean_is_refused(client, params, message):
    accept = "application/graphql-response+json"
    answer = await client.get(params=params, headers={"accept": accept})
    assert answer.status == 400
    assert answer.headers["content-type"] == f"{accept}; charset=utf-8"
    assert complaint(answer) == ("BAD_USER_INPUT", message)


@pytest.mark.parametrize("kind", ["mutation", "subscription"])
async def test_get_executes_queries_only(client, kind):
    answer = await client.get(params={"query": f"{kind} {{ __typename }}"})
    assert answer.status == 405
    assert answer.headers["allow"] == "POST"
    assert complaint(answer) == ("BAD_USER_INPUT", f"expected a query over GET, got a {kind}")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nope }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "{ " + "a: __typename " * 200 + "}"}, "QUERY_TOO_COMPLEX"),
        ({"query": WITH_VARIABLE, "variables": {"x": 1}}, "BAD_USER_INPUT"),
        ({"query": WITH_VARIABLE}, "BAD_USER_INPUT"),
        ({"query": "query A { __typename }", "operationName": "B"}, "BAD_USER_INPUT"),
        ({"query": "query A { __typename } query B { __typename }"}, "BAD_USER_INPUT"),
        ({"query": "mutation { __typename }"}, "GRAPHQL_VALIDATION_FAILED"),
    ],
)
@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json", 200),
        ("*/*", 200),
        ("application/graphql-response+json, application/json;q=0.9", 400),
    ],
)
async def test_a_document_refused_before_execution_has_no_data(client, body, code, accept, status):
    answer = await client.post(body, headers={"accept": accept})
    assert answer.status == status
    assert "data" not in answer.json()
    assert [error["extensions"]["code"] for error in answer.json()["errors"]] == [code]


async def test_a_request_id_is_taken_over_and_given_back(client):
    answer = await client.post({"query": "{"}, headers={"x-request-id": "abc-1.2_3"})
    assert answer.headers["x-request-id"] == "abc-1.2_3"
    assert answer.json()["errors"][0]["extensions"]["requestId"] == "abc-1.2_3"


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "{}", "\x7f"])
async def test_a_request_id_that_could_do_harm_is_replaced(client, given):
    answer = await client.post(QUERY, headers={"x-request-id": given})
    assert re.fullmatch("[0-9a-f]{16}", answer.headers["x-request-id"])


async def test_the_account_of_batches_comes_when_asked_for(client):
    query = {"query": '{ track(id: "spotify:track:0000000000000000000000") { name } }'}
    assert "extensions" not in (await client.post(query)).json()
    traced = (await client.post(query, headers={"x-unisono-trace": "1"})).json()
    [row] = traced["extensions"]["batching"]
    assert (row["loader"], row["asked"], row["calls"]) == ("spotify.tracks", 1, 1)


async def test_a_browser_that_brings_a_query_gets_its_answer(client):
    answer = await client.get(params=QUERY, headers={"accept": "text/html"})
    assert answer.json() == ANSWER


async def test_something_unforeseen_in_the_server_itself_is_masked(client, monkeypatch, caplog):
    async def burst(*_args, **_kwargs):
        raise RuntimeError("the secret")

    monkeypatch.setattr(client.engine, "execute", burst)
    answer = await client.post(QUERY, headers={"x-request-id": "r1"})
    assert answer.status == 500
    assert complaint(answer) == ("INTERNAL_SERVER_ERROR", "Something unforeseen happened.")
    assert b"secret" not in answer.body
    assert "request r1" in caplog.text
    assert "the secret" in caplog.text
