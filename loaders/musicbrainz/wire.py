"""What MusicBrainz answers, as far as it is served: structs that are decoded from the bytes.

Shapes: musicbrainz.org/doc/MusicBrainz_API, and real answers for look-ups, browsing, ISRCs and text
search. A search leaves out what is not known, a look-up says null and tells a part only when `inc`
asked for it: so almost everything is optional. Ids are checked here: they go into later calls.
"""

from typing import Annotated, Any, TypeVar, cast

import msgspec
from msgspec import UNSET, UnsetType

from loaders.errors import BadResponseError
from loaders.records import Int

W = TypeVar("W")

# Safe in any URL and in any query.
Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")]


class Word(msgspec.Struct, gc=False):
    """A genre, as people voted."""

    name: str
    count: Int = 0


class Target(msgspec.Struct, gc=False):
    """The address at the end of a relation."""

    resource: str


class Entity(msgspec.Struct, gc=False):
    """Something that a relation of a URL leads to."""

    id: Id


class Relation(msgspec.Struct, gc=False, kw_only=True):
    """A relation to an address, or of an address to what it shows."""

    ended: bool = False
    url: Target | None = None
    artist: Entity | None = None
    recording: Entity | None = None
    release: Entity | None = None


class Artist(msgspec.Struct, gc=False, kw_only=True):
    """An artist: in a credit with its name only, else with its country."""

    id: Id
    name: str
    country: str | UnsetType | None = UNSET
    genres: tuple[Word, ...] | UnsetType = UNSET
    relations: tuple[Relation, ...] | UnsetType = UNSET


class Credit(msgspec.Struct, gc=False):
    """One name of an artist credit."""

    artist: Artist
    name: str | None = None


class Group(msgspec.Struct, gc=False, rename="kebab"):
    """A release group, for what kind of album it is."""

    id: Id | None = None
    primary_type: str | None = None
    secondary_types: tuple[str, ...] = ()


class Label(msgspec.Struct, gc=False):
    """Who put a release out."""

    name: str | None = None


class LabelPlace(msgspec.Struct, gc=False):
    """A label and its number for a release."""

    label: Label | None = None


class Place(msgspec.Struct, gc=False, kw_only=True, rename="kebab"):
    """What MusicBrainz calls a track: a recording on a medium."""

    title: str | None = None
    position: Int | None = None
    length: Int | None = None
    recording: "Recording | None" = None
    artist_credit: tuple[Credit, ...] | None = None


class Medium(msgspec.Struct, gc=False, kw_only=True, rename="kebab"):
    """A disc; a search tells `track`, a look-up `tracks`."""

    position: Int | None = None
    track_count: Int | None = None
    track_offset: Int | None = None
    track: tuple[Place, ...] = ()
    tracks: tuple[Place, ...] = ()


class Release(msgspec.Struct, gc=False, kw_only=True, rename="kebab"):
    """A release, in a list or by itself."""

    id: Id
    title: str
    status: str | None = None
    date: str | None = None
    barcode: str | None = None
    artist_credit: tuple[Credit, ...] | None = None
    release_group: Group | None = None
    label_info: tuple[LabelPlace, ...] = ()
    media: tuple[Medium, ...] | UnsetType = UNSET
    track_count: Int | None = None


class Recording(msgspec.Struct, gc=False, kw_only=True, rename="kebab"):
    """A recording, with the releases it stands on where those are told."""

    id: Id
    title: str
    length: Int | None = None
    artist_credit: tuple[Credit, ...] = ()
    isrcs: tuple[str, ...] | UnsetType = UNSET
    releases: tuple[Release, ...] | UnsetType = UNSET


class Hits(msgspec.Struct, gc=False, kw_only=True):
    """What a search found: `count` in all, and one of the lists."""

    count: Int
    recordings: tuple[Recording, ...] = ()
    artists: tuple[Artist, ...] = ()
    releases: tuple[Release, ...] = ()


class Listed(msgspec.Struct, gc=False, kw_only=True, rename="kebab"):
    """A page of an artist's releases."""

    release_count: Int
    releases: tuple[Release, ...]


class Url(msgspec.Struct, gc=False):
    """An address, and what it is related to."""

    resource: str
    relations: tuple[Relation, ...] = ()


class Urls(msgspec.Struct, gc=False):
    """The addresses that are known, of several that were asked."""

    urls: tuple[Url, ...]


# Not JSON, not UTF-8, or nested without end.
NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def decode(shape: type[W], body: bytes) -> W:
    """Return the decoded answer; raises BadResponseError."""
    decoder = _DECODERS.get(shape)
    if decoder is None:
        decoder = _DECODERS[shape] = msgspec.json.Decoder(shape)
    try:
        found: Any = decoder.decode(body)
    except NOT_JSON as error:
        # msgspec names what it expected, got and where, and quotes nothing of the answer.
        raise BadResponseError(
            "musicbrainz", f"musicbrainz: expected its documented answer, got another: {error}"
        ) from error
    return cast("W", found)


_DECODERS: dict[type, msgspec.json.Decoder[Any]] = {}
