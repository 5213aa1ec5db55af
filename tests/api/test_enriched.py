"""What others add, through the schema: exactly what it costs, and how what is missing is told."""

import pytest

from api.provider import Provider, Source
from api.testing import TestClient
from loaders.providers import CONNECT
from loaders.simulator.musicbrainz_facts import happens


@pytest.fixture
def library(client):
    return client.simulator.musicbrainz.library


def codes(answer):
    return [(error["path"], error["extensions"]["code"]) for error in answer.errors]


LISTENS = "query ($ids: [ID!]!) { tracks(ids: $ids) { listens tags { name count } } }"


async def test_a_musicbrainz_track_is_asked_by_its_own_id(client, library):
    ids = [f"musicbrainz:track:{mbid}" for mbid in list(library.recordings)[:100]]
    answer = await client.execute(LISTENS, {"ids": ids})
    assert answer.errors == []
    answer.expect_calls(
        {"musicbrainz.tracks": 1, "listenbrainz.listens": 1, "listenbrainz.recordings": 1}
    )
    assert answer.data["tracks"][0] == {
        "listens": 378154,
        "tags": [
            {"name": "indie pop", "count": 10},
            {"name": "downtempo", "count": 8},
            {"name": "soul", "count": 7},
            {"name": "indie rock", "count": 3},
        ],
    }


async def test_a_spotify_track_is_asked_by_way_of_its_isrc(client, track_ids):
    answer = await client.execute(LISTENS, {"ids": track_ids[:100]})
    assert answer.errors == []
    tracks = client.simulator.catalogue.tracks[:100]
    isrcs = {track.recording.isrc for track in tracks} - {None}
    assert len(isrcs) == 94
    answer.expect_calls(
        {
            "spotify.tracks": 2,
            "musicbrainz.isrcs": 4,  # 25 a call
            "listenbrainz.listens": 1,
            "listenbrainz.recordings": 1,
        }
    )
    for track, told in zip(tracks, answer.data["tracks"], strict=True):
        if track.recording.isrc is None:
            assert told == {"listens": None, "tags": None}


async def test_the_recording_that_is_asked_is_the_one_that_on_shows(client, track_ids):
    answer = await client.execute(
        """query ($ids: [ID!]!) { tracks(ids: $ids) {
            listens on(provider: MUSICBRAINZ) { listens } } }""",
        {"ids": track_ids[:50]},
    )
    assert answer.errors == []
    told = [(track["listens"], track["on"]) for track in answer.data["tracks"]]
    assert all(listens is None if on is None else listens == on["listens"] for listens, on in told)
    answer.expect_calls({"spotify.tracks": 1, "musicbrainz.isrcs": 2, "listenbrainz.listens": 1})


async def test_what_nobody_heard_is_null_without_an_error(client, library):
    silent = next(mbid for mbid in library.recordings if happens(mbid, "never heard"))
    answer = await client.execute(
        "query ($id: ID!) { track(id: $id) { name listens } }",
        {"id": f"musicbrainz:track:{silent}"},
    )
    assert answer.errors == []
    assert answer.data["track"] == {"name": library.recordings[silent].title, "listens": None}


async def test_a_fault_is_null_with_an_error_and_leaves_the_rest_whole(client, track_ids):
    client.simulator.fault("POST /1/popularity/recording", status=400)
    answer = await client.execute(LISTENS, {"ids": track_ids[:1]})
    assert codes(answer) == [(["tracks", 0, "listens"], "UPSTREAM_REJECTED")]
    assert [error["extensions"]["provider"] for error in answer.errors] == ["listenbrainz"]
    [track] = answer.data["tracks"]
    assert track["listens"] is None
    assert len(track["tags"]) == 4


async def test_without_musicbrainz_it_is_said_who_is_missing():
    async with TestClient() as client:
        del client.engine.providers._on["musicbrainz"]
        client.engine.providers._off["musicbrainz"] = "UNISONO_CONTACT is not set"
        track = client.simulator.catalogue.tracks[0]
        answer = await client.execute(LISTENS, {"ids": [f"spotify:track:{track.spotify_id}"]})
        assert codes(answer) == [
            (["tracks", 0, "listens"], "PROVIDER_NOT_CONFIGURED"),
            (["tracks", 0, "tags"], "PROVIDER_NOT_CONFIGURED"),
        ]


async def test_everybody_who_is_asked_tells_how_he_stands(client, track_ids):
    await client.execute(LISTENS, {"ids": track_ids[:1]})
    answer = await client.execute("{ sources { name on calls batches } providers { name } }")
    assert answer.errors == []
    assert answer.data["sources"] == [
        {"name": "SPOTIFY", "on": True, "calls": 1, "batches": 1},
        {"name": "MUSICBRAINZ", "on": True, "calls": 1, "batches": 1},
        {"name": "LISTENBRAINZ", "on": True, "calls": 2, "batches": 2},
        {"name": "WIKIDATA", "on": True, "calls": 0, "batches": 0},
    ]
    assert answer.data["providers"] == [{"name": "SPOTIFY"}, {"name": "MUSICBRAINZ"}]


def test_whoever_is_asked_has_a_name_in_the_schema():
    assert [source.value for source in Source] == list(CONNECT)
    assert {provider.value for provider in Provider} <= {source.value for source in Source}
