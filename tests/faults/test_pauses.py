"""Rows 1 to 7, 11 and 12: a provider that wants fewer calls."""

import asyncio
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from tests.faults.world import SEARCH, World, now

WRITTEN = "Wed, 21 Oct 2015 07:28:00 GMT"
LATER = "Wed, 21 Oct 2015 07:28:03 GMT"


# Row 1
async def test_a_pause_that_fits_the_deadline_is_waited_out(world, full):
    world.fault(status=429, headers={"retry-after": "3"}, times=1)
    first = asyncio.ensure_future(world.ask())
    await asyncio.sleep(1.0)
    second = asyncio.ensure_future(world.ask(world.ids[:1]))
    assert (await first).data == full.data
    assert (await second).data == full.data[:1]
    assert (await first).errors == (await second).errors == []
    assert world.calls() == [0.0, 3.0]


# Row 2
async def test_a_pause_that_does_not_fit_is_told_at_once_and_kept_by_all():
    async with World(deadline=2.0) as world:
        world.fault(status=429, headers={"retry-after": "3"}, times=1)
        seen = await world.ask()
        assert (seen.data, seen.codes) == ([None] * 3, ["RATE_LIMITED"] * 3)
        assert (seen.told("retryAfterMs"), seen.told("retryable")) == (3000, True)
        assert seen.seconds == 0.0
        await asyncio.sleep(0.5)
        seen = await world.ask()
        assert (seen.codes, seen.told("retryAfterMs")) == (["RATE_LIMITED"] * 3, 2500)
        assert seen.seconds == 0.0
        assert world.calls() == [0.0]


# Row 3
async def test_a_pause_may_be_a_date_by_the_providers_own_clock(world, full):
    world.fault(status=429, headers={"retry-after": LATER, "date": WRITTEN}, times=1)
    seen = await world.ask()
    assert (seen.data, seen.errors) == (full.data, [])
    assert world.calls() == [0.0, 3.0]


# Row 3, without a Date beside it
async def test_a_pause_may_be_a_date_by_our_clock(world, full):
    date = format_datetime(datetime.now(UTC).replace(microsecond=0), usegmt=True)
    year_after = date.replace(str(datetime.now(UTC).year), str(datetime.now(UTC).year + 1))
    world.fault(status=429, headers={"retry-after": year_after}, times=1)
    seen = await world.ask()
    assert seen.codes == ["RATE_LIMITED"] * 3
    assert 364 * 86_400_000 < seen.told("retryAfterMs") <= 366 * 86_400_000
    assert full.errors == []


# Rows 4, 6 and 7: what says nothing that can be kept is a pause of up to a second, then up to two.
@pytest.mark.usefixtures("half")
@pytest.mark.parametrize(
    "headers",
    [
        {"retry-after": "0"},
        {"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"},
        {"retry-after": "abc"},
        {"retry-after": "-5"},
        {"retry-after": "1e9"},
        {"retry-after": "1000000000"},
        {"retry-after": "3, 3"},  # said twice
        {"retry-after": "Wed, 21 Oct 99999999999999999999 07:28:00 GMT"},
        {"date": WRITTEN},
        {},
    ],
)
async def test_a_pause_of_no_length_is_one_of_a_moment(world, full, headers):
    world.fault(status=429, headers=headers, times=2)
    seen = await world.ask()
    assert (seen.data, seen.errors) == (full.data, [])
    assert world.calls() == [0.0, 0.5, 1.5]


# Row 5
async def test_a_pause_of_a_day_is_told_and_doubted_after_a_quarter_of_an_hour(world, full):
    world.fault(status=429, headers={"retry-after": "86400"}, times=1)
    seen = await world.ask()
    assert (seen.codes, seen.told("retryAfterMs")) == (["RATE_LIMITED"] * 3, 86_400_000)
    assert seen.seconds == 0.0
    hold = await world.client.execute("{ providers { holdMs } }")
    assert hold.data["providers"][0] == {"holdMs": 900_000}
    await asyncio.sleep(900.0)
    assert (await world.ask()).data == full.data
    assert world.calls() == [0.0, 900.0]


# Row 11. It is no failure: its breaker stays closed, however often it happens.
async def test_a_503_of_musicbrainz_is_a_pause(world):
    ids = [f"musicbrainz:track:{mbid}" for mbid in world.mbids]
    for _ in range(10):
        world.forget()
        started = now()
        world.fault(SEARCH, status=503, times=1)
        seen = await world.ask(ids)
        assert (seen.errors, [track["id"] for track in seen.data]) == ([], ids)
        first, second = world.calls()
        assert second - first == 1.0 >= first - started


# Row 12. Deezer does not say how long, and counts over five seconds: so five seconds it is.
async def test_deezers_quota_is_a_pause_and_nobody_is_taken_for_unknown(world):
    ids = [f"deezer:track:{world.simulator.catalogue.tracks[0].deezer_id}"]
    quota = {"error": {"type": "Exception", "message": "Quota limit exceeded", "code": 4}}
    world.fault("GET /track/{id}", body=quota, times=1)
    seen = await world.ask(ids)
    assert (seen.errors, [track["id"] for track in seen.data]) == ([], ids)
    assert world.calls() == [0.0, 5.0]
