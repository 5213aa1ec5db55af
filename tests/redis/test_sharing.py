"""What one process was told, all know; and what several ask for at once, one of them fetches."""

import asyncio

import msgspec
import pytest

from batching import DeadlineExceededError, KeyNotFoundError, ProcessorClosedError
from loaders import Trace, UnavailableError
from loaders.cache import Keep
from loaders.shared import entries as entries_module
from loaders.shared.entries import LEASE, MOST_BYTES, Claim, Found
from tests.redis.worlds import KEYSPACE, Process, Upstream, artist

FAILED = UnavailableError("spotify", "spotify broke off")


@pytest.fixture
def upstream():
    return Upstream()


@pytest.fixture
async def processes(server, upstream):
    async with (
        Process("one", server.url, upstream) as one,
        Process("two", server.url, upstream) as two,
    ):
        yield one, two


async def until(condition):
    async with asyncio.timeout(10.0):
        while not condition():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.002)


def looks(server):
    """Return how often anybody has looked, since the server's counts were reset."""
    return server.client.info("commandstats")["cmdstat_mget"]["calls"]


def now():
    return asyncio.get_running_loop().time()


# Known by all.


async def test_what_one_process_was_told_the_others_know(processes, upstream):
    one, two = processes
    assert await one.cached.submit_many(["a", "b"]) == [artist("a"), artist("b")]
    await one.told()
    trace = Trace()
    assert await two.cached.submit_many(["b", "a", "b"], scope=trace.scope) == [
        artist("b"),
        artist("a"),
        artist("b"),
    ]
    assert await two.cached.submit("a") == artist("a")
    assert upstream.calls == [("one", ["a", "b"])]


async def test_what_was_found_is_remembered_here_too(processes, server):
    one, two = processes
    await one.cached.submit_many(["a"])
    await one.told()
    await two.cached.submit_many(["a"])
    server.client.flushall()
    assert two.cached.submit_many(["a"]).done()


async def test_keys_of_one_tick_are_looked_for_with_one_command(processes, server):
    one, _ = processes
    server.client.config_resetstat()
    asked = [one.cached.submit_many([key, "x"]) for key in "abc"]
    await asyncio.gather(*asked, one.cached.submit("d"))
    assert looks(server) == 1
    assert [keys for _, keys in one.upstream.calls] == [["a", "x", "b", "c", "d"]]


async def test_that_there_is_nothing_is_known_by_all_for_its_own_time(processes, upstream, server):
    one, two = processes
    upstream.answers["a"] = None
    assert await one.cached.submit_many(["a"]) == [None]
    await one.told()
    assert await two.cached.submit_many(["a"]) == [None]
    assert upstream.fetched == ["a"]
    assert 25_000 < server.client.pttl(KEYSPACE.entry("artists", "a")) <= 30_000


async def test_an_entry_is_there_as_long_as_its_provider_allows(processes, server):
    one, _ = processes
    await one.cached.submit_many(["a"])
    await one.told()
    assert 115_000 < server.client.pttl(KEYSPACE.entry("artists", "a")) <= 120_000


async def test_an_age_counts_from_when_it_was_told_and_not_from_when_it_was_found(server, upstream):
    keep = Keep(fresh=0.4, stale=60.0)
    async with (
        Process("one", server.url, upstream, keep=keep) as one,
        Process("two", server.url, upstream, keep=keep) as two,
    ):
        await one.cached.submit_many(["a"])
        await one.told()
        await asyncio.sleep(0.3)
        await two.cached.submit_many(["a"])
        assert two.remembered.recall(["a"]) == {"a": artist("a")}
        assert two.remembered.stale == 0
        await asyncio.sleep(0.2)
        two.remembered.recall(["a"])
        assert two.remembered.stale == 1


