"""`Track`, `Artist`, `Album`: what a query can select of them, and which resolver knows it.

Nobody makes objects of these classes. The value behind a `Track` is a `loaders.Track`, and a field
without a resolver is that record's attribute; so a list of records is a list of objects as it is.
"""

from typing import Any

import strawberry
from graphql import GraphQLAbstractType, GraphQLResolveInfo

import loaders
from api.batched import Shows, batched
from api.connections import Connection
from api.provider import Provider, Source
from api.resolvers import enriched
from api.resolvers.elsewhere import album_on, artist_on, track_on
from api.resolvers.images import cover
from api.resolvers.pages import album_tracks, artist_albums
from api.resolvers.told import told

_URL = "Its page at the provider, for people."
_POPULARITY = "How much it is heard these days, from 0 to 100, as the provider sees it."


@strawberry.interface(description="Something with an id by which `node` finds it again.")
class Node:
    """Relay's `Node`."""

    id: strawberry.ID = strawberry.field(
        description="`provider:kind:native`, for example `spotify:track:11dFghVXANMlKmJXsNCbNl`."
    )

    @staticmethod
    def resolve_type(value: Any, _info: GraphQLResolveInfo[Any], _node: GraphQLAbstractType) -> str:
        """Return the type of a record: they have the same names."""
        return type(value).__name__


@strawberry.type(description="A picture.")
class Image:
    """Shows a `loaders.Image`."""

    url: str = strawberry.field(description="Where it is.")
    width: int | None = strawberry.field(
        description="Pixels; null where the provider does not tell."
    )
    height: int | None = strawberry.field(
        description="Pixels; null where the provider does not tell."
    )
    page: str | None = strawberry.field(
        description="Where it is told whose it is and under which licence; null where the "
        "provider's own terms hold."
    )


@strawberry.type(
    description="A word that people gave something. MusicBrainz's users gave it, and it is under "
    "CC BY-NC-SA 3.0: name MusicBrainz, not for commercial use, share alike."
)
class Tag:
    """Shows a `loaders.Tag`."""

    name: str = strawberry.field(description="The word.")
    count: int = strawberry.field(description="How many people gave it.")
    is_genre: bool = strawberry.field(description="Whether it is one of MusicBrainz's genres.")
    source: Source = strawberry.field(description="Who told it.")


@strawberry.type(description="A recording, as it stands on an album.")
class Track(Node):
    """Shows a `loaders.Track`."""

    is_type_of = Shows(loaders.Track)

    provider: Provider = strawberry.field(description="Who told it.")
    name: str = strawberry.field(description="Its title.")
    duration_ms: int | None = strawberry.field(description="How long it plays, in milliseconds.")
    isrc: str | None = batched(
        told("isrc"), description="International Standard Recording Code: 12 characters, no dashes."
    )
    explicit: bool | None = strawberry.field(
        description="Whether its words are marked as explicit; null where nobody told."
    )
    disc_number: int | None = strawberry.field(description="The disc it is on, from 1.")
    track_number: int | None = strawberry.field(description="Its place on the disc, from 1.")
    popularity: int | None = batched(told("popularity"), description=_POPULARITY)
    url: str | None = strawberry.field(description=_URL)
    artists: list["Artist"] = strawberry.field(description="Who plays, the first named first.")
    album: "Album | None" = batched(told("album"), description="The album it stands on.")
    listens: int | None = batched(
        enriched.listens,
        description="How many times it was listened to, as ListenBrainz's users tell (CC0); "
        "null where nobody did. Tracks of others are looked for at MusicBrainz, by ISRC.",
    )
    tags: list[Tag] | None = batched(
        enriched.track_tags,
        description="What MusicBrainz's users call the recording, most people first, as "
        "ListenBrainz tells (CC BY-NC-SA 3.0). Tracks of others are looked for by ISRC.",
    )
    on: "Track | None" = batched(
        track_on,
        description="The same recording at a provider, by its ISRC; "
        "of several, the closest in duration.",
    )


@strawberry.type(description="Somebody who makes music: a person, a group, an orchestra.")
class Artist(Node):
    """Shows a `loaders.Artist`."""

    is_type_of = Shows(loaders.Artist)

    provider: Provider = strawberry.field(description="Who told it.")
    name: str = strawberry.field(description="The name it goes by.")
    url: str | None = strawberry.field(description=_URL)
    country: str | None = batched(
        enriched.country,
        description="Where it is from: two letters (ISO 3166-1). Of artists of providers that do "
        "not tell, MusicBrainz's.",
    )
    genres: list[str] | None = batched(
        enriched.genres,
        description="Genres in the provider's own words; may be empty. Where it keeps none, those "
        "that MusicBrainz's users voted for. MusicBrainz's are under CC BY-NC-SA 3.0.",
    )
    genres_source: Source | None = batched(
        enriched.genres_source, description="Who told the genres: sources disagree."
    )
    tags: list[Tag] | None = batched(
        enriched.artist_tags,
        description="What MusicBrainz's users call the artist, most people first, as ListenBrainz "
        "tells (CC BY-NC-SA 3.0).",
    )
    image: Image | None = batched(
        enriched.image,
        description="The widest picture there is. Where the provider has none, the one that "
        "Wikidata names (CC0) at Wikimedia Commons, whose licence is told on its `page`.",
    )
    popularity: int | None = batched(told("popularity"), description=_POPULARITY)
    followers: int | None = batched(
        told("followers"), description="How many people follow it at the provider."
    )
    albums: "Connection[Album] | None" = batched(
        artist_albums, description="Its albums, singles and compilations, in the provider's order."
    )
    on: "Artist | None" = batched(
        artist_on, description="The same artist at a provider, by the links that MusicBrainz keeps."
    )


@strawberry.type(description="A release: an album, a single or a compilation.")
class Album(Node):
    """Shows a `loaders.Album`."""

    is_type_of = Shows(loaders.Album)

    provider: Provider = strawberry.field(description="Who told it.")
    name: str = strawberry.field(description="Its title.")
    album_type: str | None = strawberry.field(
        description="`album`, `single` or `compilation`, in the provider's own words."
    )
    release_date: str | None = strawberry.field(
        description="When it came out, as exact as is known: `1999`, `1999-12` or `1999-12-31`."
    )
    total_tracks: int | None = batched(told("total_tracks"), description="How many tracks it has.")
    upc: str | None = batched(
        told("upc"), description="Universal Product Code: the digits of its bar code."
    )
    label: str | None = batched(told("label"), description="The label that released it.")
    popularity: int | None = batched(told("popularity"), description=_POPULARITY)
    url: str | None = strawberry.field(description=_URL)
    artists: list[Artist] = batched(
        told("artists"), description="Whose album it is, the first named first."
    )
    cover: Image | None = batched(
        cover,
        description="Its cover. MusicBrainz's releases have theirs in the Cover Art Archive, or "
        "their release group's; they belong to whoever made them, as their `page` tells.",
    )
    tracks: Connection[Track] | None = batched(
        album_tracks, description="Its tracks, by disc and place."
    )
    on: "Album | None" = batched(
        album_on,
        description="The same release at a provider, by its bar code; "
        "of several, the one with as many tracks.",
    )
