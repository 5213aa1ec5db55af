"""What a parent's answer told is not fetched again; what it did not is completed, all together."""

import pytest

ALBUMS = (
    """query ($ids: [ID!]!) { tracks(ids: $ids) { name album { name label upc popularity } } }"""
)


async def test_unknown_fields_of_one_record_cost_one_call(client, catalogue, track_ids):
    answer = await client.execute(ALBUMS, {"ids": track_ids[:10]})
    assert answer.errors == []
    assert [track["album"]["label"] for track in answer.data["tracks"]] == [
        track.album.label for track in catalogue.tracks[:10]
    ]
    assert [track["album"]["upc"] for track in answer.data["tracks"]] == [
        track.album.upc for track in catalogue.tracks[:10]
    ]
    answer.expect_calls({"spotify.tracks": 1, "spotify.albums": 1})


async def test_known_fields_stay_when_completing_fails(client, catalogue, track_ids):
    client.simulator.fault("GET /v1/albums", status=400)
    answer = await client.execute(ALBUMS, {"ids": track_ids[:2]})
    assert answer.data["tracks"] == [
        {
            "name": track.name,
            "album": {"name": track.album.name, "label": None, "upc": None, "popularity": None},
        }
        for track in catalogue.tracks[:2]
    ]
    assert sorted(error["path"] for error in answer.errors) == sorted(
        ["tracks", index, "album", field]
        for index in range(2)
        for field in ("label", "upc", "popularity")
    )
    assert {error["extensions"]["code"] for error in answer.errors} == {"UPSTREAM_REJECTED"}


async def test_unknown_fields_are_null_without_error_when_nothing_is_found(client, track_ids):
    client.simulator.fault("GET /v1/albums", body='{"albums": [null]}')
    answer = await client.execute(ALBUMS, {"ids": track_ids[:1]})
    assert answer.errors == []
    [track] = answer.data["tracks"]
    assert track["album"]["name"]
    assert (track["album"]["label"], track["album"]["upc"]) == (None, None)


async def test_a_full_record_already_loaded_completes_a_partial_one_for_nothing(client, catalogue):
    track = next(track for track in catalogue.tracks if len(track.artists) == 1)
    album, artist = track.album.spotify_id, track.artists[0].spotify_id
    document = f"""{{
        album(id: "spotify:album:{album}") {{ label }}
        artist(id: "spotify:artist:{artist}") {{ genres }}
        track(id: "spotify:track:{track.spotify_id}") {{ album {{ label }} artists {{ genres }} }}
    }}"""
    answer = await client.execute(document)
    assert answer.errors == []
    assert answer.data["track"]["album"] == answer.data["album"]
    answer.expect_calls({"spotify.tracks": 1, "spotify.albums": 1, "spotify.artists": 1})


async def test_nothing_is_completed_for_fields_that_are_not_selected(client, track_ids):
    document = """query ($ids: [ID!]!, $no: Boolean = false) { tracks(ids: $ids) {
        album { name label @include(if: $no) ... @skip(if: true) { upc } } } }"""
    answer = await client.execute(document, {"ids": track_ids[:3]})
    answer.expect_calls({"spotify.tracks": 1})


async def test_an_artists_image_is_the_widest(client, catalogue, artist_ids):
    answer = await client.execute(
        "query ($ids: [ID!]!) { artists(ids: $ids) { image { url width height page } } }",
        {"ids": artist_ids[:20]},
    )
    images = [artist["image"] for artist in answer.data["artists"]]
    own = [image is not None and image["page"] is None for image in images]
    assert own == [artist.has_images for artist in catalogue.artists[:20]]
    assert {image["width"] for image in images if image and not image["page"]} == {640, None}


@pytest.mark.parametrize(
    ("argument", "width"),
    [
        ("", 640),
        ("(size: null)", 640),
        ("(size: 1)", 64),
        ("(size: 64)", 64),
        ("(size: 65)", 300),
        ("(size: 300)", 300),
        ("(size: 640)", 640),
        ("(size: 5000)", 640),
    ],
)
async def test_a_cover_is_the_smallest_that_is_large_enough(client, album_ids, argument, width):
    answer = await client.execute(
        f"query ($ids: [ID!]!) {{ albums(ids: $ids) {{ cover{argument} {{ width }} }} }}",
        {"ids": album_ids[:20]},
    )
    assert answer.errors == []
    covers = [album["cover"] for album in answer.data["albums"] if album["cover"]]
    assert {cover["width"] for cover in covers} == {width, None}  # of some no width is told


async def test_an_album_without_pictures_has_no_cover(client, catalogue):
    album = next(album for album in catalogue.albums if not album.has_images)
    answer = await client.execute(
        f'{{ album(id: "spotify:album:{album.spotify_id}") {{ cover {{ url }} }} }}'
    )
    assert answer.body() == {**answer.body(), "data": {"album": {"cover": None}}}
    assert answer.errors == []


@pytest.mark.parametrize("size", [0, -1])
async def test_a_cover_of_no_size_is_refused(client, album_ids, size):
    answer = await client.execute(
        f'{{ album(id: "{album_ids[0]}") {{ name cover(size: {size}) {{ url }} }} }}'
    )
    assert answer.data["album"]["name"]
    assert answer.data["album"]["cover"] is None
    [error] = answer.errors
    assert error["message"] == f"size: expected at least 1 pixel, got {size}"
    assert error["path"] == ["album", "cover"]
