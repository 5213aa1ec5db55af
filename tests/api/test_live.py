"""The feed over HTTP, and the page that draws it."""

import asyncio
import json

from api import create_app
from api.testing import TestClient, call_app
from loaders import Settings
from loaders.feed import MOST_WATCHERS

QUERY = """query Labels($ids: [ID!]!) { tracks(ids: $ids) { name album { label } } }"""


async def watched(client, *work, seconds=0.2):
    """Return the frames that come while the work is done, and then for some seconds more."""
    gone = asyncio.Event()
    events = asyncio.ensure_future(call_app(client.app, "GET", "/live/events", gone=gone))
    await asyncio.sleep(0.1)  # virtual: the first frame is there
    await asyncio.gather(*work)
    await asyncio.sleep(seconds)
    gone.set()
    answer = await events
    assert (answer.status, answer.headers["content-type"]) == (
        200,
        "text/event-stream; charset=utf-8",
    )
    assert answer.headers["cache-control"] == "no-store"
    lines = answer.body.decode().split("\n\n")
    return [json.loads(line.removeprefix("data: ")) for line in lines if line]


def told(frames):
    return [event for frame in frames for event in frame["events"]]


async def test_an_operation_is_told_from_its_beginning_to_its_answer(client, track_ids):
    query = {"query": QUERY, "variables": {"ids": track_ids[:3]}}
    frames = await watched(client, client.post(query))
    events = told(frames)
    kinds = [event["event"] for event in events]
    assert kinds == ["began", *["asked", "left", "landed"] * 2, "answered"]
    began, *_, answered = events
    assert began["name"] == answered["name"] == "Labels"
    assert began["request"] == answered["request"]
    assert answered["outcome"] == "ok"
    assert [(row["loader"], row["asked"], row["calls"]) for row in answered["counts"]] == [
        ("spotify.tracks", 3, 1),
        ("spotify.albums", 3, 1),
    ]
    assert frames[0]["hello"][0]["name"] == "spotify"
    assert frames[-1]["totals"] == {"asked": 6, "batches": 2, "calls": 2, "failed": 0}


async def test_two_requests_that_share_a_batch_are_told_apart(client, track_ids):
    client.simulator.latency = 0.01
    query = {"query": QUERY, "variables": {"ids": track_ids[:3]}}
    events = told(await watched(client, client.post(query), client.post(query)))
    asked = [event for event in events if event["event"] == "asked"]
    left = [event for event in events if event["event"] == "left"]
    assert len({event["request"] for event in asked}) == 2
    assert [event["size"] for event in left] == [3, 3]
    assert {event["waiters"] for event in events if event["event"] == "landed"} == {2}


async def test_keys_that_fail_are_told_while_the_others_go_on(client, track_ids):
    client.simulator.fault("GET /v1/albums", status=400)
    query = {"query": QUERY, "variables": {"ids": track_ids[:1]}}
    frames = await watched(client, client.post(query))
    [failed] = [event for event in told(frames) if event["event"] == "failed"]
    assert (failed["loader"], failed["size"], failed["error"]) == (
        "spotify.albums",
        1,
        "BadKeyError",
    )
    [answered] = [event for event in told(frames) if event["event"] == "answered"]
    assert answered["outcome"] == "partial"


# Ten ids that may have been merged are looked up for one request: see `loaders.bundle`.
async def test_an_id_that_is_still_looked_up_has_not_failed(client):
    ids = [f"musicbrainz:track:00000000-0000-4000-8000-{number:012}" for number in range(13)]
    query = {"query": "query ($ids: [ID!]!) { tracks(ids: $ids) { name } }"}
    frames = await watched(client, client.post({**query, "variables": {"ids": ids}}))
    failed = [event for event in told(frames) if event["event"] == "failed"]
    assert [key for event in failed for key in event["keys"]] == [
        text.rpartition(":")[2] for text in ids[10:]
    ]
    assert frames[-1]["totals"]["failed"] == 3


async def test_a_watcher_that_goes_away_is_forgotten(client):
    await watched(client)
    assert not client.engine.providers.feed.is_watched


async def test_the_end_of_the_server_ends_the_events(client):
    events = asyncio.ensure_future(call_app(client.app, "GET", "/live/events"))
    await asyncio.sleep(0.1)
    await client.app.state.operations.end(1.0)
    assert (await events).body.startswith(b"data: {")
    assert (await client.get("/live/events")).status == 503


async def test_past_the_most_watchers_the_next_is_sent_away(client):
    gone = asyncio.Event()
    watching = [
        asyncio.ensure_future(call_app(client.app, "GET", "/live/events", gone=gone))
        for _ in range(MOST_WATCHERS)
    ]
    await asyncio.sleep(0.1)
    assert (await client.get("/live/events")).status == 503
    gone.set()
    await asyncio.gather(*watching)


async def test_no_other_site_may_watch(client):
    headers = {"sec-fetch-site": "cross-site", "origin": "https://elsewhere.example"}
    assert (await client.get("/live/events", headers=headers)).status == 403


async def test_it_is_off_unless_it_is_asked_for():
    app = create_app(Settings())
    async with app.router.lifespan_context(app):
        page = await call_app(app, "GET", "/live")
        assert page.status == 404
        assert b"UNISONO_LIVE=true" in page.body
        assert (await call_app(app, "GET", "/live/events")).status == 404


async def test_it_can_be_watched_where_strangers_may_not_explore():
    async with TestClient(live=True, explore=False) as client:
        assert (await client.get("/live")).status == 200
        assert (await client.get("/pages/live/main.js")).status == 200
        assert (await client.get("/")).status == 404
