"""`unisono enrich`, as one types it: what it writes, what it asks, what it says, how it ends."""

import asyncio
import io
import json
import os
import signal
import sys
from types import SimpleNamespace

import pytest

from api.cli import main
from api.enrich import command, run, windows
from loaders.simulator import Simulator

NO_TRACK = "spotify:track:0000000000000000000000"


@pytest.fixture
def simulator(monkeypatch):
    simulator = Simulator()
    simulator.musicbrainz.calls_per_second = None
    monkeypatch.setattr(command, "Simulator", lambda: simulator)
    return simulator


@pytest.fixture
def tracks(simulator):
    return simulator.catalogue.tracks


class Enriching:
    """A folder in which the command is run."""

    def __init__(self, folder, monkeypatch, capfd):
        self.folder, self._monkeypatch, self._capfd = folder, monkeypatch, capfd
        self.output = folder / "out.jsonl"
        self.failures = folder / "out.failures.jsonl"

    def __call__(self, text, fields="name", *options, name="in.txt", stdin=None):
        """Run it over a text; return its exit code and what it said."""
        path = self.folder / name
        if stdin is None:
            path.write_text(text, encoding="utf-8")
        asked = ["enrich", "-" if stdin is not None else str(path), "-o", str(self.output)]
        with self._monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["unisono", *asked, "--fields", fields, "--demo", *options])
            patch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO((stdin or "").encode())))
            with pytest.raises(SystemExit) as ended:
                main()
        said = self._capfd.readouterr()
        assert said.out == ""
        return ended.value.code or 0, said.err.replace(str(self.folder) + os.sep, "").splitlines()

    def read(self, path):
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def enrich(tmp_path, monkeypatch, capfd, simulator):  # noqa: ARG001  it is there when it runs
    return Enriching(tmp_path, monkeypatch, capfd)


def listed(refs):
    return "".join(f"{ref}\n" for ref in refs)


def spotify(tracks):
    return [f"spotify:track:{track.spotify_id}" for track in tracks]


def asked(simulator):
    return [(call.route, len(call.ids)) for call in simulator.calls if call.token_ok]


def test_every_line_has_its_object_and_a_hundred_cost_two_calls(enrich, simulator, tracks):
    code, said = enrich(listed(spotify(tracks[:100])), "id, name, artists.name")
    assert (code, said) == (0, ["unisono: 100 lines in out.jsonl; 2 calls, 98 saved"])
    assert enrich.read(enrich.output) == [
        {
            "line": number,
            "ref": f"spotify:track:{track.spotify_id}",
            "data": {
                "id": f"spotify:track:{track.spotify_id}",
                "name": track.name,
                "artists": [{"name": artist.name} for artist in track.artists],
            },
        }
        for number, track in enumerate(tracks[:100], 1)
    ]
    assert asked(simulator) == [("GET /v1/tracks", 50)] * 2
    assert not enrich.failures.exists()


def test_ids_links_and_isrcs_of_every_provider_go_into_one_file(enrich, simulator):
    album = simulator.catalogue.albums[0]
    track = album.tracks[0]
    refs = [
        f"https://open.spotify.com/intl-de/track/{track.spotify_id}?si=x",
        f"musicbrainz:recording:{track.recording.mbid.upper()}",
        f"deezer.com/en/track/{track.deezer_id}",
        "gb-q17-19-00001",
    ]
    code, _ = enrich(listed(refs), "id", "--provider", "deezer", "--provider", "musicbrainz")
    assert code == 0
    found = {line["ref"]: line["data"] for line in enrich.read(enrich.output)}
    ids = [
        f"spotify:track:{track.spotify_id}",
        f"musicbrainz:track:{track.recording.mbid}",
        f"deezer:track:{track.deezer_id}",
    ]
    assert [found[ref] for ref in refs[:3]] == [{"id": id_} for id_ in ids]
    by_isrc = [each["id"] for each in found[refs[3]]]
    assert by_isrc[0].startswith("deezer:")
    assert ids[1] in by_isrc[1:]
    assert not any(id_.startswith("spotify:") for id_ in by_isrc)


