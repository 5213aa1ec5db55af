"""What MusicBrainz knows of the catalogue: the same music, with gaps and facts of its own."""

import hashlib
import re
import uuid

import pytest

from loaders.simulator import Catalogue
from loaders.simulator.musicbrainz_library import Library, library_of

CATALOGUE = Catalogue()
LIBRARY = Library(CATALOGUE)

# Of every id and what it stands for; changes whenever the library does, and on no other account.
DIGEST = "07716afc808bfe1e21a57a209ed8730b414ae1f89ef8f78c953cca6dc2d6a902"

EXAMPLE = CATALOGUE.albums[0]


def known(entities, shelf):
    return [(entity, shelf[entity.mbid]) for entity in entities if entity.mbid in shelf]


RECORDINGS = known(CATALOGUE.recordings, LIBRARY.recordings)
RELEASES = known(CATALOGUE.albums, LIBRARY.releases)
ARTISTS = known(CATALOGUE.artists, LIBRARY.artists)


def digest(library):
    lines = hashlib.sha256()
    for recording in library.recordings.values():
        facts = (recording.credit, recording.length, recording.isrcs, recording.disambiguation)
        places = [(place.mbid, place.release, place.position) for place in recording.places]
        lines.update(repr((recording, *facts, places)).encode())
    for release in library.releases.values():
        facts = (release.group, release.date, release.country, release.barcode, release.label)
        lines.update(repr((release, release.status, release.format, *facts)).encode())
    for artist in library.artists.values():
        lines.update(repr((artist, artist.sort_name, artist.kind, artist.area)).encode())
    links = [(url.mbid, [link.entity for link in url.links]) for url in library.urls.values()]
    lines.update(repr((links, library.merged)).encode())
    return lines.hexdigest()


def test_the_same_catalogue_gives_the_same_library_on_every_python():
    assert digest(LIBRARY) == DIGEST
    assert repr(LIBRARY) == "<Library [2743 recordings | 445 releases | 518 artists]>"


def test_another_catalogue_gives_another_library():
    other = Library(Catalogue(1))
    assert not LIBRARY.recordings.keys() & other.recordings.keys()


def test_it_is_made_once_for_a_catalogue():
    assert library_of(CATALOGUE) is library_of(CATALOGUE)


def test_the_catalogues_recordings_releases_and_artists_are_known_by_their_own_mbids():
    for entities, shelf in ((RECORDINGS, 2531), (RELEASES, 372), (ARTISTS, 506)):
        assert len(entities) == shelf
        assert all(uuid.UUID(entity.mbid).version == 4 for entity, _ in entities)
        assert all(entity.mbid == found.mbid for entity, found in entities)


def test_nobody_shares_an_id():
    ids = [*LIBRARY.artists, *LIBRARY.recordings, *LIBRARY.releases, *LIBRARY.groups]
    ids += LIBRARY.labels
    ids += [url.mbid for url in LIBRARY.urls.values()]
    ids += [place.mbid for each in LIBRARY.recordings.values() for place in each.places]
    ids += [old for merged in LIBRARY.merged.values() for old in merged]
    assert len(ids) == len(set(ids))


def test_deezers_ids_are_numbers_and_nobody_shares_one_with_its_like():
    for entities in (CATALOGUE.tracks, CATALOGUE.artists, CATALOGUE.albums):
        ids = {entity.deezer_id for entity in entities}
        assert len(ids) == len(entities)
        assert all(0 < native < 2**31 for native in ids)


def test_the_examples_stay_what_they_are():
    first = EXAMPLE.tracks[0]
    recording = LIBRARY.recordings["3a65deaa-5da3-4c22-9f96-934d5e3f18bd"]
    assert (first.spotify_id, first.recording.mbid) == ("3HW6loqinVoHq6UtGn8wOm", recording.mbid)
    assert recording.title == "Many Voices, One Line"
    assert [(name.artist.title, name.join) for name in recording.credit] == [
        ("The Lantern Choir", " feat. "),
        ("Inês Marçal", ""),
    ]
    assert (recording.isrcs, recording.length) == (("GBQ171900001",), 214_293)
    assert [link.url.resource for link in recording.links] == [
        "https://open.spotify.com/track/3HW6loqinVoHq6UtGn8wOm",
        f"https://www.deezer.com/track/{first.deezer_id}",
    ]
    release = LIBRARY.releases["97fb30d6-535a-4f06-a196-ace4bdc85232"]
    assert (release.title, release.mbid) == ("Unison Hours", EXAMPLE.mbid)
    assert (EXAMPLE.upc, release.barcode) == ("445976092824", "0445976092824")


def test_the_examples_third_song_was_merged_and_its_fourth_has_a_twin():
    third, fourth = EXAMPLE.tracks[2].recording, EXAMPLE.tracks[3].recording
    assert [*LIBRARY.merged["recording"].values()].count(third.mbid) == 2
    both = LIBRARY.isrcs["GBQ391900003"]
    assert [each.disambiguation for each in both] == ["", "radio edit"]
    assert both[0].mbid == fourth.mbid
    assert both[0].length == fourth.duration_ms > both[1].length + 8_000


# What is different


