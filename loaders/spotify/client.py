"""Spotify's client: one method per resource, from keys to one outcome per key by one bulk call.

developer.spotify.com/documentation/web-api. Applications with extended quota have bulk routes.
Those in development mode are refused there (403), are served one id per call, and get shorter
pages. Which of the two we are is found out by asking, and asked again after an hour.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import nullcontext
from http import HTTPStatus
from typing import Any, NamedTuple, TypeAlias, TypeVar

from batching import Gate
from loaders.errors import InvalidIdError, TooManyKeysError
from loaders.http import Answer, Http
from loaders.ids import parse_isrc
from loaders.records import Album, Artist, Page, PageKey, SearchKey, SearchPages, Track
from loaders.spotify import parse, wire
from loaders.spotify.development import Refusals
from loaders.spotify.pages import joined, joined_search, length
from loaders.spotify.token import Token
from loaders.statuses import error_of

P = TypeVar("P", Page[Track], Page[Album], SearchPages)
R = TypeVar("R")

# Aligned with the keys, or by key.
Outcomes: TypeAlias = Sequence[R | Exception | None] | Mapping[str, R | Exception | None]

# Ids in one call, for applications with extended quota: the reference's pages get-several-tracks,
# get-multiple-artists and get-multiple-albums.
TRACKS_PER_CALL = 50
ARTISTS_PER_CALL = 50
ALBUMS_PER_CALL = 20

# Items on one page: as the reference says, and in development mode (web-api/references/changes,
# February 2026, for the search; seen since April 2026 for an artist's albums).
ITEMS_PER_PAGE = 50
ITEMS_PER_SHORT_PAGE = 10
SHORT_IN_DEVELOPMENT = ("search", "artist_albums")

# The reference's page search: no item past this one is shown, however many are found.
SEARCH_ENDS_AT = 1000

# What an artist's albums are; the fourth group, appears_on, is others' albums.
OWN_GROUPS = "album,single,compilation"


class _Bulk(NamedTuple):
    """A kind of entity that is asked by id."""

    kind: parse.Kind[Any, Any]
    in_market: bool  # whether its routes take the market


class _Span(NamedTuple):
    """The part of a list that is asked."""

    resource: str
    offset: int
    limit: int


BULK = {
    "tracks": _Bulk(parse.TRACKS, in_market=True),
    "artists": _Bulk(parse.ARTISTS, in_market=False),
    "albums": _Bulk(parse.ALBUMS, in_market=True),
}


class SpotifyClient:
    """Spotify's routes, as batch functions.

    Each method is made for one call: at most as many keys as its resource has in a batch.
    """

    def __init__(self, http: Http, token: Token, gate: Gate, *, market: str | None = None) -> None:
        self._http = http
        self._token = token
        self._gate = gate
        self._market = {"market": market} if market else {}
        self._refusals = Refusals()  # learned by asking

    def __repr__(self) -> str:
        return f"<SpotifyClient {self._refusals!r}>"

    async def get_tracks(self, natives: list[str]) -> Outcomes[Track]:
        """Return the tracks, 50 per call."""
        return await self._get_by_id("tracks", natives)

    async def get_artists(self, natives: list[str]) -> Outcomes[Artist]:
        """Return the artists, 50 per call."""
        return await self._get_by_id("artists", natives)

    async def get_albums(self, natives: list[str]) -> Outcomes[Album]:
        """Return the albums with the first of their tracks, 20 per call."""
        return await self._get_by_id("albums", natives)

    async def get_isrcs(self, isrcs: list[str]) -> list[tuple[Track, ...]]:
        """Return the tracks of an ISRC, one ISRC per call; the merely similar ones are left out.

        Of more than 50 tracks, which no ISRC should have, the first 50.
        """
        [isrc] = isrcs
        text = f"isrc:{parse_isrc(isrc)}"
        pages = await self._search(SearchKey(text, ("track",), 0, ITEMS_PER_PAGE), isrc)
        found = pages.tracks.items if pages.tracks else ()
        return [tuple(track for track in found if _is_isrc(track.isrc, isrc))]

    async def get_search(self, keys: list[SearchKey]) -> list[SearchPages]:
        """Return what a text finds, all kinds in one call, one text per call."""
        [key] = keys
        return [await self._search(key, key.text)]

    async def get_artist_albums(self, keys: list[PageKey]) -> list[Page[Album] | None]:
        """Return a page of an artist's own albums, one artist per call."""
        [key] = keys
        span = _Span("artist_albums", key.offset, key.limit)
        route, params = "/artists/{id}/albums", {"include_groups": OWN_GROUPS, **self._market}
        pages = await self._pages(span, self._listing(route, key.native, params), parse.album_page)
        return [joined(pages) if pages else None]

    async def get_album_tracks(self, keys: list[PageKey]) -> list[Page[Track] | None]:
        """Return a page of an album's tracks, one album per call."""
        [key] = keys
        span = _Span("album_tracks", key.offset, key.limit)
        listing = self._listing("/albums/{id}/tracks", key.native, self._market)
        pages = await self._pages(span, listing, parse.track_page)
        return [joined(pages) if pages else None]

    async def close(self) -> None:
        """Close the connections."""
        await self._token.close()
        await self._http.close()

    # By id: in bulk, or one by one.

    async def _get_by_id(self, resource: str, natives: list[str]) -> Outcomes[Any]:
        if not wire.are_ids(natives):
            return await self._get_well_formed(resource, natives)
        bulk = BULK[resource]
        if resource in self._refusals:
            return await self._get_one(resource, natives)
        params = {"ids": ",".join(natives), **(self._market if bulk.in_market else {})}
        accept = (HTTPStatus.OK, *_NOT_OURS)
        answer = await self._get(f"/{resource}", params=params, ids=natives, accept=accept)
        if answer.status in _NOT_OURS:
            self._refusals.add(resource)
            raise _one_by_one(resource)
        return bulk.kind.parse_many(answer.body, natives)

    async def _get_one(self, resource: str, natives: list[str]) -> Outcomes[Any]:
        if len(natives) > 1:  # they were cut together just before that was refused
            raise _one_by_one(resource)
        bulk = BULK[resource]
        accept = (HTTPStatus.OK, HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST)
        answer = await self._get(
            f"/{resource}/{{id}}",
            fill={"id": natives[0]},
            params=self._market if bulk.in_market else {},
            ids=natives,
            accept=accept,
        )
        if answer.status == HTTPStatus.OK:
            return [bulk.kind.parse_one(answer.body, natives[0])]
        # A well-formed id that nothing could have is "invalid" to this route, and null in bulk.
        if answer.status == HTTPStatus.BAD_REQUEST and b"invalid" not in answer.body.lower():
            raise error_of("spotify", answer)
        return [None]

    async def _get_well_formed(self, resource: str, natives: list[str]) -> Outcomes[Any]:
        """Send what can be sent: nothing else gets into a URL, wherever it came from."""
        outcomes: dict[str, Any] = {
            native: _malformed(native) for native in natives if not wire.are_ids([native])
        }
        good = [native for native in natives if native not in outcomes]
        found = await self._get_by_id(resource, good) if good else []
        values = found.values() if isinstance(found, Mapping) else found
        outcomes.update(zip(good, values, strict=True))
        return outcomes

    # In pages.

    async def _search(self, key: SearchKey, asked: str) -> SearchPages:
        if key.offset >= SEARCH_ENDS_AT:
            nothing: dict[str, Any] = {f"{kind}s": Page((), None, key.offset) for kind in key.kinds}
            return SearchPages(**nothing)
        params = {"q": key.text, "type": ",".join(key.kinds), **self._market}

        async def ask(page: Mapping[str, int]) -> Answer:
            return await self._get("/search", params={**params, **page}, ids=[asked], accept=_PAGE)

        span = _Span("search", key.offset, min(key.limit, SEARCH_ENDS_AT - key.offset))
        return joined_search(
            await self._pages(span, ask, lambda body, at: parse.search_pages(body, key.kinds, at))
        )

    def _listing(
        self, route: str, native: str, params: Mapping[str, str]
    ) -> Callable[[Mapping[str, int]], Awaitable[Answer]]:
        if not wire.are_ids([native]):
            raise _malformed(native)

        async def ask(page: Mapping[str, int]) -> Answer:
            return await self._get(
                route,
                fill={"id": native},
                params={**params, **page},
                ids=[native],
                accept=(*_PAGE, HTTPStatus.NOT_FOUND),
            )

        return ask

    async def _pages(
        self,
        span: _Span,
        ask: Callable[[Mapping[str, int]], Awaitable[Answer]],
        parse_page: Callable[[bytes, int], P],
    ) -> list[P]:
        """Return the pages of a span, usually one; none at all for what Spotify does not know."""
        offset, end = span.offset, span.offset + span.limit
        most = self._items_per_page(span.resource)
        pages: list[P] = []
        asked = False
        while not pages or offset < min(end, length(pages[0])):
            limit = min(most, end - offset)
            # The batch has its permit; every further call needs one of its own.
            async with self._gate.permit() if asked else nullcontext():
                answer = await ask({"limit": limit, "offset": offset})
            asked = True
            if answer.status == HTTPStatus.NOT_FOUND:
                return []
            if answer.status == HTTPStatus.BAD_REQUEST:
                if limit <= ITEMS_PER_SHORT_PAGE:
                    raise error_of("spotify", answer)
                most = ITEMS_PER_SHORT_PAGE  # perhaps the page was too long, perhaps it was not
                continue
            if most < self._items_per_page(span.resource):
                self._refusals.add(span.resource)  # it was
            pages.append(parse_page(answer.body, offset))
            offset += limit
        return pages

    def _items_per_page(self, resource: str) -> int:
        in_development = resource in SHORT_IN_DEVELOPMENT and any(
            bulk in self._refusals for bulk in BULK
        )
        short = in_development or resource in self._refusals
        return ITEMS_PER_SHORT_PAGE if short else ITEMS_PER_PAGE

    # One call.

    async def _get(
        self,
        route: str,
        *,
        params: Mapping[str, str | int],
        ids: Sequence[str],
        fill: Mapping[str, str] | None = None,
        accept: Sequence[int] = (HTTPStatus.OK,),
    ) -> Answer:
        """Make a call with a good token; an answer of another status is raised as what it means."""
        token = await self._token.get()
        answer = await self._get_with(token, route, params, ids, fill)
        if answer.status == HTTPStatus.UNAUTHORIZED:  # it ran out earlier than it said
            token = await self._token.renew(token)
            async with self._gate.permit():
                answer = await self._get_with(token, route, params, ids, fill)
            if answer.status == HTTPStatus.UNAUTHORIZED:
                raise self._token.refuse(token)
        if answer.status in accept:
            return answer
        raise error_of("spotify", answer)

    async def _get_with(
        self,
        token: str,
        route: str,
        params: Mapping[str, str | int],
        ids: Sequence[str],
        fill: Mapping[str, str] | None,
    ) -> Answer:
        headers = {"authorization": f"Bearer {token}"}
        return await self._http.get(route, fill=fill, params=params, headers=headers, ids=ids)


_PAGE = (HTTPStatus.OK, HTTPStatus.BAD_REQUEST)

# A bulk route that is not for this application, or for nobody any more.
_NOT_OURS = (HTTPStatus.FORBIDDEN, HTTPStatus.GONE)


def _one_by_one(resource: str) -> TooManyKeysError:
    return TooManyKeysError("spotify", f"spotify takes {resource} one by one", at_most=1)


def _malformed(native: str) -> InvalidIdError:
    return InvalidIdError(native, "a Spotify id of 22 letters and digits")


def _is_isrc(told: Any, isrc: str) -> bool:
    return isinstance(told, str) and told.upper().replace("-", "") == isrc
