"""Errors as clients see them: codes, what to do next, and nothing that is not theirs to know."""

import pytest
from graphql import GraphQLError

from api.engine import Operation
from api.errors import BadInputError, Failure, failure_of, formatted
from api.testing import TestClient
from batching import (
    BatchError,
    DeadlineExceededError,
    KeyNotFoundError,
    ProcessorClosedError,
    QueueFullError,
)
from loaders import (
    AuthError,
    BadResponseError,
    CircuitOpenError,
    InvalidIdError,
    NotConfiguredError,
    RateLimitedError,
    RejectedError,
    UnavailableError,
    UpstreamTimeoutError,
)

TRACK = "query ($id: ID!) { track(id: $id) { name } }"


@pytest.mark.parametrize(
    ("error", "code", "retryable"),
    [
        (UpstreamTimeoutError("spotify", "m"), "UPSTREAM_TIMEOUT", True),
        (UnavailableError("spotify", "m"), "UPSTREAM_UNAVAILABLE", True),
        (RateLimitedError("spotify", "m"), "UPSTREAM_RATE_LIMITED", True),
        (CircuitOpenError("spotify", "m"), "UPSTREAM_CIRCUIT_OPEN", True),
        (BadResponseError("spotify", "m"), "UPSTREAM_BAD_RESPONSE", True),
        (RejectedError("spotify", "m"), "UPSTREAM_REJECTED", False),
        (AuthError("spotify", "m"), "UPSTREAM_AUTH", False),
        (NotConfiguredError("spotify", "m"), "PROVIDER_NOT_CONFIGURED", False),
    ],
)
def test_a_providers_failure_says_whose_it_is_and_whether_to_try_again(error, code, retryable):
    assert failure_of(error) == Failure(code, "m", "spotify", retryable)


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (BadInputError("first: no"), Failure("BAD_USER_INPUT", "first: no")),
        (
            InvalidIdError("x", "an id"),
            Failure("BAD_USER_INPUT", "expected an id, got 'x'"),
        ),
        (
            DeadlineExceededError("spotify.tracks"),
            Failure("DEADLINE_EXCEEDED", "The operation's time was over first.", None, True),
        ),
        (
            QueueFullError("spotify.tracks", 5),
            Failure("OVERLOADED", "Too much is waiting already.", None, True),
        ),
        (
            ProcessorClosedError("spotify.tracks"),
            Failure("SHUTTING_DOWN", "The server is about to stop.", None, True),
        ),
        (
            KeyNotFoundError("k", "spotify.tracks"),
            Failure("INTERNAL_SERVER_ERROR", "Something unforeseen happened."),
        ),
        (
            BatchError("secret"),
            Failure("INTERNAL_SERVER_ERROR", "Something unforeseen happened."),
        ),
        (
            RuntimeError("secret"),
            Failure("INTERNAL_SERVER_ERROR", "Something unforeseen happened."),
        ),
    ],
)
def test_the_rest_has_codes_of_its_own(error, failure):
    assert failure_of(error) == failure


def test_an_unforeseen_error_is_logged_once_with_the_request_and_told_to_nobody(caplog):
    cause = RuntimeError("the secret")
    errors = [
        GraphQLError("the secret", path=["tracks", index], original_error=cause)
        for index in range(3)
    ]
    told = formatted(errors, "r1")
    assert told == [
        {
            "message": "Something unforeseen happened.",
            "path": ["tracks", index],
            "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": "r1"},
        }
        for index in range(3)
    ]
    [record] = caplog.records
    assert record.getMessage() == "request r1: unforeseen error at ['tracks', 0]"
    assert "the secret" in caplog.text


