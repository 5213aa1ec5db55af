"""Deezer's client: one method per resource, one key per call, for Deezer has no bulk route.

developers.deezer.com/api. What is wrong is said in the body, mostly under HTTP 200: "quota" without
a word on how long, "no data" for what is unknown.
"""

import re
from collections.abc import Mapping
from contextlib import nullcontext
from http import HTTPStatus
from typing import Any, TypeVar

from batching import Gate
from loaders.deezer import parse, wire
from loaders.errors import (
    BadResponseError,
    InvalidIdError,
    ProviderError,
    RateLimitedError,
    RejectedError,
    UnavailableError,
)
from loaders.http import Answer, Http, Params
from loaders.ids import parse_isrc
from loaders.records import Album, Artist, Page, PageKey, SearchKey, SearchPages, Track
from loaders.statuses import error_of

W = TypeVar("W")

# Seconds of rest after "quota": it does not say how long, but counts over five
# (developers.deezer.com: 50 requests per 5 seconds).
REST = 5.0

# The codes of developers.deezer.com/api/errors that are not a refusal of the call itself.
QUOTA, BUSY, NO_DATA = 4, 700, 800

_ID = re.compile("[1-9][0-9]{0,18}")


class DeezerClient:
    """Deezer's routes, as batch functions, each made for one key."""

    def __init__(self, http: Http, gate: Gate) -> None:
        self._http = http
        self._gate = gate

    def __repr__(self) -> str:
        return "<DeezerClient>"

    async def get_tracks(self, natives: list[str]) -> list[Track | None]:
        """Return a track."""
        told = await self._get_one("/track/{id}", natives, wire.Track)
        return [None if told is None else parse.track(told)]

    async def get_artists(self, natives: list[str]) -> list[Artist | None]:
        """Return an artist."""
        told = await self._get_one("/artist/{id}", natives, wire.Artist)
        return [None if told is None else parse.artist(told)]

    async def get_albums(self, natives: list[str]) -> list[Album | None]:
        """Return an album."""
        told = await self._get_one("/album/{id}", natives, wire.Album)
        return [None if told is None else parse.album(told)]

    async def get_isrcs(self, isrcs: list[str]) -> list[tuple[Track, ...]]:
        """Return a track of an ISRC: of several, Deezer gives one of its own choice."""
        [isrc] = isrcs
        fill = {"isrc": parse_isrc(isrc)}
        told = await self._get("/track/isrc:{isrc}", wire.Track, isrc, fill=fill)
        found = () if told is None else (parse.track(told),)
        return [tuple(track for track in found if track.isrc in {None, fill["isrc"]})]

    async def get_upcs(self, upcs: list[str]) -> list[tuple[Album, ...]]:
        """Return the album of a bar code of 13 digits, with and without the zero in front.

        Deezer knows a code as the label wrote it: mostly the 12 digits of a UPC. Only where nothing
        is found so, it is asked again.
        """
        [upc] = upcs
        for place, spelling in enumerate(dict.fromkeys([upc.removeprefix("0"), upc])):
            async with self._gate.permit() if place else nullcontext():
                told = await self._get("/album/upc:{upc}", wire.Album, upc, fill={"upc": spelling})
            if told is not None:
                return [(parse.album(told),)]
        return [()]

    async def get_search(self, keys: list[SearchKey]) -> list[SearchPages]:
        """Return what a text finds, a call for each kind, one text per batch."""
        [key] = keys
        found: dict[str, Page[Any] | None] = {}
        for kind in key.kinds:
            params: Params = {"q": key.text, "index": key.offset, "limit": key.limit}
            async with self._gate.permit() if found else nullcontext():
                told = await self._get(f"/search/{kind}", wire.LISTS[kind], key.text, params=params)
            found[f"{kind}s"] = parse.page(told, key.offset) if told else Page((), 0, key.offset)
        return [SearchPages(**found)]

    async def get_artist_albums(self, keys: list[PageKey]) -> list[Page[Album] | None]:
        """Return a page of an artist's albums."""
        return [await self._get_page("/artist/{id}/albums", keys[0], wire.LISTS["album"])]

    async def get_album_tracks(self, keys: list[PageKey]) -> list[Page[Track] | None]:
        """Return a page of an album's tracks, with ISRC and place."""
        return [await self._get_page("/album/{id}/tracks", keys[0], wire.LISTS["track"])]

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    # What they have in common

    async def _get_one(self, route: str, natives: list[str], shape: type[W]) -> W | None:
        [native] = natives
        return await self._get(route, shape, native, fill={"id": _checked(native)})

    async def _get_page(self, route: str, key: PageKey, shape: Any) -> Page[Any] | None:
        told = await self._get(
            route,
            shape,
            key.native,
            fill={"id": _checked(key.native)},
            params={"index": key.offset, "limit": key.limit},
        )
        return told and parse.page(told, key.offset)

    async def _get(
        self,
        route: str,
        shape: type[W],
        asked: str,
        *,
        fill: Mapping[str, str] | None = None,
        params: Params | None = None,
    ) -> W | None:
        """Make a call; None for "no data", whatever else is wrong is raised."""
        answer = await self._http.get(route, fill=fill, params=params, ids=[asked])
        told = wire.decode(shape, answer.body)
        if not isinstance(told, Exception):
            return told
        fault = wire.fault(answer.body)
        if fault is not None and fault.code == NO_DATA:
            return None
        raise _error_of(answer, fault) from told


def _error_of(answer: Answer, fault: wire.Fault | None) -> ProviderError:
    """Return what an answer means that is not what was asked for."""
    if fault is None:
        if answer.status != HTTPStatus.OK:
            return error_of("deezer", answer)
        return BadResponseError("deezer", "deezer: expected its documented answer, got another")
    if fault.code == QUOTA:
        message = f"deezer takes no calls for {REST:g} s: its quota is used up"
        return RateLimitedError("deezer", message, retry_after=REST)
    got = f"deezer answered with its error {fault.code}"
    return UnavailableError("deezer", got) if fault.code == BUSY else RejectedError("deezer", got)


def _checked(native: str) -> str:
    """Return an id that is one; nothing else gets into a URL, wherever it came from."""
    if not _ID.fullmatch(native):
        raise InvalidIdError(native, "a Deezer id, which is a whole number")
    return native
