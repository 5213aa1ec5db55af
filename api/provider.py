"""`Provider`, the enum: an argument of resolvers and a field of types."""

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
