"""MusicBrainz's JSON: what look-ups and browsing tell, with what `inc` asks for.

Artists, recordings, releases, release groups, ISRCs and relations to URLs are as the real service
was recorded; labels, genres and tags as its documentation and its own tests have them.
"""

from collections.abc import Iterable, Sequence

import msgspec

from loaders.simulator import musicbrainz_words as words
from loaders.simulator.musicbrainz_entities import (
    Artist,
    Group,
    Known,
    Place,
    Recording,
    Release,
)
from loaders.simulator.musicbrainz_facts import mbid_of, votes_of
from loaders.simulator.musicbrainz_inc import RELATIONS
from loaders.simulator.musicbrainz_parts import (
    Json,
    artist_json,
    credit_json,
    group_json,
    label_info_json,
    recording_json,
    release_in_list,
    release_json,
)
from loaders.simulator.musicbrainz_relations import relations_of

MOST_IN_A_LIST = 25  # of what is listed inside something else (.../WS/2/Recording.pm, MAX_ITEMS)

Inc = frozenset[str]

_encode = msgspec.json.Encoder(order="sorted").encode
_REMEMBERED = 20_000  # answers


class Writer:
    """Writes entities, and remembers what it wrote."""

    def __init__(self) -> None:
        self._written: dict[tuple[str, Inc], bytes] = {}

    def write(self, entity: Known, inc: Inc) -> bytes:
        """Return an entity as its look-up tells it."""
        key = (entity.mbid, inc)
        written = self._written.get(key)
        if written is None:
            if len(self._written) >= _REMEMBERED:
                self._written.clear()
            written = self._written[key] = _encode({**_told(entity, inc), **_extra(entity, inc)})
        return written


def _told(entity: Known, inc: Inc) -> Json:
    match entity:
        case Artist():
            return _artist(entity, inc)
        case Recording():
            return _recording(entity, inc)
        case Release():
            return _release(entity, inc)
        case Group():
            return _group(entity, inc)
    raise TypeError(f"expected something that is looked up, got {entity!r}")


def _artist(artist: Artist, inc: Inc) -> Json:
    told = artist_json(artist)
    if "recordings" in inc:
        told["recordings"] = [_in_list(each, inc) for each in _cut(artist.recordings)]
    if "releases" in inc:
        told["releases"] = [_in_list(each, inc) for each in _cut(artist.releases)]
    if "release-groups" in inc:
        told["release-groups"] = [_in_list(each, inc) for each in _cut(artist.groups)]
    if "works" in inc:
        told["works"] = []
    return told


def _recording(recording: Recording, inc: Inc) -> Json:
    told = recording_json(recording)
    if inc & {"artist-credits", "artists"}:
        told["artist-credit"] = credit_json(recording.credit)
    if "isrcs" in inc:
        told["isrcs"] = recording.isrcs
    if "releases" in inc:
        told["releases"] = [_release_of(place, inc) for place in _places(recording)]
    return told


def _release_of(place: Place, inc: Inc) -> Json:
    """Return a release as a recording tells it: of its media the one with the recording."""
    told = _in_list(place.release, inc - {"media"})
    if "media" in inc:
        told["media"] = [_medium([place], inc)]
    return told


def _release(release: Release, inc: Inc) -> Json:
    told = release_json(release)
    if inc & {"artist-credits", "artists"}:
        told["artist-credit"] = credit_json(release.credit)
    if "labels" in inc:
        told["label-info"] = label_info_json(release)
    if "release-groups" in inc:
        told["release-group"] = _in_list(release.group, inc)
    if inc & {"media", "recordings", "discids"}:
        told["media"] = [_medium(places, inc) for places in release.discs]
    if "collections" in inc:
        told["collections"] = []
    return told


def _group(group: Group, inc: Inc) -> Json:
    told = group_json(group)
    if inc & {"artist-credits", "artists"}:
        told["artist-credit"] = credit_json(group.credit)
    if "releases" in inc:
        told["releases"] = [_in_list(each, inc) for each in _cut(group.releases)]
    return told


