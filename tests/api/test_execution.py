"""What executing an operation leaves behind: nothing."""

import asyncio
import gc
import weakref

import pytest
import strawberry
from graphql import execute, parse

from api.columns import ColumnExecutor
from api.engine import Operation
from api.execution import Executor
from api.testing import TestClient

QUERY = """query ($ids: [ID!]!) {
    tracks(ids: $ids) { name artists { name genres } album { label } }
}"""


@pytest.mark.parametrize("columns", [True, False])
async def test_what_a_request_loaded_is_gone_as_soon_as_it_is_answered(columns, track_ids):
    async with TestClient(columns=columns) as client:
        warm = Operation(QUERY, {"ids": track_ids[3:6]})  # after it all is there that is made once
        assert not (await client.engine.execute(warm)).errors
        gc.collect()
        gc.disable()
        try:
            context = client.engine.context()
            kept = [weakref.ref(context), weakref.ref(context.trace), weakref.ref(context.loaders)]
            answer = await client.engine.execute(Operation(QUERY, {"ids": track_ids[:3]}), context)
            assert not answer.errors
            del context
            await asyncio.sleep(0)  # the loop's own handles on what ran last
            assert [each() for each in kept] == [None, None, None]
            assert gc.collect() == 0
        finally:
            gc.enable()


@pytest.mark.parametrize("executor", [Executor, ColumnExecutor])
async def test_a_resolver_can_still_have_graphql_core_gather_and_track(executor):
    seen = []

    async def number(value):
        seen.append(value)
        return value

    @strawberry.type
    class Query:
        @strawberry.field
        async def total(self, info: strawberry.Info) -> int:
            helpers = info._raw_info.async_helpers
            helpers.track([number(5), "no work"])
            return sum(await helpers.gather([number(1), number(2)]))

    schema = strawberry.Schema(Query)._schema
    result = await execute(schema, parse("{ total }"), executor_class=executor)
    assert (result.data, result.errors) == ({"total": 3}, None)
    assert sorted(seen) == [1, 2, 5]
