"""Records: what is known of a thing, and what is not."""

import pytest

from loaders import UNKNOWN, Album, Artist, Image, Page, Track

ARTIST = Artist(id="spotify:artist:A", name="Ana", url=None)
ALBUM = Album(
    id="spotify:album:B",
    name="One",
    url="https://example.org/B",
    release_date="1999-12",
    images=(Image("https://example.org/i", 64, 64),),
    artists=(ARTIST,),
    album_type="single",
)
TRACK = Track(
    id="spotify:track:C",
    name="Two",
    url=None,
    duration_ms=1000,
    explicit=False,
    disc_number=1,
    track_number=1,
    artists=(ARTIST,),
)


@pytest.mark.parametrize("record", [ARTIST, ALBUM, TRACK])
def test_a_record_knows_its_provider_kind_and_native_id_from_its_id(record):
    assert f"{record.provider}:{record.kind}:{record.native}" == record.id


@pytest.mark.parametrize("record", [ARTIST, ALBUM, TRACK])
def test_records_are_frozen_and_equal_by_value(record):
    with pytest.raises(AttributeError):
        record.name = "other"
    again = type(record)(**{name: getattr(record, name) for name in record.__struct_fields__})
    assert len({record, again}) == 1


def test_a_record_is_complete_when_no_field_is_unknown():
    told = {"genres": None, "images": (), "popularity": None, "followers": None, "country": None}
    assert not ARTIST.is_complete
    assert Artist(id="spotify:artist:A", name="Ana", url=None, **told).is_complete
    for field in told:
        rest = {**told, field: UNKNOWN}
        assert not Artist(id="spotify:artist:A", name="Ana", url=None, **rest).is_complete


@pytest.mark.parametrize(
    ("offset", "limit", "items"),
    [
        (10, 5, ("a", "b", "c", "d", "e")),
        (12, 2, ("c", "d")),
        (9, 2, None),  # begins before
        (14, 2, None),  # ends after
        (15, 1, None),
    ],
)
def test_a_page_is_cut_only_from_what_it_holds(offset, limit, items):
    page = Page(tuple("abcde"), total=99, offset=10)
    cut = page.cut(offset, limit)
    assert cut == (None if items is None else Page(items, 99, offset))


def test_the_last_page_holds_everything_after_it():
    page = Page(("a", "b"), total=2, offset=0)
    assert page.cut(0, 50) == page
    assert page.cut(1, 50) == Page(("b",), 2, 1)
    assert page.cut(2, 50) == Page((), 2, 2)
    assert page.cut(7, 50) == Page((), 2, 7)


def test_a_page_of_unknown_length_holds_only_its_items():
    page = Page(("a", "b"), total=None, offset=0)
    assert page.cut(0, 2) == page
    assert page.cut(0, 3) is None
