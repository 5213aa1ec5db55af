"""`/live`, as one who looks at it."""

import json
import re
import signal
import threading
import time

import pytest
from playwright.sync_api import expect

from tests.served import ask

# Pixels of the stage, right of where batches fill, in one of the six colours of requests, or red.
COLOURED = """([canvas, names]) => {
  const style = getComputedStyle(document.documentElement);
  const copy = document.createElement("canvas");
  [copy.width, copy.height] = [canvas.width, canvas.height];
  const probe = copy.getContext("2d", {willReadFrequently: true});
  const wanted = names.map((name) => {
    probe.fillStyle = style.getPropertyValue(name).trim();
    probe.fillRect(0, 0, 1, 1);
    return [...probe.getImageData(0, 0, 1, 1).data].slice(0, 3).join();
  });
  const left = Math.round(canvas.width / 3);
  probe.clearRect(0, 0, copy.width, copy.height);
  probe.drawImage(canvas, 0, 0);
  const {data} = probe.getImageData(left, 0, copy.width - left, copy.height);
  let count = 0;
  for (let at = 0; at < data.length; at += 4) {
    if (wanted.includes([data[at], data[at + 1], data[at + 2]].join())) count += 1;
  }
  return count;
}"""
REQUESTS = [f"--request-{number}" for number in range(6)]


def pixels(page, names):
    return page.evaluate(
        f"(names) => ({COLOURED})([document.getElementById('stage'), names])", names
    )


def until_seen(page, names):
    ends = time.monotonic() + 20
    while not pixels(page, names):
        assert time.monotonic() < ends, f"nothing in {names} is on the stage"
        page.wait_for_timeout(50)


def run(page, example=None):
    """Run an example and wait for its answer to be told."""
    if example:
        page.get_by_label("Example", exact=True).select_option(label=example)
    page.get_by_role("button", name="Run an example").click()
    expect(page.locator("#replay")).to_be_enabled()


@pytest.fixture
def page(visit, demo):
    page = visit(f"{demo}/live")
    expect(page.locator("#state")).to_have_text("watching")
    return page


def test_an_idle_page_says_so_and_offers_an_example(page):
    expect(page.get_by_text("Nothing is asked just now.")).to_be_visible()
    expect(page.locator("#asked")).to_have_text("0")
    expect(page.get_by_role("button", name="Replay")).to_be_disabled()
    assert pixels(page, REQUESTS) == 0


def test_keys_become_batches_and_the_figures_count_them(page):
    run(page)
    until_seen(page, REQUESTS)
    expect(page.get_by_text("Nothing is asked just now.")).to_be_hidden()
    words = page.locator("#last-words").inner_text()
    asked, calls, saved = map(
        int, re.match(r"Songs: (\d+) keys asked, (\d+) calls made, (\d+) ", words).groups()
    )
    assert asked == calls + saved
    assert calls == 4
    expect(page.locator("#asked")).to_have_text(str(asked))
    expect(page.locator("#calls")).to_have_text(str(calls))
    expect(page.locator("#saved")).to_have_text(str(saved))


def test_the_last_operation_is_a_chart_and_a_table_and_a_sentence_that_is_read_out(page):
    run(page)
    expect(page.locator("#chart rect.call")).to_have_count(4)
    expect(page.locator("#said")).to_have_text(re.compile(r"^Songs: \d+ keys asked, 4 calls made"))
    page.get_by_text("The batches as a table").click()
    rows = page.locator("#table tbody tr")
    expect(rows).to_have_count(4)
    expect(rows.first).to_contain_text("spotify.search")
    expect(rows.first).to_contain_text("GET /v1/search 200")


def test_it_is_drawn_as_it_would_be_without_coalescing(page):
    run(page)
    page.get_by_role("button", name="without coalescing").click()
    expect(page.locator("#chart-words")).to_contain_text(
        re.compile(r"^A call for each key: 108 calls in")
    )
    assert page.locator("#chart rect.call").count() == 108
    page.get_by_role("button", name="as it was").click()
    expect(page.locator("#chart rect.call")).to_have_count(4)


