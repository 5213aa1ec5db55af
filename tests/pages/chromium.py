"""Chromium: where it is, and how it is started so that it speaks to nobody but us."""

import os
import shutil
from contextlib import contextmanager

from playwright.sync_api import sync_playwright

NONE_HERE = "NO CHROMIUM: no browser looked at the pages. Install chromium, or put it on the PATH."
PATH = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)

# As root, as in a container, it has no sandbox.
OPTIONS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
]


@contextmanager
def chromium():
    """Start the browser; yields it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PATH, args=OPTIONS)
        yield browser
        browser.close()
