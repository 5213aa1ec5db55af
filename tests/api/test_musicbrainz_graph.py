"""One graph over two providers: from one to the other, in bulk where the other takes it so."""

import pytest

from api.testing import TestClient


@pytest.fixture
def album(catalogue):
    return catalogue.albums[0]


@pytest.fixture
def library(client):
    return client.simulator.musicbrainz.library


def routes(client):
    """What was called, apart from tokens, and for how many things."""
    return [(call.route, len(call.ids)) for call in client.calls if call.route != "POST /api/token"]


async def test_tracks_of_spotify_are_found_at_musicbrainz_by_isrc_in_one_call(client, album):
    ids = [f"spotify:track:{track.spotify_id}" for track in album.tracks]
    answer = await client.execute(
        """query ($ids: [ID!]!) { tracks(ids: $ids) {
            durationMs on(provider: MUSICBRAINZ) { id provider durationMs isrc } } }""",
        {"ids": ids},
    )
    assert answer.errors == []
    for told, track in zip(answer.data["tracks"], album.tracks, strict=True):
        if track.recording.isrc is None:
            assert told["on"] is None
        else:  # the fourth has a shorter twin with the same ISRC, which is not meant
            assert told["on"] == {
                "id": f"musicbrainz:track:{track.recording.mbid}",
                "provider": "MUSICBRAINZ",
                "durationMs": told["durationMs"],
                "isrc": track.recording.isrc,
            }
    answer.expect_calls({"spotify.tracks": 1, "musicbrainz.isrcs": 1})


async def test_tracks_of_musicbrainz_are_found_at_spotify_one_by_one(client, album):
    coded = [track for track in album.tracks if track.recording.isrc][:3]
    answer = await client.execute(
        "query ($ids: [ID!]!) { tracks(ids: $ids) { on(provider: SPOTIFY) { id } } }",
        {"ids": [f"musicbrainz:track:{track.recording.mbid}" for track in coded]},
    )
    assert answer.errors == []
    assert [told["on"]["id"] for told in answer.data["tracks"]] == [
        f"spotify:track:{track.spotify_id}" for track in coded
    ]
    answer.expect_calls({"musicbrainz.tracks": 1, "spotify.isrcs": 3})


async def test_albums_of_spotify_are_found_by_bar_code_however_it_is_written(client, catalogue):
    library = client.simulator.musicbrainz.library
    albums = [
        album
        for album in catalogue.albums
        if album.mbid in library.releases and library.releases[album.mbid].barcode
    ][:60]
    answer = await client.execute(
        """query ($ids: [ID!]!) { albums(ids: $ids) {
            upc name on(provider: MUSICBRAINZ) { upc name } } }""",
        {"ids": [f"spotify:album:{album.spotify_id}" for album in albums]},
    )
    assert answer.errors == []
    told = answer.data["albums"]
    assert [each["upc"].lstrip("0") for each in told] == [
        each["on"]["upc"].lstrip("0") for each in told
    ]
    assert [each["upc"] for each in told] != [each["on"]["upc"] for each in told]
    answer.expect_calls({"spotify.albums": 3, "musicbrainz.upcs": 3})


async def test_albums_of_musicbrainz_are_found_at_spotify_and_completed_in_bulk(client, album):
    other = client.simulator.catalogue.albums[1]
    answer = await client.execute(
        """query ($ids: [ID!]!) { albums(ids: $ids) {
            upc on(provider: SPOTIFY) { id upc label } } }""",
        {"ids": [f"musicbrainz:album:{each.mbid}" for each in (album, other)]},
    )
    assert answer.errors == []
    assert answer.data["albums"][0] == {
        "upc": "0445976092824",
        "on": {"id": f"spotify:album:{album.spotify_id}", "upc": album.upc, "label": album.label},
    }
    answer.expect_calls({"musicbrainz.albums": 1, "spotify.search": 2, "spotify.albums": 1})


async def test_a_release_without_a_bar_code_is_nowhere_else_and_costs_nothing(client, library):
    bare = next(release for release in library.releases.values() if not release.barcode)
    answer = await client.execute(
        "query ($id: ID!) { album(id: $id) { upc on(provider: SPOTIFY) { id } } }",
        {"id": f"musicbrainz:album:{bare.mbid}"},
    )
    assert (answer.data, answer.errors) == ({"album": {"upc": None, "on": None}}, [])
    answer.expect_calls({"musicbrainz.albums": 1})


async def test_artists_of_spotify_are_found_by_their_links_in_one_call(client, catalogue, library):
    artists = catalogue.artists[:50]
    answer = await client.execute(
        """query ($ids: [ID!]!) { artists(ids: $ids) {
            name on(provider: MUSICBRAINZ) { id name country } } }""",
        {"ids": [f"spotify:artist:{artist.spotify_id}" for artist in artists]},
    )
    assert answer.errors == []
    for told, artist in zip(answer.data["artists"], artists, strict=True):
        known = library.urls.get(f"https://open.spotify.com/artist/{artist.spotify_id}")
        expected = None if known is None else f"musicbrainz:artist:{artist.mbid}"
        assert (told["on"] and told["on"]["id"]) == expected
    answer.expect_calls({"spotify.artists": 1, "musicbrainz.links": 1, "musicbrainz.artists": 1})


