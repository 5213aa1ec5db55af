"""MusicBrainz's web service: its routes, its rules and the ways in which it says no.

Look-ups, browsing, ISRCs, text search and single URLs are as the real service was recorded.
Not verified live, from its documentation and its server's source: finding ids by search, many
URLs in one call, and look-ups of merged recordings, releases and artists (of works it was).
"""

import functools
import re
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from loaders.simulator.catalogue import Catalogue
from loaders.simulator.musicbrainz_browse import link_of, listed, within_track_limit
from loaders.simulator.musicbrainz_errors import error, refused
from loaders.simulator.musicbrainz_hits import HitWriter
from loaders.simulator.musicbrainz_inc import BROWSE, LOOKUP, asked_inc
from loaders.simulator.musicbrainz_index import SearchServer
from loaders.simulator.musicbrainz_json import Writer
from loaders.simulator.musicbrainz_library import Library, library_of
from loaders.simulator.musicbrainz_pace import Pace
from loaders.simulator.musicbrainz_query import QuerySyntaxError, parse_query, terms
from loaders.simulator.musicbrainz_relations import url_json
from loaders.simulator.wire import Answer, Request, Route, json_answer

KINDS = ("artist", "recording", "release", "release-group")

# Most and usual items of a page (.../ControllerBase/WS/2.pm, .../Data/WebService.pm).
MOST_PER_PAGE, USUAL_PER_PAGE = 100, 25
URLS_PER_CALL = 100  # .../Controller/WS/2/URL.pm; more are dropped, and nobody is told
URL_LIMIT = 8192  # bytes: the large header buffers of the web server in front, as it comes

# When the search server last looked; it tells that with each answer.
_INDEXED = "2025-12-31T23:59:59.999Z"

_MBID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NOBODY = "00000000-0000-0000-0000-000000000000"
_ISRC = re.compile("[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")
_ID_FIELDS = {"arid", "barcode", "isrc", "laid", "reid", "rgid", "rid", "tid"}
_NO_QUERY = (
    "Must specify a least one parameter (other than 'limit', 'offset' or empty 'query') "
    "for collections query."
)
_NO_RESOURCE = "The given parameters do not match any available query type for the url resource."


class _Shelf(NamedTuple):
    """The library, and who writes and searches it."""

    library: Library
    writer: Writer
    hits: HitWriter
    search: SearchServer


