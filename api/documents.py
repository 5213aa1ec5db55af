"""Documents: query text -> parsed, measured, validated; remembered, so that a text costs once."""

from functools import lru_cache
from typing import NamedTuple

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OverlappingFieldsCanBeMergedRule,
    parse,
    specified_rules,
    validate,
)

from api.limits import LIMITS, BoundedOverlapRule, refusals

# Texts remembered, as many as in strawberry's own caches. Longer ones are mostly literals and do
# not come twice; shorter ones take 0.2 MB each as people write them, 1.5 MB at the very worst.
_REMEMBERED = 128
_MOST_REMEMBERED_CHARACTERS = 8_000

_RULES = [
    BoundedOverlapRule if rule is OverlappingFieldsCanBeMergedRule else rule
    for rule in specified_rules
]
_MOST_ERRORS = 20  # nobody reads more at once

# How graphql-core says that one of the limits it was given is reached.
_TOO_MUCH_TO_PARSE = "Parsing aborted."
_TOO_MANY_COMPARISONS = "Validation aborted."


class Prepared(NamedTuple):
    """A document, ready to be executed if there are no errors; `code` is theirs."""

    document: DocumentNode | None
    errors: list[GraphQLError]
    code: str = ""


def prepare(schema: GraphQLSchema, text: str, *, explore: bool = True) -> Prepared:
    """Parse, measure and validate a text; takes milliseconds, whatever the text.

    Without `explore` the schema is not told: no introspection, no names that may have been meant.
    """
    prepare_it = _remembered if is_remembered(text) else _prepare
    return prepare_it(schema, text, explore=explore)


def is_remembered(text: str) -> bool:
    """Tell whether a document with this text stays the same object for a while.

    >>> is_remembered("{ providers { name } }")
    True
    """
    return len(text) <= _MOST_REMEMBERED_CHARACTERS


def _prepare(schema: GraphQLSchema, text: str, *, explore: bool) -> Prepared:
    if len(text) > LIMITS.characters:
        expected = f"Expected at most {LIMITS.characters} characters, got {len(text)}."
        return Prepared(None, [GraphQLError(expected)], "QUERY_TOO_COMPLEX")
    try:
        document = parse(text, max_lexical_tokens=LIMITS.tokens, max_comments=LIMITS.comments)
    except GraphQLError as error:
        is_too_much = error.message.endswith(_TOO_MUCH_TO_PARSE)
        code = "QUERY_TOO_COMPLEX" if is_too_much else "GRAPHQL_PARSE_FAILED"
        return Prepared(None, [error], code)
    errors = refusals(document)
    if errors:
        return Prepared(document, errors, "QUERY_TOO_COMPLEX")
    errors = validate(
        schema,
        document,
        _RULES if explore else [*_RULES, NoSchemaIntrospectionCustomRule],
        max_errors=_MOST_ERRORS,
        hide_suggestions=not explore,
    )
    if errors and errors[-1].message == _TOO_MANY_COMPARISONS:
        expected = "Expected fewer repetitions of fields in one place."
        return Prepared(document, [GraphQLError(expected)], "QUERY_TOO_COMPLEX")
    if errors:
        return Prepared(document, errors, "GRAPHQL_VALIDATION_FAILED")
    return Prepared(document, [])


_remembered = lru_cache(_REMEMBERED)(_prepare)
