"""The rules of the house that no linter knows: what lies where, what is said, who imports whom."""

from __future__ import annotations

import ast
import fnmatch
import importlib
import io
import re
import shutil
import subprocess
import sys
import tokenize
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("api", "batching", "loaders")
TOP_LEVEL = {
    *PACKAGES, "tests", "docs", ".ci", ".git", ".gitignore", "pyproject.toml", "schema.graphql",
    "README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile", "Dockerfile",
    "requirements.lock", "requirements-dev.lock",
}  # fmt: skip

# In the patterns one letter stands in brackets, so that they do not find themselves.
REGISTRY = (
    r"pyp[i]\.org|pythonhoste[d]\.org|npmj[s]\.(?:com|org)|/simpl[e]/|index-ur[l]|find-link[s]"
)
MACHINE = r"/(?:wor[k]|roo[t]|hom[e]/\w+|User[s]/\w+)/"
UNFINISHED = r"NotImplementedErro[r]|\bTOD[O]\b|\bFIXM[E]\b|\bXX[X]\b"
EXCEPTION = re.compile(
    r"#\s*(?:type:\s*ignore(?P<type>\[[^]]+\])?|noqa(?P<rule>:\s*\w+(?:,\s*\w+)*)?"
    r"|(?P<cover>pragma: no \w+))(?P<reason>.*)"
)
# PageInfo alone may: that is the name Relay gives it.
EMPTY_WORDS = {"manager", "helper", "util", "service", "handler", "data", "info"}

# What others wrote, and we only pack (.ci/graphiql).
PACKED = ROOT / "api" / "pages" / "graphiql"

IGNORED = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text().split()]


def is_ours(path):
    return not any(fnmatch.fnmatch(path.name, pattern) for pattern in IGNORED)


def files_under(folder):
    for path in filter(is_ours, sorted(folder.iterdir())):
        if path.name == ".git":  # a folder, or in a worktree a file
            continue
        if path.is_dir():
            yield from files_under(path)
        elif path.is_file():
            yield path


FILES = list(files_under(ROOT))
SOURCES = [path for path in FILES if path.suffix == ".py"]
MODULES = [path for path in SOURCES if path.relative_to(ROOT).parts[0] in PACKAGES]


def matches(pattern, paths=FILES):
    found = []
    for path in paths:
        lines = path.read_text(errors="replace").splitlines()
        found += [
            f"{path.relative_to(ROOT)}:{number}: {match[0]}"
            for number, line in enumerate(lines, 1)
            if (match := re.search(pattern, line))
        ]
    return found


def package_of(path):
    return path.relative_to(ROOT).parts[0]


def names_in(statement):
    if isinstance(statement, ast.Import):
        return [alias.name for alias in statement.names]
    return [statement.module or ""] if isinstance(statement, ast.ImportFrom) else []


def imports_in(tree):
    return [name.split(".")[0] for node in ast.walk(tree) for name in names_in(node)]


def test_nothing_else_lies_at_the_top():
    assert {path.name for path in ROOT.iterdir() if is_ours(path)} <= TOP_LEVEL


def test_no_text_names_a_registry():
    assert matches(REGISTRY) == []


def test_no_text_names_a_place_on_somebodys_machine():
    assert matches(MACHINE) == []


def test_nothing_is_left_unfinished():
    ours = [path for path in FILES if PACKED not in path.parents]
    assert matches(UNFINISHED, ours) == []


def test_every_exception_to_a_rule_names_the_rule_and_the_reason():
    bare = []
    for path in SOURCES:
        for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
            if token.type != tokenize.COMMENT or not (match := EXCEPTION.search(token.string)):
                continue
            rule = match["type"] or match["rule"] or match["cover"]
            if not rule or len(match["reason"].strip(" #-:;")) < len("a why"):
                bare.append(f"{path.relative_to(ROOT)}:{token.start[0]}: {token.string}")
    assert bare == []


def test_modules_and_classes_have_names_that_say_something():
    names = {path.stem for path in MODULES}
    for path in MODULES:
        tree = ast.parse(path.read_text())
        names |= {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    says_nothing = [
        name
        for name in sorted(names - {"PageInfo"})
        if EMPTY_WORDS.intersection(
            word.lower().rstrip("s") for word in re.findall(r"[A-Z]?[a-z]+", name)
        )
    ]
    assert says_nothing == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_is_typed(package):
    assert (ROOT / package / "py.typed").read_bytes() == b""


def exports(package):
    return getattr(importlib.import_module(package), "__all__", [])


@pytest.mark.parametrize("package", [*PACKAGES, "api.testing"])
def test_a_front_door_offers_all_that_it_brings_together(package):
    tree = ast.parse((ROOT / package.replace(".", "/") / "__init__.py").read_text())
    brought = [
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] in PACKAGES
        for alias in node.names
    ]
    assert sorted(exports(package)) == sorted(brought)


