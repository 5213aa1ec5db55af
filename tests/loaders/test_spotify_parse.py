"""Spotify's JSON and the records it becomes, down to what is wrong with it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders import UNKNOWN, Album, Artist, BadResponseError, Image, Page, SearchPages, Track
from loaders.spotify import parse

A, B, C, D = "A" * 22, "B" * 22, "C" * 22, "D" * 22

ARTIST = {
    "id": A,
    "name": "Ana",
    "type": "artist",
    "external_urls": {"spotify": "https://open.spotify.com/artist/A"},
}
FULL_ARTIST = {
    **ARTIST,
    "genres": ["fado"],
    "images": [{"url": "https://i/1", "width": 64, "height": None}],
    "popularity": 7,
    "followers": {"href": None, "total": 9},
}
PARTIAL_TRACK = {
    "id": C,
    "name": "One",
    "artists": [ARTIST],
    "duration_ms": 1000,
    "explicit": True,
    "disc_number": 1,
    "track_number": 2,
    "external_urls": {"spotify": "https://open.spotify.com/track/C"},
}
PARTIAL_ALBUM = {
    "id": B,
    "name": "Best",
    "artists": [ARTIST],
    "album_type": "single",
    "release_date": "1999-12",
    "release_date_precision": "month",
    "images": [],
    "total_tracks": 1,
    "external_urls": {"spotify": "https://open.spotify.com/album/B"},
}
FULL_TRACK = {
    **PARTIAL_TRACK,
    "external_ids": {"isrc": "USRC17607839"},
    "popularity": 5,
    "album": PARTIAL_ALBUM,
}
FULL_ALBUM = {
    **PARTIAL_ALBUM,
    "external_ids": {"upc": "123"},
    "label": "Own",
    "popularity": 3,
    "tracks": {"items": [PARTIAL_TRACK], "total": 1, "limit": 50, "offset": 0},
}

ANA = Artist(
    id=f"spotify:artist:{A}", name="Ana", url="https://open.spotify.com/artist/A", country=None
)
ONE = Track(
    id=f"spotify:track:{C}",
    name="One",
    url="https://open.spotify.com/track/C",
    duration_ms=1000,
    explicit=True,
    disc_number=1,
    track_number=2,
    artists=(ANA,),
)
BEST = Album(
    id=f"spotify:album:{B}",
    name="Best",
    url="https://open.spotify.com/album/B",
    release_date="1999-12",
    images=(),
    artists=(ANA,),
    album_type="single",
    total_tracks=1,
)


def as_json(value):
    return json.dumps(value).encode()


def with_fields(record, **fields):
    told = {name: getattr(record, name) for name in record.__struct_fields__}
    return type(record)(**{**told, **fields})


ANA_IN_FULL = with_fields(
    ANA, genres=("fado",), images=(Image("https://i/1", 64, None),), popularity=7, followers=9
)
ONE_IN_FULL = with_fields(ONE, isrc="USRC17607839", popularity=5, album=BEST)
BEST_IN_FULL = with_fields(
    BEST, upc="123", label="Own", popularity=3, tracks=Page((ONE,), total=1, offset=0)
)


@pytest.mark.parametrize(
    ("kind", "wire", "record"),
    [
        (parse.TRACKS, FULL_TRACK, ONE_IN_FULL),
        (parse.ARTISTS, FULL_ARTIST, ANA_IN_FULL),
        (parse.ALBUMS, FULL_ALBUM, BEST_IN_FULL),
    ],
)
def test_a_full_answer_tells_every_field(kind, wire, record):
    native = wire["id"]
    assert kind.parse_one(as_json(wire), native) == record
    assert kind.parse_many(as_json({kind.plural: [wire]}), [native]) == [record]
    assert record.is_complete


def test_what_is_inside_another_answer_tells_what_it_tells():
    [track] = parse.TRACKS.parse_many(as_json({"tracks": [FULL_TRACK]}), [C])
    [artist], album = track.artists, track.album
    assert (artist.genres, artist.images, artist.popularity) == (UNKNOWN, UNKNOWN, UNKNOWN)
    assert artist.country is None  # Spotify never tells, so it is not worth a call
    assert (album.upc, album.label, album.popularity, album.tracks) == (UNKNOWN,) * 4
    assert (album.total_tracks, album.release_date) == (1, "1999-12")


def test_a_full_answer_without_a_field_tells_that_there_is_none():
    bare = {"id": A, "name": "Ana"}
    artist = parse.ARTISTS.parse_one(as_json(bare), A)
    assert artist == with_fields(
        ANA, url=None, genres=None, images=(), popularity=None, followers=None
    )
    track = parse.TRACKS.parse_one(as_json({**bare, "artists": []}), A)
    assert (track.isrc, track.popularity, track.album, track.duration_ms) == (None,) * 4
    album = parse.ALBUMS.parse_one(as_json({**bare, "artists": []}), A)
    assert (album.upc, album.label, album.popularity, album.total_tracks) == (None,) * 4
    assert album.tracks is UNKNOWN
    assert artist.is_complete
    assert track.is_complete
    assert album.is_complete


def test_a_partial_album_without_a_count_leaves_it_unknown():
    partial = {key: value for key, value in PARTIAL_ALBUM.items() if key != "total_tracks"}
    page = parse.album_page(as_json({"items": [partial], "total": 1}), 0)
    assert page.items[0].total_tracks is UNKNOWN


@pytest.mark.parametrize(
    ("said", "date"),
    [("1999", "1999"), ("0000", None), ("0000-00-00", None), ("", None), (None, None)],
)
def test_an_unknown_date_is_none(said, date):
    album = parse.ALBUMS.parse_one(as_json({**FULL_ALBUM, "release_date": said}), B)
    assert album.release_date == date


def test_outcomes_stand_where_their_ids_stood_and_null_is_none():
    body = as_json({"artists": [None, FULL_ARTIST, None]})
    assert parse.ARTISTS.parse_many(body, [B, A, C]) == [None, ANA_IN_FULL, None]


def test_an_id_asked_twice_is_answered_twice():
    body = as_json({"artists": [FULL_ARTIST, FULL_ARTIST]})
    assert parse.ARTISTS.parse_many(body, [A, A]) == [ANA_IN_FULL, ANA_IN_FULL]


def test_what_was_relinked_or_merged_keeps_the_id_that_was_asked():
    relinked = {**FULL_TRACK, "id": B, "linked_from": {"id": C}}
    [track] = parse.TRACKS.parse_many(as_json({"tracks": [relinked]}), [C])
    assert track == ONE_IN_FULL
    merged = as_json({"artists": [FULL_ARTIST, FULL_ARTIST]})
    first, second = parse.ARTISTS.parse_many(merged, [B, A])
    assert (first.native, second.native) == (B, A)


def test_two_tracks_relinked_to_each_other_keep_their_places():
    there, back = {"id": B, "linked_from": {"id": A}}, {"id": A, "linked_from": {"id": B}}
    body = as_json({"tracks": [{**FULL_TRACK, **there}, {**FULL_TRACK, **back}]})
    assert [track.native for track in parse.TRACKS.parse_many(body, [A, B])] == [A, B]


def test_an_answer_in_another_order_is_read_by_its_ids():
    body = as_json({"artists": [{**FULL_ARTIST, "id": B}, None, {**FULL_ARTIST, "id": A}]})
    found = parse.ARTISTS.parse_many(body, [A, B, C])
    assert [artist and artist.native for artist in found[:2]] == [A, B]
    # Whose place it is that is empty, nobody can tell.
    assert str(found[2]) == "spotify: expected 3 artists, one per id, got 3 others"


def test_an_answer_with_nothing_of_what_was_asked_is_a_bad_response():
    with pytest.raises(BadResponseError) as caught:
        parse.ARTISTS.parse_many(as_json({"artists": []}), [A, B])
    assert str(caught.value) == "spotify: expected 2 artists, one per id, got 0 others"


@pytest.mark.parametrize("count", [1, 3])
def test_in_an_answer_of_another_length_places_mean_nothing(count):
    body = as_json({"artists": [FULL_ARTIST] * count})
    found, lost = parse.ARTISTS.parse_many(body, [A, B])
    assert found == ANA_IN_FULL
    assert str(lost) == f"spotify: expected 2 artists, one per id, got {count} others"


def test_a_bad_item_fails_its_own_key_only():
    body = as_json({"artists": [FULL_ARTIST, {**FULL_ARTIST, "name": 5}, None, "junk"]})
    good, bad, nothing, junk = parse.ARTISTS.parse_many(body, [A, B, C, D])
    assert (good, nothing) == (ANA_IN_FULL, None)
    assert isinstance(bad, BadResponseError)
    assert str(bad) == (
        "spotify: expected one of the artists, got another: Expected `str`, got `int` - at `$.name`"
    )
    assert str(junk) == (
        "spotify: expected one of the artists, got another: Expected `object`, got `str`"
    )


# As long as an id, and none: it could lead a later call elsewhere.
ASTRAY = "../../me/playlists/AAAA"[:22]


@pytest.mark.parametrize(
    "inside",
    [
        {"artists": [{**ARTIST, "id": ASTRAY}]},
        {"artists": [{**ARTIST, "id": "\N{LATIN SMALL LETTER E WITH ACUTE}" * 22}]},
        {"album": {**PARTIAL_ALBUM, "id": ASTRAY}},
        {"album": {**PARTIAL_ALBUM, "id": A, "artists": [{**ARTIST, "id": ASTRAY}]}},
    ],
)
def test_an_id_inside_an_item_that_could_not_be_asked_for_fails_that_item_only(inside):
    bad, good = {**FULL_TRACK, **inside, "id": D}, {**FULL_TRACK, "id": C}
    outcomes = parse.TRACKS.parse_many(as_json({"tracks": [good, bad, None]}), [C, D, A])
    assert [type(outcome) for outcome in outcomes] == [Track, BadResponseError, type(None)]
    with pytest.raises(BadResponseError, match="ids of letters and digits"):
        parse.TRACKS.parse_one(as_json(bad), D)


def test_an_id_in_a_list_that_could_not_be_asked_for_spoils_the_list():
    listed = {"items": [PARTIAL_TRACK, {**PARTIAL_TRACK, "id": ASTRAY}], "total": 2}
    with pytest.raises(BadResponseError, match="ids of letters and digits"):
        parse.track_page(as_json(listed), 0)
    (album,) = parse.ALBUMS.parse_many(as_json({"albums": [{**FULL_ALBUM, "tracks": listed}]}), [B])
    assert isinstance(album, BadResponseError)


@pytest.mark.parametrize("evil", ["", "../me", f"{A},{B}", f"{A}\n", A + "a", "é" * 22, 7, None])
def test_an_id_that_could_not_be_asked_for_is_a_bad_item(evil):
    body = as_json({"tracks": [{**FULL_TRACK, "artists": [{**ARTIST, "id": evil}]}]})
    [bad] = parse.TRACKS.parse_many(body, [C])
    assert isinstance(bad, BadResponseError)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'{"tracks": [',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"tracks": ' + b"[" * 100_000,
        b"null",
        b"[]",
        b"{}",
        b'{"artists": []}',
        b'{"tracks": 5}',
        b'{"tracks": null}',
        b'{"tracks": {"0": null}}',
        b'{"error": {"status": 500}}',
        b'{"tracks": [null]} trailing',
    ],
)
def test_junk_is_a_bad_response_as_a_whole(body):
    for ask in (
        lambda: parse.TRACKS.parse_many(body, [A]),
        lambda: parse.TRACKS.parse_one(body, A),
        lambda: parse.track_page(body, 0),
        lambda: parse.album_page(body, 0),
        lambda: parse.search_pages(body, ("track",), 0),
    ):
        with pytest.raises(BadResponseError):
            ask()


@given(st.binary())
def test_no_bytes_at_all_are_anything_but_records_or_a_bad_response(body):
    try:
        parse.TRACKS.parse_many(body, [A])
    except BadResponseError as error:
        assert error.code == "UPSTREAM_BAD_RESPONSE"  # noqa: PT017  most are, not all


def test_a_page_leaves_out_what_cannot_be_shown_and_knows_where_it_stands():
    body = as_json({"items": [None, PARTIAL_TRACK], "total": 9, "offset": 3})
    assert parse.track_page(body, 3) == Page((ONE,), total=9, offset=3)
    assert parse.album_page(as_json({"items": [PARTIAL_ALBUM]}), 0) == Page((BEST,), None, 0)


def test_a_listed_track_that_was_relinked_keeps_its_own_id():
    relinked = {**PARTIAL_TRACK, "id": B, "linked_from": {"id": C}}
    assert parse.track_page(as_json({"items": [relinked]}), 0).items == (ONE,)


def test_a_search_tells_full_tracks_and_artists_and_partial_albums():
    body = as_json(
        {
            "tracks": {"items": [FULL_TRACK], "total": 1},
            "artists": {"items": [FULL_ARTIST], "total": 2},
            "albums": {"items": [PARTIAL_ALBUM], "total": 3},
        }
    )
    assert parse.search_pages(body, ("album", "artist", "track"), 4) == SearchPages(
        tracks=Page((ONE_IN_FULL,), 1, 4),
        artists=Page((ANA_IN_FULL,), 2, 4),
        albums=Page((BEST,), 3, 4),
    )


def test_a_search_without_a_kind_that_was_asked_is_a_bad_response():
    with pytest.raises(BadResponseError) as caught:
        parse.search_pages(as_json({"tracks": {"items": []}}), ("artist", "track"), 0)
    assert str(caught.value) == "spotify: expected a page of artists, got none"
