"""Whatever becomes of Redis: one use waits for it at most, it is said once, it is found again."""

import asyncio
import logging
import time
from contextlib import asynccontextmanager

import pytest

from api.doctor import examine
from loaders import Settings
from loaders.shared import Keyspace, SharedQuota, SharedStore
from loaders.shared.store import PATIENCE
from tests.redis.proxy import Proxy
from tests.redis.worlds import until_up

KEYSPACE = Keyspace.of("spotify", Settings.demo_settings().spotify)

pytestmark = pytest.mark.usefixtures("impatient")

# What a use may add when Redis hangs, in seconds.
ADDED = 0.06


async def get(store, key="a"):
    return await store.use(lambda redis: redis.get(key))


async def seconds_of(awaitable):
    began = time.monotonic()
    await awaitable
    return time.monotonic() - began


def ends_at_once(coroutine):
    """Tell whether a coroutine comes to its end without waiting for anything."""
    try:
        coroutine.send(None)
    except StopIteration:
        return True
    coroutine.close()
    return False


@pytest.fixture
def told(caplog):
    """Return the lines logged since it was last looked."""
    caplog.set_level(logging.INFO, "unisono.shared")

    def lines():
        found = [(record.levelname, record.getMessage()) for record in caplog.records]
        caplog.clear()
        return found

    return lines


# How Redis is broken, and how it is repaired.


@asynccontextmanager
async def killed(server, _):
    server.kill()
    yield
    server.start()


@asynccontextmanager
async def hung(server, _):
    server.hang()
    yield
    server.go_on()


@asynccontextmanager
async def slow(_, proxy):
    proxy.delay = 0.2
    yield
    proxy.delay = 0.0


@asynccontextmanager
async def full(server, _):
    server.client.config_set("maxmemory", 1)
    yield
    server.client.config_set("maxmemory", 0)


@asynccontextmanager
async def read_only(server, _):
    server.client.replicaof("127.0.0.1", 1)
    yield
    server.client.replicaof("NO", "ONE")


@asynccontextmanager
async def locked(server, _):
    server.client.config_set("requirepass", "another")
    server.client.client_kill_filter(_type="normal", skipme=True)
    yield
    server.client.execute_command("AUTH", "another")
    server.client.config_set("requirepass", "")


FAULTS = [killed, hung, slow, full, read_only, locked]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
async def test_one_use_at_most_waits_and_it_is_said_once_and_used_again(own_server, fault, told):
    async with Proxy(own_server.socket) as proxy, SharedStore(proxy.url, replicas=3) as store:
        quota = SharedQuota(store, KEYSPACE, rate=1000.0)
        await quota.permit()
        assert told() == []
        async with fault(own_server, proxy):
            assert await asyncio.gather(*(quota.permit() for _ in range(5))) == [0.0] * 5
            assert not store.is_up
            assert ends_at_once(get(store))
            [(level, line)] = told()
            assert level == "WARNING"
            assert line.startswith("Redis is not used: ")
            assert line.endswith("; each process keeps to rate / 3 by itself")
            await asyncio.sleep(0.25)  # it is tried meanwhile
            assert not store.is_up
            assert told() == []
        await until_up(store)
        assert told() == [("INFO", "Redis is used again")]
        assert await quota.permit() == 0.0
        assert await quota._reserve() is not None
        assert told() == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
async def test_a_server_starts_without_redis_and_finds_it_later(own_server, fault, told):
    async with Proxy(own_server.socket) as proxy:
        store = SharedStore(proxy.url)
        try:
            async with fault(own_server, proxy):
                await store.start()
                assert not store.is_up
                assert ends_at_once(get(store))
                async with asyncio.timeout(10.0):
                    while not (lines := told()):  # noqa: ASYNC110 - a log tells nobody
                        await asyncio.sleep(0.01)
                assert [level for level, _ in lines] == ["WARNING"]
            await until_up(store)
            assert told() == [("INFO", "Redis is used again")]
        finally:
            await store.close()


