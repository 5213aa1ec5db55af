"""The soak notices what it is there to notice."""

import subprocess
import sys

import pytest

from api.engine import Answer
from tests.benchmarks.soak import exceeds, grown
from tests.faults.clients import Clients

IDS = ["spotify:track:a", "spotify:track:b"]
TRUTH = {id_: {"name": id_[-1].upper()} for id_ in IDS}


def track(id_, **told):
    return {"id": id_, **TRUTH[id_], **told}


def failure(code, *path):
    return {"path": list(path), "extensions": {"code": code}}


def wrong(tracks, *errors):
    clients = Clients(None, IDS, TRUTH.__getitem__, seed=1, patience=0.0)
    clients._look_at(IDS, Answer({"tracks": tracks}, list(errors)))
    return [kind for kind, *_ in clients.wrong]


GOOD = [track(id_) for id_ in IDS]


@pytest.mark.parametrize(
    ("tracks", "errors", "kinds"),
    [
        (GOOD, [], []),
        ([GOOD[0], None], [failure("UPSTREAM_TIMEOUT", "tracks", 1)], []),
        (None, [failure("DEADLINE_EXCEEDED", "tracks")], []),
        ([GOOD[0], None], [], ["null"]),
        ([GOOD[0], track(IDS[1], album=None)], [], ["null"]),
        ([GOOD[0], track(IDS[1], name="A")], [], ["untrue"]),
        ([GOOD[0], track(IDS[1], artists=[track(IDS[0], name="B")])], [], ["untrue"]),
        ([GOOD[1], GOOD[0]], [], ["another", "another"]),
        ([GOOD[0]], [], ["length"]),
        (GOOD, [failure("INTERNAL_SERVER_ERROR", "tracks")], ["INTERNAL_SERVER_ERROR"]),
    ],
)
def test_a_client_tells_right_answers_from_wrong_ones(tracks, errors, kinds):
    assert wrong(tracks, *errors) == kinds


def test_growth_is_from_the_first_third_to_the_last_whatever_stands_out():
    flat = [(100 * place, 50.0) for place in range(30)]
    assert grown(flat) == (2000, 0.0)
    flat[3] = flat[25] = (0, 500.0)
    assert grown(flat)[1] == 0.0
    assert grown([(100 * place, 50.0 + place) for place in range(30)]) == (2000, 20.0)


def test_more_than_before_is_named():
    assert exceeds({"tasks": 3, "busy": 0}, {"tasks": 3, "busy": 0}) == []
    assert exceeds({"tasks": 4}, {"tasks": 3}) == ["tasks: expected at most 3, got 4"]


@pytest.mark.skipif(sys.platform != "linux", reason="it reads its files and its memory in /proc")
def test_two_seconds_of_it_leave_nothing_behind():
    command = [sys.executable, "-m", "tests.benchmarks.soak", "--seconds", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "WRONG" not in done.stdout
