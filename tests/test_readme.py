"""What the README says is so: its settings, its codes, its figures and its programs."""

import importlib
import re
import shlex
import sys
from pathlib import Path

import pytest

import api.errors
import loaders.errors
from api.cli import main
from api.testing import TestClient
from loaders import Settings
from loaders.providers import CONNECT
from loaders.settings import variables
from tests.benchmarks.loaders import CONTENDERS, MEASURES
from tests.defects import LOADERS, ROWS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_table_of_settings_is_what_the_code_reads():
    rows = re.findall(r"^\| `(UNISONO_\w+)` \| (?:`(.*?)`)? ?\| (.*?) \|$", README, re.MULTILINE)
    assert rows == [(each.name, each.default, each.description) for each in variables()]


def test_every_source_has_its_terms_and_is_kept_as_long_as_they_say():
    rows = re.findall(r"^\| ([\w ]+) \| .* \| .* \| (\d+) \+ (\d+) \|$", README, re.MULTILINE)
    told = {
        source.lower().replace(" ", "").removesuffix("archive"): (float(fresh), float(stale))
        for source, fresh, stale in rows
    }
    assert told == {
        name: (keep.fresh, keep.stale)
        for name in CONNECT
        for keep in [importlib.import_module(f"loaders.{name}").KEEP]
    }


def test_every_code_of_an_error_is_in_the_table_and_no_other():
    told = set(re.findall(r"`([A-Z]+_[A-Z_]+|OVERLOADED)`", README.split("## Errors")[1]))
    told -= {"UNISONO_DEADLINE"}
    code = re.compile(r'"([A-Z]+(?:_[A-Z]+)+|OVERLOADED)"')
    everywhere = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("api", "loaders")
        for path in (ROOT / folder).rglob("*.py")
    )
    errors = "".join(
        Path(module.__file__).read_text(encoding="utf-8") for module in (api.errors, loaders.errors)
    )
    assert told <= set(code.findall(everywhere))
    assert set(code.findall(errors)) <= told


def test_the_example_of_enrich_writes_what_it_shows(tmp_path, monkeypatch, capfd):
    shown = re.search(r"\$ cat songs.txt\n(.*?)```", README, re.DOTALL)[1]
    songs, command, said, lines = re.fullmatch(
        r"(.*)\$ unisono (.*?)\n(.*?)\n\$ cat songs.jsonl songs.failures.jsonl\n(.*)",
        shown,
        re.DOTALL,
    ).groups()
    monkeypatch.chdir(tmp_path)
    Path("songs.txt").write_text(songs, encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["unisono", *shlex.split(command)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert capfd.readouterr().err == f"{said}\n"
    written = "".join(
        Path(name).read_text(encoding="utf-8") for name in ("songs.jsonl", "songs.failures.jsonl")
    )
    assert written == lines


@pytest.mark.parametrize("program", [one for one in PROGRAMS if one.rstrip().endswith("main())")])
def test_a_program_of_the_readme_runs(program, capsys):
    exec(compile(program, "README.md", "exec"), {"__name__": "__main__"})
    capsys.readouterr()


async def test_a_hundred_tracks_with_genres_and_labels_cost_the_calls_it_shows():
    page = """query ($after: String) {
      search(text: "the", provider: SPOTIFY, first: 50, after: $after) {
        tracks { nodes { id } pageInfo { endCursor } } } }"""
    ids, after = [], None
    async with TestClient() as client:
        for _ in range(2):
            tracks = (await client.execute(page, {"after": after})).data["search"]["tracks"]
            ids += [track["id"] for track in tracks["nodes"]]
            after = tracks["pageInfo"]["endCursor"]
        answer = await client.execute(
            """query ($ids: [ID!]!) { tracks(ids: $ids) {
              name artists { name genres } album { name label } } }""",
            {"ids": ids},
        )
    shown = re.findall(
        r"^(spotify\.\w+) (\d+) asked, (\d+) different -> (\d+) calls$", README, re.MULTILINE
    )
    assert shown == [
        (row["loader"], *(str(row[name]) for name in ("asked", "distinct", "calls")))
        for row in answer.extensions["batching"]
    ]


def test_the_table_of_defects_has_each_of_them_and_ours_has_none():
    section = README.split("## Beside other loaders")[1].split("\n## ")[0]
    heading, _, *rows = re.findall(r"^\|.*\|$", section, re.MULTILINE)[: len(ROWS) + 2]
    assert heading == f"| defect | {' | '.join(LOADERS)} |"
    told = [row.strip("| ").split(" | ") for row in rows]
    assert [defect for defect, *_ in told] == list(ROWS)
    assert {ours for *_, ours in told} == {"ok"}


def test_the_table_of_costs_is_made_of_lines_that_the_benchmark_prints():
    section = README.split("## Beside other loaders")[1].split("\n## ")[0]
    heading, _, *rows = re.findall(r"^\|.*\|$", section, re.MULTILINE)[len(ROWS) + 2 :]
    assert heading == f"| ns per key | keys | {' | '.join(one.name for one in CONTENDERS)} |"
    printed = {one.__doc__ for one in MEASURES} | {"bytes, waiting", "bytes, waiting in a set"}
    assert {row.strip("| ").split(" | ")[0] for row in rows} <= printed
    assert {row.count("|") for row in rows} == {heading.count("|")}


async def test_the_table_of_providers_tells_the_keys_per_call_and_the_pace_of_each():
    rows = re.findall(
        r"^\| ([\w ]+) \| [^|]+ \| ([^|]+) \| ([^|]+) \| [^|]+ \| [^|]+ \|$", README, re.MULTILINE
    )
    told = {name.lower().replace(" ", "").removesuffix("archive"): them for name, *them in rows}
    async with TestClient() as client:
        for name, provider in client.engine.providers.on.items():
            keys, pace = told[name]
            sizes = {each.batch_size for each in provider.resources.values()}
            shown = {int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*\b", keys)}
            assert shown == sizes - {1}, name
            rate = Settings.model_fields[name].default.rate
            assert pace.startswith((f"{rate:g} a second",) if rate else ("no", "none")), name
