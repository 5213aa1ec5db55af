"""ListenBrainz's client: what it sends, how it reads what comes, what it does about refusals."""

import json
from pathlib import Path

import msgspec
import pytest

from loaders import (
    BadResponseError,
    Enrichment,
    InvalidIdError,
    RateLimitedError,
    RejectedError,
    Tag,
    UnavailableError,
)
from loaders.covers import cover_images
from loaders.decoding import decode
from loaders.errors import BadKeyError
from loaders.listenbrainz import parse, wire
from loaders.simulator.coverart import art_of, picture_of
from loaders.simulator.musicbrainz_facts import happens, wikidata_of

NOBODY = "00000000-0000-4000-8000-000000000000"
RECORDED = {
    each["request"]: msgspec.json.encode(each["body"])
    for each in json.loads(
        (Path(__file__).parents[1] / "data" / "listenbrainz-answers.json").read_text("utf-8")
    )
}


@pytest.fixture
def library(simulator):
    return simulator.musicbrainz.library


@pytest.fixture
def mbids(library):
    return list(library.recordings)


@pytest.fixture
def load(providers):
    """Load keys of one of ListenBrainz's resources, each time as another request."""

    async def load(resource, keys):
        return await providers.loaders().load(resource, [("listenbrainz", key) for key in keys])

    return load


def sent(simulator):
    return [(call.time, call.route, len(call.ids), call.status) for call in simulator.calls]


async def test_1001_recordings_are_two_calls_a_third_of_a_second_apart(simulator, load, mbids):
    found = await load("listens", mbids[:1001])
    assert len(found) == 1001
    assert sent(simulator) == [
        (0.0, "POST /1/popularity/recording", 1000, 200),
        (1 / 3, "POST /1/popularity/recording", 1, 200),
    ]


async def test_what_nobody_listened_to_is_none_and_so_is_what_is_unknown_or_was_merged(
    simulator, load, library
):
    old, new = next(iter(library.merged["recording"].items()))
    heard, unheard, by_old_id, unknown = await load("listens", [new, silent(library), old, NOBODY])
    assert heard > 0
    assert (unheard, by_old_id, unknown) == (None, None, None)
    assert len(simulator.calls) == 1


def silent(library):
    return next(mbid for mbid in library.recordings if happens(mbid, "never heard"))


async def test_tags_come_by_votes_and_say_which_are_genres(load, mbids):
    [found] = await load("recordings", [mbids[0]])
    assert found.tags == (
        Tag("indie pop", 10, is_genre=True, source="listenbrainz"),
        Tag("downtempo", 8, is_genre=True, source="listenbrainz"),
        Tag("soul", 7, is_genre=True, source="listenbrainz"),
        Tag("indie rock", 3, is_genre=True, source="listenbrainz"),
    )


async def test_a_recording_brings_the_cover_of_a_release_and_says_of_which(load, library, mbids):
    [found] = await load("recordings", [mbids[0]])
    release = library.recordings[mbids[0]].places[0].release
    assert found.images == cover_images(release.mbid, picture_of(release))
    assert found.cover_of == (release.mbid, release.group.mbid)


async def test_release_groups_bring_the_cover_of_one_of_their_releases(simulator, load, library):
    groups = [
        group
        for group in library.groups.values()
        if not happens(group.mbid, "too new for ListenBrainz")
    ][:101]
    found = await load("release_groups", [group.mbid for group in groups])
    assert [(route, count) for _, route, count, _ in sent(simulator)] == [
        ("GET /1/metadata/release_group/", 100),
        ("GET /1/metadata/release_group/", 1),
    ]
    for group, told in zip(groups, found, strict=True):
        release = art_of(group)
        images = cover_images(release.mbid, picture_of(release)) if release else ()
        assert told == Enrichment(images=images)


async def test_a_group_that_it_does_not_know_yet_is_none(load, library):
    new = next(mbid for mbid in library.groups if happens(mbid, "too new for ListenBrainz"))
    assert await load("release_groups", [new, NOBODY]) == [None, None]


@pytest.mark.parametrize("resource", ["listens", "recordings"])
async def test_an_id_that_is_none_fails_alone_and_is_never_sent(simulator, load, mbids, resource):
    found = await load(resource, ["../../me", mbids[0]])
    assert isinstance(found[0], InvalidIdError)
    assert not isinstance(found[1], Exception)
    [call] = simulator.calls
    assert call.ids == (mbids[0],)
    await load(resource, ["none"])
    assert len(simulator.calls) == 1


async def test_a_429_tells_by_its_own_header_when_to_come_back_and_all_wait_until_then(
    simulator, load, mbids
):
    headers = {"x-ratelimit-reset-in": "7", "x-ratelimit-remaining": "0", "retry-after": "60"}
    simulator.fault("POST /1/popularity/recording", status=429, headers=headers, times=1)
    [outcome] = await load("listens", mbids[:1])
    assert isinstance(outcome, int)
    assert [(time, status) for time, _, _, status in sent(simulator)] == [(0.0, 429), (7.0, 200)]


