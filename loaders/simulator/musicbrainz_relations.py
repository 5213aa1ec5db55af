"""MusicBrainz's relations: between artists, and between anything and its URLs."""

from collections.abc import Collection
from typing import Any

from loaders.simulator.musicbrainz_entities import Artist, Known, Link, Recording, Release, Url
from loaders.simulator.musicbrainz_parts import (
    Json,
    artist_in_credit,
    recording_json,
    release_in_list,
)
from loaders.simulator.musicbrainz_words import COLLABORATION, STREAMING, WIKIDATA


def relations_of(entity: Known, inc: Collection[str]) -> list[Json]:
    """Return the relations of an entity to the kinds of targets asked for, by type."""
    relations = []
    if "artist-rels" in inc and isinstance(entity, Artist):
        name, type_id = COLLABORATION
        relations += [
            _relation(name, type_id, direction, "artist", artist_in_credit(partner))
            for partner, direction in entity.partners
        ]
    if "url-rels" in inc:
        links = sorted(entity.links, key=lambda link: link.url.resource)
        relations += [_to_url(link) for link in links]
    return relations


def url_json(url: Url, inc: Collection[str]) -> Json:
    """Return a URL, with its relations if any are asked for."""
    told: Json = {"id": url.mbid, "resource": url.resource}
    if inc:
        told["relations"] = [
            _relation(
                *_type_of(link),
                "backward",
                link.kind,
                _target(link.entity),
                is_ended=link.is_ended,
            )
            for link in sorted(url.links, key=lambda link: link.entity.mbid)
            if f"{link.kind}-rels" in inc
        ]
    return told


def _to_url(link: Link) -> Json:
    target = {"id": link.url.mbid, "resource": link.url.resource}
    return _relation(*_type_of(link), "forward", "url", target, is_ended=link.is_ended)


def _type_of(link: Link) -> tuple[str, str]:
    """Return the name and the id of the type of a relation to a URL."""
    if is_wikidata(link):
        return WIKIDATA
    return "free streaming", STREAMING[link.kind]


def is_wikidata(link: Link) -> bool:
    """Tell whether a link leads to Wikidata."""
    return link.url.resource.startswith("https://www.wikidata.org/wiki/")


def _target(entity: Artist | Recording | Release) -> Json:
    match entity:
        case Artist():
            return artist_in_credit(entity)
        case Recording():
            return recording_json(entity)
    return release_in_list(entity)


def _relation(
    name: str,
    type_id: str,
    direction: str,
    target_type: str,
    target: Any,
    *,
    is_ended: bool = False,
) -> Json:
    return {
        "type": name,
        "type-id": type_id,
        "direction": direction,
        "target-type": target_type,
        target_type: target,
        "begin": None,
        "end": None,
        "ended": is_ended,
        "attributes": [],
        "attribute-ids": {},
        "attribute-values": {},
        "source-credit": "",
        "target-credit": "",
    }
