"""Spotify's answers -> records; pure."""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import UNSET

from loaders.errors import BadResponseError
from loaders.records import UNKNOWN, Album, Artist, Page, SearchPages, Track
from loaders.spotify import wire

W = TypeVar("W")
R = TypeVar("R")


class Kind(Generic[W, R]):
    """How entities of one kind are read.

    >>> TRACKS.parse_one(body, "11dFghVXANMlKmJXsNCbNl")
    Track(id='spotify:track:11dFghVXANMlKmJXsNCbNl', ...)
    """

    def __init__(
        self, plural: str, shape: type[W], record: "Callable[[W, str, _Known], R]"
    ) -> None:
        self.plural = plural
        self._record = record
        self._one = msgspec.json.Decoder(shape)
        bulk: Any = wire.Found[list[shape | None]]  # type: ignore[valid-type]  # made at run time
        self._many = msgspec.json.Decoder(bulk)

    def parse_one(self, body: bytes, native: str) -> R:
        """Return the record of a single answer; raises BadResponseError."""
        return self._record(wire.decode(self._one, body), native, {})

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
        known: _Known = {}
        return [
            item
            if item is None or isinstance(item, BadResponseError)
            else self._record(item, native, known)
            for item, native in zip(self._matched(items, natives), natives, strict=True)
        ]

    def _matched(self, items: Sequence[Any], natives: Sequence[str]) -> Sequence[Any]:
        """Return the item of each id."""
        own = [_own_id(item) if isinstance(item, msgspec.Struct) else None for item in items]
        if own == natives:
            return items
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
    return _page(wire.decode(_TRACK_PAGE, body), offset, _partial_track)


def album_page(body: bytes, offset: int) -> Page[Album]:
    """Return a page of an artist's albums, which tell neither UPC nor label."""
    return _page(wire.decode(_ALBUM_PAGE, body), offset, _partial_album)


def search_pages(body: bytes, kinds: Sequence[str], offset: int) -> SearchPages:
    """Return the pages of the kinds that were asked; one that does not come is an error."""
    found = wire.decode(_SEARCH, body)
    for kind in kinds:
        if getattr(found, kind + "s") is None:
            raise BadResponseError("spotify", f"spotify: expected a page of {kind}s, got none")
    return SearchPages(
        tracks=None if found.tracks is None else _page(found.tracks, offset, _track),
        artists=None if found.artists is None else _page(found.artists, offset, _artist),
        albums=None if found.albums is None else _page(found.albums, offset, _partial_album),
    )


# Wire -> record. What is known of the artists of one answer is kept: most come several times.

_Known = dict[str, Artist]


def _track(told: wire.Track, native: str, known: _Known) -> Track:
    return Track(
        id=f"spotify:track:{native}",
        name=told.name,
        url=_url(told.external_urls),
        duration_ms=told.duration_ms,
        explicit=told.explicit,
        disc_number=told.disc_number,
        track_number=told.track_number,
        artists=_artists(told.artists, known),
        isrc=told.external_ids.isrc if told.external_ids else None,
        popularity=told.popularity,
        album=_partial_album(told.album, told.album.id, known) if told.album else None,
    )


def _partial_track(told: wire.PartialTrack, native: str, known: _Known) -> Track:
    return Track(
        id=f"spotify:track:{native}",
        name=told.name,
        url=_url(told.external_urls),
        duration_ms=told.duration_ms,
        explicit=told.explicit,
        disc_number=told.disc_number,
        track_number=told.track_number,
        artists=_artists(told.artists, known),
    )


def _artist(told: wire.Artist, native: str, _: _Known) -> Artist:
    return Artist(
        id=f"spotify:artist:{native}",
        name=told.name,
        url=_url(told.external_urls),
        genres=told.genres,
        images=told.images or (),
        popularity=told.popularity,
        followers=told.followers.total if told.followers else None,
        country=None,  # Spotify never tells
    )


def _artists(many: Sequence[wire.PartialArtist], known: _Known) -> tuple[Artist, ...]:
    artists = []
    for told in many:
        artist = known.get(told.id)
        if artist is None:
            artist = Artist(
                id=f"spotify:artist:{told.id}",
                name=told.name,
                url=_url(told.external_urls),
                country=None,  # Spotify never tells, so nobody has to ask
            )
            known[told.id] = artist
        artists.append(artist)
    return tuple(artists)


def _album(told: wire.Album, native: str, known: _Known) -> Album:
    return Album(
        id=f"spotify:album:{native}",
        name=told.name,
        url=_url(told.external_urls),
        release_date=_date(told.release_date),
        images=told.images or (),
        artists=_artists(told.artists, known),
        album_type=told.album_type,
        upc=(told.external_ids.upc or None) if told.external_ids else None,
        label=told.label or None,  # Spotify writes "" for an unknown one
        popularity=told.popularity,
        total_tracks=None if told.total_tracks is UNSET else told.total_tracks,
        tracks=_page(told.tracks, 0, _partial_track, known) if told.tracks else UNKNOWN,
    )


def _partial_album(told: wire.PartialAlbum, native: str, known: _Known) -> Album:
    return Album(
        id=f"spotify:album:{native}",
        name=told.name,
        url=_url(told.external_urls),
        release_date=_date(told.release_date),
        images=told.images or (),
        artists=_artists(told.artists, known),
        album_type=told.album_type,
        total_tracks=told.total_tracks,
    )


def _page(
    told: wire.Paging[Any],
    offset: int,
    record: Callable[[Any, str, _Known], R],
    known: _Known | None = None,
) -> Page[R]:
    known = {} if known is None else known
    items = [item for item in told.items if item is not None]
    return Page(tuple(record(item, _own_id(item), known) for item in items), told.total, offset)


def _own_id(told: Any) -> str:
    """Return the id under which an item was listed: a relinked track names its original."""
    link = getattr(told, "linked_from", None)
    native: str = link.id if link else told.id
    return native


def _url(urls: wire.Urls | None) -> str | None:
    return urls.spotify if urls else None


def _date(text: str | None) -> str | None:
    return None if not text or text.startswith("0000") else text  # how "unknown" is written


_RAW = msgspec.json.Decoder(wire.Found[list[msgspec.Raw]])
_TRACK_PAGE = msgspec.json.Decoder(wire.Paging[wire.PartialTrack])
_ALBUM_PAGE = msgspec.json.Decoder(wire.Paging[wire.PartialAlbum])
_SEARCH = msgspec.json.Decoder(wire.Search)

TRACKS = Kind("tracks", wire.Track, _track)
ARTISTS = Kind("artists", wire.Artist, _artist)
ALBUMS = Kind("albums", wire.Album, _album)


def _list(plural: str, found: Any) -> Sequence[Any]:
    items = getattr(found, plural)
    if items is UNSET:
        raise BadResponseError("spotify", f"spotify: expected a list of {plural}, got none")
    listed: Sequence[Any] = items
    return listed
