"""The README's picture, taken of the real page: `make picture` writes docs/live.png."""

import sys
from pathlib import Path

from playwright.sync_api import expect

from tests.pages.chromium import NONE_HERE, PATH, chromium
from tests.served import ask, process

PICTURE = Path(__file__).parents[2] / "docs" / "live.png"
WIDTH, HEIGHT = 1080, 464

# Asked once for each colour, so that the three of the picture have the first ones.
FIRST = '{ search(text: "a", provider: SPOTIFY) { tracks { totalCount } } }'
COLOURS = 6

# Milliseconds after the batches have left: they are still seen where they filled, and in the air.
MOMENT = 420


def main():
    """Let three people ask for the same at the same time, and look when there is most to see."""
    if PATH is None:
        sys.exit(NONE_HERE)
    with process("serve", "--demo") as (_, port), chromium() as browser:
        for _ in range(COLOURS):
            ask(port, "POST", "/graphql", {"query": FIRST})
        page = browser.new_page(
            viewport={"width": WIDTH, "height": 900}, device_scale_factor=1.5, color_scheme="light"
        )
        page.clock.install()
        page.goto(f"http://127.0.0.1:{port}/live")
        expect(page.locator("#state")).to_have_text("watching")
        page.get_by_label("Example", exact=True).select_option(index=2)
        page.get_by_role("button", name="Run an example").click()
        expect(page.locator("#asked")).to_have_text("324")
        expect(page.locator("#last-words")).to_contain_text("108 keys")
        while page.locator("#stage").get_attribute("data-air") != "3":
            page.clock.run_for(20)
        page.clock.run_for(MOMENT)
        page.screenshot(path=PICTURE, clip={"x": 0, "y": 0, "width": WIDTH, "height": HEIGHT})


if __name__ == "__main__":
    main()