def _in_list(entity: Recording | Release | Group, inc: Inc) -> Json:
    """Return something as a list inside something else tells it."""
    if isinstance(entity, Recording):
        told = recording_json(entity)
        if "isrcs" in inc:
            told["isrcs"] = entity.isrcs
    elif isinstance(entity, Release):
        told = release_in_list(entity)
        if "release-groups" in inc:
            told["release-group"] = group_json(entity.group)
        if "media" in inc:
            bare = inc - {"recordings", "releases"}
            told["media"] = [_medium(places, bare) for places in entity.discs]
    else:
        told = group_json(entity)
    if "artist-credits" in inc:
        told["artist-credit"] = credit_json(entity.credit)
    return {**told, **_voted(entity, inc)}


def _medium(places: Sequence[Place], inc: Inc) -> Json:
    """Return a medium; its tracks only with `recordings`, or where one of them is what matters."""
    first = places[0]
    disc = first.release.discs[first.disc - 1]
    told: Json = {
        "position": first.disc,
        "title": "",
        "format": first.release.format,
        "format-id": words.FORMATS[first.release.format],
        "track-count": len(disc),
    }
    if "recordings" in inc or "releases" in inc:
        told["track-offset"] = first.position - 1
        told["tracks"] = [_track(place, inc) for place in places]
    if "discids" in inc:
        told["discs"] = []
    return told


def _track(place: Place, inc: Inc) -> Json:
    recording = place.recording
    told: Json = {
        "id": place.mbid,
        "position": place.position,
        "number": number_of(place),
        "title": recording.title,
        "length": recording.length,
    }
    if "artist-credits" in inc:
        told["artist-credit"] = credit_json(recording.credit)
    if "recordings" in inc:
        told["recording"] = _in_list(recording, inc)
        if "recording-level-rels" in inc:
            told["recording"]["relations"] = relations_of(recording, inc)
    return told


def number_of(place: Place) -> str:
    """Return what is printed beside a track: a text, as cassettes have sides."""
    if place.release.format != "Cassette":
        return str(place.position)
    side = (len(place.release.discs[place.disc - 1]) + 1) // 2
    is_first = place.position <= side
    return f"A{place.position}" if is_first else f"B{place.position - side}"


def _extra(entity: Known, inc: Inc) -> Json:
    """Return what any entity may be asked for when it is looked up."""
    told = _voted(entity, inc)
    if "aliases" in inc:
        told["aliases"] = _aliases(entity)
    if "annotation" in inc:
        told["annotation"] = None
    if "ratings" in inc:
        told["rating"] = {"value": None, "votes-count": 0}
    if inc & RELATIONS:
        told["relations"] = relations_of(entity, inc)
    return told


def _voted(entity: Known, inc: Inc) -> Json:
    told: Json = {}
    if "genres" in inc:
        told["genres"] = [
            {
                "id": mbid_of("genre", vote.word),
                "name": vote.word,
                "count": vote.people,
                "disambiguation": "",
            }
            for vote in votes_of(entity.mbid)
            if vote.is_genre
        ]
    if "tags" in inc:
        votes = votes_of(entity.mbid)
        told["tags"] = [{"name": vote.word, "count": vote.people} for vote in votes]
    return told


def _aliases(entity: Known) -> list[Json]:
    names = entity.aliases if isinstance(entity, Artist) else ()
    return [
        {
            "name": name,
            "sort-name": name,
            "locale": None,
            "primary": None,
            "type": "Search hint",
            "type-id": words.ALIAS_TYPES["Search hint"],
            "begin": None,
            "end": None,
            "ended": False,
        }
        for name in names
    ]


def _places(recording: Recording) -> list[Place]:
    """Return where a recording stands, the first place of each release, cut as other lists are."""
    first = {place.release: place for place in reversed(recording.places)}
    places = [place for place in recording.places if first[place.release] is place]
    return sorted(places[:MOST_IN_A_LIST], key=lambda place: place.release.mbid)


def _cut(entities: Iterable[Recording | Release | Group]) -> list[Recording | Release | Group]:
    return sorted([*entities][:MOST_IN_A_LIST], key=lambda entity: entity.mbid)
