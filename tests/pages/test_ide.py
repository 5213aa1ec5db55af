"""GraphiQL at `/graphql`, as one who asks there."""

import re
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from tests.served import until

MOUNTED = """
import sys, uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from api import create_app
from loaders import Settings
app = Starlette(routes=[Mount("/music", create_app(Settings.demo_settings()))])
uvicorn.run(app, port=0, log_level="info")
"""


def run(page):
    page.get_by_role("button", name="Execute query").click()


@pytest.fixture
def page(visit, demo):
    page = visit(f"{demo}/graphql")
    expect(page.locator(".graphiql-query-editor")).to_contain_text("query Songs")
    return page


def test_an_example_stands_ready_and_its_cost_under_its_answer(page):
    run(page)
    expect(page.locator(".result-window")).to_contain_text('"totalCount"')
    expect(page.locator(".cost p")).to_have_text(
        re.compile(r"^108 keys → 4 calls, 104 saved · \d+ ms$")
    )
    rows = page.locator(".cost tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(1)).to_contain_text("spotify.artists")
    expect(rows.nth(1)).to_contain_text("Artist.genres")
    expect(page.locator(".result-window")).not_to_contain_text("batching")


def test_an_example_is_chosen_and_its_ids_are_found(page):
    page.get_by_label("Examples").select_option(label="A hundred ids of any kind")
    expect(page.locator(".graphiql-query-editor")).to_contain_text("query Hundred")
    expect(page.locator(".graphiql-editor-tool")).to_contain_text("spotify:track:")
    run(page)
    expect(page.locator(".result-window")).to_contain_text('"lookup"')


def test_an_answer_with_errors_says_so(page):
    page.get_by_label("Examples").select_option(label="How the providers stand")
    expect(page.locator(".graphiql-query-editor")).to_contain_text("providers")
    page.locator(".graphiql-query-editor .CodeMirror").click()
    page.keyboard.press("Control+A")
    page.keyboard.type('{ track(id: "nonsense") { name }')
    page.keyboard.press("Control+Enter")
    expect(page.locator(".result-window")).to_contain_text("BAD_USER_INPUT")
    expect(page.locator(".cost p.bad")).to_contain_text("1 error")


def test_the_schema_the_settings_and_the_history_can_be_looked_at(page):
    page.get_by_role("button", name="Show Documentation Explorer").click()
    expect(page.locator(".graphiql-plugin")).to_contain_text("Query")
    page.get_by_role("button", name="Show History").click()
    expect(page.locator(".graphiql-plugin")).to_contain_text("History")
    page.get_by_role("button", name="Open settings dialog").click()
    expect(page.get_by_role("dialog")).to_contain_text("Theme")
    page.get_by_role("button", name="Dark").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_who_comes_back_finds_the_query_that_was_there(page):
    page.get_by_label("Examples").select_option(label="How the providers stand")
    expect(page.locator(".graphiql-query-editor")).to_contain_text("providers")
    kept = "localStorage.getItem('graphiql:query') ?? ''"
    until(lambda: "providers" in page.evaluate(kept))
    page.reload()
    expect(page.locator(".graphiql-query-editor")).to_contain_text("providers")


def test_the_batches_are_one_step_away(page):
    page.get_by_role("link", name="Watch").click()
    expect(page.locator("#state")).to_have_text("watching")
    page.get_by_role("link", name="Ask").click()
    expect(page.locator(".graphiql-query-editor")).to_be_visible()


def test_it_can_be_used_on_a_phone(visit, demo):
    page = visit(
        f"{demo}/graphql", viewport={"width": 390, "height": 800}, is_mobile=True, has_touch=True
    )
    expect(page.locator(".graphiql-query-editor")).to_contain_text("query Songs")
    run(page)
    expect(page.locator(".cost p")).to_contain_text("108 keys")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_front_page_leads_to_both(visit, demo):
    page = visit(demo)
    page.get_by_role("link", name="Ask").click()
    expect(page.locator(".graphiql-query-editor")).to_be_visible()
    page.goto(demo)
    page.get_by_role("link", name="Watch").click()
    expect(page.locator("#state")).to_have_text("watching")


def test_pages_work_where_the_app_is_mounted(visit):
    command = [sys.executable, "-c", MOUNTED]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as server:
        try:
            line = next(line for line in server.stderr if b"running on" in line)
            url = re.search(rb"http://127\.0\.0\.1:\d+", line)[0].decode()
            page = visit(f"{url}/music/graphql")
            expect(page.locator(".graphiql-query-editor")).to_contain_text("query Songs")
            run(page)
            expect(page.locator(".cost p")).to_contain_text("108 keys")
            page.get_by_role("link", name="Watch").click()
            expect(page.locator("#state")).to_have_text("watching")
            page.get_by_role("button", name="Run an example").click()
            expect(page.locator("#last-words")).to_contain_text("Songs: 108 keys")
            page.close()
        finally:
            server.terminate()
