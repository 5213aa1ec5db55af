"""MusicBrainz through the schema: what it tells, exactly what that costs, and when."""

import asyncio

import pytest

from api.engine import Operation
from api.testing import TestClient
from loaders.simulator import Simulator

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def library(client):
    return client.simulator.musicbrainz.library


@pytest.fixture
def recordings(library):
    return list(library.recordings.values())


def tracks_of(recordings):
    return [f"musicbrainz:track:{recording.mbid}" for recording in recordings]


def calls(client):
    """When MusicBrainz was called, by which route, and for how many things."""
    return [
        (call.time, call.route, len(call.ids)) for call in client.calls if "/ws/2/" in call.route
    ]


def merged(library, kind):
    """Return an old id, and what it leads to."""
    return next(iter(library.merged[kind].items()))


def codes(answer):
    return [(error["path"], error["extensions"]["code"]) for error in answer.errors]


TRACKS = "query ($ids: [ID!]!) { tracks(ids: $ids) { id name } }"


async def test_a_hundred_and_fifty_tracks_cost_two_calls_a_second_apart(client, recordings):
    ids = tracks_of(recordings[:150])
    answer = await client.execute(TRACKS, {"ids": ids})
    assert answer.errors == []
    assert answer.data["tracks"] == [
        {"id": id_, "name": recording.title}
        for id_, recording in zip(ids, recordings, strict=False)
    ]
    answer.expect_calls({"musicbrainz.tracks": 2})
    assert calls(client) == [(0.0, "GET /ws/2/recording", 100), (1.0, "GET /ws/2/recording", 50)]


async def test_a_track_tells_what_musicbrainz_knows_and_null_for_what_nobody_tells(client, library):
    example = client.simulator.catalogue.albums[0]
    ids = [f"musicbrainz:track:{track.recording.mbid}" for track in example.tracks[:2]]
    answer = await client.execute(
        """query ($ids: [ID!]!) { tracks(ids: $ids) {
            provider name durationMs isrc explicit discNumber trackNumber popularity url
            artists { name }
            album { id name releaseDate albumType totalTracks } } }""",
        {"ids": ids},
    )
    assert answer.errors == []
    release = library.releases[example.mbid]
    first, second = answer.data["tracks"]
    assert first == {
        "provider": "MUSICBRAINZ",
        "name": "Many Voices, One Line",
        "durationMs": 214293,
        "isrc": example.tracks[0].recording.isrc,
        "explicit": None,
        "discNumber": 1,
        "trackNumber": 1,
        "popularity": None,
        "url": f"https://musicbrainz.org/recording/{example.tracks[0].recording.mbid}",
        "artists": [{"name": "The Lantern Choir"}, {"name": "Inês Marçal"}],
        "album": {
            "id": f"musicbrainz:album:{release.mbid}",
            "name": "Unison Hours",
            "releaseDate": release.date,
            "albumType": "album",
            "totalTracks": 10,
        },
    }
    assert (second["isrc"], second["trackNumber"]) == (None, 2)
    answer.expect_calls({"musicbrainz.tracks": 1})


async def test_labels_countries_and_barcodes_of_a_hundred_tracks_cost_one_call_each_kind(
    client, recordings
):
    answer = await client.execute(
        """query ($ids: [ID!]!) { tracks(ids: $ids) {
            artists { name country } album { name label upc } } }""",
        {"ids": tracks_of(recordings[:100])},
    )
    assert answer.errors == []
    assert answer.data["tracks"][0] == {
        "artists": [
            {"name": "The Lantern Choir", "country": "GB"},
            {"name": "Inês Marçal", "country": "PT"},
        ],
        "album": {"name": "Unison Hours", "label": "Slow Harbour", "upc": "0445976092824"},
    }
    answer.expect_calls(
        {"musicbrainz.tracks": 1, "musicbrainz.albums": 1, "musicbrainz.artists": 1}
    )
    assert [time for time, _, _ in calls(client)] == [0.0, 1.0, 2.0]


