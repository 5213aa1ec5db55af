"""ListenBrainz's answers -> what they add to the records of others; pure."""

from collections.abc import Iterable

from loaders.listenbrainz import wire
from loaders.records import Enrichment, Tag


def listens(told: wire.Heard) -> int | None:
    """Return how often a recording was listened to."""
    return told.total_listen_count


def recording(told: wire.Recording) -> Enrichment:
    """Return what is told of a recording."""
    return Enrichment(tags=_tags(told.tag.recording if told.tag else None))


def _tags(told: Iterable[wire.Tag] | None) -> tuple[Tag, ...]:
    by_votes = sorted(told or (), key=lambda each: (-each.count, each.tag))
    return tuple(
        Tag(each.tag, each.count, each.genre_mbid is not None, "listenbrainz") for each in by_votes
    )