async def test_what_is_stale_is_told_and_asked_again_once_for_all(server, upstream):
    keep = Keep(fresh=0.05, stale=60.0)
    trace = Trace()
    async with (
        Process("one", server.url, upstream, keep=keep) as one,
        Process("two", server.url, upstream, keep=keep) as two,
    ):
        await one.cached.submit_many(["a"])
        await one.told()
        await asyncio.sleep(0.1)
        one.forget()
        upstream.answers["a"] = artist("a", "Ana II")
        upstream.may_answer.clear()
        told = [await each.cached.submit_many(["a"], scope=trace.scope) for each in (one, two)]
        assert told == [[artist("a")]] * 2
        assert [stale["id"] for stale in trace.stale] == ["spotify:artist:a"] * 2
        assert trace.stale[0]["ageMs"] >= 90
        await until(lambda: len(upstream.calls) == 2)
        await asyncio.sleep(0.05)
        upstream.may_answer.set()
        await until(lambda: not one.remembered._refreshing and not two.remembered._refreshing)
        assert len(upstream.calls) == 2, "one of them asked again, and told the other"
        assert await two.cached.submit_many(["a"]) == [artist("a", "Ana II")]


@pytest.mark.parametrize(
    "spoilt",
    [
        b"",
        b"nonsense",
        b"0" * 13 + b"9" * 13,
        b"0" * 13 + b"9" * 13 + b"\xc1",
        b"0" * 13 + b"9" * 13 + msgspec.msgpack.encode(["a", {"name": 5}]),
        b"0" * 13 + b"9" * 13 + msgspec.msgpack.encode(["b", artist("b")]),
    ],
)
async def test_an_entry_that_is_not_what_it_should_be_is_fetched_and_written_anew(
    processes, server, upstream, spoilt
):
    one, two = processes
    server.client.set(KEYSPACE.entry("artists", "a"), spoilt)
    assert await one.cached.submit_many(["a"]) == [artist("a")]
    await one.told()
    assert await two.cached.submit_many(["a"]) == [artist("a")]
    assert upstream.fetched == ["a"]


async def test_a_spoilt_entry_is_counted(processes, server):
    one, _ = processes
    server.client.set(KEYSPACE.entry("artists", "a"), b"0" * 13 + b"9" * 13 + b"\xc1")
    await one.cached.submit_many(["a"])
    assert one.entries.poisoned == 1


async def test_what_is_too_large_is_not_written(processes, upstream, server):
    one, _ = processes
    upstream.answers["a"] = artist("a", "A" * MOST_BYTES)
    await one.cached.submit_many(["a"])
    await one.told()
    assert not server.client.exists(KEYSPACE.entry("artists", "a"))


async def test_every_key_in_redis_has_an_expiry(processes, server, upstream):
    one, _ = processes
    upstream.answers |= {"b": None, "c": FAILED}
    await one.cached.submit_many(["a", "b", "c"])
    await one.told()
    keys = server.client.keys("*")
    assert len(keys) >= 3
    assert all(server.client.pttl(key) > 0 for key in keys)
    assert all(key.startswith(b"unisono:v1:") for key in keys)


async def test_redis_may_be_flushed_at_any_time(processes, server, upstream):
    one, two = processes
    await one.cached.submit_many(["a"])
    await one.told()
    server.client.flushall()
    assert await two.cached.submit_many(["a"]) == [artist("a")]
    assert upstream.fetched == ["a", "a"]


# Fetched once.


async def test_a_key_asked_in_two_processes_at_once_is_fetched_once(processes, upstream):
    one, two = processes
    upstream.may_answer.clear()
    asked = [each.cached.submit_many(["a", "b"]) for each in (one, two)]
    await until(lambda: upstream.calls)
    await asyncio.sleep(0.05)
    upstream.may_answer.set()
    assert await asyncio.gather(*asked) == [[artist("a"), artist("b")]] * 2
    assert upstream.fetched == ["a", "b"]
    assert sum(each.joined for each in asked) == 2


async def test_each_process_fetches_what_the_other_does_not(processes, upstream):
    one, two = processes
    upstream.may_answer.clear()
    first = one.cached.submit_many(["a", "b"])
    await until(lambda: upstream.calls)
    second = two.cached.submit_many(["b", "c"])
    await until(lambda: len(upstream.calls) == 2)
    upstream.may_answer.set()
    assert await first == [artist("a"), artist("b")]
    assert await second == [artist("b"), artist("c")]
    assert upstream.calls == [("one", ["a", "b"]), ("two", ["c"])]


async def test_in_one_process_a_key_is_joined_as_ever(processes, upstream):
    one, _ = processes
    upstream.may_answer.clear()
    first = one.cached.submit("a")
    await until(lambda: upstream.calls)
    second = one.cached.submit("a")
    await asyncio.sleep(0.05)
    upstream.may_answer.set()
    assert await asyncio.gather(first, second) == [artist("a")] * 2
    assert upstream.fetched == ["a"]
    assert second.joined == 1


