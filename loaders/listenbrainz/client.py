"""ListenBrainz's client: one method per resource, from MusicBrainz's ids to one outcome per id.

listenbrainz.readthedocs.io. What it does not know it leaves out, or tells null in its place; what
MusicBrainz merged it knows by the new id alone. One id that is none fails the whole call: so none
is sent.
"""

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, TypeVar

from loaders.decoding import decode
from loaders.errors import InvalidIdError
from loaders.http import Answer, Http
from loaders.listenbrainz import parse, wire
from loaders.records import Enrichment
from loaders.statuses import error_of

W = TypeVar("W")

# MAX_ITEMS_PER_GET of its API, of whatever is posted.
IDS_PER_CALL = 1000

# Of what can only be got, and so stands in a URL: 3.7 kB of it. Nobody says how long one may be.
IDS_PER_URL = 100

_MBID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class ListenBrainzClient:
    """ListenBrainz's routes, as batch functions; each method makes one call."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def get_listens(self, mbids: list[str]) -> Mapping[str, int | Exception | None]:
        """Return how often recordings were listened to, 1,000 per call."""
        outcomes, good = _sorted_out(mbids)
        if good:
            question = {"recording_mbids": good}
            answer = await self._http.post("/popularity/recording", question, ids=good)
            told = {it.recording_mbid: it for it in _told(answer, list[wire.Heard])}
            _add(outcomes, told, parse.listens)
        return outcomes

    async def get_recordings(self, mbids: list[str]) -> Mapping[str, Enrichment | Exception | None]:
        """Return what is told of recordings, 1,000 per call."""
        outcomes, good = _sorted_out(mbids)
        if good:
            question = {"recording_mbids": good, "inc": "tag release"}
            answer = await self._http.post("/metadata/recording/", question, ids=good)
            _add(outcomes, _told(answer, dict[wire.Id, wire.Recording]), parse.recording)
        return outcomes

    async def get_artists(self, mbids: list[str]) -> Mapping[str, Enrichment | Exception | None]:
        """Return what is told of artists, 100 per call."""
        outcomes, good = _sorted_out(mbids)
        if good:
            params = {"artist_mbids": ",".join(good), "inc": "tag"}
            answer = await self._http.get("/metadata/artist/", params=params, ids=good)
            told = {it.artist_mbid: it for it in _told(answer, list[wire.Artist])}
            _add(outcomes, told, parse.artist)
        return outcomes

    async def get_release_groups(
        self, mbids: list[str]
    ) -> Mapping[str, Enrichment | Exception | None]:
        """Return the covers of release groups, 100 per call."""
        outcomes, good = _sorted_out(mbids)
        if good:
            params = {"release_group_mbids": ",".join(good)}
            answer = await self._http.get("/metadata/release_group/", params=params, ids=good)
            _add(outcomes, _told(answer, dict[wire.Id, wire.Group]), parse.release_group)
        return outcomes

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()


def _sorted_out(mbids: list[str]) -> tuple[dict[str, Any], list[str]]:
    """Return the outcomes so far, and the ids that can be asked."""
    outcomes: dict[str, Any] = {
        mbid: None if _MBID.fullmatch(mbid) else InvalidIdError(mbid, "a UUID") for mbid in mbids
    }
    return outcomes, [mbid for mbid, outcome in outcomes.items() if outcome is None]


def _told(answer: Answer, shape: type[W]) -> W:
    """Return a decoded answer; one with another status is raised as what it means."""
    if answer.status == HTTPStatus.OK:
        return decode("listenbrainz", shape, answer.body)
    rest = answer.headers.get("x-ratelimit-reset-in")  # its own way of saying Retry-After
    headers = answer.headers if rest is None else {**answer.headers, "retry-after": rest}
    raise error_of("listenbrainz", answer._replace(headers=headers))


def _add(outcomes: dict[str, Any], told: Mapping[str, W], record: Callable[[W], Any]) -> None:
    """Add what was told to the outcomes of those who asked for it."""
    outcomes.update((mbid, record(it)) for mbid, it in told.items() if mbid in outcomes)
