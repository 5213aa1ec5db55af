"""MusicBrainz's search: the query language, what it finds, and in which order."""

import pytest

from loaders.simulator.musicbrainz_query import QuerySyntaxError, parse_query, terms

RECORDING = "3a65deaa-5da3-4c22-9f96-934d5e3f18bd"
RELEASE = "97fb30d6-535a-4f06-a196-ace4bdc85232"
ARTIST = "adb1639b-4082-4244-820c-9bd6d9f04c2d"


@pytest.fixture
def library(simulator):
    return simulator.musicbrainz.library


@pytest.fixture
def search(musicbrainz):
    async def search(kind, query, **params):
        answer = await musicbrainz.get(f"/{kind}", params={"query": query, **params})
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/json"
        return answer.json()

    return search


@pytest.fixture
def titles(search):
    async def titles(kind, query, **params):
        found = (await search(kind, query, limit=100, **params))[f"{kind}s"]
        return [hit.get("title") or hit["name"] for hit in found]

    return titles


def ids(entities):
    return [entity["id"] for entity in entities]


# By id


async def test_a_hundred_recordings_are_found_in_one_call_in_an_order_of_its_own(search, library):
    asked = [*library.recordings][:100]
    found = await search("recording", f"rid:({' OR '.join(asked)})", limit=100)
    assert (found["count"], found["offset"]) == (100, 0)
    assert sorted(ids(found["recordings"])) == sorted(asked)
    assert ids(found["recordings"]) != asked
    assert {hit["score"] for hit in found["recordings"]} == {100}
    again = await search("recording", f"rid:({' OR '.join(reversed(asked))})", limit=100)
    assert again == found


async def test_what_was_merged_or_is_unknown_is_left_out(search, library):
    old, new = next(iter(library.merged["recording"].items()))
    query = f"rid:({old} OR {RECORDING} OR ffffffff-0000-4000-8000-000000000000)"
    found = await search("recording", query)
    assert (found["count"], ids(found["recordings"])) == (1, [RECORDING])
    assert ids((await search("recording", f"rid:{new}"))["recordings"]) == [new]


async def test_releases_artists_and_groups_are_found_by_id_as_well(search, library):
    group = library.releases[RELEASE].group.mbid
    for kind, field, mbid in (
        ("release", "reid", RELEASE),
        ("artist", "arid", ARTIST),
        ("release-group", "rgid", group),
    ):
        [hit] = (await search(kind, f"{field}:{mbid}"))[f"{kind}s"]
        assert (hit["id"], hit["score"]) == (mbid, 100)


async def test_one_kind_is_found_by_the_ids_of_another(search, library):
    tracks = library.releases[RELEASE].discs[0]
    songs = (await search("recording", f"reid:{RELEASE}"))["recordings"]
    assert set(ids(songs)) == {place.recording.mbid for place in tracks}
    assert (await search("recording", f"arid:{ARTIST}"))["count"] >= 10
    assert ids((await search("recording", f"tid:{tracks[0].mbid}"))["recordings"]) == [RECORDING]
    assert RELEASE in ids((await search("release", f"arid:{ARTIST}"))["releases"])


async def test_isrcs_find_their_recordings_each_as_often_as_it_has_some(search):
    found = await search("recording", "isrc:(GBQ171900001 OR GBQ391900003 OR ZZZZZ0000000)")
    isrcs = sorted(hit["isrcs"] for hit in found["recordings"])
    assert isrcs == [["GBQ171900001"], ["GBQ391900003"], ["GBQ391900003"]]


async def test_a_barcode_is_found_in_its_own_spelling_only(search):
    found = await search("release", "barcode:0445976092824")
    assert [hit["barcode"] for hit in found["releases"]] == ["0445976092824"]
    assert (await search("release", "barcode:445976092824"))["count"] == 0
    both = await search("release", "barcode:(445976092824 OR 0445976092824)")
    assert ids(both["releases"]) == [RELEASE]


async def test_what_comes_uncalled_for_and_what_never_does(search):
    [hit] = (await search("recording", f"rid:{RECORDING}", inc="url-rels"))["recordings"]
    assert hit["video"] is None
    assert [name["name"] for name in hit["artist-credit"]] == ["The Lantern Choir", "Inês Marçal"]
    assert hit["releases"][0]["release-group"]["title"] == "Unison Hours"
    assert hit["isrcs"] == ["GBQ171900001"]
    assert "relations" not in hit


# By words


async def test_the_best_comes_first_with_a_score_of_100(search):
    found = (await search("recording", "many voices one line"))["recordings"]
    assert (found[0]["id"], found[0]["score"]) == (RECORDING, 100)
    scores = [hit["score"] for hit in found]
    assert scores == sorted(scores, reverse=True)
    assert scores[1] < 50


async def test_words_are_found_in_titles_names_and_releases_and_any_of_them_will_do(titles):
    assert "Many Voices, One Line" in await titles("recording", "lantern choir")
    assert "Many Voices, One Line" in await titles("recording", "unison hours")
    assert len(await titles("recording", "rain check")) > len(
        await titles("recording", "rain AND check")
    )