async def test_a_call_that_fails_fails_in_each_process_by_its_own_call(processes, upstream):
    one, two = processes
    upstream.answers["a"] = FAILED
    upstream.may_answer.clear()
    asked = [each.cached.submit_many(["a"]) for each in (one, two)]
    await until(lambda: upstream.calls)
    await asyncio.sleep(0.05)
    upstream.may_answer.set()
    assert [str(outcome) for [outcome] in await asyncio.gather(*asked)] == [str(FAILED)] * 2
    assert sorted(name for name, _ in upstream.calls) == ["one", "two"]


async def test_processes_do_not_queue_up_for_a_key_whose_calls_fail(processes, upstream):
    one, two = processes
    upstream.answers["a"] = FAILED
    await one.cached.submit_many(["a"])
    await one.told()
    assert await two.entries.look(["a"]) == [Claim.OPEN]


async def test_a_lease_is_kept_as_long_as_its_holder_waits(
    processes, upstream, server, monkeypatch
):
    monkeypatch.setattr(entries_module, "LEASE", 0.3)
    one, two = processes
    upstream.may_answer.clear()
    asked = [one.cached.submit_many(["a"])]
    await until(lambda: upstream.calls)
    asked.append(two.cached.submit_many(["a"]))
    await asyncio.sleep(0.7)
    assert 0 < server.client.pttl(KEYSPACE.lease("artists", "a")) <= 300
    upstream.may_answer.set()
    await asyncio.gather(*asked)
    assert upstream.fetched == ["a"]
    await one.told()
    assert not server.client.exists(KEYSPACE.lease("artists", "a"))


async def test_the_lease_of_a_holder_that_has_died_is_taken_over(processes, upstream, server):
    _, two = processes
    server.client.set(KEYSPACE.lease("artists", "a"), "somebody", px=200)
    began = now()
    assert await two.cached.submit_many(["a"]) == [artist("a")]
    assert 0.15 < now() - began < 0.2 + LEASE
    assert upstream.calls == [("two", ["a"])]


async def test_a_holder_that_gives_up_leaves_its_lease_to_the_next(processes, upstream):
    one, two = processes
    upstream.may_answer.clear()
    gone = one.cached.submit_many(["a"])
    await until(lambda: upstream.calls)
    stays = two.cached.submit_many(["a"])
    await asyncio.sleep(0.05)
    gone.cancel()
    await until(lambda: len(upstream.calls) == 2)
    upstream.may_answer.set()
    assert await stays == [artist("a")]
    assert upstream.calls == [("one", ["a"]), ("two", ["a"])]


async def test_a_lease_stays_while_one_of_its_holders_callers_does(processes, upstream, server):
    one, _ = processes
    upstream.may_answer.clear()
    gone, stays = one.cached.submit_many(["a"]), one.cached.submit_many(["a"])
    await until(lambda: upstream.calls)
    gone.cancel()
    await one.told()
    assert server.client.get(KEYSPACE.lease("artists", "a")) == one.store.token.encode()
    upstream.may_answer.set()
    assert await stays == [artist("a")]


async def test_only_the_holders_own_lease_is_ended(processes, upstream, server):
    one, _ = processes
    upstream.may_answer.clear()
    asked = one.cached.submit_many(["a", "b"])
    await until(lambda: upstream.calls)
    for key in "ab":
        server.client.set(KEYSPACE.lease("artists", key), "another", px=60_000)
    upstream.answers["b"] = FAILED
    upstream.may_answer.set()
    await asked
    await one.told()
    for key in "ab":
        assert server.client.get(KEYSPACE.lease("artists", key)) == b"another"


async def test_nobody_waits_past_its_deadline_for_another_process(processes, server):
    one, _ = processes
    server.client.set(KEYSPACE.lease("artists", "a"), "another", px=60_000)
    began = now()
    [outcome] = await one.cached.submit_many(["a"], deadline=began + 0.3)
    assert isinstance(outcome, DeadlineExceededError)
    assert 0.29 < now() - began < 1.0


