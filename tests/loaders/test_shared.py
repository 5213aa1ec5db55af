"""Limits of several server processes, without a Redis: what each does by itself, in exact times."""

import asyncio

import msgspec

from api.testing import TestClient
from batching import Gate
from loaders import Settings
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


async def test_what_any_resource_tells_is_read_by_another_process_as_it_was_told():
    """A resource that is not among `KINDS` is remembered by each process for itself alone."""
    async with TestClient() as client:
        catalogue, library = client.simulator.catalogue, client.simulator.musicbrainz.library
        release = next(it for it in library.releases.values() if it.has_art)
        asked = {
            "spotify.tracks": catalogue.tracks[0].spotify_id,
            "spotify.artists": catalogue.artists[0].spotify_id,
            "spotify.albums": catalogue.albums[0].spotify_id,
            "musicbrainz.isrcs": catalogue.albums[0].tracks[0].recording.isrc,
            "musicbrainz.upcs": f"{release.barcode:0>13}",
            "listenbrainz.listens": next(iter(library.recordings)),
            "listenbrainz.recordings": next(iter(library.recordings)),
            "listenbrainz.about_artists": next(iter(library.artists)),
            "listenbrainz.release_groups": release.group.mbid,
            "wikidata.images": next(iter(client.simulator.wikidata.items)),
            "coverart.covers": release.mbid,
        }
        assert {name.partition(".")[2] for name in asked} == {*KINDS}
        for name, key in asked.items():
            provider, _, resource = name.partition(".")
            [told] = await client.engine.providers.loaders().load(resource, [(provider, key)])
            assert told
            read = msgspec.msgpack.decode(msgspec.msgpack.encode(told), type=KINDS[resource])
            assert read == told, name
