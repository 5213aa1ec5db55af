"""Deezer's JSON: how much of an entity is told depends on where it stands.

Shapes as answers were recorded: an album inside a track, or in an artist's list, does not say whose
it is; an artist inside an album's track has neither picture nor fans.
"""

from collections.abc import Callable, Hashable
from typing import Any

import msgspec

from loaders.simulator.entities import Album, Artist, Track

_WEB, _API = "https://www.deezer.com", "https://api.deezer.com"

_SIZES = {"small": 56, "medium": 250, "big": 500, "xl": 1000}
_KINDS = {"compilation": "compile"}  # its word for a compilation
_RANKS = 10_000  # Deezer's ranks go to about a million
_MOST_OF_A_SINGLE = 3  # tracks; with more it is an EP

_encode = msgspec.json.Encoder().encode


class Writer:
    """Writes the catalogue as Deezer does, each entity once."""

    def __init__(self) -> None:
        self._written: dict[tuple[str, Hashable], msgspec.Raw] = {}

    def track(self, track: Track) -> msgspec.Raw:
        """Return a track that is asked for."""
        return self._once("track", track, lambda: self._track(track))

    def track_of_album(self, track: Track) -> msgspec.Raw:
        """Return a track as its album's list tells it: with ISRC and place, without album."""
        return self._once("listed", track, lambda: {**_listed(track), **_place(track)})

    def track_found(self, track: Track) -> msgspec.Raw:
        """Return a track as a search tells it: under its first artist, without its place."""
        return self._once("found", track, lambda: self._track_found(track))

    def artist(self, artist: Artist) -> msgspec.Raw:
        """Return an artist that is asked for or found."""
        return self._once("artist", artist, lambda: self._artist(artist))

    def album(self, album: Album) -> msgspec.Raw:
        """Return an album that is asked for, with its tracks, whose place is not told."""
        return self._once("album", album, lambda: self._album(album))

    def album_of_artist(self, album: Album) -> msgspec.Raw:
        """Return an album as an artist's list tells it: without whose it is."""
        return self._once("listed", album, lambda: self._album_of_artist(album))

    def album_found(self, album: Album) -> msgspec.Raw:
        """Return an album as a search tells it: without its date."""
        return self._once("found", album, lambda: self._album_found(album))

    def _once(self, where: str, entity: Hashable, write: Callable[[], Any]) -> msgspec.Raw:
        written = self._written.get((where, entity))
        if written is None:
            written = self._written[where, entity] = msgspec.Raw(_encode(write()))
        return written

    def _track(self, track: Track) -> dict[str, Any]:
        return {
            **_listed(track),
            **_place(track),
            "release_date": _date(track.album),
            "bpm": 0,
            "gain": 0,
            "available_countries": track.album.markets,
            "contributors": [
                {**_artist_in(artist), "role": "Featured" if place else "Main"}
                for place, artist in enumerate(track.artists)
            ],
            "artist": _artist_in(track.artists[0]),
            "album": {**_album_in(track.album), "release_date": _date(track.album)},
        }

    def _track_found(self, track: Track) -> dict[str, Any]:
        return {
            **_listed(track),
            "artist": _artist_in(track.artists[0]),
            "album": _album_in(track.album),
        }

    def _artist(self, artist: Artist) -> dict[str, Any]:
        return {
            **_artist_in(artist),
            "nb_album": len(artist.albums),
            "nb_fan": artist.followers // 3,  # another crowd than Spotify's
        }

    def _album(self, album: Album) -> dict[str, Any]:
        return {
            **_album_in(album),
            "upc": album.upc or "",
            "label": album.label or "",
            "nb_tracks": len(album.tracks),
            "duration": sum(_seconds(track) for track in album.tracks),
            "fans": album.popularity,
            "release_date": _date(album),
            "record_type": _record_type(album),
            "available": True,
            "explicit_lyrics": any(track.recording.explicit for track in album.tracks),
            "contributors": [{**_artist_in(artist), "role": "Main"} for artist in album.artists],
            "artist": _artist_in(album.artists[0]),
            "tracks": {
                "data": [
                    {name: value for name, value in _listed(track).items() if name != "isrc"}
                    for track in album.tracks
                ]
            },
        }

    def _album_of_artist(self, album: Album) -> dict[str, Any]:
        return {
            **_album_in(album),
            "fans": album.popularity,
            "release_date": _date(album),
            "record_type": _record_type(album),
        }

    def _album_found(self, album: Album) -> dict[str, Any]:
        return {
            **_album_in(album),
            "nb_tracks": len(album.tracks),
            "record_type": _record_type(album),
            "artist": _artist_in(album.artists[0]),
        }


def _listed(track: Track) -> dict[str, Any]:
    first = track.artists[0]
    return {
        "id": track.deezer_id,
        "readable": True,
        "title": track.name,
        "title_short": track.name,
        "title_version": "",
        "isrc": track.recording.isrc or "",
        "link": f"{_WEB}/track/{track.deezer_id}",
        "duration": _seconds(track),
        "rank": track.popularity * _RANKS,
        "explicit_lyrics": track.recording.explicit,
        "preview": "",
        "artist": {"id": first.deezer_id, "name": first.name, "type": "artist"},
        "type": "track",
    }


def _place(track: Track) -> dict[str, int]:
    return {"track_position": track.number, "disk_number": track.disc}


def _artist_in(artist: Artist) -> dict[str, Any]:
    return {
        "id": artist.deezer_id,
        "name": artist.name,
        "link": f"{_WEB}/artist/{artist.deezer_id}",
        **_pictures("picture", "artist", artist),
        "tracklist": f"{_API}/artist/{artist.deezer_id}/top?limit=50",
        "type": "artist",
    }


def _album_in(album: Album) -> dict[str, Any]:
    return {
        "id": album.deezer_id,
        "title": album.name,
        "link": f"{_WEB}/album/{album.deezer_id}",
        **_pictures("cover", "cover", album),
        "tracklist": f"{_API}/album/{album.deezer_id}/tracks",
        "type": "album",
    }


def _pictures(field: str, word: str, entity: Artist | Album) -> dict[str, str]:
    # The host is reserved and resolves nowhere (RFC 2606); a missing picture has no hash.
    name = f"{entity.gid:032x}" if entity.has_images else ""
    return {
        f"{field}_{size}": f"https://images.invalid/images/{word}/{name}/{pixels}x{pixels}.jpg"
        for size, pixels in _SIZES.items()
    }


def _record_type(album: Album) -> str:
    if album.kind == "single" and len(album.tracks) > _MOST_OF_A_SINGLE:
        return "ep"
    return _KINDS.get(album.kind, album.kind)


def _date(album: Album) -> str:
    """Return a whole date: of what a label left out the first; zeros where it gave none."""
    if album.released is None:
        return "0000-00-00"
    return "-".join([*album.released.split("-"), "01", "01"][:3])


def _seconds(track: Track) -> int:
    return track.recording.duration_ms // 1000
