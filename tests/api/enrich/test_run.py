"""A run on the virtual clock: at the best pace there is, window after window."""

import asyncio

import pytest

from api.engine import Engine
from api.enrich.fields import parse_fields
from api.enrich.journal import Journal
from api.enrich.lines import Source
from api.enrich.run import Run
from api.testing import VirtualClockLoop
from loaders import Settings
from loaders.simulator import Simulator


@pytest.fixture
def simulator():
    return Simulator()


@pytest.fixture
def started(tmp_path, simulator):
    """Start a run over some lines; yields a function that returns it and its runner."""
    engine = Engine(Settings.demo_settings(max_ids=10_000), simulator=simulator)
    opened = []

    def start(refs, fields="name"):
        (tmp_path / "in.txt").write_text("".join(f"{ref}\n" for ref in refs), encoding="utf-8")
        source = Source(str(tmp_path / "in.txt"))
        chosen = parse_fields(fields)
        journal = Journal(tmp_path / "out", tmp_path / "failures", chosen.document, [])
        opened.extend([journal, source])
        runner.run(engine.start())
        return Run(engine, chosen, [], source, journal), runner

    with asyncio.Runner(loop_factory=VirtualClockLoop) as runner:
        yield start
        runner.run(engine.close())
        for each in opened:
            each.close()


def finish(run, runner):
    committed = []
    while run.step(runner):
        committed.append((runner.get_loop().time(), run.journal.state.lines))
    return committed


def times(simulator):
    return [call.time for call in simulator.calls]


def test_a_provider_with_a_rate_is_never_idle_between_windows(simulator, started):
    refs = [f"deezer:track:{track.deezer_id}" for track in simulator.catalogue.tracks[:300]]
    committed = finish(*started(refs))
    # Eight at once and then one each eighth of a second, to the last.
    assert times(simulator) == [max(0, place - 7) / 8 for place in range(300)]
    assert committed == [(11.5, 100), (24.0, 200), (36.5, 300)]


def test_while_a_window_waits_for_one_provider_the_next_one_asks_another(simulator, started):
    tracks = [track for track in simulator.catalogue.tracks if track.recording.isrc][:200]
    refs = [f"deezer:track:{track.deezer_id}" for track in tracks]
    run, runner = started(refs, "name, on(provider: MUSICBRAINZ).name")
    committed = finish(run, runner)
    deezer = [call.time for call in simulator.calls if "/track/" in call.route]
    musicbrainz = [call.time for call in simulator.calls if "/ws/2" in call.route]
    assert deezer == [max(0, place - 7) / 8 for place in range(200)]
    # Four calls for a hundred ISRCs; those of the first window are over long before the second's.
    assert musicbrainz == [11.5, 12.5, 13.5, 14.5, 24.0, 25.0, 26.0, 27.0]
    assert committed == [(14.5, 100), (27.0, 200)]
    assert (run.lines, run.asked, run.calls, run.saved) == (200, 400, 208, 192)


def test_a_pause_that_a_provider_asks_for_is_told_and_waited_out(simulator, started):
    simulator.fault("GET /v1/tracks", status=429, headers={"retry-after": "600"}, times=1)
    track = simulator.catalogue.tracks[0]
    run, runner = started([f"spotify:track:{track.spotify_id}"])
    assert run.hold is None
    seen = []
    runner.get_loop().call_later(100.0, lambda: seen.append(run.hold))
    finish(run, runner)
    assert seen == [("spotify", 500.0)]
    assert runner.get_loop().time() == 600.0
    assert run.journal.state.done == 1


@pytest.mark.parametrize("seconds", [60.0, 3600.0])
def test_lines_of_a_provider_that_is_down_wait_for_it_but_not_for_ever(simulator, started, seconds):
    refs = [f"deezer:track:{track.deezer_id}" for track in simulator.catalogue.tracks[:300]]
    fault = simulator.fault("GET /track/{id}", status=503)
    run, runner = started(refs)
    runner.get_loop().call_later(seconds, lambda: simulator.faults.remove(fault))
    finish(run, runner)
    state = run.journal.state
    assert state.retryable == state.failed
    assert state.done + state.failed == 300
    if seconds == 60.0:
        assert state.failed < 30  # those that met it before it was left alone
    else:
        assert state.failed == 300
        assert runner.get_loop().time() < 3600
