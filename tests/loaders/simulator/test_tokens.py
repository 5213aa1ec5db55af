"""Tokens: who gets one, how long it holds, and what is said without."""

import asyncio

import pytest

FORM = {"grant_type": "client_credentials"}
TRACK = "/v1/tracks/3HW6loqinVoHq6UtGn8wOm"


async def test_anybody_with_credentials_gets_a_token(simulator, stranger):
    answer = await stranger.post("/api/token", data=FORM, auth=("id", "secret"))
    assert answer.status_code == 200
    assert answer.json()["token_type"] == "Bearer"
    assert answer.json()["expires_in"] == 3600
    again = await stranger.post("/api/token", data=FORM, auth=("id", "secret"))
    assert again.json()["access_token"] != answer.json()["access_token"]
    assert simulator.spotify.tokens.issued == [0.0, 0.0]


@pytest.mark.parametrize(
    "header", [None, "Basic", "Basic !!!", "Basic Og==", "Basic aWQ6", "Bearer x", "Basic /w=="]
)
async def test_nobody_without(stranger, header):
    headers = {"authorization": header} if header else {}
    answer = await stranger.post("/api/token", data=FORM, headers=headers)
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_client"})


async def test_credentials_may_be_required(simulator, stranger):
    simulator.spotify.require_credentials = ("id", "se:cret")
    wrong = await stranger.post("/api/token", data=FORM, auth=("id", "other"))
    assert (wrong.status_code, wrong.json()) == (400, {"error": "invalid_client"})
    assert (await stranger.post("/api/token", data=FORM, auth=("id", "se:cret"))).status_code == 200


@pytest.mark.parametrize("form", [{}, {"grant_type": "password"}])
async def test_another_grant_is_refused(stranger, form):
    answer = await stranger.post("/api/token", data=form, auth=("id", "secret"))
    assert answer.status_code == 400
    assert answer.json()["error"] == "unsupported_grant_type"


async def test_a_form_leaves_no_secret_behind(simulator, stranger):
    form = {**FORM, "client_secret": "hush"}
    await stranger.post("/api/token", data=form, auth=("id", "secret"))
    assert simulator.calls[0].params == FORM
    assert simulator.calls[0].token_ok is None


async def test_no_token_and_an_old_one_are_told_apart_by_a_header_only(stranger):
    none = await stranger.get(TRACK)
    old = await stranger.get(TRACK, headers={"authorization": "Bearer gone"})
    assert none.status_code == old.status_code == 401
    body = {"error": {"status": 401, "message": "The access token expired"}}
    assert none.json() == old.json() == body
    assert 'error="invalid_request"' in none.headers["www-authenticate"]
    assert 'error="invalid_token"' in old.headers["www-authenticate"]


async def test_a_token_holds_until_its_last_second(simulator, stranger):
    simulator.spotify.token_lifetime = 60
    token = (await stranger.post("/api/token", data=FORM, auth=("id", "secret"))).json()
    assert token["expires_in"] == 60
    stranger.headers["authorization"] = f"Bearer {token['access_token']}"
    await asyncio.sleep(59)
    assert (await stranger.get(TRACK)).status_code == 200
    await asyncio.sleep(1)
    assert (await stranger.get(TRACK)).status_code == 401
    assert [(call.time, call.token_ok) for call in simulator.calls[1:]] == [
        (59.0, True),
        (60.0, False),
    ]


async def test_tokens_can_be_made_to_expire(simulator, client):
    assert (await client.get(TRACK)).status_code == 200
    simulator.spotify.tokens.expire()
    assert (await client.get(TRACK)).status_code == 401
