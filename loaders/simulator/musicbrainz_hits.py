"""MusicBrainz's search answers: another hand than the look-ups'.

What is not known is left out instead of null, releases and credits come without being asked for,
relations never do, and `video` is null. Recordings and artists are as the real service was
recorded (for text; look-ups of ids by search are not verified live), releases and release groups
as its documentation has them.
"""

from collections.abc import Sequence

import msgspec

from loaders.simulator import musicbrainz_words as words
from loaders.simulator.musicbrainz_entities import (
    Area,
    Artist,
    Credit,
    Group,
    Known,
    Place,
    Recording,
    Release,
)
from loaders.simulator.musicbrainz_facts import country, script_of, votes_of
from loaders.simulator.musicbrainz_json import number_of
from loaders.simulator.musicbrainz_parts import Json

_encode = msgspec.json.Encoder(order="sorted").encode


class HitWriter:
    """Writes search answers, and remembers what it wrote."""

    def __init__(self) -> None:
        self._written: dict[str, bytes] = {}

    def write(self, score: int, entity: Known) -> bytes:
        """Return an entity as a search tells it."""
        written = self._written.get(entity.mbid)
        if written is None:
            # The score is the only thing that differs from one search to another.
            written = self._written[entity.mbid] = _encode(_known(_told(entity)))[1:]
        return b'{"score":%d,%b' % (score, written)


def _told(entity: Known) -> Json:
    match entity:
        case Recording():
            return _recording(entity)
        case Release():
            return _release(entity)
        case Group():
            return _group(entity)
        case Artist():
            return _artist(entity)
    raise TypeError(f"expected something that is searched for, got {entity!r}")


def _recording(recording: Recording) -> Json:
    return {
        "id": recording.mbid,
        "title": recording.title,
        "length": recording.length,
        "video": _Null,
        "artist-credit": _credit(recording.credit),
        "first-release-date": recording.first_date,
        "releases": [_release_of(place, recording) for place in recording.places],
        "isrcs": recording.isrcs,
        **_noted(recording),
    }


def _release_of(place: Place, recording: Recording) -> Json:
    """Return a release as a recording's answer tells it: with the one medium and the one track."""
    release, disc = place.release, place.release.discs[place.disc - 1]
    track = {
        "id": place.mbid,
        "number": number_of(place),
        "title": recording.title,
        "length": recording.length,
    }
    medium = {
        "position": place.disc,
        "format": release.format,
        "track": [_known(track)],
        "track-count": len(disc),
        "track-offset": place.position - 1,
    }
    is_others = release.credit != recording.credit
    told = _release_base(release)
    return _known(
        {
            **told,
            "artist-credit": _credit(release.credit) if is_others else None,
            "media": [medium],
        }
    )


def _release(release: Release) -> Json:
    script, language = script_of(release.title)
    packaging, packaging_id = words.PACKAGINGS.get(release.format, (None, None))
    label, number = release.label, release.catalog_number
    info = {
        "catalog-number": number,
        "label": {"id": label.mbid, "name": label.title} if label else None,
    }
    return {
        **_release_base(release),
        "artist-credit": _credit(release.credit),
        "barcode": release.barcode or None,
        "label-info": [_known(info)] if label else None,
        "media": [
            {"format": release.format, "disc-count": 0, "track-count": len(disc)}
            for disc in release.discs
        ],
        "packaging": packaging,
        "packaging-id": packaging_id,
        "text-representation": {"language": language, "script": script},
        **_noted(release),
    }


