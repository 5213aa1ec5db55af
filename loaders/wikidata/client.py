"""Wikidata's client: from its ids to one outcome per id, by one bulk call.

mediawiki.org/wiki/Wikibase/API, wbgetentities. What is unknown is marked, what was merged comes
under the id that was asked. One id that is none fails the whole call: so none is sent.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus

from loaders.decoding import decode
from loaders.errors import BadKeyError, InvalidIdError, RateLimitedError, RejectedError, printable
from loaders.http import Http
from loaders.records import Image
from loaders.statuses import error_of, retry_after
from loaders.wikidata import parse, wire

# Values of one parameter, for those who are no bots (mediawiki.org/wiki/API:Data_formats).
IDS_PER_CALL = 50

# All that is claimed of an entity comes with it: of a famous one more than half a megabyte.
MOST_BYTES = 32 * 1024 * 1024

# Seconds of rest when its databases lag and it does not say how long (Manual:Maxlag_parameter).
REST = 5.0

_ID = re.compile("Q[1-9][0-9]{0,9}")
_TOO_MANY = {"maxlag", "ratelimited"}


class WikidataClient:
    """Wikidata's route for entities, as a batch function that makes one call."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def get_images(self, natives: list[str]) -> Mapping[str, Image | Exception | None]:
        """Return the pictures of entities, 50 per call."""
        outcomes: dict[str, Image | Exception | None] = {
            native: None
            if _ID.fullmatch(native)
            else InvalidIdError(native, "a Wikidata id like 'Q42'")
            for native in natives
        }
        good = [native for native, outcome in outcomes.items() if outcome is None]
        if good:
            told = await self._ask(good)
            outcomes.update((id_, parse.image(it)) for id_, it in told.items() if id_ in outcomes)
        return outcomes

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def _ask(self, natives: list[str]) -> Mapping[str, wire.Entity]:
        params = {
            "action": "wbgetentities",
            "ids": "|".join(natives),
            "props": "claims",
            "format": "json",
        }
        answer = await self._http.get("/api.php", params=params, ids=natives)
        if answer.status != HTTPStatus.OK:
            raise error_of("wikidata", answer)
        told = decode("wikidata", wire.Entities, answer.body)
        if told.error is None:
            return told.entities
        if told.error.code == "no-such-entity":
            raise BadKeyError("wikidata", "wikidata says that one of the ids is none")
        if told.error.code in _TOO_MANY:
            rest = retry_after(answer) or REST
            raise RateLimitedError(
                "wikidata", f"wikidata takes no calls for {rest:g} s", retry_after=rest
            )
        raise RejectedError("wikidata", f"wikidata refused the call: {printable(told.error.code)}")
