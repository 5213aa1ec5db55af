"""List resolvers in ordinary execution, and what an executor of columns finds of them."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Annotated

import pytest
import strawberry
from graphql import GraphQLResolveInfo

from api.batched import BatchedField, batched
from api.context import Info
from loaders import asking_field

seen = []


@pytest.fixture(autouse=True)
def nothing_seen():
    seen.clear()


async def later(
    parents: Sequence[int],
    info: Info,  # noqa: ARG001  strawberry passes it to whoever has a place for it
    times: Annotated[int, strawberry.argument(description="How often.")] = 2,
) -> list[int | Exception]:
    seen.append(("later", list(parents), times, asking_field.get()))
    return [parent * times for parent in parents]


def at_once(parents: Sequence[int]) -> list[int | Exception]:
    seen.append(("at_once", list(parents)))
    return [ValueError("odd") if parent % 2 else parent for parent in parents]


def half(parents: Sequence[int]) -> list[int]:  # noqa: ARG001  it forgets them
    return []


@strawberry.type
class Number:
    later: int | None = batched(later, description="Later.")
    at_once: int | None = batched(at_once)
    half: int | None = batched(half)
    names: list[str] | None = batched(lambda parents: [[str(p)] for p in parents], name="called")

    @batched(graphql_type=bool | None, deprecation_reason="odd")
    def is_even(numbers: Sequence[int]) -> list[bool]:  # noqa: N805  parents, not self
        return [number % 2 == 0 for number in numbers]

    @staticmethod
    def is_type_of(value: int, _info: GraphQLResolveInfo) -> bool:
        return isinstance(value, int)


@strawberry.type
class Query:
    numbers: list[Number] = strawberry.field(resolver=lambda: [1, 2])


schema = strawberry.Schema(Query)


async def execute(document, *, names_fields=False):
    return await schema.execute(document, context_value=SimpleNamespace(names_fields=names_fields))


def field(name):
    definition = Number.__strawberry_definition__
    return next(field for field in definition.fields if field.python_name == name)


async def test_a_field_is_resolved_by_its_list_resolver_with_one_parent():
    result = await execute("{ numbers { later } }")
    assert result.errors is None
    assert result.data == {"numbers": [{"later": 2}, {"later": 4}]}
    assert seen == [("later", [1], 2, None), ("later", [2], 2, None)]


async def test_arguments_are_those_of_the_list_resolver():
    result = await execute("{ numbers { later(times: 5) } }")
    assert result.data == {"numbers": [{"later": 5}, {"later": 10}]}


async def test_an_exception_at_a_position_is_that_fields_error():
    result = await execute("{ numbers { atOnce } }")
    assert result.data == {"numbers": [{"atOnce": None}, {"atOnce": 2}]}
    assert [(error.message, error.path) for error in result.errors] == [
        ("odd", ["numbers", 0, "atOnce"])
    ]


def test_what_is_known_at_once_needs_no_event_loop():
    result = schema.execute_sync(
        "{ numbers { isEven called } }", context_value=SimpleNamespace(names_fields=False)
    )
    assert result.data == {
        "numbers": [{"isEven": False, "called": ["1"]}, {"isEven": True, "called": ["2"]}]
    }


async def test_too_few_outcomes_are_an_error_that_names_the_field():
    result = await execute("{ numbers { half } }")
    assert result.errors[0].message == ("half: expected a list of outcomes, one per parent, got []")


async def test_whoever_resolves_a_field_knows_which_when_the_context_wants_it():
    await execute("{ numbers { later atOnce } }", names_fields=True)
    assert [entry for entry in seen if entry[0] == "later"] == [
        ("later", [1], 2, "Number.later"),
        ("later", [2], 2, "Number.later"),
    ]


async def test_an_executor_finds_the_list_resolver_and_calls_it_once():
    assert isinstance(field("later"), BatchedField)
    assert await field("later").batch([1, 2, 3], info=None, times=4) == [4, 8, 12]
    assert [type(outcome) for outcome in field("at_once").batch([1, 2])] == [ValueError, int]


def test_the_schema_is_typed_by_annotation_and_arguments():
    assert (
        str(schema).split("type Query")[0].strip()
        == '''type Number {
  """Later."""
  later(
    """How often."""
    times: Int! = 2
  ): Int
  atOnce: Int
  half: Int
  called: [String!]
  isEven: Boolean @deprecated(reason: "odd")
}'''
    )


def test_a_resolver_without_a_list_of_parents_is_refused():
    with pytest.raises(TypeError, match="expected a first parameter for the list of parents"):

        @strawberry.type
        class Wrong:
            field: int = batched(lambda: [1])
