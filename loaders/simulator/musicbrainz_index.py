"""MusicBrainz's search server: what a query finds, and in which order.

Ids, codes and types are found as a whole, by looking them up; texts by their words. Answers come
best first and, where all are as good, in an order that nobody asked for.
"""

import functools
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from loaders.simulator.musicbrainz_entities import Group, Recording, Release
from loaders.simulator.musicbrainz_facts import votes_of
from loaders.simulator.musicbrainz_library import Library
from loaders.simulator.musicbrainz_query import Node, QuerySyntaxError, Term, parse_query
from loaders.simulator.search import fold

_WITHOUT_BLANKS = 0x2E80  # the first of the East Asian blocks: there each letter is a word
_REMEMBERED = 256  # answers: who asks for a first page often asks for a second

Scores = dict[int, float]
Read = Callable[[Any], Iterable[str | None]]


class Hit(NamedTuple):
    """One answer; the best has a score of 100."""

    score: int
    entity: Any


class _Table(NamedTuple):
    """The fields of one kind of thing: found as a whole or by their words, and the usual ones."""

    whole: Mapping[str, Read]
    words: Mapping[str, Read]
    usual: Mapping[str, float]  # where a word is looked for when no field is named, and its weight


def _names(entity: Recording | Release | Group) -> Iterable[str]:
    return [name.artist.title for name in entity.credit]


def _artist_ids(entity: Recording | Release | Group) -> Iterable[str]:
    return [name.artist.mbid for name in entity.credit]


def _tags(entity: Any) -> Iterable[str]:
    return [vote.word for vote in votes_of(entity.mbid)]


def _note(entity: Any) -> Iterable[str]:
    return [entity.disambiguation]


def _title(entity: Any) -> Iterable[str]:
    return [entity.title]


# https://musicbrainz.org/doc/MusicBrainz_API/Search has them all; these are those that have use.
_CREDITED: dict[str, Read] = {"artist": _names, "artistname": _names, "creditname": _names}
_TABLES = {
    "recording": _Table(
        {
            "rid": lambda it: [it.mbid],
            "isrc": lambda it: it.isrcs,
            "arid": _artist_ids,
            "reid": lambda it: [place.release.mbid for place in it.places],
            "rgid": lambda it: [place.release.group.mbid for place in it.places],
            "tid": lambda it: [place.mbid for place in it.places],
            "dur": lambda it: [str(it.length)],
            "firstreleasedate": lambda it: [it.first_date],
            "country": lambda it: [place.release.country for place in it.places],
            "status": lambda it: [place.release.status for place in it.places],
        },
        {
            "recording": _title,
            "release": lambda it: [place.release.title for place in it.places],
            "comment": _note,
            "tag": _tags,
            **_CREDITED,
        },
        {"recording": 3.0, "artist": 2.0, "release": 1.0},
    ),
    "release": _Table(
        {
            "reid": lambda it: [it.mbid],
            "barcode": lambda it: [it.barcode],
            "arid": _artist_ids,
            "rgid": lambda it: [it.group.mbid],
            "laid": lambda it: [it.label.mbid] if it.label else [],
            "date": lambda it: [it.date],
            "country": lambda it: [it.country],
            "status": lambda it: [it.status],
            "format": lambda it: [it.format],
            "primarytype": lambda it: [it.group.primary],
            "secondarytype": lambda it: it.group.secondary,
            "tracks": lambda it: [str(sum(map(len, it.discs)))],
        },
        {
            "release": _title,
            "label": lambda it: [it.label.title] if it.label else [],
            "comment": _note,
            "tag": _tags,
            **_CREDITED,
        },
        {"release": 3.0, "artist": 2.0},
    ),
    "release-group": _Table(
        {
            "rgid": lambda it: [it.mbid],
            "arid": _artist_ids,
            "reid": lambda it: [release.mbid for release in it.releases],
            "firstreleasedate": lambda it: [it.first_date],
            "primarytype": lambda it: [it.primary],
            "secondarytype": lambda it: it.secondary,
        },
        {"releasegroup": _title, "comment": _note, "tag": _tags, **_CREDITED},
        {"releasegroup": 3.0, "artist": 2.0},
    ),
    "artist": _Table(
        {
            "arid": lambda it: [it.mbid],
            "country": lambda it: [it.area.code] if it.area else [],
            "type": lambda it: [it.kind],
            "gender": lambda it: [it.gender],
        },
        {
            "artist": _title,
            "sortname": lambda it: [it.sort_name],
            "alias": lambda it: it.aliases,
            "area": lambda it: [it.area.name] if it.area else [],
            "comment": _note,
            "tag": _tags,
        },
        {"artist": 3.0, "alias": 2.0},
    ),
}


