"""The Spotify client over the simulator: exact calls, outcomes, and everything that goes wrong."""

import asyncio

import pytest

from loaders import (
    AuthError,
    BadResponseError,
    InvalidIdError,
    Page,
    PageKey,
    Providers,
    RejectedError,
    SearchKey,
    Settings,
    UnavailableError,
)
from loaders.errors import TooManyKeysError
from loaders.pipeline import REMEMBERED
from loaders.settings import SpotifySettings

NOBODY = "0" * 22


def ids(entities):
    return [entity.spotify_id for entity in entities]


def natives(records):
    return [record.native for record in records]


async def test_120_tracks_cost_three_calls_and_come_in_order(simulator, load, calls):
    asked = ids(simulator.catalogue.tracks[:120])
    assert natives(await load("tracks", asked)) == asked
    assert sorted(calls()) == [("GET /v1/tracks", size) for size in (20, 50, 50)]


async def test_artists_come_by_50_and_albums_by_20(simulator, load, calls):
    artists, albums = ids(simulator.catalogue.artists[:51]), ids(simulator.catalogue.albums[:21])
    assert natives(await load("artists", artists)) == artists
    assert natives(await load("albums", albums)) == albums
    assert sorted(calls()) == [
        ("GET /v1/albums", 1),
        ("GET /v1/albums", 20),
        ("GET /v1/artists", 1),
        ("GET /v1/artists", 50),
    ]


async def test_an_unknown_id_is_none_in_its_place(simulator, load):
    a, b = ids(simulator.catalogue.tracks[:2])
    first, nobody, second = await load("tracks", [a, NOBODY, b])
    assert (first.native, nobody, second.native) == (a, None, b)


async def test_a_malformed_id_is_refused_and_its_neighbours_are_served(simulator, load, calls):
    a, b = ids(simulator.catalogue.tracks[:2])
    evil = "../me?x=\r\n,"
    first, refused, second = await load("tracks", [a, evil, b])
    assert (first.native, second.native) == (a, b)
    assert isinstance(refused, InvalidIdError)
    assert calls() == [("GET /v1/tracks", 2)]


@pytest.mark.parametrize(
    ("resource", "key"),
    [
        ("tracks", ".."),
        ("artists", ""),
        ("albums", "a,b"),
        ("isrcs", "x OR artist:y"),
        ("album_tracks", PageKey("../x", 0, 5)),
        ("artist_albums", PageKey("a/b", 0, 5)),
    ],
)
async def test_a_malformed_key_costs_no_call(simulator, load, resource, key):
    [refused] = await load(resource, [key])
    assert isinstance(refused, InvalidIdError)
    assert simulator.calls == []


async def test_the_market_is_passed_and_relinked_tracks_keep_the_id_that_was_asked(simulator):
    track = next(
        track for track in simulator.catalogue.tracks if track.in_market("DE") not in {track, None}
    )
    settings = Settings.demo_settings()
    spotify = settings.spotify.model_copy(update={"market": "DE"})
    async with Providers(
        settings.model_copy(update={"spotify": spotify}), simulator=simulator
    ) as providers:
        loaders = providers.loaders()
        [record] = await loaders.load("tracks", [("spotify", track.spotify_id)])
        assert record.native == track.spotify_id
        assert record.album.native == track.in_market("DE").album.spotify_id
        page = PageKey(track.album.spotify_id, 0, 50)
        [listed] = await loaders.load("album_tracks", [("spotify", page)])
        assert track.spotify_id in natives(listed.items)
        await loaders.load("artists", [("spotify", track.artists[0].spotify_id)])
    markets = {call.route: call.params.get("market") for call in simulator.calls}
    assert markets == {
        "POST /api/token": None,
        "GET /v1/tracks": "DE",
        "GET /v1/albums/{id}/tracks": "DE",
        "GET /v1/artists": None,
    }


# Tracks by ISRC, searches, lists


async def test_an_isrc_finds_all_its_tracks_and_no_others(simulator, load, calls):
    recording = next(r for r in simulator.catalogue.recordings if r.isrc and len(r.tracks) > 1)
    found, nothing = await load("isrcs", [recording.isrc, "XXABC9999999"])
    assert set(natives(found)) == set(ids(recording.tracks))
    assert {track.isrc for track in found} == {recording.isrc}
    assert nothing == ()
    assert calls() == [("GET /v1/search", 0), ("GET /v1/search", 0)]


