"""The test kit: what it says when a query costs more than was thought."""

import asyncio

import pytest

from api.testing import TestClient, VirtualClockLoop, call_app, run
from loaders.simulator import Simulator


async def test_a_call_too_many_is_told_with_its_loader_and_field(client, track_ids):
    answer = await client.execute(
        "query ($ids: [ID!]!) { tracks(ids: $ids) { album { label } artists { name } } }",
        {"ids": track_ids[:51]},
    )
    with pytest.raises(AssertionError) as caught:
        answer.expect_calls({"spotify.tracks": 1, "spotify.artists": 2})
    told = str(caught.value).splitlines()
    assert told[0].startswith("spotify.albums: expected 0 calls, got ")
    assert told[1].startswith("  GET /v1/albums at 0.000 s: 20 keys, asked by Album.label")
    assert told[-4:] == [
        "spotify.artists: expected 2 calls, got 0",
        "spotify.tracks: expected 1 call, got 2",
        "  GET /v1/tracks at 0.000 s: 50 keys, asked by Query.tracks",
        "  GET /v1/tracks at 0.000 s: 1 key, asked by Query.tracks",
    ]


async def test_the_field_of_a_page_and_of_a_search_is_told_too(client, artist_ids):
    answer = await client.execute(
        f'{{ artist(id: "{artist_ids[0]}") {{ albums {{ totalCount }} }} '
        'search(text: "a", provider: SPOTIFY) { tracks { totalCount } } }'
    )
    with pytest.raises(AssertionError) as caught:
        answer.expect_calls({"spotify.artists": 1})
    assert str(caught.value).splitlines() == [
        "spotify.artist_albums: expected 0 calls, got 1",
        "  GET /v1/artists/{id}/albums at 0.000 s: 1 key, asked by Artist.albums",
        "spotify.search: expected 0 calls, got 1",
        "  GET /v1/search at 0.000 s: 1 key, asked by Query.search",
    ]


async def test_calls_as_expected_are_no_complaint(client, track_ids):
    answer = await client.execute(f'{{ track(id: "{track_ids[0]}") {{ id }} }}')
    answer.expect_calls({"spotify.tracks": 1})
    answer.expect_calls({"spotify.tracks": 1, "spotify.albums": 0})
    assert [call.resource for call in answer.calls] == ["spotify.tracks"]


async def test_a_client_takes_a_simulator_and_settings():
    simulator = Simulator(seed=7)
    async with TestClient(simulator=simulator, max_ids=2, spotify={"market": "SE"}) as client:
        assert client.simulator is simulator
        assert client.settings.max_ids == 2
        native = simulator.catalogue.tracks[0].spotify_id
        await client.execute(f'{{ track(id: "spotify:track:{native}") {{ id }} }}')
        assert client.calls[-1].params["market"] == "SE"


def test_a_day_passes_at_once_on_the_virtual_clock():
    async def wait():
        loop = asyncio.get_running_loop()
        await asyncio.sleep(86_400)
        return loop.time(), isinstance(loop, VirtualClockLoop)

    assert run(wait()) == (86_400.0, True)


async def test_any_asgi_app_can_be_called():
    async def app(scope, receive, send):
        body = (await receive())["body"]
        head = scope["method"], scope["path"], scope["query_string"]
        await send({"type": "http.response.start", "status": 201, "headers": [(b"x", b"y")]})
        await send({"type": "http.response.body", "body": repr((*head, body)).encode()})

    answer = await call_app(app, "POST", "/a b", params={"q": "ä"}, body=b"\x00")
    assert (answer.status, answer.headers) == (201, {"x": "y"})
    assert answer.body == rb"('POST', '/a b', b'q=%C3%A4', b'\x00')"
