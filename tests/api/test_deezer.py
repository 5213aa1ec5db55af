"""Deezer through the schema: what it tells, exactly what that costs, and when."""

import pytest

from api.testing import TestClient


@pytest.fixture
def example(catalogue):
    """The album that the examples use."""
    return catalogue.albums[0]


def tracks_of(tracks):
    return [f"deezer:track:{track.deezer_id}" for track in tracks]


def calls(client):
    return [
        (call.time, call.route) for call in client.calls if call.params.get("grant_type") is None
    ]


TRACKS = "query ($ids: [ID!]!) { tracks(ids: $ids) { id name } }"


async def test_ten_tracks_cost_ten_calls_eight_of_them_at_once(client, catalogue):
    tracks = catalogue.tracks[:10]
    answer = await client.execute(TRACKS, {"ids": tracks_of(tracks)})
    assert answer.errors == []
    assert [track["name"] for track in answer.data["tracks"]] == [track.name for track in tracks]
    answer.expect_calls({"deezer.tracks": 10})
    assert [time for time, _ in calls(client)] == [0.0] * 8 + [0.125, 0.25]


async def test_no_five_seconds_have_more_calls_than_deezer_allows(client, catalogue):
    answer = await client.execute(TRACKS, {"ids": tracks_of(catalogue.tracks[:200])})
    assert answer.errors == []
    times = [time for time, _ in calls(client)]
    assert (len(times), times[-1]) == (200, 24.0)
    # Both ends counted, which is more than any window of 5 seconds has.
    assert max(sum(start <= time <= start + 5 for time in times) for start in times) == 48


async def test_a_track_tells_what_deezer_knows_in_one_call(client, example):
    track = example.tracks[0]
    answer = await client.execute(
        """query ($id: ID!) { track(id: $id) {
            id provider name durationMs isrc explicit discNumber trackNumber popularity url
            artists { name image { width } }
            album { id name releaseDate cover(size: 200) { width } } } }""",
        {"id": f"https://www.deezer.com/en/track/{track.deezer_id}"},
    )
    assert answer.errors == []
    assert answer.data["track"] == {
        "id": f"deezer:track:{track.deezer_id}",
        "provider": "DEEZER",
        "name": "Many Voices, One Line",
        "durationMs": 214000,  # told in seconds
        "isrc": "GBQ171900001",
        "explicit": False,
        "discNumber": 1,
        "trackNumber": 1,
        "popularity": None,
        "url": f"https://www.deezer.com/track/{track.deezer_id}",
        "artists": [
            {"name": name, "image": {"width": 1000}}
            for name in ("The Lantern Choir", "Inês Marçal")
        ],
        "album": {
            "id": f"deezer:album:{example.deezer_id}",
            "name": "Unison Hours",
            "releaseDate": "2019-03-15",
            "cover": {"width": 250},
        },
    }
    answer.expect_calls({"deezer.tracks": 1})


async def test_whose_an_album_is_costs_a_call_where_a_track_told_of_it_and_its_label_comes_along(
    client, example
):
    answer = await client.execute(
        """query ($ids: [ID!]!) { tracks(ids: $ids) {
            album { label upc totalTracks artists { name followers } } } }""",
        {"ids": tracks_of(example.tracks)},
    )
    assert answer.errors == []
    album = {
        "label": "Slow Harbour",
        "upc": "445976092824",
        "totalTracks": 10,
        "artists": [{"name": "The Lantern Choir", "followers": 60780}],
    }
    assert [track["album"] for track in answer.data["tracks"]] == [album] * 10
    answer.expect_calls({"deezer.tracks": 10, "deezer.albums": 1, "deezer.artists": 1})


async def test_an_albums_tracks_come_by_one_call_with_isrc_and_place(client, catalogue):
    album = catalogue.album("Complete Harbour Sessions")
    answer = await client.execute(
        """query ($id: ID!, $after: String) { album(id: $id) { artists { name }
            tracks(first: 50, after: $after) {
                totalCount pageInfo { endCursor hasNextPage }
                nodes { name isrc discNumber trackNumber album { name } } } } }""",
        {"id": f"deezer:album:{album.deezer_id}"},
    )
    assert answer.errors == []
    page = answer.data["album"]["tracks"]
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (64, True)
    assert page["nodes"] == [
        {
            "name": track.name,
            "isrc": track.recording.isrc,
            "discNumber": track.disc,
            "trackNumber": track.number,
            "album": {"name": album.name},
        }
        for track in album.tracks[:50]
    ]
    answer.expect_calls({"deezer.albums": 1, "deezer.album_tracks": 1})


