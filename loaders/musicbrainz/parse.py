"""MusicBrainz's answers -> records; pure.

A track is MusicBrainz's recording, an album its release. Never told, by nobody: whether words are
explicit, how popular anything is, pictures. A recording stands on many releases; the album of a
track is the official one that came first.
"""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET

from loaders.ids import parse_ref
from loaders.musicbrainz import wire
from loaders.records import UNKNOWN, Album, Artist, Page, Track

_WEB = "https://musicbrainz.org"
_LAST = "9999"  # what has no date comes after all that has one


def track(told: wire.Recording, *, has_no_isrc: bool = True) -> Track:
    """Return a recording with the first official release it stands on.

    `has_no_isrc` says whether one of which no ISRC is told has none; else that is unknown.
    """
    artists = _artists(told.artist_credit)
    release = _first(told.releases) if told.releases is not UNSET else None
    disc, number = _place(release)
    nothing: Any = None if has_no_isrc else UNKNOWN
    return Track(
        id=f"musicbrainz:track:{told.id}",
        name=told.title,
        url=f"{_WEB}/recording/{told.id}",
        duration_ms=told.length,
        explicit=None,
        disc_number=disc,
        track_number=number,
        artists=artists,
        isrc=told.isrcs[0] if told.isrcs is not UNSET and told.isrcs else nothing,
        popularity=None,
        album=None
        if release is None
        else _album(release, artists, is_whole=False, recording=told.id),
    )


def artist(told: wire.Artist) -> Artist:
    """Return an artist that was asked for or found: its country is told, or there is none."""
    return _artist(told, None if told.country is UNSET else told.country)


def album(told: wire.Release) -> Album:
    """Return a release that was asked for, found or listed: all but its tracks is told."""
    return _album(told, (), is_whole=True)


def album_with_tracks(told: wire.Release) -> Album:
    """Return a release that was looked up with its recordings: its tracks are told too."""
    bare = _album(told, (), is_whole=True)
    tracks = tuple(chain.from_iterable(_tracks(medium) for medium in _media(told)))
    return msgspec.structs.replace(
        bare, total_tracks=len(tracks), tracks=Page(tracks, len(tracks), 0)
    )


def links(told: Sequence[wire.Relation]) -> tuple[str, ...]:
    """Return the addresses of relations to URLs: the live ones first."""
    live_first = sorted(told, key=lambda relation: relation.ended)
    return tuple(relation.url.resource for relation in live_first if relation.url is not None)


def refs(told: Sequence[wire.Relation]) -> tuple[Any, ...]:
    """Return what an address shows: the live relations first."""
    found = []
    for relation in sorted(told, key=lambda relation: relation.ended):
        for word in ("artist", "recording", "release"):
            entity = getattr(relation, word)
            if entity is not None:
                found.append(parse_ref(f"{_WEB}/{word}/{entity.id}"))
    return tuple(dict.fromkeys(found))


class Kind(NamedTuple):
    """How entities of one kind are asked for and read."""

    kind: str  # ours
    word: str  # MusicBrainz's, in routes
    plural: str  # MusicBrainz's, in answers
    id_field: str  # of a search
    shape: type
    parse: Any
    inc: str  # of a look-up that tells all


TRACK = Kind(
    *("track", "recording", "recordings", "rid", wire.Recording, track),
    "artist-credits isrcs releases release-groups media",
)
ARTIST = Kind("artist", "artist", "artists", "arid", wire.Artist, artist, "genres url-rels")
ALBUM = Kind(
    *("album", "release", "releases", "reid", wire.Release, album_with_tracks),
    "artist-credits labels release-groups recordings isrcs",
)
KINDS: Mapping[str, Kind] = {"track": TRACK, "artist": ARTIST, "album": ALBUM}


def _artist(told: wire.Artist, country: Any) -> Artist:
    genres: Any = UNKNOWN
    if told.genres is not UNSET:
        by_votes = sorted(told.genres, key=lambda word: (-word.count, word.name))
        genres = tuple(word.name for word in by_votes)
    return Artist(
        id=f"musicbrainz:artist:{told.id}",
        name=told.name,
        url=f"{_WEB}/artist/{told.id}",
        genres=genres,
        images=(),
        popularity=None,
        followers=None,
        country=country,
        links=UNKNOWN if told.relations is UNSET else links(told.relations),
    )


def _artists(credit: Sequence[wire.Credit]) -> tuple[Artist, ...]:
    return tuple(_artist(name.artist, UNKNOWN) for name in credit)


def _album(
    told: wire.Release,
    artists: tuple[Artist, ...],
    *,
    is_whole: bool,
    recording: str | None = None,
) -> Album:
    """Return a release; of a `whole` one what is not told is not there."""
    labels = [place.label.name for place in told.label_info if place.label and place.label.name]
    nothing: Any = None if is_whole else UNKNOWN
    return Album(
        id=f"musicbrainz:album:{told.id}",
        name=told.title,
        url=f"{_WEB}/release/{told.id}",
        release_date=told.date or None,
        images=(),
        artists=artists if told.artist_credit is None else _artists(told.artist_credit),
        album_type=_album_type(told.release_group),
        upc=told.barcode or nothing,
        label=labels[0] if labels else nothing,
        popularity=None,
        total_tracks=_count(told),
        release_group=told.release_group.id if told.release_group else None,
        recording=recording,
    )


def _album_type(group: wire.Group | None) -> str | None:
    if group is None or group.primary_type is None:
        return None
    return "compilation" if "Compilation" in group.secondary_types else group.primary_type.lower()


def _count(told: wire.Release) -> Any:
    if told.track_count is not None:
        return told.track_count
    counts = [medium.track_count for medium in _media(told)]
    return sum(filter(None, counts)) if counts and None not in counts else UNKNOWN


def _media(told: wire.Release) -> tuple[wire.Medium, ...]:
    return () if told.media is UNSET else told.media


def _tracks(medium: wire.Medium) -> list[Track]:
    return [
        Track(
            id=f"musicbrainz:track:{place.recording.id}",
            name=place.title or place.recording.title,
            url=f"{_WEB}/recording/{place.recording.id}",
            duration_ms=place.recording.length or place.length,
            explicit=None,
            disc_number=medium.position,
            track_number=place.position,
            artists=_artists(place.artist_credit or place.recording.artist_credit),
            isrc=next(iter(place.recording.isrcs), None)
            if place.recording.isrcs is not UNSET
            else UNKNOWN,
            popularity=None,
        )
        for place in medium.tracks
        if place.recording is not None
    ]


def _first(releases: Sequence[wire.Release]) -> wire.Release | None:
    return min(
        releases,
        key=lambda it: (
            it.status != "Official",
            it.release_group is not None and "Compilation" in it.release_group.secondary_types,
            it.date or _LAST,
            it.id,
        ),
        default=None,
    )


def _place(release: wire.Release | None) -> tuple[int | None, int | None]:
    """Return on which disc and where on it a recording stands, of the one medium that is told."""
    media = _media(release) if release is not None else ()
    if not media:
        return None, None
    medium = media[0]
    place = next(iter(medium.tracks or medium.track), None)
    if place is not None and place.position is not None:
        return medium.position, place.position
    # A search tells the number, which may be "A1", and how many come before it.
    return medium.position, None if medium.track_offset is None else medium.track_offset + 1
