"""What may be asked for with `inc`, and how MusicBrainz refuses the rest.

The lists are those of the server's own definitions (Controller/WS/2/*.pm, WebService/Validator.pm).
"""

import re

from loaders.simulator.musicbrainz_errors import refused
from loaders.simulator.wire import Request

_VOTES = {"genres", "ratings", "tags", "user-genres", "user-ratings", "user-tags"}
_USERS = {"user-genres", "user-ratings", "user-tags"}  # need a login, which nobody has here
RELATIONS = {
    f"{kind}-rels"
    for kind in (
        *("area", "artist", "event", "genre", "instrument", "label", "place", "recording"),
        *("release", "release-group", "series", "url", "work"),
    )
}

_COMMON = {"aliases", "annotation", "artist-credits", *_VOTES, *RELATIONS}
LOOKUP = {
    "artist": {"recordings", "release-groups", "releases", "various-artists", "works", *_COMMON}
    - {"artist-credits"},
    "recording": {"artists", "isrcs", "release-groups", "releases", "work-level-rels", *_COMMON},
    "release": {
        *("artists", "collections", "discids", "labels", "media", "recordings", "release-groups"),
        *("recording-level-rels", "release-group-level-rels", "work-level-rels"),
        *_COMMON,
    },
    "release-group": {"artists", "releases", *_COMMON},
    "isrc": {"artists", "isrcs", "releases", *_COMMON},
    "url": RELATIONS,
}
BROWSE = {
    "artist": _COMMON - {"artist-credits"},
    "recording": {"isrcs", "work-level-rels", *_COMMON},
    "release": {"discids", "labels", "media", "recordings", "release-groups", *_COMMON},
    "release-group": _COMMON,
}

# What may be asked for once something else is.
_WITH = {
    "recordings": {"artist-credits", "isrcs"},
    "releases": {"artist-credits", "discids", "media"},
    "release-groups": {"artist-credits"},
    "works": {"artist-credits"},
}
_ONE_INC = "Inc arguments must be combined with a space, but you provided multiple parameters"


def asked_inc(request: Request, kind: str, allowed: set[str]) -> frozenset[str]:
    """Return the words of `inc`; refuse one that the resource does not know."""
    texts = [value for name, value in request.query if name == "inc"]
    if not texts:
        return frozenset()
    if len(texts) > 1:
        raise refused(400, _ONE_INC)
    words = frozenset(word for word in re.split("[+ ]", texts[0]) if word)
    extra = {word for name in words for word in _WITH.get(name, ())}
    for word in sorted(words - allowed - extra):
        others = [name for name, more in _WITH.items() if word in more]
        if others:
            raise refused(
                400,
                f"{word} is not a valid option for the inc parameter for the {kind} resource "
                "unless you specify one of the following other inc parameters: "
                + ", ".join(others),
            )
        raise refused(400, f"{word} is not a valid inc parameter for the {kind} resource.")
    if words & _USERS:
        raise refused(401)
    return words
