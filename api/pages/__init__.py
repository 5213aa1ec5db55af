"""The built-in pages: a folder each, that load nothing from anywhere else.

A page names its parts relative to its own address, so it works wherever the app is mounted.
"""

import os
from functools import cache
from importlib.resources import files
from os import PathLike

from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

__all__ = ["Parts", "page"]

# Nothing but this site's own files is loaded and run, nothing is sent elsewhere, nobody frames it.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page(name: str) -> Response:
    """Return the page of a folder.

    >>> page("live")
    """
    return HTMLResponse(
        _read(name),
        headers={
            "content-security-policy": _POLICY,
            "referrer-policy": "no-referrer",
            "vary": "Accept",
            "x-content-type-options": "nosniff",
        },
    )


class Parts(StaticFiles):
    """The ASGI app of the pages' scripts and styles.

    >>> Mount("/pages", Parts())
    """

    def __init__(self) -> None:
        super().__init__(packages=[(__package__, "")])

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Return a script or a style, nothing else that lies here."""
        return super().lookup_path(path) if path.endswith((".js", ".css")) else ("", None)

    def file_response(
        self,
        full_path: PathLike[str] | str,
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """Return a file, or say that it is the one that the browser has."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["cache-control"] = "no-cache"  # ask each time, which costs a 304
        response.headers["x-content-type-options"] = "nosniff"
        return response


@cache
def _read(name: str) -> str:
    return files(__package__).joinpath(name, "index.html").read_text(encoding="utf-8")
