"""Pages: one that is longer than Spotify gives at once is put together from several."""

from collections.abc import Sequence
from itertools import chain
from typing import Any, TypeVar

from loaders.records import Page, SearchPages

R = TypeVar("R")


def joined(pages: Sequence[Page[R]]) -> Page[R]:
    """Return consecutive pages as one.

    >>> joined([Page(("a",), total=2, offset=0), Page(("b",), total=2, offset=1)])
    Page(items=('a', 'b'), total=2, offset=0)
    """
    if len(pages) == 1:
        return pages[0]
    items = tuple(chain.from_iterable(page.items for page in pages))
    return Page(items, pages[0].total, pages[0].offset)


def joined_search(pages: Sequence[SearchPages]) -> SearchPages:
    """Return consecutive pages of a search as one, kind by kind."""
    if len(pages) == 1:
        return pages[0]
    kinds: dict[str, Any] = {}
    for kind in ("tracks", "artists", "albums"):
        parts = [part for page in pages if (part := getattr(page, kind)) is not None]
        kinds[kind] = joined(parts) if parts else None
    return SearchPages(**kinds)


def length(page: Page[Any] | SearchPages) -> int:
    """Return how many items there are in all, of the longest kind; 0 where that is not told."""
    if isinstance(page, Page):
        return page.total or 0
    return max(
        length(part) for part in (page.tracks, page.artists, page.albums) if part is not None
    )
