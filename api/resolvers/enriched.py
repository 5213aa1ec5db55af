"""What others know of the same thing: how often it is listened to, what people call it, pictures.

Those are asked by MusicBrainz's ids, so whatever another provider told is looked for there first: a
track by its ISRC, an artist by the links that MusicBrainz's editors keep. What nobody but they can
tell fails without them; what a provider may tell itself is null where they are off.
"""

import re
from collections.abc import Sequence
from typing import Any

from api.context import Info
from api.resolvers.elsewhere import artist_ids_at, artists_at, load_known, tracks_at
from api.resolvers.images import widest
from api.resolvers.told import told, told_or_found
from loaders import UNKNOWN, Artist, Enrichment, Loaders, Tag, Track

Tags = Sequence[Tag] | Exception | None

_WIKIDATA = re.compile(r"https?://www\.wikidata\.org/wiki/(Q[1-9][0-9]{0,9})")


# Tracks


async def listens(tracks: Sequence[Track], info: Info) -> list[int | Exception | None]:
    """Return how often each recording was listened to."""
    return await _of_recordings(tracks, info.context.loaders, "listens")


async def track_tags(tracks: Sequence[Track], info: Info) -> list[Tags]:
    """Return the tags of each recording."""
    return _tags(await _of_recordings(tracks, info.context.loaders, "recordings"))


async def _of_recordings(tracks: Sequence[Track], loaders: Loaders, resource: str) -> list[Any]:
    recordings = await tracks_at(tracks, loaders, "musicbrainz")
    mbids = [it.native if isinstance(it, Track) else it for it in recordings]
    return await load_known(loaders, resource, "listenbrainz", mbids)


# Artists


async def artist_tags(artists: Sequence[Artist], info: Info) -> list[Tags]:
    """Return the tags of each artist."""
    return _tags(await _about_artists(artists, info.context.loaders))


async def genres_source(artists: Sequence[Artist], info: Info) -> list[Any]:
    """Return who told the genres of each artist."""
    loaders = info.context.loaders
    full = await loaders.complete(artists, "genres")
    own = [it if isinstance(it, Exception) or _has_genres(it) else None for it in full]
    lacking = [artist for artist, it in zip(artists, own, strict=True) if it is None]
    found = iter(await _genres(lacking, loaders) if lacking else ())
    told_by = [next(found) if it is None else it for it in own]
    return [
        it.provider if isinstance(it, Artist) else "listenbrainz" if isinstance(it, list) else it
        for it in told_by
    ]


async def _genres(artists: Sequence[Artist], loaders: Loaders) -> list[Any]:
    """Return the genres among the tags of artists whose provider keeps none."""
    if not loaders.has("musicbrainz", "links"):
        return [None] * len(artists)
    return [
        [tag.name for tag in it.tags if tag.is_genre] if isinstance(it, Enrichment) else it
        for it in await _about_artists(artists, loaders)
    ]


async def _countries(artists: Sequence[Artist], loaders: Loaders) -> list[Any]:
    """Return where artists are from whose provider does not tell."""
    if not loaders.has("musicbrainz", "links"):
        return [None] * len(artists)
    found = await artists_at(artists, loaders, "musicbrainz")
    countries = [it.country if isinstance(it, Artist) else it for it in found]
    return [None if it is UNKNOWN else it for it in countries]


async def _pictures(artists: Sequence[Artist], loaders: Loaders) -> list[Any]:
    """Return pictures of artists of whom their provider has none."""
    if not loaders.has("musicbrainz", "links") or not loaders.has("wikidata", "images"):
        return [None] * len(artists)
    unlinked = [artist for artist in artists if artist.links is UNKNOWN]
    found = iter(await _about_artists(unlinked, loaders))
    ids = [next(found) if artist.links is UNKNOWN else _linked(artist.links) for artist in artists]
    natives = [it.wikidata if isinstance(it, Enrichment) else it for it in ids]
    return await load_known(loaders, "images", "wikidata", natives)


genres = told_or_found(told("genres"), _genres)
country = told_or_found(told("country"), _countries)
image = told_or_found(told("images", widest), _pictures)


async def _about_artists(artists: Sequence[Artist], loaders: Loaders) -> list[Any]:
    mbids = await artist_ids_at(artists, loaders, "musicbrainz")
    return await load_known(loaders, "about_artists", "listenbrainz", mbids)


def _has_genres(record: Any) -> bool:
    return isinstance(record, Artist) and isinstance(record.genres, tuple)


def _linked(links: Sequence[str]) -> str | None:
    pages = (_WIKIDATA.fullmatch(link) for link in links)
    return next((page[1] for page in pages if page), None)


def _tags(found: Sequence[Any]) -> list[Tags]:
    return [it.tags if isinstance(it, Enrichment) else it for it in found]
