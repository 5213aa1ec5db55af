"""Browsing MusicBrainz: what is linked to one thing, and the filters by type and status."""

from collections.abc import Callable, Iterable
from typing import Any

from loaders.simulator.musicbrainz_entities import Artist, Known, Release
from loaders.simulator.musicbrainz_errors import refused
from loaders.simulator.musicbrainz_words import PRIMARY_TYPES, SECONDARY_TYPES, STATUSES
from loaders.simulator.wire import Request

# With tracks, a page of releases ends before it has more of them than this.
_TRACKS_PER_PAGE = 500

_TYPES = {name.lower(): name for name in (*PRIMARY_TYPES, *SECONDARY_TYPES)}
_STATUSES = {name.lower(): name for name in STATUSES}


def _date(release: Release) -> tuple[str, str]:
    return release.date or "9999", release.title  # what is not dated comes last


def _appearances(artist: Artist) -> Iterable[Release]:
    places = (place for recording in artist.recordings for place in recording.places)
    others = {place.release for place in places} - set(artist.releases)
    return sorted(others, key=_date)


# By what is listed and what it is linked to: the list.
LINKED: dict[str, dict[str, Callable[[Any], Iterable[Any]]]] = {
    "artist": {
        "recording": lambda it: [name.artist for name in it.credit],
        "release": lambda it: [name.artist for name in it.credit],
        "release-group": lambda it: [name.artist for name in it.credit],
    },
    "recording": {
        "artist": lambda it: sorted(it.recordings, key=lambda each: (each.title, each.mbid)),
        "release": lambda it: [place.recording for disc in it.discs for place in disc],
    },
    "release": {
        "artist": lambda it: sorted(it.releases, key=_date),
        "label": lambda it: sorted(it.releases, key=_date),
        "recording": lambda it: sorted((place.release for place in it.places), key=_date),
        "release-group": lambda it: sorted(it.releases, key=_date),
        "track_artist": _appearances,
    },
    "release-group": {
        "artist": lambda it: sorted(it.groups, key=lambda each: each.first_date or "9999"),
        "release": lambda it: [it.group],
    },
}


def link_of(request: Request, kind: str) -> tuple[str, str] | None:
    """Return the first parameter by which this kind can be browsed, and its value."""
    for name, value in request.query:
        if name in LINKED[kind]:
            return name, value
    return None


def listed(request: Request, kind: str, link: str, entity: Known) -> list[Any]:
    """Return what is linked to an entity, in order, each once, without what the filters drop."""
    found = list(dict.fromkeys(LINKED[kind][link](entity)))
    types = _filter(request, "type", _TYPES, "release-group type")
    statuses = _filter(request, "status", _STATUSES, "release status")
    if kind == "release":
        found = [
            each
            for each in found
            if (not types or types & {each.group.primary, *each.group.secondary})
            and (not statuses or each.status in statuses)
        ]
    elif kind == "release-group":
        found = [each for each in found if not types or types & {each.primary, *each.secondary}]
    return found


def within_track_limit(releases: list[Release]) -> list[Release]:
    """Return the first releases that have not too many tracks together; one at least."""
    total = 0
    for place, release in enumerate(releases):
        total += sum(len(disc) for disc in release.discs)
        if total > _TRACKS_PER_PAGE and place > 0:
            return releases[:place]
    return releases


def _filter(request: Request, name: str, known: dict[str, str], meaning: str) -> set[str]:
    words = [word for word in request.params.get(name, "").split("|") if word]
    for word in words:
        if word not in known:
            raise refused(400, f"{word[:40]} is not a recognized {meaning}.")
    return {known[word] for word in words}