async def test_a_phrase_is_found_as_it_stands(titles):
    found = await titles("recording", 'recording:"rain check"')
    assert found
    assert all("Rain Check" in title for title in found)
    assert await titles("recording", 'recording:"check rain"') == []


async def test_case_accents_and_punctuation_mean_nothing(titles):
    assert await titles("artist", "INES AND marcal") == ["Inês Marçal"]
    assert await titles("recording", 'recording:"cafe des echos"') == ["Café des Échos"] * 2


async def test_scripts_without_blanks_are_found_by_letters(titles):
    assert await titles("recording", "夜のコーラス") == ["夜のコーラス"]


@pytest.mark.parametrize(
    ("kind", "query"),
    [
        ("recording", 'artist:"kestrel vale" AND recording:rain'),
        ("recording", "release:unison AND country:gb AND status:official"),
        ("recording", "comment:radio AND comment:edit"),
        ("recording", "dur:214293 AND firstreleasedate:2019-03-15"),
        ("recording", 'creditname:"ines marcal"'),
        ("release", 'label:"slow harbour" AND date:2019-03-15 AND tracks:10'),
        ("release", "primarytype:album AND secondarytype:compilation AND status:promotion"),
        ("release", 'format:"digital media" AND country:GB'),
        ("release-group", "primarytype:ep AND releasegroup:*"),
        ("artist", "country:gb AND type:group"),
        ("artist", "sortname:marcal"),
        ("artist", "alias:* AND area:kingdom"),
        ("artist", "tag:rock"),
    ],
)
async def test_fields_may_be_named(titles, kind, query):
    assert await titles(kind, query)


async def test_what_must_should_and_must_not_be_found(titles):
    rain = set(await titles("recording", "recording:rain"))
    assert "Rain Check" in rain
    assert not [each for each in await titles("recording", "rain NOT check") if "Check" in each]
    assert await titles("recording", "rain -check") == await titles("recording", "rain NOT check")
    assert set(await titles("recording", "+recording:rain recording:check")) == rain
    assert await titles("recording", "NOT rain") == []


async def test_stars_and_question_marks_stand_for_letters(titles):
    assert all("Lantern" in title for title in await titles("recording", "recording:lant*rn?"))
    assert await titles("recording", r"recording:lant\*") == []


async def test_a_word_that_is_no_word_finds_nothing(titles):
    assert await titles("recording", '"…"') == []


# Pages


@pytest.mark.parametrize(
    ("limit", "length"),
    [(None, 25), (1, 1), (100, 100), (101, 25), (0, 25), (-1, 25), ("x", 25)],
)
async def test_a_limit_outside_1_to_100_is_25(search, limit, length):
    params = {} if limit is None else {"limit": limit}
    found = await search("recording", "the", **params)
    assert len(found["recordings"]) == length
    assert found["count"] > 100


async def test_an_offset_starts_further_down(search):
    first = await search("recording", "the", limit=10)
    rest = await search("recording", "the", limit=5, offset=5)
    assert (rest["offset"], rest["count"]) == (5, first["count"])
    assert rest["recordings"] == first["recordings"][5:]
    assert (await search("recording", "the", offset=99_999))["recordings"] == []


# What is no query


@pytest.mark.parametrize(
    "query",
    [
        *("a AND", "AND b", "(a", "a)", "()", "title:", "a:b:c", '"a', "\\", "a!"),
        *("AC/DC", "date:[2001 TO 2002]", "nofield:x", "(" * 60 + "a" + ")" * 60),
    ],
)
async def test_what_is_no_lucene_is_refused(musicbrainz, query):
    answer = await musicbrainz.get("/recording", params={"query": query})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("Search server could not complete query: Bad request")


async def test_a_query_comes_once(musicbrainz):
    answer = await musicbrainz.get("/recording", params={"query": ["a", "b"]})
    assert answer.status_code == 400
    assert answer.json()["error"] == "Must specify at most 1 query argument"


async def test_a_query_goes_before_a_link(search):
    found = await search("recording", f"rid:{RECORDING}", artist=ARTIST)
    assert found["count"] == 1


@pytest.mark.parametrize(
    ("query", "plain"),
    [
        (r"AC\/DC", ["AC/DC"]),
        (r"a\:b c", ["a:b", "c"]),
        (r'"say \"yes\""', ['say "yes"']),
        ("C++ R&B l'amour", ["C++", "R&B", "l'amour"]),
        ("a^2 b~ c~0.5", ["a", "b", "c"]),
        ("ORchid ANDy", ["ORchid", "ANDy"]),
        ("a && b || !c", ["a", "b", "c"]),
    ],
)
def test_a_query_is_read_as_lucene_reads_it(query, plain):
    assert [term.plain for term in terms(parse_query(query))] == plain


def test_and_binds_what_stands_on_both_sides_of_it():
    clauses = parse_query("a OR b AND c d").clauses
    assert [clause.occur for clause in clauses] == ["should", "must", "must", "should"]


def test_what_cannot_be_read_is_named():
    with pytest.raises(QuerySyntaxError, match=r"cannot read '\[2001 TO 2002\]'"):
        parse_query("date:[2001 TO 2002]")
