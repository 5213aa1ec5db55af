"""What was entered of the catalogue: most of it, and with facts of its own."""

from collections.abc import Sequence
from typing import TypedDict

from loaders.simulator import entities as told
from loaders.simulator import musicbrainz_facts as facts
from loaders.simulator.catalogue import Catalogue
from loaders.simulator.musicbrainz_editor import Editor
from loaders.simulator.musicbrainz_entities import Artist, Group, Recording, Release

_DELUXE = " (Deluxe Edition)"
_PRIMARY = {"album": "Album", "single": "Single", "compilation": "Album"}
_MOST_OF_A_SINGLE = 3  # tracks; with more it is an EP
_WORDS = {"artist": "artist", "recording": "track", "release": "album"}  # in the shops' links


class _Event(TypedDict):
    """When, where and by whom a release came out."""

    date: str | None
    country: str | None
    label: str | None


class Entries:
    """Enters the catalogue, and keeps which entity became which."""

    def __init__(self, editor: Editor, catalogue: Catalogue) -> None:
        self._editor = editor
        self._catalogue = catalogue
        # The album that the examples use is whole: nothing of it is left to chance.
        self._example = catalogue.albums[0]
        self._stars = {artist for track in self._example.tracks for artist in track.artists}
        self._artists: dict[told.Artist, Artist] = {}
        self._recordings: dict[told.Recording, Recording] = {}
        self._groups: dict[tuple[str, told.Artist], Group] = {}
        names = [artist.name for artist in catalogue.artists]
        self._shared_names = {name for name in names if names.count(name) > 1}

    def enter(self) -> None:
        """Enter most albums, and some recordings of the others."""
        for album in self._catalogue.albums:
            if album is self._example or not facts.happens(album.mbid, "absent"):
                self._album(album)
        for recording in self._catalogue.recordings:
            if facts.happens(recording.mbid, "standalone"):
                self.recording(recording)

    def recording(self, recording: told.Recording) -> Recording:
        """Return what a recording became; enter it, if it is not yet."""
        known = self._recordings.get(recording)
        if known is not None:
            return known
        is_example = recording.tracks[0].album is self._example
        title, place = facts.title_of(recording.name)
        known = self._recordings[recording] = self._editor.recording(
            recording.mbid,
            title,
            [self.artist(artist) for artist in recording.artists],
            recording.duration_ms if is_example else facts.length_of(recording),
            facts.isrcs_of(recording, is_sure=is_example),
            disambiguation=place,
        )
        tracks = (
            recording.tracks if facts.happens(known.mbid, "all tracks") else recording.tracks[:1]
        )
        self._link("recording", known, tracks, is_sure=is_example)
        return known

    def artist(self, artist: told.Artist) -> Artist:
        """Return what an artist became; enter it, if it is not yet."""
        known = self._artists.get(artist)
        if known is not None:
            return known
        albums = (*artist.albums, *artist.appears_on)
        years = [int(album.released[:4]) for album in albums if album.released]
        known = self._artists[artist] = self._editor.artist(
            artist.mbid, artist.name, artist.country, min(years, default=None)
        )
        if artist.name in self._shared_names:
            known.disambiguation = artist.genres[0] if artist.genres else "the other one"
        self._link("artist", known, [artist], is_sure=artist in self._stars)
        return known

    def _album(self, album: told.Album) -> None:
        is_example = album is self._example
        first = self._editor.release(
            album.mbid,
            self._group(album),
            pressed="Digital Media",
            barcode=facts.barcode_of(album, is_sure=is_example),
            has_art=album.has_images and (is_example or facts.happens(album.mbid, "art")),
            disambiguation="deluxe edition" if album.name.endswith(_DELUXE) else "",
            **_event(album, album.mbid),
        )
        self._enter_tracks(album, first, [track.mbid for track in album.tracks])
        self._link("release", first, [album], is_sure=is_example)
        if not is_example and facts.happens(album.mbid, "edition"):
            self._edition(album, first)

    def _edition(self, album: told.Album, first: Release) -> None:
        mbid = facts.mbid_of("edition", album.mbid)
        has_same_barcode = facts.happens(mbid, "edition has the same barcode")
        edition = self._editor.release(
            mbid,
            first.group,
            pressed=facts.pick(mbid, "format", ("CD", "CD", "Cassette")),
            barcode=first.barcode if has_same_barcode else None,
            disambiguation=first.disambiguation,
            **_event(album, mbid),
        )
        tracks = [facts.mbid_of("track", mbid, track.mbid) for track in album.tracks]
        self._enter_tracks(album, edition, tracks)
        if facts.happens(mbid, "edition has the same links"):
            for link in first.links:
                self._editor.relate("release", edition, link.url.resource)

    def _enter_tracks(self, album: told.Album, release: Release, mbids: Sequence[str]) -> None:
        for track, mbid in zip(album.tracks, mbids, strict=True):
            self._editor.place(mbid, self.recording(track.recording), release, track.disc)

    def _group(self, album: told.Album) -> Group:
        base = album.name.removesuffix(_DELUXE)
        key = (base, album.artists[0])
        if base != album.name and key in self._groups:
            return self._groups[key]
        primary = _PRIMARY[album.kind]
        if primary == "Single" and len(album.tracks) > _MOST_OF_A_SINGLE:
            primary = "EP"
        group = self._groups[key] = self._editor.group(
            facts.mbid_of("group", album.mbid),
            facts.title_of(base)[0],
            [self.artist(artist) for artist in album.artists],
            primary,
            ("Compilation",) if album.kind == "compilation" else (),
        )
        return group

    def _link(
        self,
        kind: str,
        known: Artist | Recording | Release,
        entities: Sequence[told.Entity],
        *,
        is_sure: bool,
    ) -> None:
        word = _WORDS[kind]
        if is_sure or facts.happens(known.mbid, f"{kind} at Spotify"):
            for entity in entities:
                link = f"https://open.spotify.com/{word}/{entity.spotify_id}"
                self._editor.relate(kind, known, link)
        if is_sure or facts.happens(known.mbid, f"{kind} at Deezer"):
            link = f"https://www.deezer.com/{word}/{entities[0].deezer_id}"
            self._editor.relate(kind, known, link)
        if kind == "artist" and (is_sure or facts.happens(known.mbid, "artist at Wikidata")):
            link = f"https://www.wikidata.org/wiki/{facts.wikidata_of(known.mbid)}"
            self._editor.relate(kind, known, link)


def _event(album: told.Album, mbid: str) -> _Event:
    country = None
    if album.released is not None:
        is_everywhere = facts.happens(mbid, "sold everywhere")
        country = "XW" if is_everywhere else album.artists[0].country or "XW"
    return {"date": album.released, "country": country, "label": album.label}
