"""Explain: the plans of a document, as `unisono query --plan` prints them."""

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_object_type,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetails, collect_fields

from api.columns.executor import ColumnExecutor
from api.columns.planner import NoPlanError, is_list_of_objects, plan_of


def explained(
    schema: GraphQLSchema,
    document: DocumentNode,
    variables: Mapping[str, Any],
    operation_name: str | None = None,
) -> str:
    """Return what is done by columns and what is not, in the order of the document.

    >>> print(explained(GRAPHQL_SCHEMA, parse('{ tracks(ids: ["..."]) { name } }'), {}))
    tracks: [Track]
      name                           attribute  String!
    """
    built = ColumnExecutor.build(
        schema, document, raw_variable_values=dict(variables), operation_name=operation_name
    )
    if not isinstance(built, Executor):
        return "\n".join(error.message for error in built)
    root = schema.get_root_type(built.operation.operation)
    if root is None:
        return f"the schema has no {built.operation.operation.value}"
    fields = collect_fields(
        schema, built.fragments, built.variable_values, root, built.operation
    ).grouped_field_set
    return "\n".join(_lines(built, root, fields, ""))


def _lines(
    executor: Executor[Any],
    parent: GraphQLObjectType,
    fields: Mapping[str, list[FieldDetails]],
    before: str,
) -> Iterator[str]:
    for key, details in fields.items():
        definition = executor.schema.get_field(parent, details[0].node.name.value)
        if definition is not None and not is_leaf_type(get_named_type(definition.type)):
            yield from _field(executor, before + key, definition.type, details)


def _field(
    executor: Executor[Any], place: str, type_: GraphQLOutputType, details: list[FieldDetails]
) -> Iterator[str]:
    inner: Any = get_nullable_type(type_)
    if is_list_type(inner) and is_list_of_objects(inner):
        try:
            yield f"{place}: {plan_of(executor, inner, details)}"
        except NoPlanError as error:
            yield f"{place}: object by object, because {error}"
    elif is_object_type(inner):
        yield f"{place}: {inner}, one object"
        below = executor.collect_subfields(inner, details).grouped_field_set
        yield from _lines(executor, inner, below, f"{place}.")
    else:
        yield f"{place}: {inner}, by its type when it is there"
