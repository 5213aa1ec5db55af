"""What others add, through the schema: exactly what it costs, and how what is missing is told."""

import pytest

from api.provider import Provider, Source
from api.resolvers.covers import covers
from api.testing import TestClient
from loaders import Album
from loaders.covers import cover_images
from loaders.providers import CONNECT
from loaders.simulator.coverart import art_of, picture_of
from loaders.simulator.musicbrainz_facts import happens, wikidata_of


@pytest.fixture
def library(client):
    return client.simulator.musicbrainz.library


def codes(answer):
    return [(error["path"], error["extensions"]["code"]) for error in answer.errors]


LISTENS = "query ($ids: [ID!]!) { tracks(ids: $ids) { listens tags { name count } } }"


async def test_a_musicbrainz_track_is_asked_by_its_own_id(client, library):
    ids = [f"musicbrainz:track:{mbid}" for mbid in list(library.recordings)[:100]]
    answer = await client.execute(LISTENS, {"ids": ids})
    assert answer.errors == []
    answer.expect_calls(
        {"musicbrainz.tracks": 1, "listenbrainz.listens": 1, "listenbrainz.recordings": 1}
    )
    assert answer.data["tracks"][0] == {
        "listens": 378154,
        "tags": [
            {"name": "indie pop", "count": 10},
            {"name": "downtempo", "count": 8},
            {"name": "soul", "count": 7},
            {"name": "indie rock", "count": 3},
        ],
    }


async def test_a_spotify_track_is_asked_by_way_of_its_isrc(client, track_ids):
    answer = await client.execute(LISTENS, {"ids": track_ids[:100]})
    assert answer.errors == []
    tracks = client.simulator.catalogue.tracks[:100]
    isrcs = {track.recording.isrc for track in tracks} - {None}
    assert len(isrcs) == 94
    answer.expect_calls(
        {
            "spotify.tracks": 2,
            "musicbrainz.isrcs": 4,  # 25 a call
            "listenbrainz.listens": 1,
            "listenbrainz.recordings": 1,
        }
    )
    for track, told in zip(tracks, answer.data["tracks"], strict=True):
        if track.recording.isrc is None:
            assert told == {"listens": None, "tags": None}


async def test_the_recording_that_is_asked_is_the_one_that_on_shows(client, track_ids):
    answer = await client.execute(
        """query ($ids: [ID!]!) { tracks(ids: $ids) {
            listens on(provider: MUSICBRAINZ) { listens } } }""",
        {"ids": track_ids[:50]},
    )
    assert answer.errors == []
    told = [(track["listens"], track["on"]) for track in answer.data["tracks"]]
    assert all(listens is None if on is None else listens == on["listens"] for listens, on in told)
    answer.expect_calls({"spotify.tracks": 1, "musicbrainz.isrcs": 2, "listenbrainz.listens": 1})


async def test_what_nobody_heard_is_null_without_an_error(client, library):
    silent = next(mbid for mbid in library.recordings if happens(mbid, "never heard"))
    answer = await client.execute(
        "query ($id: ID!) { track(id: $id) { name listens } }",
        {"id": f"musicbrainz:track:{silent}"},
    )
    assert answer.errors == []
    assert answer.data["track"] == {"name": library.recordings[silent].title, "listens": None}


async def test_a_fault_is_null_with_an_error_and_leaves_the_rest_whole(client, track_ids):
    client.simulator.fault("POST /1/popularity/recording", status=400)
    answer = await client.execute(LISTENS, {"ids": track_ids[:1]})
    assert codes(answer) == [(["tracks", 0, "listens"], "UPSTREAM_REJECTED")]
    assert [error["extensions"]["provider"] for error in answer.errors] == ["listenbrainz"]
    [track] = answer.data["tracks"]
    assert track["listens"] is None
    assert len(track["tags"]) == 4


async def test_without_musicbrainz_it_is_said_who_is_missing():
    async with TestClient() as client:
        del client.engine.providers._on["musicbrainz"]
        client.engine.providers._off["musicbrainz"] = "UNISONO_CONTACT is not set"
        track = client.simulator.catalogue.tracks[0]
        answer = await client.execute(LISTENS, {"ids": [f"spotify:track:{track.spotify_id}"]})
        assert codes(answer) == [
            (["tracks", 0, "listens"], "PROVIDER_NOT_CONFIGURED"),
            (["tracks", 0, "tags"], "PROVIDER_NOT_CONFIGURED"),
        ]


# Artists

ARTISTS = """query ($ids: [ID!]!) { artists(ids: $ids) {
    country genres genresSource image { url width page } tags { name source } } }"""


