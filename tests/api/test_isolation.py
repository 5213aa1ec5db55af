"""One field's failure, one client's leave-taking: nobody else notices."""

import asyncio
import gc
import warnings
from collections.abc import Sequence
from types import SimpleNamespace

import strawberry

from api.batched import batched
from api.context import Info
from api.engine import Operation
from api.testing import TestClient
from batching import BatchProcessor
from loaders.loader import Loader


async def a(parents: Sequence[int], info: Info) -> list[str | Exception]:
    return await info.context.loader.load_many(["same key"] * len(parents))


async def bad(parents: Sequence[int]) -> list[str | Exception]:
    await asyncio.sleep(0.01)  # virtual, like all below
    return [RuntimeError("bad")] * len(parents)


@strawberry.type
class Number:
    a: str | None = batched(a)
    bad: str = batched(bad)


@strawberry.type
class Query:
    n: Number | None = strawberry.field(resolver=lambda: 1)


async def test_a_sibling_cancelled_over_a_shared_key_leaves_the_others_whole():
    """A failing non-null field cancels its siblings; whoever awaits the same key is served."""

    async def fetch(keys):
        await asyncio.sleep(0.02)  # virtual
        return [key.upper() for key in keys]

    async with BatchProcessor(fetch, 50) as processor:
        context = SimpleNamespace(names_fields=False, loader=Loader.over(processor))
        result = await strawberry.Schema(Query).execute(
            "{ n1: n { a bad } n2: n { a } }", context_value=context
        )
    assert result.data == {"n1": None, "n2": {"a": "SAME KEY"}}
    assert [(error.message, error.path) for error in result.errors] == [("bad", ["n1", "bad"])]


async def test_a_client_that_leaves_takes_nothing_from_another(client, track_ids):
    client.simulator.latency = 0.1
    document = f'{{ track(id: "{track_ids[0]}") {{ id }} }}'
    leaving = asyncio.ensure_future(client.engine.execute(Operation(document)))
    staying = asyncio.ensure_future(client.engine.execute(Operation(document)))
    await asyncio.sleep(0.15)  # virtual: the token is there, the tracks are in the air
    leaving.cancel()
    assert (await staying).body() == {"data": {"track": {"id": track_ids[0]}}}
    assert leaving.cancelled()
    assert [call.route for call in client.calls] == ["POST /api/token", "GET /v1/tracks"]


async def test_concurrent_requests_for_the_same_things_share_the_calls(client, track_ids):
    document = "query ($ids: [ID!]!) { tracks(ids: $ids) { id artists { genres } } }"
    answers = await asyncio.gather(
        *(client.execute(document, {"ids": track_ids[:50]}) for _ in range(10))
    )
    assert {str(answer.data) for answer in answers} == {str(answers[0].data)}
    routes = [call.route for call in client.calls]
    assert routes.count("GET /v1/tracks") == 1


async def test_a_failed_request_does_not_spoil_the_next(client, track_ids):
    client.simulator.fault("GET /v1/tracks", status=400, times=1)
    document = f'{{ track(id: "{track_ids[0]}") {{ id }} }}'
    assert (await client.execute(document)).data == {"track": None}
    assert (await client.execute(document)).data == {"track": {"id": track_ids[0]}}


async def test_a_client_that_leaves_at_any_moment_leaves_nothing_that_was_never_begun(track_ids):
    query = """query ($ids: [ID!]!) { tracks(ids: $ids) {
      artists { genres } album { label } } }"""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for turns in range(15):  # of the loop: then it waits for the genres and the labels
            async with TestClient() as client:
                asking = asyncio.ensure_future(client.execute(query, {"ids": track_ids[:5]}))
                for _ in range(turns):
                    await asyncio.sleep(0)
                asking.cancel()
                await asyncio.wait([asking])
                del asking
        gc.collect()
    assert [str(warning.message) for warning in caught] == []
