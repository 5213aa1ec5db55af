"""ListenBrainz's answers -> what they add to the records of others; pure."""

import re
from collections.abc import Iterable

from loaders.listenbrainz import wire
from loaders.records import Enrichment, Tag

_WIKIDATA = re.compile("https?://www.wikidata.org/wiki/(Q[1-9][0-9]{0,9})")


def listens(told: wire.Heard) -> int | None:
    """Return how often a recording was listened to."""
    return told.total_listen_count


def recording(told: wire.Recording) -> Enrichment:
    """Return what is told of a recording."""
    return Enrichment(tags=_tags(told.tag.recording if told.tag else None))


def artist(told: wire.Artist) -> Enrichment:
    """Return what is told of an artist."""
    page = _WIKIDATA.fullmatch((told.rels or {}).get("wikidata", ""))
    return Enrichment(
        tags=_tags(told.tag.artist if told.tag else None), wikidata=page[1] if page else None
    )


def _tags(told: Iterable[wire.Tag] | None) -> tuple[Tag, ...]:
    by_votes = sorted(told or (), key=lambda each: (-each.count, each.tag))
    return tuple(
        Tag(each.tag, each.count, each.genre_mbid is not None, "listenbrainz") for each in by_votes
    )