async def test_an_artists_albums_and_their_tracks_cost_a_call_for_each_list(client, catalogue):
    artist = catalogue.artist("Kestrel Vale")
    answer = await client.execute(
        """query ($id: ID!) { artist(id: $id) { name albums(first: 2) { totalCount
            nodes { name albumType tracks(first: 1) { nodes { name } } } } } }""",
        {"id": f"deezer.com/artist/{artist.deezer_id}"},
    )
    assert answer.errors == []
    assert answer.data["artist"]["albums"]["totalCount"] == len(artist.albums)
    answer.expect_calls({"deezer.artists": 1, "deezer.artist_albums": 1, "deezer.album_tracks": 2})


async def test_a_search_asks_for_the_kinds_that_are_selected(client):
    answer = await client.execute(
        """{ search(text: "harbour", provider: DEEZER, first: 3) {
            tracks { totalCount nodes { name artists { name } album { name } } }
            artists { nodes { name followers } } } }"""
    )
    assert answer.errors == []
    found = answer.data["search"]
    assert len(found["tracks"]["nodes"]) == 3
    assert all(len(track["artists"]) == 1 for track in found["tracks"]["nodes"])
    answer.expect_calls({"deezer.search": 2})


async def test_the_same_recording_is_found_there_and_back(client, track_ids):
    answer = await client.execute(
        """query ($ids: [ID!]!) { tracks(ids: $ids) {
            on(provider: DEEZER) { id isrc on(provider: SPOTIFY) { isrc }
                on2: on(provider: MUSICBRAINZ) { isrc } } } }""",
        {"ids": track_ids[:3]},
    )
    assert answer.errors == []
    for track in answer.data["tracks"]:
        there = track["on"]
        assert there["id"].startswith("deezer:track:")
        assert there["on"] == {"isrc": there["isrc"]}
    answer.expect_calls(
        {"spotify.tracks": 1, "deezer.isrcs": 3, "spotify.isrcs": 3, "musicbrainz.isrcs": 1}
    )


async def test_the_same_album_is_found_by_its_bar_code_however_it_is_spelt(client, catalogue):
    by_length = {len(album.upc): album for album in catalogue.albums if album.upc}
    albums = [by_length[12], by_length[13]]
    answer = await client.execute(
        "query ($ids: [ID!]!) { albums(ids: $ids) { on(provider: DEEZER) { id } } }",
        {"ids": [f"spotify:album:{album.spotify_id}" for album in albums]},
    )
    assert answer.errors == []
    assert answer.data["albums"] == [
        {"on": {"id": f"deezer:album:{album.deezer_id}"}} for album in albums
    ]
    answer.expect_calls({"spotify.albums": 1, "deezer.upcs": 3})


async def test_the_same_artist_is_found_by_the_links_that_musicbrainz_keeps(client, example):
    artist = example.artists[0]
    answer = await client.execute(
        """query ($there: ID!, $here: ID!) {
            there: artist(id: $there) { on(provider: DEEZER) { id name } }
            here: artist(id: $here) {
                on(provider: MUSICBRAINZ) { id }
                on2: on(provider: SPOTIFY) { id } } }
        """,
        {
            "there": f"musicbrainz:artist:{artist.mbid}",
            "here": f"deezer:artist:{artist.deezer_id}",
        },
    )
    assert answer.errors == []
    assert answer.data == {
        "there": {"on": {"id": f"deezer:artist:{artist.deezer_id}", "name": artist.name}},
        # Neither of two shops keeps links to the other.
        "here": {"on": {"id": f"musicbrainz:artist:{artist.mbid}"}, "on2": None},
    }


async def test_an_unknown_id_is_null_and_others_are_served(client, example):
    ids = ["deezer:track:1", *tracks_of(example.tracks[:1])]
    answer = await client.execute(TRACKS, {"ids": ids})
    assert answer.errors == []
    assert [track and track["id"] for track in answer.data["tracks"]] == [None, ids[1]]


async def test_the_cost_counts_every_call_and_the_second_spelling_of_a_bar_code():
    async with TestClient() as client:
        album = next(
            each for each in client.simulator.catalogue.albums if len(each.upc or "") == 13
        )
        body = {
            "query": f"""{{ album(id: "spotify:album:{album.spotify_id}") {{
                on(provider: DEEZER) {{ tracks(first: 50) {{ nodes {{ name }} }} }} }} }}"""
        }
        answer = await client.post(body, headers={"x-unisono-trace": "1"})
        told = answer.json()["extensions"]
        cost = {each["provider"]: each["calls"] for each in told["cost"]["providers"]}
        made = sum(row["calls"] for row in told["batching"] if row["loader"].startswith("deezer"))
        assert made == 3  # two spellings, and its tracks
        assert cost["deezer"] >= made


async def test_a_used_up_quota_is_waited_out_and_nobody_notices(client, example):
    quota = {"error": {"type": "Exception", "message": "Quota limit exceeded", "code": 4}}
    client.simulator.fault("GET /track/{id}", status=200, body=quota, times=1)
    answer = await client.execute(TRACKS, {"ids": tracks_of(example.tracks[:1])})
    assert answer.errors == []
    assert [time for time, _ in calls(client)] == [0.0, 5.0]
