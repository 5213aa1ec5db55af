"""The pipeline around every bulk call: what is done about each way in which a client may fail."""

import asyncio

import pytest

from batching import Gate
from loaders.errors import (
    AuthError,
    BadKeyError,
    BadResponseError,
    CircuitOpenError,
    NotConfiguredError,
    RateLimitedError,
    RejectedError,
    TooManyKeysError,
    UnavailableError,
    UpstreamTimeoutError,
)
from loaders.pipeline import REMEMBERED
from loaders.provider import Provider
from loaders.retries import LONGEST_HOLD


class Client:
    """Fails as told, then answers every key; remembers when it was asked for what."""

    def __init__(self, *errors):
        self.errors = list(errors)
        self.calls = []

    async def get(self, keys):
        self.calls.append((now(), keys))
        for error in self.errors[:1]:
            if not isinstance(error, BadKeyError) or "bad" in keys:
                del self.errors[0]
                raise error
        return [f"{key}!" for key in keys]

    async def close(self):
        pass

    def connect(self, gate=None):
        provider = Provider("jukebox", gate=gate or Gate(), client=self)
        for resource in ("songs", "bands"):
            provider.add(resource, self.get, batch_size=8, window=0.0)
        return provider

    def serve(self, gate=None):
        return self.connect(gate).resources["songs"]


def now():
    return asyncio.get_running_loop().time()


@pytest.fixture(autouse=True)
def half(monkeypatch):
    """Draw a half wherever something is drawn."""
    monkeypatch.setattr("random.random", lambda: 0.5)
    monkeypatch.setattr("batching.policies.RetryPolicy.delay", lambda _self, _attempts: 0.025)


@pytest.mark.parametrize(
    ("error", "calls"),
    [
        (UpstreamTimeoutError("jukebox", "m"), 3),
        (UnavailableError("jukebox", "m"), 3),
        (UnavailableError("jukebox", "m", retryable=False), 1),
        (BadResponseError("jukebox", "m"), 2),
        (BadResponseError("jukebox", "m", retryable=False), 1),
        (AuthError("jukebox", "m", retryable=True), 3),
        (AuthError("jukebox", "m"), 1),
        (CircuitOpenError("jukebox", "m"), 1),
        (NotConfiguredError("jukebox", "m"), 1),
        (RejectedError("jukebox", "m"), 1),
        (ValueError("no provider's"), 1),
    ],
)
async def test_what_may_pass_is_tried_again_and_then_seen_as_it_is(error, calls):
    client = Client(*[error] * 9)
    assert await client.serve().submit_many("ab") == [error, error]
    assert [keys for _, keys in client.calls] == [["a", "b"]] * calls


async def test_a_pause_holds_the_gate_for_everybody_and_nobody_has_to_ask_again():
    gate = Gate()
    client = Client(RateLimitedError("jukebox", "m", retry_after=3.0))
    songs = client.serve(gate)
    first = songs.submit("a")
    await asyncio.sleep(1.0)
    assert gate.held == 2.0
    assert await asyncio.gather(first, songs.submit("b")) == ["a!", "b!"]
    assert [(time, sorted(keys)) for time, keys in client.calls] == [
        (0.0, ["a"]),
        (3.0, ["a", "b"]),
    ]


async def test_a_pause_of_no_length_gets_longer_each_time_and_short_again_once_served():
    client = Client(*[RateLimitedError("jukebox", "m", retry_after=none) for none in (None, 0.0)])
    songs = client.serve()
    await songs.submit("a")
    client.errors = [RateLimitedError("jukebox", "m")]
    await songs.submit("b")
    assert [time for time, _ in client.calls] == [0.0, 0.5, 1.5, 1.5, 2.0]


async def test_a_pause_of_a_day_is_doubted_after_a_quarter_of_an_hour():
    gate = Gate()
    client = Client(RateLimitedError("jukebox", "m", retry_after=86_400.0))
    [error] = await client.serve(gate).submit_many("a", deadline=30.0)
    assert (error.retry_after, now()) == (86_400.0, 0.0)
    assert gate.held == LONGEST_HOLD == 900.0


