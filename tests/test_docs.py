"""Every program and command of the documents runs, and prints what stands below it."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.served import COMPILED, here, process

DOCS = sorted((Path(__file__).parents[1] / "docs").glob("*.md"))
BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SERVED = "http://127.0.0.1:8000"


def blocks(path):
    return BLOCK.findall(path.read_text(encoding="utf-8"))


def with_block(language):
    return [path for path in DOCS if any(each == language for each, _ in blocks(path))]


@pytest.fixture(scope="module")
def demo():
    with process("serve", "--demo") as (_, port):
        yield here(port)


@pytest.mark.parametrize("path", with_block("python"), ids=lambda path: path.name)
def test_the_programs_of_a_document_run_and_print_what_it_shows(path, demo, capsys):
    shared = {"__name__": path.stem}
    printed = ""
    for language, text in blocks(path):
        if language == "python":
            assert printed == "", "what it prints is not shown"
            exec(compile(text.replace(SERVED, demo), path.name, "exec"), shared)
            printed = capsys.readouterr().out
        if language == "text":
            assert printed == text
            printed = ""
    assert printed == ""


COMMAND = re.compile(
    r"^\$ \.venv/bin/unisono ((?:query|cost) .*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE
)
QUERIES = [
    pytest.param(command, shown, id=f"{path.name}: {command[:40]}")
    for path in with_block("console")
    for language, text in blocks(path)
    for command, shown in COMMAND.findall(text)
    if language == "console"
]


@pytest.mark.parametrize(("command", "shown"), QUERIES)
def test_a_query_of_a_document_is_answered_as_it_shows(command, shown, monkeypatch):
    for name, value in COMPILED.items():
        monkeypatch.setenv(name, value)
    program = [sys.executable, "-m", "api.cli", *shlex.split(command)]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    assert done.stdout == shown


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_the_links_of_a_document_lead_somewhere(path):
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8")):
        assert (path.parent / link).exists(), link


def test_the_reference_is_what_the_code_says():
    root = Path(__file__).parents[1]
    program = [sys.executable, str(root / ".ci" / "reference.py")]
    done = subprocess.run(program, capture_output=True, text=True, check=True, cwd=root)
    assert (root / "docs" / "reference.md").read_text(encoding="utf-8") == done.stdout, (
        "make export"
    )
