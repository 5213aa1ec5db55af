"""What others know of the same thing: how often it is listened to, what people call it.

ListenBrainz is asked by MusicBrainz's ids, so whatever another provider told is looked for at
MusicBrainz first: a track by its ISRC.
"""

from collections.abc import Sequence
from typing import Any

from api.context import Info
from api.resolvers.elsewhere import load_known, tracks_at
from loaders import Enrichment, Loaders, Tag, Track


async def listens(tracks: Sequence[Track], info: Info) -> list[int | Exception | None]:
    """Return how often each recording was listened to."""
    return await _of_recordings(tracks, info.context.loaders, "listens")


async def track_tags(tracks: Sequence[Track], info: Info) -> list[Sequence[Tag] | Exception | None]:
    """Return the tags of each recording."""
    found = await _of_recordings(tracks, info.context.loaders, "recordings")
    return [it.tags if isinstance(it, Enrichment) else it for it in found]


async def _of_recordings(tracks: Sequence[Track], loaders: Loaders, resource: str) -> list[Any]:
    recordings = await tracks_at(tracks, loaders, "musicbrainz")
    mbids = [it.native if isinstance(it, Track) else it for it in recordings]
    return await load_known(loaders, resource, "listenbrainz", mbids)
