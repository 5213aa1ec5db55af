"""The built-in pages: single files that load nothing from anywhere else."""

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files

from starlette.responses import HTMLResponse, Response

__all__ = ["query_page"]


def query_page() -> Response:
    """Return the page with the query box."""
    page, policy = _read("query.html")
    return HTMLResponse(
        page,
        headers={
            "content-security-policy": policy,
            "referrer-policy": "no-referrer",
            "vary": "Accept",
            "x-content-type-options": "nosniff",
        },
    )


@cache
def _read(name: str) -> tuple[str, str]:
    """Return a page and the policy under which nothing but its own script and style runs."""
    page = files(__package__).joinpath(name).read_text(encoding="utf-8")
    sources = " ".join(f"{tag}-src {' '.join(_hashes(tag, page))};" for tag in ("script", "style"))
    rest = "img-src data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    return page, f"default-src 'none'; {sources} {rest}"


def _hashes(tag: str, page: str) -> list[str]:
    contents = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
    digests = (hashlib.sha256(content.encode()).digest() for content in contents)
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]
