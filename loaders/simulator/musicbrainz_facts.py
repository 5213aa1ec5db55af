"""What MusicBrainz's editors wrote: where their facts differ from what the shops tell.

All of it follows from the ids, so that it is the same for everybody and costs the catalogue no
throw of its dice.
"""

import functools
import hashlib
import uuid
from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from loaders.simulator import entities as told
from loaders.simulator.musicbrainz_entities import Area, Artist, Credit
from loaders.simulator.musicbrainz_words import COUNTRIES, GENRES, SCRIPTS, TAGS, TOWNS
from loaders.simulator.words import SCENES

T = TypeVar("T")

_NAMESPACE = uuid.UUID("5b1d7c3e-2f0a-4c86-9d6e-0a7c1f4e8b29")  # any will do, as long as it stays
_FAMILY_FIRST = 0x2E80  # the first of the East Asian blocks, whose names begin with the family's
_MOST_VOTES = 4  # genres, and as many tags
_EAN = 13  # digits of a barcode in Europe; 12 elsewhere, the first zero left out

# How often things happen, of a hundred.
_OF_A_HUNDRED = {
    "absent": 7,  # an album that nobody entered
    "standalone": 50,  # a recording of such an album that somebody entered all the same
    "edition": 12,  # a second edition
    "edition has the same barcode": 50,
    "edition has the same links": 30,
    "sold everywhere": 55,
    "catalog number": 70,
    "art": 80,
    "barcode unknown": 8,
    "unmeasured": 3,
    "isrc lost": 10,
    "isrc twice": 6,
    "from a town": 7,
    "over": 8,
    "birth unknown": 15,
    "alias": 20,
    "ipi": 15,
    "isni": 30,
    "no gender": 20,
    "no type": 4,
    "partner": 30,
    "twin": 4,  # another recording with the same ISRC
    "bootleg": 8,
    "merged artist": 3,
    "merged recording": 4,
    "merged release": 3,
    "merged release-group": 3,
    "artist at Spotify": 85,
    "artist at Deezer": 60,
    "recording at Spotify": 30,
    "recording at Deezer": 12,
    "release at Spotify": 73,  # as somebody counted for 60 albums
    "release at Deezer": 40,
    "all tracks": 25,  # a recording linked to each of its tracks instead of one
    "dead link": 2,
    "never heard": 6,
    "too new for ListenBrainz": 5,
    "artist at Wikidata": 65,
    "picture at Wikidata": 75,
    "merged at Wikidata": 6,
    "deleted at Wikidata": 2,
}
_OPENINGS = tuple(opening for scene in SCENES for opening in scene.openings)


class Vote(NamedTuple):
    """A word that people gave, how many people, and whether it is a genre."""

    word: str
    people: int
    is_genre: bool


def mbid_of(*words: str) -> str:
    """Return an id for what has none in the catalogue."""
    return str(uuid.uuid5(_NAMESPACE, "\n".join(words)))


