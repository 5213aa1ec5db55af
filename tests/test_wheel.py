"""The wheel, built without a network and laid out as an installer lays it out."""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("api", "batching", "loaders")
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(folder / f"unisono-{VERSION}-py3-none-any.whl") as archive:
        yield archive


def test_the_wheel_holds_the_three_packages_the_schema_and_nothing_else(wheel):
    expected = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    metadata = {
        name for name in wheel.namelist() if name.startswith(f"unisono-{VERSION}.dist-info")
    }
    assert set(wheel.namelist()) - metadata == expected | {"api/schema.graphql"}
    assert {f"{package}/py.typed" for package in PACKAGES} <= expected
    assert wheel.read("api/schema.graphql") == (ROOT / "schema.graphql").read_bytes()


def installed(wheel, home):
    """Install the wheel, its dependencies borrowed from this environment; return the command."""
    venv.create(home, symlinks=True, with_pip=False)
    python = home / "bin" / "python"
    (packages,) = home.glob("lib/python*/site-packages")
    wheel.extractall(packages)
    # A folder named in a .pth is searched, but its own .pth files, our editable one, are not read.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    entries = configparser.ConfigParser()
    entries.read_string(wheel.read(f"unisono-{VERSION}.dist-info/entry_points.txt").decode())
    module, _, function = entries["console_scripts"]["unisono"].partition(":")
    script = home / "bin" / "unisono"
    script.write_text(
        f"#!{python}\nimport sys\nfrom {module} import {function}\nsys.exit(main())\n"
    )
    script.chmod(0o755)
    return script


def test_the_command_works_from_the_wheel_in_a_folder_with_an_api_of_its_own(wheel, tmp_path):
    command = installed(wheel, tmp_path / "home")
    here = tmp_path / "project"
    for package in PACKAGES:
        (here / package).mkdir(parents=True)
        (here / package / "__init__.py").write_text("raise SystemExit('the wrong package')\n")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}

    told = subprocess.run(
        [command, "--version"],
        cwd=here,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.split()[-1] == VERSION

    where = "import api, batching, loaders; print(*(m.__file__ for m in (api, batching, loaders)))"
    python = [tmp_path / "home" / "bin" / "python", "-I", "-c", where]
    told = subprocess.run(
        python, cwd=here, env=environment, capture_output=True, text=True, check=True
    )
    assert all(Path(file).is_relative_to(tmp_path / "home") for file in told.stdout.split())
