"""The parts that MusicBrainz's look-ups are put together from, each without what `inc` adds."""

from collections.abc import Sequence
from typing import Any

from loaders.simulator import musicbrainz_words as words
from loaders.simulator.musicbrainz_entities import (
    Area,
    Artist,
    Credit,
    Group,
    Label,
    Recording,
    Release,
)
from loaders.simulator.musicbrainz_facts import country, script_of

Json = dict[str, Any]


def artist_json(artist: Artist) -> Json:
    """Return an artist."""
    begin_area, end_area = _area(artist.begin_area), _area(artist.end_area)
    return {
        **artist_in_credit(artist),
        "area": _area(artist.area),
        "begin-area": begin_area,
        "begin_area": begin_area,  # it says these twice
        "country": artist.area.code if artist.area else None,
        "end-area": end_area,
        "end_area": end_area,
        "gender": artist.gender,
        "gender-id": words.GENDERS[artist.gender] if artist.gender else None,
        "ipis": artist.ipis,
        "isnis": artist.isnis,
        "life-span": {"begin": artist.begin, "end": artist.end, "ended": artist.is_ended},
    }


def artist_in_credit(artist: Artist) -> Json:
    """Return an artist as credits and relations tell it."""
    return {
        "id": artist.mbid,
        "name": artist.title,
        "sort-name": artist.sort_name,
        "disambiguation": artist.disambiguation,
        "type": artist.kind,
        "type-id": words.ARTIST_TYPES[artist.kind] if artist.kind else None,
    }


def credit_json(names: Sequence[Credit]) -> list[Json]:
    """Return an artist credit."""
    return [
        {
            "name": name.artist.title,
            "joinphrase": name.join,
            "artist": artist_in_credit(name.artist),
        }
        for name in names
    ]


def recording_json(recording: Recording) -> Json:
    """Return a recording; one that was never released has no first date."""
    told: Json = {
        "id": recording.mbid,
        "title": recording.title,
        "length": recording.length,
        "video": False,
        "disambiguation": recording.disambiguation,
    }
    if recording.first_date is not None:
        told["first-release-date"] = recording.first_date
    return told


def group_json(group: Group) -> Json:
    """Return a release group."""
    return {
        "id": group.mbid,
        "title": group.title,
        "disambiguation": group.disambiguation,
        "first-release-date": group.first_date or "",
        "primary-type": group.primary,
        "primary-type-id": words.PRIMARY_TYPES[group.primary],
        "secondary-types": group.secondary,
        "secondary-type-ids": [words.SECONDARY_TYPES[name] for name in group.secondary],
    }


def release_json(release: Release) -> Json:
    """Return a release as its own look-up and browsing tell it."""
    has_art = release.has_art
    return {
        **release_in_list(release),
        "asin": None,
        "cover-art-archive": {
            "artwork": has_art,
            "back": False,
            "count": int(has_art),
            "darkened": False,
            "front": has_art,
        },
    }


def release_in_list(release: Release) -> Json:
    """Return a release as others tell it; one of unknown date has no events."""
    script, language = script_of(release.title)
    packaging, packaging_id = words.PACKAGINGS.get(release.format, (None, None))
    told: Json = {
        "id": release.mbid,
        "title": release.title,
        "disambiguation": release.disambiguation,
        "status": release.status,
        "status-id": words.STATUSES[release.status],
        "quality": "normal",
        "barcode": release.barcode,
        "packaging": packaging,
        "packaging-id": packaging_id,
        "text-representation": {"script": script, "language": language},
    }
    if release.date is not None and release.country is not None:
        told["date"], told["country"] = release.date, release.country
        event = {"date": release.date, "area": _area(country(release.country))}
        told["release-events"] = [event]
    return told


def label_info_json(release: Release) -> list[Json]:
    """Return who put a release out."""
    if release.label is None:
        return []
    return [{"catalog-number": release.catalog_number, "label": _label(release.label)}]


def _label(label: Label) -> Json:
    name, type_id = words.LABEL_TYPE
    return {
        "id": label.mbid,
        "name": label.title,
        "sort-name": label.title,
        "disambiguation": label.disambiguation,
        "label-code": None,
        "type": name,
        "type-id": type_id,
    }


def _area(area: Area | None) -> Json | None:
    if area is None:
        return None
    codes = {} if area.code is None else {"iso-3166-1-codes": [area.code]}
    return {
        "id": area.mbid,
        "name": area.name,
        "sort-name": area.name,
        "disambiguation": "",
        "type": None,
        "type-id": None,
        **codes,
    }
