"""MusicBrainz by id, by link, by ISRC and by URL: what it says, and how it says no."""

import pytest

HELP = "For usage, please see: https://musicbrainz.org/development/mmd"
RECORDING = "3a65deaa-5da3-4c22-9f96-934d5e3f18bd"
RELEASE = "97fb30d6-535a-4f06-a196-ace4bdc85232"
ARTIST = "adb1639b-4082-4244-820c-9bd6d9f04c2d"
UNKNOWN = "ffffffff-0000-4000-8000-000000000000"


@pytest.fixture
def library(simulator):
    return simulator.musicbrainz.library


@pytest.fixture
def get(musicbrainz):
    async def get(path, **params):
        answer = await musicbrainz.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return get


@pytest.fixture
def refusal(musicbrainz):
    async def refusal(path, **params):
        answer = await musicbrainz.get(path, params=params)
        assert answer.json()["help"] == HELP
        return answer.status_code, answer.json()["error"]

    return refusal


def ids(entities):
    return [entity["id"] for entity in entities]


def credited(entity):
    return "".join(name["name"] + name["joinphrase"] for name in entity["artist-credit"])


# Look-ups


async def test_a_recording_tells_what_it_is_asked_for(get):
    inc = "artist-credits+isrcs+releases+media+release-groups+url-rels"
    found = await get(f"/recording/{RECORDING}", inc=inc)
    assert found["title"] == "Many Voices, One Line"
    assert credited(found) == "The Lantern Choir feat. Inês Marçal"
    assert found["isrcs"] == ["GBQ171900001"]
    [release] = found["releases"]
    assert (release["id"], release["release-group"]["title"]) == (RELEASE, "Unison Hours")
    [medium] = release["media"]
    assert (medium["track-count"], medium["track-offset"], len(medium["tracks"])) == (10, 0, 1)
    assert [relation["url"]["resource"].split("/")[2] for relation in found["relations"]] == [
        "open.spotify.com",
        "www.deezer.com",
    ]


async def test_what_is_not_asked_for_is_not_told(get):
    told = {"id", "title", "length", "video", "disambiguation", "first-release-date"}
    assert set(await get(f"/recording/{RECORDING}")) == told


async def test_a_release_tells_its_label_tracks_and_their_isrcs(get):
    inc = "artist-credits labels recordings isrcs release-groups"
    found = await get(f"/release/{RELEASE}", inc=inc)
    assert (found["barcode"], found["date"], found["country"]) == (
        "0445976092824",
        "2019-03-15",
        "GB",
    )
    assert found["label-info"][0]["label"]["name"] == "Slow Harbour"
    assert found["release-group"]["primary-type"] == "Album"
    tracks = found["media"][0]["tracks"]
    assert [track["position"] for track in tracks] == [*range(1, 11)]
    assert tracks[0]["recording"]["isrcs"] == ["GBQ171900001"]
    assert credited(tracks[0]) == "The Lantern Choir feat. Inês Marçal"


async def test_a_release_tells_media_without_tracks_unless_it_is_asked_for_recordings(get):
    [medium] = (await get(f"/release/{RELEASE}", inc="media"))["media"]
    assert set(medium) == {"position", "title", "format", "format-id", "track-count"}


async def test_sides_of_a_cassette_have_numbers_of_their_own(get, library):
    tape = next(each for each in library.releases.values() if each.format == "Cassette")
    tracks = (await get(f"/release/{tape.mbid}", inc="recordings"))["media"][0]["tracks"]
    assert (tracks[0]["number"], tracks[-1]["number"][0]) == ("A1", "B")


async def test_an_artist_tells_country_genres_and_tags(get):
    found = await get(f"/artist/{ARTIST}", inc="genres+tags+url-rels+aliases")
    assert (found["name"], found["sort-name"]) == ("The Lantern Choir", "Lantern Choir, The")
    assert (found["country"], found["area"]["name"]) == ("GB", "United Kingdom")
    names = [genre["name"] for genre in found["genres"]]
    assert names
    assert not {"chamber pop"} & set(names)  # that is what another provider calls it
    assert set(names) <= {tag["name"] for tag in found["tags"]}
    assert set(found["genres"][0]) == {"id", "name", "count", "disambiguation"}


async def test_lists_inside_something_end_after_25(get, simulator):
    artist = simulator.catalogue.artist("Kestrel Vale").mbid
    found = await get(f"/artist/{artist}", inc="recordings+releases+release-groups")
    for name in ("recordings", "releases", "release-groups"):
        assert len(found[name]) == 25
        assert ids(found[name]) == sorted(ids(found[name]))


