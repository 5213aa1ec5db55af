"""The tests on each other tested Python that is here, all at a time: `others.py [ARGUMENT ...]`.

The arguments are pytest's. Each Python has an environment of its own; the one that runs this is
left out.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VERSIONS = ("3.11", "3.12", "3.13")


def find(version: str) -> str | None:
    """Return the Python of a version, if there is one here."""
    asked = [".ci/python", version]
    found = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    return found.stdout.strip() or None


def main(arguments: list[str]) -> int:
    """Set each up, run all, then print what each said; return how many failed."""
    own = "{}.{}".format(*sys.version_info)
    pythons = {version: find(version) for version in VERSIONS if version != own}
    commands: list[list[str]] = []
    for version, python in pythons.items():
        if python is not None:
            set_up = [python, ".ci/environment.py", f".venv-{version}", "requirements-dev.lock"]
            subprocess.run(set_up, cwd=ROOT, check=True)
            commands.append([f".venv-{version}/bin/pytest", "--quiet", *arguments])
    with ExitStack() as files:
        said = [files.enter_context(tempfile.TemporaryFile("w+")) for _ in commands]
        running = [
            subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT)
            for command, file in zip(commands, said, strict=True)
        ]
        for command, process, file in zip(commands, running, said, strict=True):
            process.wait()
            file.seek(0)
            print(*command)
            print(file.read(), flush=True)
    return sum(process.returncode != 0 for process in running)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