async def test_what_an_isrc_search_finds_by_likeness_is_left_out(simulator, load):
    track = simulator.catalogue.tracks[0]
    [body] = await load("search", [SearchKey(track.name, ("track",), 0, 1)])
    assert body.tracks.items
    wrong = {
        "tracks": {
            "items": [
                {"id": NOBODY, "name": "x", "artists": [], "external_ids": {"isrc": isrc}}
                for isrc in ("USRC17607838", "US-RC1-76-07839", None)
            ],
            "total": 3,
        }
    }
    simulator.fault("GET /v1/search", body=wrong)
    [found] = await load("isrcs", ["USRC17607839"])
    assert [track.isrc for track in found] == ["US-RC1-76-07839"]


async def test_a_search_of_three_kinds_is_one_call(simulator, load, calls):
    key = SearchKey("the", ("album", "artist", "track"), 0, 50)
    [found] = await load("search", [key])
    assert calls() == [("GET /v1/search", 0)]
    assert simulator.calls[-1].params == {
        "q": "the",
        "type": "album,artist,track",
        "limit": "50",
        "offset": "0",
    }
    for page in (found.tracks, found.artists, found.albums):
        assert len(page.items) == min(50, page.total)
        assert page.offset == 0
    assert all(track.is_complete for track in found.tracks.items)
    assert all(artist.is_complete for artist in found.artists.items)
    assert not any(album.is_complete for album in found.albums.items)


async def test_a_search_has_only_the_kinds_that_were_asked(load):
    [found] = await load("search", [SearchKey("the", ("artist",), 0, 5)])
    assert (found.tracks, found.albums) == (None, None)
    assert len(found.artists.items) == 5


async def test_a_search_ends_at_a_thousand(simulator, load, calls):
    near, past = await load(
        "search", [SearchKey("a", ("track",), 990, 50), SearchKey("a", ("track",), 1000, 50)]
    )
    assert simulator.calls[-1].params["limit"] == "10"
    assert near.tracks.offset == 990
    assert past.tracks == Page((), None, 1000)
    assert calls() == [("GET /v1/search", 0)]


async def test_the_albums_of_an_artist_come_page_by_page(simulator, load, calls):
    artist = next(artist for artist in simulator.catalogue.artists if len(artist.albums) > 50)
    native, count = artist.spotify_id, len(artist.albums)
    first, rest = await load("artist_albums", [PageKey(native, 0, 50), PageKey(native, 50, 50)])
    assert (first.total, first.offset, len(first.items)) == (count, 0, 50)
    assert (rest.total, rest.offset, len(rest.items)) == (count, 50, count - 50)
    assert set(natives(first.items + rest.items)) == set(ids(artist.albums))
    assert calls() == [("GET /v1/artists/{id}/albums", 1)] * 2
    assert simulator.calls[-1].params["include_groups"] == "album,single,compilation"


async def test_the_tracks_of_an_album_come_page_by_page(simulator, load):
    album = next(album for album in simulator.catalogue.albums if len(album.tracks) > 50)
    [page] = await load("album_tracks", [PageKey(album.spotify_id, 48, 4)])
    assert natives(page.items) == ids(album.tracks[48:52])
    assert (page.total, page.offset) == (len(album.tracks), 48)


async def test_lists_of_something_unknown_are_none(load):
    key = PageKey(NOBODY, 0, 50)
    assert await load("artist_albums", [key]) == [None]
    assert await load("album_tracks", [key]) == [None]


async def test_one_by_one_at_most_as_many_calls_fly_as_settings_say(simulator, load):
    simulator.latency = 1.0
    clock = asyncio.get_running_loop().time
    await load("isrcs", [f"XXABC99999{number:02}" for number in range(10)])
    # The token, and ten calls in rounds of four.
    assert clock() == 1.0 + 3 * 1.0
    times = [call.time for call in simulator.calls[1:]]
    assert times == [1.0] * 4 + [2.0] * 4 + [3.0] * 2


# Development mode


async def test_in_development_mode_bulk_is_tried_once_and_then_single_calls(simulator, load, calls):
    simulator.spotify.development_mode = True
    asked = ids(simulator.catalogue.tracks[:3])
    found = await load("tracks", [*asked, NOBODY])
    assert [record and record.native for record in found] == [*asked, None]
    assert calls() == [("GET /v1/tracks", 4)] + [("GET /v1/tracks/{id}", 1)] * 4
    await load("tracks", ids(simulator.catalogue.tracks[3:5]))
    assert calls()[5:] == [("GET /v1/tracks/{id}", 1)] * 2


