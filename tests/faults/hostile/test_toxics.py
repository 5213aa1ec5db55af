"""What a network does to answers, over a proxy with toxics; and certificates: row 18."""

import asyncio
import json
import ssl
from pathlib import Path

import pytest

from tests.faults.hostile.proxy import (
    ToxicProxy,
    blackhole,
    clean,
    latency,
    limit_data,
    reset_peer,
    slicer,
    slow_close,
)
from tests.faults.hostile.server import CLOSE, GOOD, QUERY, WHOLE, FaultServer, answer, ask, asking

TLS = Path(__file__).parents[2] / "data" / "tls"
UNAVAILABLE, TIMEOUT = "UPSTREAM_UNAVAILABLE", "UPSTREAM_TIMEOUT"

#: Long enough to come in several pieces.
LONG = answer(GOOD + b" " * 300_000)


async def outcome_behind(*toxics):
    async with (
        FaultServer([LONG]) as server,
        ToxicProxy(server.port, *toxics) as proxy,
        asking(proxy.url, token_url=server.url) as engine,
    ):
        return await ask(engine)


@pytest.mark.parametrize(
    "toxic",
    [clean, latency(0.01), slicer(997), slow_close(60.0)],
    ids=["none", "latency", "slicer", "slow close"],
)
async def test_what_only_takes_longer_is_answered(toxic):
    outcome = await outcome_behind(toxic)
    assert (outcome.data, outcome.errors) == ({"tracks": WHOLE}, [])
    assert len(outcome.calls) == 1


@pytest.mark.parametrize(
    "toxic",
    [blackhole, latency(60.0), slicer(1000, 0.05)],
    ids=["blackhole", "latency", "slicer"],
)
@pytest.mark.usefixtures("limit")
async def test_what_takes_too_long_is_given_up_three_times(toxic):
    outcome = await outcome_behind(toxic)
    assert (outcome.codes, outcome.retryable) == ([TIMEOUT] * 3, {True})
    assert len(outcome.calls) == 3


@pytest.mark.parametrize(
    "toxic",
    [reset_peer(), reset_peer(50), reset_peer(100_000), limit_data(50), limit_data(100_000)],
    ids=["reset", "reset in head", "reset in body", "closed in head", "closed in body"],
)
async def test_what_breaks_off_is_asked_again(toxic):
    outcome = await outcome_behind(toxic)
    assert (outcome.codes, outcome.retryable) == ([UNAVAILABLE] * 3, {True})
    assert len(outcome.calls) == 3
    outcome = await outcome_behind(toxic, clean)
    assert (outcome.data, outcome.errors) == ({"tracks": WHOLE}, [])
    assert len(outcome.calls) == 2


async def test_what_is_down_is_answered_again_when_it_is_up():
    async with (
        FaultServer([LONG]) as server,
        ToxicProxy(server.port, clean) as proxy,
        asking(proxy.url, token_url=server.url) as engine,
    ):
        assert (await ask(engine)).errors == []
        await proxy.down()
        assert (await ask(engine)).codes == [UNAVAILABLE] * 3
        await proxy.up()
        assert (await ask(engine)).errors == []
    assert len(server.asked) == 2


async def test_a_server_that_closes_after_each_answer_is_not_noticed():
    """A call may meet a connection that is just being closed: it is made again."""
    async with FaultServer([answer(), CLOSE]) as server, asking(server.url) as engine:
        for _ in range(5):
            outcome = await ask(engine)
            assert (outcome.data, outcome.errors) == ({"tracks": WHOLE}, [])


@pytest.mark.usefixtures("limit")
async def test_a_provider_in_a_black_hole_leaves_the_other_whole():
    """Row 51."""
    async with (
        FaultServer([answer()]) as server,
        ToxicProxy(server.port, blackhole) as proxy,
        asking(
            server.url,
            contact="me@example.org",
            musicbrainz={"base_url": f"{proxy.url}/ws/2", "rate": 0},
        ) as engine,
    ):
        artist = "musicbrainz:artist:b9ad642e-b012-41c7-b72a-42cf4911f9ff"
        outcome = await ask(engine, f'{QUERY[:-1]} artist(id: "{artist}") {{ name }} }}')
    assert outcome.data == {"tracks": WHOLE, "artist": None}
    [error] = outcome.errors
    assert (error["path"], error["extensions"]["code"]) == (["artist"], TIMEOUT)
    assert error["extensions"]["provider"] == "musicbrainz"


@pytest.fixture
def trusted(monkeypatch):
    """Trust the authority of the tests."""
    authorities = ssl.create_default_context(cafile=TLS / "authority.pem")
    monkeypatch.setattr("httpx.create_ssl_context", lambda **_: authorities)


async def outcome_under(certificate):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(TLS / certificate)
    loop = asyncio.get_running_loop()
    told = []
    loop.set_exception_handler(lambda _, context: told.append(context))
    async with (
        FaultServer([answer()]) as tokens,
        FaultServer([answer()], ssl=context) as server,
        asking(server.url, token_url=tokens.url) as engine,
    ):
        outcome = await ask(engine)
    assert told == []
    return outcome, len(server.asked)


@pytest.mark.usefixtures("trusted")
async def test_a_certificate_that_can_be_trusted():
    outcome, calls = await outcome_under("good.pem")
    assert (outcome.data, outcome.errors, calls) == ({"tracks": WHOLE}, [], 1)


@pytest.mark.parametrize("certificate", ["selfsigned.pem", "expired.pem", "otherhost.pem"])
@pytest.mark.usefixtures("trusted")
async def test_a_certificate_that_cannot_be_trusted(certificate):
    """Row 18: nothing is asked, once, and never without a certificate."""
    outcome, calls = await outcome_under(certificate)
    assert (outcome.codes, outcome.retryable, calls) == ([UNAVAILABLE] * 3, {False}, 0)
    assert len(outcome.calls) == 1
    assert "its certificate cannot be trusted" in json.dumps(outcome.errors)
