"""Spotify's Web API: its routes, its limits and the ways in which it says no.

The wire is that of Spotify's OpenAPI description, with what people met beyond it: null in place of
an unknown id, another id for a relinked track, 403 on bulk routes in development mode.
"""

import math
import re
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

from msgspec import Raw

from loaders.simulator.catalogue import Catalogue
from loaders.simulator.entities import Album, Artist
from loaders.simulator.search import index_of
from loaders.simulator.spotify_errors import EXPIRED_TOKEN, MISSING_TOKEN, error, token_error
from loaders.simulator.spotify_json import View
from loaders.simulator.tokens import Tokens
from loaders.simulator.wire import Answer, RefusedError, Request, Route, json_answer

# Most ids in one call (.../web-api/reference/get-several-tracks, -artists, -albums).
TRACKS_PER_CALL, ARTISTS_PER_CALL, ALBUMS_PER_CALL = 50, 50, 20
# Most and usual items of a page; in development mode since 2026 (.../changes/february-2026).
MOST_PER_PAGE, USUAL_PER_PAGE = 50, 20
MOST_IN_DEVELOPMENT, USUAL_IN_DEVELOPMENT = 10, 5
MOST_OFFSET = 1000  # of a search (.../web-api/reference/search)
RATE_WINDOW = 30.0  # seconds over which calls are counted (.../web-api/concepts/rate-limits)

GROUPS = ("album", "single", "compilation", "appears_on")

_ID = re.compile("[0-9A-Za-z]{22}")
_MARKET = re.compile("[A-Za-z]{2}")
_OTHER_KINDS = ("audiobook", "episode", "playlist", "show")  # legal to search, but we have none
_VIEWS = 32  # held at once: origins times markets times modes


class _Kind(NamedTuple):
    """One kind of thing: its plural, the things by id, how one is written, most in one call."""

    word: str
    entities: dict[str, Any]
    write: Callable[[View, Any], bytes]
    per_call: int


