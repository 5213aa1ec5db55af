"""The clock on which all other tests rely."""

import asyncio

import pytest

from api.testing import clock


async def test_a_day_passes_at_once_and_exactly():
    loop = asyncio.get_running_loop()
    await asyncio.sleep(86_400)
    assert loop.time() == 86_400


async def test_timers_fire_in_their_order():
    order = []

    async def wait(seconds):
        await asyncio.sleep(seconds)
        order.append((seconds, asyncio.get_running_loop().time()))

    await asyncio.gather(wait(0.3), wait(0.1), wait(0.2))
    assert order == [(0.1, 0.1), (0.2, 0.2), (0.3, 0.3)]


def test_waiting_for_nothing_is_an_error_not_a_hang():
    async def hang():
        await asyncio.get_running_loop().create_future()

    with pytest.raises(RuntimeError, match="deadlock"):
        clock.run(hang())