async def test_a_release_group_tells_its_editions(get, library):
    group = next(each for each in library.groups.values() if len(each.releases) > 1)
    found = await get(f"/release-group/{group.mbid}", inc="releases+artist-credits+media")
    assert set(ids(found["releases"])) == {release.mbid for release in group.releases}
    assert found["releases"][0]["media"][0]["track-count"] > 0


async def test_nobody_has_noted_rated_or_collected_anything(get):
    found = await get(f"/release/{RELEASE}", inc="annotation+ratings+collections+discids")
    assert (found["annotation"], found["collections"]) == (None, [])
    assert found["rating"] == {"value": None, "votes-count": 0}
    assert found["media"][0]["discs"] == []
    assert (await get(f"/artist/{ARTIST}", inc="works"))["works"] == []


async def test_tracks_may_bring_the_relations_of_their_recordings(get):
    found = await get(f"/release/{RELEASE}", inc="recordings+recording-level-rels+url-rels")
    track = found["media"][0]["tracks"][0]
    assert track["recording"]["relations"][0]["target-type"] == "url"


async def test_an_mbid_is_the_same_in_capitals(get):
    assert (await get(f"/recording/{RECORDING.upper()}"))["id"] == RECORDING


@pytest.mark.parametrize("kind", ["artist", "recording", "release", "release-group"])
async def test_what_was_merged_moves_out_of_tls_and_is_told_all_the_same(
    musicbrainz, library, kind
):
    old, new = next(iter(library.merged[kind].items()))
    moved = await musicbrainz.get(f"/{kind}/{old}", params={"inc": "tags genres"})
    assert moved.status_code == 301
    assert moved.headers["location"] == (
        f"http://musicbrainz.org/ws/2/{kind}/{new}?fmt=json&inc=tags+genres"
    )
    told = await musicbrainz.get(f"/{kind}/{new}", params={"inc": "tags genres"})
    assert moved.json() == told.json()


@pytest.mark.parametrize("kind", ["artist", "recording", "release", "release-group"])
async def test_an_id_that_is_none_or_unknown_is_refused(refusal, kind):
    invalid = (400, "Invalid mbid.")
    for text in ("x", UNKNOWN[:-1], UNKNOWN + "0", "00000000-0000-0000-0000-000000000000"):
        assert await refusal(f"/{kind}/{text}") == invalid
    assert await refusal(f"/{kind}/{UNKNOWN}") == (404, "Not Found")


async def test_an_id_of_another_kind_is_unknown(refusal):
    assert await refusal(f"/artist/{RECORDING}") == (404, "Not Found")


@pytest.mark.parametrize(
    ("path", "inc", "complaint"),
    [
        (
            f"/artist/{ARTIST}",
            "foobar",
            "foobar is not a valid inc parameter for the artist resource.",
        ),
        (
            f"/recording/{RECORDING}",
            "labels",
            "labels is not a valid inc parameter for the recording resource.",
        ),
        (
            f"/recording/{RECORDING}",
            "media",
            "media is not a valid option for the inc parameter for the recording resource unless ",
        ),
        ("/url", "isrcs", "isrcs is not a valid"),
        ("/isrc/GBQ171900001", "works", "works is not a valid inc parameter for the isrc"),
    ],
)
async def test_an_inc_that_the_resource_does_not_know_is_refused(refusal, path, inc, complaint):
    status, error = await refusal(path, inc=inc, resource="https://open.spotify.com/artist/x")
    assert status == 400
    assert error.startswith(complaint)


async def test_inc_is_refused_before_the_id_is_looked_at(refusal):
    assert (await refusal("/artist/x", inc="foobar"))[1].startswith("foobar is not")


async def test_inc_comes_once(refusal):
    status, error = await refusal(f"/artist/{ARTIST}", inc=["tags", "genres"])
    assert (status, error[:43]) == (400, "Inc arguments must be combined with a space")


async def test_what_only_a_user_has_needs_one(refusal):
    assert (await refusal(f"/artist/{ARTIST}", inc="user-tags"))[0] == 401


async def test_json_is_the_only_format(simulator, stranger):
    simulator.musicbrainz.calls_per_second = None
    path = f"/ws/2/artist/{ARTIST}"
    asked = {
        "?fmt=json": ({}, 200),
        "?fmt=xml": ({"accept": "application/json"}, 406),
        "": ({"accept": "application/json"}, 200),
        "?": ({}, 406),
    }
    for query, (headers, status) in asked.items():
        answer = await stranger.get(path + query, headers=headers)
        assert answer.status_code == status
    assert "expected fmt=json" in answer.json()["error"]


# Browsing


