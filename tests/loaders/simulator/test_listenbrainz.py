"""ListenBrainz, simulated: its traps, and its answers held against those of its documentation."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from loaders.simulator.musicbrainz_facts import happens
from tests.shapes import differences

NOBODY = "00000000-0000-4000-8000-000000000000"
ANSWERS = {
    each["request"]: each["body"]
    for each in json.loads(
        (Path(__file__).parents[2] / "data" / "listenbrainz-answers.json").read_text("utf-8")
    )
}
POPULARITY, METADATA = "/popularity/recording", "/metadata/recording/"


@pytest.fixture
async def listenbrainz(simulator):
    transport = httpx.ASGITransport(simulator)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://simulator.invalid/1"
    ) as client:
        yield client


@pytest.fixture
def library(simulator):
    return simulator.listenbrainz.library


@pytest.fixture
def mbids(library):
    return list(library.recordings)


@pytest.fixture
def ask(listenbrainz):
    async def ask(path, mbids, **more):
        return await listenbrainz.post(path, json={"recording_mbids": mbids, **more})

    return ask


@pytest.fixture
def get(listenbrainz):
    async def get(word, mbids):
        params = {f"{word}_mbids": ",".join(mbids)}
        return (await listenbrainz.get(f"/metadata/{word}/", params=params)).json()

    return get


async def test_popularity_keeps_the_order_and_counts_null_for_what_nobody_heard(ask, mbids):
    silent = next(mbid for mbid in mbids if happens(mbid, "never heard"))
    heard = next(mbid for mbid in mbids if not happens(mbid, "never heard"))
    answer = await ask(POPULARITY, [silent, NOBODY, heard])
    told = answer.json()
    assert [each["recording_mbid"] for each in told] == [silent, NOBODY, heard]
    assert [each["total_listen_count"] is None for each in told] == [True, True, False]
    assert [each["total_user_count"] is None for each in told] == [True, True, False]


async def test_metadata_is_an_object_that_leaves_out_what_is_unknown_or_was_merged(
    ask, library, mbids
):
    old = next(iter(library.merged["recording"]))
    answer = await ask(METADATA, [NOBODY, old, mbids[3]], inc="tag")
    assert list(answer.json()) == [mbids[3]]


@pytest.mark.parametrize("path", [POPULARITY, METADATA])
async def test_one_id_that_is_none_fails_all(ask, mbids, path):
    answer = await ask(path, [mbids[0], "x"])
    assert (answer.status_code, answer.json()["code"]) == (400, 400)
    assert " x is not valid." in answer.json()["error"]


@pytest.mark.parametrize("path", [POPULARITY, METADATA])
async def test_a_thousand_ids_and_no_more_and_not_none(ask, mbids, path):
    assert [(await ask(path, mbids[:count])).status_code for count in (1000, 1001, 0)] == [
        *(200, 400, 400)
    ]


async def test_parts_that_nobody_knows_are_refused(ask, mbids):
    assert (await ask(METADATA, mbids[:1], inc="tag covers")).json() == {
        "code": 400,
        "error": "invalid inc argument 'covers'. "
        "Must be one of artist, tag, release, recording, release_group.",
    }


async def test_a_body_that_is_no_json_is_refused(listenbrainz):
    answer = await listenbrainz.post(POPULARITY, content=b"{")
    assert answer.status_code == 400


async def test_every_answer_tells_the_limit_and_the_31st_call_in_ten_seconds_is_one_too_many(
    ask, mbids
):
    limits = [(await ask(POPULARITY, mbids[:1])).headers for _ in range(30)]
    assert [limit["x-ratelimit-remaining"] for limit in limits] == [
        str(29 - place) for place in range(30)
    ]
    await asyncio.sleep(2.5)
    refused = await ask(POPULARITY, mbids[:1])
    assert (refused.status_code, refused.json()["code"]) == (429, 429)
    assert refused.headers["x-ratelimit-limit"] == "30"
    assert refused.headers["x-ratelimit-reset-in"] == "8"
    await asyncio.sleep(7.5)
    assert (await ask(POPULARITY, mbids[:1])).status_code == 200


async def test_artists_are_a_list_in_an_order_of_its_own(get, library):
    mbids = list(library.artists)[:3]
    old = next(iter(library.merged["artist"]))
    told = await get("artist", [*mbids, old, NOBODY, mbids[0]])
    assert [each["artist_mbid"] for each in told] == sorted(mbids)


@pytest.mark.parametrize("word", ["artist", "release_group"])
async def test_in_a_url_one_id_that_is_none_fails_all_and_more_than_a_thousand_break_it(
    listenbrainz, library, word
):
    name, mbid = f"{word}_mbids", next(iter(library.artists))
    answer = await listenbrainz.get(f"/metadata/{word}/", params={name: f"{mbid},x"})
    assert (answer.status_code, answer.json()["code"]) == (400, 400)
    answer = await listenbrainz.get(f"/metadata/{word}/", params={name: ",".join([NOBODY] * 1001)})
    assert answer.status_code == 500
    assert (await listenbrainz.get(f"/metadata/{word}/")).status_code == 400


async def test_a_recording_is_as_documented(ask, mbids):
    ours = (await ask(METADATA, mbids[:200], inc="tag release")).json()
    theirs = ANSWERS[f"POST /1{METADATA}"]
    assert differences(list(ours.values()), list(theirs.values())) == {
        ".artist: never",  # is never asked for
        ".release.caa_id: null",  # nobody has sent one in
        ".release.caa_release_mbid: null",
        ".tag.artist: never",  # of what it belongs to: is not read
        ".tag.release_group: never",
    }


async def test_an_artist_is_as_documented(get, library):
    ours = await get("artist", list(library.artists)[:200])
    names = ("lyrics", "official homepage", "purchase for download", "social network", "streaming")
    assert differences(ours, ANSWERS["GET /1/metadata/artist/"]) == {
        ".area: not always",
        ".begin_year: not always",
        ".type: not always",
        ".rels.free streaming: not always",
        ".rels.wikidata: not always",
        *(f".rels.{name}: never" for name in (*names, "youtube")),
    }


async def test_a_release_group_is_as_documented(get, library):
    ours = await get("release_group", list(library.groups)[:200])
    theirs = ANSWERS["GET /1/metadata/release_group/"]
    assert differences(list(ours.values()), list(theirs.values())) == {
        ".artist: never",  # none of these is asked for
        ".release: never",
        ".tag: never",
        ".release_group.caa_id: null",
        ".release_group.caa_release_mbid: null",
        ".release_group.date: not always",
    }


async def test_popularity_is_as_documented(ask, mbids):
    ours = (await ask(POPULARITY, mbids[:200])).json()
    assert differences(ours, ANSWERS[f"POST /1{POPULARITY}"]) == set()
