"""Rows 41 to 44 and 50: a provider that answers, but refuses the call."""

from urllib.parse import parse_qs

import pytest

from loaders.simulator import Simulator
from tests.faults.world import BULK, SINGLE, World


def refusing(world, status, refuses):
    """Let the provider refuse the calls whose ids are so; note how many ids each call had."""
    sizes = []

    async def line(scope, receive, send):
        query = parse_qs(scope["query_string"].decode())
        ids = query["ids"][0].split(",") if "ids" in query else [scope["path"].split("/")[-1]]
        sizes.append(len(ids))
        if refuses(ids):
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        else:
            await Simulator.__call__(world.simulator, scope, receive, send)

    world.simulator.line = line
    return sizes


# Row 41
async def test_one_bad_id_is_found_and_the_others_are_served(world, full):
    sizes = refusing(world, 400, lambda ids: world.native[1] in ids)
    seen = await world.ask()
    assert seen.codes == [None, "REJECTED", None]
    assert seen.told("retryable") is False
    assert seen.data == [full.data[0], None, full.data[2]]
    assert sizes in ([3, 1, 2, 1, 1], [3, 2, 1, 1, 1])


# Row 41, of 50
@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize("place", [0, 24, 49])
async def test_of_50_it_is_found_in_13_calls(world, status, place):
    tracks = world.simulator.catalogue.tracks[:50]
    bad = tracks[place].spotify_id
    sizes = refusing(world, status, lambda ids: bad in ids)
    seen = await world.ask([f"spotify:track:{track.spotify_id}" for track in tracks])
    assert [at for at, code in enumerate(seen.codes) if code] == [place]
    assert len(sizes) <= 13


# Row 42
async def test_what_is_always_refused_is_refused_for_each(world, full):
    world.fault(status=400)
    seen = await world.ask()
    assert (seen.codes, seen.told("retryable")) == (["REJECTED"] * 3, False)
    assert len(world.calls()) == 1 + 4
    assert full.errors == []


# Row 42, of 50. Past the cap nobody knows whose fault it is: they may be asked again.
async def test_what_is_always_refused_costs_no_more_than_the_cap(world):
    tracks = world.simulator.catalogue.tracks[:50]
    world.fault(status=400)
    seen = await world.ask([f"spotify:track:{track.spotify_id}" for track in tracks])
    assert (seen.codes, seen.told("retryable")) == (["REJECTED"] * 50, True)
    assert len(world.calls()) == 1 + 24
    world.simulator.faults.clear()
    assert (await world.ask()).errors == []  # the breaker is closed


# Row 42, at one call a second: the answer would be half a minute late.
async def test_at_a_slow_provider_nobody_is_looked_for(world):
    world.fault("GET /ws/2/recording", status=422)
    seen = await world.ask([f"musicbrainz:track:{mbid}" for mbid in world.mbids])
    assert seen.codes == ["REJECTED"] * 3
    assert len(world.calls()) == 1


# Row 43
@pytest.mark.parametrize("status", [403, 410])
async def test_where_the_bulk_route_is_closed_each_is_asked_by_itself(world, full, status):
    world.fault(status=status)
    seen = await world.ask()
    assert (seen.data, seen.errors) == (full.data, [])
    assert world.sent() == [(BULK, 3)] + [(SINGLE, 1)] * 3
    world.forget()
    assert (await world.ask()).data == full.data
    assert world.sent() == [(SINGLE, 1)] * 3


# Row 43: nothing else closes it.
@pytest.mark.parametrize("status", [402, 404, 405, 406, 409, 451])
async def test_no_other_refusal_closes_the_bulk_route(world, full, status):
    world.fault(status=status, times=1)
    await world.ask()
    world.forget()
    assert (await world.ask()).data == full.data
    assert world.sent() == [(BULK, 3)]


# Row 44
@pytest.mark.parametrize("status", [413, 414])
async def test_a_batch_that_is_too_large_is_halved_and_that_is_remembered(world, full, status):
    sizes = refusing(world, status, lambda ids: len(ids) > 2)
    four = [*world.ids, f"spotify:track:{world.simulator.catalogue.tracks[3].spotify_id}"]
    for _ in range(2):
        seen = await world.ask(four)
        assert (seen.data[:3], seen.errors) == (full.data, [])
    assert sizes == [4, 2, 2, 2, 2]


# Row 50
@pytest.mark.parametrize(
    "to", ["http://evil.example/", "http://169.254.169.254/", "/v1/tracks?ids=x"]
)
@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(to, status):
    hosts = []

    async def line(scope, _receive, send):
        hosts.append(dict(scope["headers"])[b"host"])
        headers = [(b"location", to.encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async with World() as world:
        world.simulator.line = line
        seen = await world.ask()
        assert (seen.codes, seen.told("retryable")) == (["BAD_RESPONSE"] * 3, False)
        assert len(hosts) == 1
        assert "evil" not in str(hosts)
