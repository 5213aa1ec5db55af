"""By id: one thing or a list, whatever is wrong with an id, and exactly what it costs."""

from math import ceil

import pytest

from api.testing import TestClient

TRACKS = "query ($ids: [ID!]!) { tracks(ids: $ids) { id name } }"
UNKNOWN = "spotify:track:0000000000000000000000"


def codes(answer):
    return [(error["path"], error["extensions"]["code"]) for error in answer.errors]


async def test_a_hundred_tracks_cost_two_calls(client, catalogue, track_ids):
    answer = await client.execute(TRACKS, {"ids": track_ids[:100]})
    assert answer.errors == []
    assert answer.data["tracks"] == [
        {"id": id_, "name": track.name}
        for id_, track in zip(track_ids[:100], catalogue.tracks, strict=False)
    ]
    answer.expect_calls({"spotify.tracks": 2})
    natives = [track.spotify_id for track in catalogue.tracks[:100]]
    assert [(call.time, call.route, list(call.ids)) for call in client.calls[1:]] == [
        (0.0, "GET /v1/tracks", natives[:50]),
        (0.0, "GET /v1/tracks", natives[50:]),
    ]
    assert client.calls[0].route == "POST /api/token"


async def test_genres_and_labels_of_a_hundred_tracks_cost_the_promised_calls(
    client, catalogue, track_ids
):
    client.simulator.latency = 0.02
    document = """query ($ids: [ID!]!) { tracks(ids: $ids) {
        id name durationMs isrc explicit discNumber trackNumber popularity url provider
        artists { id name url genres }
        album { id name releaseDate albumType label artists { name } cover { url } }
    } }"""
    answer = await client.execute(document, {"ids": track_ids[:100]})
    assert answer.errors == []
    tracks = catalogue.tracks[:100]
    artists = {artist.spotify_id for track in tracks for artist in track.artists}
    albums = {track.album.spotify_id for track in tracks}
    answer.expect_calls(
        {
            "spotify.tracks": 2,
            "spotify.artists": ceil(len(artists) / 50),
            "spotify.albums": ceil(len(albums) / 20),
        }
    )
    assert [
        [artist["genres"] for artist in track["artists"]] for track in answer.data["tracks"]
    ] == [[list(artist.genres) for artist in track.artists] for track in tracks]
    assert [track["album"]["label"] or None for track in answer.data["tracks"]] == [
        track.album.label for track in tracks
    ]
    # The token, the tracks, then artists and albums side by side, all batches at once.
    started = [(call.started, call.resource, len(call.ids)) for call in answer.calls]
    assert sorted(started) == [
        (0.02, "spotify.tracks", 50),
        (0.02, "spotify.tracks", 50),
        (0.04, "spotify.albums", len(albums) % 20),
        *[(0.04, "spotify.albums", 20)] * (len(albums) // 20),
        (0.04, "spotify.artists", len(artists) % 50),
        *[(0.04, "spotify.artists", 50)] * (len(artists) // 50),
    ]


async def test_what_the_track_answer_told_costs_nothing_more(client, track_ids):
    document = """query ($ids: [ID!]!) { tracks(ids: $ids) {
        id name isrc popularity artists { id name url provider }
        album { id name releaseDate albumType artists { name } cover(size: 64) { url width } }
    } }"""
    answer = await client.execute(document, {"ids": track_ids[:50]})
    assert answer.errors == []
    answer.expect_calls({"spotify.tracks": 1})


@pytest.mark.parametrize("kind", ["track", "artist", "album"])
async def test_one_thing_by_id(client, catalogue, kind):
    entity = getattr(catalogue, f"{kind}s")[3]
    document = f"query ($id: ID!) {{ {kind}(id: $id) {{ __typename id name provider url }} }}"
    answer = await client.execute(document, {"id": f"spotify:{kind}:{entity.spotify_id}"})
    assert answer.errors == []
    assert answer.data == {
        kind: {
            "__typename": kind.title(),
            "id": f"spotify:{kind}:{entity.spotify_id}",
            "name": entity.name,
            "provider": "SPOTIFY",
            "url": answer.data[kind]["url"],
        }
    }
    assert answer.data[kind]["url"].endswith(entity.spotify_id)
    answer.expect_calls({f"spotify.{kind}s": 1})


async def test_several_fields_of_one_query_share_a_call(client, track_ids):
    a, b, c = track_ids[:3]
    answer = await client.execute(
        f'{{ x: track(id: "{a}") {{ name }} y: track(id: "{b}") {{ name }} '
        f'z: tracks(ids: ["{a}", "{c}"]) {{ name }} n: node(id: "{b}") {{ id }} }}'
    )
    assert answer.errors == []
    answer.expect_calls({"spotify.tracks": 1})
    assert answer.trace.report()[0]["asked"] == 5
    assert answer.trace.report()[0]["distinct"] == 3


async def test_an_unknown_id_is_null_without_an_error_in_its_place(client, track_ids):
    answer = await client.execute(TRACKS, {"ids": [track_ids[0], UNKNOWN, track_ids[1]]})
    assert answer.errors == []
    assert [track and track["id"] for track in answer.data["tracks"]] == [
        track_ids[0],
        None,
        track_ids[1],
    ]
    alone = await client.execute(
        f'{{ track(id: "{UNKNOWN}") {{ name }} node(id: "{UNKNOWN}") {{ id }} }}'
    )
    assert alone.body()["data"] == {"track": None, "node": None}
    assert alone.errors == []


async def test_an_id_asked_twice_is_answered_twice_and_sent_once(client, track_ids):
    id_ = track_ids[0]
    answer = await client.execute(TRACKS, {"ids": [id_, id_, id_]})
    assert [track["id"] for track in answer.data["tracks"]] == [id_] * 3
    assert [len(call.ids) for call in answer.calls] == [1]


async def test_no_ids_cost_no_call(client):
    answer = await client.execute(TRACKS, {"ids": []})
    assert answer.data == {"tracks": []}
    assert client.calls == []


async def test_every_spelling_of_an_id_comes_back_canonical(client, catalogue):
    native = catalogue.tracks[0].spotify_id
    spellings = [
        f"spotify:track:{native}",
        f"https://open.spotify.com/track/{native}?si=abc",
        f"https://open.spotify.com/intl-de/track/{native}",
        f"open.spotify.com/track/{native}",
    ]
    answer = await client.execute(TRACKS, {"ids": spellings})
    assert [track["id"] for track in answer.data["tracks"]] == [f"spotify:track:{native}"] * 4
    assert [call.ids for call in answer.calls] == [(native,)]


async def test_lookup_takes_all_kinds_in_one_list(client, catalogue):
    track, artist, album = catalogue.tracks[0], catalogue.artists[0], catalogue.albums[0]
    refs = [
        f"spotify:album:{album.spotify_id}",
        f"https://open.spotify.com/artist/{artist.spotify_id}",
        f"spotify:track:{track.spotify_id}",
        "spotify:artist:0000000000000000000000",
        f"spotify:track:{track.spotify_id}",
    ]
    answer = await client.execute(
        """query ($refs: [String!]!) { lookup(refs: $refs) { __typename id
            ... on Track { isrc } ... on Artist { genres } ... on Album { label } } }""",
        {"refs": refs},
    )
    assert answer.errors == []
    expected_track = {
        "__typename": "Track",
        "id": f"spotify:track:{track.spotify_id}",
        "isrc": track.recording.isrc,
    }
    assert answer.data["lookup"] == [
        {"__typename": "Album", "id": f"spotify:album:{album.spotify_id}", "label": album.label},
        {
            "__typename": "Artist",
            "id": f"spotify:artist:{artist.spotify_id}",
            "genres": list(artist.genres),
        },
        expected_track,
        None,
        expected_track,
    ]
    answer.expect_calls({"spotify.tracks": 1, "spotify.artists": 1, "spotify.albums": 1})


BAD_IDS = [
    pytest.param("", "''", id="empty"),
    pytest.param("7", "'7'", id="bare"),
    pytest.param("0000000000000000000001", "'0000000000000000000001'", id="bare Spotify id"),
    pytest.param("spotify:track:short", "'spotify:track:short'", id="too short"),
    pytest.param("spotify:track:" + "0" * 23, "'spotify:track:" + "0" * 23 + "'", id="too long"),
    pytest.param("spotify:track:../../../me/0000000000", None, id="path"),
    pytest.param("spotify:track:a/b", None, id="slash"),
    pytest.param("spotify:track:%2e%2e%2f", None, id="percent"),
    pytest.param("spotify:track:00000000000000000000\r\n", "\\r\\n", id="line break"),
    pytest.param("spotify:track:000000000000000000000é", None, id="accent"),
    pytest.param("spotify:playlist:0000000000000000000001", None, id="foreign kind"),
    pytest.param("tidal:track:1", None, id="foreign provider"),
    pytest.param("https://evil.example/track/0000000000000000000001", None, id="foreign host"),
    pytest.param("x" * 1_000_000, "x...", id="a megabyte"),
    pytest.param("\x00", "'\\x00'", id="control character"),
    pytest.param("spotify:artist:0000000000000000000001", "expected a track", id="wrong kind"),
]


@pytest.mark.parametrize(("bad", "shown"), BAD_IDS)
async def test_a_bad_id_fails_its_position_alone_and_is_not_sent(client, track_ids, bad, shown):
    answer = await client.execute(TRACKS, {"ids": [track_ids[0], bad, track_ids[1]]})
    assert [track and track["id"] for track in answer.data["tracks"]] == [
        track_ids[0],
        None,
        track_ids[1],
    ]
    assert codes(answer) == [(["tracks", 1], "BAD_USER_INPUT")]
    message = answer.errors[0]["message"]
    assert (shown or bad).lower() in message.lower()
    assert message.isprintable()
    assert len(message) < 250
    assert [len(call.ids) for call in answer.calls] == [2]


@pytest.mark.parametrize(("bad", "_shown"), BAD_IDS)
async def test_a_bad_id_alone_costs_no_call(client, bad, _shown):
    answer = await client.execute("query ($id: ID!) { track(id: $id) { name } }", {"id": bad})
    assert answer.data == {"track": None}
    assert codes(answer) == [(["track"], "BAD_USER_INPUT")]
    assert client.calls == []


async def test_a_provider_that_is_off_fails_its_positions_alone():
    async with TestClient(spotify={"client_id": None}) as client:
        track = client.simulator.catalogue.tracks[0]
        refs = [
            f"deezer:track:{track.deezer_id}",
            f"spotify:track:{track.spotify_id}",
            f"spotify:artist:{track.artists[0].spotify_id}",
        ]
        answer = await client.execute(
            "query ($refs: [String!]!) { lookup(refs: $refs) { id } }", {"refs": refs}
        )
    assert answer.data == {"lookup": [{"id": refs[0]}, None, None]}
    assert codes(answer) == [
        (["lookup", 1], "PROVIDER_NOT_CONFIGURED"),
        (["lookup", 2], "PROVIDER_NOT_CONFIGURED"),
    ]
    assert [error["extensions"]["provider"] for error in answer.errors] == ["spotify", "spotify"]


async def test_too_many_ids_refuse_the_whole_field_and_leave_the_others():
    async with TestClient(max_ids=3) as client:
        ids = [f"spotify:track:{track.spotify_id}" for track in client.simulator.catalogue.tracks]
        document = """query ($few: [ID!]!, $many: [ID!]!, $refs: [String!]!) {
            few: tracks(ids: $few) { id }
            many: tracks(ids: $many) { id }
            lookup(refs: $refs) { id }
        }"""
        answer = await client.execute(document, {"few": ids[:3], "many": ids[:4], "refs": ids[:5]})
        assert answer.data == {
            "few": [{"id": id_} for id_ in ids[:3]],
            "many": None,
            "lookup": None,
        }
        assert sorted(codes(answer)) == [
            (["lookup"], "BAD_USER_INPUT"),
            (["many"], "BAD_USER_INPUT"),
        ]
        assert {error["message"] for error in answer.errors} == {
            "ids: expected at most 3, got 4",
            "refs: expected at most 3, got 5",
        }
        answer.expect_calls({"spotify.tracks": 1})


async def test_a_failed_call_fails_its_positions_with_errors_at_their_paths(client, track_ids):
    client.simulator.fault("GET /v1/tracks", status=402, times=1)
    answer = await client.execute(TRACKS, {"ids": track_ids[:60]})
    failed = [track is None for track in answer.data["tracks"]]
    assert sum(failed) in {10, 50}
    assert len(answer.data["tracks"]) == 60
    assert codes(answer) == [
        (["tracks", index], "UPSTREAM_REJECTED") for index, bad in enumerate(failed) if bad
    ]
    assert answer.errors[0]["extensions"]["provider"] == "spotify"
    assert answer.errors[0]["extensions"]["retryable"] is False


async def test_development_mode_is_served_by_single_calls(client, track_ids):
    client.simulator.spotify.development_mode = True
    answer = await client.execute(
        "query ($ids: [ID!]!) { tracks(ids: $ids) { id popularity } }", {"ids": track_ids[:5]}
    )
    assert answer.errors == []
    assert [track["id"] for track in answer.data["tracks"]] == track_ids[:5]
    assert {track["popularity"] for track in answer.data["tracks"]} == {None}
    assert [call.route for call in client.calls[1:]] == ["GET /v1/tracks"] + [
        "GET /v1/tracks/{id}"
    ] * 5
