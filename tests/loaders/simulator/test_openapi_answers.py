"""The simulator's answers, held against Spotify's own API description; and the judge itself."""

import pytest

from loaders.simulator import SimCall
from tests.openapi import check_answer, check_request, check_requests

TRACK = "3HW6loqinVoHq6UtGn8wOm"


def call(route, ids=(), /, **params):
    return SimCall(0.0, route, tuple(ids), params, True, 200)


async def judged(client, route, path, *, reduced=False, **params):
    answer = await client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    check_answer(route, 200, answer.json(), reduced=reduced)
    return answer.json()


def ids_of(entities):
    return ",".join(entity.spotify_id for entity in entities)


@pytest.mark.parametrize("market", [None, "DE"])
async def test_all_kinds_of_entities_are_true_to_the_description(simulator, client, market):
    catalogue = simulator.catalogue
    params = {"market": market} if market else {}
    # One in so many of each, which the sizes of the catalogue make some hundred.
    for word, size, step in (("tracks", 50, 19), ("artists", 50, 5), ("albums", 20, 7)):
        entities = getattr(catalogue, word)[::step]
        for start in range(0, len(entities), size):
            await judged(
                client,
                f"GET /v1/{word}",
                f"/v1/{word}",
                reduced=market is not None,  # a market takes the place of available_markets
                ids=ids_of(entities[start : start + size]),
                **(params if word != "artists" else {}),
            )
    check_requests(simulator.calls)


@pytest.mark.parametrize("word", ["tracks", "artists", "albums"])
async def test_null_in_place_is_true_to_the_patched_description(client, word):
    ids = "0000000000000000000000,0000000000000000000001"
    found = await judged(client, f"GET /v1/{word}", f"/v1/{word}", ids=ids)
    assert found == {word: [None, None]}


@pytest.mark.parametrize("mode", [False, True])
@pytest.mark.parametrize("market", [None, "SE"])
async def test_every_route_is_true_to_the_description(simulator, client, mode, market):
    simulator.spotify.development_mode = mode
    catalogue = simulator.catalogue
    params = {"market": market} if market else {}
    reduced = mode or market is not None
    limit = 10 if mode else 50
    for word in ("tracks", "artists", "albums"):
        for entity in getattr(catalogue, word)[:5]:
            route = f"GET /v1/{word}/{{id}}"
            told = {} if word == "artists" else params
            await judged(client, route, f"/v1/{word}/{entity.spotify_id}", reduced=reduced, **told)
    vale = catalogue.artist("Kestrel Vale").spotify_id
    await judged(
        client,
        "GET /v1/artists/{id}/albums",
        f"/v1/artists/{vale}/albums",
        reduced=reduced,
        limit=limit,
        offset=10,
        include_groups="album,single",
        **params,
    )
    sessions = catalogue.album("Complete Harbour Sessions").spotify_id
    await judged(
        client,
        "GET /v1/albums/{id}/tracks",
        f"/v1/albums/{sessions}/tracks",
        reduced=reduced,
        limit=50,
        offset=50,
        **params,
    )
    await judged(
        client,
        "GET /v1/search",
        "/v1/search",
        reduced=reduced,
        q="lantern",
        type="track,artist,album",
        limit=limit,
        **params,
    )
    check_requests(simulator.calls, development_mode=mode)


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
async def test_errors_are_true_to_the_description(simulator, client, status):
    simulator.fault("GET /v1/tracks", status=status)
    answer = await client.get("/v1/tracks")
    check_answer("GET /v1/tracks", status, answer.json())


async def test_without_a_market_and_with_extended_quota_all_fields_are_there(client):
    found = await judged(client, "GET /v1/tracks", "/v1/tracks", ids=TRACK)
    del found["tracks"][0]["album"]["available_markets"]
    with pytest.raises(AssertionError, match="available_markets"):
        check_answer("GET /v1/tracks", 200, found)
    check_answer("GET /v1/tracks", 200, found, reduced=True)


async def test_the_judge_refuses_answers_that_cannot_be(client):
    found = await judged(client, "GET /v1/tracks", "/v1/tracks", ids=TRACK)
    for broken in (
        {**found, "more": 1},
        {"tracks": [{**found["tracks"][0], "bpm": 120}]},
        {"tracks": [{**found["tracks"][0], "duration_ms": "214293"}]},
        {"tracks": [{**found["tracks"][0], "name": None}]},
        {"tracks": [{**found["tracks"][0], "album": {**found["tracks"][0]["album"], "x": 1}}]},
        {},
    ):
        with pytest.raises(AssertionError, match="GET /v1/tracks answered 200"):
            check_answer("GET /v1/tracks", 200, broken)


@pytest.mark.parametrize(
    "legal",
    [
        call("GET /v1/tracks", [TRACK] * 50, ids=",".join([TRACK] * 50), market="SE"),
        call("GET /v1/albums/{id}", [TRACK]),
        call("GET /v1/search", q="isrc:X", type="track,artist", limit="50", offset="0"),
        call("GET /v1/artists/{id}/albums", [TRACK], limit="50", include_groups="album"),
        call("POST /api/token", grant_type="client_credentials"),
    ],
)
def test_the_judge_lets_legal_requests_pass(legal):
    check_request(legal)


@pytest.mark.parametrize(
    ("illegal", "complaint"),
    [
        (call("GET /v1/tracks"), "lacks ids"),
        (call("GET /v1/tracks", [TRACK], ids=TRACK, limit="5"), "knows no parameter limit"),
        (call("GET /v1/tracks", [TRACK, "x"], ids=f"{TRACK},x"), "not an id: 'x'"),
        (call("GET /v1/tracks", [TRACK] * 51, ids="..."), "51 ids where 50 may be"),
        (call("GET /v1/albums", [TRACK] * 21, ids="..."), "21 ids where 20 may be"),
        (call("GET /v1/artists", [TRACK], ids=TRACK, market="SE"), "knows no parameter market"),
        (call("GET /v1/search", q="x", type="song"), "type: 'song' is not one of"),
        (call("GET /v1/search", q="x", type="track", limit="51"), "limit: 51 is greater"),
        (call("GET /v1/search", q="x", type="track", limit="ten"), "limit: 'ten' is not"),
        (call("GET /v1/search", q="x", type="track", offset="1001"), "offset: 1001 is greater"),
        (call("unknown", ["/v1/trackz"]), "no such route"),
    ],
)
def test_the_judge_refuses_illegal_requests(illegal, complaint):
    with pytest.raises(AssertionError, match=complaint):
        check_request(illegal)


def test_the_judge_knows_the_short_pages_of_development_mode():
    search = call("GET /v1/search", q="x", type="track", limit="11")
    check_request(search)
    with pytest.raises(AssertionError, match="limit: 11 is greater"):
        check_request(search, development_mode=True)
