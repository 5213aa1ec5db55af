"""The lock files, and the environment that `make` sets up from them."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUN, DEVELOP = "requirements.lock", "requirements-dev.lock"
UPSTREAM = "tests/data/upstream.lock"
WANTED = {
    RUN: [
        *PYPROJECT["project"]["dependencies"],
        *PYPROJECT["dependency-groups"]["build"],
        *PYPROJECT["build-system"]["requires"],
    ],
    DEVELOP: PYPROJECT["dependency-groups"]["dev"],
}


def locked(name):
    """Return the requirements of a lock file by name, and check that each carries its hashes."""
    requirements = {}
    for entry in re.split(r"\n(?=\S)", (ROOT / name).read_text().strip()):
        text, *hashes = re.split(r" \\\n    ", entry)
        assert hashes, text
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", line) for line in hashes), text
        requirement = Requirement(text)
        requirements[requirement.name] = requirement
    return requirements


@pytest.mark.parametrize("name", [RUN, DEVELOP])
def test_a_lock_pins_and_hashes_everything_the_project_asks_for(name):
    pins = locked(name)
    for wanted in map(Requirement, WANTED[name]):
        (pin,) = pins[canonicalize_name(wanted.name)].specifier
        assert pin.operator == "=="
        assert wanted.specifier.contains(pin.version), wanted


@pytest.mark.parametrize("name", [RUN, DEVELOP])
def test_a_lock_holds_no_address(name):
    assert "://" not in (ROOT / name).read_text()


def test_development_uses_the_very_versions_that_run():
    develop = locked(DEVELOP)
    assert {name: develop.get(name) for name in locked(RUN)} == locked(RUN)


def test_the_upstream_tests_are_those_of_the_version_that_runs():
    for name, version in re.findall(r"^(\w+)==(\S+)", (ROOT / UPSTREAM).read_text(), re.MULTILINE):
        assert str(locked(RUN)[name].specifier) == f"=={version}"


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """The set-up over a project of its own, with its work noted instead of done."""
    spec = importlib.util.spec_from_file_location("environment", ROOT / ".ci" / "environment.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / UPSTREAM).parent.mkdir(parents=True)
    for name in ("pyproject.toml", RUN, DEVELOP, UPSTREAM):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    monkeypatch.setattr(module, "ROOT", tmp_path)
    module.done = []

    def set_up(home, lock, _held, *, anew):
        home.mkdir(exist_ok=True)
        module.done.append((lock, "anew" if anew else "more"))

    monkeypatch.setattr(module, "set_up", set_up)
    return module


def test_nothing_is_set_up_twice(environment):
    for _ in range(2):
        environment.main(".venv", DEVELOP)
    environment.main(".venv", RUN)
    assert environment.done == [(DEVELOP, "anew")]


def test_development_is_added_to_what_runs(environment):
    environment.main(".venv", RUN)
    environment.main(".venv", DEVELOP)
    environment.main(".venv", RUN)
    assert environment.done == [(RUN, "anew"), (DEVELOP, "more")]


@pytest.mark.parametrize("name", ["pyproject.toml", RUN])
def test_a_change_of_what_is_installed_makes_the_environment_anew(environment, tmp_path, name):
    environment.main(".venv", RUN)
    text = (tmp_path / name).read_text()
    (tmp_path / name).write_text(text.replace(">=", ">").replace("==", "===="))
    environment.main(".venv", RUN)
    assert environment.done == [(RUN, "anew"), (RUN, "anew")]


def test_a_change_of_a_linters_settings_changes_no_environment(environment, tmp_path):
    environment.main(".venv", RUN)
    text = (tmp_path / "pyproject.toml").read_text()
    (tmp_path / "pyproject.toml").write_text(text.replace("line-length = 100", "line-length = 99"))
    environment.main(".venv", RUN)
    assert environment.done == [(RUN, "anew")]


@pytest.mark.parametrize("lock", [RUN, DEVELOP])
def test_an_interrupted_set_up_is_done_again_from_nothing(environment, monkeypatch, lock):
    environment.main(".venv", RUN)

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(environment, "set_up", interrupted)
        with pytest.raises(KeyboardInterrupt):
            environment.main(".venv", DEVELOP)
    environment.main(".venv", lock)
    assert environment.done == [(RUN, "anew"), (lock, "anew")]


def test_a_moved_environment_is_made_anew(environment, tmp_path):
    environment.main(".venv", RUN)
    (tmp_path / ".venv").rename(tmp_path / ".venv-moved")
    environment.main(".venv-moved", RUN)
    assert environment.done == [(RUN, "anew"), (RUN, "anew")]


@pytest.mark.parametrize(
    ("python", "complaint"),
    [("nowhere/python", "does not run"), ("./old", "is 3.8"), ("./two", "is 2.7")],
)
def test_an_unfit_python_is_refused_in_one_line(tmp_path, python, complaint):
    for name, version in {"old": "3.8", "two": "2.7"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\necho {version}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / ".ci").mkdir()
    finder = tmp_path / ".ci" / "python"
    finder.write_bytes((ROOT / ".ci" / "python").read_bytes())

    found = subprocess.run(
        ["/bin/sh", finder], env={"PYTHON": python}, capture_output=True, text=True, check=False
    )

    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr == f"Unisono needs Python 3.11 or later; PYTHON={python} {complaint}.\n"


def test_the_python_named_is_the_python_used():
    finder = [ROOT / ".ci" / "python"]
    found = subprocess.run(
        finder, env={"PYTHON": sys.executable}, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == sys.executable