@pytest.mark.parametrize(
    ("name", "text", "options"),
    [
        ("in.csv", "title,id\nx,{0}\ny,{1}\n", ()),
        ("in.csv", "title,id,mine\nx,,{0}\ny,,{1}\n", ("--column", "mine")),
        ("in.jsonl", '{{"id": "{0}"}}\n"{1}"\n', ()),
        ("in.txt", '{{"id": "{0}"}}\n"{1}"\n', ("--format", "jsonl")),
        ("in.txt", "{0}\n\n{1}", ()),
    ],
)
def test_every_format_says_the_same(enrich, tracks, name, text, options):
    refs = spotify(tracks[:2])
    assert enrich(text.format(*refs), "name", *options, name=name)[0] == 0
    assert [line["ref"] for line in enrich.read(enrich.output)] == refs


def test_standard_input_is_read_and_gone_on_with(enrich, simulator, tracks):
    refs = spotify(tracks[:30])
    assert enrich("", stdin=listed(refs[:20]))[0] == 0
    code, said = enrich("", stdin=listed(refs))
    assert (code, said) == (0, ["unisono: 30 lines in out.jsonl; 1 calls, 9 saved"])
    assert [len(call.ids) for call in simulator.calls if call.token_ok] == [20, 10]
    assert [line["ref"] for line in enrich.read(enrich.output)] == refs


def test_what_failed_has_a_file_of_its_own_with_its_reasons(enrich, simulator, tracks):
    artist = f"spotify:artist:{tracks[0].artists[0].spotify_id}"
    refs = [*spotify(tracks[:1]), "no id", NO_TRACK, artist, "USZZZ0000000"]
    code, said = enrich(listed(refs), "name, isrc", "--provider", "spotify")
    assert code == 1
    assert said == [
        "unisono: 1 lines in out.jsonl; 4 failed, in out.failures.jsonl; 2 calls, 1 saved"
    ]
    assert [line["line"] for line in enrich.read(enrich.output)] == [1]
    failures = enrich.read(enrich.failures)
    reasons = [(each["line"], each["ref"], each["retryable"]) for each in failures]
    assert reasons == [(number, refs[number - 1], False) for number in (2, 3, 4, 5)]
    assert [each["errors"][0]["code"] for each in failures] == [
        "BAD_USER_INPUT",
        "NOT_FOUND",
        "BAD_USER_INPUT",
        "NOT_FOUND",
    ]
    assert "expected a reference to what has these fields: track" in str(failures[2]["errors"])
    # The same command again has nothing to do, and still tells that some have failed.
    simulator.reset()
    assert enrich(listed(refs), "name, isrc", "--provider", "spotify")[0] == 1
    assert (simulator.calls, enrich.read(enrich.failures)) == ([], failures)


def test_what_may_be_answered_later_is_asked_by_the_next_run_and_nothing_else(
    enrich, simulator, tracks
):
    text = listed([*spotify(tracks[:3]), "no id"])
    simulator.fault("GET /v1/albums", status=500)
    code, said = enrich(text, "name, album.label")
    assert code == 1
    assert said[-1] == (
        "unisono: 3 of those that failed may be answered another time: "
        "the same command tries them again"
    )
    failure = enrich.read(enrich.failures)[0]
    assert (failure["line"], failure["retryable"]) == (1, True)
    assert failure["data"] == {"name": tracks[0].name, "album": {"label": None}}
    [error] = failure["errors"]
    assert (error["code"], error["provider"], error["path"]) == (
        "UPSTREAM_UNAVAILABLE",
        "spotify",
        ["album", "label"],
    )
    simulator.reset()
    code, _ = enrich(text, "name, album.label")
    assert code == 1
    assert [route for route, _ in asked(simulator)] == ["GET /v1/tracks", "GET /v1/albums"]
    lines = enrich.read(enrich.output)
    assert [line["line"] for line in lines] == [1, 2, 3]
    assert lines[0]["data"] == {
        "name": tracks[0].name,
        "album": {"label": tracks[0].album.label},
    }
    assert [failure["line"] for failure in enrich.read(enrich.failures)] == [4]


def test_lines_that_are_added_to_the_end_are_asked_and_others_are_refused(
    enrich, simulator, tracks
):
    refs = spotify(tracks[:6])
    assert enrich(listed(refs[:3]))[0] == 0
    before = enrich.output.read_bytes()
    made_of_others = (
        "unisono: in.txt: expected the 3 lines that out.jsonl was made of to begin with, got others"
    )
    for others in (refs[1:4], refs[:2], ["x", *refs], [*refs[:2], refs[3]]):
        assert enrich(listed(others)) == (2, [made_of_others])
        assert enrich.output.read_bytes() == before
    simulator.reset()
    assert enrich(listed(refs))[0] == 0
    assert asked(simulator) == [("GET /v1/tracks", 3)]
    assert [line["line"] for line in enrich.read(enrich.output)] == [1, 2, 3, 4, 5, 6]