def test_a_wrong_value_from_a_resolver_is_not_the_clients_fault(caplog):
    cause = GraphQLError("Int cannot represent non-integer value: 'the secret'")
    [told] = formatted([GraphQLError(cause.message, path=["x"], original_error=cause)], "r1")
    assert told["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert "secret" not in told["message"]
    assert "the secret" in caplog.text


@pytest.mark.parametrize(
    ("fault", "code", "retryable"),
    [
        ({"status": 500}, "UPSTREAM_UNAVAILABLE", True),
        ({"status": 503}, "UPSTREAM_UNAVAILABLE", True),
        ({"hang_up": True}, "UPSTREAM_UNAVAILABLE", True),
        ({"status": 400}, "UPSTREAM_REJECTED", False),
        ({"status": 404}, "UPSTREAM_BAD_RESPONSE", False),
        ({"body": "{"}, "UPSTREAM_BAD_RESPONSE", True),
        ({"body": '{"tracks": []}'}, "UPSTREAM_BAD_RESPONSE", True),
        ({"body": '{"tracks": [{"id": 5}]}'}, "UPSTREAM_BAD_RESPONSE", True),
        ({"latency": 25.0}, "UPSTREAM_TIMEOUT", True),
    ],
)
async def test_what_goes_wrong_upstream_has_its_code(track_ids, fault, code, retryable):
    async with TestClient(deadline=60.0) as client:  # enough for three calls of 10 seconds
        client.simulator.fault("GET /v1/tracks", **fault)
        answer = await client.execute(TRACK, {"id": track_ids[0]})
    assert answer.data == {"track": None}
    [error] = answer.errors
    assert error["path"] == ["track"]
    assert error["locations"] == [{"line": 1, "column": 20}]
    assert error["extensions"] == {
        "code": code,
        "provider": "spotify",
        "retryable": retryable,
        "requestId": error["extensions"]["requestId"],
    }


async def test_a_rate_limit_says_when_to_come_back_and_shows_as_a_hold(client, track_ids):
    client.simulator.fault("GET /v1/tracks", status=429, headers={"retry-after": "60"})
    answer = await client.execute(TRACK, {"id": track_ids[0]})
    [error] = answer.errors
    assert error["extensions"]["code"] in {"UPSTREAM_RATE_LIMITED", "DEADLINE_EXCEEDED"}
    status = await client.execute("{ providers { name on reason holdMs budget calls batches } }")
    provider = status.data["providers"][0]
    assert 0 < provider["holdMs"] <= 60_000


async def test_wrong_credentials_are_an_authentication_failure(client, track_ids):
    client.simulator.fault("POST /api/token", status=400)
    answer = await client.execute(TRACK, {"id": track_ids[0]})
    [error] = answer.errors
    assert error["extensions"]["code"] == "UPSTREAM_AUTH"


async def test_the_deadline_ends_what_waits_and_keeps_what_came(track_ids):
    async with TestClient(deadline=1.0) as client:
        client.simulator.fault("GET /v1/albums", latency=5.0)
        answer = await client.execute(
            "query ($id: ID!) { track(id: $id) { name album { name label } } }",
            {"id": track_ids[0]},
        )
        assert client.simulator.now() == 1.0
        assert answer.data["track"]["name"]
        assert answer.data["track"]["album"]["label"] is None
        [error] = answer.errors
        assert error["path"] == ["track", "album", "label"]
        assert error["extensions"]["code"] == "DEADLINE_EXCEEDED"
        assert error["extensions"]["retryable"] is True


async def test_after_closing_the_server_says_so(client, track_ids):
    context = client.engine.context()
    await client.engine.close()
    answer = await client.engine.execute(Operation(TRACK, {"id": track_ids[0]}), context)
    [error] = answer.errors
    assert error["extensions"]["code"] in {"SHUTTING_DOWN", "PROVIDER_NOT_CONFIGURED"}


async def test_a_long_name_is_not_quoted_in_full(client):
    answer = await client.execute(f"{{ {'x' * 150_000} }}")
    [error] = answer.errors
    assert error["message"].startswith("Cannot query field 'xxx")
    assert len(error["message"]) == 1000


async def test_arguments_that_graphql_cannot_take_are_the_clients_fault(client):
    answer = await client.execute(
        "query ($ids: [ID!]!) { tracks(ids: $ids) { name } }", {"ids": [None, {"a": 1}]}
    )
    assert answer.data is None
    assert {error["extensions"]["code"] for error in answer.errors} == {"BAD_USER_INPUT"}
    assert client.calls == []


async def test_numbers_are_taken_as_ids_and_refused_as_such(client):
    answer = await client.execute("{ track(id: 7) { name } }")
    assert answer.data == {"track": None}
    assert answer.errors[0]["extensions"]["code"] == "BAD_USER_INPUT"
