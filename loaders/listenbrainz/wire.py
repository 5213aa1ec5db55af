"""What ListenBrainz answers, as far as it is served: structs that are decoded from the bytes.

Shapes: listenbrainz.readthedocs.io, and the example answers of its server's own documentation.
"""

from typing import Annotated

import msgspec

Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")]


class Heard(msgspec.Struct, gc=False):
    """How often a recording was listened to; null where nobody did."""

    recording_mbid: Id
    total_listen_count: int | None


class Tag(msgspec.Struct, gc=False):
    """A word that MusicBrainz's users gave; one of its genres has an id."""

    tag: str
    count: int
    genre_mbid: str | None = None


class Tags(msgspec.Struct, gc=False):
    """The tags of a thing itself, and of what it belongs to."""

    recording: tuple[Tag, ...] | None = None
    artist: tuple[Tag, ...] | None = None


class Recording(msgspec.Struct, gc=False):
    """What is told of a recording."""

    tag: Tags | None = None


class Artist(msgspec.Struct, gc=False):
    """What is told of an artist; of its pages elsewhere one of each kind, by kind."""

    artist_mbid: Id
    rels: dict[str, str] | None = None
    tag: Tags | None = None
