"""Spotify's answers -> records; pure."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import UNSET

from loaders.errors import BadResponseError
from loaders.records import Album, Page, SearchPages, Track
from loaders.spotify import wire
from loaders.spotify.reading import Read, Reading, own_id

W = TypeVar("W")
R = TypeVar("R")


class Kind(Generic[W, R]):
    """How entities of one kind are read.

    >>> TRACKS.parse_one(body, "11dFghVXANMlKmJXsNCbNl")
    Track(id='spotify:track:11dFghVXANMlKmJXsNCbNl', ...)
    """

    def __init__(self, plural: str, shape: type[W], read: Read[R]) -> None:
        self.plural = plural
        self._read = read
        self._one = msgspec.json.Decoder(shape)
        bulk: Any = wire.Found[list[shape | None]]  # type: ignore[valid-type]  # made at run time
        self._many = msgspec.json.Decoder(bulk)

    def parse_one(self, body: bytes, native: str) -> R:
        """Return the record of a single answer; raises BadResponseError."""
        return self._record(wire.decode(self._one, body), native)

    def parse_many(
        self, body: bytes, natives: Sequence[str]
    ) -> Sequence[R | BadResponseError | None]:
        """Return one outcome per id: a record, None for an unknown id, or what is wrong with it.

        By the id under which it was listed; by position for one that was relinked or merged without
        a word, when there is one item for each id. The record keeps the id that was asked. Raises
        BadResponseError when the answer as a whole is not what it should be.
        """
        items: Sequence[Any]
        try:
            items = _list(self.plural, self._many.decode(body))
        except msgspec.ValidationError:  # some item is bad, or all: find out which
            items = [self._item(raw) for raw in _list(self.plural, wire.decode(_RAW, body))]
        except wire.NOT_JSON as error:
            raise wire.bad("JSON", error) from error
        own = [own_id(item) if isinstance(item, msgspec.Struct) else None for item in items]
        matched = items if own == natives else self._matched(items, own, natives)
        reading, read = Reading(), self._read
        outcomes = [
            read(reading, item, native) if isinstance(item, msgspec.Struct) else item
            for item, native in zip(matched, natives, strict=True)
        ]
        try:
            reading.check()
        except BadResponseError:  # somewhere in some item: find out where
            return [
                self._checked(item, native) for item, native in zip(matched, natives, strict=True)
            ]
        return outcomes

    def _record(self, told: W, native: str) -> R:
        reading = Reading()
        record = self._read(reading, told, native)
        reading.check()
        return record

    def _checked(self, item: Any, native: str) -> R | BadResponseError | None:
        if item is None or isinstance(item, BadResponseError):
            return item
        try:
            return self._record(item, native)
        except BadResponseError as error:
            return error

    def _matched(
        self, items: Sequence[Any], own: Sequence[str | None], natives: Sequence[str]
    ) -> Sequence[Any]:
        """Return the item of each id; `own` are those under which the items were listed."""
        by_id = dict(zip(reversed(own), reversed(items), strict=True))  # the first of several
        has_places = len(items) == len(natives)
        if not has_places and by_id.keys().isdisjoint(natives):
            raise self._misplaced(items, natives)
        place_of = {native: place for place, native in enumerate(natives)}

        def is_in_place(place: int) -> bool:
            """Tell whether no other id's item has come here, away from its own place."""
            there = own[place]
            return there not in place_of or own[place_of[there]] == there

        return [
            by_id[native]
            if native in by_id
            else items[place]
            if has_places and is_in_place(place)
            else self._misplaced(items, natives)
            for place, native in enumerate(natives)
        ]

    def _misplaced(self, items: Sequence[Any], natives: Sequence[str]) -> BadResponseError:
        expected = f"expected {len(natives)} {self.plural}, one per id"
        return BadResponseError("spotify", f"spotify: {expected}, got {len(items)} others")

    def _item(self, raw: msgspec.Raw) -> W | BadResponseError | None:
        if bytes(raw) == b"null":
            return None
        try:
            return self._one.decode(raw)
        except wire.NOT_JSON as error:
            return wire.bad(f"one of the {self.plural}", error)


def track_page(body: bytes, offset: int) -> Page[Track]:
    """Return a page of an album's tracks, which tell neither ISRC nor popularity nor album."""
    return _page(wire.decode(_TRACK_PAGE, body), offset, Reading.partial_track)


def album_page(body: bytes, offset: int) -> Page[Album]:
    """Return a page of an artist's albums, which tell neither UPC nor label."""
    return _page(wire.decode(_ALBUM_PAGE, body), offset, Reading.partial_album)


def search_pages(body: bytes, kinds: Sequence[str], offset: int) -> SearchPages:
    """Return the pages of the kinds that were asked; one that does not come is an error."""
    found = wire.decode(_SEARCH, body)
    for kind in kinds:
        if getattr(found, kind + "s") is None:
            raise BadResponseError("spotify", f"spotify: expected a page of {kind}s, got none")
    return SearchPages(
        tracks=None if found.tracks is None else _page(found.tracks, offset, Reading.track),
        artists=None if found.artists is None else _page(found.artists, offset, Reading.artist),
        albums=None if found.albums is None else _page(found.albums, offset, Reading.partial_album),
    )


def _page(told: wire.Paging[Any], offset: int, read: Read[R]) -> Page[R]:
    reading = Reading()
    page = reading.page(told, offset, read)
    reading.check()
    return page


_RAW = msgspec.json.Decoder(wire.Found[list[msgspec.Raw]])
_TRACK_PAGE = msgspec.json.Decoder(wire.Paging[wire.PartialTrack])
_ALBUM_PAGE = msgspec.json.Decoder(wire.Paging[wire.PartialAlbum])
_SEARCH = msgspec.json.Decoder(wire.Search)

TRACKS = Kind("tracks", wire.Track, Reading.track)
ARTISTS = Kind("artists", wire.Artist, Reading.artist)
ALBUMS = Kind("albums", wire.Album, Reading.album)


def _list(plural: str, found: Any) -> Sequence[Any]:
    items = getattr(found, plural)
    if items is UNSET:
        raise BadResponseError("spotify", f"spotify: expected a list of {plural}, got none")
    listed: Sequence[Any] = items
    return listed
