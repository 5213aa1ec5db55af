"""Deezer's answers -> records; pure.

Never told, by nobody: genres and countries of artists, and a popularity of known scale (its `rank`
has none). A list names the first of a track's artists alone; the track itself names all.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from msgspec import UNSET

from loaders.deezer import wire
from loaders.errors import InvalidIdError
from loaders.ids import parse_isrc
from loaders.records import UNKNOWN, Album, Artist, Image, Page, Track

T = TypeVar("T")

_WEB = "https://www.deezer.com"

# Pixels of its square pictures, as their addresses say.
_SMALL, _MEDIUM, _BIG, _XL = 56, 250, 500, 1000

# How a missing picture is addressed: without the hash that names one.
_NO_PICTURE = ("/cover//", "/artist//")


def track(told: wire.Track) -> Track:
    """Return a track that was asked for, found or listed."""
    album_told: Any = UNKNOWN if told.album is UNSET else told.album and album(told.album)
    return Track(
        id=f"deezer:track:{told.id}",
        name=told.title,
        url=f"{_WEB}/track/{told.id}",
        duration_ms=None if told.duration is None else 1000 * told.duration,
        explicit=told.explicit_lyrics,
        disc_number=told.disk_number,
        track_number=told.track_position,
        artists=_artists(told),
        isrc=_told(told.isrc, _isrc),
        popularity=None,
        album=album_told,
    )


def artist(told: wire.Artist) -> Artist:
    """Return an artist, wherever it stands."""
    pictures = (
        (told.picture_xl, _XL),
        (told.picture_big, _BIG),
        (told.picture_medium, _MEDIUM),
        (told.picture_small, _SMALL),
    )
    is_shown = told.picture_xl is not None or told.picture_small is not None
    return Artist(
        id=f"deezer:artist:{told.id}",
        name=told.name,
        url=f"{_WEB}/artist/{told.id}",
        genres=None,
        images=_images(pictures) if is_shown else UNKNOWN,
        popularity=None,
        followers=_told(told.nb_fan, int),
        country=None,
        links=(),
    )


def album(told: wire.Album) -> Album:
    """Return an album, wherever it stands."""
    covers = (
        (told.cover_xl, _XL),
        (told.cover_big, _BIG),
        (told.cover_medium, _MEDIUM),
        (told.cover_small, _SMALL),
    )
    return Album(
        id=f"deezer:album:{told.id}",
        name=told.title,
        url=f"{_WEB}/album/{told.id}",
        release_date=_date(told.release_date),
        images=_images(covers),
        artists=_artists(told) or UNKNOWN,
        album_type="compilation" if told.record_type == "compile" else told.record_type,
        upc=_told(told.upc, str),
        label=_told(told.label, str),
        popularity=None,
        total_tracks=_told(told.nb_tracks, int),
        tracks=None,  # what it brings lacks ISRCs and places; the list of its tracks has both
    )


def page(told: wire.Listed[Any], offset: int) -> Page[Any]:
    """Return a page of a list, whatever it lists."""
    return Page(tuple(_RECORD[type(each)](each) for each in told.data), told.total, offset)


_RECORD: dict[type, Callable[[Any], Any]] = {
    wire.Track: track,
    wire.Artist: artist,
    wire.Album: album,
}


def _artists(told: wire.Track | wire.Album) -> tuple[Artist, ...]:
    """Return all that contributed where they are told, else the one it is listed under."""
    listed = told.contributors or (() if told.artist is None else (told.artist,))
    return tuple(artist(each) for each in {each.id: each for each in listed}.values())


def _images(told: Sequence[tuple[str | None, int]]) -> tuple[Image, ...]:
    return tuple(
        Image(url, size, size)
        for url, size in told
        if url and not any(mark in url for mark in _NO_PICTURE)
    )


def _told(value: Any, read: Callable[[Any], T]) -> Any:
    """Return a field as a record has it: unknown where it is not told, None where it is empty."""
    if value is UNSET:
        return UNKNOWN
    return None if value is None or value == "" else read(value)


def _isrc(text: str) -> str | None:
    try:
        return parse_isrc(text)
    except InvalidIdError:
        return None  # something else stands in its place


def _date(text: str | None) -> str | None:
    return None if not text or text.startswith("0000") else text  # how "unknown" is written
