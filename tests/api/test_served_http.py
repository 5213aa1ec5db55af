"""The served process, as a client, a browser and an operator meet it."""

import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.canary import look_for_secrets
from tests.served import ask, over, process

ROOT = Path(__file__).parents[2]
ID = "spotify:track:{:022d}".format
ONE = f'{{ track(id: "{ID(1)}") {{ name }} }}'
GRAPHQL_JSON = "application/graphql-response+json"
NO_CACHE = {"UNISONO_CACHE_ENTRIES": "0"}  # every query shall call
APP, ELSEWHERE = "https://app.example", "https://elsewhere.example"


@pytest.fixture(scope="module")
def upstream():
    with process("simulate") as (_, port):
        yield port


@pytest.fixture(autouse=True)
def forgetting(upstream):
    assert ask(upstream, "POST", "/_reset", {}).status == 200


@pytest.fixture(scope="module")
def server(upstream):
    with process("serve", **over(upstream), **NO_CACHE, UNISONO_CORS_ORIGINS=APP) as (_, port):
        yield port


def post(port, query, **headers):
    return ask(port, "POST", "/graphql", {"query": query}, **headers)


def fault(upstream, **order):
    assert ask(upstream, "POST", "/_fault", order).status == 200


def calls(upstream):
    """Return the calls for music that came to it."""
    made = ask(upstream, "GET", "/_stats").json()["calls"]
    return [call for call in made if call["route"] != "POST /api/token"]


# GraphQL over HTTP


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_another_method_is_told_which_there_are(server, method):
    answer = ask(server, method, "/graphql", {"query": ONE})
    assert (answer.status, answer.codes()) == (405, ["BAD_USER_INPUT"])
    assert answer.headers["allow"] == "GET, POST"


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b'{"query": "{ x }"}', {"content_type": "text/plain"}, 415),
        (b'{"query": "{ x }"}', {"content_type": "application/jsonx"}, 415),
        (b"{}", {"content_encoding": "gzip"}, 415),
        # It is refused before it is sent: a client that goes on sending may not read why.
        (b"", {"content_length": "2000001"}, 413),
    ],
    ids=["no JSON", "text", "nearly JSON", "gzip", "too large"],
)
@pytest.mark.parametrize("accept", ["application/json", GRAPHQL_JSON])
def test_whatever_is_wrong_with_a_request_is_said_in_graphqls_words(
    server, body, headers, status, accept
):
    answer = ask(server, "POST", "/graphql", body, accept=accept, **headers)
    assert (answer.status, answer.codes()) == (status, ["BAD_USER_INPUT"])
    assert answer.headers["content-type"] == f"{accept}; charset=utf-8"


def test_operations_of_one_request_share_their_loaders_and_their_cost(server, upstream):
    listed = [
        {"query": f'{{ tracks(ids: ["{ID(1)}", "{ID(2)}"]) {{ name }} }}'},
        {"query": f'{{ tracks(ids: ["{ID(2)}", "{ID(3)}"]) {{ name }} }}'},
    ]
    answer = ask(server, "POST", "/graphql", listed, x_unisono_trace="1")
    assert answer.status == 200
    assert [each["data"] for each in answer.json()] == [{"tracks": [None, None]}] * 2
    assert [each["extensions"]["cost"]["calls"] for each in answer.json()] == [2, 2]
    [call] = calls(upstream)
    assert call["ids"] == [ID(n)[14:] for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"sec_fetch_site": "same-origin"}, 200),
        ({"sec_fetch_site": "cross-site", "origin": APP}, 200),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"origin": ELSEWHERE}, 403),
        ({"origin": "null"}, 403),
    ],
)
def test_a_query_by_get_is_served_unless_another_site_makes_a_browser_ask_it(
    server, upstream, headers, status
):
    answer = ask(server, "GET", f"/graphql?{urlencode({'query': ONE})}", **headers)
    assert answer.status == status
    assert len(calls(upstream)) == (1 if status == 200 else 0)


def test_only_the_origins_of_the_setting_may_ask_from_a_browser(server):
    preflight = {
        "access_control_request_method": "POST",
        "access_control_request_headers": "content-type,x-unisono-trace",
    }
    allowed = ask(server, "OPTIONS", "/graphql", origin=APP, **preflight)
    assert (allowed.status, allowed.headers["access-control-allow-origin"]) == (200, APP)
    assert post(server, ONE, origin=APP).headers["access-control-allow-origin"] == APP
    refused = ask(server, "OPTIONS", "/graphql", origin=ELSEWHERE, **preflight)
    assert refused.status == 400
    assert post(server, ONE, origin=ELSEWHERE).headers["access-control-allow-origin"] is None


