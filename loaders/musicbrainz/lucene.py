"""Lucene: how a search is written, so that nothing that people type means more than its words."""

import re
from collections.abc import Iterable

_SPECIAL = re.compile(r'[+\-&|!(){}\[\]^"~*?:\\/]')
_OPERATORS = {"AND", "OR", "NOT"}


def any_of(field: str, values: Iterable[str]) -> str:
    """Return the query for what has one of these values; they are codes, without blanks.

    >>> any_of("isrc", ["USRC17607839", "GBAYE9701376"])
    'isrc:(USRC17607839 OR GBAYE9701376)'
    """
    return f"{field}:({' OR '.join(values)})"


def words(text: str) -> str:
    r"""Return the query for words that somebody typed.

    >>> words("AC/DC: live AND loud")
    'AC\\/DC\\: live and loud'
    """
    return " ".join(
        word.lower() if word in _OPERATORS else _SPECIAL.sub(r"\\\g<0>", word)
        for word in text.split()
    )
