"""Cover Art Archive over MusicBrainz's library: whether there is a front cover, and where.

Its answer leads to a file of another host (307), which this one does not have.
"""

import re

from loaders.simulator import musicbrainz_facts as facts
from loaders.simulator.catalogue import Catalogue
from loaders.simulator.musicbrainz_entities import Group, Release
from loaders.simulator.musicbrainz_library import Library, library_of
from loaders.simulator.wire import Answer, Request, Route

_MBID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_WORDS = {
    400: "invalid MBID specified",
    404: "no cover image found",
    405: "method not allowed",
    503: "the service is unavailable",
}
_MOST_PICTURES = 40_000_000_000  # their ids have up to eleven digits


class CoverArt:
    """The archive: what has art in MusicBrainz has a front cover here."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self.routes: tuple[Route, ...] = (
            Route("GET /release/{id}/front", self._get_front, is_open=True),
        )

    @property
    def library(self) -> Library:
        """Return what is known here: what MusicBrainz knows."""
        return library_of(self._catalogue)

    # At the door

    def token_ok(self, request: Request) -> bool:  # noqa: ARG002  nobody needs one
        """Let everybody pass: there are no tokens."""
        return True

    def arrive(self, request: Request) -> Answer | None:  # noqa: ARG002  there is no limit
        """Let everybody in."""
        return None

    def refuse(self, request: Request) -> Answer | None:  # noqa: ARG002  there is no limit
        """Refuse nobody."""
        return None

    def error(self, status: int, *, is_open: bool) -> Answer:  # noqa: ARG002  all routes are open
        """Return how the archive says that something went wrong."""
        words = _WORDS.get(status, "an error")
        page = f"<!doctype html><title>{status}</title><h1>{status}</h1><p>{words}</p>"
        return Answer(status, page.encode(), content_type="text/html; charset=utf-8")

    def forget(self) -> None:
        """Forget nothing: no calls are counted here."""

    # What is asked

    def _get_front(self, _: Request, mbid: str) -> Answer:
        if not _MBID.fullmatch(mbid):
            return self.error(400, is_open=True)
        release = self.library.find("release", mbid.lower())
        if not isinstance(release, Release) or not release.has_art:
            return self.error(404, is_open=True)
        item = f"mbid-{release.mbid}"
        file = f"https://archive.org/download/{item}/{item}-{picture_of(release)}.jpg"
        page = f"See: {file}\n".encode()
        return Answer(307, page, {"location": file}, content_type="text/plain")


def picture_of(release: Release) -> int:
    """Return the id of a release's front cover."""
    return 1_000_000_000 + facts.draw(release.mbid, "front cover", _MOST_PICTURES)


def art_of(group: Group, release: Release | None = None) -> Release | None:
    """Return the release whose cover stands for a group: the one given, or the first that has one.

    None where none of them has art.
    """
    wanted = [release, *group.releases] if release else group.releases
    return next((each for each in wanted if each.has_art), None)
