"""`unisono enrich` in a process of its own: killed and run again, measured, looked at."""

import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from contextlib import contextmanager

import pytest
import uvicorn

from api.enrich.run import IN_FLIGHT
from api.enrich.windows import MOST
from loaders.simulator import Simulator
from tests.served import COMPILED, until

FIELDS = "id, name"
NATIVE = re.compile("[^:]*$")


@pytest.fixture
def simulator():
    """A simulator on a port of its own, which takes any number of calls."""
    simulator = Simulator()
    simulator.deezer.calls_per_window = None
    simulator.musicbrainz.calls_per_second = None
    return simulator


@pytest.fixture
def settings(simulator):
    """Serve the simulator; return the settings that lead there, at any pace."""
    config = uvicorn.Config(simulator, log_level="critical", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield {
                "UNISONO_SPOTIFY_BASE_URL": f"{origin}/v1",
                "UNISONO_SPOTIFY_TOKEN_URL": f"{origin}/api/token",
                "UNISONO_SPOTIFY_CLIENT_ID": "any",
                "UNISONO_SPOTIFY_CLIENT_SECRET": "any",
                "UNISONO_CONTACT": "me@example.org",
                "UNISONO_MUSICBRAINZ_BASE_URL": f"{origin}/ws/2",
                "UNISONO_MUSICBRAINZ_RATE": "0",
                "UNISONO_DEEZER_BASE_URL": origin,
                "UNISONO_DEEZER_RATE": "0",
                "UNISONO_DEEZER_CONCURRENCY": "32",
            }
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def enriching(folder, settings, stderr=subprocess.PIPE):
    command = [sys.executable, "-m", "api.cli", "enrich", str(folder / "in.txt")]
    command += ["-o", str(folder / "out.jsonl"), "--fields", FIELDS]
    started = subprocess.Popen(command, stderr=stderr, env={**os.environ, **COMPILED, **settings})
    try:
        yield started
    finally:
        started.kill()
        started.wait()
        if started.stderr:
            started.stderr.close()


def every_id(simulator):
    """Return the ids of everything that three providers know, well mixed."""
    catalogue, library = simulator.catalogue, simulator.musicbrainz.library
    refs = [
        f"{provider}:{kind}:{native}"
        for kind in ("track", "artist", "album")
        for entity in getattr(catalogue, f"{kind}s")
        for provider, native in (("spotify", entity.spotify_id), ("deezer", entity.deezer_id))
    ]
    for kind, shelf in (("track", "recordings"), ("artist", "artists"), ("album", "releases")):
        refs += [f"musicbrainz:{kind}:{mbid}" for mbid in getattr(library, shelf)]
    return sorted(refs, key=lambda ref: ref[::-1])


def committed(folder):
    path = folder / "out.jsonl.state"
    return json.loads(path.read_bytes())["lines"] if path.exists() else 0


def test_ten_thousand_lines_killed_three_times_are_each_written_once_and_asked_once(
    tmp_path, simulator, settings
):
    refs = every_id(simulator)[:10_000]
    assert len(set(refs)) == 10_000
    (tmp_path / "in.txt").write_text("".join(f"{ref}\n" for ref in refs), encoding="utf-8")
    simulator.latency = 0.01
    kills = []
    for enough in (1, 3000, 6000):
        with enriching(tmp_path, settings) as run:
            until(lambda: committed(tmp_path) >= enough or run.poll() is not None)  # noqa: B023  at once
            run.send_signal(signal.SIGKILL)
            assert run.wait() == -signal.SIGKILL
        kills.append(committed(tmp_path))
    assert 0 < kills[0] < kills[1] < kills[2] < 10_000

    with enriching(tmp_path, settings) as run:
        said = run.stderr.read().decode()
        assert run.wait() == 0, said
    assert said.startswith(f"unisono: 10,000 lines in {tmp_path}/out.jsonl; ")

    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_bytes().splitlines()]
    assert [line["line"] for line in lines] == list(range(1, 10_001))
    assert [line["data"]["id"] for line in lines] == refs
    assert not (tmp_path / "out.failures.jsonl").exists()

    asked = Counter(native for call in simulator.calls for native in call.ids)
    number_of = {NATIVE.search(ref)[0]: number for number, ref in enumerate(refs, 1)}
    assert asked.keys() - {""} == number_of.keys()
    for native, times in asked.items():
        # What was committed is never asked again; what was in the air at a kill is, once.
        in_the_air = sum(lines < number_of[native] <= lines + IN_FLIGHT * MOST for lines in kills)
        assert 1 <= times <= 1 + in_the_air, native


def test_a_terminal_sees_how_far_it_is_and_others_only_the_end(tmp_path, simulator, settings):
    refs = every_id(simulator)[:2500]
    (tmp_path / "in.txt").write_text("".join(f"{ref}\n" for ref in refs), encoding="utf-8")
    simulator.latency = 0.02
    ours, theirs = pty.openpty()
    try:
        with enriching(tmp_path, {**settings, "COLUMNS": "160", "TERM": "xterm"}, theirs) as run:
            os.close(theirs)
            shown = b""
            while True:
                try:
                    piece = os.read(ours, 65536)
                except OSError:  # how a terminal says that nobody writes to it any more
                    break
                if not piece:
                    break
                shown += piece
            assert run.wait() == 0
    finally:
        os.close(ours)
    text = shown.decode()
    assert re.search(r"[12],000 lines, [\d,.]+/s; [\d,]+ calls, [\d,]+ saved", text)
    assert "2,500 lines in" in text
    with enriching(tmp_path, settings) as again:
        told = again.stderr.read().decode().splitlines()
        assert again.wait() == 0
    assert len(told) == 1


# The command, and at its end the most memory it had, as Linux tells of a process itself.
MEASURED = """
import sys
from api.cli import main
try:
    main()
finally:
    told = dict(line.split(":") for line in open("/proc/self/status").read().splitlines())
    print(told["VmHWM"].split()[0])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells it")
def test_memory_does_not_grow_with_the_number_of_lines(tmp_path, simulator, settings):
    tracks = [f"spotify:track:{track.spotify_id}\n" for track in simulator.catalogue.tracks[:3000]]

    def peak_of(times):
        path, output = tmp_path / f"{times}.txt", tmp_path / f"{times}.jsonl"
        path.write_text("".join(tracks * times), encoding="utf-8")
        run = subprocess.run(
            [sys.executable, "-c", MEASURED, "enrich", path, "-o", output,
             "--fields", FIELDS],
            env={**os.environ, **COMPILED, **settings},
            capture_output=True,
            check=True,
        )  # fmt: skip
        assert len(output.read_bytes().splitlines()) == 3000 * times
        return int(run.stdout) * 1024

    # Four times as many lines; what they come to is 4 MB as it is written, and far more as objects.
    a, b = peak_of(3), peak_of(12)
    assert b - a < 4_000_000
