"""MusicBrainz's library: everything it knows, by id, by ISRC and by URL."""

import functools
from collections.abc import Iterable
from typing import TypeVar

from loaders.simulator import musicbrainz_extras as extras
from loaders.simulator.catalogue import Catalogue
from loaders.simulator.musicbrainz_editor import Editor
from loaders.simulator.musicbrainz_entities import (
    Artist,
    Group,
    Known,
    Label,
    Recording,
    Release,
    Url,
)
from loaders.simulator.musicbrainz_entries import Entries

K = TypeVar("K", bound=Known)


class Library:
    """What MusicBrainz knows, everything by MBID.

    `isrcs` has the recordings of an ISRC, `urls` what is known by its address, `merged` the old
    MBIDs of each kind and the new ones they lead to. Nothing may be changed once it is built.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        editor = _edited(catalogue)
        self.artists: dict[str, Artist] = _by_mbid(editor.artists)
        self.recordings: dict[str, Recording] = _by_mbid(editor.recordings)
        self.releases: dict[str, Release] = _by_mbid(editor.releases)
        self.groups: dict[str, Group] = _by_mbid(editor.groups)
        self.labels: dict[str, Label] = _by_mbid(editor.labels)
        self.urls: dict[str, Url] = editor.urls
        self.merged: dict[str, dict[str, str]] = editor.merged
        self.isrcs: dict[str, list[Recording]] = {}
        for recording in editor.recordings:
            for isrc in recording.isrcs:
                self.isrcs.setdefault(isrc, []).append(recording)

    def find(self, kind: str, mbid: str) -> Known | None:
        """Return what an MBID names, an old one too, or None."""
        mbid = self.merged.get(kind, {}).get(mbid, mbid)
        match kind:
            case "artist":
                return self.artists.get(mbid)
            case "recording":
                return self.recordings.get(mbid)
            case "release":
                return self.releases.get(mbid)
            case "release-group":
                return self.groups.get(mbid)
        return self.labels.get(mbid)

    def __repr__(self) -> str:
        return (
            f"<Library [{len(self.recordings)} recordings | {len(self.releases)} releases"
            f" | {len(self.artists)} artists]>"
        )


@functools.lru_cache(maxsize=4)
def library_of(catalogue: Catalogue) -> Library:
    """Return the library over a catalogue, made once."""
    return Library(catalogue)


def _edited(catalogue: Catalogue) -> Editor:
    editor = Editor()
    entries = Entries(editor, catalogue)
    entries.enter()
    # Of the album that the examples use, the third song was merged, the fourth has a twin.
    third, fourth = (entries.recording(catalogue.albums[0].tracks[i].recording) for i in (2, 3))
    extras.add_partners(editor)
    extras.add_samplers(editor, entries.artist(catalogue.artist("Various Artists")), fourth)
    extras.add_bootlegs(editor)
    extras.add_bands(editor, catalogue.seed)
    extras.merge(editor, third)
    return editor


def _by_mbid(entities: Iterable[K]) -> dict[str, K]:
    return {entity.mbid: entity for entity in entities}
