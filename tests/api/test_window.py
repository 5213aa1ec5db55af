"""Tick or wait window: which HTTP requests share a call."""

import asyncio

import pytest

from api.testing import TestClient


async def ask_after(seconds, client, id_):
    await asyncio.sleep(seconds)
    answer = await client.post({"query": f'{{ track(id: "{id_}") {{ id }} }}'})
    return answer.json()["data"]["track"]["id"], client.simulator.now()


@pytest.mark.parametrize(
    ("window", "sent"),
    [(0.005, [(0.005, 2)]), (0.0, [(0.0, 1), (0.003, 1)]), (0.002, [(0.002, 1), (0.005, 1)])],
)
async def test_two_requests_three_milliseconds_apart_share_a_call_within_the_window(window, sent):
    async with TestClient(spotify={"window": window}) as client:
        first, second = [
            f"spotify:track:{track.spotify_id}" for track in client.simulator.catalogue.tracks[:2]
        ]
        answers = await asyncio.gather(
            ask_after(0.0, client, first), ask_after(0.003, client, second)
        )
        assert [id_ for id_, _ in answers] == [first, second]
        tracks = [call for call in client.calls if call.route == "GET /v1/tracks"]
        assert [(call.time, len(call.ids)) for call in tracks] == sent


async def test_without_a_window_requests_of_the_same_tick_share_a_call(client, track_ids):
    await asyncio.gather(*(ask_after(0.0, client, id_) for id_ in track_ids[:30]))
    tracks = [call for call in client.calls if call.route == "GET /v1/tracks"]
    assert [(call.time, len(call.ids)) for call in tracks] == [(0.0, 30)]