async def test_batches_that_left_together_find_out_together(simulator, load, calls):
    simulator.spotify.development_mode = True
    asked = ids(simulator.catalogue.tracks[:100])
    assert natives(await load("tracks", asked)) == asked
    assert calls() == [("GET /v1/tracks", 50)] * 2 + [("GET /v1/tracks/{id}", 1)] * 100


async def test_keys_cut_together_before_the_refusal_go_back_in_line(simulator, providers, load):
    simulator.spotify.development_mode = True
    await load("tracks", [NOBODY])
    client = providers._on["spotify"].client
    with pytest.raises(TooManyKeysError) as caught:
        await client.get_tracks(ids(simulator.catalogue.tracks[:2]))
    assert caught.value.at_most == 1
    assert str(caught.value) == "spotify takes tracks one by one"


async def test_what_was_learned_shows(simulator, providers, load):
    simulator.spotify.development_mode = True
    await load("tracks", [NOBODY])
    provider = providers._on["spotify"]
    assert repr(provider.client) == "<SpotifyClient <Refusals ['tracks']>>"
    assert repr(provider) == "<Provider 'spotify' [2 calls | 2 batches]>"


async def test_in_development_mode_missing_fields_are_told_to_be_none(simulator, load):
    simulator.spotify.development_mode = True
    entity = simulator.catalogue.tracks[0]
    [track] = await load("tracks", [entity.spotify_id])
    [artist] = await load("artists", [entity.artists[0].spotify_id])
    [album] = await load("albums", [entity.album.spotify_id])
    assert (track.popularity, track.isrc) == (None, entity.recording.isrc)
    assert (artist.popularity, artist.followers, artist.genres) == (
        None,
        None,
        entity.artists[0].genres,
    )
    assert (album.popularity, album.label, album.upc) == (None, None, entity.album.upc)
    assert track.is_complete
    assert artist.is_complete
    assert album.is_complete


async def test_each_route_finds_out_for_itself(simulator, load, calls):
    simulator.fault("GET /v1/artists", status=403)
    tracks, artists = simulator.catalogue.tracks[:2], simulator.catalogue.artists[:2]
    await load("artists", ids(artists))
    await load("tracks", ids(tracks))
    assert calls() == [
        ("GET /v1/artists", 2),
        ("GET /v1/artists/{id}", 1),
        ("GET /v1/artists/{id}", 1),
        ("GET /v1/tracks", 2),
    ]


async def test_after_an_hour_bulk_is_tried_again(simulator, load, calls):
    simulator.spotify.development_mode = True
    asked = ids(simulator.catalogue.tracks[:60])
    await load("tracks", asked[:2])
    simulator.spotify.development_mode = False
    await load("tracks", asked[:2])
    simulator.reset()
    await asyncio.sleep(REMEMBERED)
    await load("tracks", asked[:1])
    assert calls() == [("GET /v1/tracks", 1)]
    assert natives(await load("tracks", asked)) == asked
    assert calls() == [("GET /v1/tracks", count) for count in (1, 50, 10)]


async def test_after_an_hour_still_in_development_mode_nothing_is_lost(simulator, load, calls):
    simulator.spotify.development_mode = True
    asked = ids(simulator.catalogue.tracks[:3])
    await load("tracks", asked)
    await asyncio.sleep(REMEMBERED)
    simulator.reset()
    assert natives(await load("tracks", asked)) == asked
    routes = [route for route, _ in calls()]
    assert routes.count("GET /v1/tracks/{id}") == 3
    assert routes.count("GET /v1/tracks") <= 3


async def test_single_calls_keep_to_the_concurrency(simulator, load):
    simulator.spotify.development_mode = True
    simulator.latency = 1.0
    await load("tracks", ids(simulator.catalogue.tracks[:10]))
    times = [call.time for call in simulator.calls if call.route == "GET /v1/tracks/{id}"]
    assert times == [2.0] * 4 + [3.0] * 4 + [4.0] * 2


async def test_an_id_that_only_the_single_route_calls_invalid_is_unknown(simulator, load):
    simulator.spotify.development_mode = True
    simulator.fault("GET /v1/tracks/{id}", status=400, body={"error": {"message": "Invalid id"}})
    assert await load("tracks", [NOBODY]) == [None]


