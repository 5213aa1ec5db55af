"""ListenBrainz's answers -> what they add to the records of others; pure."""

import re
from collections.abc import Iterable

from loaders.covers import cover_images
from loaders.listenbrainz import wire
from loaders.records import Enrichment, Image, Tag

_WIKIDATA = re.compile("https?://www.wikidata.org/wiki/(Q[1-9][0-9]{0,9})")


def listens(told: wire.Heard) -> int | None:
    """Return how often a recording was listened to."""
    return told.total_listen_count


def recording(told: wire.Recording) -> Enrichment:
    """Return what is told of a recording, and the cover of the release it is shown on."""
    tags = _tags(told.tag.recording if told.tag else None)
    release = told.release
    if release is None:
        return Enrichment(tags=tags)
    cover_of = tuple(filter(None, (release.mbid, release.release_group_mbid)))
    return Enrichment(tags=tags, images=_images(release), cover_of=cover_of)


def release_group(told: wire.Group) -> Enrichment:
    """Return the cover of a release group."""
    return Enrichment(images=_images(told.release_group))


def artist(told: wire.Artist) -> Enrichment:
    """Return what is told of an artist."""
    page = _WIKIDATA.fullmatch((told.rels or {}).get("wikidata", ""))
    return Enrichment(
        tags=_tags(told.tag.artist if told.tag else None), wikidata=page[1] if page else None
    )


def _images(told: wire.Art) -> tuple[Image, ...]:
    if told.caa_id is None or told.caa_release_mbid is None:
        return ()
    return cover_images(told.caa_release_mbid, told.caa_id)


def _tags(told: Iterable[wire.Tag] | None) -> tuple[Tag, ...]:
    by_votes = sorted(told or (), key=lambda each: (-each.count, each.tag))
    return tuple(
        Tag(each.tag, each.count, each.genre_mbid is not None, "listenbrainz") for each in by_votes
    )
