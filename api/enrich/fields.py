r"""Fields: what `--fields` selects -> the one document that every window of lines executes.

A selection as GraphQL writes it, in which a dot is short for braces:

>>> undotted("name, artists.name, on(provider: DEEZER).album.label")
'name artists{name} on(provider: DEEZER){album{label}}'

It is checked here, before anything is sent. A selection on `Node` (`id`, or a fragment for each
kind) is for every line; any other is for lines of the kinds that have all of its fields.
"""

import re
from typing import Any, NamedTuple

from graphql import (
    GraphQLSyntaxError,
    OperationDefinitionNode,
    SelectionSetNode,
    Source,
    Visitor,
    parse,
    print_ast,
    visit,
)

from api.documents import Prepared, prepare
from api.enrich.errors import EnrichError
from api.schema import GRAPHQL_SCHEMA
from loaders import KINDS

_TOKEN = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""|"(?:[^"\\\n]|\\.)*"'  # texts
    r"|(?P<nothing>[\s,\ufeff]+|\#[^\n\r]*)"
    r"|(?P<start>[_A-Za-z]\w*|\.\.\.)"
    r"|.",
    re.DOTALL,
)

_DOCUMENT = """query Enrich($refs: [String!]!{isrc_variables}) {{
  lookup(refs: $refs) {{ {spreads} }}{isrcs}
}}
{fragments}"""
_ISRC_VARIABLES = ", $isrcs: [String!]!, $providers: [Provider!]"
_ISRCS = """
  tracksByIsrc(isrcs: $isrcs, providers: $providers) {{ tracks {{ ...{fragment} }} }}"""


class Fields(NamedTuple):
    """What is selected, of which kinds of lines. `document` is as good as an identity."""

    kinds: frozenset[str]
    document: str
    prepared: Prepared


def parse_fields(text: str) -> Fields:
    """Return what a selection means; raises EnrichError for one that no kind of line has."""
    selection = _normal(text)
    if not _complaints("Node", selection):
        return _fields(frozenset(KINDS), ["Node"], selection)
    complaints = {kind: _complaints(kind.title(), selection) for kind in KINDS}
    kinds = [kind for kind, wrong in complaints.items() if not wrong]
    if not kinds:
        raise EnrichError(f"--fields: {min(complaints.values(), key=len)[0]}")
    return _fields(frozenset(kinds), [kind.title() for kind in kinds], selection)


def undotted(text: str) -> str:
    """Return a selection with braces in the place of its dots."""
    parts: list[str] = []
    opened = [0]  # for each selection set that is open: the braces that a path in it has opened
    before, last = "", ""
    parentheses = 0
    for match in _TOKEN.finditer(text):
        word = match[0]
        if match["nothing"]:
            parts.append(" ")
            continue
        parentheses += (word == "(") - (word == ")")
        is_selection = match["start"] and not (
            last in {".", ":", "@", "..."} or (before, last) == ("...", "on")
        )
        if parentheses or word == ")":
            parts.append(word)
        elif word == ".":
            parts.append("{")
            opened[-1] += 1
        elif word == "{":
            parts.append(word)
            opened.append(0)
        elif word == "}" and len(opened) > 1:
            parts.append("}" * opened.pop() + word)
        elif is_selection:  # the path before it is over
            _close(parts, opened[-1])
            opened[-1] = 0
            parts.append(word)
        else:
            parts.append(word)
        before, last = last, word
    _close(parts, opened[-1])
    return "".join(parts).strip()


def _close(parts: list[str], braces: int) -> None:
    blank = parts.pop() if parts and parts[-1] == " " else ""
    parts += ["}" * braces, blank]


def _normal(text: str) -> str:
    """Return a selection set as it is always written; raises EnrichError if it is none."""
    try:
        parsed = parse("{" + undotted(text) + "\n}", no_location=True)
        visit(parsed, _Emptiness())
    except GraphQLSyntaxError as error:
        expected = "--fields: expected a selection like 'name, artists.name'"
        raise EnrichError(f"{expected}: {error.message}") from None
    match parsed.definitions:
        case [OperationDefinitionNode(selection_set=selection_set)]:
            return print_ast(selection_set)
    raise EnrichError("--fields: expected one selection, got several definitions")


class _Emptiness(Visitor):
    """Refuses braces without anything in them, which the parser takes."""

    def enter_selection_set(self, node: SelectionSetNode, *_args: Any) -> None:
        if not node.selections:
            raise GraphQLSyntaxError(Source("{}"), 1, "Expected Name, found '}'.")


def _complaints(type_name: str, selection: str) -> list[str]:
    """Return what is wrong with a selection on a type."""
    document = f"{{ lookup(refs: []) {{ ...Fields }} }} fragment Fields on {type_name} {selection}"
    return [error.message for error in prepare(GRAPHQL_SCHEMA, document).errors]


def _fields(kinds: frozenset[str], types: list[str], selection: str) -> Fields:
    has_tracks = "track" in kinds
    of_tracks = "NodeFields" if types == ["Node"] else "TrackFields"
    document = _DOCUMENT.format(
        isrc_variables=_ISRC_VARIABLES if has_tracks else "",
        spreads=" ".join(f"...{name}Fields" for name in types),
        isrcs=_ISRCS.format(fragment=of_tracks) if has_tracks else "",
        fragments="\n".join(f"fragment {name}Fields on {name} {selection}" for name in types),
    )
    prepared = prepare(GRAPHQL_SCHEMA, document)
    if (
        prepared.errors
    ):  # too much of it, or two kinds that have a field in common and mean two things
        raise EnrichError(f"--fields: {prepared.errors[0].message}")
    return Fields(kinds, document, prepared)