class MusicBrainz:
    """MusicBrainz over the invented catalogue.

    `calls_per_second` is how many calls one address may make, over all routes; None for any
    number. `url_limit` is how long path and query may be together, in bytes.
    """

    def __init__(self, catalogue: Catalogue, now: Callable[[], float]) -> None:
        self.calls_per_second: float | None = 1.0
        self.url_limit = URL_LIMIT
        self._catalogue = catalogue
        self._now = now
        self._pace = Pace()
        self.routes = (
            *(self._list_route(kind) for kind in KINDS),
            *(self._lookup_route(kind) for kind in KINDS),
            Route("GET /ws/2/isrc/{id}", self._get_isrc, is_open=True),
            Route("GET /ws/2/url", self._get_urls, _resources, is_open=True),
        )

    @property
    def library(self) -> Library:
        """Return what is known here; it is made when somebody asks first."""
        return _shelf(self._catalogue).library

    # At the door

    def token_ok(self, request: Request) -> bool:  # noqa: ARG002  nobody needs one
        """Let everybody pass: there are no tokens."""
        return True

    def arrive(self, request: Request) -> Answer | None:
        """Return 414 for a URL too long, 403 for the nameless, 503 over the rate."""
        if len(request.target) > self.url_limit:
            return error(414)
        if not request.headers.get("user-agent", "").strip():
            return error(403)
        rate = self.calls_per_second
        if rate is not None and not self._pace.admits(request.address, self._now(), rate=rate):
            return error(503)
        return None

    def refuse(self, request: Request) -> Answer | None:  # noqa: ARG002  all was said on arrival
        """Refuse nobody who has arrived."""
        return None

    def error(self, status: int, *, is_open: bool) -> Answer:  # noqa: ARG002  all routes are open
        """Return how MusicBrainz says that something went wrong."""
        return error(status)

    def forget(self) -> None:
        """Forget which calls came."""
        self._pace.forget()

    # By id

    def _lookup_route(self, kind: str) -> Route:
        return Route(f"GET /ws/2/{kind}/{{id}}", partial(self._get_one, kind), is_open=True)

    def _get_one(self, kind: str, request: Request, native: str) -> Answer:
        _check_format(request)
        inc = asked_inc(request, kind, LOOKUP[kind])
        shelf, mbid = _shelf(self._catalogue), _checked_mbid(native)
        entity = shelf.library.find(kind, mbid)
        if entity is None:
            raise refused(404)
        body = shelf.writer.write(entity, inc)
        if entity.mbid == mbid:
            return Answer(200, body)
        # The new entity is there already; the address leads out of TLS, and out of here.
        query = request.target.partition("?")[2]
        location = f"http://musicbrainz.org/ws/2/{kind}/{entity.mbid}"
        return Answer(301, body, {"location": f"{location}?{query}" if query else location})

    def _get_isrc(self, request: Request, isrc: str) -> Answer:
        _check_format(request)
        inc = asked_inc(request, "isrc", LOOKUP["isrc"]) - {"releases"}  # has no effect here
        if not _ISRC.fullmatch(isrc):
            raise refused(400, "Invalid isrc.")
        shelf = _shelf(self._catalogue)
        found = sorted(shelf.library.isrcs.get(isrc, ()), key=lambda each: each.mbid)
        if not found:
            raise refused(404)
        written = b",".join(shelf.writer.write(recording, inc) for recording in found)
        return Answer(200, b'{"isrc":"%b","recordings":[%b]}' % (isrc.encode(), written))

    def _get_urls(self, request: Request, _: str) -> Answer:
        _check_format(request)
        inc = asked_inc(request, "url", LOOKUP["url"])
        asked = _resources(request)
        if not asked:
            raise refused(400, _NO_RESOURCE)
        known = self.library.urls
        found = {known.get(_canonical(resource)) for resource in asked[:URLS_PER_CALL]}
        urls = sorted((url for url in found if url is not None), key=lambda url: url.mbid)
        if len(asked) == 1:  # one gets an object of its own, and may be missing
            if not urls:
                raise refused(404)
            return json_answer(url_json(urls[0], inc))
        return json_answer(
            {
                "url-count": len(urls),
                "url-offset": 0,
                "urls": [url_json(url, inc) for url in urls],
            }
        )

    # By search, or by what it is linked to

    def _list_route(self, kind: str) -> Route:
        route = f"GET /ws/2/{kind}"
        return Route(route, partial(self._get_list, kind), partial(_asked, kind), is_open=True)

    def _get_list(self, kind: str, request: Request, _: str) -> Answer:
        _check_format(request)
        queries = [value for name, value in request.query if name == "query"]
        if len(queries) > 1:
            raise refused(400, "Must specify at most 1 query argument")
        link = link_of(request, kind)
        if queries and queries[0]:
            return self._search(kind, request, queries[0])
        if link is not None:
            return self._browse(kind, request, *link)
        raise refused(400, _NO_QUERY)

    def _search(self, kind: str, request: Request, text: str) -> Answer:
        if not text.strip():
            raise refused(400, _NO_QUERY)
        limit = _natural(request, "limit")
        if not 1 <= limit <= MOST_PER_PAGE:
            limit = USUAL_PER_PAGE
        offset = _natural(request, "offset")
        shelf = _shelf(self._catalogue)
        try:
            found = shelf.search.find(kind, text)
        except QuerySyntaxError as unreadable:
            reason = f"Search server could not complete query: Bad request ({unreadable})"
            raise refused(400, reason) from None
        hits = [shelf.hits.write(*hit) for hit in found[offset : offset + limit]]
        head = b'{"created":"%b","count":%d,"offset":%d,' % (_INDEXED.encode(), len(found), offset)
        body = b'%b"%bs":[%b]}' % (head, kind.encode(), b",".join(hits))
        return Answer(200, body, content_type="application/json")

    def _browse(self, kind: str, request: Request, link: str, native: str) -> Answer:
        inc = asked_inc(request, kind, BROWSE[kind])
        limit, offset = _page_of(request)
        shelf = _shelf(self._catalogue)
        linked_kind = "artist" if link == "track_artist" else link
        entity = shelf.library.find(linked_kind, _checked_mbid(native))
        if entity is None:
            raise refused(404)
        found = listed(request, kind, link, entity)
        page = found[offset : offset + limit]
        if kind == "release" and "recordings" in inc:
            page = within_track_limit(page)
        # Each page is put in the order of ids, as everything that lists things here.
        page.sort(key=lambda each: str(each.mbid))
        written = b",".join(shelf.writer.write(each, inc) for each in page)
        name = kind.encode()
        counts = b'"%b-count":%d,"%b-offset":%d' % (name, len(found), name, offset)
        return Answer(200, b'{%b,"%bs":[%b]}' % (counts, name, written))


@functools.lru_cache(maxsize=4)
def _shelf(catalogue: Catalogue) -> _Shelf:
    library = library_of(catalogue)
    return _Shelf(library, Writer(), HitWriter(), SearchServer(library))


def _check_format(request: Request) -> None:
    asked = request.params.get("fmt")
    is_accepted = "application/json" in request.headers.get("accept", "")
    if asked != "json" and (asked is not None or not is_accepted):
        raise refused(406)


def _checked_mbid(text: str) -> str:
    if not _MBID.fullmatch(text) or text == _NOBODY:
        raise refused(400, "Invalid mbid.")
    return text.lower()


def _page_of(request: Request) -> tuple[int, int]:
    """Return limit and offset of a browse: too much is cut, what is no number is refused."""
    texts = [request.params.get(name) or "0" for name in ("limit", "offset")]
    if not all(re.fullmatch("[0-9]{1,9}", text) for text in texts):
        raise refused(400, "The 'limit' and 'offset' parameters must be positive integers")
    limit, offset = map(int, texts)
    return min(limit or USUAL_PER_PAGE, MOST_PER_PAGE), offset


def _natural(request: Request, name: str) -> int:
    """Return a number of a search; what is none is nothing."""
    text = request.params.get(name, "")
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else 0


def _resources(request: Request, _: str = "") -> tuple[str, ...]:
    return tuple(value for name, value in request.query if name == "resource")


def _asked(kind: str, request: Request, _: str = "") -> tuple[str, ...]:
    """Return the ids and codes that a list is asked for, in the order they were asked."""
    query = request.params.get("query")
    if not query:
        link = link_of(request, kind)
        return (link[1],) if link else ()
    try:
        return tuple(each.plain for each in terms(parse_query(query)) if each.field in _ID_FIELDS)
    except QuerySyntaxError:
        return ()


def _canonical(resource: str) -> str:
    scheme, _, rest = resource.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}://{host.lower()}{slash}{path}"
