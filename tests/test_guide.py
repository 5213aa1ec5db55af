"""The guide to adding a provider does what it says: its files are made, and its tests pass."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("## Adding a provider")[1]
NEW = dict(re.findall(r"```python (\S+)\n(.*?)```", GUIDE, re.DOTALL))
CHANGES = re.findall(r"```diff\n--- (\S+)\n(.*?)```", GUIDE, re.DOTALL)

# What every provider goes through; none of it may have to know one of them.
CORE = ("batching/", "loaders/bundle", "loaders/loader", "loaders/provider.py", "api/resolvers")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The project with the guide followed."""
    tree = tmp_path_factory.mktemp("guide")
    for package in ("api", "batching", "loaders"):
        shutil.copytree(ROOT / package, tree / package, ignore=shutil.ignore_patterns("__py*"))
    (tree / "tests" / "api").mkdir(parents=True)
    for name in ("conftest.py", "canary.py"):
        shutil.copy(ROOT / "tests" / name, tree / "tests")
    shutil.copy(ROOT / "pyproject.toml", tree)
    for name, text in NEW.items():
        (tree / name).parent.mkdir(exist_ok=True)
        (tree / name).write_text(text, encoding="utf-8")
    for name, change in CHANGES:
        for hunk in change.split("@@\n"):
            follow(tree / name, hunk)
    return tree


def follow(path, hunk):
    """Change a file as a hunk of a diff says, at the one place where its context stands."""
    lines = hunk.splitlines(keepends=True)
    assert {line[0] for line in lines} <= {" ", "+"}, hunk
    before = "".join(line[1:] for line in lines if line[0] == " ")
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{path.name}: {before!r}"
    path.write_text(text.replace(before, "".join(line[1:] for line in lines)), encoding="utf-8")


def run(tree, *command):
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_it_takes_at_most_200_lines_and_none_in_the_core():
    added = [line for _, change in CHANGES for line in change.splitlines() if line[:1] == "+"]
    assert len(added) + sum(len(text.splitlines()) for text in NEW.values()) <= 200
    assert [name for name in [*NEW, *dict(CHANGES)] if name.startswith(CORE)] == []


def test_the_provider_of_the_guide_passes_its_tests(tree):
    status, told = run(tree, "pytest", "-q", "-p", "no:cacheprovider", "tests/api/test_jukebox.py")
    assert status == 0, told
    assert "2 passed" in told


def test_the_provider_of_the_guide_keeps_the_rules_of_the_house(tree):
    status, told = run(tree, "ruff", "check", "--no-cache", "loaders", "api")
    assert status == 0, told