async def test_where_nobody_keeps_links_no_artist_is_found_and_nobody_asked(client, album):
    answer = await client.execute(
        "query ($id: ID!) { track(id: $id) { artists { on(provider: DEEZER) { id } } } }",
        {"id": f"spotify:track:{album.tracks[0].spotify_id}"},
    )
    assert answer.data == {"track": {"artists": [{"on": None}, {"on": None}]}}
    assert answer.errors == []
    answer.expect_calls({"spotify.tracks": 1})


async def test_an_artist_of_musicbrainz_is_found_at_spotify_by_its_own_links(client, album):
    artist = album.artists[0]
    answer = await client.execute(
        "query ($id: ID!) { artist(id: $id) { on(provider: SPOTIFY) { id followers } } }",
        {"id": f"musicbrainz:artist:{artist.mbid}"},
    )
    assert answer.data["artist"]["on"] == {
        "id": f"spotify:artist:{artist.spotify_id}",
        "followers": artist.followers,
    }
    answer.expect_calls({"musicbrainz.artists": 1, "spotify.artists": 1})


async def test_at_its_own_provider_everything_is_itself_and_costs_nothing(client, album):
    answer = await client.execute(
        "query ($id: ID!) { album(id: $id) { id on(provider: SPOTIFY) { id } } }",
        {"id": f"spotify:album:{album.spotify_id}"},
    )
    told = answer.data["album"]
    assert told["on"] == {"id": told["id"]}
    answer.expect_calls({"spotify.albums": 1})


async def test_there_and_back_is_the_same_track(client, album):
    id_ = f"spotify:track:{album.tracks[0].spotify_id}"
    answer = await client.execute(
        """query ($id: ID!) { track(id: $id) {
            on(provider: MUSICBRAINZ) { on(provider: SPOTIFY) { id } } } }""",
        {"id": id_},
    )
    assert answer.data["track"]["on"]["on"]["id"] == id_


async def test_a_failure_elsewhere_is_an_error_at_its_path_alone(client, album):
    client.simulator.fault("GET /ws/2/url", status=404)
    client.simulator.fault("GET /ws/2/recording", status=500)
    answer = await client.execute(
        "query ($id: ID!) { track(id: $id) { name on(provider: MUSICBRAINZ) { id } } }",
        {"id": f"spotify:track:{album.tracks[0].spotify_id}"},
    )
    assert answer.data["track"] == {"name": "Many Voices, One Line", "on": None}
    [error] = answer.errors
    assert error["path"] == ["track", "on"]
    assert error["extensions"]["provider"] == "musicbrainz"
    assert error["extensions"]["code"] == "UPSTREAM_UNAVAILABLE"


async def test_a_search_at_spotify_that_fails_is_no_missing_album(client, album):
    client.simulator.fault("GET /v1/albums", status=500)
    answer = await client.execute(
        "query ($id: ID!) { album(id: $id) { name on(provider: SPOTIFY) { id } } }",
        {"id": f"musicbrainz:album:{album.mbid}"},
    )
    [error] = answer.errors
    assert (error["path"], error["extensions"]["provider"]) == (["album", "on"], "spotify")


async def test_isrcs_are_asked_of_all_in_order_and_in_bulk_where_that_is_possible(client, album):
    isrcs = [track.recording.isrc for track in album.tracks if track.recording.isrc][:4]
    answer = await client.execute(
        """query ($isrcs: [String!]!) { tracksByIsrc(isrcs: $isrcs) {
            isrc provider tracks { id isrc } } }""",
        {"isrcs": [*isrcs, "QZZZZ0000000"]},
    )
    assert answer.errors == []
    entries = answer.data["tracksByIsrc"]
    assert [(entry["isrc"], entry["provider"]) for entry in entries] == [
        (isrc, provider)
        for isrc in [*isrcs, "QZZZZ0000000"]
        for provider in ("SPOTIFY", "MUSICBRAINZ", "DEEZER")
    ]
    for entry in entries[:-3]:
        assert {track["isrc"] for track in entry["tracks"]} == {entry["isrc"]}
    assert [entry["tracks"] for entry in entries[-3:]] == [[], [], []]
    answer.expect_calls({"spotify.isrcs": 5, "musicbrainz.isrcs": 1, "deezer.isrcs": 5})


async def test_genres_are_in_the_words_of_who_is_asked(client, album):
    artist = album.artists[0]
    answer = await client.execute(
        "query ($ids: [ID!]!) { artists(ids: $ids) { provider genres genresSource } }",
        {"ids": [f"spotify:artist:{artist.spotify_id}", f"musicbrainz:artist:{artist.mbid}"]},
    )
    assert answer.data["artists"] == [
        {
            "provider": "SPOTIFY",
            "genres": ["chamber pop", "choral"],
            "genresSource": "SPOTIFY",
        },
        {
            "provider": "MUSICBRAINZ",
            "genres": ["experimental"],
            "genresSource": "MUSICBRAINZ",
        },
    ]


async def test_a_provider_that_is_off_fails_its_fields_and_leaves_the_rest(monkeypatch):
    monkeypatch.delenv("UNISONO_SPOTIFY_CLIENT_ID", raising=False)
    async with TestClient(spotify={"client_id": None}) as client:
        track = client.simulator.catalogue.albums[0].tracks[0]
        answer = await client.execute(
            "query ($id: ID!) { track(id: $id) { name on(provider: SPOTIFY) { id } } }",
            {"id": f"musicbrainz:track:{track.recording.mbid}"},
        )
        assert answer.data["track"] == {"name": "Many Voices, One Line", "on": None}
        assert answer.errors[0]["extensions"]["code"] == "PROVIDER_NOT_CONFIGURED"
