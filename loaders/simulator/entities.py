"""What the catalogue is made of: provider-neutral facts, which each provider's wire format tells.

Every entity has a `gid` of 128 bits that depends on its kind and its place in the catalogue alone,
not on its name. A provider's ids are written from it: Spotify's are its 22 base62 digits,
MusicBrainz's a UUID, Deezer's a smaller number.
"""

import hashlib
import uuid
from dataclasses import dataclass, field
from functools import cached_property

# Spotify's digits, in its order.
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ID_LENGTH = 22  # 128 bits in base 62
_DEEZER_IDS = 2**31 - 1  # Deezer's are whole numbers of nine or ten digits


def gid_of(seed: int, kind: str, place: int) -> int:
    """Return the 128 bits that name the entity at one place of the catalogue."""
    digest = hashlib.blake2b(f"{seed}:{kind}:{place}".encode(), digest_size=16).digest()
    return int.from_bytes(digest, "big")


def base62(gid: int) -> str:
    """Return 128 bits as Spotify writes them.

    >>> base62(62)
    '0000000000000000000010'
    """
    digits = ""
    for _ in range(_ID_LENGTH):
        gid, digit = divmod(gid, 62)
        digits = _DIGITS[digit] + digits
    return digits


class Entity:
    """Anything that has a gid."""

    gid: int
    name: str

    @cached_property
    def spotify_id(self) -> str:
        """Return the id that Spotify knows it by."""
        return base62(self.gid)

    @cached_property
    def mbid(self) -> str:
        """Return the id that MusicBrainz knows it by, if it knows it."""
        return str(uuid.UUID(int=self.gid, version=4))

    @cached_property
    def deezer_id(self) -> int:
        """Return the id that Deezer knows it by."""
        return 1 + self.gid % _DEEZER_IDS

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r} {self.spotify_id}>"


@dataclass(eq=False, repr=False)
class Artist(Entity):
    """Somebody who makes music; `country` is an ISO 3166-1 code, None where nobody knows."""

    gid: int
    name: str
    country: str | None
    genres: tuple[str, ...]
    popularity: int  # 0 to 100
    followers: int
    has_images: bool
    albums: list["Album"] = field(default_factory=list)  # its own, in the catalogue's order
    appears_on: list["Album"] = field(default_factory=list)  # others', with a track of its own


@dataclass(eq=False, repr=False)
class Recording(Entity):
    """A performance, which may stand on several albums; `isrc` is None where it has none."""

    gid: int
    name: str
    artists: tuple[Artist, ...]
    isrc: str | None
    duration_ms: int
    explicit: bool
    tracks: list["Track"] = field(default_factory=list)  # where it stands


@dataclass(eq=False, repr=False)
class Album(Entity):
    """A release. `released` is as exact as is known: a year, a month, a day or None."""

    gid: int
    name: str
    artists: tuple[Artist, ...]
    kind: str  # album, single or compilation
    released: str | None
    label: str | None
    upc: str | None
    genres: tuple[str, ...]
    popularity: int  # 0 to 100
    has_images: bool
    markets: tuple[str, ...]  # ISO 3166-1 codes of where it may be played, sorted
    tracks: list["Track"] = field(default_factory=list)


@dataclass(eq=False, repr=False)
class Track(Entity):
    """A recording at its place on an album."""

    gid: int
    name: str  # its recording's
    recording: Recording
    album: Album
    disc: int
    number: int
    popularity: int  # 0 to 100

    @property
    def artists(self) -> tuple[Artist, ...]:
        """Return who plays."""
        return self.recording.artists

    def in_market(self, market: str) -> "Track | None":
        """Return the track that plays this recording in a market, itself first, or None."""
        if market in self.album.markets:
            return self
        others = (track for track in self.recording.tracks if market in track.album.markets)
        return next(others, None)
