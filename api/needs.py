"""Needs: what the schema's fields need to be asked before they can be told, and of whom."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

# A track's or an album's artists: no argument says how many. Of Spotify's tracks, one in thousands
# has more.
ARTISTS = 10

# An ISRC's tracks at one provider: the first page that Spotify gives; Deezer gives one track.
USUAL_TRACKS_OF_ISRC = 50
TRACKS_OF_ISRC = {"deezer": 1}

RESOURCES = {"Track": "tracks", "Artist": "artists", "Album": "albums"}

# Fields that a partial record may not tell: then it is completed, once for all of them.
TOLD = {
    "Track": {"isrc", "popularity", "album"},
    "Artist": {"country", "genres", "genresSource", "image", "popularity", "followers"},
    "Album": {"totalTracks", "upc", "label", "popularity", "cover"},
}
PART_OF = {"genresSource": "genres"}

# By what a thing of another provider is looked for at MusicBrainz: those who know more about things
# know them by its ids. Of other kinds they are asked for what is from there alone.
KNOWN_BY = "musicbrainz"
AT_MUSICBRAINZ = {"Track": "isrcs", "Artist": "links"}

# Whom such a field asks then: each for one key per object, one after the other.
ENRICHED: Mapping[tuple[str, str], Sequence[tuple[str, str]]] = {
    ("Track", "listens"): [("listenbrainz", "listens")],
    ("Track", "tags"): [("listenbrainz", "recordings")],
    ("Artist", "country"): [("musicbrainz", "artists")],
    ("Artist", "genres"): [("listenbrainz", "about_artists")],
    ("Artist", "genresSource"): [("listenbrainz", "about_artists")],
    ("Artist", "tags"): [("listenbrainz", "about_artists")],
    ("Artist", "image"): [("listenbrainz", "about_artists"), ("wikidata", "images")],
    ("Album", "cover"): [
        ("listenbrainz", "recordings"),
        ("listenbrainz", "release_groups"),
        ("coverart", "covers"),
    ],
}

# Those that only these providers leave out where others tell them.
TOLD_ELSEWHERE = {"Album": {"artists": ("deezer",)}}

# What `on` goes by: it has to be told first.
CODES = {"Track": "isrc", "Album": "upc"}

# Deezer is asked for a bar code with and without its first zero.
SPELLINGS = {"deezer": 2}

# Spotify finds all kinds in one call, and its albums bring their first tracks.
FINDS_ALL_KINDS = BRINGS_TRACKS = {"spotify"}

ISRC_TOLD = frozenset({"isrc"})


class Pace(NamedTuple):
    """What a provider takes: keys per call by resource, and calls per second (None: no limit).

    `parts` are the fields that only a look-up tells, by kind.
    """

    sizes: Mapping[str, int]
    rate: float | None = None
    parts: Mapping[str, frozenset[str]] = {}