def test_the_last_operation_is_played_again(visit, demo):
    page = visit(f"{demo}/live", stands_still=True)
    expect(page.locator("#state")).to_have_text("watching")
    run(page)
    page.clock.run_for(20_000)
    expect(page.locator("#pace")).to_be_hidden()
    page.get_by_role("button", name="Replay").click()
    page.clock.run_for(100)
    assert pixels(page, REQUESTS) == 0
    expect(page.locator("#pace")).to_have_text("replay, slow motion")
    page.clock.run_for(1_500)
    assert pixels(page, REQUESTS) > 0
    page.clock.run_for(20_000)
    expect(page.locator("#pace")).to_be_hidden()
    expect(page.locator("#calls")).to_have_text("4")


def test_who_asks_for_the_same_at_the_same_time_shares_the_calls(page):
    run(page, "Three who ask for the same at the same time")
    expect(page.locator("#asked")).to_have_text("324")
    expect(page.locator("#calls")).to_have_text("4")


def test_keys_that_fail_leave_red_while_the_rest_go_on(live, visit):
    _, url, upstream = live
    page = visit(f"{url}/live")
    expect(page.locator("#state")).to_have_text("watching")
    fault = {"route": "GET /v1/artists", "status": 500}
    assert ask(upstream, "POST", "/_fault", fault)[0] < 300
    run(page)
    until_seen(page, ["--bad"])
    expect(page.locator("#failed")).to_have_text("57")
    expect(page.locator("#last-words")).to_contain_text("57 keys failed (UnavailableError)")
    assert page.locator("#chart circle.bad").count() > 0
    expect(page.locator("#providers [data-name=musicbrainz]")).to_contain_text("off:")


def test_all_of_it_works_by_keyboard(page):
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "run":
            break
    page.keyboard.press("Enter")
    expect(page.locator("#replay")).to_be_enabled()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#pace")).to_contain_text("replay")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone(visit, demo, scheme):
    page = visit(
        f"{demo}/live",
        viewport={"width": 360, "height": 740},
        device_scale_factor=2,
        is_mobile=True,
        has_touch=True,
        color_scheme=scheme,
    )
    expect(page.locator("#state")).to_have_text("watching")
    run(page)
    until_seen(page, REQUESTS)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    for button in page.get_by_role("button").all():
        assert button.bounding_box()["height"] >= 24  # WCAG 2.2, target size (minimum)


def test_who_wants_no_motion_sees_batches_stand_still(visit, demo):
    page = visit(f"{demo}/live", reduced_motion="reduce", stands_still=True)
    expect(page.locator("#state")).to_have_text("watching")
    run(page)
    seen = set()
    for _ in range(60):
        page.clock.run_for(50)
        seen.add(pixels(page, REQUESTS))
    # Each of four batches may be there, and have landed, and there was nothing before.
    assert 1 < len(seen) <= 9


def test_the_figures_are_exact_however_much_is_asked(page, demo):
    port = int(demo.rpartition(":")[2])
    ids = [f"spotify:track:{number:022}" for number in range(100)]
    query = {
        "query": "query Much($ids: [ID!]!) { tracks(ids: $ids) { name } }",
        "variables": {"ids": ids},
    }

    def much():
        for _ in range(5):
            answer = ask(port, "POST", "/graphql", query)
            assert answer.status == 200
            assert len(json.loads(answer.body)["data"]["tracks"]) == 100

    threads = [threading.Thread(target=much) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    expect(page.locator("#asked")).to_have_text("2,000")
    expect(page.locator("#lost")).to_be_hidden()


def test_the_server_ends_while_it_is_watched_and_the_page_says_so(live, visit):
    server, url, _ = live
    page = visit(f"{url}/live", may_complain=True)
    expect(page.locator("#state")).to_have_text("watching")
    server.send_signal(signal.SIGTERM)
    assert server.wait(timeout=10) == 0
    expect(page.locator("#state")).to_have_text("not connected; trying again")
