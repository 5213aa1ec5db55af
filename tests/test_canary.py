"""The search for secrets finds them, wherever a test lets one out."""

import base64
import subprocess
import sys
from pathlib import Path

import pytest

from tests.canary import CANARY, KEYS, LeakError, look_for_secrets

LEAKS = """
import logging, sys
import pytest
from tests.canary import CANARY

def test_printed(): print(CANARY)
def test_in_an_error(): raise ValueError(CANARY)
def test_warned(): sys.stderr.write(CANARY)
def test_logged(): logging.getLogger("x").warning("it is %s", CANARY)

@pytest.fixture
def late():
    yield
    print(CANARY)

def test_after_it(late): pass
def test_that_is_well(): print("nothing")
"""


def test_a_test_that_lets_one_out_fails_and_does_not_tell_it(tmp_path):
    leaks = tmp_path / "test_leaks.py"
    leaks.write_text(LEAKS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", str(leaks)]
    command += ["--rootdir", str(tmp_path), "-p", "no:cacheprovider", "-p", "no:anyio"]
    root = Path(__file__).parents[1]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert "4 failed, 2 passed, 1 error" in done.stdout
    assert done.stdout.count("a secret stands after") >= 5
    assert "canary" not in done.stdout.replace("test_canary", "").replace("tests.canary", "")


@pytest.mark.parametrize(
    "text",
    [
        f"key={CANARY}",
        base64.b64encode(":".join(KEYS.values()).encode()),
        f"Bearer BQ{'0a' * 32}",
    ],
)
def test_a_key_a_login_and_a_token_are_found(text):
    with pytest.raises(LeakError, match=r"^here: a secret stands after"):
        look_for_secrets("here", text)
    look_for_secrets("here", "Bearer")
