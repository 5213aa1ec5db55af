"""Reading: what one answer of Spotify told -> records; what it tells several times is made once."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar

from msgspec import UNSET

from loaders.errors import BadResponseError
from loaders.records import UNKNOWN, Album, Artist, Page, Track
from loaders.spotify import wire

R = TypeVar("R")

#: A method of a reading, which makes the record of an item under an id.
Read: TypeAlias = Callable[[Any, Any, str], R]


class Reading:
    """The records of one answer; they may be shown once `check` has seen what they are called.

    >>> reading = Reading()
    >>> track = reading.track(told, "11dFghVXANMlKmJXsNCbNl")
    >>> reading.check()
    """

    def __init__(self) -> None:
        self._artists: dict[str, Artist] = {}
        self._albums: dict[str, Album] = {}
        self._listed: list[str] = []

    def check(self) -> None:
        """Refuse ids that are no letters and digits, for they go into later calls.

        Ids that were asked were looked at before. Raises BadResponseError.
        """
        if not wire.are_ids([*self._artists, *self._albums, *self._listed]):
            raise BadResponseError("spotify", "spotify: expected ids of letters and digits")

    def track(self, told: wire.Track, native: str) -> Track:
        """Return a track that was asked by id, or found."""
        return Track(
            id=f"spotify:track:{native}",
            name=told.name,
            url=told.external_urls.spotify if told.external_urls else None,
            duration_ms=told.duration_ms,
            explicit=told.explicit,
            disc_number=told.disc_number,
            track_number=told.track_number,
            artists=self._artists_of(told.artists),
            isrc=told.external_ids.isrc if told.external_ids else None,
            popularity=told.popularity,
            album=self._album_of(told.album) if told.album else None,
        )

    def partial_track(self, told: wire.PartialTrack, native: str) -> Track:
        """Return a track of an album, which tells neither ISRC nor popularity nor album."""
        return Track(
            id=f"spotify:track:{native}",
            name=told.name,
            url=told.external_urls.spotify if told.external_urls else None,
            duration_ms=told.duration_ms,
            explicit=told.explicit,
            disc_number=told.disc_number,
            track_number=told.track_number,
            artists=self._artists_of(told.artists),
        )

    def artist(self, told: wire.Artist, native: str) -> Artist:
        """Return an artist that was asked by id, or found."""
        return Artist(
            id=f"spotify:artist:{native}",
            name=told.name,
            url=told.external_urls.spotify if told.external_urls else None,
            genres=told.genres,
            images=told.images or (),
            popularity=told.popularity,
            followers=told.followers.total if told.followers else None,
            country=None,  # Spotify never tells
        )

    def album(self, told: wire.Album, native: str) -> Album:
        """Return an album that was asked by id, with the first of its tracks."""
        return Album(
            id=f"spotify:album:{native}",
            name=told.name,
            url=told.external_urls.spotify if told.external_urls else None,
            release_date=_date(told.release_date),
            images=told.images or (),
            artists=self._artists_of(told.artists),
            album_type=told.album_type,
            upc=(told.external_ids.upc or None) if told.external_ids else None,
            label=told.label or None,  # Spotify writes "" for an unknown one
            popularity=told.popularity,
            total_tracks=None if told.total_tracks is UNSET else told.total_tracks,
            tracks=self.page(told.tracks, 0, Reading.partial_track) if told.tracks else UNKNOWN,
        )

    def partial_album(self, told: wire.PartialAlbum, native: str) -> Album:
        """Return an album inside a track or a list, which tells neither UPC nor label."""
        return Album(
            id=f"spotify:album:{native}",
            name=told.name,
            url=told.external_urls.spotify if told.external_urls else None,
            release_date=_date(told.release_date),
            images=told.images or (),
            artists=self._artists_of(told.artists),
            album_type=told.album_type,
            total_tracks=told.total_tracks,
        )

    def page(self, told: wire.Paging[Any], offset: int, read: Read[R]) -> Page[R]:
        """Return a part of a list; an item that cannot be shown is left out."""
        items = []
        for item in told.items:
            if item is not None:
                native = own_id(item)
                self._listed.append(native)
                items.append(read(self, item, native))
        return Page(tuple(items), told.total, offset)

    def _album_of(self, told: wire.PartialAlbum) -> Album:
        album = self._albums.get(told.id)
        if album is None:
            album = self._albums[told.id] = self.partial_album(told, told.id)
        return album

    def _artists_of(self, many: Sequence[wire.PartialArtist]) -> tuple[Artist, ...]:
        known = self._artists
        artists = []
        for told in many:
            native = told.id
            artist = known.get(native)
            if artist is None:
                artist = known[native] = Artist(
                    id=f"spotify:artist:{native}",
                    name=told.name,
                    url=told.external_urls.spotify if told.external_urls else None,
                    country=None,  # Spotify never tells, so nobody has to ask
                )
            artists.append(artist)
        return tuple(artists)


def own_id(told: Any) -> str:
    """Return the id under which an item was listed: a relinked track names its original."""
    native: str = (told.linked_from or told).id
    return native


def _date(text: str | None) -> str | None:
    return None if not text or text.startswith("0000") else text  # how "unknown" is written