@pytest.mark.parametrize("status", [400, 403])
async def test_a_single_call_that_is_refused_for_another_reason_says_so(simulator, load, status):
    simulator.spotify.development_mode = True
    simulator.fault("GET /v1/tracks/{id}", status=status, body={"error": {"message": "No"}})
    [error] = await load("tracks", [NOBODY])
    assert isinstance(error, RejectedError)


async def test_in_development_mode_long_pages_are_put_together(simulator, load, calls):
    simulator.spotify.development_mode = True
    artist = next(artist for artist in simulator.catalogue.artists if len(artist.albums) > 50)
    key = PageKey(artist.spotify_id, 3, 25)
    [page] = await load("artist_albums", [key])
    route = "GET /v1/artists/{id}/albums"
    spans = [(call.params["offset"], call.params["limit"]) for call in simulator.calls[1:]]
    assert spans == [("3", "25"), ("3", "10"), ("13", "10"), ("23", "5")]
    assert calls() == [(route, 1)] * 4
    simulator.spotify.development_mode = False
    simulator.reset()
    [again] = await load("artist_albums", [key])
    assert again == page
    assert calls() == [(route, 1)] * 3  # it is known by now that 25 are too many
    assert (page.offset, len(page.items), page.total) == (3, 25, len(artist.albums))


