"""Wikidata's action API, as far as entities are asked there by their ids.

From the source of its server (Wikibase, repo/includes/Api/GetEntities.php): entities by the id that
was asked, also of one that was merged; what is unknown is marked; one id that is none fails them
all; and whatever goes wrong is said with the status 200.
"""

import functools
import re
from typing import Any, NamedTuple

from loaders.simulator import musicbrainz_facts as facts
from loaders.simulator.catalogue import Catalogue
from loaders.simulator.musicbrainz_entities import Artist
from loaders.simulator.musicbrainz_library import library_of
from loaders.simulator.musicbrainz_relations import is_wikidata
from loaders.simulator.musicbrainz_words import TOWNS
from loaders.simulator.wire import Answer, RefusedError, Request, Route, json_answer

MOST_IDS = 50  # values of one parameter, as MediaWiki comes
_ID = re.compile("[QPL][1-9][0-9]{0,9}")


class Item(NamedTuple):
    """An entity: its own id, and what it is about."""

    id: str
    artist: Artist


class Wikidata:
    """Wikidata over the artists that MusicBrainz links to it."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self.routes: tuple[Route, ...] = (Route("GET /w/api.php", self._get, _ids, is_open=True),)

    @property
    def items(self) -> dict[str, Item]:
        """Return what is known here, by any id it ever had."""
        return _items_of(self._catalogue)

    # At the door

    def token_ok(self, request: Request) -> bool:  # noqa: ARG002  nobody needs one
        """Let everybody pass: there are no tokens."""
        return True

    def arrive(self, request: Request) -> Answer | None:
        """Return 403 for the nameless."""
        return None if request.headers.get("user-agent", "").strip() else _page(403)

    def refuse(self, request: Request) -> Answer | None:  # noqa: ARG002  all was said on arrival
        """Refuse nobody who has arrived."""
        return None

    def error(self, status: int, *, is_open: bool) -> Answer:  # noqa: ARG002  all routes are open
        """Return how the servers in front say that something went wrong."""
        return _page(status)

    def forget(self) -> None:
        """Forget nothing: no calls are counted here."""

    # What is asked

    def _get(self, request: Request, _: str) -> Answer:
        if request.params.get("action") != "wbgetentities":
            raise _refused("badvalue", "the simulator knows wbgetentities alone")
        asked = list(dict.fromkeys(_ids(request, "")))
        if not asked:
            raise _refused("param-missing", 'Either provide the item "ids" or pairs of ...')
        if len(asked) > MOST_IDS:
            raise _refused("toomanyvalues", f"Too many values supplied: the limit is {MOST_IDS}.")
        for native in asked:
            if not _ID.fullmatch(native.upper()):
                raise _refused("no-such-entity", "Could not find an entity with the ID given.")
        return json_answer({"entities": {id_: self._entity(id_) for id_ in asked}, "success": 1})

    def _entity(self, asked: str) -> Any:
        item = self.items.get(asked)
        if item is None:
            return {"id": asked, "missing": ""}
        told: dict[str, Any] = {"type": "item", "id": item.id, "claims": _claims(item)}
        if item.id != asked:
            told["redirects"] = {"from": asked, "to": item.id}
        return told


@functools.lru_cache(maxsize=4)
def _items_of(catalogue: Catalogue) -> dict[str, Item]:
    items = {}
    for artist in library_of(catalogue).artists.values():
        if not any(map(is_wikidata, artist.links)):
            continue
        linked = own = facts.wikidata_of(artist.mbid)
        if facts.happens(artist.mbid, "merged at Wikidata"):
            own = facts.wikidata_of(artist.mbid, is_merged=True)
        if not facts.happens(artist.mbid, "deleted at Wikidata"):
            items[linked] = items[own] = Item(own, artist)
    return items


def _claims(item: Item) -> Any:
    mbid = item.artist.mbid
    claims = {"P434": [_statement(item.id, "P434", mbid, "external-id")]}
    if facts.happens(mbid, "picture at Wikidata"):
        name = f"{item.artist.title} in {facts.pick(mbid, 'stage', TOWNS)}.jpg"
        claims["P18"] = [
            _statement(item.id, "P18", f"Not {name}", "commonsMedia", rank="deprecated"),
            _statement(item.id, "P18", name, "commonsMedia"),
        ]
    return claims


def _statement(id_: str, name: str, value: str, kind: str, rank: str = "normal") -> Any:
    return {
        "mainsnak": {
            "snaktype": "value",
            "property": name,
            "datavalue": {"value": value, "type": "string"},
            "datatype": kind,
        },
        "type": "statement",
        "id": f"{id_}${facts.mbid_of(id_, name, value)}",
        "rank": rank,
    }


def _ids(request: Request, _: str) -> tuple[str, ...]:
    asked = request.params.get("ids", "")
    return tuple(asked.split("|")) if asked else ()


def _refused(code: str, words: str) -> RefusedError:
    error = {"code": code, "info": words}
    headers = {"mediawiki-api-error": code}
    return RefusedError(json_answer({"error": error, "servedby": "simulator"}, 200, headers))


def _page(status: int) -> Answer:
    text = f"<!DOCTYPE html><title>Wikimedia Error</title><p>Error: {status}</p>"
    return Answer(status, text.encode(), content_type="text/html; charset=utf-8")
