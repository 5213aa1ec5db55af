"""Spotify's token: fetched once for all who need it, renewed in time, never shown."""

import asyncio

import pytest
from pydantic import SecretStr

from loaders import AuthError, Providers, Settings
from loaders.http import Http, in_process
from loaders.spotify.token import Token

TOKEN = "POST /api/token"
NOBODY = "0" * 22
HINT = "(are the client id and secret right?)"
GOOD = {"access_token": "t", "token_type": "Bearer", "expires_in": 3600}


@pytest.fixture
def token(simulator):
    http = Http("spotify", "http://simulator.invalid/api/token", transport=in_process(simulator))
    return Token(http, SecretStr("hush-id"), SecretStr("hush-secret"))


def issued(simulator):
    return [call.time for call in simulator.calls if call.route == TOKEN]


async def test_who_comes_together_shares_one_call(simulator, token):
    simulator.latency = 1.0
    texts = await asyncio.gather(*(token.get() for _ in range(100)))
    assert len(set(texts)) == 1
    assert issued(simulator) == [0.0]


async def test_a_good_token_is_used_again(simulator, token):
    assert await token.get() == await token.get()
    assert issued(simulator) == [0.0]


async def test_a_token_is_renewed_a_minute_before_its_end(simulator, token):
    first = await token.get()
    await asyncio.sleep(3600 - 60 - 0.001)
    assert await token.get() == first
    await asyncio.sleep(0.001)
    assert await token.get() == first  # it is still good, and nobody has to wait for the next one
    await asyncio.sleep(0.001)
    assert await token.get() != first
    assert issued(simulator) == [0.0, 3540.0]


async def test_while_no_new_token_comes_the_old_one_is_used_to_its_end(simulator, token):
    first = await token.get()
    fault = simulator.fault(TOKEN, status=503)
    for second in range(3540, 3600, 2):
        await asyncio.sleep(second - asyncio.get_running_loop().time())
        assert await token.get() == first
    assert issued(simulator) == [0.0, *(3540.0 + 6 * place for place in range(10))]
    await asyncio.sleep(2.0)
    with pytest.raises(AuthError):
        await token.get()
    simulator.faults.remove(fault)
    assert await token.get() != first


async def test_a_short_token_is_renewed_a_tenth_of_its_life_before_its_end(simulator, token):
    simulator.spotify.token_lifetime = 10.0
    await token.get()
    await asyncio.sleep(8.5)
    await token.get()
    assert issued(simulator) == [0.0]
    await asyncio.sleep(0.5)
    await token.get()
    await asyncio.sleep(0.5)
    assert issued(simulator) == [0.0, 9.0]


async def test_the_life_of_a_token_begins_when_it_was_asked_for(simulator, token):
    simulator.latency = 5.0
    await token.get()
    await asyncio.sleep(3540 - 5)
    await token.get()
    await asyncio.sleep(1)
    assert issued(simulator) == [0.0, 3540.0]


async def test_a_refused_token_is_renewed_once_for_all_who_had_it(simulator, token):
    simulator.latency = 1.0
    first = await token.get()
    renewed = await asyncio.gather(*(token.renew(first) for _ in range(100)))
    assert set(renewed) == {await token.get()}
    assert first not in renewed
    assert await token.renew(first) == await token.get()  # one who comes late has nothing to renew
    assert issued(simulator) == [0.0, 1.0]


async def test_cancelling_one_cancels_neither_the_call_nor_the_others(simulator, token):
    simulator.latency = 1.0
    first, second = asyncio.ensure_future(token.get()), asyncio.ensure_future(token.get())
    await asyncio.sleep(0.5)
    first.cancel()
    assert await second == await token.get()
    assert first.cancelled()
    assert issued(simulator) == [0.0]


async def test_cancelling_all_leaves_the_token_for_the_next(simulator, token):
    simulator.latency = 1.0
    only = asyncio.ensure_future(token.get())
    await asyncio.sleep(0.5)
    only.cancel()
    await asyncio.sleep(1.0)
    await token.get()
    assert issued(simulator) == [0.0]
    assert asyncio.get_running_loop().time() == 1.5


@pytest.mark.parametrize(
    ("fault", "words", "next_step"),
    [
        ({"hang_up": True}, "broke off (HungUp)", (True, None)),
        ({"latency": 11.0}, "did not answer in time (TimeoutError)", (True, None)),
        ({"status": 503}, "answered 503 Service Unavailable", (True, None)),
        ({"status": 429, "headers": {"retry-after": "9"}}, "takes no calls for 9 s", (True, 9.0)),
        ({"status": 400}, f"answered 400 Bad Request {HINT}", (False, None)),
        ({"status": 401}, f"answered 401 Unauthorized {HINT}", (False, None)),
        ({"body": "<html>"}, "answered with something else", (False, None)),
        ({"body": b"\xff"}, "answered with something else", (False, None)),
        ({"body": "[" * 100_000}, "answered with something else", (False, None)),
        ({"body": {"access_token": "t"}}, "answered with something else", (False, None)),
        ({"body": {**GOOD, "expires_in": 0}}, "answered with something else", (False, None)),
        ({"body": {**GOOD, "expires_in": "soon"}}, "answered with something else", (False, None)),
        ({"body": {**GOOD, "token_type": "mac"}}, "answered with something else", (False, None)),
        ({"body": {**GOOD, "access_token": "\r\n"}}, "answered with something else", (False, None)),
    ],
)
async def test_what_goes_wrong_is_an_auth_error(simulator, token, fault, words, next_step):
    simulator.fault(TOKEN, **fault, times=1)
    with pytest.raises(AuthError) as caught:
        await token.get()
    assert str(caught.value) == f"no token: spotify {words}"
    assert (caught.value.retryable, caught.value.retry_after) == next_step
    assert await token.get()  # nothing is remembered of a failure


