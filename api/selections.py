"""Look-ahead: which fields a query selects below the field that is being resolved."""

from collections.abc import Iterable
from typing import Any

from graphql import (
    BooleanValueNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLResolveInfo,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
)

from api.context import Info


def selected(info: Info, nodes: Iterable[FieldNode] | None = None) -> dict[str, list[FieldNode]]:
    """Return the fields selected on the type of this field, or of `nodes`, by name.

    Fragments are followed, `@skip` and `@include` obeyed. It is meant for object types: a
    fragment's type condition is taken to match.
    """
    raw: GraphQLResolveInfo[Any] = info._raw_info  # noqa: SLF001  `selected_fields` walks every spread again
    found: dict[str, list[FieldNode]] = {}
    spread: set[str] = set()
    stack: list[SelectionSetNode] = [
        node.selection_set
        for node in (raw.field_nodes if nodes is None else nodes)
        if node.selection_set
    ]
    while stack:
        for node in stack.pop().selections:
            if not is_included(node, info.variable_values):
                continue
            if isinstance(node, FieldNode):
                found.setdefault(node.name.value, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                stack.append(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in spread:
                spread.add(node.name.value)
                stack.append(raw.fragments[node.name.value].selection_set)
    return found


def asks_for_more_than_its_name(info: Info, nodes: Iterable[FieldNode] | None = None) -> bool:
    """Tell whether anything but `__typename` is selected, so that a call is worth it."""
    return any(name != "__typename" for name in selected(info, nodes))


def is_included(node: SelectionNode, variables: dict[str, Any]) -> bool:
    """Tell what `@skip` and `@include` say of a selection."""
    for directive in node.directives or ():
        if directive.name.value in {"skip", "include"} and directive.arguments:
            value = directive.arguments[0].value
            condition = (
                variables.get(value.name.value)
                if isinstance(value, VariableNode)
                else isinstance(value, BooleanValueNode) and value.value
            )
            if bool(condition) is (directive.name.value == "skip"):
                return False
    return True