async def test_a_limit_that_is_reached_is_waited_out(simulator, load, mbids):
    simulator.listenbrainz.calls_per_window = 2
    found = [await load(resource, mbids[:1]) for resource in ("listens", "recordings") * 2]
    assert not any(isinstance(outcome, Exception) for [outcome] in found)
    # The third is refused, and told when the window that began with the first is over.
    assert [(round(time, 3), status) for time, _, _, status in sent(simulator)] == [
        *((0.0, 200), (0.333, 200), (0.667, 429), (10.667, 200), (11.0, 200))
    ]


async def test_429s_without_end_are_a_rate_limit(simulator, load, mbids):
    headers = {"x-ratelimit-reset-in": "7"}
    simulator.fault("POST /1/popularity/recording", status=429, headers=headers)
    [outcome] = await load("listens", mbids[:1])
    assert isinstance(outcome, RateLimitedError)
    assert (outcome.retry_after, str(outcome)) == (7.0, "listenbrainz takes no calls for 7 s")


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, None, BadKeyError),
        (403, None, RejectedError),
        (500, None, UnavailableError),
        (200, "{", BadResponseError),
        (200, {"error": "?"}, BadResponseError),
        (200, [{"recording_mbid": "../..", "total_listen_count": 1}], BadResponseError),
    ],
)
async def test_what_is_no_answer_is_an_error_of_every_key(simulator, load, status, body, kind):
    simulator.fault("POST /1/popularity/recording", status=status, body=body)
    outcomes = await load("listens", list(simulator.musicbrainz.library.recordings)[:2])
    assert [type(outcome) for outcome in outcomes] == [kind, kind]
    assert {outcome.provider for outcome in outcomes} == {"listenbrainz"}


# Artists


async def test_artists_come_a_hundred_to_a_url_and_lead_to_wikidata(simulator, load, library):
    mbids = list(library.artists)
    found = await load("about_artists", mbids[:101])
    assert [(route, count) for _, route, count, _ in sent(simulator)] == [
        ("GET /1/metadata/artist/", 100),
        ("GET /1/metadata/artist/", 1),
    ]
    assert simulator.calls[0].params["inc"] == "tag"
    assert found[0] == Enrichment(
        tags=(Tag("experimental", 3, is_genre=True, source="listenbrainz"),),
        wikidata=wikidata_of(mbids[0]),
    )
    assert [it.wikidata for it in found] == [
        wikidata_of(mbid) if is_linked(library.artists[mbid]) else None for mbid in mbids[:101]
    ]


def is_linked(artist):
    return any("wikidata" in link.url.resource and not link.is_ended for link in artist.links)


async def test_unknown_and_merged_artists_are_none(load, library):
    old = next(iter(library.merged["artist"]))
    assert await load("about_artists", [NOBODY, old]) == [None, None]


# What was recorded


def test_a_recorded_recording_is_read():
    told = decode(
        "listenbrainz",
        dict[wire.Id, wire.Recording],
        RECORDED["POST /1/metadata/recording/"],
    )
    [found] = [parse.recording(each) for each in told.values()]
    assert [(tag.name, tag.is_genre) for tag in found.tags] == [
        ("kitchen sink", False),
        ("rainy", True),
        ("uptempo", True),
    ]


def test_recorded_covers_are_read():
    of_recording = decode(
        "listenbrainz",
        dict[wire.Id, wire.Recording],
        RECORDED["POST /1/metadata/recording/"],
    )
    of_group = decode(
        "listenbrainz",
        dict[wire.Id, wire.Group],
        RECORDED["GET /1/metadata/release_group/"],
    )
    cover = cover_images("76df3287-6cda-33eb-8e9a-044b5e15ffdd", 829521842)
    [recording] = map(parse.recording, of_recording.values())
    assert recording.images == cover
    assert recording.cover_of == (
        "76df3287-6cda-33eb-8e9a-044b5e15ffdd",
        "48140466-cff6-3222-bd55-63c27e43190d",
    )
    assert [parse.release_group(it).images for it in of_group.values()] == [cover]


def test_recorded_listens_are_read():
    told = decode("listenbrainz", list[wire.Heard], RECORDED["POST /1/popularity/recording"])
    assert [parse.listens(each) for each in told] == [1000, None]


def test_a_recorded_artist_is_read():
    [told] = decode("listenbrainz", list[wire.Artist], RECORDED["GET /1/metadata/artist/"])
    found = parse.artist(told)
    assert (told.artist_mbid, found.wikidata) == (
        "8f6bd1e4-fbe1-4f50-aa9b-94c450ec0f11",
        "Q191352",
    )
    assert [tag.is_genre for tag in found.tags] == [True, True, False]
