"""Spotify's rules and traps, as the simulator keeps them."""

import pytest

from tests.openapi import check_answer

UNKNOWN = "0000000000000000000000"


def ids_of(entities):
    return [entity.spotify_id for entity in entities]


async def many(client, word, ids, **params):
    return await client.get(f"/v1/{word}", params={"ids": ",".join(ids), **params})


def error(status, message):
    return {"error": {"status": status, "message": message}}


# Many by id


@pytest.mark.parametrize("word", ["tracks", "artists", "albums"])
async def test_a_bulk_call_keeps_order_and_duplicates_and_puts_null_in_place(
    simulator, client, word
):
    one, two = ids_of(getattr(simulator.catalogue, word)[:2])
    asked = [two, UNKNOWN, one, "not-an-id", two]
    answer = await many(client, word, asked)
    assert answer.status_code == 200
    found = [entity and entity["id"] for entity in answer.json()[word]]
    assert found == [two, None, one, None, two]
    assert simulator.calls[0].ids == tuple(asked)


@pytest.mark.parametrize(("word", "most"), [("tracks", 50), ("artists", 50), ("albums", 20)])
async def test_a_bulk_call_takes_so_many_ids_and_not_one_more(simulator, client, word, most):
    ids = ids_of(getattr(simulator.catalogue, word)[: most + 1])
    assert (await many(client, word, ids[:-1])).status_code == 200
    answer = await many(client, word, ids)
    assert (answer.status_code, answer.json()) == (400, error(400, "Too many ids requested"))


