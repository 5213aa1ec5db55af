"""Loaders of one request: many kinds and providers at once, in order, and nothing asked twice."""

import asyncio

import pytest

from batching import DeadlineExceededError
from loaders import (
    UNKNOWN,
    BadResponseError,
    NotConfiguredError,
    Page,
    RateLimitedError,
    Ref,
    UnavailableError,
    parse_ref,
)

NOBODY = "0" * 22
UUID = "b9ad642e-b012-41c7-b72a-42cf4911f9ff"


@pytest.fixture
def loaders(providers):
    return providers.loaders()


def ids(entities):
    return [entity.spotify_id for entity in entities]


def pairs(entities):
    return [("spotify", native) for native in ids(entities)]


async def test_100_tracks_with_their_genres_and_labels_cost_what_they_must(
    simulator, loaders, calls
):
    tracks = await loaders.load("tracks", pairs(simulator.catalogue.tracks[:100]))
    artists = list({artist.id: artist for track in tracks for artist in track.artists}.values())
    albums = list({track.album.id: track.album for track in tracks}.values())
    told = [track.artists[0].name for track in tracks] + [album.release_date for album in albums]
    assert len(told) == 100 + len(albums)
    assert calls() == [("GET /v1/tracks", 50)] * 2
    full_artists, full_albums = await asyncio.gather(
        loaders.complete(artists), loaders.complete(albums)
    )
    assert all(artist.genres is not UNKNOWN for artist in full_artists)
    assert all(album.label is not UNKNOWN for album in full_albums)
    routes = [route for route, _ in calls()]
    assert routes.count("GET /v1/artists") == -(-len(artists) // 50)
    assert routes.count("GET /v1/albums") == -(-len(albums) // 20)
    assert len(routes) == 2 + -(-len(artists) // 50) + -(-len(albums) // 20)


async def test_entities_of_all_kinds_come_in_order(simulator, loaders, calls):
    track = simulator.catalogue.tracks[0]
    refs = [
        Ref("spotify", "album", track.album.spotify_id),
        Ref("spotify", "track", track.spotify_id),
        Ref("spotify", "artist", NOBODY),
        Ref("spotify", "artist", track.artists[0].spotify_id),
        Ref("spotify", "track", track.spotify_id),
    ]
    found = await loaders.entities(refs)
    assert [record and parse_ref(record.id) for record in found] == [
        refs[0],
        refs[1],
        None,
        refs[3],
        refs[4],
    ]
    assert sorted(calls()) == [
        ("GET /v1/albums", 1),
        ("GET /v1/artists", 2),
        ("GET /v1/tracks", 1),
    ]


async def test_nothing_is_a_list_of_nothing(simulator, loaders):
    assert await loaders.entities([]) == []
    assert await loaders.complete([]) == []
    assert await loaders.load("tracks", []) == []
    assert await loaders.album_tracks([], offset=0, limit=50) == []
    assert simulator.calls == []


async def test_a_provider_that_is_not_there_fails_its_own_keys_only(simulator, loaders):
    track = simulator.catalogue.tracks[0]
    off, found, strange = await loaders.entities(
        [
            Ref("walkman", "artist", "27"),
            Ref("spotify", "track", track.spotify_id),
            Ref("walkman", "track", "7"),
        ]
    )
    assert found.native == track.spotify_id
    assert isinstance(off, NotConfiguredError)
    assert str(off) == "walkman is off: this server does not speak to it"
    assert (strange.provider, strange.code) == ("walkman", "PROVIDER_NOT_CONFIGURED")


async def test_a_resource_that_a_provider_lacks_is_named(loaders):
    [error] = await loaders.load("upcs", [("spotify", "1")])
    assert isinstance(error, NotConfiguredError)
    assert str(error) == "spotify has no upcs"


async def test_complete_asks_for_partial_records_only(simulator, loaders, calls):
    [track] = await loaders.load("tracks", pairs(simulator.catalogue.tracks[:1]))
    partial = track.artists[0]
    [full] = await loaders.complete([partial])
    simulator.reset()
    again = await loaders.complete([track, full, partial])
    assert again == [track, full, full]
    assert calls() == []


async def test_one_request_asks_once_and_another_asks_again(simulator, providers, calls):
    track = simulator.catalogue.tracks[0]
    loaders = providers.loaders()
    for _ in range(2):
        await loaders.load("tracks", pairs([track, track]))
    assert calls() == [("GET /v1/tracks", 1)]
    await providers.loaders().load("tracks", pairs([track]))
    assert calls() == [("GET /v1/tracks", 1)] * 2


async def test_requests_at_the_same_time_share_their_calls(simulator, providers, calls):
    tracks = simulator.catalogue.tracks[:50]
    one, two = await asyncio.gather(
        providers.loaders().load("tracks", pairs(tracks[:30])),
        providers.loaders().load("tracks", pairs(tracks[20:])),
    )
    assert calls() == [("GET /v1/tracks", 50)]
    assert one[20:] == two[:10]


async def test_a_failure_is_the_outcome_of_its_key(simulator, loaders):
    good, bad = simulator.catalogue.tracks[:2]
    broken = {"tracks": [None, {"id": bad.spotify_id}]}
    simulator.fault("GET /v1/tracks", body=broken)
    nothing, failure = await loaders.load("tracks", pairs([good, bad]))
    assert nothing is None
    assert isinstance(failure, BadResponseError)


async def test_complete_says_what_failed_and_what_is_gone(simulator, loaders):
    [track] = await loaders.load("tracks", pairs(simulator.catalogue.tracks[:1]))
    simulator.fault("GET /v1/artists", status=500)
    simulator.fault("GET /v1/albums", body={"albums": [None]})
    failed, gone = await loaders.complete([track.artists[0], track.album])
    assert isinstance(failed, UnavailableError)
    assert gone is None


async def test_past_its_deadline_a_key_fails(simulator, providers):
    simulator.latency = 5.0
    [error] = await providers.loaders(deadline=3.0).load("tracks", [("spotify", NOBODY)])
    assert isinstance(error, DeadlineExceededError)
    assert asyncio.get_running_loop().time() == 3.0


async def test_nobody_waits_for_a_hold_that_outlasts_the_deadline(simulator, providers, calls):
    simulator.fault("GET /v1/tracks", status=429, headers={"retry-after": "86400"}, times=1)
    [early] = await providers.loaders(deadline=30.0).load("tracks", [("spotify", NOBODY)])
    assert (str(early), early.retry_after) == ("spotify takes no calls for 86400 s", 86400.0)
    [late] = await providers.loaders(deadline=30.0).load("artists", [("spotify", NOBODY)])
    assert isinstance(late, RateLimitedError)
    assert str(late) == "spotify takes no calls for 900 s"  # then it is asked again
    assert (late.retryable, late.retry_after) == (True, 900.0)
    assert asyncio.get_running_loop().time() == 0.0
    assert calls() == [("GET /v1/tracks", 1)]


async def test_a_hold_that_ends_before_the_deadline_is_waited_for(simulator, providers):
    simulator.fault("GET /v1/tracks", status=429, headers={"retry-after": "20"}, times=1)
    await providers.loaders(deadline=30.0).load("tracks", [("spotify", NOBODY)])
    found = await providers.loaders(deadline=30.0).load("artists", [("spotify", NOBODY)])
    assert found == [None]
    assert asyncio.get_running_loop().time() == 20.0


async def test_a_request_that_leaves_takes_its_unsent_keys_along(simulator, providers, calls):
    simulator.latency = 1.0
    await providers.loaders().load("tracks", [("spotify", NOBODY)])
    loaders = providers.loaders()
    refs = [Ref("spotify", kind, NOBODY) for kind in ("track", "artist")]
    loading = asyncio.ensure_future(loaders.entities(refs))
    await asyncio.sleep(0)
    loading.cancel()
    await asyncio.sleep(1)
    assert loading.cancelled()
    assert calls() == [("GET /v1/tracks", 1)]


# An album's tracks


async def test_the_tracks_of_many_albums_come_with_the_albums(simulator, loaders, calls):
    albums = [album for album in simulator.catalogue.albums if len(album.tracks) <= 50][:30]
    full = await loaders.load("albums", pairs(albums))
    pages = await loaders.album_tracks(full, offset=0, limit=50)
    assert [[track.native for track in page.items] for page in pages] == [
        ids(album.tracks) for album in albums
    ]
    assert sorted(calls()) == [("GET /v1/albums", 10), ("GET /v1/albums", 20)]


async def test_albums_known_in_part_are_completed_together(simulator, loaders, calls):
    tracks = await loaders.load("tracks", pairs(simulator.catalogue.tracks[:20]))
    albums = list({track.album.id: track.album for track in tracks}.values())
    simulator.reset()
    pages = await loaders.album_tracks(albums, offset=0, limit=2)
    assert [len(page.items) for page in pages] == [min(2, album.total_tracks) for album in albums]
    assert calls() == [("GET /v1/albums", len(albums))]


async def test_only_what_an_album_did_not_bring_has_a_call_of_its_own(simulator, loaders, calls):
    long = next(album for album in simulator.catalogue.albums if len(album.tracks) > 50)
    short = next(album for album in simulator.catalogue.albums if len(album.tracks) <= 50)
    full = await loaders.load("albums", pairs([long, short]))
    simulator.reset()
    rest, none_left = await loaders.album_tracks(full, offset=50, limit=50)
    assert [track.native for track in rest.items] == ids(long.tracks[50:])
    assert none_left == Page((), len(short.tracks), 50)
    assert calls() == [("GET /v1/albums/{id}/tracks", 1)]


async def test_a_later_page_of_an_album_known_in_part_is_asked_directly(simulator, loaders, calls):
    [track] = await loaders.load("tracks", pairs(simulator.catalogue.tracks[:1]))
    simulator.reset()
    [page] = await loaders.album_tracks([track.album], offset=1, limit=1)
    assert (page.offset, len(page.items)) == (1, 1)
    assert calls() == [("GET /v1/albums/{id}/tracks", 1)]


async def test_an_album_that_fails_or_is_gone_has_no_tracks(simulator, loaders):
    tracks = await loaders.load("tracks", pairs(simulator.catalogue.tracks[:1]))
    album = tracks[0].album
    simulator.fault("GET /v1/albums", status=501, times=1)
    [failed] = await loaders.album_tracks([album], offset=0, limit=5)
    assert isinstance(failed, UnavailableError)
    simulator.fault("GET /v1/albums", body={"albums": [None]}, times=1)
    assert await loaders.album_tracks([album], offset=0, limit=5) == [None]