# What was merged


async def test_a_merged_id_comes_back_canonical_from_one_call_when_it_is_alone(client, library):
    old, new = merged(library, "recording")
    answer = await client.execute(TRACKS, {"ids": [f"musicbrainz:recording:{old.upper()}"]})
    assert answer.data == {
        "tracks": [{"id": f"musicbrainz:track:{new}", "name": library.recordings[new].title}]
    }
    assert [(call.route, call.status) for call in client.calls] == [
        ("GET /ws/2/recording/{id}", 301)
    ]


@pytest.mark.parametrize(
    ("kind", "field", "word"),
    [
        ("recording", "tracks", "track"),
        ("release", "albums", "album"),
        ("artist", "artists", "artist"),
    ],
)
async def test_among_others_what_was_merged_and_what_is_unknown_is_looked_up(
    client, library, kind, field, word
):
    old, new = merged(library, kind)
    other = next(mbid for mbid in getattr(library, f"{kind}s") if mbid != new)
    answer = await client.execute(
        f"query ($ids: [ID!]!) {{ {field}(ids: $ids) {{ id }} }}",
        {"ids": [f"musicbrainz:{word}:{mbid}" for mbid in (old, NOBODY, other)]},
    )
    assert answer.errors == []
    assert answer.data[field] == [
        {"id": f"musicbrainz:{word}:{new}"},
        None,
        {"id": f"musicbrainz:{word}:{other}"},
    ]
    assert [(call.time, call.route, call.status) for call in client.calls] == [
        (0.0, f"GET /ws/2/{kind}", 200),
        (1.0, f"GET /ws/2/{kind}/{{id}}", 301),
        (2.0, f"GET /ws/2/{kind}/{{id}}", 404),
    ]


async def test_ten_look_ups_at_most_are_made_for_one_request_and_the_rest_are_failures(
    client, recordings
):
    strangers = [f"musicbrainz:track:{place:08x}{NOBODY[8:]}" for place in range(12)]
    ids = [*strangers, *tracks_of(recordings[:1])]
    answer = await client.execute(TRACKS, {"ids": ids})
    assert answer.data["tracks"] == [None] * 12 + [{"id": ids[-1], "name": recordings[0].title}]
    assert codes(answer) == [
        (["tracks", 10], "UPSTREAM_UNAVAILABLE"),
        (["tracks", 11], "UPSTREAM_UNAVAILABLE"),
    ]
    assert [error["extensions"]["retryable"] for error in answer.errors] == [True, True]
    answer.expect_calls({"musicbrainz.tracks": 1, "musicbrainz.track_lookup": 10})


async def test_what_could_not_be_looked_up_before_the_deadline_failed_and_is_not_unknown():
    async with TestClient(deadline=2.5) as client:
        library = client.simulator.musicbrainz.library
        strangers = [f"musicbrainz:track:{place:08x}{NOBODY[8:]}" for place in range(4)]
        known = tracks_of(library.recordings.values())[0]
        answer = await client.execute(TRACKS, {"ids": [known, *strangers]})
        assert answer.data["tracks"][0]["id"] == known
        assert codes(answer) == [
            (["tracks", 3], "DEADLINE_EXCEEDED"),
            (["tracks", 4], "DEADLINE_EXCEEDED"),
        ]
        assert client.simulator.now() == 2.5


async def test_others_do_not_wait_for_somebodys_merged_ids(client, recordings):
    strangers = [f"musicbrainz:track:{place:08x}{NOBODY[8:]}" for place in range(9)]

    async def timed(ids):
        await client.execute(TRACKS, {"ids": ids})
        return asyncio.get_running_loop().time()

    ends = await asyncio.gather(timed(strangers), timed(tracks_of(recordings[:5])))
    assert ends == [9.0, 0.0]


# What is selected decides what is fetched


