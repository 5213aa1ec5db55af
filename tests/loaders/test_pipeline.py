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

    def serve(self, gate=None, batch_size=8):
        provider = Provider("jukebox", gate=gate or Gate(), client=self)
        provider.add("songs", self.get, batch_size=batch_size, window=0.0)
        return provider.resources["songs"]


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


def test_a_pipeline_shows_whose_it_is():
    songs = Client().serve()
    assert repr(songs._flights._processor_func) == "<Pipeline 'jukebox.songs'>"