@pytest.mark.parametrize("query", ["?ids=", "", "?ids=3HW6loqinVoHq6UtGn8wOm,", "?ids=,,"])
async def test_an_empty_id_fails_the_whole_call(client, query):
    answer = await client.get(f"/v1/tracks{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]["status"] == 400


# One by id


@pytest.mark.parametrize("word", ["tracks", "artists", "albums"])
async def test_a_single_id_is_answered_as_in_bulk(simulator, client, word):
    native = getattr(simulator.catalogue, word)[5].spotify_id
    single = await client.get(f"/v1/{word}/{native}")
    bulk = await many(client, word, [native])
    assert single.json() == bulk.json()[word][0]
    assert single.headers["content-type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize("path", ["tracks/{}", "artists/{}", "albums/{}", "artists/{}/albums"])
async def test_an_unknown_id_is_404_and_a_malformed_one_400(client, path):
    unknown = await client.get(f"/v1/{path.format(UNKNOWN)}")
    assert (unknown.status_code, unknown.json()) == (404, error(404, "Resource not found"))
    malformed = await client.get(f"/v1/{path.format('abc')}")
    assert (malformed.status_code, malformed.json()) == (400, error(400, "invalid id"))


# Facts


async def test_what_is_missing_is_said_as_spotify_says_it(simulator, client):
    albums, tracks = simulator.catalogue.albums, simulator.catalogue.tracks
    bare = {
        "label": next(album for album in albums if album.label is None),
        "upc": next(album for album in albums if album.upc is None),
        "images": next(album for album in albums if not album.has_images),
        "date": next(album for album in albums if album.released is None),
    }
    answer = await many(client, "albums", ids_of(bare.values()))
    found = dict(zip(bare, answer.json()["albums"], strict=True))
    assert found["label"]["label"] == ""
    assert found["upc"]["external_ids"] == {}
    assert found["images"]["images"] == []
    assert found["date"]["release_date"] == "0000"
    assert found["date"]["release_date_precision"] == "year"
    track = next(track for track in tracks if track.recording.isrc is None)
    answer = await client.get(f"/v1/tracks/{track.spotify_id}")
    assert answer.json()["external_ids"] == {}


async def test_an_album_brings_its_first_fifty_tracks_and_says_where_the_rest_is(simulator, client):
    album = simulator.catalogue.album("Complete Harbour Sessions")
    answer = await client.get(f"/v1/albums/{album.spotify_id}")
    page = answer.json()["tracks"]
    assert (page["total"], page["limit"], page["offset"], len(page["items"])) == (64, 50, 0, 50)
    assert (page["previous"], "external_ids" in page["items"][0]) == (None, False)
    rest = (await client.get(page["next"])).json()
    assert [track["id"] for track in page["items"] + rest["items"]] == ids_of(album.tracks)
    assert rest["next"] is None
    assert rest["previous"] == page["href"]


# Markets


async def test_a_market_relinks_so_another_id_may_come_back(simulator, client):
    track = next(
        track for track in simulator.catalogue.tracks if track.in_market("DE") not in {track, None}
    )
    found = (await many(client, "tracks", [track.spotify_id], market="DE")).json()["tracks"][0]
    assert found["id"] == track.in_market("DE").spotify_id != track.spotify_id
    assert found["linked_from"]["id"] == track.spotify_id
    assert found["is_playable"] is True
    assert "available_markets" not in found
    assert found["external_ids"]["isrc"] == track.recording.isrc


async def test_what_a_market_lacks_is_there_but_not_playable(simulator, client):
    track = next(track for track in simulator.catalogue.tracks if track.in_market("DE") is None)
    answer = await client.get(f"/v1/tracks/{track.spotify_id}", params={"market": "de"})
    found = answer.json()
    assert (found["id"], found["is_playable"]) == (track.spotify_id, False)
    assert found["restrictions"] == {"reason": "market"}


async def test_without_a_market_nothing_is_relinked(simulator, client):
    track = simulator.catalogue.tracks[0]
    found = (await client.get(f"/v1/tracks/{track.spotify_id}")).json()
    assert found["available_markets"] == list(track.album.markets)
    assert not {"is_playable", "linked_from", "restrictions"} & found.keys()


async def test_a_market_that_is_none_is_refused(client):
    answer = await client.get("/v1/tracks/3HW6loqinVoHq6UtGn8wOm?market=Germany")
    assert (answer.status_code, answer.json()) == (400, error(400, "Invalid market code"))


# Pages


async def test_an_artists_albums_come_group_by_group_the_newest_first(simulator, client):
    vale = simulator.catalogue.artist("Kestrel Vale")
    path = f"/v1/artists/{vale.spotify_id}/albums"
    first = (await client.get(path, params={"limit": 50})).json()
    second = (await client.get(first["next"])).json()
    items = first["items"] + second["items"]
    assert first["total"] == len(items) == len(vale.albums) + len(vale.appears_on)
    order = ["album", "single", "compilation", "appears_on"]
    assert [item["album_group"] for item in items] == sorted(
        (item["album_group"] for item in items), key=order.index
    )
    dates = [item["release_date"] for item in items if item["album_group"] == "single"]
    assert dates == sorted(dates, reverse=True)


async def test_groups_may_be_chosen(simulator, client):
    vale = simulator.catalogue.artist("Kestrel Vale")
    path = f"/v1/artists/{vale.spotify_id}/albums"
    answer = await client.get(path, params={"include_groups": "appears_on"})
    assert answer.json()["total"] == len(vale.appears_on) > 0
    assert {item["album_group"] for item in answer.json()["items"]} == {"appears_on"}
    refused = await client.get(path, params={"include_groups": "albums"})
    assert refused.status_code == 400


async def test_a_market_leaves_out_the_albums_it_lacks(simulator, client):
    vale = simulator.catalogue.artist("Kestrel Vale")
    path = f"/v1/artists/{vale.spotify_id}/albums"
    everywhere = (await client.get(path)).json()["total"]
    assert (await client.get(path, params={"market": "SE"})).json()["total"] < everywhere


@pytest.mark.parametrize(
    "path", ["search?q=a&type=track", "artists/{}/albums?", "albums/{}/tracks?"]
)
@pytest.mark.parametrize("page", ["limit=0", "limit=51", "limit=x", "offset=-1", "offset=x"])
async def test_a_page_that_cannot_be_is_refused(simulator, client, path, page):
    natives = {
        "artists": simulator.catalogue.artists[0].spotify_id,
        "albums": simulator.catalogue.albums[0].spotify_id,
    }
    word = path.partition("/")[0]
    answer = await client.get(f"/v1/{path.format(natives.get(word))}&{page}")
    name = page.partition("=")[0]
    assert (answer.status_code, answer.json()) == (400, error(400, f"Invalid {name}"))


# Search


async def test_a_search_answers_every_kind_asked_with_a_page(client):
    answer = await client.get("/v1/search", params={"q": "lantern", "type": "track,artist,album"})
    found = answer.json()
    assert sorted(found) == ["albums", "artists", "tracks"]
    assert found["artists"]["items"][0]["name"] == "The Lantern Choir"
    assert found["tracks"]["total"] > len(found["tracks"]["items"]) == 20
    again = (await client.get(found["tracks"]["next"])).json()
    assert list(again) == ["tracks"]
    assert again["tracks"]["offset"] == 20


async def test_an_isrc_is_found_by_search(simulator, client):
    recording = next(each for each in simulator.catalogue.recordings if len(each.tracks) > 1)
    params = {"q": f"isrc:{recording.isrc}", "type": "track"}
    page = (await client.get("/v1/search", params=params)).json()["tracks"]
    assert {track["id"] for track in page["items"]} == set(ids_of(recording.tracks))
    assert {track["external_ids"]["isrc"] for track in page["items"]} == {recording.isrc}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"type": "track"}, "No search query"),
        ({"q": " ", "type": "track"}, "No search query"),
        ({"q": "a"}, "Bad search type field "),
        ({"q": "a", "type": "track,song"}, "Bad search type field song"),
        ({"q": "a", "type": "track", "offset": "1001"}, "Invalid offset"),
    ],
)
async def test_a_search_for_nothing_is_refused(client, params, message):
    answer = await client.get("/v1/search", params=params)
    assert (answer.status_code, answer.json()) == (400, error(400, message))