async def test_one_artist_tells_its_genres_in_the_same_call(client):
    artist = client.simulator.catalogue.albums[0].artists[0]
    answer = await client.execute(
        "query ($id: ID!) { artist(id: $id) { name country genres followers } }",
        {"id": f"musicbrainz:artist:{artist.mbid}"},
    )
    assert answer.errors == []
    assert answer.data["artist"] == {
        "name": "The Lantern Choir",
        "country": "GB",
        "genres": ["experimental"],
        "followers": None,
    }
    answer.expect_calls({"musicbrainz.artists": 1})


ARTISTS = """query ($ids: [ID!]!, $genres: Boolean!, $on: Boolean!) { artists(ids: $ids) {
    name genres @include(if: $genres) on(provider: SPOTIFY) @include(if: $on) { name } } }"""


@pytest.mark.parametrize(
    ("genres", "on", "inc"),
    [
        (False, False, []),
        (True, False, ["genres"] * 2),
        (False, True, ["url-rels"] * 2),
        (True, True, ["genres url-rels"] * 2),
    ],
)
async def test_genres_and_links_are_looked_up_only_if_selected_and_both_in_one_call(
    client, genres, on, inc
):
    artists = client.simulator.catalogue.albums[0].tracks[0].artists
    ids = [f"musicbrainz:artist:{artist.mbid}" for artist in artists]
    answer = await client.execute(ARTISTS, {"ids": ids, "genres": genres, "on": on})
    assert answer.errors == []
    search, *lookups = [call for call in client.calls if "/ws/2/" in call.route]
    assert len(search.ids) == 2
    assert [call.params["inc"] for call in lookups] == inc


async def test_a_remembered_artist_is_looked_up_again_for_the_part_it_lacks_alone(client):
    artists = client.simulator.catalogue.albums[0].tracks[0].artists
    ids = [f"musicbrainz:artist:{artist.mbid}" for artist in artists]
    context = client.engine.context()
    for selection in ("name", "genres", "genres on(provider: SPOTIFY) { id }", "genres"):
        document = f"query ($ids: [ID!]!) {{ artists(ids: $ids) {{ {selection} }} }}"
        answer = await client.engine.execute(Operation(document, {"ids": ids}), context)
        assert answer.errors == []
    told = [call.params.get("inc") for call in client.calls if "/ws/2/" in call.route]
    assert told == [None, "genres", "genres", "url-rels", "url-rels"]


async def test_wants_of_concurrent_requests_are_one_look_up(client):
    artist = client.simulator.catalogue.albums[0].artists[0]
    document = """query ($ids: [ID!]!) { tracks(ids: $ids) { artists { %s } } }"""
    ids = [
        f"musicbrainz:track:{track.recording.mbid}"
        for track in client.simulator.catalogue.albums[0].tracks
        if track.artists == (artist,)
    ]
    first, second = await asyncio.gather(
        client.execute(document % "genres", {"ids": ids}),
        client.execute(document % "on(provider: SPOTIFY) { name }", {"ids": ids}),
    )
    assert first.data["tracks"][0] == {"artists": [{"genres": ["experimental"]}]}
    assert second.data["tracks"][0] == {"artists": [{"on": {"name": "The Lantern Choir"}}]}
    lookups = [call.params["inc"] for call in client.calls if call.route.endswith("artist/{id}")]
    assert lookups == ["genres url-rels"]


async def test_tracks_of_albums_come_in_order_with_their_isrcs_by_a_call_each(client, library):
    releases = list(library.releases.values())[:2]
    answer = await client.execute(
        """query ($ids: [ID!]!) { albums(ids: $ids) { upc
            tracks(first: 3) { totalCount nodes { id discNumber trackNumber isrc album { name } }
                pageInfo { hasNextPage } } } }""",
        {"ids": [f"musicbrainz:album:{release.mbid}" for release in releases]},
    )
    assert answer.errors == []
    for told, release in zip(answer.data["albums"], releases, strict=True):
        places = [place for disc in release.discs for place in disc]
        assert told["tracks"]["totalCount"] == len(places)
        assert told["tracks"]["nodes"] == [
            {
                "id": f"musicbrainz:track:{place.recording.mbid}",
                "discNumber": place.disc,
                "trackNumber": place.position,
                "isrc": next(iter(place.recording.isrcs), None),
                "album": {"name": release.title},
            }
            for place in places[:3]
        ]
    answer.expect_calls({"musicbrainz.albums": 1, "musicbrainz.album_lookup": 2})


