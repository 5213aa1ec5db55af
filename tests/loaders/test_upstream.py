"""aiodataloader's own tests, out of its source distribution, run against our loader."""

import hashlib
import inspect
import os
import re
import tarfile
from pathlib import Path

import pytest

from loaders.loader import Loader

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "tests" / "data" / "upstream.lock"
ARCHIVE = ROOT / ".venv" / "downloads" / "aiodataloader-0.4.3.tar.gz"
SUITE = "aiodataloader-0.4.3/test_aiodataloader.py"

# What is read differently. Upstream gives every caller of a key the same future, so that one who
# cancels it cancels it for all; ours gives each its own: the one assertion that cannot hold.
DIFFERENT = {
    "from aiodataloader import DataLoader\n": "",
    "pytestmark = pytest.mark.asyncio\n": "",
    "    assert promise1 == promise2\n": "    assert promise1 is not promise2\n",
}


def suite():
    """Return upstream's tests by name; without the archive there are none."""
    if not ARCHIVE.exists():
        if os.environ.get("CI") == "true":
            raise FileNotFoundError(f"{ARCHIVE}: `make` downloads it, and CI must not go without")
        return {}
    content = ARCHIVE.read_bytes()
    (locked,) = re.findall(r"sha256:(\w+)", LOCK.read_text(encoding="utf-8"))
    if hashlib.sha256(content).hexdigest() != locked:
        raise ValueError(f"{ARCHIVE}: its hash is not the one in {LOCK.name}; delete it")
    with tarfile.open(ARCHIVE) as archive:
        source = archive.extractfile(SUITE).read().decode()
    for theirs, ours in DIFFERENT.items():
        if source.count(theirs) != 1:
            raise ValueError(f"{SUITE}: expected {theirs!r} once, got {source.count(theirs)}")
        source = source.replace(theirs, ours)
    names = {"DataLoader": Loader, "__name__": "upstream"}
    exec(compile(source, SUITE, "exec"), names)
    return {name: value for name, value in names.items() if name.startswith("test_")}


TESTS = suite()


@pytest.mark.skipif(not TESTS, reason=f"upstream's tests are not there: {ARCHIVE} (run `make`)")
def test_all_of_upstreams_tests_are_here():
    assert len(TESTS) == 25
    assert all(map(inspect.iscoroutinefunction, TESTS.values()))


@pytest.mark.parametrize("name", TESTS)
async def test_of_upstream_passes(name):
    await TESTS[name]()
