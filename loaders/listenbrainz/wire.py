"""What ListenBrainz answers, as far as it is served: structs that are decoded from the bytes.

Shapes: listenbrainz.readthedocs.io, and the example answers of its server's own documentation.
"""

from typing import Annotated

import msgspec

from loaders.records import Int

Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")]


class Heard(msgspec.Struct, gc=False):
    """How often a recording was listened to; null where nobody did."""

    recording_mbid: Id
    total_listen_count: Int | None


class Tag(msgspec.Struct, gc=False):
    """A word that MusicBrainz's users gave; one of its genres has an id."""

    tag: str
    count: Int
    genre_mbid: str | None = None


class Tags(msgspec.Struct, gc=False):
    """The tags of a thing itself, and of what it belongs to."""

    recording: tuple[Tag, ...] | None = None
    artist: tuple[Tag, ...] | None = None


class Art(msgspec.Struct, gc=False):
    """A cover in the Cover Art Archive, and the release it is of; both null where there is none."""

    caa_id: int | None = None
    caa_release_mbid: Id | None = None


class Release(Art, gc=False):
    """The release that ListenBrainz shows a recording on; the cover may be its group's."""

    mbid: Id | None = None
    release_group_mbid: Id | None = None


class Recording(msgspec.Struct, gc=False):
    """What is told of a recording."""

    tag: Tags | None = None
    release: Release | None = None


class Group(msgspec.Struct, gc=False):
    """What is told of a release group."""

    release_group: Art


class Artist(msgspec.Struct, gc=False):
    """What is told of an artist; of its pages elsewhere one of each kind, by kind."""

    artist_mbid: Id
    rels: dict[str, str] | None = None
    tag: Tags | None = None
