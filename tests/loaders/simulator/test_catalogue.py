"""The invented catalogue: the same everywhere, and worth querying."""

import hashlib
import re

import pytest

from loaders.simulator import SEED, Catalogue, Simulator
from tests.work import counted

CATALOGUE = Catalogue()

# Of everything a provider may tell; changes whenever the catalogue does, and on no other account.
DIGEST = "0a975cfc0bf88d4ec427b65f412db09fa6983212fc50284714e47d0fd92c9f92"


def digest(catalogue):
    lines = hashlib.sha256()
    for artist in catalogue.artists:
        facts = (artist.country, artist.genres, artist.popularity, artist.followers)
        lines.update(repr((artist, artist.has_images, *facts)).encode())
    for album in catalogue.albums:
        facts = (album.kind, album.released, album.label, album.upc, album.genres, album.popularity)
        lines.update(repr((album, album.artists, album.markets, album.has_images, *facts)).encode())
    for track in catalogue.tracks:
        facts = (track.recording.isrc, track.recording.duration_ms, track.recording.explicit)
        place = (track.album, track.disc, track.number, track.popularity)
        lines.update(repr((track, track.recording, track.artists, *facts, *place)).encode())
    return lines.hexdigest()


def test_the_same_seed_gives_the_same_catalogue_on_every_python():
    assert digest(CATALOGUE) == DIGEST
    assert CATALOGUE.seed == SEED


def test_another_seed_gives_other_ids_and_other_music():
    other = Catalogue(1)
    ours = {track.spotify_id for track in CATALOGUE.tracks}
    assert not ours & {track.spotify_id for track in other.tracks}
    assert digest(other) != DIGEST


def test_it_is_built_with_little_work_and_only_once():
    with counted() as work:
        Catalogue(2)
    assert work.calls < 400_000
    assert Simulator().catalogue is Simulator().catalogue


def test_it_is_large_enough():
    assert len(CATALOGUE.tracks) == 3099
    assert len(CATALOGUE.artists) == 511
    assert len(CATALOGUE.albums) == 394


def test_ids_are_22_base62_digits_and_nobody_shares_one():
    everything = (*CATALOGUE.tracks, *CATALOGUE.artists, *CATALOGUE.albums, *CATALOGUE.recordings)
    ids = {entity.spotify_id for entity in everything}
    assert len(ids) == len(everything)
    assert all(re.fullmatch("[0-7][0-9A-Za-z]{21}", native) for native in ids)


def test_the_examples_stay_what_they_are():
    first = CATALOGUE.tracks[0]
    assert (first.spotify_id, first.name) == ("3HW6loqinVoHq6UtGn8wOm", "Many Voices, One Line")
    assert [artist.name for artist in first.artists] == ["The Lantern Choir", "Inês Marçal"]
    assert first.album.name == "Unison Hours"
    assert first.album.label == "Slow Harbour"
    assert first.recording.isrc == "GBQ171900001"
    assert (
        sum(artist.name in {"The Lantern Choir", "Inês Marçal"} for artist in CATALOGUE.artists)
        == 2
    )


def test_a_hundred_tracks_come_from_many_albums_and_artists():
    tracks = CATALOGUE.tracks[:100]
    assert len({track.album for track in tracks}) == 85
    assert len({artist for track in tracks for artist in track.artists}) == 92


def test_everybody_made_something():
    assert all(artist.albums or artist.appears_on for artist in CATALOGUE.artists)
    assert all(album.tracks for album in CATALOGUE.albums)
    assert set(CATALOGUE.recordings) == {track.recording for track in CATALOGUE.tracks}


def test_what_is_missing_somewhere():
    assert any(not artist.genres for artist in CATALOGUE.artists)
    assert any(artist.country is None for artist in CATALOGUE.artists)
    assert any(not artist.has_images for artist in CATALOGUE.artists)
    for name in ("label", "upc", "released"):
        assert any(getattr(album, name) is None for album in CATALOGUE.albums), name
    assert any(not album.has_images for album in CATALOGUE.albums)
    assert any(recording.isrc is None for recording in CATALOGUE.recordings)


def test_dates_are_as_exact_as_known():
    precisions = {album.released.count("-") for album in CATALOGUE.albums if album.released}
    assert precisions == {0, 1, 2}


def test_what_is_large():
    assert len(CATALOGUE.artist("Kestrel Vale").albums) > 50
    assert len(CATALOGUE.album("Complete Harbour Sessions").tracks) == 64
    assert {track.disc for track in CATALOGUE.album("Complete Harbour Sessions").tracks} == {
        1,
        2,
        3,
    }
    assert max(len(recording.artists) for recording in CATALOGUE.recordings) == 6
    compilations = [album for album in CATALOGUE.albums if album.kind == "compilation"]
    assert all(
        len({artist for track in album.tracks for artist in track.artists}) > 10
        for album in compilations
    )


def test_what_is_not_there_cannot_be_had_by_name():
    with pytest.raises(KeyError, match="nothing in the catalogue is called 'Nobody'"):
        CATALOGUE.artist("Nobody")


def test_one_isrc_is_one_recording_and_may_stand_on_several_albums():
    by_isrc = {}
    for recording in CATALOGUE.recordings:
        if recording.isrc:
            assert re.fullmatch("[A-Z]{2}[A-Z0-9]{3}[0-9]{7}", recording.isrc)
            assert by_isrc.setdefault(recording.isrc, recording) is recording
    assert sum(len(recording.tracks) > 1 for recording in CATALOGUE.recordings) > 100


def test_barcodes_have_12_or_13_digits_and_their_check_digit():
    for album in CATALOGUE.albums:
        if album.upc is not None:
            digits = [int(digit) for digit in album.upc.zfill(13)]
            assert len(album.upc) in {12, 13}
            assert (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0, album.upc


def test_names_are_in_many_scripts():
    text = "".join(track.name for track in CATALOGUE.tracks)
    for letters in (
        "é",
        "ß",
        "ł",
        "ø",
        "İ",
        "夜",
        "편",
        "قمر",
        "שיר",
        "चाँद",
        "đ",
        "θάλ",
        "ї",
        "🌙",
    ):
        assert letters.casefold() in text.casefold(), letters


def test_namesakes_exist():
    names = [artist.name for artist in CATALOGUE.artists]
    assert len(set(names)) < len(names)


def test_a_recording_that_left_a_market_may_play_from_another_album():
    elsewhere = [track for track in CATALOGUE.tracks if track.in_market("DE") not in {track, None}]
    assert len(elsewhere) > 20
    for track in elsewhere:
        assert track.in_market("DE").recording is track.recording
    assert any(track.in_market("DE") is None for track in CATALOGUE.tracks)
