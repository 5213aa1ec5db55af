"""Lucene's query language, as far as it is spoken here: text -> a tree of clauses.

Fields, phrases, groups, AND, OR, NOT, + and -, escapes, `*` and `?`; boosts and fuzziness are read
and make no difference. Ranges and regular expressions are not spoken.

>>> [term.plain for term in terms(parse_query('rid:(a OR b) AND "low tide"'))]
['a', 'b', 'low tide']
"""

import functools
import re
from collections.abc import Iterator
from typing import NamedTuple, Union

# A client that escapes nothing may nest by accident; nobody nests as deep as this on purpose.
_DEEPEST = 50

_START = r'[^\s+\-!(){}\[\]^"~:\\/&|]|\\.|&(?!&)|\|(?!\|)'
_TOKEN = re.compile(
    rf"""\s*(?:
    (?P<phrase>"(?:\\.|[^"\\])*")
    | (?P<and>AND(?=[\s()]|$)|&&) | (?P<or>OR(?=[\s()]|$)|\|\|) | (?P<not>NOT(?=[\s()]|$)|!)
    | (?P<must>\+) | (?P<mustnot>-) | (?P<open>\() | (?P<close>\))
    | (?P<field>[A-Za-z][A-Za-z_-]*):
    | (?P<term>(?:{_START})(?:{_START}|[+\-])*)
    | (?P<boost>\^\d+(?:\.\d+)?|~(?:\d+(?:\.\d+)?)?)
    )""",
    re.VERBOSE,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class QuerySyntaxError(ValueError):
    """A query that is no Lucene."""


class Term(NamedTuple):
    """Words to be found in a field; in the usual ones if `field` is empty. Escapes still stand."""

    field: str
    text: str
    is_phrase: bool

    @property
    def plain(self) -> str:
        """Return the text without escapes."""
        return _ESCAPED.sub(r"\1", self.text)


class Clause(NamedTuple):
    """A part of a group: it `must`, `should` or `must not` be found."""

    occur: str
    node: Union[Term, "Group"]


class Group(NamedTuple):
    """Clauses."""

    clauses: tuple[Clause, ...]


Node = Term | Group


@functools.lru_cache(maxsize=256)  # a call reads its query twice: to note its ids, and to answer
def parse_query(text: str) -> Group:
    """Return what a query asks for; raise QuerySyntaxError where it is no Lucene."""
    parser = _Parser(list(_tokens(text)))
    group = parser.group("", 0)
    if parser.place < len(parser.tokens):
        raise QuerySyntaxError(f"expected no {parser.tokens[parser.place][1]!r} here")
    return group


def terms(node: Node) -> Iterator[Term]:
    """Yield the terms of a tree, from left to right."""
    if isinstance(node, Term):
        yield node
    else:
        for clause in node.clauses:
            yield from terms(clause.node)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    text = text.rstrip()
    while place < len(text):
        token = _TOKEN.match(text, place)
        if token is None or token.lastgroup is None:
            raise QuerySyntaxError(f"cannot read {text[place : place + 20]!r}")
        if token.lastgroup != "boost":
            yield token.lastgroup, token[token.lastgroup]
        place = token.end()


class _Parser:
    """Reads tokens from left to right, as the classic parser does: OR where nothing is said."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens
        self.place = 0

    def group(self, field: str, depth: int) -> Group:
        if depth > _DEEPEST:
            raise QuerySyntaxError(f"expected at most {_DEEPEST} groups in each other")
        clauses: list[Clause] = []
        while self._next() not in {"close", ""}:
            joint = self._take() if self._next() in {"and", "or"} else ""
            if joint and not clauses:
                raise QuerySyntaxError("expected something in front of AND and OR")
            occur = "must" if joint == "and" else "should"
            if joint == "and" and clauses[-1].occur == "should":
                clauses[-1] = clauses[-1]._replace(occur="must")
            if self._next() in {"must", "mustnot", "not"}:
                occur = "must" if self._take() == "must" else "must not"
            clauses.append(Clause(occur, self._node(field, depth)))
        if not clauses:
            raise QuerySyntaxError("expected something to look for")
        return Group(tuple(clauses))

    def _node(self, field: str, depth: int) -> Node:
        if self._next() == "field":
            field = self.tokens[self.place][1].lower()
            self._take()
        kind, text = self.tokens[self.place] if self._next() else ("", "")
        if kind not in {"open", "phrase", "term"}:
            raise QuerySyntaxError(
                f"expected words, a phrase or a group, got {text or 'the end'!r}"
            )
        self._take()
        if kind != "open":
            return Term(field, text[1:-1] if kind == "phrase" else text, kind == "phrase")
        group = self.group(field, depth + 1)
        if self._next() != "close":
            raise QuerySyntaxError("expected a closing bracket")
        self._take()
        return group

    def _next(self) -> str:
        return self.tokens[self.place][0] if self.place < len(self.tokens) else ""

    def _take(self) -> str:
        self.place += 1
        return self.tokens[self.place - 1][0]