async def test_pictures_of_musicbrainz_artists_cost_a_call_a_hundred_and_one_for_fifty(
    client, library
):
    ids = [f"musicbrainz:artist:{mbid}" for mbid in list(library.artists)[:100]]
    answer = await client.execute(
        "query ($ids: [ID!]!) { artists(ids: $ids) { country image { page } tags { name } } }",
        {"ids": ids},
    )
    assert answer.errors == []
    answer.expect_calls(
        {"musicbrainz.artists": 1, "listenbrainz.about_artists": 1, "wikidata.images": 2}
    )
    pages = [artist["image"] and artist["image"]["page"] for artist in answer.data["artists"]]
    assert pages[0] == ("https://commons.wikimedia.org/wiki/File:The_Lantern_Choir_in_Tonabad.jpg")
    assert pages.count(None) == sum(
        not has_picture(client, mbid) for mbid in list(library.artists)[:100]
    )


def has_picture(client, mbid):
    item = client.simulator.wikidata.items.get(wikidata_of(mbid))
    is_linked = is_at_wikidata(client.simulator.musicbrainz.library, mbid)
    return is_linked and item is not None and happens(mbid, "picture at Wikidata")


async def test_one_musicbrainz_artist_tells_its_links_itself(client):
    artist = client.simulator.catalogue.artists[0]
    answer = await client.execute(
        "query ($id: ID!) { artist(id: $id) { image { page } } }",
        {"id": f"musicbrainz:artist:{artist.mbid}"},
    )
    assert answer.errors == []
    assert answer.data["artist"]["image"]["page"].endswith("The_Lantern_Choir_in_Tonabad.jpg")
    answer.expect_calls({"musicbrainz.artists": 1, "wikidata.images": 1})


async def test_a_spotify_artists_own_picture_and_genres_are_asked_of_nobody_else(client, catalogue):
    artists = [artist for artist in catalogue.artists if artist.has_images][:100]
    answer = await client.execute(
        "query ($ids: [ID!]!) { artists(ids: $ids) { genres image { url page } } }",
        {"ids": [f"spotify:artist:{artist.spotify_id}" for artist in artists]},
    )
    assert answer.errors == []
    answer.expect_calls({"spotify.artists": 2})
    assert {artist["image"]["page"] for artist in answer.data["artists"]} == {None}
    # None at all is an answer too.
    assert [artist["genres"] for artist in answer.data["artists"]] == [
        list(artist.genres) for artist in artists
    ]


async def test_what_spotify_does_not_tell_of_an_artist_others_do(client, catalogue, library):
    bare = [artist for artist in catalogue.artists if not artist.has_images]
    answer = await client.execute(
        "query ($ids: [ID!]!) { artists(ids: $ids) { country image { page } tags { name } } }",
        {"ids": [f"spotify:artist:{artist.spotify_id}" for artist in bare]},
    )
    assert answer.errors == []
    known = [
        artist
        for artist in bare
        if f"https://open.spotify.com/artist/{artist.spotify_id}" in library.urls
    ]
    assert [artist["country"] for artist in answer.data["artists"]] == [
        country_of(library, artist) if artist in known else None for artist in bare
    ]
    assert [artist["image"] is not None for artist in answer.data["artists"]] == [
        artist in known and has_picture(client, artist.mbid) for artist in bare
    ]
    answer.expect_calls(
        {
            "spotify.artists": 1,
            "musicbrainz.links": 1,
            "musicbrainz.artists": 1,
            "listenbrainz.about_artists": 1,
            "wikidata.images": 1,
        }
    )


def country_of(library, artist):
    """Return a country that MusicBrainz knows; of some artists it knows the town alone."""
    area = library.artists[artist.mbid].area
    return area and area.code


async def test_an_artist_of_a_provider_without_genres_has_those_of_musicbrainzs_users(client):
    artist = client.simulator.catalogue.artists[0]
    answer = await client.execute(
        ARTISTS,
        {
            "ids": [
                f"spotify:artist:{artist.spotify_id}",
                f"musicbrainz:artist:{artist.mbid}",
                f"deezer:artist:{artist.deezer_id}",
            ]
        },
    )
    assert answer.errors == []
    assert [
        (artist["country"], artist["genres"], artist["genresSource"])
        for artist in answer.data["artists"]
    ] == [
        ("GB", ["chamber pop", "choral"], "SPOTIFY"),
        ("GB", ["experimental"], "MUSICBRAINZ"),
        ("GB", ["experimental"], "LISTENBRAINZ"),
    ]
    tags = [{"name": "experimental", "source": "LISTENBRAINZ"}]
    assert [artist["tags"] for artist in answer.data["artists"]] == [tags] * 3


