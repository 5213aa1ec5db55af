"""What a test needs from the system itself, and what happens where that is not there."""

import os

import pytest


def missing(what, words):
    """Skip the test, loudly; fail it where TESTS_NEED names what is missing, as `.ci/run` does."""
    if what in os.environ.get("TESTS_NEED", "").split():
        pytest.fail(words)
    pytest.skip(words)