class Spotify:
    """Spotify over the invented catalogue.

    `development_mode` makes the app one of those that lost the bulk routes. `calls_per_window` is
    how many calls may come in any 30 seconds, None for any number. `token_lifetime` is in seconds;
    `require_credentials` is the one `(id, secret)` that gets a token, None for any.
    """

    def __init__(self, catalogue: Catalogue, now: Callable[[], float]) -> None:
        self.development_mode = False
        self.calls_per_window: int | None = None
        self.token_lifetime = 3600.0
        self.require_credentials: tuple[str, str] | None = None
        self.tokens = Tokens(now)
        self._now = now
        self._recent: deque[float] = deque()  # when the calls of the last window came
        self._search = index_of(catalogue)
        self._views: dict[tuple[str, str | None, bool], View] = {}
        tracks = _Kind("tracks", _by_id(catalogue.tracks), View.track, TRACKS_PER_CALL)
        artists = _Kind("artists", _by_id(catalogue.artists), View.artist, ARTISTS_PER_CALL)
        albums = _Kind("albums", _by_id(catalogue.albums), View.album, ALBUMS_PER_CALL)
        self._artists, self._albums = artists, albums
        self._hits: dict[str, tuple[str, Callable[[View, Any], bytes]]] = {
            "track": (tracks.word, View.track),
            "artist": (artists.word, View.artist),
            "album": (albums.word, View.album_in_list),
        }
        self.routes = (
            Route("POST /api/token", self._give_token, is_open=True),
            *(self._bulk_route(kind) for kind in (tracks, artists, albums)),
            *(self._single_route(kind) for kind in (tracks, artists, albums)),
            Route("GET /v1/artists/{id}/albums", self._get_artist_albums),
            Route("GET /v1/albums/{id}/tracks", self._get_album_tracks),
            Route("GET /v1/search", self._get_search),
        )

    # At the door

    def token_ok(self, request: Request) -> bool:
        """Tell whether a request carries a token that holds."""
        return self.tokens.hold(request)

    def arrive(self, request: Request) -> Answer | None:  # noqa: ARG002  it is not who asks that matters
        """Let everybody come as far as the door."""
        return None

    def refuse(self, request: Request) -> Answer | None:
        """Return 401 without a token that holds, 429 over the rate, None for who may come in."""
        if not self.tokens.hold(request):
            # The body is the same with and without a token; the header tells them apart.
            is_told = "authorization" in request.headers
            return error(401, headers=EXPIRED_TOKEN if is_told else MISSING_TOKEN)
        return self._over_rate()

    def error(self, status: int, *, is_open: bool) -> Answer:
        """Return how Spotify says that something went wrong, at the token's door or behind it."""
        return token_error(status) if is_open else error(status)

    def forget(self) -> None:
        """Forget which tokens were given and which calls came; the tokens still hold."""
        self.tokens.issued.clear()
        self._recent.clear()

    def _give_token(self, request: Request, _: str) -> Answer:
        lifetime, required = self.token_lifetime, self.require_credentials
        return self.tokens.give(request, lifetime=lifetime, required=required)

    def _over_rate(self) -> Answer | None:
        if self.calls_per_window is None:
            return None
        now = self._now()
        while self._recent and self._recent[0] <= now - RATE_WINDOW:
            self._recent.popleft()
        if len(self._recent) >= self.calls_per_window:
            oldest = self._recent[0] if self._recent else now
            seconds = math.ceil(oldest + RATE_WINDOW - now)
            return error(429, headers={"retry-after": str(seconds)})
        self._recent.append(now)
        return None

    # By id

    def _bulk_route(self, kind: _Kind) -> Route:
        return Route(f"GET /v1/{kind.word}", partial(self._get_many, kind), _ids)

    def _single_route(self, kind: _Kind) -> Route:
        return Route(f"GET /v1/{kind.word}/{{id}}", partial(self._get_one, kind))

    def _get_many(self, kind: _Kind, request: Request, _: str) -> Answer:
        if self.development_mode:
            raise RefusedError(error(403))
        ids = _ids(request)
        if not all(ids) or not ids:
            raise RefusedError(error(400, "Invalid id: expected ids separated by commas, got ''"))
        if len(ids) > kind.per_call:
            raise RefusedError(error(400, "Too many ids requested"))
        view = self._view(request, kind)
        found = (kind.entities.get(native) for native in ids)
        written = [b"null" if entity is None else kind.write(view, entity) for entity in found]
        return Answer(200, b'{"%b":[%b]}' % (kind.word.encode(), b",".join(written)))

    def _get_one(self, kind: _Kind, request: Request, native: str) -> Answer:
        entity = _found(kind, native)
        return Answer(200, kind.write(self._view(request, kind), entity))

    # Page by page

    def _get_artist_albums(self, request: Request, native: str) -> Answer:
        artist: Artist = _found(self._artists, native)
        limit, offset = self._page_of(request, is_shortened=True)
        view = self._view(request)
        asked = request.params.get("include_groups", "")
        groups = asked.split(",") if asked else GROUPS
        if not set(groups) <= set(GROUPS):
            raise RefusedError(error(400, f"Invalid include_groups: expected any of {GROUPS}"))
        albums = [
            (album, group)
            for album, group in _discography(artist)
            if group in groups and (view.market is None or view.market in album.markets)
        ]
        items = [view.album_of_artist(*album) for album in albums[offset : offset + limit]]
        kept = _kept(request, "include_groups", "market")
        path, total = f"artists/{native}/albums", len(albums)
        return Answer(200, view.page(path, kept, items, total=total, limit=limit, offset=offset))

    def _get_album_tracks(self, request: Request, native: str) -> Answer:
        album: Album = _found(self._albums, native)
        limit, offset = self._page_of(request)
        return Answer(200, self._view(request).album_tracks(album, limit, offset))

    def _get_search(self, request: Request, _: str) -> Answer:
        limit, offset = self._page_of(request, is_shortened=True)
        text, kinds = request.params.get("q", ""), request.params.get("type", "").split(",")
        if not text.strip():
            raise RefusedError(error(400, "No search query"))
        unknown = [kind for kind in kinds if kind not in self._hits and kind not in _OTHER_KINDS]
        if unknown:
            raise RefusedError(error(400, f"Bad search type field {unknown[0][:40]}"))
        if offset > MOST_OFFSET:
            raise RefusedError(error(400, "Invalid offset"))
        view = self._view(request)
        kept = _kept(request, "q", "market")
        answer = {}
        for kind in kinds:
            word, write = self._hits.get(kind, (f"{kind}s", View.track))
            found = self._search.find(kind, text) if kind in self._hits else []
            items = [write(view, entity) for entity in found[offset : offset + limit]]
            page = view.page(
                "search",
                {**kept, "type": kind},
                items,
                total=len(found),
                limit=limit,
                offset=offset,
            )
            answer[word] = Raw(page)
        return json_answer(answer)

    def _page_of(self, request: Request, *, is_shortened: bool = False) -> tuple[int, int]:
        """Return limit and offset; a route that is shortened gives less in development mode."""
        most, usual = MOST_PER_PAGE, USUAL_PER_PAGE
        if is_shortened and self.development_mode:
            most, usual = MOST_IN_DEVELOPMENT, USUAL_IN_DEVELOPMENT
        limit = _number(request, "limit", usual)
        offset = _number(request, "offset", 0)
        if not 1 <= limit <= most:
            raise RefusedError(error(400, "Invalid limit"))
        if offset < 0:
            raise RefusedError(error(400, "Invalid offset"))
        return limit, offset

    def _view(self, request: Request, kind: _Kind | None = None) -> View:
        # Artists know no market.
        market = None if kind is self._artists else request.params.get("market")
        if market is not None and not _MARKET.fullmatch(market):
            raise RefusedError(error(400, "Invalid market code"))
        key = (f"{request.origin}/v1", market.upper() if market else None, self.development_mode)
        view = self._views.get(key)
        if view is None:
            if len(self._views) >= _VIEWS:
                self._views.clear()
            view = self._views[key] = View(key[0], key[1], development_mode=key[2])
        return view


def _by_id(entities: tuple[Any, ...]) -> dict[str, Any]:
    return {entity.spotify_id: entity for entity in entities}


def _ids(request: Request, _: str = "") -> tuple[str, ...]:
    ids = request.params.get("ids")
    return tuple(ids.split(",")) if ids is not None else ()


def _found(kind: _Kind, native: str) -> Any:
    if not _ID.fullmatch(native):
        raise RefusedError(error(400, "invalid id"))
    if native not in kind.entities:
        raise RefusedError(error(404, "Resource not found"))
    return kind.entities[native]


def _discography(artist: Artist) -> Iterator[tuple[Album, str]]:
    """Yield an artist's albums with their groups, group by group, the newest first."""
    grouped = [(album, album.kind) for album in artist.albums]
    grouped += [(album, "appears_on") for album in artist.appears_on]
    grouped.sort(key=lambda each: each[0].released or "", reverse=True)
    for wanted in GROUPS:
        yield from ((album, group) for album, group in grouped if group == wanted)


def _kept(request: Request, *names: str) -> dict[str, str]:
    return {name: request.params[name] for name in names if name in request.params}


def _number(request: Request, name: str, usual: int) -> int:
    text = request.params.get(name)
    if text is None:
        return usual
    try:
        return int(text)
    except ValueError:
        raise RefusedError(error(400, f"Invalid {name}")) from None
