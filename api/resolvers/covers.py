"""The covers of MusicBrainz's releases, in bulk as far as that goes.

ListenBrainz tells the cover of a recording's release, in the answer that tells its tags; and of a
release group. What it does not know the Cover Art Archive is asked for, release by release. An
edition without a cover of its own is shown with its group's.
"""

from collections.abc import Sequence
from typing import Any

from api.resolvers.elsewhere import load_known
from loaders import Album, Enrichment, Loaders


async def covers(albums: Sequence[Album], loaders: Loaders) -> list[Any]:
    """Return the pictures of each release: a tuple, None where nobody has one, or an exception."""
    found: dict[int, Any] = {}
    for ask in (_by_recording, _by_group, _by_release):
        left = [place for place in range(len(albums)) if place not in found]
        outcomes = await ask([albums[place] for place in left], loaders)
        found |= {
            place: outcome
            for place, outcome in zip(left, outcomes, strict=True)
            if outcome is not _UNTOLD
        }
    return [found[place] for place in range(len(albums))]


async def _by_recording(albums: Sequence[Album], loaders: Loaders) -> list[Any]:
    keys = [album.recording for album in albums]
    told = await load_known(loaders, "recordings", "listenbrainz", keys)
    return [
        _images(it) if _is_cover_of(it, album) else _UNTOLD
        for it, album in zip(told, albums, strict=True)
    ]


async def _by_group(albums: Sequence[Album], loaders: Loaders) -> list[Any]:
    keys = [album.release_group for album in albums]
    told = await load_known(loaders, "release_groups", "listenbrainz", keys)
    return [_UNTOLD if it is None else _images(it) for it in told]


async def _by_release(albums: Sequence[Album], loaders: Loaders) -> list[Any]:
    return await load_known(loaders, "covers", "coverart", [album.native for album in albums])


# Nobody knows yet: the next one is asked.
_UNTOLD: Any = object()


def _is_cover_of(told: Any, album: Album) -> bool:
    """Tell whether a recording's cover is this album's: it may stand on others as well."""
    if isinstance(told, Enrichment):
        return album.native in told.cover_of or album.release_group in told.cover_of
    return isinstance(told, Exception)


def _images(told: Any) -> Any:
    return told.images if isinstance(told, Enrichment) else told