async def test_the_second_page_of_an_albums_tracks_costs_nothing_in_the_same_request(
    client, library
):
    release = max(library.releases.values(), key=lambda it: sum(map(len, it.discs)))
    answer = await client.execute(
        """query ($id: ID!) { album(id: $id) {
            a: tracks(first: 50) { nodes { name } pageInfo { endCursor } }
            b: tracks(first: 50, after: "b2Zmc2V0OjQ5") { nodes { name discNumber } } } }""",
        {"id": f"musicbrainz:album:{release.mbid}"},
    )
    assert answer.errors == []
    album = answer.data["album"]
    titles = [place.recording.title for disc in release.discs for place in disc]
    assert [track["name"] for page in "ab" for track in album[page]["nodes"]] == titles
    assert len(titles) == 64
    answer.expect_calls({"musicbrainz.albums": 1})


async def test_an_artists_releases_are_browsed_in_pages_and_told_whole(client):
    artist = client.simulator.catalogue.artist("Kestrel Vale")
    document = """query ($id: ID!, $after: String) { artist(id: $id) {
        albums(first: 50, after: $after) { totalCount
            nodes { name releaseDate upc label totalTracks }
            pageInfo { endCursor hasNextPage } } } }"""
    seen, after = [], None
    for _ in range(2):
        answer = await client.execute(
            document, {"id": f"musicbrainz:artist:{artist.mbid}", "after": after}
        )
        assert answer.errors == []
        page = answer.data["artist"]["albums"]
        seen += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        answer.expect_calls({"musicbrainz.artists": 1, "musicbrainz.artist_albums": 1})
    assert page["totalCount"] == len(seen)
    assert page["pageInfo"]["hasNextPage"] is False
    dates = [album["releaseDate"] or "9999" for album in seen]
    assert dates == sorted(dates)


# Search


async def test_a_search_costs_a_call_for_each_kind_and_counts_what_there_is(client):
    document = """{ search(text: "lantern: choir", provider: MUSICBRAINZ, first: 2) {
        tracks { totalCount nodes { name } } artists { nodes { name country } } } }"""
    answer = await client.execute(document)
    assert answer.errors == []
    assert answer.data["search"]["artists"]["nodes"][0] == {
        "name": "The Lantern Choir",
        "country": "GB",
    }
    assert len(answer.data["search"]["tracks"]["nodes"]) == 2
    assert answer.data["search"]["tracks"]["totalCount"] > 2
    answer.expect_calls({"musicbrainz.search": 2})
    assert [(call.route, call.params["query"]) for call in client.calls] == [
        ("GET /ws/2/artist", r"lantern\: choir"),
        ("GET /ws/2/recording", r"lantern\: choir"),
    ]


async def test_a_link_an_uri_and_ids_of_both_providers_mix(client):
    track = client.simulator.catalogue.albums[0].tracks[0]
    refs = [
        f"https://musicbrainz.org/recording/{track.recording.mbid}",
        f"https://open.spotify.com/track/{track.spotify_id}?si=x",
        f"musicbrainz:release:{track.album.mbid}",
        f"spotify:artist:{track.artists[0].spotify_id}",
        f"musicbrainz.org/artist/{track.artists[0].mbid}",
    ]
    answer = await client.execute(
        "query ($refs: [String!]!) { lookup(refs: $refs) { __typename id } }", {"refs": refs}
    )
    assert answer.errors == []
    assert [(node["__typename"], node["id"].split(":")[0]) for node in answer.data["lookup"]] == [
        ("Track", "musicbrainz"),
        ("Track", "spotify"),
        ("Album", "musicbrainz"),
        ("Artist", "spotify"),
        ("Artist", "musicbrainz"),
    ]
    assert {node["id"].split(":")[1] for node in answer.data["lookup"]} == {
        *("track", "album", "artist")
    }


