"""Limits on a document, checked before anything is executed.

Every fragment is measured once, however often it is spread: the chained doubled fragments on which
a naive walk takes 2^n steps cost n. A part that is spread twice counts twice, as it would be
executed twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OverlappingFieldsCanBeMergedRule,
    SelectionSetNode,
    ValidationContext,
)


@dataclass(frozen=True)
class QueryLimits:
    """What one document may be at most."""

    characters: int = 200_000  # 1,000 web links of 80 characters, as literals, fit twice
    tokens: int = 4_000  # 0.1 s to parse and validate; GraphQL Armor: 1,000, Apollo Router: 15,000
    comments: int = 500
    depth: int = 15  # a search, down to the artists of the albums of its artists, is 10
    fields: int = 2_000  # the usual introspection query has 250
    aliases: int = 100  # Apollo Router: 30; here `a: track(id: ...)` many times is one call
    directives: int = 100  # GraphQL Armor: 50
    comparisons: int = 20_000  # 50 ms; graphql-core allows 500,000, documents of people take 1,000


LIMITS = QueryLimits()


class Size(NamedTuple):
    """How large a selection is, fragments included."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0


def refusals(document: DocumentNode) -> list[GraphQLError]:
    """Return what is too much about a document's operations; nothing if they keep within `LIMITS`.

    It stands before the validation rules, which walk the whole document several times.
    """
    return [
        GraphQLError(f"Expected at most {limit} {_WORDS[what]}, got {_number(got)}.", operation)
        for operation, size in measure(document)
        for what, got in size._asdict().items()
        if got > (limit := getattr(LIMITS, what))
    ]


class BoundedOverlapRule(OverlappingFieldsCanBeMergedRule):
    """GraphQL's own rule, which compares fields of one name pairwise, with less patience."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self.rule_context.remaining_complexity_budget = LIMITS.comparisons


_WORDS = {
    "depth": "levels of fields",
    "fields": "fields, fragments counted wherever they are spread",
    "aliases": "aliases, fragments counted wherever they are spread",
    "directives": "directives, fragments counted wherever they are spread",
}
_MOST_DIGITS = 1_000_000  # a document can make these numbers as long as it likes


def _number(got: int) -> str:
    return str(got) if got < _MOST_DIGITS else "more than a million"


def measure(document: DocumentNode) -> Iterator[tuple[OperationDefinitionNode, Size]]:
    """Yield every operation with its size; linear in the length of the document."""
    parts = {
        definition.name.value: _read(definition.selection_set)
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    sizes: dict[str, Size] = {}
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            part = _read(definition.selection_set)
            _measure_fragments(part, parts, sizes)
            size = _total(part, sizes)
            yield (
                definition,
                size._replace(directives=size.directives + len(definition.directives or ())),
            )


class _Part(NamedTuple):
    """A definition by itself: its own size, and what it spreads at which depth."""

    size: Size
    spreads: list[tuple[str, int | None]]


def _read(selection_set: SelectionSetNode) -> _Part:
    fields = aliases = directives = deepest = 0
    spreads: list[tuple[str, int | None]] = []
    # The depth is None below introspection, which is bounded by graphql-core's own rule.
    stack: list[tuple[SelectionSetNode, int | None]] = [(selection_set, 0)]
    while stack:
        selections, depth = stack.pop()
        for selection in selections.selections:
            directives += len(selection.directives or ())
            if isinstance(selection, FragmentSpreadNode):
                spreads.append((selection.name.value, depth))
            elif isinstance(selection, InlineFragmentNode):
                stack.append((selection.selection_set, depth))
            elif isinstance(selection, FieldNode):
                fields += 1
                aliases += selection.alias is not None
                below = None
                if depth is not None:
                    deepest = max(deepest, depth + 1)
                    below = None if selection.name.value.startswith("__") else depth + 1
                if selection.selection_set:
                    stack.append((selection.selection_set, below))
    return _Part(Size(deepest, fields, aliases, directives), spreads)


def _measure_fragments(root: _Part, parts: dict[str, _Part], sizes: dict[str, Size]) -> None:
    """Measure what `root` spreads, the innermost first, without recursion.

    A fragment that spreads itself counts nothing the second time; validation refuses it later.
    """
    entered = set(sizes)
    stack = [("", iter(root.spreads))]
    while stack:
        name, spreads = stack[-1]
        for spread, _ in spreads:
            if spread in parts and spread not in entered:
                entered.add(spread)
                stack.append((spread, iter(parts[spread].spreads)))
                break
        else:
            stack.pop()
            if name:
                sizes[name] = _total(parts[name], sizes)


def _total(part: _Part, sizes: dict[str, Size]) -> Size:
    depth, fields, aliases, directives = part.size
    for spread, at in part.spreads:
        size = sizes.get(spread, Size())
        depth = depth if at is None else max(depth, at + size.depth)
        fields += size.fields
        aliases += size.aliases
        directives += size.directives
    return Size(depth, fields, aliases, directives)
