"""The test kit: a client over the schema with the simulator behind it, on a virtual clock.

    async def test_a_hundred_tracks_cost_two_calls():
        async with TestClient() as client:
            ids = [track.spotify_id for track in client.simulator.catalogue.tracks[:100]]
            answer = await client.execute(
                "query ($ids: [ID!]!) { tracks(ids: $ids) { name } }",
                {"ids": [f"spotify:track:{id}" for id in ids]},
            )
            assert len(answer.data["tracks"]) == 100
            answer.expect_calls({"spotify.tracks": 2})

On `VirtualClockLoop` waiting takes no time: with anyio's pytest plugin, by a fixture
`anyio_backend` that returns `("asyncio", {"loop_factory": VirtualClockLoop})`; elsewhere, by
`run(test())`.
"""

from api.testing.client import TestAnswer, TestClient
from api.testing.clock import VirtualClockLoop, run
from api.testing.wire import HttpAnswer, call_app

__all__ = ["HttpAnswer", "TestAnswer", "TestClient", "VirtualClockLoop", "call_app", "run"]
