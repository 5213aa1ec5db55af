"""Make a virtual environment hold what a lock file says: `environment.py .venv requirements.lock`.

Nothing is done when the environment's stamp says that it is so. The stamp is taken away before
anything is changed and written when all is done, so what was interrupted is done again from
nothing. uv does the work where there is one, pip elsewhere and where uv cannot.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import time
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUN = "requirements.lock"
DEVELOP = "requirements-dev.lock"  # holds the whole of the other, at the same versions
UPSTREAM = "tests/data/upstream.lock"  # sources whose own tests are run against ours


def key(home: Path, lock: str) -> str:
    """Return the stamp of a finished environment: a digest of all it was made from."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    # The settings of ruff, mypy and pytest change nothing that is installed.
    made_from = [project["project"], project["build-system"], project["tool"]["hatch"]]
    parts = [str(home), sys.version, sys.base_prefix, json.dumps(made_from)]
    parts += [(ROOT / lock).read_text(), Path(__file__).read_text()]
    parts += [(ROOT / UPSTREAM).read_text()] if lock == DEVELOP else []
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def install(home: Path, lock: str, tool: str, held: int) -> None:
    """Install what the lock names, then the project itself, editable and without dependencies."""
    python = str(home / "bin" / "python")
    pip = [python, "-I", "-m", "pip"]  # -I: what lies in this folder takes no part
    add = [tool, "pip", "install", "--quiet", "--python", python]
    if tool == "pip":
        add = [*pip, "install", "-qq", "--retries=2", "--no-compile"]  # compiling doubles the time
    commands = [
        [*add, "--require-hashes", "-r", lock],
        [*add, "--no-deps", "--no-build-isolation", "--editable", "."],
    ]
    if lock == DEVELOP:
        # Their tests are in the sources only. pip looks into sources before it hands them out,
        # with the build backend that is here by now.
        fetch = [*pip, "download", "-qq", "--no-deps", "--no-binary=:all:", "--no-build-isolation"]
        fetch += ["--require-hashes", "-r", UPSTREAM, "--dest", str(home / "downloads")]
        commands.append(fetch)
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    for command in commands:
        # Children share the lock: one that outlives a killed set-up still keeps others out.
        subprocess.run(command, cwd=ROOT, env=environment, check=True, pass_fds=[held])


def set_up(home: Path, lock: str, held: int, *, anew: bool) -> None:
    """Make the environment, or only add what development needs, with the first tool that can."""
    uv = os.environ.get("UV")
    for tool in filter(None, (uv, "pip")):
        print(f"Setting up {home.name} from {lock} with {Path(tool).name} ...", flush=True)
        with_pip = tool == "pip"
        anew = anew or (with_pip and not (home / "bin" / "pip").exists())
        if anew and with_pip and not importlib.util.find_spec("ensurepip"):
            sys.exit("This Python has no venv module (Debian: apt install python3-venv).")
        try:
            if anew:
                venv.create(home, clear=True, symlinks=True, with_pip=with_pip)
            install(home, lock, tool, held)
        except subprocess.CalledProcessError as error:
            print(f"{Path(tool).name} failed (exit code {error.returncode}).", file=sys.stderr)
            anew = True
        else:
            return
    sys.exit(
        f"{home.name} is not set up: the packages could not be fetched or installed (see above). "
        "Is this machine online? Then run the same command again."
    )


def main(name: str, lock: str) -> None:
    """Bring the environment of this name, a folder of the project, up to date."""
    home = ROOT / name
    stamp = home / "stamp"
    with Path(__file__).open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for another set-up to finish ...", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        found = stamp.read_text() if stamp.is_file() else ""
        if found in {key(home, lock), key(home, DEVELOP)}:
            return
        began = time.monotonic()
        stamp.unlink(missing_ok=True)
        set_up(home, lock, file.fileno(), anew=found != key(home, RUN))
        stamp.write_text(key(home, lock))
        print(f"{name} is ready ({time.monotonic() - began:.0f} s).", flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2])
    except KeyboardInterrupt:
        sys.exit("\nInterrupted: the next run sets up from the start.")
