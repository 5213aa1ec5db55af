"""The simulator around its providers: counting, faults, latency and its own routes."""

import asyncio

import httpx
import pytest

from loaders.simulator import HungUp, SimCall, Simulator

TRACK = "3HW6loqinVoHq6UtGn8wOm"
BULK = f"/v1/tracks?ids={TRACK}"
ROUTE = "GET /v1/tracks"


async def statuses(client, path, times):
    return [(await client.get(path)).status_code for _ in range(times)]


# Counting


async def test_every_call_is_written_down(simulator, client):
    await asyncio.sleep(1.5)
    await client.get(BULK, params={"ids": f"{TRACK},x", "market": "SE"})
    await client.get(f"/v1/albums/{TRACK}/tracks", params={"limit": "5"})
    assert simulator.calls == [
        SimCall(1.5, ROUTE, (TRACK, "x"), {"ids": f"{TRACK},x", "market": "SE"}, True, 200),
        SimCall(1.5, "GET /v1/albums/{id}/tracks", (TRACK,), {"limit": "5"}, True, 404),
    ]


async def test_a_call_that_nobody_waits_for_has_no_status(simulator, client):
    simulator.latency = 10.0
    call = asyncio.create_task(client.get(BULK))
    await asyncio.sleep(1)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert [call.status for call in simulator.calls] == [None]


async def test_the_last_calls_are_kept_and_all_are_counted(simulator, client):
    simulator.calls.extend([SimCall(0.0, ROUTE, (), {}, True, 200)] * 20_000)
    await client.get(BULK)
    assert len(simulator.calls) == 10_001


async def test_stats_tell_routes_tokens_faults_and_calls(simulator, client):
    await client.get(f"/v1/tracks?ids={TRACK},{TRACK}")
    simulator.fault(ROUTE, status=503, times=2)
    await client.get(BULK)
    stats = (await client.get("/_stats")).json()
    assert stats["routes"] == {ROUTE: {"calls": 2, "ids": 3, "statuses": {"200": 1, "503": 1}}}
    assert stats["tokens"] == 0
    assert stats["faults"] == [{"route": ROUTE, "times": 1}]
    assert [(call["time"], call["status"]) for call in stats["calls"]] == [(0.0, 200), (0.0, 503)]


async def test_a_reset_forgets_calls_and_faults_but_no_token(simulator, client):
    simulator.fault("*", status=500)
    await client.get(BULK)
    assert (await client.post("/_reset")).json() == {"reset": True}
    assert (simulator.calls, simulator.faults) == ([], [])
    assert (await client.get(BULK)).status_code == 200


async def test_a_reset_may_come_while_a_call_is_in_the_air(simulator, client):
    simulator.latency = 1.0
    call = asyncio.create_task(client.get(BULK))
    await asyncio.sleep(0.5)
    simulator.reset()
    assert (await call).status_code == 200
    assert simulator.calls == []


# Latency


async def test_without_latency_no_time_passes(client):
    await client.get(BULK)
    assert asyncio.get_running_loop().time() == 0.0


async def test_latency_is_the_same_for_all_unless_a_fault_says_otherwise(simulator, client):
    simulator.latency = 0.08
    await client.get(BULK)
    assert asyncio.get_running_loop().time() == 0.08
    simulator.fault(ROUTE, latency=2.0, times=1)
    assert await statuses(client, BULK, 2) == [200, 200]
    assert asyncio.get_running_loop().time() == pytest.approx(0.08 + 2.0 + 0.08)


# Faults


async def test_a_fault_happens_as_often_as_it_was_told_to(simulator, client):
    fault = simulator.fault(ROUTE, status=503, times=2)
    assert await statuses(client, BULK, 3) == [503, 503, 200]
    assert (fault.answered, fault.times, simulator.faults) == (2, 0, [])


async def test_a_fault_without_times_stays_until_it_is_removed(simulator, client):
    fault = simulator.fault(ROUTE, status=500)
    assert await statuses(client, BULK, 3) == [500, 500, 500]
    simulator.faults.remove(fault)
    assert await statuses(client, BULK, 1) == [200]


async def test_faults_of_a_route_follow_each_other(simulator, client):
    simulator.fault(ROUTE, status=503, times=1)
    simulator.fault(ROUTE, status=500, times=1)
    assert await statuses(client, BULK, 3) == [503, 500, 200]


async def test_a_fault_of_one_route_leaves_the_others_alone_and_a_star_means_all(simulator, client):
    simulator.fault(ROUTE, status=503)
    assert await statuses(client, f"/v1/tracks/{TRACK}", 1) == [200]
    simulator.reset()
    simulator.fault("*", status=503)
    assert await statuses(client, f"/v1/tracks/{TRACK}", 1) == [503]
    assert await statuses(client, "/_stats", 1) == [200]


async def test_a_429_says_how_long_to_wait_unless_told_not_to(simulator, client):
    simulator.fault(ROUTE, status=429, times=1)
    simulator.fault(ROUTE, status=429, headers={"Retry-After": "86400"}, times=1)
    simulator.fault(ROUTE, status=429, headers={}, times=1)
    answers = [await client.get(BULK) for _ in range(3)]
    assert [answer.headers.get("retry-after") for answer in answers] == ["1", "86400", None]
    assert answers[0].json() == {"error": {"status": 429, "message": "API rate limit exceeded"}}


