"""Relay connections over pages: opaque cursors, which are offsets, and the part asked for."""

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Any, Generic, NamedTuple, TypeVar

import strawberry

from api.errors import BadInputError
from loaders import Page
from loaders.errors import printable

MOST_PER_PAGE = 50  # the largest page that Spotify gives; smaller caps are paged by the loaders

# Up to a million less one; nothing that a provider lists is longer.
_DIGITS = re.compile("[0-9]{1,6}")


class Window(NamedTuple):
    """Which part of a list is asked for."""

    offset: int
    first: int


def window(first: int | None, after: str | None, *, default: int) -> Window:
    """Return the part that `first` and `after` ask for; raises `BadInputError`."""
    count = default if first is None else first
    start = 0 if after is None or after is strawberry.UNSET else _offset(after) + 1
    if not 1 <= count <= MOST_PER_PAGE:
        raise BadInputError(f"first: expected 1 to {MOST_PER_PAGE}, got {count}")
    return Window(start, count)


def cursor(offset: int) -> str:
    """Return the cursor of the item at an offset.

    >>> cursor(0)
    'b2Zmc2V0OjA'
    """
    return base64.urlsafe_b64encode(f"offset:{offset}".encode()).decode().rstrip("=")


def _offset(text: str) -> int:
    padded = text + "=" * (-len(text) % 4)
    try:
        told = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        told = ""
    word, _, digits = told.partition(":")
    if word == "offset" and _DIGITS.fullmatch(digits):
        return int(digits)
    raise BadInputError(f"after: expected a cursor that this server gave, got {printable(text)}")


class Span(NamedTuple):
    """A part of a list, as a connection shows it: the value behind every connection type."""

    items: Sequence[Any]
    offset: int
    total_count: int | None
    first: int

    @property
    def nodes(self) -> Sequence[Any]:
        """Return the items themselves."""
        return self.items

    @property
    def edges(self) -> list["Place"]:
        """Return the items with their cursors."""
        return [Place(cursor(self.offset + index), item) for index, item in enumerate(self.items)]

    @property
    def page_info(self) -> "Ends":
        """Return where this part stands in the whole; without a total, a full page has a next."""
        end = self.offset + len(self.items)
        more = len(self.items) >= self.first if self.total_count is None else end < self.total_count
        return Ends(
            has_next_page=more,
            has_previous_page=self.offset > 0,
            start_cursor=cursor(self.offset) if self.items else None,
            end_cursor=cursor(end - 1) if self.items else None,
        )


class Place(NamedTuple):
    """An item and its cursor: the value behind every edge type."""

    cursor: str
    node: Any


class Ends(NamedTuple):
    """The value behind `PageInfo`."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


def span(page: Page[Any], asked: Window) -> Span:
    """Return a loaded page as a connection."""
    return Span(page.items, page.offset, page.total, asked.first)


def empty(asked: Window) -> Span:
    """Return the connection of which nothing but its type name is shown."""
    return Span((), asked.offset, None, asked.first)


T = TypeVar("T")


@strawberry.type(description="Where a page begins and ends, and whether there is more.")
class PageInfo:
    """GraphQL's `PageInfo`."""

    has_next_page: bool = strawberry.field(description="Whether there is more after this page.")
    has_previous_page: bool = strawberry.field(
        description="Whether there is something before this page."
    )
    start_cursor: str | None = strawberry.field(
        description="The cursor of the first item; null on an empty page."
    )
    end_cursor: str | None = strawberry.field(
        description="The cursor of the last item, to be given as `after`; null on an empty page."
    )


@strawberry.type(description="An item of a page, with its place in the whole.")
class Edge(Generic[T]):
    """GraphQL's `TrackEdge`, `ArtistEdge`, `AlbumEdge`."""

    cursor: str = strawberry.field(description="Where the item stands; opaque.")
    node: T = strawberry.field(description="The item.")


@strawberry.type(description="A page of a longer list.")
class Connection(Generic[T]):
    """GraphQL's `TrackConnection`, `ArtistConnection`, `AlbumConnection`."""

    edges: list[Edge[T]] = strawberry.field(
        description="The items of this page with their cursors."
    )
    nodes: list[T] = strawberry.field(description="The items of this page.")
    page_info: PageInfo = strawberry.field(description="Where this page stands in the whole.")
    total_count: int | None = strawberry.field(
        description="How many items there are in all; null where the provider does not tell."
    )