async def test_where_those_who_know_are_off_a_field_of_the_providers_own_is_null(catalogue):
    async with TestClient() as client:
        del client.engine.providers._on["musicbrainz"]
        bare = next(artist for artist in catalogue.artists if not artist.has_images)
        ids = [f"spotify:artist:{bare.spotify_id}", f"deezer:artist:{bare.deezer_id}"]
        answer = await client.execute(ARTISTS, {"ids": ids})
        told = [(it["country"], it["image"] is None) for it in answer.data["artists"]]
        assert told == [(None, True), (None, True)]
        assert [it["genresSource"] for it in answer.data["artists"]] == ["SPOTIFY", None]
        assert codes(answer) == [
            (["artists", place, "tags"], "PROVIDER_NOT_CONFIGURED") for place in (0, 1)
        ]


async def test_a_fault_of_wikidata_is_an_error_of_the_pictures_alone(client, library):
    client.simulator.fault("GET /w/api.php", status=403)
    mbid = next(iter(library.artists))
    answer = await client.execute(
        ARTISTS, {"ids": [f"musicbrainz:artist:{mbid}", f"musicbrainz:artist:{mbid}"]}
    )
    assert codes(answer) == [(["artists", place, "image"], "UPSTREAM_REJECTED") for place in (0, 1)]
    assert answer.data["artists"][0]["country"] == "GB"


# Covers

COVERS = "query ($ids: [ID!]!) { albums(ids: $ids) { cover { url width page } } }"


async def test_covers_of_musicbrainz_tracks_come_with_what_tells_their_tags(client, library):
    ids = [f"musicbrainz:track:{mbid}" for mbid in list(library.recordings)[:100]]
    answer = await client.execute(
        "query ($ids: [ID!]!) { tracks(ids: $ids) { tags { name } album { cover { url } } } }",
        {"ids": ids},
    )
    assert answer.errors == []
    answer.expect_calls({"musicbrainz.tracks": 1, "listenbrainz.recordings": 1})
    release = library.recordings[ids[0][18:]].places[0].release
    assert answer.data["tracks"][0]["album"] == {
        "cover": {"url": cover_images(release.mbid, picture_of(release))[-1].url}
    }


async def test_covers_of_musicbrainz_albums_come_by_release_group_and_the_rest_one_by_one(
    client, library
):
    releases = list(library.releases.values())[:100]
    answer = await client.execute(
        COVERS, {"ids": [f"musicbrainz:album:{release.mbid}" for release in releases]}
    )
    assert answer.errors == []
    groups = {release.group.mbid for release in releases}
    assert len(groups) <= 100
    new = [it for it in releases if happens(it.group.mbid, "too new for ListenBrainz")]
    answer.expect_calls(
        {
            "musicbrainz.albums": 1,
            "listenbrainz.release_groups": 1,
            "coverart.covers": len(new),
        }
    )
    for release, album in zip(releases, answer.data["albums"], strict=True):
        shown = (release if release.has_art else None) if release in new else art_of(release.group)
        widest = cover_images(shown.mbid, picture_of(shown))[-1] if shown else None
        assert album["cover"] == (
            widest and {"url": widest.url, "width": 1200, "page": widest.page}
        )


async def test_a_recording_that_is_shown_on_another_album_lends_it_no_cover(client, library):
    recording, other = next(
        (recording, place.release)
        for recording in library.recordings.values()
        for place in recording.places[1:]
        if place.release.group is not recording.places[0].release.group
    )
    album = Album(
        id=f"musicbrainz:album:{other.mbid}",
        name="",
        url=None,
        release_date=None,
        images=(),
        artists=(),
        album_type=None,
        recording=recording.mbid,
        release_group=other.group.mbid,
    )
    loaders = client.engine.providers.loaders()
    shown = art_of(other.group)
    expected = cover_images(shown.mbid, picture_of(shown)) if shown else ()
    assert await covers([album], loaders) == [expected]
    assert [call.route for call in client.calls] == [
        "POST /1/metadata/recording/",
        "GET /1/metadata/release_group/",
    ]


@pytest.mark.parametrize(("size", "width"), [(1, 250), (250, 250), (251, 500), (9000, 1200)])
async def test_a_cover_fits_the_size_that_is_asked(client, library, size, width):
    release = next(it for it in library.releases.values() if it.has_art)
    answer = await client.execute(
        "query ($id: ID!, $size: Int) { album(id: $id) { cover(size: $size) { width } } }",
        {"id": f"musicbrainz:album:{release.mbid}", "size": size},
    )
    assert answer.data == {"album": {"cover": {"width": width}}}


async def test_spotifys_own_covers_are_asked_of_nobody(client, album_ids):
    answer = await client.execute(COVERS, {"ids": album_ids[:40]})
    assert answer.errors == []
    answer.expect_calls({"spotify.albums": 2})


async def test_a_fault_on_the_way_to_a_cover_is_an_error_of_it_alone(client, library):
    client.simulator.fault("GET /1/metadata/release_group/", status=403)
    release = next(iter(library.releases))
    answer = await client.execute(
        "query ($id: ID!) { album(id: $id) { name cover { url } } }",
        {"id": f"musicbrainz:album:{release}"},
    )
    assert codes(answer) == [(["album", "cover"], "UPSTREAM_REJECTED")]
    assert answer.data["album"]["name"] == "Unison Hours"