async def test_a_long_search_in_development_mode_ends_where_its_results_end(simulator, load):
    simulator.spotify.development_mode = True
    [found] = await load("search", [SearchKey("kestrel", ("album", "artist"), 0, 50)])
    longest = max(found.albums.total, found.artists.total)
    assert len(found.albums.items) == min(50, found.albums.total)
    assert len(found.artists.items) == min(50, found.artists.total)
    asked = [call for call in simulator.calls if call.status == 200][1:]
    assert len(asked) == max(1, -(-min(50, longest) // 10))


async def test_where_bulk_was_refused_searches_begin_with_short_pages(simulator, load):
    simulator.spotify.development_mode = True
    await load("tracks", [NOBODY])
    simulator.reset()
    await load("search", [SearchKey("the", ("track",), 0, 20)])
    assert [call.params["limit"] for call in simulator.calls] == ["10", "10"]
    assert {call.status for call in simulator.calls} == {200}


async def test_a_search_that_is_refused_at_any_length_is_an_error(simulator, load, calls):
    simulator.fault("GET /v1/search", status=400)
    [error] = await load("search", [SearchKey("x", ("track",), 0, 20)])
    assert isinstance(error, RejectedError)
    simulator.reset()
    [found] = await load("search", [SearchKey("the", ("track",), 0, 20)])
    assert len(found.tracks.items) == 20
    assert calls() == [("GET /v1/search", 0)]  # nothing was learned from it


# Faults


async def test_a_429_holds_all_of_spotify_for_as_long_as_it_says(simulator, providers, load):
    simulator.fault("GET /v1/tracks", status=429, headers={"retry-after": "7"}, times=1)
    tracks = asyncio.ensure_future(load("tracks", [NOBODY]))
    await asyncio.sleep(1.0)
    assert providers.statuses()[0].hold == 6.0
    assert await load("artists", [NOBODY]) == [None]
    assert await tracks == [None]
    assert [call.time for call in simulator.calls] == [0.0, 0.0, 7.0, 7.0]


async def test_a_429_without_a_number_is_waited_out_for_a_moment(simulator, load, monkeypatch):
    monkeypatch.setattr("random.random", lambda: 0.5)
    simulator.fault("GET /v1/tracks", status=429, headers={}, times=2)
    assert await load("tracks", [NOBODY]) == [None]
    assert [call.time for call in simulator.calls[1:]] == [0.0, 0.5, 1.5]


@pytest.mark.parametrize(
    ("fault", "kind", "retryable"),
    [
        ({"status": 500}, UnavailableError, True),
        ({"status": 503}, UnavailableError, True),
        ({"status": 404}, BadResponseError, False),
        ({"status": 400}, RejectedError, False),
        ({"status": 301}, BadResponseError, False),
        ({"hang_up": True}, UnavailableError, True),
        ({"body": ""}, BadResponseError, True),
        ({"body": "<html>"}, BadResponseError, True),
        ({"body": '{"tracks": ['}, BadResponseError, True),
        ({"body": {"tracks": []}}, BadResponseError, True),
        ({"body": {"artists": [None, None]}}, BadResponseError, True),
    ],
)
async def test_a_fault_of_a_call_is_the_error_of_each_of_its_keys(
    simulator, load, fault, kind, retryable
):
    simulator.fault("GET /v1/tracks", **fault)
    asked = ids(simulator.catalogue.tracks[:2])
    errors = await load("tracks", asked)
    simulator.faults.clear()
    assert {error.code for error in errors} == {kind.code}
    assert {error.retryable for error in errors} == {retryable}
    assert natives(await load("tracks", asked)) == asked  # nothing is left behind


async def test_a_wrong_address_is_no_catalogue_of_unknown_ids(simulator, load, calls):
    simulator.fault("GET /v1/tracks", status=404)
    [error] = await load("tracks", [NOBODY])
    assert str(error) == "spotify: expected 200 OK, got 404 Not Found"
    assert calls() == [("GET /v1/tracks", 1)]


# Being on and being off


async def test_without_keys_spotify_is_off_and_says_why(simulator):
    for missing in ("client_id", "client_secret"):
        keys = {"client_id": "a", "client_secret": "b"}
        del keys[missing]
        settings = Settings(spotify=SpotifySettings(**keys))
        async with Providers(settings, simulator=simulator) as providers:
            reason = f"UNISONO_SPOTIFY_{missing.upper()} is not set"
            status = providers.statuses()[0]
            assert (status.name, status.on, status.reason) == ("spotify", False, reason)
            [error] = await providers.loaders().load("tracks", [("spotify", NOBODY)])
            assert str(error) == f"spotify is off: {reason}"
            assert error.code == "PROVIDER_NOT_CONFIGURED"
    assert simulator.calls == []


async def test_the_status_counts_calls_and_batches(simulator, providers, load):
    await load("tracks", ids(simulator.catalogue.tracks[:51]))
    status = providers.statuses()[0]
    assert (status.calls, status.batches, status.on, status.reason) == (2, 2, True, None)
    assert (status.hold, status.budget) == (0.0, None)


async def test_a_rate_spaces_the_calls(simulator):
    settings = Settings.demo_settings()
    spotify = settings.spotify.model_copy(update={"rate": 2.0})
    async with Providers(
        settings.model_copy(update={"spotify": spotify}), simulator=simulator
    ) as providers:
        asked = [("spotify", native) for native in ids(simulator.catalogue.tracks[:120])]
        await providers.loaders().load("tracks", asked)
        assert [call.time for call in simulator.calls[1:]] == [0.0, 0.5, 1.0]
        assert providers.statuses()[0].budget == 0.0


async def test_who_we_are_and_what_we_may_is_said_in_headers(simulator):
    seen = []

    async def listening(scope, receive, send):
        seen.append({name.decode(): value.decode() for name, value in scope["headers"]})
        await simulator(scope, receive, send)

    settings = Settings.demo_settings(contact="me@example.org")
    async with Providers(settings, simulator=listening) as providers:
        await providers.loaders().load("tracks", [("spotify", NOBODY)])
    assert len({headers["user-agent"] for headers in seen}) == 1
    assert seen[0]["user-agent"].endswith(" ( me@example.org )")
    assert [headers["authorization"].split()[0] for headers in seen] == ["Basic", "Bearer"]


async def test_closing_answers_what_was_asked(simulator):
    simulator.latency = 1.0
    providers = Providers(Settings.demo_settings(), simulator=simulator)
    await providers.start()
    asked = ids(simulator.catalogue.tracks[:2])
    loading = asyncio.ensure_future(
        providers.loaders().load("tracks", [("spotify", native) for native in asked])
    )
    await asyncio.sleep(0)
    await providers.close()
    assert natives(await loading) == asked
    assert {status.reason for status in providers.statuses()} == {"closed"}


async def test_closed_providers_can_be_started_again(simulator):
    providers = Providers(Settings.demo_settings(), simulator=simulator)
    for _ in range(2):
        await providers.start()
        await providers.start()  # a second time changes nothing
        [track] = await providers.loaders().load(
            "tracks", [("spotify", simulator.catalogue.tracks[0].spotify_id)]
        )
        assert track.native == simulator.catalogue.tracks[0].spotify_id
        await providers.close()


async def test_credentials_that_are_not_taken_are_an_auth_error(simulator, load, calls):
    simulator.spotify.require_credentials = ("right", "right")
    [error] = await load("tracks", [NOBODY])
    assert isinstance(error, AuthError)
    assert calls() == []