async def test_what_we_have_none_of_is_an_empty_page(client):
    answer = await client.get("/v1/search", params={"q": "lantern", "type": "playlist"})
    assert answer.json()["playlists"]["total"] == 0


# Development mode


@pytest.mark.parametrize("word", ["tracks", "artists", "albums"])
async def test_development_mode_has_no_bulk_routes_but_single_ones(simulator, client, word):
    simulator.spotify.development_mode = True
    native = getattr(simulator.catalogue, word)[0].spotify_id
    bulk = await many(client, word, [native])
    assert (bulk.status_code, bulk.json()) == (403, error(403, "Forbidden"))
    assert (await client.get(f"/v1/{word}/{native}")).status_code == 200


async def test_development_mode_has_lost_fields(simulator, client):
    simulator.spotify.development_mode = True
    track = next(
        track for track in simulator.catalogue.tracks if track.in_market("DE") not in {track, None}
    )
    params = {"market": "DE"}
    found = (await client.get(f"/v1/tracks/{track.spotify_id}", params=params)).json()
    assert found["id"] != track.spotify_id
    assert not {"available_markets", "linked_from", "popularity"} & found.keys()
    assert "available_markets" not in found["album"]
    assert found["external_ids"]["isrc"] == track.recording.isrc
    album = (await client.get(f"/v1/albums/{track.album.spotify_id}")).json()
    assert not {"available_markets", "label", "popularity"} & album.keys()
    native = track.artists[0].spotify_id
    artist = (await client.get(f"/v1/artists/{native}")).json()
    assert not {"followers", "popularity"} & artist.keys()
    albums = (await client.get(f"/v1/artists/{native}/albums")).json()
    assert "album_group" not in albums["items"][0]
    assert albums["limit"] == 5


async def test_development_mode_has_short_pages(simulator, client):
    simulator.spotify.development_mode = True
    params = {"q": "salt", "type": "track"}
    assert (await client.get("/v1/search", params=params)).json()["tracks"]["limit"] == 5
    for limit, status in ((10, 200), (11, 400)):
        answer = await client.get("/v1/search", params={**params, "limit": limit})
        assert answer.status_code == status
        path = f"/v1/artists/{simulator.catalogue.artists[0].spotify_id}/albums"
        assert (await client.get(path, params={"limit": limit})).status_code == status
    path = f"/v1/albums/{simulator.catalogue.albums[0].spotify_id}/tracks"
    assert (await client.get(path, params={"limit": 50})).status_code == 200


# Routes


async def test_an_unknown_route_is_404_and_is_written_down(simulator, client):
    answer = await client.get("/v1/tracks/a%2Fb")
    assert (answer.status_code, answer.json()) == (404, error(404, "Service not found"))
    check_answer("GET /v1/tracks", 404, answer.json())
    assert [(call.route, call.ids) for call in simulator.calls] == [
        ("unknown", ("/v1/tracks/a/b",))
    ]


async def test_another_method_is_405_and_the_answer_says_which(client):
    answer = await client.delete("/v1/tracks/3HW6loqinVoHq6UtGn8wOm")
    assert (answer.status_code, answer.json()) == (405, error(405, "Method not allowed"))
    assert answer.headers["allow"] == "GET"
    assert (await client.get("/api/token")).headers["allow"] == "POST"