# When the provider says no


async def test_a_503_holds_every_route_for_a_second_and_nobody_notices(client, recordings):
    client.simulator.fault("GET /ws/2/recording", status=503, headers={"retry-after": "0"}, times=1)
    answer = await client.execute(TRACKS, {"ids": tracks_of(recordings[:2])})
    assert answer.errors == []
    assert [(call.time, call.status) for call in client.calls] == [(0.0, 503), (1.0, 200)]


async def test_503s_without_end_are_a_rate_limit(client, recordings):
    client.simulator.fault("GET /ws/2/recording", status=503, headers={"retry-after": "4"})
    answer = await client.execute(TRACKS, {"ids": tracks_of(recordings[:2])})
    assert codes(answer) == [
        (["tracks", 0], "UPSTREAM_RATE_LIMITED"),
        (["tracks", 1], "UPSTREAM_RATE_LIMITED"),
    ]
    assert [call.time for call in client.calls] == [0.0, 4.0, 8.0]


# Late binding


async def test_ten_requests_at_once_share_a_call_at_a_call_a_second(client, recordings):
    async def ask(place):
        answer = await client.execute(
            "query ($ids: [ID!]!) { tracks(ids: $ids) { name album { label } } }",
            {"ids": tracks_of(recordings[10 * place : 10 * place + 10])},
        )
        assert answer.errors == []
        return asyncio.get_running_loop().time()

    ends = await asyncio.gather(*(ask(place) for place in range(10)))
    assert ends == [1.0] * 10
    assert [(time, route) for time, route, _ in calls(client)] == [
        (0.0, "GET /ws/2/recording"),
        (1.0, "GET /ws/2/release"),
    ]
    assert calls(client)[0][2] == 100


async def test_who_asks_while_the_permit_is_awaited_still_goes_along(client, recordings):
    """A request every tenth of a second: the second call takes all who came in the first second."""

    async def ask(place):
        await asyncio.sleep(max(0.0, (place - 0.5) / 10))
        answer = await client.execute(TRACKS, {"ids": tracks_of(recordings[2 * place :][:2])})
        assert answer.errors == []
        return asyncio.get_running_loop().time()

    ends = await asyncio.gather(*(ask(place) for place in range(21)))
    assert ends == [0.0] + [1.0] * 10 + [2.0] * 10
    assert calls(client) == [
        (0.0, "GET /ws/2/recording", 2),
        (1.0, "GET /ws/2/recording", 20),
        (2.0, "GET /ws/2/recording", 20),
    ]


async def test_one_that_asks_for_a_thousand_starves_nobody(client, recordings):
    async def ask(ids):
        answer = await client.execute(TRACKS, {"ids": ids})
        assert answer.errors == []
        return asyncio.get_running_loop().time()

    large = tracks_of(recordings[:1000])
    small = [tracks_of(recordings[1000 + 3 * place :][:3]) for place in range(9)]
    ends = await asyncio.gather(ask(large), *map(ask, small))
    # The first call left full at once; of the next one everybody has a part.
    assert max(ends[1:]) <= 1.0
    assert ends[0] == 10.0
    assert len(calls(client)) == 11


async def test_a_second_simulator_gives_the_same_answers(recordings):
    """Nothing above hangs on what a test before it did."""
    async with TestClient(simulator=Simulator()) as other:
        answer = await other.execute(TRACKS, {"ids": tracks_of(recordings[:1])})
        assert answer.data["tracks"][0]["name"] == recordings[0].title


# Bulk, to its bounds


