"""The GraphQL server over the loaders: schema, resolvers, HTTP and the command line."""

from api.app import create_app

__all__ = ["create_app"]
