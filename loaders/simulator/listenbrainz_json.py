"""What ListenBrainz writes of MusicBrainz's entities."""

from collections.abc import Collection
from typing import Any

from loaders.simulator import musicbrainz_facts as facts
from loaders.simulator.coverart import art_of, picture_of
from loaders.simulator.musicbrainz_entities import Artist, Group, Recording, Release
from loaders.simulator.musicbrainz_relations import is_wikidata

_MOST_LISTENS = 400_000


def heard_json(mbid: str, *, is_heard: bool) -> Any:
    """Return how often a recording was listened to, and by how many; null where nobody did."""
    listens = 1 + facts.draw(mbid, "listens", _MOST_LISTENS) if is_heard else None
    return {
        "recording_mbid": mbid,
        "total_listen_count": listens,
        "total_user_count": None if listens is None else 1 + listens // 9,
    }


def recording_json(recording: Recording, inc: Collection[str]) -> Any:
    """Return a recording, with the parts that were asked for."""
    told: dict[str, Any] = {"recording": {"rels": []}}
    if "tag" in inc:
        told["tag"] = {"recording": tags_json(recording.mbid)}
    if "release" in inc:
        told["release"] = _release_json(recording)
    return told


def _release_json(recording: Recording) -> Any:
    """Return a release of a recording, which need not be the one that others would show."""
    if not recording.places:
        return {}
    release = recording.places[0].release
    told = {
        "mbid": release.mbid,
        "name": release.title,
        "album_artist_name": release.credit[0].artist.title,
        "release_group_mbid": release.group.mbid,
        **_art_json(art_of(release.group, release)),
    }
    if release.date:
        told["year"] = int(release.date[:4])
    return told


def group_json(group: Group) -> Any:
    """Return a release group; its cover is that of one of its releases."""
    told = {
        "name": group.title,
        "type": group.primary,
        "rels": [],
        **_art_json(art_of(group)),
    }
    if group.first_date:
        told["date"] = group.first_date
    return {"release_group": told}


def _art_json(release: Release | None) -> dict[str, Any]:
    if release is None:
        return {"caa_id": None, "caa_release_mbid": None}
    return {"caa_id": picture_of(release), "caa_release_mbid": release.mbid}


def artist_json(artist: Artist) -> Any:
    """Return an artist, with one page elsewhere of each kind, and its tags."""
    told: dict[str, Any] = {
        "artist_mbid": artist.mbid,
        "mbid": artist.mbid,
        "name": artist.title,
        "rels": {
            "wikidata" if is_wikidata(link) else "free streaming": link.url.resource
            for link in artist.links
            if not link.is_ended
        },
        "tag": {"artist": [{"artist_mbid": artist.mbid, **tag} for tag in tags_json(artist.mbid)]},
    }
    if artist.area:
        told["area"] = artist.area.name
    if artist.begin:
        told["begin_year"] = int(artist.begin)
    if artist.kind:
        told["type"] = artist.kind
    return told


def tags_json(mbid: str) -> list[Any]:
    """Return the words that people gave something; of a genre with its id."""
    told = []
    for vote in facts.votes_of(mbid):
        tag: dict[str, Any] = {"tag": vote.word, "count": vote.people}
        if vote.is_genre:
            tag["genre_mbid"] = facts.mbid_of("genre", vote.word)
        told.append(tag)
    return told
