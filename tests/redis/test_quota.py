"""The quota of a provider, shared by processes: here by several users of one Redis."""

import asyncio
import time

import pytest

from loaders import Settings
from loaders.shared import Keyspace, SharedQuota

KEYSPACE = Keyspace.of("spotify", Settings.demo_settings().spotify)

# Seconds by which a busy machine may be late where nothing else is measured.
LATE = 0.25


@pytest.fixture
def quota(store):
    def make(**options):
        return SharedQuota(store, KEYSPACE, **{"rate": 20.0, **options})

    return make


async def reserved(quota):
    """Return the hold, the wait and the spent time that Redis tells, all in seconds."""
    held, wait, ahead = await quota._reserve()
    return held / 1e3, wait / 1e6, ahead / 1e6


async def told_at(call):
    """Return what a call comes to, and the seconds it took."""
    began = time.monotonic()
    return await call, time.monotonic() - began


# Rate.


async def test_calls_are_due_one_interval_after_the_other_whoever_makes_them(quota, server):
    one, two = quota(rate=10.0), quota(rate=10.0)
    began = server.now()
    due = [server.now() + (await reserved(each))[1] for each in (one, two, two, one)]
    assert [round(10 * (moment - began)) for moment in due] == [0, 1, 2, 3]


async def test_a_permit_is_given_when_its_call_is_due_and_not_before(quota):
    one, two = quota(rate=4.0), quota(rate=4.0)
    began = time.monotonic()
    given = []
    for each in (one, two, one):
        assert await each.permit() == 0.0
        given.append(time.monotonic() - began)
    assert given[1] >= 0.25 - 0.005
    assert given[2] >= 0.5 - 0.005
    assert given[2] < 0.5 + LATE


async def test_a_burst_is_shared_too(quota):
    users = [quota(rate=0.1, burst=3) for _ in range(4)]
    waits = [(await reserved(user))[1] for user in users]
    assert waits[:3] == [0.0, 0.0, 0.0]
    assert waits[3] == pytest.approx(10.0, abs=LATE)


async def test_a_rest_saves_no_more_than_a_burst(quota):
    user = quota(rate=50.0, burst=2)
    waits = []
    for _ in range(2):
        waits += [(await reserved(user))[1] for _ in range(3)]
        await asyncio.sleep(0.2)
    assert [wait > 0 for wait in waits] == [False, False, True] * 2


async def test_a_permit_costs_one_command_however_long_it_waits(quota, server):
    user = quota(rate=4.0)
    await user.permit()
    before = server.client.info("commandstats")["cmdstat_evalsha"]["calls"]
    await asyncio.gather(user.permit(), user.permit())
    stats = server.client.info("commandstats")
    assert stats["cmdstat_evalsha"]["calls"] - before == 2


async def test_a_call_is_not_reserved_further_ahead_than_somebody_would_wait(quota, server):
    user = quota(rate=0.01, horizon=30.0)
    await reserved(user)
    spent = server.client.get(KEYSPACE.rate)
    assert (await reserved(user))[1] == pytest.approx(100.0, abs=LATE)
    assert server.client.get(KEYSPACE.rate) == spent, "nothing was written"


async def test_what_could_not_be_reserved_is_asked_for_again_when_it_can_be(quota):
    user = quota(rate=2.0, horizon=0.1)
    await user.permit()
    assert await told_at(user.permit()) == (0.0, pytest.approx(0.5, abs=LATE))


async def test_without_a_rate_nothing_is_counted(quota, server):
    user = quota(rate=None)
    assert [await user.permit() for _ in range(3)] == [0.0] * 3
    assert user.budget is None
    assert not server.client.exists(KEYSPACE.rate)


async def test_the_budget_is_that_of_all(quota):
    one, two = quota(rate=1.0, burst=4), quota(rate=1.0, burst=4)
    assert one.budget == 4.0
    await one.permit()
    await two.permit()
    await one.permit()
    assert one.budget == pytest.approx(1.0, abs=LATE)


async def test_who_calls_with_other_credentials_has_another_quota(store, quota):
    await reserved(quota(rate=0.1))
    spotify = Settings(spotify={"client_id": "other", "client_secret": "other"}).spotify
    other = SharedQuota(store, Keyspace.of("spotify", spotify), rate=0.1)
    assert (await reserved(other))[1] == 0.0


# The server's clock and memory.


async def test_a_timestamp_has_all_its_digits(quota, server):
    await reserved(quota())
    assert float(server.client.get(KEYSPACE.rate)) == int(server.client.get(KEYSPACE.rate))
    assert int(server.client.get(KEYSPACE.rate)) / 1e6 == pytest.approx(server.now(), abs=LATE)


async def test_a_clock_that_was_set_back_an_hour_costs_a_burst_and_no_hour(quota, server):
    user = quota(rate=1.0)
    server.client.set(KEYSPACE.rate, int(1e6 * (server.now() + 3600)))
    assert await reserved(user) == (0.0, 0.0, pytest.approx(1.0))
    assert (await reserved(user))[1] == pytest.approx(1.0, abs=LATE)


async def test_the_timestamp_goes_when_it_says_nothing_any_more(quota, server):
    await reserved(quota(rate=20.0))
    assert 0 < server.client.pttl(KEYSPACE.rate) <= 51
    await asyncio.sleep(0.1)
    assert server.client.keys("*rate") == []


async def test_a_flush_costs_one_burst(quota, server):
    user = quota(rate=0.1)
    await reserved(user)
    server.client.flushall()
    assert (await reserved(user))[1] == 0.0
    assert (await reserved(user))[1] == pytest.approx(10.0, abs=LATE)


async def test_scripts_that_redis_has_forgotten_are_loaded_again(quota, server, store):
    user = quota()
    await user.permit()
    server.client.script_flush()
    await user.permit()
    assert store.is_up


# Holds.


async def until_held(server):
    async with asyncio.timeout(5.0):
        while not server.client.exists(KEYSPACE.hold):  # noqa: ASYNC110 - redis tells nobody
            await asyncio.sleep(0.005)


async def test_a_hold_is_kept_by_all(quota, server):
    one, two = quota(), quota(rate=None)
    one.hold(60.0)
    await until_held(server)
    assert await one.permit() == pytest.approx(60.0, abs=LATE)
    assert await two.permit() == pytest.approx(60.0, abs=LATE)
    assert not server.client.exists(KEYSPACE.rate), "nothing is reserved during a hold"


async def test_a_shorter_hold_does_not_end_a_longer_one(quota, server):
    user = quota()
    user.hold(60.0)
    await until_held(server)
    user.hold(1.0)
    user.hold(0.0)
    await asyncio.gather(*user._store._unattended)
    assert await user.permit() == pytest.approx(60.0, abs=LATE)
    user.hold(90.0)
    await asyncio.gather(*user._store._unattended)
    assert await user.permit() == pytest.approx(90.0, abs=LATE)


async def test_the_end_of_a_hold_lets_calls_pass_at_the_rate(quota, server):
    user = quota(rate=0.1)
    user.hold(0.1)
    await until_held(server)
    await asyncio.sleep(await user.permit())
    assert (await reserved(user))[1] == 0.0
    assert (await reserved(user))[1] == pytest.approx(10.0, abs=LATE)


async def test_who_has_waited_long_for_a_call_does_not_make_it_during_a_hold(quota):
    one, two = quota(rate=0.8), quota(rate=0.8)
    await one.permit()
    waiting = asyncio.create_task(one.permit())  # due after 1.25 s
    await asyncio.sleep(0.1)
    two.hold(60.0)
    assert await waiting == pytest.approx(59.0, abs=2 * LATE)
