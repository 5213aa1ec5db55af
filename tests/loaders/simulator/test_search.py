# ruff: noqa: RUF001 - letters of many scripts
"""Search: what is found, and what comes first."""

import pytest

from loaders.simulator import Catalogue
from loaders.simulator.search import SearchIndex, fold, parse_query

CATALOGUE = Catalogue()
INDEX = SearchIndex(CATALOGUE)


def names(kind, text):
    return [entity.name for entity in INDEX.find(kind, text)]


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Inês Marçal", "ines marcal"),
        ("D'Arcey & O’Dunnigan", "darcey odunnigan"),
        ("Łódź-ÆØÅ", "lodz aeoa"),
        ("İstasyon ışık", "istasyon isik"),
        ("Weißenfels", "weissenfels"),
        ("Ｆｕｌｌ width", "full width"),
        ("🌙", ""),
    ],
)
def test_case_accents_and_punctuation_mean_nothing(text, folded):
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "words", "filters"),
    [
        ("two words", "two words", {}),
        ("rain track:Doxy artist:Miles Davis", "rain", {"track": "Doxy", "artist": "Miles Davis"}),
        ('artist:"Kestrel Vale" salt', "salt", {"artist": "Kestrel Vale"}),
        ("ISRC:gbq171900001 more", "more", {"isrc": "gbq171900001"}),
        ("year:1990-1999", "", {"year": "1990-1999"}),
    ],
)
def test_a_question_has_words_and_filters(text, words, filters):
    assert parse_query(text) == (words, filters)


def test_the_name_itself_comes_first():
    assert names("track", "many voices, one line")[0] == "Many Voices, One Line"
    assert names("artist", "the lantern choir") == ["The Lantern Choir"]
    assert names("album", "UNISON hours") == ["Unison Hours"]
    assert set(names("track", "salt")[:3]) == {"Salt"}


def test_names_that_begin_with_the_words_come_before_those_that_hold_them():
    found = names("track", "paper lanterns")
    begun = [name.startswith("Paper Lanterns") for name in found]
    assert begun == sorted(begun, reverse=True)
    assert len(set(begun)) == 2


def test_words_may_be_begun_and_stand_in_name_artists_or_album():
    assert names("track", "voic ines uniso") == ["Many Voices, One Line"]
    assert names("track", "oices ines uniso") == []


def test_scripts_without_blanks_are_found_in_any_place():
    assert "夜のコーラス" in names("track", "コーラス")
    assert "水無瀬 ことり" in names("artist", "無瀬")


def test_the_famous_come_before_the_unknown():
    found = INDEX.find("artist", "genre:ambient")
    assert len(found) > 3
    assert [artist.popularity for artist in found] == sorted(
        (artist.popularity for artist in found), reverse=True
    )


def test_an_isrc_finds_every_track_of_its_recording_and_nothing_else():
    recording = next(recording for recording in CATALOGUE.recordings if len(recording.tracks) == 3)
    assert set(INDEX.find("track", f"isrc:{recording.isrc.lower()}")) == set(recording.tracks)
    assert INDEX.find("track", "isrc:XXX000000000") == []
    assert INDEX.find("track", "isrc:") == []
    assert INDEX.find("album", f"isrc:{recording.isrc}") == []


def test_a_upc_finds_its_album_with_or_without_zeros_in_front():
    album = next(album for album in CATALOGUE.albums if album.upc and album.upc.startswith("0"))
    assert INDEX.find("album", f"upc:{album.upc}") == [album]
    assert INDEX.find("album", f"upc:{album.upc.lstrip('0')}") == [album]
    assert INDEX.find("track", f"upc:{album.upc}") == []


def test_filters_narrow_what_words_find():
    vale = CATALOGUE.artist("Kestrel Vale")
    found = INDEX.find("track", 'salt artist:"kestrel vale"')
    assert found
    assert all(vale in track.artists or vale in track.album.artists for track in found)
    dated = INDEX.find("album", 'artist:"kestrel vale" year:1990-1999')
    assert dated
    assert all("1990" <= album.released[:4] <= "1999" for album in dated)


@pytest.mark.parametrize("text", ["🌙", "...", "year:soon", "artist:", "no such thing at all"])
def test_what_matches_nothing_finds_nothing(text):
    assert INDEX.find("track", text) == []