async def test_a_url_that_is_too_long_is_halved_once_and_then_known(client, recordings):
    client.simulator.musicbrainz.url_limit = 2500
    first = await client.execute(TRACKS, {"ids": tracks_of(recordings[:100])})
    second = await client.execute(TRACKS, {"ids": tracks_of(recordings[100:200])})
    assert first.errors == second.errors == []
    assert None not in first.data["tracks"] + second.data["tracks"]
    assert [(call.time, call.status) for call in client.calls] == [
        (0.0, 414),
        (1.0, 200),
        (2.0, 200),
        (3.0, 200),
        (4.0, 200),
    ]
    assert [len(call.ids) for call in client.calls[1:]] == [50] * 4


async def test_isrcs_are_asked_25_at_a_time(client, library):
    catalogue = client.simulator.catalogue
    isrcs = list(dict.fromkeys(r.isrc for r in catalogue.recordings if r.isrc))[:60]
    answer = await client.execute(
        """query ($isrcs: [String!]!) { tracksByIsrc(isrcs: $isrcs, providers: [MUSICBRAINZ]) {
            isrc tracks { isrc } } }""",
        {"isrcs": isrcs},
    )
    assert answer.errors == []
    assert [entry["isrc"] for entry in answer.data["tracksByIsrc"]] == isrcs
    known = {isrc for recording in library.recordings.values() for isrc in recording.isrcs}
    assert [bool(entry["tracks"]) for entry in answer.data["tracksByIsrc"]] == [
        isrc in known for isrc in isrcs
    ]
    assert [len(call.ids) for call in answer.calls] == [25, 25, 10]
    assert [call.time for call in client.calls] == [0.0, 1.0, 2.0]


async def test_links_of_more_than_a_hundred_artists_are_two_calls(client, library):
    artists = client.simulator.catalogue.artists[:120]
    answer = await client.execute(
        "query ($ids: [ID!]!) { artists(ids: $ids) { on(provider: MUSICBRAINZ) { id } } }",
        {"ids": [f"spotify:artist:{artist.spotify_id}" for artist in artists]},
    )
    assert answer.errors == []
    links = [len(call.ids) for call in answer.calls if call.resource == "musicbrainz.links"]
    assert links == [100, 20]
    known = [
        f"https://open.spotify.com/artist/{each.spotify_id}" in library.urls for each in artists
    ]
    assert [told["on"] is not None for told in answer.data["artists"]] == known


async def test_a_search_is_paged(client):
    document = """query ($after: String) {
        search(text: "the", provider: MUSICBRAINZ, first: 7, after: $after) {
            tracks { totalCount nodes { id } pageInfo { endCursor hasNextPage } } } }"""
    seen, after, offsets = [], None, []
    for _ in range(3):
        answer = await client.execute(document, {"after": after})
        page = answer.data["search"]["tracks"]
        seen += [node["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        answer.expect_calls({"musicbrainz.search": 1})
    offsets = [(call.params["offset"], call.params["limit"]) for call in client.calls]
    assert offsets == [("0", "7"), ("7", "7"), ("14", "7")]
    assert len(set(seen)) == 21 < page["totalCount"]
    assert page["pageInfo"]["hasNextPage"] is True


async def test_one_second_is_kept_over_all_routes_and_it_is_told_whom_to_turn_to(client, library):
    release = next(iter(library.releases.values()))
    artist = client.simulator.catalogue.albums[0].artists[0]
    answer = await client.execute(
        """query ($album: ID!, $artist: ID!, $isrc: [String!]!) {
            album(id: $album) { label } artist(id: $artist) { albums(first: 1) { nodes { id } } }
            tracksByIsrc(isrcs: $isrc, providers: [MUSICBRAINZ]) { tracks { id } }
            search(text: "choir", provider: MUSICBRAINZ) { artists { nodes { id } } } }""",
        {
            "album": f"musicbrainz:album:{release.mbid}",
            "artist": f"musicbrainz:artist:{artist.mbid}",
            "isrc": [client.simulator.catalogue.albums[0].tracks[0].recording.isrc],
        },
    )
    assert answer.errors == []
    assert [call.time for call in client.calls] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert len({call.route for call in client.calls}) == 5
