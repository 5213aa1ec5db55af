"""`Provider` and `Source`, the enums: arguments of resolvers and fields of types."""

from enum import Enum

import strawberry


@strawberry.enum(description="An outside service that knows about music.")
class Provider(Enum):
    """Its values are the names that ids begin with."""

    SPOTIFY = strawberry.enum_value("spotify", description="Spotify's Web API.")
    MUSICBRAINZ = strawberry.enum_value(
        "musicbrainz", description="MusicBrainz: tracks are its recordings, albums its releases."
    )
    DEEZER = strawberry.enum_value("deezer", description="Deezer's API, which asks for no key.")


@strawberry.enum(description="Whoever told something: the providers, and those that add to them.")
class Source(Enum):
    """Its values are the names of all that is asked."""

    SPOTIFY = strawberry.enum_value("spotify", description="The provider.")
    MUSICBRAINZ = strawberry.enum_value(
        "musicbrainz", description="The provider: facts CC0, genres CC BY-NC-SA 3.0."
    )
    DEEZER = strawberry.enum_value("deezer", description="The provider.")
    LISTENBRAINZ = strawberry.enum_value(
        "listenbrainz",
        description="ListenBrainz: listens are in the public domain (CC0); tags and genres are "
        "MusicBrainz's, under CC BY-NC-SA 3.0.",
    )
    WIKIDATA = strawberry.enum_value(
        "wikidata",
        description="Wikidata: which picture shows somebody (CC0); each has a licence of its own.",
    )
    COVERART = strawberry.enum_value(
        "coverart",
        description="Cover Art Archive: covers of MusicBrainz's releases, which belong to whoever "
        "made them.",
    )
