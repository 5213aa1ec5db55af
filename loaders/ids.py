"""Ids: whatever a user may call a track, an artist or an album -> one canonical reference.

Nothing malformed gets past this file, so nothing malformed gets into a provider's URL.

>>> str(parse_ref("https://open.spotify.com/track/11dFghVXANMlKmJXsNCbNl?si=x"))
'spotify:track:11dFghVXANMlKmJXsNCbNl'
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec

from loaders.errors import InvalidIdError

KINDS = ("track", "artist", "album")

# Where an entity of a kind is asked by its id.
RESOURCE_OF_KIND = {"track": "tracks", "artist": "artists", "album": "albums"}

# Longer than any id and than any link that people paste, share parameters included.
_MOST_CHARACTERS = 500

# Lists that are remembered: those of a few requests at a time, 6 MB if they are as long as can be.
_LISTS = 32


class Ref(msgspec.Struct, frozen=True, gc=False):
    """One thing at one provider.

    >>> str(Ref("spotify", "track", "11dFghVXANMlKmJXsNCbNl"))
    'spotify:track:11dFghVXANMlKmJXsNCbNl'
    """

    provider: str
    kind: str
    native: str

    def __str__(self) -> str:
        return f"{self.provider}:{self.kind}:{self.native}"


class _Scheme(NamedTuple):
    """How one provider writes its ids and links."""

    provider: str
    native: re.Pattern[str]
    native_in_words: str
    words: dict[str, str]  # what may stand for a kind in an id -> the kind
    hosts: tuple[str, ...]
    link_words: dict[str, str]  # what stands for a kind in a link -> the kind
    link_prefix: re.Pattern[str]  # a path segment that a link may begin with
    lower: bool = False  # whether case means nothing in an id


_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_OWN_WORDS = {kind: kind for kind in KINDS}

_SCHEMES = (
    _Scheme(
        "spotify",
        re.compile("[0-9A-Za-z]{22}"),
        "22 letters and digits",
        _OWN_WORDS,
        ("open.spotify.com",),
        _OWN_WORDS,
        re.compile("intl-[a-z]{2,5}|embed"),
    ),
    # A track is MusicBrainz's recording, an album its release. Its own tracks, places on a medium,
    # have ids too, which look the same and mean something else: a link to one is refused.
    _Scheme(
        "musicbrainz",
        re.compile(_UUID),
        "a UUID",
        {**_OWN_WORDS, "recording": "track", "release": "album"},
        ("musicbrainz.org", "www.musicbrainz.org", "beta.musicbrainz.org"),
        {"recording": "track", "artist": "artist", "release": "album"},
        re.compile("(?!)"),
        lower=True,
    ),
    _Scheme(
        "deezer",
        re.compile("[1-9][0-9]{0,18}"),  # within 64 bits
        "a whole number",
        _OWN_WORDS,
        ("deezer.com", "www.deezer.com"),
        _OWN_WORDS,
        re.compile("[a-z]{2}(-[a-z]{2})?"),
    ),
)
_BY_PROVIDER = {scheme.provider: scheme for scheme in _SCHEMES}
_BY_HOST = {host: scheme for scheme in _SCHEMES for host in scheme.hosts}


class _Alike(NamedTuple):
    """Ids of one provider and kind, written with the same word."""

    provider: str
    kind: str
    lines: re.Pattern[str]  # of a text that has one of them in each line


_ALIKE = {
    f"{scheme.provider}:{word}": _Alike(
        scheme.provider,
        kind,
        re.compile(f"(?:{scheme.provider}:{word}:{scheme.native.pattern}\n)*", re.ASCII),
    )
    for scheme in _SCHEMES
    for word, kind in scheme.words.items()
}

# [scheme]host/path, and then whatever a query or a fragment may say.
_LINK = re.compile(r"(?:https?://)?([A-Za-z0-9.-]+)/([A-Za-z0-9/-]+?)/?(?:[?#][!-~]*)?")

_ISRC = re.compile("[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")  # ISO 3901
_MOST_ISRC_CHARACTERS = 24  # twelve, and a dash or a blank after each

_UPC_DIGITS = 13  # GS1: GTIN-13, which the 12 digits of a UPC-A are with a zero in front
_FEWEST_DIGITS = 6  # of the 8 of a GTIN-8, whose first may be zeros
_MOST_UPC_CHARACTERS = 32


def parse_ref(text: str, kind: str | None = None) -> Ref:
    """Return what an id, a URI or a web link names; with `kind`, only if it names one of those.

    >>> parse_ref("spotify:track:11dFghVXANMlKmJXsNCbNl", "artist")
    Traceback (most recent call last):
    loaders.errors.InvalidIdError: expected an artist, got 'spotify:track:11dFghVXANMlKmJXsNCbNl'
    """
    if len(text) > _MOST_CHARACTERS:
        raise InvalidIdError(text, f"an id of at most {_MOST_CHARACTERS} characters")
    provider, _, rest = text.partition(":")
    scheme = _BY_PROVIDER.get(provider)
    ref = _parse_link(text) if scheme is None else _parse_id(text, scheme, rest)
    if kind is not None and ref.kind != kind:
        raise InvalidIdError(text, _with_article(kind))
    return ref


def parse_refs(texts: Sequence[str], kind: str | None = None) -> list[Ref | InvalidIdError]:
    """Return for each text what it names, or why it names nothing.

    Most lists are written alike, `PROVIDER:KIND:` and an id. Those are looked at as a whole, which
    takes a third of the time, and once, though a request is both weighed and executed.
    """
    alike = _parse_alike(tuple(texts), kind)
    return [_parsed(text, kind) for text in texts] if alike is None else [*alike]


def parse_isrc(text: str) -> str:
    """Return an ISRC in its one spelling: upper case, without dashes and blanks.

    >>> parse_isrc("us-rc1-76-07839")
    'USRC17607839'
    """
    if len(text) <= _MOST_ISRC_CHARACTERS and text.isascii():
        isrc = text.upper().replace("-", "").replace(" ", "")
        if _ISRC.fullmatch(isrc):
            return isrc
    raise InvalidIdError(text, "an ISRC like 'USRC17607839'")


def parse_upc(text: str) -> str:
    """Return a bar code in its one spelling: 13 digits, zeros in front (GTIN-13).

    >>> parse_upc("602547924032")
    '0602547924032'
    """
    digits = text.replace("-", "").replace(" ", "")[:_MOST_UPC_CHARACTERS].lstrip("0")
    if digits.isascii() and digits.isdigit() and _FEWEST_DIGITS <= len(digits) <= _UPC_DIGITS:
        return digits.zfill(_UPC_DIGITS)
    raise InvalidIdError(text, "a bar code of 8 to 13 digits")


@lru_cache(_LISTS)
def _parse_alike(texts: tuple[str, ...], kind: str | None) -> list[Ref] | None:
    """Return what these texts name if all of them are written alike, and well."""
    start = texts[0].rpartition(":")[0] if texts else ""
    alike = _ALIKE.get(start)
    if alike is None or kind not in {None, alike.kind}:
        return None
    lines = "".join([f"{text}\n" for text in texts])
    if lines.count("\n") != len(texts) or not alike.lines.fullmatch(lines):
        return None
    begin = len(start) + 1
    return [Ref(alike.provider, alike.kind, text[begin:]) for text in texts]


def _parsed(text: str, kind: str | None) -> Ref | InvalidIdError:
    try:
        return parse_ref(text, kind)
    except InvalidIdError as error:
        return error  # of this position alone


def _parse_id(text: str, scheme: _Scheme, rest: str) -> Ref:
    word, _, native = rest.partition(":")
    kind = scheme.words.get(word)
    if kind is None:
        words = ", ".join(scheme.words)
        raise InvalidIdError(text, f"{scheme.provider}:KIND:ID with a kind of {words}")
    return _ref(text, scheme, kind, native)


def _parse_link(text: str) -> Ref:
    link = _LINK.fullmatch(text)
    scheme = _BY_HOST.get(link[1].lower()) if link else None
    if link is None or scheme is None:
        providers = ", ".join(_BY_PROVIDER)
        raise InvalidIdError(text, f"an id like 'PROVIDER:KIND:ID' or a web link of {providers}")
    segments = link[2].split("/")
    if len(segments) > 2 and scheme.link_prefix.fullmatch(segments[0]):  # noqa: PLR2004  KIND and ID
        del segments[0]
    match segments:
        case [word, native] if word in scheme.link_words:
            return _ref(text, scheme, scheme.link_words[word], native)
    kinds = " or ".join(_with_article(word) for word in scheme.link_words)
    raise InvalidIdError(text, f"a link to {kinds}")


def _ref(text: str, scheme: _Scheme, kind: str, native: str) -> Ref:
    if scheme.lower:
        native = native.lower()
    if not native.isascii() or not scheme.native.fullmatch(native):
        raise InvalidIdError(text, f"{_with_article(kind)} id of {scheme.native_in_words}")
    return Ref(scheme.provider, kind, native)


def _with_article(word: str) -> str:
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"
