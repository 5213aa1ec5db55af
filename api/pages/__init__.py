"""The built-in pages, that load nothing from anywhere else.

A page names its parts relative to its own address, so it works wherever the app is mounted.
"""

import base64
import hashlib
import os
import re
from functools import cache
from importlib.resources import files
from os import PathLike

from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

__all__ = ["Parts", "page"]


def page(name: str) -> Response:
    """Return a page.

    >>> page("live/index.html")
    """
    text, policy = _read(name)
    return HTMLResponse(
        text,
        headers={
            "content-security-policy": policy,
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
def _read(name: str) -> tuple[str, str]:
    """Return a page and the policy under which nothing but our own scripts and styles run."""
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    sources = " ".join(
        f"{tag}-src {' '.join(_hashes(tag, text)) or repr('self')};" for tag in ("script", "style")
    )
    rest = "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'"
    return text, f"default-src 'none'; {sources} {rest}; frame-ancestors 'none'"


def _hashes(tag: str, page: str) -> list[str]:
    contents = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
    digests = (hashlib.sha256(content.encode()).digest() for content in contents)
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]
