"""MusicBrainz's client: one method per resource, from keys to one outcome per key.

musicbrainz.org/doc/MusicBrainz_API. It has no bulk route for ids. What comes near is its search,
which finds 100 ids at once, but does not know the old id of what was merged: what it does not find
is looked up singly, by a resource of its own. Not verified live: finding ids and codes by search,
and many URLs in one call; look-ups, lists and text search are as real answers are.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from http import HTTPStatus
from typing import Any

import msgspec

from batching import Gate
from loaders.errors import (
    InvalidIdError,
    MaybeMergedError,
    RateLimitedError,
    TooManyKeysError,
)
from loaders.http import Answer, Http, Params
from loaders.ids import Ref, parse_upc
from loaders.lookups import Lookup, Lookups
from loaders.musicbrainz import lucene, parse, wire
from loaders.records import Album, Page, PageKey, SearchKey, SearchPages, Track
from loaders.statuses import error_of, retry_after

# Rows of one search: .../lib/MusicBrainz/Server/Data/WebService.pm; more than 100 becomes 25.
ROWS_PER_CALL = 100

# Ids in one search, as many as it has rows. About 4.4 kB of URL: halved where that is too long.
IDS_PER_CALL = 100

# A URL with fewer ids than this (900 bytes) is too long for nobody: it was refused for their sake.
FEWEST_IDS = 20

# ISRCs and barcodes have several recordings and releases each: with four, a call is full.
CODES_PER_CALL = 25

# .../lib/MusicBrainz/Server/Controller/WS/2/URL.pm; more are dropped, and nobody is told.
URLS_PER_CALL = 100

# Seconds between two calls of one address (doc/MusicBrainz_API/Rate_Limiting): the least rest after
# a 503, whose Retry-After says 0.
INTERVAL = 1.0

# Which fields of a record no bulk call tells for sure, by kind: a look-up does.
PARTS = {"track": ("isrc",), "artist": ("genres", "links"), "album": ("tracks",)}

# What `inc` asks for, by the field that it tells. An artist has these alone, the others have all
# that there is: without it they would be told without their artists.
_INC_OF_PART = {"genres": "genres", "links": "url-rels"}

_MBID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class MusicBrainzClient:
    """MusicBrainz's routes, as batch functions.

    Each method is made for one call at most, and takes a permit for each further one. It learns
    whether a search tells ISRCs.
    """

    def __init__(self, http: Http, gate: Gate) -> None:
        self._http = http
        self._gate = gate
        self.lookups = {kind: Lookups() for kind in parse.KINDS}
        self._search_tells_isrcs = False  # learned by asking

    def __repr__(self) -> str:
        tells = "tells" if self._search_tells_isrcs else "has not told"
        return f"<MusicBrainzClient [a search {tells} ISRCs]>"

    # By id

    async def get_by_id(self, kind: str, natives: list[str]) -> Mapping[str, Any]:
        """Return entities, 100 per call; one that was not found may have been merged."""
        it = parse.KINDS[kind]
        outcomes: dict[str, Any] = {native: _malformed(native) for native in natives}
        good = [native for native in natives if _MBID.fullmatch(native)]
        if len(good) == 1:  # costs as much as a search, and knows what was merged
            outcomes[good[0]] = await self._look_up(it, good[0], it.inc.split())
            return outcomes
        outcomes.update((native, MaybeMergedError("musicbrainz", kind, native)) for native in good)
        if good:
            outcomes.update(await self._find(it, good))
        return outcomes

    async def get_lookup(self, kind: str, lookups: list[Lookup]) -> list[Any]:
        """Return an entity with the parts that were wanted until now, one per call."""
        [lookup] = lookups
        if not _MBID.fullmatch(lookup.native):
            return [_malformed(lookup.native)]
        self.lookups[kind].send(lookup)
        it = parse.KINDS[kind]
        # Without a part it is asked for itself: then all comes at the same price.
        parts = sorted(_INC_OF_PART[part] for part in lookup.parts if part in _INC_OF_PART)
        return [await self._look_up(it, lookup.native, parts or it.inc.split())]

    async def _find(self, it: parse.Kind, natives: Sequence[str]) -> dict[str, Any]:
        """Return what a search found of these ids."""
        params: Params = {"query": lucene.any_of(it.id_field, natives), "limit": ROWS_PER_CALL}
        accept = (HTTPStatus.BAD_REQUEST,) if len(natives) >= FEWEST_IDS else ()
        answer = await self._get(f"/{it.word}", params, ids=natives, accept=accept)
        if answer.status == HTTPStatus.BAD_REQUEST:  # all are well-formed: it was too long
            message = f"musicbrainz takes fewer than {len(natives)} ids in one call"
            raise TooManyKeysError("musicbrainz", message)
        hits = getattr(wire.decode(wire.Hits, answer.body), it.plural)
        records = [self._record(it.kind, hit) for hit in self._told(hits)]
        asked = set(natives)
        return {record.native: record for record in records if record.native in asked}

    async def _look_up(self, it: parse.Kind, native: str, inc: Sequence[str]) -> Any:
        accept = (HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.NOT_FOUND)
        answer = await self._get(
            f"/{it.word}/{{id}}",
            {"inc": " ".join(inc)},
            ids=[native],
            fill={"id": native},
            accept=accept,
        )
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        # Of a merged one the answer says 301, and is what it was merged into.
        return it.parse(wire.decode(it.shape, answer.body))

    # By code

    async def get_isrcs(self, isrcs: list[str]) -> dict[str, tuple[Track, ...]]:
        """Return the recordings of ISRCs, 25 per call; each shows the ISRC it was asked by."""
        hits = await self._find_all("recording", lucene.any_of("isrc", isrcs), isrcs)
        found: dict[str, list[Track]] = {isrc: [] for isrc in isrcs}
        for hit in hits:
            codes = isrcs if len(isrcs) == 1 else () if hit.isrcs is msgspec.UNSET else hit.isrcs
            for isrc in found.keys() & set(codes):
                found[isrc].append(msgspec.structs.replace(parse.track(hit), isrc=isrc))
        if len(isrcs) > 1 and any(hit.isrcs is msgspec.UNSET for hit in hits):
            # Nobody can tell whose they are, but for one at a time.
            message = "musicbrainz: expected recordings that tell their ISRCs, got some that do not"
            raise TooManyKeysError("musicbrainz", message, at_most=1)
        return {isrc: tuple(sorted(them, key=_id)) for isrc, them in found.items()}

    async def get_upcs(self, upcs: list[str]) -> dict[str, tuple[Album, ...]]:
        """Return the releases of bar codes of 13 digits, 25 per call, however they wrote them."""
        spellings = [spelling for upc in upcs for spelling in _spellings(upc)]
        hits = await self._find_all("release", lucene.any_of("barcode", spellings), upcs)
        found: dict[str, list[Album]] = {upc: [] for upc in upcs}
        for hit in hits:
            upc = _upc(hit.barcode)
            if upc in found:
                found[upc].append(parse.album(hit))
        return {upc: tuple(sorted(them, key=_id)) for upc, them in found.items()}

    async def get_links(self, urls: list[str]) -> dict[str, tuple[Ref, ...]]:
        """Return what addresses in the web show, 100 per call; nothing for an unknown one."""
        params: Params = {"resource": urls, "inc": "artist-rels release-rels recording-rels"}
        answer = await self._get("/url", params, ids=urls, accept=(HTTPStatus.NOT_FOUND,))
        told: Sequence[wire.Url] = ()
        if answer.status == HTTPStatus.OK:  # one gets an object, several a list
            told = (
                [wire.decode(wire.Url, answer.body)]
                if len(urls) == 1
                else wire.decode(wire.Urls, answer.body).urls
            )
        found = {url.resource: parse.refs(url.relations) for url in told}
        return {url: found.get(url, ()) for url in urls}

    # In pages

    async def get_search(self, keys: list[SearchKey]) -> list[SearchPages]:
        """Return what a text finds, a call for each kind, one text per batch."""
        [key] = keys
        found: dict[str, Page[Any]] = {}
        for kind in key.kinds:
            it = parse.KINDS[kind]
            params: Params = {
                "query": lucene.words(key.text),
                "limit": key.limit,
                "offset": key.offset,
            }
            async with self._permit(is_first=not found):
                answer = await self._get(f"/{it.word}", params, ids=[key.text])
            told = wire.decode(wire.Hits, answer.body)
            hits = self._told(getattr(told, it.plural))
            records = tuple(self._record(kind, hit) for hit in hits)
            found[f"{kind}s"] = Page(records, told.count, key.offset)
        return [SearchPages(**found)]

    async def get_artist_albums(self, keys: list[PageKey]) -> list[Page[Album] | None]:
        """Return a page of an artist's releases, the oldest first, one artist per call."""
        [key] = keys
        if not _MBID.fullmatch(key.native):
            raise _malformed(key.native)
        params: Params = {
            "artist": key.native,
            "inc": "artist-credits labels media release-groups",
            "limit": key.limit,
            "offset": key.offset,
        }
        accept = (HTTPStatus.NOT_FOUND,)
        answer = await self._get("/release", params, ids=[key.native], accept=accept)
        if answer.status == HTTPStatus.NOT_FOUND:
            return [None]
        told = wire.decode(wire.Listed, answer.body)
        # Pages follow each other by date, but each comes in the order of its ids.
        by_date = sorted(told.releases, key=lambda it: (it.date or "9999", it.title, it.id))
        return [Page(tuple(map(parse.album, by_date)), told.release_count, key.offset)]

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    # What they have in common

    def _record(self, kind: str, hit: Any) -> Any:
        """Return the record of a search's hit, which is not told all that a look-up tells."""
        if kind == "track":
            return parse.track(hit, has_no_isrc=self._search_tells_isrcs)
        return parse.album(hit) if kind == "album" else parse.artist(hit)

    def _told(self, hits: Sequence[Any]) -> Sequence[Any]:
        """Look whether these hits tell ISRCs: once one does, one that tells none has none."""
        self._search_tells_isrcs = self._search_tells_isrcs or any(
            isinstance(hit, wire.Recording) and hit.isrcs is not msgspec.UNSET for hit in hits
        )
        return hits

    async def _find_all(self, word: str, query: str, asked: Sequence[str]) -> list[Any]:
        """Return all that a search finds, usually one page."""
        hits: list[Any] = []
        while True:
            params: Params = {"query": query, "limit": ROWS_PER_CALL, "offset": len(hits)}
            async with self._permit(is_first=not hits):
                answer = await self._get(f"/{word}", params, ids=asked)
            told = wire.decode(wire.Hits, answer.body)
            page = self._told(getattr(told, f"{word}s"))
            hits += page
            if not page or len(hits) >= told.count:
                return hits

    def _permit(self, *, is_first: bool) -> Any:
        """Return the permit for a call: the batch has the one for its first."""
        return nullcontext() if is_first else self._gate.permit()

    async def _get(
        self,
        route: str,
        params: Params,
        *,
        ids: Sequence[str],
        fill: Mapping[str, str] | None = None,
        accept: Sequence[int] = (),
    ) -> Answer:
        """Make a call; an answer of another status is raised as what it means."""
        params = {**params, "fmt": "json"}
        answer = await self._http.get(route, fill=fill, params=params, ids=ids)
        if answer.status == HTTPStatus.OK or answer.status in accept:
            return answer
        if answer.status == HTTPStatus.SERVICE_UNAVAILABLE:
            # Too many calls, ours or everybody's: it has no other word for that.
            rest = max(INTERVAL, retry_after(answer) or 0.0)
            message = f"musicbrainz takes no calls for {rest:g} s"
            raise RateLimitedError("musicbrainz", message, retry_after=rest)
        raise error_of("musicbrainz", answer)


