"""Limits of several server processes, without a Redis: what each does by itself, in exact times."""

import asyncio
from typing import get_args, get_type_hints

import msgspec
import pytest
from msgspec import UnsetType

from api.testing import TestClient
from batching import Gate
from loaders import UNKNOWN, Album, Artist, Image, Ref, Settings, Tag, Track
from loaders.records import Enrichment
from loaders.shared import Keyspace, SharedQuota, SharedStore
from loaders.shared.entries import KINDS

NO_REDIS = "unix:///nowhere/redis.sock"
DEMO = Settings.demo_settings()
KEYSPACE = Keyspace.of("spotify", DEMO.spotify)


def now():
    return asyncio.get_running_loop().time()


def gate(replicas, **limits):
    """Return a gate on a shared quota that cannot be reached."""
    made = Gate(**limits)
    store = SharedStore(NO_REDIS, replicas=replicas)
    made.share(SharedQuota(store, KEYSPACE, rate=made.rate, burst=made.burst))
    return made


async def visits(gate, number):
    times = []
    for _ in range(number):
        async with gate.permit():
            times.append(now())
    return times


async def test_a_process_without_its_redis_goes_at_its_part_of_the_rate():
    assert await visits(gate(4, rate=20.0), 4) == [0.0, 0.2, 0.4, 0.6000000000000001]


async def test_its_part_of_a_burst_is_a_call():
    assert await visits(gate(4, rate=20.0, burst=8), 3) == [0.0, 0.2, 0.4]


async def test_a_process_alone_goes_at_the_whole_rate():
    assert await visits(gate(1, rate=4.0), 3) == [0.0, 0.25, 0.5]


async def test_without_a_rate_there_is_none_to_part():
    assert await visits(gate(4), 3) == [0.0, 0.0, 0.0]


async def test_a_hold_is_kept_without_redis_as_ever():
    held = gate(4, rate=20.0)
    held.hold(60.0)
    assert await visits(held, 1) == [60.0]
    assert held.budget == 1.0


async def test_without_redis_every_process_is_given_its_part_of_every_rate():
    async with TestClient(replicas=4, spotify={"rate": 2.0}) as client:
        gates = {name: provider.gate for name, provider in client.engine.providers.on.items()}
        assert gates["spotify"].rate == 0.5
        assert gates["musicbrainz"].rate == 0.25
        tracks = [
            f"spotify:track:{track.spotify_id}" for track in client.simulator.catalogue.tracks
        ]
        query = "query ($ids: [ID!]!) { tracks(ids: $ids) { name } }"
        answer = await client.execute(query, {"ids": tracks[:120]})
        assert answer.errors == []
    calls = [call.time for call in client.calls if call.route == "GET /v1/tracks"]
    assert calls == [0.0, 2.0, 4.0]


# Names.


def keyspace(**spotify):
    return Keyspace.of("spotify", DEMO.spotify.model_copy(update=spotify))


def credential(text):
    return Settings(spotify={"client_id": text}).spotify.client_id


def test_all_keys_of_a_provider_are_in_one_slot():
    assert {name.split(":")[2] for name in (KEYSPACE.rate, KEYSPACE.hold)} == {"{spotify}"}
    assert KEYSPACE.rate.startswith("unisono:v1:{spotify}:")


def test_a_name_tells_no_secret_but_tells_credentials_apart():
    one, two = keyspace(client_secret=credential("one")), keyspace(client_secret=credential("two"))
    assert one.rate != two.rate
    assert "one" not in one.rate
    assert "one" not in repr(one)
    assert one == keyspace(client_secret=credential("one"))


def test_quotas_depend_on_who_asks_whom_and_on_nothing_else():
    assert keyspace(base_url="http://other.example").rate != KEYSPACE.rate
    assert keyspace(market="DE").rate == KEYSPACE.rate
    assert keyspace(rate=5.0, concurrency=9, window=1.0) == KEYSPACE


def test_what_is_remembered_depends_on_all_that_changes_an_answer():
    assert keyspace(market="DE").view != KEYSPACE.view
    assert keyspace(client_id=credential("other")).view != KEYSPACE.view


async def test_all_that_may_be_remembered_is_shared():
    async with TestClient(cache_entries=10) as client:
        remembered = {
            resource
            for provider in client.engine.providers.on.values()
            for resource in provider.memory.remembered
        }
    assert remembered == set(KINDS)


@pytest.mark.parametrize(
    ("resource", "outcome"),
    [
        ("tracks", None),
        ("artists", Artist(id="a:artist:1", name="Ana", url=None)),
        ("isrcs", ()),
        ("links", (Ref("spotify", "artist", "1"),)),
        ("listens", 2**40),
        ("about_artists", Enrichment(tags=(Tag("fado", 3, True, "musicbrainz"),))),
        ("images", Image("https://a.example/b.jpg", 300)),
        ("covers", (Image("https://a.example/b.jpg"),)),
    ],
)
def test_an_outcome_is_read_as_it_was_written(resource, outcome):
    written = msgspec.msgpack.encode(outcome)
    assert msgspec.msgpack.decode(written, type=KINDS[resource]) == outcome


@pytest.mark.parametrize("record", [Track, Artist, Album])
def test_what_a_record_does_not_tell_is_left_out_and_read_as_untold(record):
    kinds = get_type_hints(record)
    defaults = {field.name: field.default for field in msgspec.structs.fields(record)}
    may_be_unknown = {name for name in defaults if UnsetType in get_args(kinds[name])}
    assert may_be_unknown == {name for name, default in defaults.items() if default is UNKNOWN}
