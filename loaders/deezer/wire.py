"""What Deezer answers, as far as it is served: structs that are decoded straight from the bytes.

Shapes: developers.deezer.com/api (track, artist, album, search), and answers that were recorded.
The same entity is told with fewer fields the deeper it stands, and in lists: so almost everything
is optional. Ids are checked here: they go into later calls.
"""

from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from loaders.records import Int

W = TypeVar("W")

Id = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=2_000_000)]  # 23 days: as milliseconds, an Int


class Artist(msgspec.Struct, gc=False, kw_only=True):
    """An artist; `nb_fan` is told of one that was asked for or found."""

    id: Id
    name: str
    picture_small: str | None = None
    picture_medium: str | None = None
    picture_big: str | None = None
    picture_xl: str | None = None
    nb_fan: Int | UnsetType | None = UNSET


class Album(msgspec.Struct, gc=False, kw_only=True):
    """An album; `upc` and `label` are told of one that was asked for."""

    id: Id
    title: str
    cover_small: str | None = None
    cover_medium: str | None = None
    cover_big: str | None = None
    cover_xl: str | None = None
    release_date: str | None = None
    record_type: str | None = None
    nb_tracks: Int | UnsetType | None = UNSET
    upc: str | UnsetType | None = UNSET
    label: str | UnsetType | None = UNSET
    artist: Artist | None = None
    contributors: tuple[Artist, ...] = ()


class Track(msgspec.Struct, gc=False, kw_only=True):
    """A track; `duration` is in seconds. Its contributors are told of one that was asked for."""

    id: Id
    title: str
    duration: Seconds | None = None
    explicit_lyrics: bool | None = None
    disk_number: Int | None = None
    track_position: Int | None = None
    isrc: str | UnsetType | None = UNSET
    artist: Artist | None = None
    contributors: tuple[Artist, ...] = ()
    album: Album | UnsetType | None = UNSET


class Listed(msgspec.Struct, Generic[W], gc=False):
    """Part of a list; where it ends, `next` is missing."""

    data: tuple[W, ...]
    total: Int | None = None


class Fault(msgspec.Struct, gc=False):
    """What is wrong, in Deezer's numbers."""

    code: Int


class _Failed(msgspec.Struct, gc=False):
    error: Fault


# How a list of a kind comes.
LISTS: dict[str, Any] = {
    "track": Listed[Track],
    "artist": Listed[Artist],
    "album": Listed[Album],
}

# Not JSON, not UTF-8, or nested without end.
NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def decode(shape: type[W], body: bytes) -> W | Exception:
    """Return the decoded answer, or why it is none."""
    decoder = _DECODERS.get(shape)
    if decoder is None:
        decoder = _DECODERS[shape] = msgspec.json.Decoder(shape)
    try:
        found: W = decoder.decode(body)
    except NOT_JSON as error:
        return error
    return found


def fault(body: bytes) -> Fault | None:
    """Return what an answer says is wrong; None where it says something else.

    >>> fault(b'{"error": {"type": "DataException", "message": "no data", "code": 800}}')
    Fault(code=800)
    """
    try:
        return _FAILED.decode(body).error
    except NOT_JSON:
        return None


_DECODERS: dict[Any, msgspec.json.Decoder[Any]] = {}
_FAILED = msgspec.json.Decoder(_Failed)
