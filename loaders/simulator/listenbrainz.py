"""ListenBrainz over MusicBrainz's library: its routes, its rules and how it says no.

As its server's source and the example answers of its documentation have it: a thousand ids in a
body, one that is none fails them all, what is unknown or was merged is left out or counted null.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from loaders.simulator import musicbrainz_facts as facts
from loaders.simulator.catalogue import Catalogue
from loaders.simulator.listenbrainz_json import artist_json, group_json, heard_json, recording_json
from loaders.simulator.listenbrainz_pace import Windows
from loaders.simulator.musicbrainz_library import Library, library_of
from loaders.simulator.wire import Answer, RefusedError, Request, Route, json_answer

MOST_IDS = 1000  # MAX_ITEMS_PER_GET of its server, for what is posted
_INC = ("artist", "tag", "release", "recording", "release_group")
_MBID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_WORDS = {
    400: "Bad request.",
    404: "Not found.",
    405: "The method is not allowed for the requested URL.",
    429: "Too many requests.",
    503: "Service unavailable.",
}


class ListenBrainz:
    """ListenBrainz, which takes `calls_per_window` of an address in ten seconds; None for all."""

    def __init__(self, catalogue: Catalogue, now: Callable[[], float]) -> None:
        self.calls_per_window: int | None = 30
        self._catalogue = catalogue
        self._now = now
        self._windows = Windows()
        self.routes: tuple[Route, ...] = (
            self._route("POST /1/metadata/recording/", self._get_recordings),
            self._route("GET /1/metadata/artist/", self._get_artists),
            self._route("GET /1/metadata/release_group/", self._get_groups),
            self._route("POST /1/popularity/recording", self._get_popularity),
        )

    @property
    def library(self) -> Library:
        """Return what is known here: what MusicBrainz knows."""
        return library_of(self._catalogue)

    # At the door

    def token_ok(self, request: Request) -> bool:  # noqa: ARG002  nobody needs one
        """Let everybody pass: there are no tokens."""
        return True

    def arrive(self, request: Request) -> Answer | None:
        """Return 429 for a call too many."""
        most = self.calls_per_window
        if most is None or self._windows.admit(request.address, self._now(), most=most):
            return None
        return self._with_limit(request, self.error(429, is_open=True))

    def refuse(self, request: Request) -> Answer | None:  # noqa: ARG002  all was said on arrival
        """Refuse nobody who has arrived."""
        return None

    def error(self, status: int, *, is_open: bool) -> Answer:  # noqa: ARG002  all routes are open
        """Return how ListenBrainz says that something went wrong."""
        return _error(status)

    def forget(self) -> None:
        """Forget which calls came."""
        self._windows.forget()

    # What is asked

    def _route(self, name: str, get: Callable[[Request], Any]) -> Route:
        def answer(request: Request, _: str) -> Answer:
            return self._with_limit(request, json_answer(get(request)))

        return Route(name, answer, _ids, is_open=True)

    def _with_limit(self, request: Request, answer: Answer) -> Answer:
        if self.calls_per_window is None:
            return answer
        now = self._now()
        told = self._windows.headers(request.address, now, most=self.calls_per_window)
        return Answer(answer.status, answer.body, {**answer.headers, **told})

    def _get_recordings(self, request: Request) -> Any:
        inc = _checked_inc(_body(request).get("inc"))
        recordings = self.library.recordings
        asked = _checked(_asked_in_body(request), "Recording mbid {} is not valid.")
        return {
            mbid: recording_json(recordings[mbid], inc)
            for mbid in dict.fromkeys(asked)
            if mbid in recordings
        }

    def _get_artists(self, request: Request) -> Any:
        _checked_inc(request.params.get("inc"))
        artists = self.library.artists
        asked = _checked(_asked_in_url(request, "artist_mbids"), "artist mbid {} is not valid.")
        # A list, in an order of its own; and its tags come whether they were asked for or not.
        return [artist_json(artists[mbid]) for mbid in sorted(set(asked)) if mbid in artists]

    def _get_groups(self, request: Request) -> Any:
        _checked_inc(request.params.get("inc"))
        groups = self.library.groups
        asked = _asked_in_url(request, "release_group_mbids")
        checked = _checked(asked, "Release group mbid {} is not valid.")
        return {
            mbid: group_json(groups[mbid])
            for mbid in dict.fromkeys(checked)
            if mbid in groups and not facts.happens(mbid, "too new for ListenBrainz")
        }

    def _get_popularity(self, request: Request) -> Any:
        asked = _checked(_asked_in_body(request), "recording_mbid {} is not valid.")
        recordings = self.library.recordings
        return [
            heard_json(mbid, is_heard=mbid in recordings and not facts.happens(mbid, "never heard"))
            for mbid in asked
        ]


def _body(request: Request) -> dict[str, Any]:
    try:
        body = msgspec.json.decode(request.body)
    except msgspec.DecodeError:
        body = None
    return body if isinstance(body, dict) else {}


def _ids(request: Request, _: str) -> tuple[str, ...]:
    if request.method == "GET":
        return tuple(next(iter(request.params.values()), "").split(","))
    asked = _body(request).get("recording_mbids")
    return tuple(asked) if isinstance(asked, list) else ()


def _asked_in_url(request: Request, name: str) -> list[str]:
    asked = request.params.get(name)
    if asked is None:
        raise _refused(f"{name} argument must be present and contain a comma separated list.")
    mbids = [mbid.strip() for mbid in asked.split(",")]
    if len(mbids) > MOST_IDS:  # nobody counts here, and it breaks further in
        raise RefusedError(_error(500))
    return mbids


def _asked_in_body(request: Request) -> list[Any]:
    asked = _body(request).get("recording_mbids")
    if not isinstance(asked, list) or not asked:
        raise _refused("recording_mbids JSON element must be present and contain a list of ids.")
    if len(asked) > MOST_IDS:
        raise _refused(f"Maximum number of recording_mbids that can be fetched is {MOST_IDS}.")
    return asked


def _checked(mbids: Iterable[Any], words: str) -> list[str]:
    checked = []
    for mbid in mbids:
        if not isinstance(mbid, str) or not _MBID.fullmatch(mbid):
            raise _refused(words.format(mbid))  # whatever the others are
        checked.append(mbid.lower())
    return checked


def _checked_inc(text: Any) -> frozenset[str]:
    inc = text.split() if isinstance(text, str) else []
    for word in inc:
        if word not in _INC:
            allowed = ", ".join(_INC)
            raise _refused(f"invalid inc argument '{word}'. Must be one of {allowed}.")
    return frozenset(inc)


def _error(status: int, words: str | None = None) -> Answer:
    said = words or _WORDS.get(status, "Internal server error.")
    return json_answer({"code": status, "error": said}, status)


def _refused(words: str) -> RefusedError:
    return RefusedError(_error(400, words))
