"""Search and ISRCs."""

import pytest

from api.testing import TestClient

SEARCH = """query ($text: String!, $first: Int = 5, $after: String) {
    search(text: $text, provider: SPOTIFY, first: $first, after: $after) {
        tracks { totalCount nodes { id name } pageInfo { hasNextPage endCursor } }
    } }"""


def search_calls(client):
    return [call for call in client.calls if call.route == "GET /v1/search"]


async def test_a_search_is_one_call_for_the_kinds_selected(client):
    answer = await client.execute(
        """{ search(text: "harbour", provider: SPOTIFY, first: 3) {
            tracks { nodes { name } } ... on SearchResult { a: albums { totalCount } } ...F } }
        fragment F on SearchResult { artists @include(if: false) { nodes { name } } }"""
    )
    assert answer.errors == []
    answer.expect_calls({"spotify.search": 1})
    [call] = search_calls(client)
    assert sorted(call.params["type"].split(",")) == ["album", "track"]
    assert call.params["limit"] == "3"
    assert set(answer.data["search"]) == {"tracks", "a"}
    assert all("arbour" in track["name"] for track in answer.data["search"]["tracks"]["nodes"])


async def test_searches_for_the_same_share_a_call_whatever_the_blanks(client):
    answer = await client.execute(
        '{ a: search(text: "harbour", provider: SPOTIFY) { tracks { totalCount } } '
        'b: search(text: " harbour ", provider: SPOTIFY) { tracks { totalCount } } }'
    )
    assert answer.data["a"] == answer.data["b"]
    answer.expect_calls({"spotify.search": 1})


@pytest.mark.parametrize(
    "selection",
    [
        "__typename",
        "tracks { __typename }",
        "tracks @skip(if: true) { nodes { name } } __typename",
        "...F",
        "tracks { nodes @include(if: $no) { name } __typename }",
    ],
)
async def test_a_search_of_which_nothing_is_shown_costs_nothing(client, selection):
    answer = await client.execute(
        f'query ($no: Boolean = false) {{ search(text: "a", provider: SPOTIFY) {{ {selection} '
        "...F @include(if: $no) } } fragment F on SearchResult { __typename albums { __typename } }"
    )
    assert answer.errors == []
    assert "TrackConnection" in str(answer.data) or "SearchResult" in str(answer.data)
    assert client.calls == []


async def test_a_search_goes_on_behind_its_cursor(client):
    first = await client.execute(SEARCH, {"text": "a"})
    page = first.data["search"]["tracks"]
    then = await client.execute(
        SEARCH, {"text": "a", "after": page["pageInfo"]["endCursor"], "first": 50}
    )
    assert search_calls(client)[1].params["offset"] == "5"
    ids = [node["id"] for node in page["nodes"] + then.data["search"]["tracks"]["nodes"]]
    assert len(set(ids)) == 55


async def test_tracks_that_a_search_found_need_no_further_call(client):
    answer = await client.execute(
        """{ search(text: "a", provider: SPOTIFY, first: 20) { tracks { nodes {
            name isrc popularity album { name } artists { name } } }
            artists { nodes { name genres popularity image { url } } } } }"""
    )
    assert answer.errors == []
    answer.expect_calls({"spotify.search": 1})


async def test_a_failed_search_is_null_with_an_error_and_leaves_the_rest(client, track_ids):
    client.simulator.fault("GET /v1/search", status=400)
    answer = await client.execute(
        f'{{ search(text: "a", provider: SPOTIFY) {{ tracks {{ totalCount }} }} '
        f'track(id: "{track_ids[0]}") {{ id }} }}'
    )
    assert answer.data == {"search": None, "track": {"id": track_ids[0]}}
    [error] = answer.errors
    assert (error["path"], error["extensions"]["code"]) == (["search"], "UPSTREAM_REJECTED")


