"""What the tests of the pages share: a browser, a served demo, and eyes on all that a page does.

Chromium is looked for on the PATH. Where there is none these tests are skipped, loudly; with
TESTS_NEED=chromium, as in `.ci/run`, they fail. What was seen last is kept in `screenshots`.
"""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.needs import missing
from tests.pages.chromium import NONE_HERE, PATH, chromium
from tests.served import ask, process

SCREENSHOTS = Path(__file__).parent / "screenshots"

# Milliseconds until something that should be seen is missed; on a busy machine all takes long.
PATIENCE = 20_000


# For a module, not for the session: playwright's own event loop runs as long as the browser does,
# and whatever is tested after it may want one.
@pytest.fixture(scope="module")
def browser():
    if PATH is None:
        missing("chromium", NONE_HERE)
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def demo(browser):  # noqa: ARG001  where there is none, nothing need be served
    """Return the address of a served demo."""
    with process("serve", "--demo") as (_, port):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def upstream(browser):  # noqa: ARG001  where there is none, nothing need be served
    with process("simulate") as (_, port):
        yield port


@pytest.fixture
def live(upstream):
    """A live server over a simulator, which can be made to fail: process, address, simulator."""
    assert ask(upstream, "POST", "/_reset", {})[0] < 300
    url = f"http://127.0.0.1:{upstream}"
    settings = {
        "UNISONO_LIVE": "true",
        "UNISONO_SPOTIFY_BASE_URL": f"{url}/v1",
        "UNISONO_SPOTIFY_TOKEN_URL": f"{url}/api/token",
        "UNISONO_SPOTIFY_CLIENT_ID": "any",
        "UNISONO_SPOTIFY_CLIENT_SECRET": "any",
    }
    with process("serve", **settings) as (server, port):
        yield server, f"http://127.0.0.1:{port}", upstream


@pytest.fixture
def visit(browser, request):
    """Open pages, of which none may complain, or ask another host for anything.

    On one whose time stands still, `page.clock.run_for(milliseconds)` lets some of it pass at once.
    """
    contexts = []
    complaints = []
    hosts = set()

    def visit(address, *, may_complain=False, stands_still=False, **options):
        context = browser.new_context(**options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda made: hosts.add(urlsplit(made.url).netloc))
        if not may_complain:
            page.on("console", lambda said: complaints.append(f"{said.type}: {said.text}"))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("requestfailed", lambda made: complaints.extend(_failure(made)))
        if stands_still:
            page.clock.install()
        page.goto(address)
        own.add(urlsplit(address).netloc)
        return page

    own = set()
    yield visit
    SCREENSHOTS.mkdir(exist_ok=True)
    for number, context in enumerate(contexts):
        for page in context.pages:
            path = SCREENSHOTS / f"{request.node.name}-{number}.png"
            page.screenshot(path=path, full_page=True)
        context.close()
    assert complaints == []
    assert hosts - {""} == own


def _failure(request):
    if request.failure != "net::ERR_ABORTED":  # of a page that was left before its answer came
        yield f"{request.failure}: {request.url}"