def _release_base(release: Release) -> Json:
    group = release.group
    type_id = words.PRIMARY_TYPES[group.primary]
    events = None
    if release.date and release.country:
        area = country(release.country)
        event_area = {**_area_base(area), "iso-3166-1-codes": [area.code]}
        events = [{"date": release.date, "area": event_area}]
    return {
        "id": release.mbid,
        "title": release.title,
        "status": release.status,
        "status-id": words.STATUSES[release.status],
        "count": len(release.discs),
        "date": release.date,
        "country": release.country,
        "release-events": events,
        "track-count": sum(len(disc) for disc in release.discs),
        "release-group": _known(
            {
                "id": group.mbid,
                "title": group.title,
                "type-id": type_id,
                "primary-type": group.primary,
                "primary-type-id": type_id,
                "secondary-types": group.secondary,
                "secondary-type-ids": [words.SECONDARY_TYPES[name] for name in group.secondary],
            }
        ),
    }


def _group(group: Group) -> Json:
    releases = [
        {
            "id": release.mbid,
            "title": release.title,
            "status": release.status,
            "status-id": words.STATUSES[release.status],
        }
        for release in group.releases
    ]
    type_id = words.PRIMARY_TYPES[group.primary]
    return {
        "id": group.mbid,
        "title": group.title,
        "type-id": type_id,
        "primary-type": group.primary,
        "primary-type-id": type_id,
        "secondary-types": group.secondary,
        "secondary-type-ids": [words.SECONDARY_TYPES[name] for name in group.secondary],
        "first-release-date": group.first_date,
        "artist-credit": _credit(group.credit),
        "count": len(releases),
        "releases": releases,
        **_noted(group),
    }


def _artist(artist: Artist) -> Json:
    life = {"begin": artist.begin, "end": artist.end, "ended": artist.is_ended or _Null}
    return {
        "id": artist.mbid,
        "name": artist.title,
        "sort-name": artist.sort_name,
        "type": artist.kind,
        "type-id": words.ARTIST_TYPES[artist.kind] if artist.kind else None,
        "gender": artist.gender.lower() if artist.gender else None,  # it lowers its voice here
        "gender-id": words.GENDERS[artist.gender] if artist.gender else None,
        "country": artist.area.code if artist.area else None,
        "area": _area(artist.area),
        "begin-area": _area(artist.begin_area),
        "end-area": _area(artist.end_area),
        "ipis": artist.ipis,
        "isnis": artist.isnis,
        "life-span": _known(life),
        "aliases": _aliases(artist),
        **_noted(artist),
    }


def _credit(names: Sequence[Credit]) -> list[Json]:
    return [
        _known(
            {
                "name": name.artist.title,
                "joinphrase": name.join or None,
                "artist": _known(
                    {
                        "id": name.artist.mbid,
                        "name": name.artist.title,
                        "sort-name": name.artist.sort_name,
                        "disambiguation": name.artist.disambiguation or None,
                        "aliases": _aliases(name.artist),
                    }
                ),
            }
        )
        for name in names
    ]


def _aliases(artist: Artist) -> list[Json]:
    return [
        {
            "name": name,
            "sort-name": name,
            "type": "Search hint",
            "type-id": words.ALIAS_TYPES["Search hint"],
            "locale": None,
            "primary": None,
            "begin-date": None,
            "end-date": None,
        }
        for name in artist.aliases
    ]


def _area(area: Area | None) -> Json | None:
    if area is None:
        return None
    kind = "City" if area.code is None else "Country"
    return {
        **_area_base(area),
        "type": kind,
        "type-id": words.AREA_TYPES[kind],
        "life-span": {"ended": None},
    }


def _area_base(area: Area) -> Json:
    return {"id": area.mbid, "name": area.name, "sort-name": area.name}


def _noted(entity: Known) -> Json:
    votes = votes_of(entity.mbid)
    return {
        "disambiguation": entity.disambiguation or None,
        "tags": [{"name": vote.word, "count": vote.people} for vote in votes],
    }


class _Null:
    """What is null in an answer, where everything else that is not known is left out."""


def _known(told: Json) -> Json:
    """Return what is known: no null, nothing empty."""
    return {
        name: None if value is _Null else value
        for name, value in told.items()
        if value is not None and value not in ([], ())
    }