@pytest.mark.parametrize(
    ("text", "got"),
    [("", "0, ''"), ("  \n ", "0, '  \\n '"), ("x" * 501, "501, 'xxx")],
)
async def test_a_text_that_is_none_is_refused(client, text, got):
    answer = await client.execute(SEARCH, {"text": text})
    assert answer.data == {"search": None}
    [error] = answer.errors
    assert error["message"].startswith(
        f"text: expected 1 to 500 characters besides blanks, got {got}"
    )
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert client.calls == []


async def test_a_text_may_say_anything(client):
    text = 'a&type=artist#?/../\u2028"\x00'
    answer = await client.execute(SEARCH, {"text": text})
    assert answer.errors == []
    [call] = search_calls(client)
    assert (call.params["q"], call.params["type"]) == (text, "track")


async def test_an_unknown_provider_is_refused_by_graphql(client):
    answer = await client.execute('{ search(text: "a", provider: WALKMAN) { __typename } }')
    assert answer.errors[0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


ISRCS = """query ($isrcs: [String!]!, $providers: [Provider!]) {
    tracksByIsrc(isrcs: $isrcs, providers: $providers) { isrc provider tracks { id isrc } } }"""


async def test_isrcs_have_one_entry_each_in_order(client, catalogue):
    recordings = [recording for recording in catalogue.recordings if recording.isrc][:3]
    isrcs = [recording.isrc for recording in recordings]
    answer = await client.execute(
        ISRCS, {"isrcs": [*isrcs, "QZZZZ0000000"], "providers": ["SPOTIFY"]}
    )
    assert answer.errors == []
    entries = answer.data["tracksByIsrc"]
    assert [(entry["isrc"], entry["provider"]) for entry in entries] == [
        (isrc, "SPOTIFY") for isrc in [*isrcs, "QZZZZ0000000"]
    ]
    for entry, recording in zip(entries, recordings, strict=False):
        assert {track["id"] for track in entry["tracks"]} == {
            f"spotify:track:{track.spotify_id}"
            for track in catalogue.tracks
            if track.recording.isrc == recording.isrc
        }
    assert entries[3]["tracks"] == []
    answer.expect_calls({"spotify.isrcs": 4})


async def test_an_isrc_in_another_spelling_is_the_same_isrc(client, catalogue):
    isrc = catalogue.recordings[0].isrc
    spelled = f"{isrc[:2]}-{isrc[2:5]}-{isrc[5:7]}-{isrc[7:]}".lower()
    answer = await client.execute(ISRCS, {"isrcs": [isrc, spelled], "providers": ["SPOTIFY"]})
    first, second = answer.data["tracksByIsrc"]
    assert first == second
    answer.expect_calls({"spotify.isrcs": 1})


@pytest.mark.parametrize(
    "bad", ["", "x", "USRC1760783", "USRC17607839/..", "ÜSRC17607839", "U" * 10_000]
)
async def test_a_bad_isrc_fails_its_entry_alone(client, catalogue, bad):
    isrc = catalogue.recordings[0].isrc
    answer = await client.execute(ISRCS, {"isrcs": [isrc, bad], "providers": ["SPOTIFY"]})
    good, failed = answer.data["tracksByIsrc"]
    assert good["tracks"]
    assert failed == {"isrc": bad, "provider": "SPOTIFY", "tracks": None}
    [error] = answer.errors
    assert error["path"] == ["tracksByIsrc", 1, "tracks"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert len(error["message"]) < 250
    answer.expect_calls({"spotify.isrcs": 1})


async def test_isrcs_of_which_no_tracks_are_asked_cost_nothing(client):
    answer = await client.execute('{ tracksByIsrc(isrcs: ["us-rc1-76-07839"]) { isrc } }')
    assert answer.data == {"tracksByIsrc": [{"isrc": "USRC17607839"}] * 3}  # three providers
    assert client.calls == []


async def test_too_many_isrcs_are_refused():
    async with TestClient(max_ids=2) as client:
        answer = await client.execute(
            ISRCS, {"isrcs": ["USRC17607839"] * 3, "providers": ["SPOTIFY"]}
        )
        assert answer.data == {"tracksByIsrc": None}
        assert answer.errors[0]["message"] == "isrcs: expected at most 2, got 3"
        assert client.calls == []
