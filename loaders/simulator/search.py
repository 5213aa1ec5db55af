"""Finding music by words: what matches, and which comes first.

Case, accents and apostrophes mean nothing. A word finds the words that begin with it; in scripts
without blanks it finds any place. All words must be found, somewhere in name, artists or album.
"""

import functools
import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import NamedTuple

from loaders.simulator.catalogue import Catalogue
from loaders.simulator.entities import Album, Artist, Track

# What compatibility decomposition leaves alone and people type without.
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "\u0131": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
_APOSTROPHES = str.maketrans("", "", "'\u2018\u2019`")
_NO_WORD = re.compile(r"[\W_]+")
_WITHOUT_BLANKS = 0x2E80  # the first of the East Asian blocks

_REMEMBERED = 256  # answers: who asks for a first page often asks for a second

# The filters of https://developer.spotify.com/documentation/web-api/reference/search
_FILTER = re.compile(r"\b(album|artist|genre|isrc|track|upc|year):", re.IGNORECASE)
_FILTERS_OF = {
    "track": {"album", "artist", "genre", "isrc", "track", "year"},
    "album": {"album", "artist", "upc", "year"},
    "artist": {"artist", "genre"},
}
_YEARS = re.compile(r"(\d{4})(?:-(\d{4}))?")


def _bare_upc(upc: str) -> str:
    # 12 and 13 digits say the same; only zeros in front differ.
    return upc.strip().lstrip("0")


_CODES: dict[str, Callable[[str], str]] = {"isrc": str.upper, "upc": _bare_upc}


class Query(NamedTuple):
    """A question: words, and filters by name."""

    words: str
    filters: dict[str, str]


class _Entry(NamedTuple):
    """One entity as search sees it; every text is folded."""

    entity: Track | Artist | Album
    popularity: int
    name: str
    texts: dict[str, str]  # by filter; "" is all of them together


def fold(text: str) -> str:
    """Return text without case, accents and punctuation, words parted by one blank.

    >>> fold("L'Été -- Łódź!")
    'lete lodz'
    """
    text = unicodedata.normalize("NFKD", text.casefold()).translate(_APOSTROPHES)
    letters = (letter for letter in text if unicodedata.category(letter)[0] != "M")
    return _NO_WORD.sub(" ", "".join(letters).translate(_LETTERS)).strip()


def parse_query(text: str) -> Query:
    """Part a question into words and filters; an unquoted value ends where the next filter starts.

    >>> parse_query('rain artist:Wren Vale isrc:gbq17')
    Query(words='rain', filters={'artist': 'Wren Vale', 'isrc': 'gbq17'})
    """
    words, *rest = _FILTER.split(text)
    filters = {}
    for name, value in zip(rest[::2], rest[1::2], strict=True):
        found, after = _value(name.lower(), value.strip())
        filters[name.lower()] = found
        words += f" {after}"
    return Query(words.strip(), filters)


def _value(name: str, text: str) -> tuple[str, str]:
    if text.startswith('"'):
        value, _, after = text[1:].partition('"')
        return value, after
    if name in {"isrc", "upc", "year"}:
        value, _, after = text.partition(" ")
        return value, after
    return text, ""


