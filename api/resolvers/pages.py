"""Lists that come in pages: an artist's albums, an album's tracks."""

from collections.abc import Awaitable, Sequence
from typing import Annotated, Any, TypeAlias

import msgspec
import strawberry

from api.connections import MOST_PER_PAGE, Span, Window, empty, span, window
from api.context import Info
from api.selections import asks_for_more_than_its_name
from loaders import UNKNOWN, Album, Artist, Page, PageKey, Track

_DEFAULT = 20  # what Spotify gives when nobody says how many

First: TypeAlias = Annotated[
    int | None,
    strawberry.argument(description=f"How many items, 1 to {MOST_PER_PAGE}."),
]
After: TypeAlias = Annotated[
    str | None,
    strawberry.argument(
        description="A cursor of this list: the page begins behind it. Null is the beginning."
    ),
]


async def artist_albums(
    artists: Sequence[Artist], info: Info, first: First = _DEFAULT, after: After = strawberry.UNSET
) -> list[Span | Exception | None]:
    """Return a page of each artist's albums: a call per artist, no provider has a bulk route."""
    asked = window(first, after, default=_DEFAULT)
    if not asks_for_more_than_its_name(info):
        return [empty(asked)] * len(artists)
    pages = await info.context.loaders.load(
        "artist_albums",
        [
            (artist.provider, PageKey(artist.native, asked.offset, asked.first))
            for artist in artists
        ],
    )
    return [_connection(page, asked) for page in pages]


def album_tracks(
    albums: Sequence[Album], info: Info, first: First = _DEFAULT, after: After = strawberry.UNSET
) -> list[Span | Exception | None] | Awaitable[list[Span | Exception | None]]:
    """Return a page of each album's tracks; what the album's own answer told is not asked again."""
    asked = window(first, after, default=_DEFAULT)
    if not asks_for_more_than_its_name(info):
        return [empty(asked)] * len(albums)
    pages = [_told(album, asked) for album in albums]
    if None in pages:
        return _load_tracks(albums, info, asked)
    return _tracks(albums, pages, asked)


async def _load_tracks(
    albums: Sequence[Album], info: Info, asked: Window
) -> list[Span | Exception | None]:
    pages = await info.context.loaders.album_tracks(albums, offset=asked.offset, limit=asked.first)
    return _tracks(albums, pages, asked)


def _told(album: Album, asked: Window) -> Page[Track] | None:
    return album.tracks.cut(asked.offset, asked.first) if isinstance(album.tracks, Page) else None


def _tracks(
    albums: Sequence[Album], pages: Sequence[Page[Track] | Exception | None], asked: Window
) -> list[Span | Exception | None]:
    return [
        _connection(_on(album, page) if isinstance(page, Page) else page, asked)
        for album, page in zip(albums, pages, strict=True)
    ]


def _on(album: Album, page: Page[Track]) -> Page[Track]:
    """Tell the tracks of a page the album they were found on, so that nobody asks for it."""
    tracks = tuple(
        msgspec.structs.replace(track, album=album) if track.album is UNKNOWN else track
        for track in page.items
    )
    return Page(tracks, page.total, page.offset)


def _connection(page: Page[Any] | Exception | None, asked: Window) -> Span | Exception | None:
    return span(page, asked) if isinstance(page, Page) else page
