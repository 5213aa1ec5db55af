"""The command line, as one types it."""

import io
import json
import re
import shlex
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import pytest

from api.cli import main
from api.schema import sdl


@pytest.fixture
def unisono(monkeypatch, capfdbinary):
    """Run the command in this process; returns what it printed and its exit code."""

    def run(*arguments, stdin=b"", **environ):
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["unisono", *arguments])
            patch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(stdin)))
            for name, value in environ.items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as caught:
                main()
        printed = capfdbinary.readouterr()
        return SimpleNamespace(returncode=caught.value.code, stdout=printed.out, stderr=printed.err)

    return run


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    for name in ("CLIENT_ID", "CLIENT_SECRET", "BASE_URL", "TOKEN_URL"):
        monkeypatch.delenv(f"UNISONO_SPOTIFY_{name}", raising=False)


def told(finished):
    return finished.returncode, finished.stderr.decode().splitlines()


SEARCH = '{ search(text: "harbour", provider: SPOTIFY, first: 1) { tracks { nodes { name } } } }'


def test_a_query_is_answered_by_the_demo(unisono):
    finished = unisono("query", SEARCH, "--demo")
    assert told(finished) == (0, [])
    answer = json.loads(finished.stdout)
    assert "arbour" in answer["data"]["search"]["tracks"]["nodes"][0]["name"]
    assert set(answer) == {"data"}


def test_its_batches_are_drawn_beside_the_answer(unisono):
    finished = unisono("query", SEARCH, "--demo", "--trace", COLUMNS="80")
    assert set(json.loads(finished.stdout)) == {"data"}
    code, (batch, total) = told(finished)
    assert code == 0
    assert re.fullmatch(r"spotify\.search  1 key  ╌*━+  +[<.\d]+ m?s  200", batch)
    assert re.fullmatch(r"1 key asked, 1 call made, 0 calls saved, in [<.\d]+ m?s", total)


def test_a_document_comes_from_a_file_or_standard_input(unisono, tmp_path):
    path = tmp_path / "query.graphql"
    path.write_text("query ($x: Boolean!) { __typename @include(if: $x) }", encoding="utf-8")
    variables = ("--variables", '{"x": true}', "--demo")
    from_file = unisono("query", f"@{path}", *variables)
    from_stdin = unisono("query", "-", *variables, stdin=path.read_bytes())
    assert json.loads(from_file.stdout) == {"data": {"__typename": "Query"}}
    assert from_stdin.stdout == from_file.stdout


def test_an_answer_with_errors_is_printed_and_exits_with_one(unisono):
    finished = unisono("query", '{ track(id: "x") { name } }', "--demo")
    assert finished.returncode == 1
    answer = json.loads(finished.stdout)
    assert answer["data"] == {"track": None}
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


def test_without_keys_the_error_says_what_to_set(unisono):
    finished = unisono("query", '{ track(id: "spotify:track:0000000000000000000000") { name } }')
    assert finished.returncode == 1
    [error] = json.loads(finished.stdout)["errors"]
    assert error["extensions"]["code"] == "PROVIDER_NOT_CONFIGURED"
    assert "UNISONO_SPOTIFY_CLIENT_ID" in error["message"]


@pytest.mark.parametrize("variables", ["", "[1]", "{", '{"a": NaN}', "null"])
def test_variables_that_are_no_object_are_refused_in_one_line(unisono, variables):
    code, lines = told(unisono("query", "{ __typename }", "--variables", variables, "--demo"))
    assert code == 2
    assert len(lines) == 1
    assert lines[0].startswith("unisono: --variables: expected a JSON object")


def test_a_file_that_is_not_there_is_refused_in_one_line(unisono):
    code, lines = told(unisono("query", "@/nowhere/query.graphql", "--demo"))
    assert (code, lines) == (2, ["unisono: /nowhere/query.graphql: No such file or directory"])


def test_a_document_that_is_not_text_is_refused_in_one_line(unisono):
    code, lines = told(unisono("query", "-", "--demo", stdin=b"\xff"))
    assert (code, lines) == (2, ["unisono: standard input: expected UTF-8"])


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("query", "{ __typename }")])
def test_a_broken_setting_is_told_in_one_line_by_its_name(unisono, command):
    code, lines = told(unisono(*command, UNISONO_DEADLINE="soon"))
    assert code == 2
    assert len(lines) == 1
    assert lines[0].startswith("unisono: UNISONO_DEADLINE: expected ")
    assert lines[0].endswith("got 'soon'")


def test_a_secret_that_is_broken_is_not_shown(unisono):
    finished = unisono("serve", "--port", "0", UNISONO_SPOTIFY_CLIENT_SECRET="can ary")
    assert finished.returncode == 2
    assert b"can ary" not in finished.stdout + finished.stderr
    assert b"UNISONO_SPOTIFY_CLIENT_SECRET" in finished.stderr


