"""What Spotify answers, as far as it is served: structs that are decoded straight from the bytes.

Shapes: developer.spotify.com/documentation/web-api/reference, get-several-tracks and so on.
"Partial" is what Spotify calls simplified. Fields that applications in development mode do not get
(popularity, label, followers ...) are optional. Of ids the length is looked at here; that they are
letters and digits once for all ids of an answer (`reading`).
"""

from collections.abc import Collection
from typing import Annotated, ClassVar, Generic, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from loaders.errors import BadResponseError
from loaders.records import Image, Int

W = TypeVar("W")

ID_LENGTH = 22

Id = Annotated[str, msgspec.Meta(min_length=ID_LENGTH, max_length=ID_LENGTH)]


def are_ids(texts: Collection[str]) -> bool:
    """Tell whether each of these is an id, safe in any URL.

    Takes a tenth of a pattern's time, for bytes are looked up in a table, and characters are not.

    >>> are_ids(["11dFghVXANMlKmJXsNCbNl"]), are_ids(["../me"])
    (True, False)
    """
    together = "".join(texts)
    return not texts or (
        together.isascii() and together.encode().isalnum() and set(map(len, texts)) == {ID_LENGTH}
    )


class Urls(msgspec.Struct, gc=False):
    """An entity on the web."""

    spotify: str | None = None


class ExternalIds(msgspec.Struct, gc=False):
    """What an entity is called elsewhere."""

    isrc: str | None = None
    upc: str | None = None


class Followers(msgspec.Struct, gc=False):
    """How many follow an artist."""

    total: Int | None = None


class Link(msgspec.Struct, gc=False):
    """The track that was asked, when another one came."""

    id: Id


class Paging(msgspec.Struct, Generic[W], gc=False):
    """Part of a list; an item that cannot be shown is null."""

    items: list[W | None]
    total: Int | None = None


class PartialArtist(msgspec.Struct, gc=False):
    """An artist inside a track or an album."""

    linked_from: ClassVar[None] = None  # only tracks are relinked

    id: Id
    name: str
    external_urls: Urls | None = None


class Artist(PartialArtist, gc=False):
    """An artist asked by id, or found."""

    genres: tuple[str, ...] | None = None
    images: tuple[Image, ...] | None = None
    popularity: Int | None = None
    followers: Followers | None = None


class PartialTrack(msgspec.Struct, gc=False, kw_only=True):
    """A track inside an album, or in an album's list."""

    id: Id
    name: str
    artists: list[PartialArtist]
    duration_ms: Int | None = None
    explicit: bool | None = None
    disc_number: Int | None = None
    track_number: Int | None = None
    external_urls: Urls | None = None
    linked_from: Link | None = None


class PartialAlbum(msgspec.Struct, gc=False, kw_only=True):
    """An album inside a track, in a list, or found."""

    linked_from: ClassVar[None] = None

    id: Id
    name: str
    artists: list[PartialArtist]
    album_type: str | None = None
    release_date: str | None = None
    images: tuple[Image, ...] | None = None
    external_urls: Urls | None = None
    total_tracks: Int | UnsetType | None = UNSET


class Album(PartialAlbum, gc=False, kw_only=True):
    """An album asked by id, with the first of its tracks."""

    external_ids: ExternalIds | None = None
    label: str | None = None
    popularity: Int | None = None
    tracks: Paging[PartialTrack] | None = None


class Track(PartialTrack, gc=False, kw_only=True):
    """A track asked by id, or found."""

    external_ids: ExternalIds | None = None
    popularity: Int | None = None
    album: PartialAlbum | None = None


class Found(msgspec.Struct, Generic[W], gc=False):
    """What a bulk route answers: one of these lists, one item per id in the order of the ids."""

    tracks: W | UnsetType = UNSET
    artists: W | UnsetType = UNSET
    albums: W | UnsetType = UNSET


class Search(msgspec.Struct, gc=False):
    """A page per kind that was asked."""

    tracks: Paging[Track] | None = None
    artists: Paging[Artist] | None = None
    albums: Paging[PartialAlbum] | None = None


# Not JSON, not UTF-8, or nested without end.
NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def decode(decoder: msgspec.json.Decoder[W], body: bytes) -> W:
    """Return the decoded answer; raises BadResponseError."""
    try:
        return decoder.decode(body)
    except NOT_JSON as error:
        raise bad("its documented answer", error) from error


def bad(expected: str, error: Exception) -> BadResponseError:
    """Return the error for something that is not as expected."""
    # msgspec names what it expected, got and where, and quotes nothing of the answer.
    return BadResponseError("spotify", f"spotify: expected {expected}, got another: {error}")
