"""What executing an operation leaves behind: nothing."""

import asyncio
import gc
import weakref

import pytest
import strawberry
from graphql import build_schema, execute, parse
from hypothesis import given
from hypothesis import strategies as st
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from api.columns import ColumnExecutor
from api.engine import Operation
from api.execution import Executor
from api.testing import TestClient
from tests.work import counted

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


TYPES = ["ID", "String", "Int", "Boolean", "Mood", "Cover", "Date"]
SCHEMA = build_schema(
    """
    enum Mood { CALM LOUD }
    input Cover { of: ID! takes: [String!] = ["one"] }
    scalar Date
    type Query { a: Int }
    """
)
WRAPPED = ["%s", "%s!", "[%s]", "[%s!]!", "[[%s!]]"]
TEXTS = st.sampled_from(["", "CALM", "spotify:track:1", "1999"])
ITEMS = TEXTS | st.none() | st.integers(-2, 2) | st.booleans() | st.builds(dict, of=TEXTS)
VALUES = ITEMS | st.lists(TEXTS) | st.lists(ITEMS) | st.lists(st.lists(TEXTS))


@given(
    types=st.lists(st.builds(str.__mod__, st.sampled_from(WRAPPED), st.sampled_from(TYPES))),
    values=st.lists(VALUES),
    most=st.sampled_from([1, 50]),
)
def test_variables_become_what_graphql_core_makes_of_them(types, values, most):
    names = [f"v{number}" for number in range(max(len(types), len(values)))]
    declared = " ".join(f"${name}: {type_}" for name, type_ in zip(names, types, strict=False))
    query = parse(f"query{f'({declared})' if declared else ''} {{ a }}")
    variables = dict(zip(names, values, strict=False))

    def built(executor_class):
        return executor_class.build(
            SCHEMA, query, raw_variable_values=variables, max_coercion_errors=most
        )

    expected, got = built(StrawberryGraphQLCoreExecutionContext), built(Executor)
    if isinstance(expected, list):
        assert [error.formatted for error in got] == [error.formatted for error in expected]
        return
    assert got.variable_values.coerced == expected.variable_values.coerced
    assert list(got.variable_values.coerced) == list(expected.variable_values.coerced)
    for name, source in expected.variable_values.sources.items():
        assert got.variable_values.sources[name].value == source.value


def test_a_long_list_of_texts_is_not_looked_at_text_by_text():
    query = parse("query ($ids: [ID!]!) { a }")

    def work(texts):
        with counted() as work:
            Executor.build(SCHEMA, query, raw_variable_values={"ids": ["a"] * texts})
        return work.calls

    work(1)  # after it the schema is known to be valid
    assert work(2) == work(2000)