# Limits: the attacks are in test_served_attacks.py


@pytest.fixture(scope="module")
def public(upstream):
    """A server for strangers, with little patience."""
    settings = {"UNISONO_EXPLORE": "false", "UNISONO_DEADLINE": "0.5", "UNISONO_MAX_CALLS": "5"}
    with process("serve", **over(upstream), **NO_CACHE, **settings) as (_, port):
        yield port


def test_introspection_suggestions_and_pages_are_off_by_one_switch(server, public):
    introspection, nearly = "{ __schema { types { name } } }", "{ trac { name } }"
    assert post(server, introspection).codes() == []
    assert b"Did you mean" in post(server, nearly).body
    for path in ("/", "/graphql"):
        assert b"<html" in ask(server, "GET", path, accept="text/html").body
        assert b"<html" not in ask(public, "GET", path, accept="text/html").body
    assert set(post(public, introspection).codes()) == {"GRAPHQL_VALIDATION_FAILED"}
    assert b"Did you mean" not in post(public, nearly).body


def test_a_request_that_can_cause_too_many_calls_is_refused_before_the_first(public, upstream):
    searches = " ".join(
        f'a{n}: search(text: "{n}", provider: SPOTIFY) {{ tracks {{ nodes {{ id }} }} }}'
        for n in range(6)
    )
    answer = post(public, f"{{ {searches} }}")
    assert answer.codes() == ["QUERY_TOO_COMPLEX"]
    assert "at most 5 upstream calls, got up to 6: spotify.search 6" in answer.body.decode()
    assert calls(upstream) == []


def test_past_its_deadline_an_operation_is_answered_with_what_came(public, upstream):
    fault(upstream, route="GET /v1/tracks", latency=30.0)
    answer = post(public, f'{{ providers {{ name }} track(id: "{ID(1)}") {{ name }} }}')
    assert (answer.status, answer.codes()) == (200, ["DEADLINE_EXCEEDED"])
    assert answer.json()["data"]["track"] is None
    assert answer.json()["data"]["providers"][0] == {"name": "SPOTIFY"}


# Operations


def test_it_lives_and_is_ready_whatever_becomes_of_a_provider(server, upstream):
    fault(upstream, route="GET /v1/tracks", status=500)
    assert post(server, ONE).codes() == ["UPSTREAM_UNAVAILABLE"]
    assert ask(server, "GET", "/healthz").json() == {"status": "ok"}
    ready = ask(server, "GET", "/readyz")
    assert (ready.status, ready.json()["status"]) == (200, "ready")
    assert {name: ready.json()["providers"][0][name] for name in ("name", "on", "reason")} == {
        "name": "spotify",
        "on": True,
        "reason": None,
    }


def test_the_metrics_tell_what_operators_ask(upstream):
    with process("serve", **over(upstream)) as (_, port):
        fault(upstream, route="GET /v1/tracks", status=503, times=1)
        assert post(port, f'{{ tracks(ids: ["{ID(1)}", "{ID(1)}"]) {{ name }} }}').status == 200
        lines = ask(port, "GET", "/metrics").body.decode().splitlines()
    tracks = 'provider="spotify",resource="tracks"'
    for line in (
        'unisono_operations_total{outcome="ok",type="query"} 1.0',
        'unisono_operation_seconds_count{type="query"} 1.0',
        f'unisono_keys_total{{kind="asked",{tracks}}} 2.0',
        f'unisono_keys_total{{kind="distinct",{tracks}}} 1.0',
        f'unisono_keys_total{{kind="remembered",{tracks}}} 1.0',
        f'unisono_batches_total{{{tracks[:18]},reason="settled",{tracks[19:]}}} 2.0',
        f"unisono_batch_keys_count{{{tracks}}} 2.0",
        f"unisono_batch_wait_seconds_count{{{tracks}}} 2.0",
        'unisono_upstream_calls_total{provider="spotify",status="503"} 1.0',
        'unisono_upstream_calls_total{provider="spotify",status="200"} 1.0',
        'unisono_retries_total{provider="spotify"} 1.0',
        'unisono_budget_calls{provider="musicbrainz"} 1.0',
        'unisono_hold_seconds{provider="spotify"} 0.0',
        f"unisono_waiting_keys{{{tracks}}} 0.0",
    ):
        assert line in lines, line