class SearchServer:
    """The library, made ready to be searched field by field, at the first question of each."""

    def __init__(self, library: Library) -> None:
        self._indices = {
            "recording": _Index(_TABLES["recording"], library.recordings.values()),
            "release": _Index(_TABLES["release"], library.releases.values()),
            "release-group": _Index(_TABLES["release-group"], library.groups.values()),
            "artist": _Index(_TABLES["artist"], library.artists.values()),
        }
        self._remembered: dict[tuple[str, str], list[Hit]] = {}

    def find(self, kind: str, text: str) -> list[Hit]:
        """Return what a query finds, best first; raise QuerySyntaxError for what is no query."""
        found = self._remembered.get((kind, text))
        if found is None:
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            found = self._remembered[kind, text] = self._indices[kind].find(parse_query(text))
        return found


class _Index:
    """One kind of thing, by the words of each field."""

    def __init__(self, table: _Table, entities: Iterable[Any]) -> None:
        self._table = table
        # Read backwards, ids have an order that tells nothing.
        self._entities = sorted(entities, key=lambda entity: str(entity.mbid[::-1]))
        self._wholes: dict[str, dict[str, list[int]]] = {}
        self._words: dict[str, dict[str, set[int]]] = {}
        self._texts: dict[str, list[str]] = {}

    def find(self, query: Node) -> list[Hit]:
        scores = self._scores(query)
        order = sorted(scores, key=lambda place: (-scores[place], place))
        best = scores[order[0]] if order else 1.0
        return [Hit(max(1, int(100 * scores[at] / best)), self._entities[at]) for at in order]

    def _scores(self, node: Node) -> Scores:
        if isinstance(node, Term):
            return self._of_term(node)
        found: dict[str, list[Scores]] = {"must": [], "should": [], "must not": []}
        for clause in node.clauses:
            found[clause.occur].append(self._scores(clause.node))
        total: Scores = {}
        for scores in (*found["must"], *found["should"]):
            for at, score in scores.items():
                total[at] = total.get(at, 0.0) + score
        return {
            at: score
            for at, score in total.items()
            if all(at in must for must in found["must"])
            and not any(at in never for never in found["must not"])
        }

    def _of_term(self, term: Term) -> Scores:
        if term.field in self._table.whole:
            places = self._whole(term.field).get(term.plain.lower(), ())
            return dict.fromkeys(places, 1.0)
        if term.field and term.field not in self._table.words:
            raise QuerySyntaxError(f"undefined field {term.field}")
        weights = {term.field: 1.0} if term.field else self._table.usual
        best: Scores = {}
        for field, weight in weights.items():
            for at, score in self._of_words(field, term).items():
                best[at] = max(best.get(at, 0.0), weight * score)
        return best

    def _of_words(self, field: str, term: Term) -> Scores:
        """Return where all words of a term are found; rare ones are worth more, long texts less."""
        by_word, texts = self._by_word(field), self._texts[field]
        if not term.is_phrase and re.search(r"(?<!\\)[*?]", term.text):
            pattern = _pattern(term.text)
            places = [by_word[word] for word in by_word if pattern.fullmatch(word)]
            return {at: 1.0 for found in places for at in found}
        words = _words(term.plain)
        if not words or any(word not in by_word for word in words):
            return {}
        first, *others = (by_word[word] for word in words)
        worth = sum(1 + math.log(len(texts) / len(by_word[word])) for word in words)
        phrase = f" {' '.join(words)} "
        return {
            at: worth * (1 + 1 / (1 + texts[at].count(" ")))
            for at in first
            if all(at in other for other in others)
            and (len(words) == 1 or phrase in f" {texts[at]} ")
        }

    def _whole(self, field: str) -> dict[str, list[int]]:
        index = self._wholes.get(field)
        if index is None:
            index = self._wholes[field] = {}
            for at, entity in enumerate(self._entities):
                for value in dict.fromkeys(self._table.whole[field](entity)):
                    if value:
                        index.setdefault(value.lower(), []).append(at)
        return index

    def _by_word(self, field: str) -> dict[str, set[int]]:
        index = self._words.get(field)
        if index is None:
            index = self._words[field] = {}
            read = self._table.words[field]
            texts = [[_words(text) for text in read(entity) if text] for entity in self._entities]
            # A mark between two texts of one field, so that no phrase spans them.
            self._texts[field] = [" | ".join(" ".join(words) for words in each) for each in texts]
            for at, each in enumerate(texts):
                for words in each:
                    for word in words:
                        index.setdefault(word, set()).add(at)
        return index


@functools.lru_cache(maxsize=10_000)  # the same names and titles come again and again
def _words(text: str) -> tuple[str, ...]:
    words: list[str] = []
    for word in fold(text).split():
        if any(ord(letter) >= _WITHOUT_BLANKS for letter in word):
            words.extend(word)
        else:
            words.append(word)
    return tuple(words)


def _pattern(text: str) -> re.Pattern[str]:
    parts = re.split(r"(\\.|[*?])", text)
    wild = {"*": ".*", "?": "."}
    return re.compile(
        "".join(wild.get(part) or re.escape(fold(part.removeprefix("\\"))) for part in parts)
    )
