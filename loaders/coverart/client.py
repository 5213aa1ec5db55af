"""Cover Art Archive's client: whether a release has a front cover, and which picture that is.

musicbrainz.org/doc/Cover_Art_Archive/API. The answer for a front cover is the address of a file of
another host, which has the picture's id in it. That is all that is wanted: it is never followed.
"""

import re
from http import HTTPStatus

from loaders.covers import cover_images
from loaders.errors import BadResponseError, InvalidIdError
from loaders.http import Http
from loaders.records import Image
from loaders.statuses import error_of

_MBID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# .../download/mbid-RELEASE/mbid-RELEASE-PICTURE.jpg; of a merged release, the one it became.
_FILE = re.compile(rf"https?://[a-z0-9.-]+/download/mbid-({_MBID.pattern})/mbid-\1-([0-9]+)\.\w+")


class CoverArtClient:
    """The archive's route for front covers, as a batch function for one release."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def get_covers(
        self, releases: list[str]
    ) -> list[tuple[Image, ...] | InvalidIdError | None]:
        """Return the front cover in all its sizes, one release per call."""
        [release] = releases
        if not _MBID.fullmatch(release):
            return [InvalidIdError(release, "a UUID")]
        answer = await self._http.get("/release/{id}/front", fill={"id": release}, ids=releases)
        if answer.status == HTTPStatus.NOT_FOUND:
            return [None]
        if answer.status != HTTPStatus.TEMPORARY_REDIRECT:
            raise error_of("coverart", answer)
        file = _FILE.fullmatch(answer.headers.get("location", ""))
        if file is None:
            message = "coverart: expected the address of a picture of this release, got another"
            raise BadResponseError("coverart", message)
        return [cover_images(file[1], int(file[3]))]

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()
