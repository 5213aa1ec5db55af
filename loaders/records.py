"""The records that all providers share: frozen, provider-neutral, without I/O.

A field is a value, `None` ("told: there is none") or `UNKNOWN` ("this answer did not tell"). A
track's answer tells an artist's id, name and url, and nothing else of it:

>>> ana = Artist(id="spotify:artist:0000000000000000000001", name="Ana", url=None)
>>> ana.genres is UNKNOWN, ana.is_complete, ana.provider, ana.native
(True, False, 'spotify', '0000000000000000000001')
"""

from typing import Annotated, ClassVar, Generic, TypeAlias, TypeVar

import msgspec

UNKNOWN = msgspec.UNSET
Unknown: TypeAlias = msgspec.UnsetType

R = TypeVar("R")

# A number that GraphQL's Int can say. A larger one is no duration, no count and no place in a list:
# the answer that has one is refused where it is decoded, as is one of any other wrong shape.
Int = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]


class Image(msgspec.Struct, frozen=True, gc=False):
    """A picture at a url; sizes in pixels, where told. `page` tells whose it is and its licence."""

    url: str
    width: Int | None = None
    height: Int | None = None
    page: str | None = None


class _Entity(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What every record has: a canonical id (`provider:kind:native`), a name and a web page."""

    id: str
    name: str
    url: str | None

    @property
    def provider(self) -> str:
        """Return the provider that told this record."""
        return self.id.partition(":")[0]

    @property
    def native(self) -> str:
        """Return the id as the provider itself writes it."""
        return self.id.rpartition(":")[2]


class Artist(_Entity, frozen=True, kw_only=True, gc=False):
    """Somebody who makes music. `country` is an ISO 3166-1 code of two letters."""

    kind: ClassVar[str] = "artist"

    genres: tuple[str, ...] | Unknown | None = UNKNOWN
    images: tuple[Image, ...] | Unknown = UNKNOWN
    popularity: int | Unknown | None = UNKNOWN  # 0 to 100
    followers: int | Unknown | None = UNKNOWN
    country: str | Unknown | None = UNKNOWN
    # Its pages elsewhere in the web, where the provider keeps them; not needed to be complete.
    links: tuple[str, ...] | Unknown = UNKNOWN

    @property
    def is_complete(self) -> bool:
        """Tell whether no field is unknown, so that asking by id would tell nothing new."""
        return not (
            self.genres is UNKNOWN
            or self.images is UNKNOWN
            or self.popularity is UNKNOWN
            or self.followers is UNKNOWN
            or self.country is UNKNOWN
        )


class Album(_Entity, frozen=True, kw_only=True, gc=False):
    """A release. `release_date` is as exact as the provider knows: `1999`, `1999-12` or a day."""

    kind: ClassVar[str] = "album"

    release_date: str | None
    images: tuple[Image, ...]
    artists: tuple[Artist, ...] | Unknown = UNKNOWN
    album_type: str | None
    upc: str | Unknown | None = UNKNOWN
    label: str | Unknown | None = UNKNOWN
    popularity: int | Unknown | None = UNKNOWN  # 0 to 100
    total_tracks: int | Unknown | None = UNKNOWN
    # By what ListenBrainz may know its cover, where MusicBrainz told: what it shares with its other
    # editions, and a recording that stands on it.
    release_group: str | None = None
    recording: str | None = None
    # The first of its tracks, where the album's own answer brings them; None where no answer of its
    # provider does. Not needed to be complete.
    tracks: "Page[Track] | Unknown | None" = UNKNOWN

    @property
    def is_complete(self) -> bool:
        """Tell whether no field is unknown, so that asking by id would tell nothing new."""
        return not (
            self.artists is UNKNOWN
            or self.upc is UNKNOWN
            or self.label is UNKNOWN
            or self.popularity is UNKNOWN
            or self.total_tracks is UNKNOWN
        )


class Track(_Entity, frozen=True, kw_only=True, gc=False):
    """A recording, as it stands on an album."""

    kind: ClassVar[str] = "track"

    duration_ms: int | None
    explicit: bool | None
    disc_number: int | None
    track_number: int | None
    artists: tuple[Artist, ...]
    isrc: str | Unknown | None = UNKNOWN
    popularity: int | Unknown | None = UNKNOWN  # 0 to 100
    album: Album | Unknown | None = UNKNOWN

    @property
    def is_complete(self) -> bool:
        """Tell whether no field is unknown, so that asking by id would tell nothing new."""
        return not (self.isrc is UNKNOWN or self.popularity is UNKNOWN or self.album is UNKNOWN)


Record: TypeAlias = Track | Artist | Album


class Tag(msgspec.Struct, frozen=True, gc=False):
    """A word that people gave something, how many people, and whether it is a genre."""

    name: str
    count: int
    is_genre: bool
    source: str


class Enrichment(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What somebody else knows of a thing: each source tells some of it."""

    tags: tuple[Tag, ...] = ()  # most people first
    wikidata: str | None = None  # its id there
    images: tuple[Image, ...] = ()  # a cover, and the MBIDs of the releases and groups it is of
    cover_of: tuple[str, ...] = ()


class Page(msgspec.Struct, Generic[R], frozen=True, gc=False):
    """A part of a longer list: items from `offset` on, and how long the list is, where told."""

    items: tuple[R, ...]
    total: int | None
    offset: int

    def cut(self, offset: int, limit: int) -> "Page[R] | None":
        """Return the part that was asked for, or None if this page does not hold all of it.

        >>> Page(("a", "b", "c"), total=3, offset=0).cut(1, 50)
        Page(items=('b', 'c'), total=3, offset=1)
        >>> Page(("a", "b", "c"), total=9, offset=0).cut(1, 50) is None
        True
        """
        end = self.offset + len(self.items)
        held_to_the_end = self.total is not None and end >= self.total
        if offset < self.offset or (offset + limit > end and not held_to_the_end):
            return None
        start = offset - self.offset
        return Page(self.items[start : start + limit], self.total, offset)


class SearchPages(msgspec.Struct, frozen=True, gc=False):
    """What a search found, per kind; None for a kind that was not asked."""

    tracks: Page[Track] | None = None
    artists: Page[Artist] | None = None
    albums: Page[Album] | None = None


class PageKey(msgspec.Struct, frozen=True, gc=False):
    """A page of what belongs to one artist or album."""

    native: str
    offset: int
    limit: int


class SearchKey(msgspec.Struct, frozen=True, gc=False):
    """A page of what a text finds; `kinds` is sorted, so that equal questions are equal keys."""

    text: str
    kinds: tuple[str, ...]
    offset: int
    limit: int