# All of it


EVERYTHING = """query ($ids: [ID!]!) { tracks(ids: $ids) {
    name listens tags { name count source }
    artists { name genres image { url page } }
    album { name label cover(size: 300) { url } }
    on(provider: MUSICBRAINZ) { id listens tags { name } album { name cover { url } } } } }"""


async def test_a_hundred_tracks_with_all_that_others_add_cost_the_fewest_calls(client, library):
    tracks = client.simulator.catalogue.tracks[:100]
    ids = [f"spotify:track:{track.spotify_id}" for track in tracks]
    answer = await client.execute(EVERYTHING, {"ids": ids})
    assert answer.errors == []

    # What is asked on each level, each thing once, by the catalogue.
    isrcs = {track.recording.isrc for track in tracks} - {None}
    recordings = {track["on"]["id"] for track in answer.data["tracks"] if track["on"]}
    artists = {artist for track in tracks for artist in track.artists}
    bare = {artist for artist in artists if not artist.has_images}
    linked = {
        artist
        for artist in bare
        if f"https://open.spotify.com/artist/{artist.spotify_id}" in library.urls
    }
    at_wikidata = {artist for artist in linked if is_at_wikidata(library, artist.mbid)}
    distinct = {  # and how many of them come in one call
        "spotify.tracks": (len(set(ids)), 50),
        "spotify.artists": (len(artists), 50),
        "spotify.albums": (len({track.album for track in tracks}), 20),
        "musicbrainz.isrcs": (len(isrcs), 25),
        "musicbrainz.links": (len(bare), 100),
        "listenbrainz.listens": (len(recordings), 1000),
        "listenbrainz.recordings": (len(recordings), 1000),
        "listenbrainz.about_artists": (len(linked), 100),
        "wikidata.images": (len(at_wikidata), 50),
    }
    assert distinct == {
        "spotify.tracks": (100, 50),
        "spotify.artists": (92, 50),
        "spotify.albums": (85, 20),
        "musicbrainz.isrcs": (94, 25),
        "musicbrainz.links": (6, 100),
        "listenbrainz.listens": (82, 1000),
        "listenbrainz.recordings": (82, 1000),
        "listenbrainz.about_artists": (3, 100),
        "wikidata.images": (1, 50),
    }
    answer.expect_calls({name: -(-count // most) for name, (count, most) in distinct.items()})
    for name, (count, _) in distinct.items():
        asked = [id_ for call in answer.calls if call.resource == name for id_ in call.ids]
        assert (len(asked), len(set(asked))) == (count, count), name  # nothing twice
    # 18 calls, of which the five at MusicBrainz's call a second, and ListenBrainz's after them, set
    # the time.
    assert len(answer.calls) == 18
    assert client.simulator.now() == 4 + 1 / 3


async def test_all_of_it_is_remembered_for_its_time():
    async with TestClient(cache_entries=5000) as client:
        tracks = client.simulator.catalogue.tracks[:20]
        ids = [f"spotify:track:{track.spotify_id}" for track in tracks]
        first = await client.execute(EVERYTHING, {"ids": ids})
        assert (len(first.calls) > 0, first.errors) == (True, [])
        again = await client.execute(EVERYTHING, {"ids": ids})
        assert again.data == first.data
        again.expect_calls({})


def is_at_wikidata(library, mbid):
    links = library.artists[mbid].links
    return any("wikidata" in link.url.resource and not link.is_ended for link in links)


# Everybody


async def test_everybody_who_is_asked_tells_how_he_stands(client, track_ids):
    await client.execute(LISTENS, {"ids": track_ids[:1]})
    answer = await client.execute("{ sources { name on calls batches } providers { name } }")
    assert answer.errors == []
    assert answer.data["sources"] == [
        {"name": "SPOTIFY", "on": True, "calls": 1, "batches": 1},
        {"name": "MUSICBRAINZ", "on": True, "calls": 1, "batches": 1},
        {"name": "DEEZER", "on": True, "calls": 0, "batches": 0},
        {"name": "LISTENBRAINZ", "on": True, "calls": 2, "batches": 2},
        {"name": "WIKIDATA", "on": True, "calls": 0, "batches": 0},
        {"name": "COVERART", "on": True, "calls": 0, "batches": 0},
    ]
    providers = [provider["name"] for provider in answer.data["providers"]]
    assert providers == ["SPOTIFY", "MUSICBRAINZ", "DEEZER"]


def test_whoever_is_asked_has_a_name_in_the_schema():
    assert [source.value for source in Source] == list(CONNECT)
    assert {provider.value for provider in Provider} <= {source.value for source in Source}