# A resolver that fails as nobody foresaw, and loaders that ask for one key after the other.
ODD = """
import loaders
def burst(self):
    raise RuntimeError("what nobody foresaw")
loaders.Providers.statuses = burst
load = loaders.Loaders._load
async def one_by_one(self, asked):
    return {
        name: [(await load(self, {name: [key]}))[name][0] for key in keys]
        for name, keys in asked.items()
    }
loaders.Loaders._load = one_by_one
"""


def test_what_nobody_foresaw_is_masked_and_found_in_the_log_by_its_request(upstream):
    with process("serve", **over(upstream), before=ODD) as (server, port):
        answer = post(port, "{ providers { name } }", x_request_id="r-7")
        assert answer.headers["x-request-id"] == "r-7"
        assert answer.codes() == ["INTERNAL_SERVER_ERROR"]
        assert answer.json()["errors"][0]["extensions"]["requestId"] == "r-7"
        assert b"nobody foresaw" not in answer.body
        [line] = [line for line in server.logged() if line["level"] == "error"]
        assert "r-7" in line["event"]
        assert "what nobody foresaw" in line["exception"]


def test_one_key_after_the_other_is_warned_of_with_the_field_that_asks(upstream):
    ids = ", ".join(f'"{ID(n)}"' for n in range(6))
    with process("serve", **over(upstream), **NO_CACHE, before=ODD) as (server, port):
        for _ in range(2):  # fields are named from the second time on
            assert post(port, f"{{ tracks(ids: [{ids}]) {{ name }} }}").status == 200
        *_, line = [line for line in server.logged() if line["level"] == "warning"]
    assert line["event"] == (
        "one key after the other: 6 batches of spotify.tracks carried a single key"
    )
    assert line["fields"] == ["Query.tracks"]


def doctor(**environ):
    """Return the exit code of `unisono doctor` and what it found, by what it looked at."""
    command = [sys.executable, "-m", "api.cli", "doctor", "--json"]
    done = subprocess.run(command, env=environ, capture_output=True, check=False)
    look_for_secrets("the doctor", done.stdout + done.stderr)
    return done.returncode, {found["check"]: found for found in json.loads(done.stdout)}


def test_the_doctor_finds_all_well_or_says_what_to_do(upstream):
    code, found = doctor(**over(upstream))
    assert (code, [name for name, each in found.items() if not each["well"]]) == (0, [])
    assert {"settings", "spotify keys", "spotify network", "spotify clock"} <= set(found)
    fault(upstream, route="POST /api/token", status=400, body='{"error": "invalid_client"}')
    code, found = doctor(**over(upstream), UNISONO_CONTAKT="x")
    assert code == 1
    assert "the keys" in found["spotify keys"]["advice"]
    assert found["settings"]["found"] == "UNISONO_CONTAKT is no setting"
    code, found = doctor(**over(1))
    assert "network, firewall and DNS" in found["spotify network"]["advice"]


def dockerfile():
    """Return the last stage of the image, instruction by instruction."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "")
    lines = [line.split(maxsplit=1) for line in text.split("\nFROM ")[-1].splitlines()[1:]]
    return text, {name: rest for name, rest in lines if name.isupper()}


def test_the_image_is_slim_and_no_root_runs_it():
    text, last = dockerfile()
    assert text.split("\nFROM ")[-1].startswith("python:3.13-slim\n")
    assert (last["USER"], last["STOPSIGNAL"]) == ("unisono", "SIGTERM")
    assert json.loads(last["ENTRYPOINT"]) == ["unisono"]
    for names in re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE):
        assert all((ROOT / name).exists() for name in names.split())


def test_the_images_health_check_knows_a_server_that_lives(server):
    _, last = dockerfile()
    check = json.loads(last["HEALTHCHECK"].split("CMD", 1)[1])
    assert check[0] == "python"
    for port, is_well in ((server, True), (1, False)):
        program = [sys.executable, *(word.replace("8000", str(port)) for word in check[1:])]
        assert (
            subprocess.run(program, capture_output=True, check=False).returncode == 0
        ) is is_well
