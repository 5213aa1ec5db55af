"""Spotify's JSON: each entity written once per view, then only joined.

A view is what one kind of client sees: where it reached us, its market, and whether its app is in
development mode, which has lost some fields.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec
from msgspec import Raw

from loaders.simulator.entities import Album, Artist, Track

TRACKS_IN_ALBUM = 50  # the first page that an album's own answer brings

# Removed for apps in development mode (.../web-api/references/changes/february-2026).
REMOVED = {
    "track": ("available_markets", "linked_from", "popularity"),
    "album": ("available_markets", "label", "popularity"),
    "artist": ("followers", "popularity"),
}

# One image in so many has no size, as pictures that were never measured.
_UNMEASURED = 29

_encode = msgspec.json.Encoder(order="sorted").encode
_IMAGE_SIZES = {"album": (640, 300, 64), "artist": (640, 320, 160)}


class View:
    """The catalogue's JSON for one kind of client."""

    def __init__(self, base: str, market: str | None, *, development_mode: bool) -> None:
        self.base = base
        self.market = market
        self.development_mode = development_mode
        self._written: dict[tuple[str, Hashable], bytes] = {}

    def track(self, track: Track) -> bytes:
        """Return a track, relinked if the market asks for it."""
        return self._once("track", track, lambda: self._track(track, is_full=True))

    def artist(self, artist: Artist) -> bytes:
        """Return an artist."""
        return self._once("artist", artist, lambda: self._artist(artist))

    def album(self, album: Album) -> bytes:
        """Return an album with the first page of its tracks."""
        return self._once("album", album, lambda: self._album(album))

    def track_in_album(self, track: Track) -> bytes:
        """Return a track as an album lists it."""
        return self._once("track_in_album", track, lambda: self._track(track, is_full=False))

    def album_in_list(self, album: Album) -> bytes:
        """Return an album as tracks and searches tell it."""
        return self._once("album_in_list", album, lambda: _encode(self._album_base(album)))

    def album_of_artist(self, album: Album, group: str) -> bytes:
        """Return an album as an artist's list tells it."""
        if self.development_mode:
            return self.album_in_list(album)
        return self.album_in_list(album)[:-1] + b',"album_group":' + _encode(group) + b"}"

    def artist_in_list(self, artist: Artist) -> bytes:
        """Return an artist as tracks and albums tell it."""
        return self._once("artist_in_list", artist, lambda: self._artist_in_list(artist))

    def page(
        self,
        path: str,
        params: Mapping[str, str],
        items: Sequence[bytes],
        *,
        total: int,
        limit: int,
        offset: int,
    ) -> bytes:
        """Return a page of a list, with links to itself and to its neighbours."""

        def link(start: int) -> str:
            query = urlencode({"offset": start, "limit": limit, **params})
            return f"{self.base}/{path}?{query}"

        return _encode(
            {
                "href": link(offset),
                "limit": limit,
                "next": link(offset + limit) if offset + limit < total else None,
                "offset": offset,
                "previous": link(max(0, offset - limit)) if offset else None,
                "total": total,
                "items": [Raw(item) for item in items],
            }
        )

    def album_tracks(self, album: Album, limit: int, offset: int) -> bytes:
        """Return a page of an album's tracks."""
        items = [self.track_in_album(track) for track in album.tracks[offset : offset + limit]]
        market = {"market": self.market} if self.market else {}
        path = f"albums/{album.spotify_id}/tracks"
        total = len(album.tracks)
        return self.page(path, market, items, total=total, limit=limit, offset=offset)

    def _once(self, kind: str, entity: Hashable, write: Callable[[], bytes]) -> bytes:
        key = (kind, entity)
        written = self._written.get(key)
        if written is None:
            written = self._written[key] = write()
        return written

    def _track(self, asked: Track, *, is_full: bool) -> bytes:
        playable = asked.in_market(self.market) if self.market else asked
        track = playable or asked
        recording = track.recording
        written: dict[str, Any] = {
            "artists": [Raw(self.artist_in_list(artist)) for artist in track.artists],
            "disc_number": track.disc,
            "duration_ms": recording.duration_ms,
            "explicit": recording.explicit,
            **self._address("track", track.spotify_id),
            "is_local": False,
            "name": track.name,
            "preview_url": None,
            "track_number": track.number,
        }
        if is_full:
            written["album"] = Raw(self.album_in_list(track.album))
            written["external_ids"] = _known(isrc=recording.isrc)
            written["popularity"] = track.popularity
        if self.market is None:
            written["available_markets"] = track.album.markets
        else:
            written["is_playable"] = playable is not None
            if playable is None:
                written["restrictions"] = {"reason": "market"}
            elif playable is not asked:
                written["linked_from"] = self._address("track", asked.spotify_id)
        return self._reduced("track", written)

    def _artist(self, artist: Artist) -> bytes:
        written = {
            **self._address("artist", artist.spotify_id),
            "followers": {"href": None, "total": artist.followers},
            "genres": artist.genres,
            "images": _images("artist", artist) if artist.has_images else [],
            "name": artist.name,
            "popularity": artist.popularity,
        }
        return self._reduced("artist", written)

    def _artist_in_list(self, artist: Artist) -> bytes:
        return _encode({**self._address("artist", artist.spotify_id), "name": artist.name})

    def _album(self, album: Album) -> bytes:
        label = album.label or ""  # Spotify has no null here
        written = {
            **self._album_base(album),
            "tracks": Raw(self.album_tracks(album, TRACKS_IN_ALBUM, 0)),
            "copyrights": [{"text": f"{(album.released or '')[:4]} {label}".strip(), "type": "P"}],
            "external_ids": _known(upc=album.upc),
            "genres": [],  # deprecated there, and empty since
            "label": label,
            "popularity": album.popularity,
        }
        return self._reduced("album", written)

    def _album_base(self, album: Album) -> dict[str, Any]:
        released = album.released or "0000"  # what Spotify says of a date it does not know
        written = {
            "album_type": album.kind,
            "total_tracks": len(album.tracks),
            **self._address("album", album.spotify_id),
            "images": _images("album", album) if album.has_images else [],
            "name": album.name,
            "release_date": released,
            "release_date_precision": ("year", "month", "day")[released.count("-")],
            "artists": [Raw(self.artist_in_list(artist)) for artist in album.artists],
        }
        if self.market is None and not self.development_mode:
            written["available_markets"] = album.markets
        return written

    def _address(self, kind: str, native: str) -> dict[str, Any]:
        return {
            "external_urls": {"spotify": f"https://open.spotify.com/{kind}/{native}"},
            "href": f"{self.base}/{kind}s/{native}",
            "id": native,
            "type": kind,
            "uri": f"spotify:{kind}:{native}",
        }

    def _reduced(self, kind: str, written: dict[str, Any]) -> bytes:
        if self.development_mode:
            for name in REMOVED[kind]:
                written.pop(name, None)
        return _encode(written)


def _images(kind: str, entity: Album | Artist) -> list[dict[str, Any]]:
    # The host is reserved and resolves nowhere (RFC 2606).
    is_measured = entity.gid % _UNMEASURED != 0
    return [
        {
            "url": f"https://images.invalid/{kind}/{entity.gid:032x}/{size}.jpg",
            "height": size if is_measured else None,
            "width": size if is_measured else None,
        }
        for size in _IMAGE_SIZES[kind]
    ]


def _known(**codes: str | None) -> dict[str, str]:
    return {name: code for name, code in codes.items() if code}
