"""Plans: what is to be done for a list of objects, level by level; they print themselves.

[Track]
name                 attribute  String!
artists              attribute  [Artist!]!
genres             batch      [String!]
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Any, TypeAlias

from graphql import (
    FieldNode,
    GraphQLAbstractType,
    GraphQLBoolean,
    GraphQLField,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLString,
)

from api.batched import Shows

# Python types of which every value is its own output; Int has to be looked at besides.
_PLAIN: Mapping[GraphQLLeafType, type] = {
    GraphQLString: str,
    GraphQLID: str,
    GraphQLBoolean: bool,
    GraphQLInt: int,
}


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """A scalar or an enum. Values of the classes in `plain` are passed on as they are."""

    type: GraphQLLeafType
    nullable: bool
    plain: frozenset[Any]
    bounded: bool  # an Int has 32 bits


@dataclass(frozen=True, slots=True, eq=False)
class Many:
    """A list."""

    of: "Shape"
    nullable: bool


@dataclass(frozen=True, slots=True, eq=False)
class Objects:
    """An object, or an abstract type with what is selected of each possible type."""

    type: GraphQLObjectType | GraphQLAbstractType
    nullable: bool
    selections: Mapping[str, "Selection"]


Shape: TypeAlias = Leaf | Many | Objects


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A selected field: `read` tells a parent's value; without it, all parents are resolved."""

    key: str
    definition: GraphQLField
    parent: GraphQLObjectType
    nodes: list[FieldNode]
    shape: Shape
    read: Callable[[Any], Any] | None

    @property
    def type(self) -> GraphQLOutputType:
        """Return its type in the schema."""
        return self.definition.type


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """The fields selected of one object type; `shows` is what the type shows, if it says so."""

    type: GraphQLObjectType
    fields: tuple[Field, ...]
    shows: Shows | None


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What is to be done for the items of a list."""

    items: Objects

    def __str__(self) -> str:
        return "\n".join([f"[{self.items.type}]", *_lines(self.items, "  ")])


def leaf(type_: GraphQLLeafType, *, nullable: bool) -> Leaf:
    """Return the shape of a scalar or an enum."""
    kinds = {_PLAIN[type_]} if type_ in _PLAIN else set()
    if kinds and nullable:
        kinds.add(NoneType)
    return Leaf(type_, nullable, frozenset(kinds), bounded=type_ is GraphQLInt)


def _lines(shape: Shape, indent: str) -> Iterator[str]:
    while isinstance(shape, Many):
        shape = shape.of
    if isinstance(shape, Leaf):
        return
    for selection in shape.selections.values():
        inner = indent
        if selection.type is not shape.type:
            yield f"{indent}... on {selection.type}"
            inner += "  "
        for field in selection.fields:
            how = "batch" if field.read is None else "attribute"
            yield f"{inner}{field.key}".ljust(32) + f" {how:<10} {field.type}"
            yield from _lines(field.shape, inner + "  ")
