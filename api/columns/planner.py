"""Planner: what a document selects of a list -> its plan, or why there is none."""

from collections.abc import Hashable, Sequence
from operator import attrgetter
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLList,
    GraphQLObjectType,
    GraphQLOutputType,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetails
from strawberry.types.field import StrawberryField

from api.batched import BatchedField, Shows
from api.columns.plan import Field, Many, Objects, Plan, Selection, Shape, leaf
from api.places import Places

# Twice as many as documents are remembered: most have one list that is not inside another.
_REMEMBERED = 256


class NoPlanError(Exception):
    """There is something in a selection that columns cannot do; says what."""


class Plans(Places["Plan | None"]):
    """The plans of one schema, by place in a document.

    A plan depends on nothing but its place and the variables that `@skip` and `@include` may look
    at.
    """

    def __init__(self, most: int = _REMEMBERED) -> None:
        super().__init__(most)

    def plan(
        self,
        executor: Executor[Any],
        list_type: GraphQLList[Any],
        details: list[FieldDetails],
        switches: Hashable,
    ) -> Plan | None:
        """Return the plan of a list, or None if it has none."""
        key = (id(list_type), switches, *[id(detail.node) for detail in details])
        made_of = (list_type, details)
        return self.find(key, made_of, lambda: _plan_if_any(executor, list_type, details))


def _plan_if_any(
    executor: Executor[Any], list_type: GraphQLList[Any], details: list[FieldDetails]
) -> Plan | None:
    try:
        return plan_of(executor, list_type, details)
    except NoPlanError:
        return None


def plan_of(
    executor: Executor[Any], list_type: GraphQLList[Any], details: list[FieldDetails]
) -> Plan:
    """Plan a list of objects; raises `NoPlanError`."""
    _refuse_experiments(details)
    items = _Planner(executor).shape(list_type.of_type, details)
    if not isinstance(items, Objects):
        raise NoPlanError(f"{list_type} is no list of objects")
    return Plan(items)


class _Planner:
    def __init__(self, executor: Executor[Any]) -> None:
        self._executor = executor
        self._schema = executor.schema

    def shape(
        self, type_: GraphQLOutputType, details: list[FieldDetails], *, nullable: bool = True
    ) -> Shape:
        if is_non_null_type(type_):
            return self.shape(type_.of_type, details, nullable=False)
        if is_list_type(type_):
            return Many(self.shape(type_.of_type, details), nullable)
        if is_leaf_type(type_):
            return leaf(type_, nullable=nullable)
        if is_abstract_type(type_):
            possible: Sequence[GraphQLObjectType] = self._schema.get_possible_types(type_)
        elif is_object_type(type_):
            possible = [type_]
        else:
            raise NoPlanError(f"{type_} is no output type")
        selections = {one.name: self._selection(one, details) for one in possible}
        return Objects(type_, nullable, selections)

    def _selection(self, type_: GraphQLObjectType, details: list[FieldDetails]) -> Selection:
        grouped, deferred, _ = self._executor.collect_subfields(type_, details)
        if deferred:
            raise NoPlanError(f"{type_}: @defer")
        fields = [self._field(type_, key, group) for key, group in grouped.items()]
        shows = type_.is_type_of if isinstance(type_.is_type_of, Shows) else None
        return Selection(type_, tuple(fields), shows)

    def _field(self, parent: GraphQLObjectType, key: str, group: list[FieldDetails]) -> Field:
        _refuse_experiments(group)
        name = group[0].node.name.value
        definition = self._schema.get_field(parent, name)
        if definition is None:
            raise NoPlanError(f"{parent} has no {name}")
        read = _reader(parent, name, definition)
        nodes = [detail.node for detail in group]
        return Field(key, definition, parent, nodes, self.shape(definition.type, group), read)


def _reader(parent: GraphQLObjectType, name: str, definition: GraphQLField) -> Any:
    """Return what reads a parent's value, or None for a field that is resolved in batches."""
    if name == "__typename":
        typename = parent.name
        return lambda _: typename
    field = (definition.extensions or {}).get("strawberry-definition")
    if type(field) is BatchedField and not field.extensions:
        return None
    if (
        type(field) is StrawberryField
        and field.is_basic_field
        and field.default_resolver is getattr
        and not definition.args
    ):
        return attrgetter(field.python_name)
    raise NoPlanError(f"{parent}.{name} has a resolver for one object")


def _refuse_experiments(details: Sequence[FieldDetails]) -> None:
    for node, deferred, variables in details:
        if deferred is not None or variables is not None:
            raise NoPlanError(f"{node.name.value}: @defer, or a fragment with arguments")
        if any(directive.name.value == "stream" for directive in node.directives or ()):
            raise NoPlanError(f"{node.name.value}: @stream")


def is_list_of_objects(type_: GraphQLList[Any]) -> bool:
    """Tell whether the items are objects, or of an abstract type."""
    return not is_list_type(type_.of_type) and not is_leaf_type(get_named_type(type_))
