"""Lists in pages: an artist's albums, an album's tracks."""

import pytest

from api.connections import Ends, Place, Span, Window, cursor, window
from api.errors import BadInputError
from api.testing import TestClient

ALBUMS = """query ($id: ID!, $first: Int, $after: String) { artist(id: $id) {
    albums(first: $first, after: $after) {
        totalCount
        edges { cursor node { name } }
        nodes { name }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    } } }"""

TRACKS = """query ($id: ID!, $first: Int = 50, $after: String) { album(id: $id) {
    tracks(first: $first, after: $after) {
        totalCount nodes { id discNumber trackNumber } pageInfo { hasNextPage endCursor }
    } } }"""


@pytest.fixture
def prolific(catalogue):
    """An artist of 56 albums and singles."""
    return catalogue.artist("Kestrel Vale")


@pytest.fixture
def box_set(catalogue):
    """An album of 64 tracks."""
    return catalogue.album("Complete Harbour Sessions")


def canonical(kind, entity):
    return f"spotify:{kind}:{entity.spotify_id}"


async def test_an_artists_albums_come_page_by_page(client, prolific):
    names, after, sizes = [], None, []
    while True:
        answer = await client.execute(
            ALBUMS, {"id": canonical("artist", prolific), "first": 25, "after": after}
        )
        assert answer.errors == []
        answer.expect_calls({"spotify.artists": 1, "spotify.artist_albums": 1})
        page = answer.data["artist"]["albums"]
        assert page["totalCount"] == len(prolific.albums)
        assert [edge["node"] for edge in page["edges"]] == page["nodes"]
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        assert page["pageInfo"]["startCursor"] == page["edges"][0]["cursor"]
        assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]
        names += [node["name"] for node in page["nodes"]]
        sizes.append(len(page["nodes"]))
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert sizes == [25, 25, len(prolific.albums) - 50]
    assert sorted(names) == sorted(album.name for album in prolific.albums)


async def test_twenty_come_when_nobody_says_how_many(client, prolific):
    answer = await client.execute(ALBUMS, {"id": canonical("artist", prolific)})
    assert len(answer.data["artist"]["albums"]["nodes"]) == 20
    answer = await client.execute(ALBUMS, {"id": canonical("artist", prolific), "first": None})
    assert len(answer.data["artist"]["albums"]["nodes"]) == 20


async def test_a_cursor_from_the_middle_of_a_page_is_good(client, prolific):
    first = await client.execute(ALBUMS, {"id": canonical("artist", prolific), "first": 10})
    edges = first.data["artist"]["albums"]["edges"]
    then = await client.execute(
        ALBUMS, {"id": canonical("artist", prolific), "first": 5, "after": edges[4]["cursor"]}
    )
    assert then.data["artist"]["albums"]["edges"] == edges[5:]


async def test_past_the_end_there_is_an_empty_page(client, prolific):
    answer = await client.execute(
        ALBUMS, {"id": canonical("artist", prolific), "after": cursor(9000)}
    )
    assert answer.errors == []
    assert answer.data["artist"]["albums"] == {
        "totalCount": len(prolific.albums),
        "edges": [],
        "nodes": [],
        "pageInfo": {
            "hasNextPage": False,
            "hasPreviousPage": True,
            "startCursor": None,
            "endCursor": None,
        },
    }


async def test_an_albums_first_tracks_come_with_the_album(client, catalogue):
    albums = [album for album in catalogue.albums if len(album.tracks) <= 50][:20]
    answer = await client.execute(
        """query ($ids: [ID!]!) { albums(ids: $ids) {
            tracks(first: 50) { totalCount nodes { id name album { name label } } } } }""",
        {"ids": [canonical("album", album) for album in albums]},
    )
    assert answer.errors == []
    assert [
        [(track["name"], track["album"]["name"]) for track in album["tracks"]["nodes"]]
        for album in answer.data["albums"]
    ] == [[(track.name, album.name) for track in album.tracks] for album in albums]
    # Neither the tracks nor the album of each track are asked again.
    answer.expect_calls({"spotify.albums": 1})


async def test_what_the_album_did_not_bring_costs_one_page_call(client, box_set):
    answer = await client.execute(TRACKS, {"id": canonical("album", box_set)})
    page = answer.data["album"]["tracks"]
    assert (page["totalCount"], len(page["nodes"])) == (64, 50)
    answer.expect_calls({"spotify.albums": 1})
    then = await client.execute(
        TRACKS, {"id": canonical("album", box_set), "after": page["pageInfo"]["endCursor"]}
    )
    rest = then.data["album"]["tracks"]
    assert rest["pageInfo"]["hasNextPage"] is False
    then.expect_calls({"spotify.albums": 1, "spotify.album_tracks": 1})
    assert [node["id"] for node in page["nodes"] + rest["nodes"]] == [
        canonical("track", track) for track in box_set.tracks
    ]


