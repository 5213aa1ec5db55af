"""What MusicBrainz really answered, read: recordings, releases, artists, relations, a merged id."""

import json
from pathlib import Path

import msgspec
import pytest

from loaders import UNKNOWN, parse_upc
from loaders.errors import InvalidIdError
from loaders.lookups import Lookups
from loaders.musicbrainz import parse, wire

ANSWERS = json.loads(
    (Path(__file__).parents[1] / "data" / "musicbrainz-answers.json").read_text(encoding="utf-8")
)


def recorded(beginning):
    """Return the one real answer to a request that begins so."""
    [body] = [
        answer["body"] for answer in ANSWERS if answer["request"].startswith(f"/ws/2/{beginning}")
    ]
    return msgspec.json.encode(body)


def test_a_recorded_artist():
    artist = parse.artist(
        wire.decode(wire.Artist, recorded("artist/24f1766e-9635-4d58-a4d4-9413f9f98a4c?fmt"))
    )
    assert (artist.id, artist.name, artist.country) == (
        "musicbrainz:artist:24f1766e-9635-4d58-a4d4-9413f9f98a4c",
        "Johann Sebastian Bach",
        "DE",
    )
    assert artist.genres is UNKNOWN
    assert (artist.images, artist.popularity, artist.followers) == ((), None, None)


def test_a_recorded_artist_without_a_country_has_none():
    artist = parse.artist(wire.decode(wire.Artist, recorded("artist/c8da2e40")))
    assert artist.country is None


def test_recorded_links_of_an_artist_the_live_ones_first():
    artist = parse.artist(
        wire.decode(
            wire.Artist, recorded("artist/5b11f4ce-a62d-471e-81fc-a69a8278c7da?inc=url-rels")
        )
    )
    assert len(artist.links) > 20
    assert artist.links[0] == "https://www.allmusic.com/artist/mn0000357406"
    dead = "https://www.bbc.co.uk/music/artists/5b11f4ce-a62d-471e-81fc-a69a8278c7da"
    assert artist.links.index(dead) > artist.links.index(artist.links[0])


def test_a_recorded_recording_with_two_isrcs_tells_the_first():
    track = parse.track(
        wire.decode(wire.Recording, recorded("recording/9f9cf187-d6f9-437f-9d98-d59cdbd52757"))
    )
    assert (track.name, track.duration_ms, track.isrc) == (
        "Paranoid Android",
        383813,
        "GBAYE9701376",
    )


def test_recorded_hits_have_their_credit_and_their_album():
    hits = wire.decode(wire.Hits, recorded("recording?query=Burn+the+Witch"))
    assert hits.count == 4304362
    track = parse.track(hits.recordings[0], has_no_isrc=False)
    assert (track.name, track.artists[0].name, track.isrc) == (
        "Burn the Witch",
        "Rudy Simone",
        UNKNOWN,
    )
    assert (track.disc_number, track.track_number) == (1, 2)
    assert (track.album.name, track.album.release_date, track.album.album_type) == (
        "Thief of Dreams",
        "2014-08-01",
        "album",
    )
    assert (track.album.total_tracks, track.album.upc) == (8, UNKNOWN)


def test_a_recorded_release_with_an_empty_barcode_has_none():
    album = parse.album(wire.decode(wire.Release, recorded("release/0702057c")))
    assert (album.name, album.release_date, album.upc) == ("All Day", "2010-11-15", None)


def test_a_recorded_release_with_its_recordings_tells_them_in_order():
    told = wire.decode(wire.Release, recorded("release/fba5f8fe"))
    album = parse.album_with_tracks(told)
    assert album.total_tracks == 12
    assert [track.name for track in album.tracks.items[:2]] == ["Airbag", "Paranoid Android"]
    assert [(track.disc_number, track.track_number) for track in album.tracks.items][-1] == (1, 12)
    assert album.tracks.items[0].isrc is UNKNOWN  # nobody asked


def test_a_recorded_page_of_releases():
    told = wire.decode(wire.Listed, recorded("release?label="))
    assert (told.release_count, parse.album(told.releases[0]).name) == (806, "Those Were the Days")


def test_a_recorded_address_without_relations_shows_nothing():
    url = wire.decode(wire.Url, recorded("url?resource"))
    assert (url.resource, parse.refs(url.relations)) == ("http://www.nirvana.com/", ())


def test_genres_come_by_votes():
    body = b"""{"id": "24f1766e-9635-4d58-a4d4-9413f9f98a4c", "name": "a", "genres": [
        {"name": "pop", "count": 1}, {"name": "fado", "count": 7}, {"name": "beat", "count": 1}]}"""
    assert parse.artist(wire.decode(wire.Artist, body)).genres == ("fado", "beat", "pop")


@pytest.mark.parametrize(
    "text", ["602547924032", "0602547924032", "00602547924032", "6-02547 924032"]
)
def test_a_bar_code_has_one_spelling(text):
    assert parse_upc(text) == "0602547924032"


@pytest.mark.parametrize("text", ["", "0000000000000", "12345", "none", "x" * 99, "12345678901234"])
def test_what_is_no_bar_code_is_refused(text):
    with pytest.raises(InvalidIdError):
        parse_upc(text)


def test_a_look_up_that_nobody_waits_for_is_forgotten():
    lookups = Lookups()
    one = lookups.wanting("a", ["genres"])
    assert repr(lookups) == "<Lookups [1 open]>"
    del one
    assert repr(lookups) == "<Lookups [0 open]>"