def draw(mbid: str, word: str, below: int = 100) -> int:
    """Return the same number below a limit for the same id and word, always.

    >>> draw("00000000-0000-4000-8000-000000000000", "country") < 100
    True
    """
    digest = hashlib.blake2b(f"{mbid}:{word}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % below


def happens(mbid: str, what: str) -> bool:
    """Tell whether one of the things that happen now and then happened here."""
    return draw(mbid, what) < _OF_A_HUNDRED[what]


def pick(mbid: str, word: str, choices: Sequence[T]) -> T:
    """Return one of several, the same for the same id and word."""
    return choices[draw(mbid, word, len(choices))]


def is_group(name: str) -> bool:
    """Tell a band by its name."""
    return name.startswith(_OPENINGS) or "&" in name or name.startswith("The ")


def sort_name(name: str) -> str:
    """Return a name as a shelf has it.

    >>> sort_name("Wren Vale"), sort_name("The Lantern Choir"), sort_name("林雨桐")
    ('Vale, Wren', 'Lantern Choir, The', '林雨桐')
    """
    first, _, rest = name.partition(" ")
    if not rest or ord(first[0]) >= _FAMILY_FIRST:
        return name
    if is_group(name):
        return f"{rest}, {first}" if first == "The" else name
    *given, family = name.split(" ")
    return f"{family}, {' '.join(given)}"


def title_of(name: str) -> tuple[str, str]:
    """Return title and disambiguation: guests stand in the credit, places of concerts apart.

    >>> title_of("Low Tide (feat. Wren Vale)"), title_of("Salt - Live in Trondheim")
    (('Low Tide', ''), ('Salt', 'Live in Trondheim'))
    """
    title, _, place = name.partition(" (feat. ")[0].partition(" - ")
    return title, place


def credit_of(artists: Sequence[Artist]) -> tuple[Credit, ...]:
    """Return how artists are credited: the first one, then guests."""
    joins = [" feat. ", *(", " for _ in artists[3:]), *(" & " for _ in artists[2:3])]
    joins = [*joins[: len(artists) - 1], ""]
    return tuple(Credit(artist, join) for artist, join in zip(artists, joins, strict=True))


def length_of(recording: told.Recording) -> int | None:
    """Return what somebody else measured: the same, give or take; a few never were."""
    if happens(recording.mbid, "unmeasured"):
        return None
    return recording.duration_ms + draw(recording.mbid, "length", 1201) - 600


def isrcs_of(recording: told.Recording, *, is_sure: bool = False) -> tuple[str, ...]:
    """Return the ISRCs: some were never entered, some have a second one, unless `is_sure`."""
    if recording.isrc is None or (not is_sure and happens(recording.mbid, "isrc lost")):
        return ()
    if is_sure or not happens(recording.mbid, "isrc twice"):
        return (recording.isrc,)
    second = f"QZU{recording.isrc[5:7]}{draw(recording.mbid, 'isrc', 10**7):07}"
    return tuple(sorted((recording.isrc, second)))


def barcode_of(album: told.Album, *, is_sure: bool = False) -> str | None:
    """Return a barcode as it is printed, with or without the zero that makes it 13 digits.

    None where nobody looked, empty where there is none: the shops tell neither. With `is_sure`
    somebody looked, and wrote it the other way.
    """
    if album.upc is None:
        return ""
    bare = album.upc.lstrip("0")
    if is_sure:
        return bare if bare != album.upc else bare.zfill(_EAN)
    if happens(album.mbid, "barcode unknown"):
        return None
    return bare.zfill(_EAN) if draw(album.mbid, "barcode", 3) == 0 else bare


@functools.lru_cache(maxsize=10_000)
def votes_of(mbid: str) -> tuple[Vote, ...]:
    """Return genres and tags by name, some of either or none."""
    votes = {
        word: Vote(word, 1 + draw(mbid, word, 12), is_genre)
        for is_genre, words in ((True, GENRES), (False, TAGS))
        for place in range(draw(mbid, f"votes {is_genre}", _MOST_VOTES + 1))
        for word in (pick(mbid, f"vote {is_genre} {place}", words),)
    }
    return tuple(sorted(votes.values()))


def wikidata_of(mbid: str, *, is_merged: bool = False) -> str:
    """Return the id that Wikidata gave something, or the one it was merged into later."""
    return f"Q{1_000 + draw(mbid, 'wikidata, merged' if is_merged else 'wikidata', 130_000_000)}"


def country(code: str) -> Area:
    """Return a country."""
    return Area(mbid_of("area", code), COUNTRIES[code], code)


def town(mbid: str) -> Area:
    """Return the town that somebody is from."""
    name = pick(mbid, "town", TOWNS)
    return Area(mbid_of("area", name), name, None)


def script_of(text: str) -> tuple[str, str]:
    """Return script and language of a text (ISO 15924 and 639-3).

    >>> script_of("夜のコーラス"), script_of("Low Tide")
    (('Jpan', 'jpn'), ('Latn', 'mul'))
    """
    letters = [ord(letter) for letter in text]
    for script, language, blocks in SCRIPTS:
        if any(first <= letter <= last for letter in letters for first, last in blocks):
            return script, language
    return "Latn", "mul"