async def test_tracks_of_partial_albums_are_loaded_with_the_albums(client, catalogue):
    tracks = [track for track in catalogue.tracks if len(track.album.tracks) <= 50][:20]
    answer = await client.execute(
        "query ($ids: [ID!]!) { tracks(ids: $ids) { album { tracks { totalCount } } } }",
        {"ids": [canonical("track", track) for track in tracks]},
    )
    assert [track["album"]["tracks"]["totalCount"] for track in answer.data["tracks"]] == [
        len(track.album.tracks) for track in tracks
    ]
    answer.expect_calls({"spotify.tracks": 1, "spotify.albums": 1})


async def test_unknown_fields_of_an_albums_tracks_are_completed_in_bulk(client, catalogue):
    album = next(album for album in catalogue.albums if len(album.tracks) > 5)
    answer = await client.execute(
        f'{{ album(id: "{canonical("album", album)}") {{ tracks {{ nodes {{ isrc }} }} }} }}'
    )
    assert [node["isrc"] for node in answer.data["album"]["tracks"]["nodes"]] == [
        track.recording.isrc for track in album.tracks[:20]
    ]
    answer.expect_calls({"spotify.albums": 1, "spotify.tracks": 1})


async def test_a_page_of_which_only_the_type_is_asked_costs_nothing(client, prolific):
    answer = await client.execute(
        f"""{{ artist(id: "{canonical("artist", prolific)}") {{
            albums {{ __typename ...F totalCount @skip(if: true) }} }} }}
            fragment F on AlbumConnection {{ __typename }}"""
    )
    assert answer.data == {"artist": {"albums": {"__typename": "AlbumConnection"}}}
    answer.expect_calls({"spotify.artists": 1})


async def test_pages_are_paged_inside_where_the_provider_gives_less(client, prolific):
    client.simulator.spotify.development_mode = True
    answer = await client.execute(ALBUMS, {"id": canonical("artist", prolific), "first": 25})
    assert answer.errors == []
    assert len(answer.data["artist"]["albums"]["nodes"]) == 25


@pytest.mark.parametrize("first", [0, -1, 51, 99_999_999])
async def test_a_page_of_another_size_is_refused_without_a_call(client, prolific, first):
    answer = await client.execute(
        f'{{ artist(id: "{canonical("artist", prolific)}") {{ name albums(first: {first}) '
        "{ nodes { id } } } }"
    )
    assert answer.data == {"artist": {"name": "Kestrel Vale", "albums": None}}
    [error] = answer.errors
    assert error["message"] == f"first: expected 1 to 50, got {first}"
    assert error["path"] == ["artist", "albums"]
    answer.expect_calls({"spotify.artists": 1})


async def test_a_page_size_beyond_graphqls_int_is_refused_by_graphql(client):
    answer = await client.execute(
        '{ search(text: "a", provider: SPOTIFY, first: 2147483648) { __typename } }'
    )
    assert answer.errors[0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize(
    "after",
    ["", "x", "b2Zmc2V0Oi0x", "b2Zmc2V0OjEwMDAwMDA", "b2Zmc2V0OuKRoA", "é", "!" * 1000, "\r\n"],
)
async def test_a_cursor_that_was_not_given_is_refused(client, prolific, after):
    answer = await client.execute(ALBUMS, {"id": canonical("artist", prolific), "after": after})
    assert answer.data["artist"]["albums"] is None
    [error] = answer.errors
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"].startswith("after: expected a cursor that this server gave, got '")
    assert error["message"].isprintable()
    answer.expect_calls({"spotify.artists": 1})


async def test_the_albums_of_an_artist_who_vanished_are_null():
    async with TestClient() as client:
        artist = client.simulator.catalogue.artists[0]
        client.simulator.fault("GET /v1/artists/{id}/albums", status=404)
        answer = await client.execute(ALBUMS, {"id": canonical("artist", artist)})
        assert answer.data == {"artist": {"albums": None}}
        assert answer.errors == []


def test_a_window_begins_behind_its_cursor():
    assert window(None, None, default=7) == Window(0, 7)
    assert window(3, cursor(9), default=7) == Window(10, 3)
    with pytest.raises(BadInputError, match="expected 1 to 50, got 0"):
        window(0, None, default=7)


def test_a_span_tells_its_edges_and_ends():
    span = Span("ab", offset=3, total_count=9, first=2)
    assert span.edges == [Place(cursor(3), "a"), Place(cursor(4), "b")]
    assert span.page_info == Ends(
        has_next_page=True, has_previous_page=True, start_cursor=cursor(3), end_cursor=cursor(4)
    )


@pytest.mark.parametrize(("items", "more"), [("ab", True), ("a", False), ("", False)])
def test_without_a_total_a_full_page_is_followed_by_another(items, more):
    assert Span(items, 0, None, first=2).page_info.has_next_page is more