@pytest.mark.parametrize("command", [("serve", "--demo"), ("simulate",)])
def test_a_port_in_use_is_told_in_one_line(unisono, command):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, lines = told(unisono(*command, "--port", port))
    assert code == 1
    assert lines == [
        f"unisono: port {port} on 127.0.0.1 is in use; choose another with --port or --host"
    ]


def test_a_host_that_is_not_ours_is_told_in_one_line(unisono):
    code, lines = told(unisono("serve", "--demo", "--host", "192.0.2.1", "--port", "0"))
    assert code == 1
    assert len(lines) == 1
    assert lines[0].startswith("unisono: port 0 on 192.0.2.1 cannot be used: ")


def test_the_demo_has_one_worker(unisono):
    code, lines = told(unisono("serve", "--demo", "--workers", "2"))
    assert code == 2
    assert lines == [
        "unisono: --workers: expected 1 with --demo: its simulator lives in one process"
    ]


def test_the_schema_is_printed_and_checked(unisono, tmp_path):
    assert unisono("schema").stdout.decode() == sdl()
    path = tmp_path / "schema.graphql"
    path.write_text(sdl(), encoding="utf-8")
    assert told(unisono("schema", "--check", str(path))) == (0, [])
    path.write_text(sdl().replace("durationMs: Int\n", "duration: Int\n"), encoding="utf-8")
    finished = unisono("schema", "--check", str(path))
    assert told(finished) == (
        1,
        [f"unisono: {path}: expected the schema as `unisono schema` prints it"],
    )
    lines = finished.stdout.decode().splitlines()
    assert "-  duration: Int" in lines
    assert "+  durationMs: Int" in lines


def test_the_cost_of_a_document_is_what_the_readme_shows(unisono):
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    command, shown = re.search(
        r"^\$ \S+/unisono (cost .*)\n((?:.+\n)*?)```", readme, re.MULTILINE
    ).groups()
    finished = unisono(*shlex.split(command))
    assert told(finished)[0] == 0
    assert finished.stdout.decode() == shown


def test_a_document_that_costs_more_than_it_may_fails_a_build(unisono):
    ids = [f"musicbrainz:artist:00000000-0000-4000-8000-{n:012}" for n in range(3)]
    document = "query ($ids: [ID!]!) { artists(ids: $ids) { albums { nodes { name } } } }"
    variables = json.dumps({"ids": ids})
    finished = unisono("cost", document, "--variables", variables, "--max-calls", "3")
    assert told(finished) == (1, ["unisono: expected at most 3 calls, got up to 7"])
    lines = finished.stdout.decode().splitlines()
    assert lines[-2:] == [
        "musicbrainz                      7 calls, 7.0 s at its pace",
        "at most                          7 calls",
    ]


def test_the_cost_of_a_document_is_told_to_machines_as_json(unisono):
    finished = unisono(
        "cost", '{ artist(id: "spotify:artist:0000000000000000000000") { name } }', "--json"
    )
    assert json.loads(finished.stdout) == {
        "calls": 1,
        "providers": [{"provider": "spotify", "calls": 1, "seconds": None}],
        "loaders": {"spotify.artists": 1},
    }


def test_the_help_tells_the_exit_codes_and_how_a_shell_completes(unisono):
    text = " ".join(unisono("--help").stdout.decode().split())
    for told_there in ("0 all is well", "130 interrupted", "--install-completion"):
        assert told_there in text
    asked = {"_UNISONO_COMPLETE": "complete_bash", "COMP_WORDS": "unisono co", "COMP_CWORD": "1"}
    assert unisono(**asked).stdout.decode().split() == ["cost"]


def test_the_version_is_told(unisono):
    finished = unisono("--version")
    assert finished.stdout.decode().startswith("unisono ")
    assert finished.returncode == 0


def test_without_a_command_there_is_help(unisono):
    finished = unisono()
    for command in ("serve", "query", "schema", "simulate"):
        assert command in (finished.stdout + finished.stderr).decode()


def test_it_serves_and_ends_when_interrupted():
    command = [sys.executable, "-m", "api.cli", "serve", "--demo", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as server:
        announced = server.stderr.readline().decode()
        url = re.fullmatch(r"Unisono: (http://127\.0\.0\.1:\d+) \(demo: .*\)\n", announced)[1]
        request = urllib.request.Request(
            f"{url}/graphql",
            json.dumps({"query": SEARCH}).encode(),
            {"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=20) as response:
            answer = json.load(response)
        server.send_signal(signal.SIGINT)
        server.stderr.read()
    assert "arbour" in answer["data"]["search"]["tracks"]["nodes"][0]["name"]
    assert server.returncode == 0


def test_a_plan_is_printed_and_nobody_is_asked(unisono):
    finished = unisono("query", "{ tracks(ids: []) { artists { genres } } }", "--plan")
    assert (finished.returncode, finished.stdout.decode().splitlines()) == (
        0,
        [
            "tracks: [Track]",
            "  artists                        attribute  [Artist!]!",
            "    genres                       batch      [String!]",
        ],
    )