@pytest.mark.usefixtures("as_served")
@pytest.mark.parametrize("fault", [hung, slow], ids=lambda fault: fault.__name__)
async def test_a_redis_that_does_not_answer_costs_60_ms_once(own_server, fault):
    async with Proxy(own_server.socket) as proxy, SharedStore(proxy.url) as store:
        for _ in range(20):  # a busy machine is late by itself
            async with fault(own_server, proxy):
                added = await seconds_of(asyncio.gather(*(get(store) for _ in range(5))))
                assert ends_at_once(get(store))
            if added <= ADDED:
                break
            await until_up(store)
        assert PATIENCE - 0.001 <= added <= ADDED


@pytest.mark.usefixtures("as_served")
async def test_a_start_is_held_up_no_longer(own_server):
    own_server.hang()
    store = SharedStore(own_server.url)
    assert await seconds_of(store.start()) < 0.5
    await store.close()


@pytest.mark.usefixtures("as_served")
async def test_a_process_that_was_late_itself_does_not_blame_redis(store):
    async def late(redis):
        answer = asyncio.ensure_future(redis.get("a"))
        await asyncio.sleep(0)
        time.sleep(0.15)  # noqa: ASYNC251 - the event loop is blocked: that is the scenario
        return await answer

    await store.use(late)
    assert store.is_up


async def test_a_use_that_is_cancelled_takes_no_answer_of_another(store):
    await store.use(lambda redis: redis.mset({str(n): n for n in range(10)}))
    for turn in range(50):
        gone = asyncio.create_task(get(store, "0"))
        for _ in range(turn % 8):
            await asyncio.sleep(0)
        gone.cancel()
        answers = await asyncio.gather(*(get(store, str(n)) for n in range(1, 10)))
        assert answers == [str(n).encode() for n in range(1, 10)]


async def test_a_password_is_in_no_line_and_no_repr(own_server, told):
    own_server.client.config_set("requirepass", "another")
    url = own_server.url.replace("unix://", "unix://canary-user:canary-password@")
    store = SharedStore(url)
    await store.start()
    own_server.client.execute_command("AUTH", "another")
    lines = told()
    assert lines
    assert "canary" not in f"{lines}{store!r}"
    await store.close()


async def test_what_nobody_waits_for_is_over_when_the_store_closes(own_server):
    async with SharedStore(own_server.url) as store:
        quota = SharedQuota(store, KEYSPACE, rate=0.01, horizon=200.0)
        await quota.permit()
        waiting = asyncio.create_task(quota.permit())
        quota.hold(60.0)
        await asyncio.sleep(0)
    async with asyncio.timeout(1.0):
        await waiting
    assert store._unattended == set()
    await store.close()


async def test_a_store_may_be_opened_again(own_server):
    store = SharedStore(own_server.url)
    for _ in range(2):
        async with store:
            assert store.is_up
        assert ends_at_once(get(store))


# What the doctor says of it.


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (hung, "no answer within 200 ms"),
        (killed, "ConnectionError"),
        (full, "OutOfMemoryError"),
        (read_only, "ReadOnlyError"),
    ],
)
async def test_the_doctor_says_what_ails_it(own_server, fault, said):
    async def finding():
        nowhere = {"base_url": "http://127.0.0.1:1"}
        others = ("musicbrainz", "deezer", "listenbrainz", "wikidata", "coverart")
        own = {"spotify": {"client_id": None}, **dict.fromkeys(others, nowhere)}
        found = await examine(Settings(redis_url=own_server.url, **own), {})
        return next(each for each in found if each.check == "redis")

    assert await finding() == ("redis", True, "takes writes in time", "")
    async with fault(own_server, None):
        ill = await finding()
        assert not ill.is_well
        assert said in ill.found
        assert "primary" in ill.advice