async def test_too_many_keys_are_halved_for_everybody_for_an_hour():
    client = Client(TooManyKeysError("jukebox", "m"))
    songs = client.serve()
    await songs.submit_many("abcdefgh")
    await songs.submit_many("ijklm")
    assert [len(keys) for _, keys in client.calls] == [8, 4, 4, 4, 1]
    await asyncio.sleep(REMEMBERED)
    await songs.submit("n")
    await songs.submit_many("opqrstuv")
    assert [len(keys) for _, keys in client.calls[-2:]] == [1, 8]


async def test_the_client_may_know_how_many_keys_are_too_many():
    client = Client(TooManyKeysError("jukebox", "m", at_most=1))
    assert await client.serve().submit_many("ab") == ["a!", "b!"]
    assert [keys for _, keys in client.calls] == [["a", "b"], ["a"], ["b"]]


async def test_a_single_key_that_is_too_much_is_refused():
    error = TooManyKeysError("jukebox", "m")
    client = Client(error)
    assert await client.serve().submit_many("a") == [error]
    assert len(client.calls) == 1


async def test_one_bad_key_is_found_and_its_neighbours_are_served():
    error = BadKeyError("jukebox", "m")
    client = Client(*[error] * 9)
    songs = client.serve()
    assert await songs.submit_many(["a", "bad", "c", "d"]) == ["a!", error, "c!", "d!"]
    assert [keys for _, keys in client.calls] == [
        ["a", "bad", "c", "d"], ["a", "bad"], ["c", "d"], ["a"], ["bad"],
    ]  # fmt: skip
    assert now() == 0.0


# Who waits in vain is told so.


async def test_a_pause_that_outlasts_a_deadline_is_told_at_once_to_all_who_wait_and_who_come():
    gate = Gate(rate=1.0)
    client = Client(RateLimitedError("jukebox", "m", retry_after=60.0))
    provider = client.connect(gate)
    songs, bands = provider.resources.values()
    first = songs.submit_many("a", deadline=30.0)
    waiting, patient = bands.submit_many("bc", deadline=30.0), bands.submit("b", deadline=90.0)
    told = [*await first, *await waiting]
    await asyncio.sleep(10.0)
    told += await songs.submit_many("d", deadline=40.0)
    assert [error.retry_after for error in told] == [60.0, 60.0, 60.0, 50.0]
    assert now() == 10.0
    assert await patient == "b!"
    assert client.calls == [(0.0, ["a"]), (60.0, ["b"])]


async def test_what_is_in_the_air_is_still_joined_during_a_pause():
    gate = Gate()
    songs = Client().connect(gate)

    async def slow(keys):
        await asyncio.sleep(1.0)
        return keys

    songs.add("slow", slow, batch_size=8, window=0.0)
    first = songs.resources["slow"].submit("a")
    await asyncio.sleep(0.5)
    gate.hold(60.0)
    assert await songs.resources["slow"].submit("a", deadline=30.0) == await first == "a"


# A resource that fails too often is left alone.


async def fail(songs, times):
    for number in range(times):
        await songs.submit_many([f"failing {number}"])


async def test_after_five_failures_nobody_calls_for_five_seconds_and_nobody_waits():
    client = Client(*[UnavailableError("jukebox", "m", retryable=False)] * 5)
    songs = client.serve()
    await fail(songs, 5)
    await asyncio.sleep(2.0)
    [error] = await songs.submit_many("a")
    assert isinstance(error, CircuitOpenError)
    assert str(error) == "jukebox fails too often and is left alone for 3 s"
    assert (error.retryable, error.retry_after) == (True, 3.0)
    await asyncio.sleep(3.0)
    assert await songs.submit("a") == "a!"
    assert len(client.calls) == 6


async def test_who_waits_while_it_opens_is_told_and_no_permit_is_lost():
    gate = Gate(rate=1.0)
    client = Client(*[UnavailableError("jukebox", "m", retryable=False)] * 5)
    provider = client.connect(gate)
    songs, bands = provider.resources.values()
    await fail(songs, 4)
    fifth = songs.submit_many([f"song {number}" for number in range(20)])
    outcomes = await fifth
    assert [type(error) for error in outcomes] == [UnavailableError] * 8 + [CircuitOpenError] * 12
    assert now() == 4.0
    assert await bands.submit("x") == "x!"  # another resource is another matter
    assert now() == 5.0
    assert gate.calls == 6