async def test_a_fault_may_answer_anything(simulator, client):
    simulator.fault(ROUTE, body='{"tracks": [', times=1)
    simulator.fault(ROUTE, body=b"\xff\xfe", times=1)
    simulator.fault(ROUTE, body={"tracks": []}, times=1)
    simulator.fault(ROUTE, status=502, body="<html>", headers={"x-from": "edge"}, times=1)
    simulator.fault(ROUTE, status=204, times=1)
    answers = [await client.get(BULK) for _ in range(5)]
    assert [answer.content for answer in answers] == [
        b'{"tracks": [',
        b"\xff\xfe",
        b'{"tracks":[]}',
        b"<html>",
        b"",
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 502, 204]
    assert answers[3].headers["x-from"] == "edge"


async def test_the_tokens_door_fails_in_its_own_words(simulator, stranger):
    simulator.fault("POST /api/token", status=503, times=1)
    simulator.fault("POST /api/token", status=400, times=1)
    answers = [await stranger.post("/api/token", auth=("id", "secret")) for _ in range(2)]
    assert [answer.json() for answer in answers] == [
        {"error": "server_error"},
        {"error": "invalid_client"},
    ]


async def test_a_fault_may_hang_up(simulator, client):
    simulator.fault(ROUTE, hang_up=True, latency=3.0, times=1)
    with pytest.raises(HungUp):
        await client.get(BULK)
    assert asyncio.get_running_loop().time() == 3.0
    assert [call.status for call in simulator.calls] == [None]
    assert await statuses(client, BULK, 1) == [200]


async def test_a_rate_may_be_set_and_retry_after_says_when_a_call_may_come_again(simulator, client):
    simulator.spotify.calls_per_window = 2
    await client.get(BULK)
    await asyncio.sleep(10.5)
    assert await statuses(client, BULK, 2) == [200, 429]
    refused = await client.get(BULK)
    assert refused.headers["retry-after"] == "20"
    await asyncio.sleep(20)
    assert await statuses(client, BULK, 2) == [200, 429]


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ({"route": "GET /v1/songs", "status": 500}, "route: expected '*' or one of"),
        ({"route": ROUTE}, "expected a status, a body, a latency or hang_up"),
        ({"route": ROUTE, "status": 99}, "status: expected 200 to 599, got 99"),
        ({"route": ROUTE, "latency": -1}, "latency: expected seconds, 0 or more, got -1"),
        ({"route": ROUTE, "status": 500, "times": 0}, "times: expected 1 or more, got 0"),
        (
            {"route": ROUTE, "status": 500, "headers": {"a": "b\r\nc"}},
            "headers: expected printable",
        ),
    ],
)
async def test_a_fault_that_cannot_be_is_refused_with_a_reason(simulator, client, fault, complaint):
    with pytest.raises(ValueError, match=complaint.replace("*", r"\*")):
        simulator.fault(**fault)
    answer = await client.post("/_fault", json=fault)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(complaint)
    assert simulator.faults == []


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b'{"route": 1}', b'{"route": "*", "statuss": 500}', b'{"status": 500}'],
)
async def test_a_fault_that_is_malformed_is_refused_with_a_reason(client, body):
    answer = await client.post("/_fault", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


async def test_a_fault_can_be_set_over_http(client):
    fault = {"route": ROUTE, "status": 503, "headers": {"a": "b"}, "body": "x", "times": 1}
    answer = await client.post("/_fault", json=fault)
    assert answer.json()["set"]["status"] == 503
    failed = await client.get(BULK)
    assert (failed.status_code, failed.text, failed.headers["a"]) == (503, "x", "b")
    assert await statuses(client, BULK, 1) == [200]


# Its own page, and ASGI


async def test_the_front_page_tells_what_is_there(stranger):
    told = (await stranger.get("/")).json()
    assert ROUTE in told["providers"]["spotify"]
    assert told["examples"]["tracks"][0] == TRACK
    assert told["settings"]["UNISONO_SPOTIFY_BASE_URL"] == "http://simulator.invalid/v1"


async def test_a_browser_gets_it_as_html(stranger):
    headers = {"accept": "text/html", "host": "<b>:8001"}
    page = await stranger.get("/", headers=headers)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert ROUTE in page.text
    assert TRACK in page.text
    assert "<b>" not in page.text


async def test_links_lead_back_to_where_the_client_came_from(client):
    found = (await client.get(BULK, headers={"host": "127.0.0.1:8001"})).json()["tracks"][0]
    assert found["href"] == f"http://127.0.0.1:8001/v1/tracks/{TRACK}"


async def test_a_body_without_end_is_refused(stranger):
    answer = await stranger.post("/_fault", content=b"x" * (4 * 1024 * 1024 + 1))
    assert answer.status_code == 413


async def test_it_starts_and_stops_as_servers_want(simulator):
    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    sent = []

    async def receive():
        return next(messages)

    async def send(message):
        sent.append(message)

    await simulator({"type": "lifespan"}, receive, send)
    assert sent == [{"type": "lifespan.startup.complete"}, {"type": "lifespan.shutdown.complete"}]


async def test_it_closes_a_websocket_at_once(simulator):
    sent = []

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        sent.append(message)

    await simulator({"type": "websocket"}, receive, send)
    assert sent == [{"type": "websocket.close"}]


def test_one_simulator_serves_one_loop_after_another():
    simulator = Simulator(clock=lambda: 7.0)

    async def call():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(simulator)) as client:
            return (await client.get("http://simulator.invalid/v1/tracks")).status_code

    assert [asyncio.run(call()), asyncio.run(call())] == [401, 401]
    assert [call.time for call in simulator.calls] == [7.0, 7.0]