def test_other_fields_are_refused_and_the_same_written_otherwise_are_not(enrich, tracks):
    text = listed(spotify(tracks[:2]))
    assert enrich(text, "name, artists.name")[0] == 0
    assert enrich(text, "name artists { name }")[0] == 0
    begun_otherwise = (
        "unisono: out.jsonl: was begun with another --fields; give the same, "
        "or choose another OUTPUT"
    )
    assert enrich(text, "name") == (2, [begun_otherwise])


@pytest.mark.parametrize(
    ("command_line", "complaint"),
    [
        (["nonsense"], "--fields: Cannot query field 'nonsense'"),
        ([""], "--fields: expected a selection like"),
        (["name", "--failures", "{folder}/in.txt"], "expected three files, got one twice"),
        (["name", "--column", "x", "--format", "csv"], "in.txt: expected a column 'x'"),
    ],
)
def test_what_cannot_be_meant_is_told_in_one_line_and_nothing_is_sent(
    enrich, simulator, tracks, command_line, complaint
):
    options = [option.format(folder=enrich.folder) for option in command_line]
    code, said = enrich(listed(spotify(tracks[:1])), *options)
    assert (code, len(said)) == (2, 1)
    assert complaint in said[0]
    assert simulator.calls == []


def test_a_provider_without_keys_fails_its_lines_until_it_has_some(
    tmp_path, monkeypatch, capfd, tracks
):
    for name in ("CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.delenv(f"UNISONO_SPOTIFY_{name}", raising=False)
    path, output = tmp_path / "in.txt", tmp_path / "out.jsonl"
    path.write_text(listed(spotify(tracks[:1])), encoding="utf-8")
    monkeypatch.setattr(
        sys, "argv", ["unisono", "enrich", str(path), "-o", str(output), "--fields", "name"]
    )
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    failure = json.loads((tmp_path / "out.failures.jsonl").read_bytes())
    assert failure["errors"][0]["code"] == "PROVIDER_NOT_CONFIGURED"
    assert "UNISONO_SPOTIFY_CLIENT_ID" in failure["errors"][0]["message"]
    assert failure["retryable"] is True
    assert "the same command tries them again" in capfd.readouterr().err


def test_interrupted_it_says_what_is_left_and_the_same_command_goes_on(enrich, tracks, monkeypatch):
    monkeypatch.setattr(windows, "MOST", 100)
    refs = spotify(tracks[:450])
    write = run.Run._write

    def interrupting(self, window, outcome):
        write(self, window, outcome)
        if self.journal.state.lines == 200:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(run.Run, "_write", interrupting)
        code, said = enrich(listed(refs))
    assert code == 130
    assert said[0].startswith("unisono: 200 lines in out.jsonl; ")
    assert said[1:] == ["unisono: interrupted; left: 250 lines. The same command goes on."]
    assert len(enrich.read(enrich.output)) == 200
    code, said = enrich(listed(refs))
    assert code == 0
    assert [line["ref"] for line in enrich.read(enrich.output)] == refs


def test_interrupted_while_it_waits_for_an_answer_it_ends_at_once(
    enrich, simulator, tracks, monkeypatch
):
    async def interrupting(_seconds):
        if any(call.token_ok for call in simulator.calls):
            signal.raise_signal(signal.SIGINT)
            await asyncio.sleep(3600)

    monkeypatch.setattr(sys.modules["loaders.simulator.app"], "wait", interrupting)
    code, said = enrich(listed(spotify(tracks[:5])))
    assert code == 130
    assert said[-1] == "unisono: interrupted; left: 5 lines. The same command goes on."


def test_a_full_disk_is_told_and_what_was_committed_stands(enrich, tracks, monkeypatch):
    monkeypatch.setattr(windows, "MOST", 100)

    def full(stream, results):
        if results and results[0].line > 100:
            raise OSError(28, "No space left on device")
        return append(stream, results)

    journal = sys.modules["api.enrich.journal"]
    append = journal._append
    with monkeypatch.context() as patch:
        patch.setattr(journal, "_append", full)
        code, said = enrich(listed(spotify(tracks[:250])))
    assert (code, said) == (
        2,
        ["unisono: out.jsonl: No space left on device. The same command goes on."],
    )
    assert len(enrich.read(enrich.output)) == 100
    assert enrich(listed(spotify(tracks[:250])))[0] == 0
    assert len(enrich.read(enrich.output)) == 250