def connect_resources(client: MusicBrainzClient) -> dict[str, tuple[Any, int]]:
    """Return the batch function of every resource, and how many keys it takes."""
    return {
        "tracks": (partial(client.get_by_id, "track"), IDS_PER_CALL),
        "artists": (partial(client.get_by_id, "artist"), IDS_PER_CALL),
        "albums": (partial(client.get_by_id, "album"), IDS_PER_CALL),
        "isrcs": (client.get_isrcs, CODES_PER_CALL),
        "upcs": (client.get_upcs, CODES_PER_CALL),
        "links": (client.get_links, URLS_PER_CALL),
        "search": (client.get_search, 1),
        "artist_albums": (client.get_artist_albums, 1),
    }


def _id(record: Track | Album) -> str:
    return record.id


def _malformed(native: str) -> InvalidIdError:
    return InvalidIdError(native, "a MusicBrainz id, which is a UUID")


def _upc(barcode: str | None) -> str | None:
    try:
        return parse_upc(barcode or "")
    except InvalidIdError:
        return None  # what is printed on some is no code


def _spellings(upc: str) -> list[str]:
    """Return how 13 digits may be written: with 13, without the first zero, or in 8 (EAN-8)."""
    bare = upc.lstrip("0")
    return list(dict.fromkeys([upc, bare.zfill(12), bare.zfill(8)]))