async def test_a_failure_is_told_to_all_who_waited_for_it(simulator, token):
    simulator.fault(TOKEN, status=500, latency=1.0)
    errors = await asyncio.gather(*(token.get() for _ in range(9)), return_exceptions=True)
    assert {type(error) for error in errors} == {AuthError}
    assert issued(simulator) == [0.0]


async def test_closing_gives_up_a_call_that_is_under_way(simulator, token):
    simulator.latency = 1.0
    waiting = asyncio.ensure_future(token.get())
    await asyncio.sleep(0.5)
    await token.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_no_secret_is_in_a_repr(token):
    await token.get()
    assert "hush" not in repr(token)
    assert await token.get() not in repr(token)
    assert "hush" not in repr(vars(token)["_http"])


# Through the client


async def test_100_batches_at_once_with_an_expired_token_fetch_one(simulator, providers):
    simulator.latency = 1.0
    await providers.loaders().load("artists", [("spotify", NOBODY)])
    simulator.spotify.tokens.expire()
    simulator.reset()
    keys = [f"{number:022}" for number in range(100 * 50)]
    found = await providers.loaders().load("tracks", [("spotify", key) for key in keys])
    assert found == [None] * 5000
    assert len(issued(simulator)) == 1
    statuses = [call.status for call in simulator.calls if call.route == "GET /v1/tracks"]
    assert statuses.count(200) == 100
    # As many as may fly together had left with the old token.
    assert statuses.count(401) == 64


async def test_100_batches_at_once_without_a_token_fetch_one(simulator, providers):
    keys = [f"{number:022}" for number in range(100 * 50)]
    found = await providers.loaders().load("tracks", [("spotify", key) for key in keys])
    assert found == [None] * 5000
    assert len(issued(simulator)) == 1


async def test_when_fresh_tokens_are_refused_nobody_calls_for_half_a_minute(simulator, providers):
    async def load(resource):
        return await providers.loaders().load(resource, [("spotify", NOBODY)])

    simulator.fault("GET /v1/tracks", status=401)
    [error] = await load("tracks")
    assert isinstance(error, AuthError)
    assert str(error) == "spotify refuses the tokens that it gives"
    assert (error.retryable, error.retry_after) == (False, 30.0)
    await asyncio.sleep(10.0)
    [error] = await load("artists")
    assert (type(error), error.retry_after) == (AuthError, 20.0)
    assert [call.route for call in simulator.calls] == [TOKEN, "GET /v1/tracks"] * 2
    await asyncio.sleep(20.0)
    assert await load("artists") == [None]
    assert [call.route for call in simulator.calls[4:]] == [TOKEN, "GET /v1/artists"]


async def test_a_storm_of_refusals_fetches_one_more_token(simulator, providers):
    simulator.latency = 1.0
    await providers.loaders().load("artists", [("spotify", NOBODY)])
    simulator.reset()
    simulator.fault("GET /v1/tracks", status=401)
    keys = [("spotify", f"{number:022}") for number in range(60 * 50)]
    errors = await providers.loaders().load("tracks", keys)
    assert {type(error) for error in errors} == {AuthError}
    assert len(issued(simulator)) == 1


async def test_a_token_that_does_not_tell_its_end_is_good_for_an_hour(simulator, token):
    simulator.fault(TOKEN, body={"access_token": "t", "token_type": "Bearer"}, times=1)
    assert await token.get() == "t"
    await asyncio.sleep(3599.0)
    assert await token.get() == "t"


async def test_a_token_call_takes_no_permit_of_the_gate(simulator, providers):
    await providers.loaders().load("tracks", [("spotify", NOBODY)])
    assert len(simulator.calls) == 2
    assert providers.statuses()[0].calls == 1


async def test_a_second_call_with_a_new_token_takes_a_permit(simulator, providers):
    simulator.fault("GET /v1/tracks", status=401, times=1)
    await providers.loaders().load("tracks", [("spotify", NOBODY)])
    assert providers.statuses()[0].calls == 2


async def test_a_request_that_leaves_does_not_take_the_token_along(simulator, providers):
    simulator.latency = 1.0
    first = asyncio.ensure_future(providers.loaders().load("tracks", [("spotify", NOBODY)]))
    await asyncio.sleep(0.5)
    second = asyncio.ensure_future(providers.loaders().load("artists", [("spotify", NOBODY)]))
    await asyncio.sleep(0.25)
    first.cancel()
    assert await second == [None]
    assert [(call.time, call.route) for call in simulator.calls] == [
        (0.0, TOKEN),
        (1.0, "GET /v1/artists"),
    ]


async def test_no_secret_and_no_token_is_in_an_error(simulator):
    settings = Settings.demo_settings()
    spotify = settings.spotify.model_copy(update={"client_secret": SecretStr("hush")})
    settings = settings.model_copy(update={"spotify": spotify})
    leak = {"access_token": "hush", "token_type": "hush", "expires_in": "hush"}
    simulator.fault(TOKEN, body=leak)
    async with Providers(settings, simulator=simulator) as providers:
        [error] = await providers.loaders().load("tracks", [("spotify", NOBODY)])
        while error is not None:
            assert "hush" not in f"{error} {error!r}"
            error = error.__cause__ or error.__context__
