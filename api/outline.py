"""Outline: what an operation selects and with what arguments, read before it is executed."""

from collections.abc import Iterable, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    value_from_ast_untyped,
)

from api.selections import is_included


class Outline:
    """One operation of a valid document, with its variables.

    >>> outline.names(outline.type("Query"), (operation.selection_set,))
    {'tracks'}
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
    ) -> None:
        self._schema = schema
        self._fragments = {
            each.name.value: each
            for each in document.definitions
            if isinstance(each, FragmentDefinitionNode)
        }
        defaults = {
            each.variable.name.value: value_from_ast_untyped(each.default_value)
            for each in operation.variable_definitions or ()
            if each.default_value
        }
        self._variables = {**defaults, **variables}

    def names(self, type_: GraphQLObjectType, sets: tuple[SelectionSetNode, ...]) -> set[str]:
        """Return the names of the fields selected on a type."""
        return {nodes[0].name.value for nodes in self.fields(type_, sets).values()}

    def fields(
        self, type_: GraphQLObjectType, sets: Iterable[SelectionSetNode]
    ) -> dict[str, list[FieldNode]]:
        """Return the fields selected on a type by the name they have in the answer."""
        found: dict[str, list[FieldNode]] = {}
        spread: set[str] = set()
        stack = list(sets)
        while stack:
            for node in stack.pop().selections:
                if not is_included(node, self._variables):
                    continue
                if isinstance(node, FieldNode):
                    found.setdefault((node.alias or node.name).value, []).append(node)
                    continue
                part: InlineFragmentNode | FragmentDefinitionNode | None = None
                if isinstance(node, InlineFragmentNode):
                    part = node
                elif isinstance(node, FragmentSpreadNode) and node.name.value not in spread:
                    spread.add(node.name.value)
                    part = self._fragments.get(node.name.value)
                condition = part and part.type_condition and part.type_condition.name.value
                if part and condition in {None, type_.name, "Node"}:
                    stack.append(part.selection_set)
        return found

    def arguments(self, type_: GraphQLObjectType, node: FieldNode) -> dict[str, Any]:
        """Return the arguments of a field, with their defaults; only what can be meant."""
        field = type_.fields.get(node.name.value)
        if field is None:
            return {}
        given = {
            argument.name.value: value_from_ast_untyped(argument.value, self._variables)
            for argument in node.arguments or ()
        }
        defaults = {name: argument.default_value for name, argument in field.args.items()}
        known = {name: value for name, value in given.items() if value is not None}
        return {name: known.get(name, _default(default)) for name, default in defaults.items()}

    def type(self, name: str) -> GraphQLObjectType:
        """Return an object type by its name."""
        type_ = self._schema.type_map[name]
        assert isinstance(type_, GraphQLObjectType)  # noqa: S101  the names are those of our schema
        return type_


def _default(value: Any) -> Any:
    return value if isinstance(value, int | str) else None