def test_whatever_is_taken_from_a_package_stands_in_its_all():
    packages = {
        ".".join(path.parent.relative_to(ROOT).parts): path.parent
        for path in MODULES
        if path.name == "__init__.py"
    }
    hidden = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.ImportFrom) or node.module not in packages:
                continue
            folder, offered = packages[node.module], exports(node.module)
            names = {alias.name for alias in node.names}
            modules = {name for name in names if any(folder.glob(f"{name}*"))}
            hidden += [
                f"{path.relative_to(ROOT)}: {node.module}.{name}"
                for name in sorted(names - modules - set(offered))
            ]
    assert hidden == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_in_an_all_exists(package):
    module = importlib.import_module(package)
    assert [name for name in exports(package) if not hasattr(module, name)] == []


def test_batching_imports_the_standard_library_only():
    allowed = {"batching", *sys.stdlib_module_names}
    for path in MODULES:
        if package_of(path) == "batching":
            assert set(imports_in(ast.parse(path.read_text()))) <= allowed, path.name


def test_no_function_imports_from_another_layer():
    late = []
    for path in MODULES:
        others = set(PACKAGES) - {package_of(path)}
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                crossing = others.intersection(imports_in(node))
                late += [f"{path.relative_to(ROOT)}: {node.name}: {name}" for name in crossing]
    assert late == []


# What breaks each contract of pyproject.toml, and that one only: a module and what it imports,
# inside a function. A `leaf` imports nothing itself.
BREACHES = {
    "api over loaders over batching, never upward": [("loaders.up", "api.leaf")],
    "no circles": [("batching.one", "batching.two"), ("batching.two", "batching.one")],
    "batching is standard library only": [("batching.outward", "msgspec")],
    "batching is entered through its front door": [("loaders.window", "batching.leaf")],
    "loaders know no GraphQL and no command line": [("loaders.across", "graphql")],
    "no provider knows another, nor the simulator any of them": [
        ("loaders.simulator.aside", "loaders.spotify.leaf")
    ],
    "httpx enters through two files": [("loaders.other", "httpx")],
    "aiohttp carries httpx, in those files": [("loaders.carrier", "aiohttp")],
    "redis enters through one file": [("loaders.shared.beside", "redis")],
    "opentelemetry, an extra, enters through one file": [("api.other", "opentelemetry")],
    "aiodataloader enters through one file": [("loaders.another", "aiodataloader")],
}
LEAVES = ("api.leaf", "batching.leaf", "loaders.spotify.leaf")


def lint_imports(folder):
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]
    command += ["--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_every_contract_catches_its_own_breach_even_inside_a_function(tmp_path):
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__py*"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for module in LEAVES:
        (tmp_path / module.replace(".", "/")).with_suffix(".py").write_text("")
    for breach in BREACHES.values():
        for module, imported in breach:
            path = (tmp_path / module.replace(".", "/")).with_suffix(".py")
            path.write_text(f"def late():\n    import {imported}\n")

    report = lint_imports(tmp_path)

    verdicts = re.findall(r"^(.+) (KEPT|BROKEN)$", report.stdout, flags=re.MULTILINE)
    assert dict(verdicts) == dict.fromkeys(BREACHES, "BROKEN"), report.stdout + report.stderr
    assert report.returncode == 1


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture
def unisono(monkeypatch, capsys):
    def call(*arguments):
        main = importlib.import_module("api.cli").main
        monkeypatch.setattr(sys, "argv", ["unisono", *arguments])
        monkeypatch.setenv("COLUMNS", "200")
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code in {0, None}
        return capsys.readouterr().out

    return call


def test_the_command_tells_the_version_of_the_project(unisono, project):
    assert unisono("--version").split()[-1] == project["version"]


def commands_in(text, program):
    """Return the words after `program` wherever a document shows it as a command."""
    return set(re.findall(rf"(?:^|[`$] ?|&& ){program} ([a-z]+)", text, flags=re.MULTILINE))


DOCUMENTS = [path for path in FILES if path.suffix == ".md"]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_a_document_shows_exists(path, unisono):
    text = path.read_text()
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert commands_in(text, "make") <= set(targets)
    if shown := commands_in(text, "unisono"):
        assert shown <= set(re.findall(r"\w+", unisono("--help").partition("Commands")[2]))
    for command, options in re.findall(r"unisono ([a-z]+)((?: \S+)*? --[a-z].*)", text):
        told = unisono(command, "--help")
        assert [o for o in re.findall(r"--[a-z-]+", options) if o not in told] == [], command