async def test_browsing_pages_through_what_is_linked(get, simulator):
    artist = simulator.catalogue.artist("Kestrel Vale").mbid
    pages = [
        await get("/release", artist=artist, limit=30, offset=offset) for offset in (0, 30, 60, 90)
    ]
    assert [len(page["releases"]) for page in pages] == [30, 30, 1, 0]
    assert {page["release-count"] for page in pages} == {61}
    assert [page["release-offset"] for page in pages] == [0, 30, 60, 90]
    found = [release["id"] for page in pages for release in page["releases"]]
    assert len(set(found)) == 61
    assert ids(pages[0]["releases"]) == sorted(ids(pages[0]["releases"]))


@pytest.mark.parametrize(("limit", "length"), [(None, 25), (0, 25), (100, 100), (101, 100)])
async def test_a_page_has_25_unless_more_are_asked_for_and_100_at_most(
    get, simulator, limit, length
):
    params = {} if limit is None else {"limit": limit}
    artist = simulator.catalogue.artist("Kestrel Vale").mbid
    found = await get("/recording", artist=artist, **params)
    assert len(found["recordings"]) == length


async def test_a_page_that_is_no_number_is_refused(refusal):
    said = (400, "The 'limit' and 'offset' parameters must be positive integers")
    for wrong in ({"limit": "x"}, {"limit": "-1"}, {"offset": "1.5"}):
        assert await refusal("/release", artist=ARTIST, **wrong) == said


async def test_a_releases_recordings_come_with_what_is_asked_for(get):
    found = await get("/recording", release=RELEASE, inc="isrcs+artist-credits")
    assert (found["recording-count"], found["recording-offset"]) == (10, 0)
    assert {each["id"]: each["isrcs"] for each in found["recordings"]}[RECORDING] == [
        "GBQ171900001"
    ]
    assert "The Lantern Choir" in credited(found["recordings"][0])


async def test_everything_is_linked_both_ways(get, library):
    release = library.releases[RELEASE]
    for kind, link, mbid in (
        ("release", "recording", RECORDING),
        ("release", "label", release.label.mbid),
        ("release", "release-group", release.group.mbid),
        ("release", "artist", ARTIST),
    ):
        assert RELEASE in ids((await get("/release", **{link: mbid}))["releases"]), kind
    groups = await get("/release-group", release=RELEASE)
    assert ids(groups["release-groups"]) == [release.group.mbid]
    assert release.group.mbid in ids((await get("/release-group", artist=ARTIST))["release-groups"])
    for link, mbid in (("release", RELEASE), ("release-group", release.group.mbid)):
        assert ids((await get("/artist", **{link: mbid}))["artists"]) == [ARTIST]
    assert ARTIST in ids((await get("/artist", recording=RECORDING))["artists"])


async def test_a_guests_releases_are_those_of_the_tracks(get):
    guest = (await get("/artist", recording=RECORDING))["artists"]
    [guest] = [artist["id"] for artist in guest if artist["id"] != ARTIST]
    assert RELEASE not in ids((await get("/release", artist=guest))["releases"])
    assert RELEASE in ids((await get("/release", track_artist=guest, limit=100))["releases"])


async def test_types_and_statuses_are_filters(get, refusal, simulator):
    artist = simulator.catalogue.artist("Kestrel Vale").mbid
    groups = await get("/release-group", artist=artist, type="single|ep", limit=100)
    assert {group["primary-type"] for group in groups["release-groups"]} <= {"Single", "EP"}
    assert 0 < groups["release-group-count"] < 61
    singles = await get("/release", artist=artist, type="single", status="official", limit=100)
    assert 0 < singles["release-count"] < 61
    assert (await get("/release", artist=artist, status="bootleg"))["release-count"] == 0
    assert await refusal("/release", artist=artist, type="opera") == (
        400,
        "opera is not a recognized release-group type.",
    )
    assert await refusal("/release", artist=artist, status="lost") == (
        400,
        "lost is not a recognized release status.",
    )


async def test_a_page_of_releases_with_tracks_ends_at_500_of_them(get, simulator):
    artist = simulator.catalogue.artist("Various Artists").mbid
    full = await get("/release", artist=artist, limit=100)
    short = await get("/release", artist=artist, limit=100, inc="recordings")
    tracks = sum(each["track-count"] for release in short["releases"] for each in release["media"])
    assert 450 < tracks <= 500
    assert len(short["releases"]) < len(full["releases"]) == full["release-count"]
    assert short["release-count"] == full["release-count"]


async def test_browsing_follows_what_was_merged(get, library):
    old, new = next(iter(library.merged["artist"].items()))
    assert await get("/release", artist=old) == await get("/release", artist=new)


async def test_browsing_by_what_is_none_or_unknown_is_refused(refusal):
    assert await refusal("/release", artist="x") == (400, "Invalid mbid.")
    assert await refusal("/release", artist=UNKNOWN) == (404, "Not Found")
    assert await refusal("/release", artist=ARTIST, inc="aliases+foo") == (
        400,
        "foo is not a valid inc parameter for the release resource.",
    )