async def test_who_leaves_while_another_process_fetches_leaves_nothing(processes, server):
    one, _ = processes
    server.client.set(KEYSPACE.lease("artists", "a"), "another", px=60_000)
    asked = one.cached.submit("a")
    await asyncio.sleep(0.05)
    asked.cancel()
    before = looks(server)
    await asyncio.sleep(0.2)
    assert looks(server) == before


async def test_a_failure_of_one_key_is_not_that_of_a_batch(processes, upstream):
    one, _ = processes
    upstream.answers["a"] = FAILED
    asked = one.cached.submit_many(["a", "b"])
    outcomes = await asked
    assert (outcomes[0], outcomes[1]) == (FAILED, artist("b"))
    assert asked.batch_failed == set()
    with pytest.raises(UnavailableError):
        await one.cached.submit("a")


# The end, and the lack of Redis.


async def test_who_waits_for_another_process_is_told_of_the_end(server, upstream):
    server.client.set(KEYSPACE.lease("artists", "a"), "another", px=60_000)
    async with Process("one", server.url, upstream) as one:
        asked = one.cached.submit_many(["a"])
        await asyncio.sleep(0.05)
    [outcome] = await asyncio.wait_for(asked, 5.0)
    assert isinstance(outcome, ProcessorClosedError)


async def test_without_redis_each_process_fetches_for_itself(own_server, upstream):
    async with (
        Process("one", own_server.url, upstream) as one,
        Process("two", own_server.url, upstream) as two,
    ):
        own_server.kill()
        asked = [each.cached.submit_many(["a"]) for each in (one, two)]
        assert await asyncio.gather(*asked) == [[artist("a")]] * 2
        asked = [each.cached.submit("b") for each in (one, two)]
        assert await asyncio.gather(*asked) == [artist("b")] * 2
        assert upstream.fetched == ["a", "a", "b", "b"]


async def test_a_redis_that_goes_while_another_process_fetches_holds_up_nobody(
    own_server, upstream
):
    own_server.client.set(KEYSPACE.lease("artists", "a"), "another", px=60_000)
    async with Process("one", own_server.url, upstream) as one:
        asked = one.cached.submit_many(["a"])
        await asyncio.sleep(0.05)
        own_server.kill()
        assert await asyncio.wait_for(asked, 5.0) == [artist("a")]


async def test_an_entry_that_redis_evicts_is_fetched_again(own_server, upstream):
    async with (
        Process("one", own_server.url, upstream) as one,
        Process("two", own_server.url, upstream) as two,
    ):
        used = own_server.client.info("memory")["used_memory"]
        own_server.client.config_set("maxmemory-policy", "allkeys-lru")
        own_server.client.config_set("maxmemory", used + 2_000_000)
        keys = [f"k{n}" for n in range(1000)]
        upstream.answers = {key: artist(key, "A" * 5000) for key in keys}
        for first in range(0, 1000, 50):  # what is on its way counts as memory, too
            await one.cached.submit_many(keys[first : first + 50])
            await one.told()
        assert own_server.client.info("stats")["evicted_keys"] > 0
        assert await two.cached.submit_many(keys) == list(upstream.answers.values())
        assert one.store.is_up
        assert two.store.is_up
    assert 1000 < len(upstream.fetched) <= 2000


# Entries as such.


async def test_a_found_entry_tells_its_age_and_whether_it_is_fresh(processes):
    one, two = processes
    one.entries.fill({"a": artist("a")})
    await one.told()
    [found] = await two.entries.look(["a"])
    assert isinstance(found, Found)
    assert found.outcome == artist("a")
    assert 0.0 <= found.age < 1.0
    assert found.is_fresh


async def test_a_key_is_leased_to_whoever_looks_first(processes):
    one, two = processes
    assert await one.entries.look(["a", "b"]) == [Claim.OURS, Claim.OURS]
    assert await two.entries.look(["a", "c"]) == [Claim.TAKEN, Claim.OURS]
    assert await one.entries.look(["a"]) == [Claim.OURS]


async def test_a_mapping_that_lacks_a_key_says_so(processes, upstream):
    one, _ = processes
    upstream.get = lambda *_: asyncio.sleep(0, {})
    [outcome] = await one.cached.submit_many(["a"])
    assert isinstance(outcome, KeyNotFoundError)
