"""The same thing at another provider: tracks by ISRC, albums by bar code, artists by their links.

Each for a list of parents, so that whatever the other provider takes in bulk is asked in bulk.
"""

from collections.abc import Awaitable, Callable, Sequence
from math import inf
from typing import Annotated, Any, TypeAlias, TypeVar

import strawberry

from api.context import Info
from api.provider import Provider
from loaders import (
    Album,
    Artist,
    InvalidIdError,
    Loaders,
    Record,
    Ref,
    SearchKey,
    SearchPages,
    Track,
    Unknown,
    parse_refs,
    parse_upc,
)

Elsewhere: TypeAlias = Annotated[Provider, strawberry.argument(description="Where to look for it.")]

R = TypeVar("R", Track, Album, Artist)

# Albums that one search by bar code looks at: nobody has more editions under one, and it is what
# the shortest page of any provider holds.
EDITIONS = 10


async def track_on(tracks: Sequence[Track], info: Info, provider: Elsewhere) -> list[Any]:
    """Return the same recording elsewhere: of several with its ISRC, the closest in duration."""
    return await tracks_at(tracks, info.context.loaders, str(provider.value))


async def album_on(albums: Sequence[Album], info: Info, provider: Elsewhere) -> list[Any]:
    """Return the same release elsewhere: of several with its bar code, the closest in length."""
    return await _others(albums, info.context.loaders, str(provider.value), _albums_on)


async def artist_on(artists: Sequence[Artist], info: Info, provider: Elsewhere) -> list[Any]:
    """Return the same artist elsewhere, as whoever keeps such links has it."""
    return await artists_at(artists, info.context.loaders, str(provider.value))


async def tracks_at(tracks: Sequence[Track], loaders: Loaders, provider: str) -> list[Any]:
    """Return the same recordings at a provider; those that are from there stay what they are."""
    return await _others(tracks, loaders, provider, _tracks_on)


async def artists_at(artists: Sequence[Artist], loaders: Loaders, provider: str) -> list[Any]:
    """Return the same artists at a provider; those that are from there stay what they are."""
    return await _others(artists, loaders, provider, _artists_on)


async def artist_ids_at(artists: Sequence[Artist], loaders: Loaders, provider: str) -> list[Any]:
    """Return the ids of the same artists at a provider that keeps links, as it writes them."""
    found = await _others(artists, loaders, provider, _artist_refs_on)
    return [it.native if isinstance(it, Ref | Artist) else it for it in found]


async def load_known(
    loaders: Loaders, resource: str, provider: str, keys: Sequence[Any]
) -> list[Any]:
    """Return what is found by each key; a key that is None or an exception stays what it is."""
    asked = [(provider, key) for key in keys if isinstance(key, str)]
    found = iter(await loaders.load(resource, asked))
    return [next(found) if isinstance(key, str) else key for key in keys]


async def _others(
    records: Sequence[R],
    loaders: Loaders,
    provider: str,
    find: Callable[[Sequence[R], Loaders, str], Awaitable[list[Any]]],
) -> list[Any]:
    """Return what `find` finds of those that are not at this provider already."""
    away = [record for record in records if record.provider != provider]
    found = iter(await find(away, loaders, provider) if away else ())
    return [record if record.provider == provider else next(found) for record in records]


async def _tracks_on(tracks: Sequence[Track], loaders: Loaders, provider: str) -> list[Any]:
    full = await loaders.complete(tracks, "isrc")
    isrcs = [_told(record, "isrc") for record in full]
    found = await load_known(loaders, "isrcs", provider, isrcs)
    return [
        _closest(them, track.duration_ms, lambda other: other.duration_ms)
        for track, them in zip(tracks, found, strict=True)
    ]


async def _albums_on(albums: Sequence[Album], loaders: Loaders, provider: str) -> list[Any]:
    full = await loaders.complete(albums, "upc")
    upcs = [_upc(_told(record, "upc")) for record in full]
    find = load_known if loaders.has(provider, "upcs") else _search_upcs
    found = await find(loaders, "upcs", provider, upcs)
    return [
        _closest(them, album.total_tracks, lambda other: other.total_tracks)
        for album, them in zip(albums, found, strict=True)
    ]