async def test_of_many_batches_one_asks_whether_all_is_well_again():
    client = Client(*[UnavailableError("jukebox", "m", retryable=False)] * 6)
    songs = client.serve()
    await fail(songs, 5)
    await asyncio.sleep(5.0)
    outcomes = await songs.submit_many(range(50 * 8))
    assert [type(error) for error in outcomes].count(UnavailableError) == 8
    assert [type(error) for error in outcomes].count(CircuitOpenError) == 49 * 8
    assert len(client.calls) == 6
    [error] = await songs.submit_many("a")
    assert error.retry_after == 10.0


async def test_a_cancelled_probe_is_followed_by_another():
    client = Client(*[UnavailableError("jukebox", "m", retryable=False)] * 5)
    songs = client.serve()
    await fail(songs, 5)
    await asyncio.sleep(5.0)
    real, songs._flights._processor_func.__self__._get = client.get, lambda _: asyncio.sleep(9.0)
    probe = songs.submit("a")
    await asyncio.sleep(1.0)
    probe.cancel()
    await asyncio.sleep(0)
    songs._flights._processor_func.__self__._get = real
    assert await songs.submit("a") == "a!"


@pytest.mark.parametrize(
    "error",
    [
        RateLimitedError("jukebox", "m", retry_after=0.001),
        BadKeyError("jukebox", "m"),
        RejectedError("jukebox", "m"),
        AuthError("jukebox", "m"),
    ],
)
async def test_pauses_and_refusals_do_not_count_as_failures(error):
    client = Client(*[error] * 30)
    songs = client.serve()
    for _ in range(10):
        await songs.submit_many(["bad"])
    client.errors = []
    assert await songs.submit("a") == "a!"


# What retries may cost.


async def test_retries_end_when_their_budget_is_spent_and_come_back_with_what_is_served():
    client = Client(*[UpstreamTimeoutError("jukebox", "m")] * 6)
    provider = client.connect()
    songs, bands = provider.resources.values()
    await songs.submit_many("a")  # three of the few
    await bands.submit_many("a")  # two, and there are no more
    assert len(client.calls) == 6
    client.errors = [UpstreamTimeoutError("jukebox", "m")]
    assert isinstance((await bands.submit_many("b"))[0], UpstreamTimeoutError)
    for number in range(10):
        await songs.submit(number)
    client.errors = [UpstreamTimeoutError("jukebox", "m")]
    assert await songs.submit("c") == "c!"


def test_a_pipeline_shows_whose_it_is_and_how_it_stands():
    pipeline = Client().connect()._pipelines[0]
    assert repr(pipeline) == "<Pipeline 'jukebox.songs' <Breaker [closed]>>"


# In the middle of a tick, in which keys that are alike are asked about once.


async def test_a_breaker_that_opens_in_the_middle_of_a_tick_refuses_who_waits_and_who_comes():
    client = Client()
    songs = client.serve()
    pipeline = songs._flights._processor_func.__self__
    callers = [songs.submit(key, deadline=60.0) for key in "ab"]
    while not pipeline.breaker.leave(False, failed=True):
        pass
    songs.reconsider()
    callers.append(songs.submit("c", deadline=60.0))
    assert [type(caller.exception()) for caller in callers] == [CircuitOpenError] * 3
    assert client.calls == []


async def test_a_pause_that_begins_in_the_middle_of_a_tick_refuses_who_has_no_time_for_it():
    client = Client()
    songs = client.serve()
    pipeline = songs._flights._processor_func.__self__
    hurried = [songs.submit(key, deadline=2.0) for key in "ab"]
    pipeline._patience.hold(RateLimitedError("jukebox", "m", retry_after=3.0))
    hurried.append(songs.submit("c", deadline=2.0))
    patient = [songs.submit(key, deadline=4.0) for key in "ad"]
    assert [type(caller.exception()) for caller in hurried] == [RateLimitedError] * 3
    assert await asyncio.gather(*patient) == ["a!", "d!"]
    assert client.calls == [(3.0, ["a", "d"])]


async def test_keys_of_one_tick_take_the_quick_way_past_breaker_and_pause(monkeypatch):
    client = Client()
    songs = client.serve()
    pipeline = songs._flights._processor_func.__self__
    asked = []
    real = songs._intake.refusal
    monkeypatch.setattr(songs._intake, "refusal", lambda one: asked.append(one) or real(one))
    assert pipeline.processor is songs
    callers = [songs.submit(key, deadline=60.0) for key in "abcdefgh"]
    await asyncio.gather(*callers)
    assert asked == [60.0, 60.0], "the first, and the one that fills the batch"
