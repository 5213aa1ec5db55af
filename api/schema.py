"""The schema; `unisono schema` prints it as `schema.graphql` has it."""

import strawberry
from graphql import GraphQLSchema

from api.types.music import Album, Artist, Track
from api.types.query import Query

schema = strawberry.Schema(query=Query, types=[Track, Artist, Album])

# What graphql-core executes.
GRAPHQL_SCHEMA: GraphQLSchema = schema._schema  # noqa: SLF001  strawberry has no public way to it


def sdl() -> str:
    """Return the schema in GraphQL's own language, as `schema.graphql` has it."""
    return f"{schema.as_str()}\n"