async def _artists_on(artists: Sequence[Artist], loaders: Loaders, provider: str) -> list[Any]:
    """Return who an artist is elsewhere: the one that knows the links is asked, which is one end.

    Where neither does, there is nothing to be found.
    """
    if loaders.has(provider, "links"):
        chosen = await _artist_refs_on(artists, loaders, provider)
    else:
        keeps = {
            it.provider: loaders.is_looked_up(it.provider, "artist", "links") for it in artists
        }
        full = iter(await loaders.complete([it for it in artists if keeps[it.provider]], "links"))
        links = [_told(next(full), "links") if keeps[it.provider] else None for it in artists]
        chosen = [_artist_of(_refs(told), provider) for told in links]
    entities = iter(await loaders.entities([ref for ref in chosen if isinstance(ref, Ref)]))
    return [next(entities) if isinstance(ref, Ref) else ref for ref in chosen]


async def _artist_refs_on(artists: Sequence[Artist], loaders: Loaders, provider: str) -> list[Any]:
    found = await load_known(loaders, "links", provider, [artist.url for artist in artists])
    return [_artist_of(refs, provider) for refs in found]


async def _search_upcs(
    loaders: Loaders, _resource: str, provider: str, upcs: Sequence[Any]
) -> list[Any]:
    """Return the albums of bar codes where only a search finds them: those that say it is theirs.

    A search for `upc:` is a call for each; what it found is completed in bulk, all together.
    """
    keys = [
        SearchKey(f"upc:{upc.removeprefix('0')}", ("album",), 0, EDITIONS)
        for upc in upcs
        if isinstance(upc, str)
    ]
    pages = iter(await loaders.load("search", [(provider, key) for key in keys]))
    found = [next(pages) if isinstance(upc, str) else upc for upc in upcs]
    listed = [_albums(outcome) for outcome in found]
    full = iter(await loaders.complete([album for albums in listed for album in albums], "upc"))
    theirs = [[next(full) for _ in albums] for albums in listed]
    return [
        _with_upc(albums, upc) if isinstance(outcome, SearchPages) else outcome
        for upc, outcome, albums in zip(upcs, found, theirs, strict=True)
    ]


def _with_upc(albums: Sequence[Any], upc: str) -> Any:
    """Return the albums with this bar code; where there is none, a failure that may hide one."""
    right = [album for album in albums if _upc(_told(album, "upc")) == upc]
    failed = [album for album in albums if isinstance(album, Exception)]
    return failed[0] if failed and not right else right


def _albums(outcome: Any) -> Sequence[Album]:
    page = outcome.albums if isinstance(outcome, SearchPages) else None
    return page.items if page else ()


def _told(record: Record | Exception | None, attribute: str) -> Any:
    """Return a field of a record; None where nobody tells it."""
    if record is None or isinstance(record, Exception):
        return record
    value = getattr(record, attribute)
    return None if isinstance(value, Unknown) else value


def _upc(told: Any) -> Any:
    try:
        return parse_upc(told) if isinstance(told, str) else told
    except InvalidIdError:
        return None  # the provider has something else in its place


def _refs(links: Any) -> Any:
    """Return what links name, as far as they lead to a provider that is spoken to."""
    if not isinstance(links, tuple):
        return links
    return [ref for ref in parse_refs(links) if isinstance(ref, Ref)]


def _artist_of(refs: Any, provider: str) -> Any:
    if refs is None or isinstance(refs, Exception):
        return refs
    named = (ref for ref in refs if (ref.provider, ref.kind) == (provider, "artist"))
    return next(named, None)


def _closest(found: Any, wanted: Any, measure: Callable[[Any], Any]) -> Any:
    """Return the one whose measure is closest to what is wanted; the first where none is told."""
    if found is None or isinstance(found, Exception):
        return found

    def distance(other: Any) -> float:
        value = measure(other)
        return abs(value - wanted) if isinstance(value, int) and isinstance(wanted, int) else inf

    return min(found, key=distance, default=None)
