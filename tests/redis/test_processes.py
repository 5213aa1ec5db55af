"""Several processes on one Redis, as they are in production: real ones, at once."""

import json

import pytest

from loaders.simulator import Simulator
from tests.canary import CANARY
from tests.redis.callers import calls_of, most_above
from tests.served import ask, begin, over, process, read, until


def test_four_processes_keep_to_one_rate_and_use_all_of_it(own_server):
    rate, burst, seconds = 20.0, 4, 4.0
    calls = calls_of(4, own_server.url, rate=rate, burst=burst, seconds=seconds)
    assert all(made >= due for due, made, _ in calls), "no call is made before it is due"
    assert most_above(calls, rate=rate, burst=burst) <= 0
    began = calls[0][1]
    within = [keys for _, made, keys in calls if made - began < seconds]
    assert len(within) >= 0.95 * (burst + rate * seconds)
    # Four processes take turns of 50 ms, a key comes every 10 ms: batches are cut when they leave.
    assert sum(within) / len(within) > 10


# Servers, as they are started.


# A busy machine must not look like a Redis that is not well.
PATIENT = "from loaders.shared import store; store.PATIENCE = 5.0"


@pytest.fixture(scope="module")
def upstream():
    with process("simulate") as (_, port):
        yield port


def serving(upstream, redis_url, *arguments):
    environ = over(upstream) | {"UNISONO_REDIS_URL": redis_url, "UNISONO_REPLICAS": "3"}
    return process("serve", *arguments, before=PATIENT, **environ)


def tracks(number):
    return [f"spotify:track:{track.spotify_id}" for track in Simulator().catalogue.tracks[:number]]


def query(ids):
    return {"query": f"{{ tracks(ids: {json.dumps(ids)}) {{ id }} }}"}


def calls(upstream):
    """Return the ids of each call for tracks that the provider got."""
    stats = ask(upstream, "GET", "/_stats").json()
    return [call["ids"] for call in stats["calls"] if call["route"] == "GET /v1/tracks"]


def reset(upstream):
    assert ask(upstream, "POST", "/_reset", {}).status < 300


def test_workers_and_machines_are_the_same_thing(own_server, upstream):
    reset(upstream)
    ids = tracks(3)
    with (
        serving(upstream, own_server.url, "--workers", "2") as (_, one),
        serving(upstream, own_server.url) as (_, two),
    ):
        until(lambda: answers(one))
        for port in [one, two] * 10:  # connection after connection, so each worker has some
            answer = ask(port, "POST", "/graphql", query(ids))
            assert answer.json() == {"data": {"tracks": [{"id": each} for each in ids]}}
    assert [len(each) for each in calls(upstream)] == [3]


def answers(port):
    try:
        return ask(port, "GET", "/healthz").status == 200
    except OSError:
        return False


def test_what_a_killed_server_was_fetching_another_fetches(own_server, upstream):
    reset(upstream)
    ids = tracks(3)
    with (
        serving(upstream, own_server.url) as (killed, one),
        serving(upstream, own_server.url) as (_, two),
    ):
        slow = {"route": "GET /v1/tracks", "latency": 60.0, "times": 1}
        assert ask(upstream, "POST", "/_fault", slow).status < 300
        lost = begin(one, query(ids)["query"])
        until(lambda: calls(upstream))
        waiting = begin(two, query(ids)["query"])
        killed.kill()
        assert read(waiting).json() == {"data": {"tracks": [{"id": each} for each in ids]}}
        waiting.close()
        lost.close()
    assert [len(each) for each in calls(upstream)] == [3, 3]


def test_a_server_without_its_redis_says_so_once_and_not_its_password(upstream):
    url = f"redis://{CANARY}:{CANARY}@127.0.0.1:1/0"
    with serving(upstream, url) as (server, port):
        for _ in range(3):
            assert ask(port, "POST", "/graphql", query(tracks(3))).status == 200
        lines = [line for line in server.logged() if line["logger"] == "unisono.shared"]
        assert [line["level"] for line in lines] == ["warning"]
        assert "Redis is not used" in lines[0]["event"]
        assert "rate / 3" in lines[0]["event"]
    # Whatever it printed and answered was searched for the canary by then.
