"""The usual Python set-up, tuned: strawberry over aiodataloader and httpx.

`python -m tests.benchmarks.servers.usual PORT UPSTREAM`. Tuned: documents are parsed and validated
once, connections are kept, sniffio is there for httpcore, uvloop and httptools serve.
"""

import sys

import httpx
import strawberry
import uvicorn
from aiodataloader import DataLoader
from starlette.applications import Starlette
from starlette.routing import Route
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache


def short(native):
    return native.rpartition(":")[2]


@strawberry.type
class Artist:
    native: strawberry.Private[str]
    name: str

    @strawberry.field
    def id(self) -> strawberry.ID:
        return strawberry.ID(f"spotify:artist:{self.native}")

    @strawberry.field
    async def genres(self, info: strawberry.Info) -> list[str] | None:
        return (await info.context["artists"].load(self.native))["genres"]


@strawberry.type
class Album:
    native: strawberry.Private[str]
    name: str

    @strawberry.field
    def id(self) -> strawberry.ID:
        return strawberry.ID(f"spotify:album:{self.native}")

    @strawberry.field
    async def label(self, info: strawberry.Info) -> str | None:
        return (await info.context["albums"].load(self.native))["label"]


@strawberry.type
class Track:
    native: strawberry.Private[str]
    name: str
    duration_ms: int | None
    artists: list[Artist]
    album: Album | None

    @strawberry.field
    def id(self) -> strawberry.ID:
        return strawberry.ID(f"spotify:track:{self.native}")


def track_of(told):
    return Track(
        native=told["id"],
        name=told["name"],
        duration_ms=told["duration_ms"],
        artists=[Artist(native=one["id"], name=one["name"]) for one in told["artists"]],
        album=Album(native=told["album"]["id"], name=told["album"]["name"]),
    )


@strawberry.type
class Query:
    @strawberry.field
    async def tracks(
        self, info: strawberry.Info, ids: list[strawberry.ID]
    ) -> list[Track | None] | None:
        told = await info.context["tracks"].load_many(list(map(short, ids)))
        return [track_of(one) for one in told]


class Server(GraphQL):
    def __init__(self, upstream):
        schema = strawberry.Schema(Query, extensions=[ParserCache(128), ValidationCache(128)])
        super().__init__(schema, graphql_ide=None)
        limits = httpx.Limits(max_connections=256, max_keepalive_connections=256)
        self.client = httpx.AsyncClient(base_url=upstream, limits=limits, timeout=10.0)

    async def get_context(self, request, response):  # noqa: ARG002  strawberry's signature
        return {
            kind: DataLoader(self.bulk(kind), max_batch_size=size)
            for kind, size in (("tracks", 50), ("artists", 50), ("albums", 20))
        }

    def bulk(self, kind):
        async def get(ids):
            headers = {"authorization": "Bearer t"}
            answer = await self.client.get(
                f"/v1/{kind}", params={"ids": ",".join(ids)}, headers=headers
            )
            return answer.json()[kind]

        return get


if __name__ == "__main__":
    app = Starlette(routes=[Route("/graphql", Server(sys.argv[2]))])
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False)
