"""Deezer's API: its routes, its quota and the ways in which it says no.

The wire is that of answers that were recorded, and of developers.deezer.com/api. Not verified live:
how a bar code is spelt when it is asked (here as the label wrote it), and which track of several an
ISRC leads to (here the one with the smallest id).
"""

import re
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec

from loaders.simulator.catalogue import Catalogue
from loaders.simulator.deezer_errors import (
    MISSING,
    NO_DATA,
    PARAMETER,
    QUOTA,
    error,
    error_of,
)
from loaders.simulator.deezer_json import Writer
from loaders.simulator.entities import Album, Artist, Track
from loaders.simulator.search import index_of
from loaders.simulator.wire import Answer, RefusedError, Request, Route, json_answer

# Most and usual items of a page; more than the most becomes the most, and nobody is told.
MOST_PER_PAGE, USUAL_PER_PAGE = 100, 25
# Calls from one address in any so many seconds (developers.deezer.com).
CALLS_PER_WINDOW, WINDOW = 50, 5.0

_API = "https://api.deezer.com"
_ID = re.compile("[0-9]{1,19}")
_MOST_ADDRESSES = 1_000


class Deezer:
    """Deezer over the invented catalogue.

    `calls_per_window` is how many calls one address may make in any 5 seconds, None for any number.
    """

    def __init__(self, catalogue: Catalogue, now: Callable[[], float]) -> None:
        self.calls_per_window: int | None = CALLS_PER_WINDOW
        self._now = now
        self._recent: dict[str, deque[float]] = {}  # by address: when the calls let in came
        self._writer = Writer()
        self._search = index_of(catalogue)
        self._tracks: dict[int, Track] = {each.deezer_id: each for each in catalogue.tracks}
        self._artists: dict[int, Artist] = {each.deezer_id: each for each in catalogue.artists}
        self._albums: dict[int, Album] = {each.deezer_id: each for each in catalogue.albums}
        by_id = sorted(catalogue.tracks, key=lambda track: -track.deezer_id)
        self._isrcs = {each.recording.isrc: each for each in by_id if each.recording.isrc}
        self._upcs = {each.upc: each for each in catalogue.albums if each.upc}
        write = self._writer
        self.routes: tuple[Route, ...] = (
            Route("GET /track/isrc:{id}", self._get_isrc, is_open=True),
            Route("GET /album/upc:{id}", self._get_upc, is_open=True),
            self._single_route("track", self._tracks, write.track),
            self._single_route("artist", self._artists, write.artist),
            self._single_route("album", self._albums, write.album),
            Route("GET /artist/{id}/albums", self._get_artist_albums, is_open=True),
            Route("GET /album/{id}/tracks", self._get_album_tracks, is_open=True),
            self._search_route("track", write.track_found),
            self._search_route("artist", write.artist),
            self._search_route("album", write.album_found),
        )

    # At the door

    def token_ok(self, request: Request) -> bool:  # noqa: ARG002  nobody needs one
        """Let everybody pass: there are no tokens."""
        return True

    def arrive(self, request: Request) -> Answer | None:
        """Return the error of the quota for an address that called too often."""
        if self.calls_per_window is None:
            return None
        now = self._now()
        if len(self._recent) >= _MOST_ADDRESSES:
            self._recent.clear()
        recent = self._recent.setdefault(request.address, deque())
        while recent and not now - WINDOW < recent[0] <= now:
            recent.popleft()  # long ago, or of another event loop's clock
        if len(recent) >= self.calls_per_window:
            return error(QUOTA)
        recent.append(now)
        return None

    def refuse(self, request: Request) -> Answer | None:  # noqa: ARG002  all was said on arrival
        """Refuse nobody who has arrived."""
        return None

    def error(self, status: int, *, is_open: bool) -> Answer:  # noqa: ARG002  all routes are open
        """Return how an HTTP status is said."""
        return error_of(status)

    def forget(self) -> None:
        """Forget which calls came."""
        self._recent.clear()

    # One at a time

    def _single_route(
        self, kind: str, entities: Mapping[int, Any], write: Callable[[Any], msgspec.Raw]
    ) -> Route:
        def answer(_request: Request, native: str) -> Answer:
            return json_answer(write(_found(entities, native)))

        return Route(f"GET /{kind}/{{id}}", answer, is_open=True)

    def _get_isrc(self, _request: Request, isrc: str) -> Answer:
        return json_answer(self._writer.track(_known(self._isrcs, isrc)))

    def _get_upc(self, _request: Request, upc: str) -> Answer:
        return json_answer(self._writer.album(_known(self._upcs, upc)))

    # Page by page

    def _get_artist_albums(self, request: Request, native: str) -> Answer:
        albums = _found(self._artists, native).albums
        newest_first = sorted(albums, key=lambda album: album.released or "", reverse=True)
        return _page(request, newest_first, self._writer.album_of_artist)

    def _get_album_tracks(self, request: Request, native: str) -> Answer:
        return _page(request, _found(self._albums, native).tracks, self._writer.track_of_album)

    def _search_route(self, kind: str, write: Callable[[Any], msgspec.Raw]) -> Route:
        return Route(f"GET /search/{kind}", partial(self._get_search, kind, write), is_open=True)

    def _get_search(
        self, kind: str, write: Callable[[Any], msgspec.Raw], request: Request, _: str
    ) -> Answer:
        text = request.params.get("q", "")
        if not text.strip():
            raise RefusedError(error(MISSING))
        return _page(request, self._search.find(kind, text), write)


def _found(entities: Mapping[int, Any], native: str) -> Any:
    return _known(entities, int(native) if _ID.fullmatch(native) else None)


def _known(entities: Mapping[Any, Any], key: Any) -> Any:
    if key not in entities:
        raise RefusedError(error(NO_DATA))
    return entities[key]


def _page(request: Request, listed: Any, write: Callable[[Any], msgspec.Raw]) -> Answer:
    limit = min(_number(request, "limit", USUAL_PER_PAGE), MOST_PER_PAGE)
    index = _number(request, "index", 0)
    page: dict[str, Any] = {
        "data": [write(each) for each in listed[index : index + limit]],
        "total": len(listed),
    }
    if index + limit < len(listed):
        page["next"] = f"{_API}{request.path}?index={index + limit}"
    if index:
        page["prev"] = f"{_API}{request.path}?index={max(0, index - limit)}"
    return json_answer(page)


def _number(request: Request, name: str, usual: int) -> int:
    text = request.params.get(name, str(usual))
    if not _ID.fullmatch(text):
        raise RefusedError(error(PARAMETER))
    return int(text)