@pytest.mark.parametrize("kind", ["artist", "recording", "release", "release-group"])
async def test_a_list_of_nothing_is_refused(refusal, kind):
    for params in ({}, {"query": ""}, {"query": "  "}, {"label-of": ARTIST}):
        status, error = await refusal(f"/{kind}", **params)
        assert (status, error[:34]) == (400, "Must specify a least one parameter")


# ISRCs


async def test_an_isrc_has_one_recording_or_several(get):
    [only] = (await get("/isrc/GBQ171900001", inc="artist-credits"))["recordings"]
    assert (only["id"], credited(only)) == (RECORDING, "The Lantern Choir feat. Inês Marçal")
    found = await get("/isrc/GBQ391900003")
    assert found["isrc"] == "GBQ391900003"
    assert sorted(each["disambiguation"] for each in found["recordings"]) == ["", "radio edit"]


async def test_an_isrc_tells_no_releases_even_if_asked(get):
    assert "releases" not in (await get("/isrc/GBQ171900001", inc="releases"))["recordings"][0]


async def test_an_isrc_that_is_none_or_unknown_is_refused(refusal):
    for wrong in ("gbq171900001", "GB-Q17-19-00001", "GBQ17190000", "GBQ1719000012"):
        assert await refusal(f"/isrc/{wrong}") == (400, "Invalid isrc.")
    assert await refusal("/isrc/ZZZZZ0000000") == (404, "Not Found")


# URLs


def spotify(kind, entity):
    return f"https://open.spotify.com/{kind}/{entity.spotify_id}"


async def test_one_url_is_an_object_of_its_own(get, simulator):
    artist = simulator.catalogue.albums[0].artists[0]
    found = await get("/url", resource=spotify("artist", artist), inc="artist-rels")
    assert found["resource"] == spotify("artist", artist)
    [relation] = found["relations"]
    assert (relation["direction"], relation["target-type"]) == ("backward", "artist")
    assert relation["artist"]["id"] == ARTIST


async def test_one_url_that_is_unknown_is_not_found(refusal):
    said = await refusal("/url", resource="https://open.spotify.com/artist/nobody")
    assert said == (404, "Not Found")


async def test_many_urls_are_a_list_by_id_without_the_unknown(get, simulator):
    album = simulator.catalogue.albums[0]
    asked = [
        spotify("track", album.tracks[0]),
        "https://open.spotify.com/artist/nobody",
        spotify("album", album),
        spotify("artist", album.artists[0]),
        spotify("album", album),
    ]
    found = await get("/url", resource=asked, inc="artist-rels+release-rels+recording-rels")
    assert (found["url-count"], found["url-offset"], len(found["urls"])) == (3, 0, 3)
    assert ids(found["urls"]) == sorted(ids(found["urls"]))
    targets = {
        relation[relation["target-type"]]["id"]
        for url in found["urls"]
        for relation in url["relations"]
    }
    assert targets == {ARTIST, RELEASE, RECORDING}


async def test_urls_tell_only_the_relations_asked_for(get, simulator):
    resource = spotify("album", simulator.catalogue.albums[0])
    assert set(await get("/url", resource=resource)) == {"id", "resource"}
    assert (await get("/url", resource=resource, inc="artist-rels"))["relations"] == []


async def test_an_address_is_the_same_in_capitals(get, simulator):
    resource = spotify("album", simulator.catalogue.albums[0])
    loud = resource.replace("https://open.spotify.com", "HTTPS://Open.Spotify.COM")
    assert await get("/url", resource=loud) == await get("/url", resource=resource)


async def test_urls_past_the_hundredth_are_dropped_and_nobody_is_told(get, library):
    library_urls = [*library.urls]
    found = await get("/url", resource=[*["https://x.invalid/"] * 99, *library_urls[:2]])
    assert [url["resource"] for url in found["urls"]] == library_urls[:1]


async def test_many_urls_none_of_them_known_are_an_empty_list(get):
    found = await get("/url", resource=["https://x.invalid/1", "https://x.invalid/2"])
    assert found == {"url-count": 0, "url-offset": 0, "urls": []}


async def test_no_url_at_all_is_refused(refusal):
    status, error = await refusal("/url")
    assert (status, error[:40]) == (400, "The given parameters do not match any av")


# Elsewhere


async def test_what_is_not_there_is_refused_in_its_own_words(musicbrainz):
    lost = await musicbrainz.get("/series/x")
    assert (lost.status_code, lost.json()) == (404, {"error": "Not Found", "help": HELP})
    posted = await musicbrainz.post("/recording")
    assert (posted.status_code, posted.headers["allow"]) == (405, "GET")
    assert posted.json()["help"] == HELP
