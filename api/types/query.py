"""`Query`: where a query begins. All its fields are nullable: a failure leaves the others whole."""

import strawberry

from api.batched import batched, root
from api.connections import Connection
from api.provider import Provider
from api.resolvers import entities
from api.resolvers.isrcs import isrc_tracks, tracks_by_isrc
from api.resolvers.search import search
from api.resolvers.statuses import providers, sources
from api.types.music import Album, Artist, Node, Track
from api.types.status import ProviderStatus, SourceStatus

_IN_ORDER = "one per id, in order: null for an unknown id, null with an error for one that failed."


@strawberry.type(description="The tracks that a provider has under an ISRC.")
class IsrcTracks:
    """Shows an `api.resolvers.isrcs.Isrc`."""

    isrc: str = strawberry.field(description="The ISRC; as it was given where it is none.")
    provider: Provider = strawberry.field(description="Who was asked.")
    tracks: list[Track] | None = batched(
        isrc_tracks, description="Every track with this ISRC; empty when there is none."
    )


@strawberry.type(description="What a search found, per kind.")
class SearchResult:
    """Shows an `api.resolvers.search.Found`."""

    tracks: Connection[Track] | None = strawberry.field(description="Tracks, best match first.")
    artists: Connection[Artist] | None = strawberry.field(description="Artists, best match first.")
    albums: Connection[Album] | None = strawberry.field(description="Albums, best match first.")


@strawberry.type(description="Music metadata, from every provider that is on.")
class Query:
    """The root."""

    node: Node | None = root(entities.node, description="Whatever an id names; null if unknown.")
    lookup: list[Node | None] | None = root(
        entities.lookup, description=f"Whatever the references name, {_IN_ORDER}"
    )
    track: Track | None = root(entities.track, description="A track; null if unknown.")
    tracks: list[Track | None] | None = root(entities.tracks, description=f"Tracks, {_IN_ORDER}")
    artist: Artist | None = root(entities.artist, description="An artist; null if unknown.")
    artists: list[Artist | None] | None = root(
        entities.artists, description=f"Artists, {_IN_ORDER}"
    )
    album: Album | None = root(entities.album, description="An album; null if unknown.")
    albums: list[Album | None] | None = root(entities.albums, description=f"Albums, {_IN_ORDER}")
    tracks_by_isrc: list[IsrcTracks] | None = root(
        tracks_by_isrc, description="Tracks by ISRC: one entry per ISRC and provider, in order."
    )
    search: SearchResult | None = root(
        search, description="What a text finds at a provider: one call for all kinds selected."
    )
    providers: list[ProviderStatus] | None = root(
        providers, description="How the providers stand, in this server process."
    )
    sources: list[SourceStatus] | None = root(
        sources, description="How everybody stands who is asked: providers, and who adds to them."
    )