def test_some_music_is_here_alone_and_some_is_not_here():
    here_alone = LIBRARY.recordings.keys() - {each.mbid for each in CATALOGUE.recordings}
    assert len(here_alone) == 212
    assert {
        place.release.status for mbid in here_alone for place in LIBRARY.recordings[mbid].places
    } == {"Official", "Promotion", "Bootleg"}
    not_here = {each.mbid for each in CATALOGUE.recordings} - LIBRARY.recordings.keys()
    assert len(not_here) == 62


def test_some_recordings_were_never_released_as_far_as_is_known():
    alone = [each for each in LIBRARY.recordings.values() if not each.places]
    assert len(alone) == 60
    assert all(each.first_date is None for each in alone)


def test_recordings_have_the_catalogues_isrcs_or_none_or_one_more():
    counts = {0: 0, 1: 0, 2: 0}
    for recording, found in RECORDINGS:
        assert not found.isrcs or recording.isrc in found.isrcs
        counts[len(found.isrcs)] += 1
    assert min(counts.values()) > 100
    assert all(re.fullmatch("[A-Z]{2}[A-Z0-9]{3}[0-9]{7}", isrc) for isrc in LIBRARY.isrcs)
    second = LIBRARY.isrcs.keys() - {recording.isrc for recording in CATALOGUE.recordings}
    assert len(second) == counts[2]


def test_an_isrc_may_have_several_recordings():
    assert sum(len(recordings) > 1 for recordings in LIBRARY.isrcs.values()) == 85


def test_lengths_differ_by_less_than_a_second_or_are_missing():
    lengths = [(told.duration_ms, found.length) for told, found in RECORDINGS]
    assert 0 < sum(length is None for _, length in lengths) < 100
    assert 0 < max(abs(told - length) for told, length in lengths if length) <= 600


def test_barcodes_are_the_catalogues_in_another_spelling_or_unknown_or_none():
    spelled, kinds = set(), set()
    for album, found in RELEASES:
        kinds.add(found.barcode and "some")
        if found.barcode:
            assert found.barcode.lstrip("0") == album.upc.lstrip("0")
            spelled.add((len(album.upc), len(found.barcode)))
    assert spelled == {(12, 12), (12, 13), (13, 12), (13, 13)}
    assert kinds == {"some", "", None}


def test_editions_of_an_album_share_a_release_group_and_some_a_barcode():
    groups = [group for group in LIBRARY.groups.values() if len(group.releases) > 1]
    assert len(groups) > 40
    formats = {release.format for group in groups for release in group.releases}
    assert formats == {"CD", "Cassette", "Digital Media"}
    barcodes = [[each.barcode for each in group.releases if each.barcode] for group in groups]
    assert any(len(set(each)) < len(each) for each in barcodes)
    deluxe = LIBRARY.releases[CATALOGUE.album("Otro país con limón (Deluxe Edition)").mbid]
    assert (deluxe.title, deluxe.disambiguation) == ("Otro país con limón", "deluxe edition")
    assert len(deluxe.group.releases) > 1


def test_most_but_not_all_are_linked_to_the_shops():
    for entities, word, least, most in (
        (ARTISTS, "spotify", 0.8, 0.9),
        (ARTISTS, "deezer", 0.55, 0.65),
        (RELEASES, "spotify", 0.68, 0.78),
        (RECORDINGS, "spotify", 0.25, 0.35),
    ):
        linked = [
            found for _, found in entities if any(word in link.url.resource for link in found.links)
        ]
        assert least < len(linked) / len(entities) < most, word


def test_a_link_may_be_dead_and_may_lead_to_two():
    assert any(link.is_ended for url in LIBRARY.urls.values() for link in url.links)
    assert {len(url.links) for url in LIBRARY.urls.values()} == {1, 2}


def test_guests_and_places_stand_in_titles_no_more():
    for recording, found in RECORDINGS:
        assert "(feat. " not in found.title
        assert " - " not in found.title
        assert [name.artist.title for name in found.credit] == [
            artist.name for artist in recording.artists
        ]
    assert any(found.disambiguation for _, found in RECORDINGS)


def test_countries_are_the_catalogues_or_a_town_takes_their_place():
    for artist, found in ARTISTS:
        assert (found.area is None) == (artist.country is None)
        assert found.area is None or found.area.code in {artist.country, None}
    assert any(found.area and found.area.code is None for _, found in ARTISTS)


def test_namesakes_are_told_apart():
    names = {}
    for _, found in ARTISTS:
        names.setdefault(found.title, []).append(found)
    namesakes = [each for each in names.values() if len(each) > 1]
    assert namesakes
    assert all(artist.disambiguation for each in namesakes for artist in each)


@pytest.mark.parametrize("kind", ["artist", "recording", "release", "release-group"])
def test_of_every_kind_some_were_merged(kind):
    merged = LIBRARY.merged[kind]
    assert len(merged) > 5
    for old, new in merged.items():
        assert LIBRARY.find(kind, old) is LIBRARY.find(kind, new) is not None


def test_what_is_prolific_is_longer_than_a_list():
    artist = LIBRARY.artists[CATALOGUE.artist("Kestrel Vale").mbid]
    assert len(artist.recordings) > 100
    assert len(artist.releases) > len(artist.groups) > 25
