"""The pages over HTTP; `tests/pages` looks at them with a browser's eyes."""

import re
from pathlib import Path

import pytest

from api.testing import TestClient

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PAGES = Path(__file__).parents[2] / "api" / "pages"


@pytest.mark.parametrize("path", ["/", "/graphql", "/live"])
async def test_a_page_runs_nothing_but_this_sites_own_scripts_and_styles(client, path):
    answer = await client.get(path, headers=BROWSER)
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    page = answer.body.decode()
    assert "<style" not in page
    assert re.findall('<script(?! type="module" src=)', page) == []
    for part in re.findall(r"(?:src|href)=\"(pages/[^\"]+)\"", page):
        assert (await client.get(f"/{part}")).status == 200


@pytest.mark.parametrize(
    "path",
    [path for path in PAGES.rglob("*.*") if path.suffix in {".html", ".js", ".css"}],
    ids=lambda path: path.relative_to(PAGES).as_posix(),
)
def test_no_page_names_another_host(path):
    text = path.read_text(encoding="utf-8")
    called = r"""(?:@import|url\(|fetch\(|src=|import\()\s*["']?https?://"""
    assert re.findall(called, text) == []
    if path.parent.name != "graphiql":  # which has addresses to read, in its words
        assert set(re.findall(r"https?://[^\s\"'<)]+", text)) <= {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("part", ["live/main.js", "live/live.css", "graphiql/graphiql.js"])
async def test_a_part_that_the_browser_has_is_not_sent_again(client, part):
    first = await client.get(f"/pages/{part}")
    assert first.headers["x-content-type-options"] == "nosniff"
    again = await client.get(f"/pages/{part}", headers={"if-none-match": first.headers["etag"]})
    assert (first.status, again.status, again.body) == (200, 304, b"")


@pytest.mark.parametrize(
    "path", ["__init__.py", "live/index.html", "../app.py", "live", "", "../pages/__init__.py"]
)
async def test_nothing_else_that_lies_there_is_a_part(client, path):
    assert (await client.get(f"/pages/{path}")).status == 404


@pytest.mark.parametrize("path", ["/", "/graphql", "/live", "/pages/graphiql/graphiql.js"])
async def test_where_strangers_may_not_explore_there_are_no_pages(path):
    async with TestClient(explore=False, live=False) as client:
        assert (await client.get(path, headers=BROWSER)).status in {400, 404}


def test_what_others_wrote_has_its_licences_beside_it():
    licences = (PAGES / "graphiql" / "LICENSES.txt").read_text(encoding="utf-8")
    for name in ("graphiql", "react", "react-dom", "graphql", "codemirror"):
        assert re.search(rf"^{name} \d[^ ]* \(MIT\)$", licences, re.MULTILINE)