class SearchIndex:
    """The catalogue, made ready to be searched at the first question."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._entries: dict[str, list[_Entry]] = {}
        self._remembered: dict[tuple[str, str], list[Track | Artist | Album]] = {}
        self._by_code: dict[tuple[str, str], list[_Entry]] = {}  # ("isrc", an ISRC) or ("upc", ...)

    def find(self, kind: str, text: str) -> list[Track | Artist | Album]:
        """Return what a question finds of one kind (track, artist or album), best first."""
        found = self._remembered.get((kind, text))
        if found is None:
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            found = self._remembered[kind, text] = self._look_up(kind, text)
        return found

    def _look_up(self, kind: str, text: str) -> list[Track | Artist | Album]:
        if not self._entries:
            self._build()
        query = parse_query(text)
        if not query.filters.keys() <= _FILTERS_OF[kind]:
            return []
        words = fold(query.words)
        if query.words and not words:
            return []  # punctuation alone is nobody's name
        entries = self._entries[kind]
        tests = [_has_words("", words)] if words else []
        for name, value in query.filters.items():
            if name in _CODES:
                entries = self._by_code.get((name, _CODES[name](value)), [])
            else:
                tests.append(_in_years(value) if name == "year" else _has_words(name, fold(value)))
        found = [entry for entry in entries if all(test(entry) for test in tests)]
        found.sort(key=lambda entry: -_score(entry, words))
        return [entry.entity for entry in found]

    def _build(self) -> None:
        self._entries = _entries(self._catalogue)
        for name, kind in (("isrc", "track"), ("upc", "album")):
            for entry in self._entries[kind]:
                self._by_code.setdefault((name, entry.texts[name]), []).append(entry)
        for name in _CODES:
            self._by_code.pop((name, ""), None)  # no code is not a code


@functools.lru_cache(maxsize=4)
def index_of(catalogue: Catalogue) -> SearchIndex:
    """Return the index of a catalogue, made once."""
    return SearchIndex(catalogue)


def _entries(catalogue: Catalogue) -> dict[str, list[_Entry]]:
    names = {artist: fold(artist.name) for artist in catalogue.artists}
    titles = {album: fold(album.name) for album in catalogue.albums}

    def credits_of(entity: Track | Album) -> str:
        return " ".join(names[artist] for artist in entity.artists)

    def artist(entity: Artist) -> _Entry:
        texts = _texts(artist=names[entity], genre=fold(" ".join(entity.genres)))
        return _Entry(entity, entity.popularity, names[entity], texts)

    def album(entity: Album) -> _Entry:
        texts = _texts(album=titles[entity], artist=credits_of(entity))
        texts |= {"upc": _bare_upc(entity.upc or ""), "year": (entity.released or "")[:4]}
        return _Entry(entity, entity.popularity, titles[entity], texts)

    def track(entity: Track) -> _Entry:
        name = fold(entity.name)
        texts = _texts(track=name, artist=credits_of(entity), album=titles[entity.album])
        texts |= {
            "genre": " " + fold(" ".join(entity.artists[0].genres)),
            "isrc": entity.recording.isrc or "",
            "year": (entity.album.released or "")[:4],
        }
        return _Entry(entity, entity.popularity, name, texts)

    return {
        "artist": [artist(entity) for entity in catalogue.artists],
        "album": [album(entity) for entity in catalogue.albums],
        "track": [track(entity) for entity in catalogue.tracks],
    }


def _texts(**texts: str) -> dict[str, str]:
    # A blank in front, so that " word" is found at the start as well.
    return {name: f" {text}" for name, text in texts.items()} | {
        "": " " + " ".join(text for name, text in texts.items() if name != "genre")
    }


def _in_years(value: str) -> Callable[[_Entry], bool]:
    years = _YEARS.fullmatch(value)
    if years is None:
        return lambda _: False
    first, last = years[1], years[2] or years[1]
    return lambda entry: first <= entry.texts["year"] <= last


def _has_words(name: str, words: str) -> Callable[[_Entry], bool]:
    wanted = tuple(_needles(words.split()))
    return lambda entry: bool(wanted) and all(needle in entry.texts[name] for needle in wanted)


def _needles(words: Iterable[str]) -> Iterable[str]:
    for word in words:
        yield word if any(ord(letter) >= _WITHOUT_BLANKS for letter in word) else f" {word}"


def _score(entry: _Entry, words: str) -> int:
    """Say how near an entry is: the name itself, its beginning, words in it; then fame (0..100)."""
    if not words:
        return entry.popularity
    if entry.name == words:
        return 1000 + entry.popularity
    if entry.name.startswith(words):
        return 600 + entry.popularity
    if entry.texts.get("artist") == f" {words}":
        return 500 + entry.popularity
    name = f" {entry.name}"
    in_name = sum(needle in name for needle in _needles(words.split()))
    return 300 * in_name // len(words.split()) + entry.popularity
