"""What MusicBrainz knows: its own entities, made from the catalogue's and from nobody else's.

A recording is what the catalogue calls so; an album is a release, and its editions share a release
group; a track is a place on a medium.
"""

from dataclasses import dataclass, field
from typing import NamedTuple


class Credit(NamedTuple):
    """One name of an artist credit, and what joins it to the next."""

    artist: "Artist"
    join: str


class Area(NamedTuple):
    """Where somebody is from; only a country has a code."""

    mbid: str
    name: str
    code: str | None


@dataclass(eq=False, repr=False)
class Known:
    """Anything that MusicBrainz has an id for."""

    mbid: str
    title: str
    disambiguation: str = field(default="", kw_only=True)
    links: list["Link"] = field(default_factory=list, kw_only=True)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.title!r} {self.mbid}>"


@dataclass(eq=False, repr=False)
class Artist(Known):
    """Somebody who makes music; `title` is the name."""

    sort_name: str
    kind: str | None  # Person or Group
    gender: str | None
    area: Area | None
    begin_area: Area | None
    end_area: Area | None
    begin: str | None  # a year
    end: str | None
    is_ended: bool
    ipis: tuple[str, ...]
    isnis: tuple[str, ...]
    aliases: tuple[str, ...]
    recordings: list["Recording"] = field(default_factory=list)
    releases: list["Release"] = field(default_factory=list)
    groups: list["Group"] = field(default_factory=list)
    partners: list[tuple["Artist", str]] = field(default_factory=list)  # and the direction


@dataclass(eq=False, repr=False)
class Recording(Known):
    """A performance; `length` is in milliseconds, None where nobody measured."""

    credit: tuple[Credit, ...]
    length: int | None
    isrcs: tuple[str, ...]
    places: list["Place"] = field(default_factory=list)

    @property
    def first_date(self) -> str | None:
        """Return the date of its first release, as exact as is known."""
        return min(
            (place.release.date for place in self.places if place.release.date), default=None
        )


@dataclass(eq=False, repr=False)
class Group(Known):
    """What the editions of an album have in common."""

    credit: tuple[Credit, ...]
    primary: str
    secondary: tuple[str, ...]
    releases: list["Release"] = field(default_factory=list)

    @property
    def first_date(self) -> str | None:
        """Return the date of its first edition, as exact as is known."""
        return min((release.date for release in self.releases if release.date), default=None)


@dataclass(eq=False, repr=False)
class Label(Known):
    """Who puts records out; `title` is the name."""

    releases: list["Release"] = field(default_factory=list)


@dataclass(eq=False, repr=False)
class Release(Known):
    """An edition. Its `barcode` is None where nobody knows, empty where there is none."""

    credit: tuple[Credit, ...]
    group: Group
    status: str
    date: str | None
    country: str | None
    barcode: str | None
    label: Label | None
    catalog_number: str | None
    format: str
    has_art: bool
    discs: list[list["Place"]] = field(default_factory=list)


@dataclass(eq=False)
class Place:
    """A recording on a medium, which MusicBrainz calls a track; `mbid` is the track's."""

    mbid: str
    recording: Recording
    release: Release
    disc: int
    position: int


@dataclass(eq=False)
class Url:
    """An address in the web, and what it is related to."""

    mbid: str
    resource: str
    links: list["Link"] = field(default_factory=list)


@dataclass(eq=False)
class Link:
    """A relation between an entity and a URL."""

    kind: str  # artist, recording or release
    entity: Artist | Recording | Release
    url: Url
    is_ended: bool
