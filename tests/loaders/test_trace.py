"""Trace: one request's account of keys, batches, calls and time."""

import asyncio

from loaders import Call, Trace, asking_field

NOBODY = "0" * 22


def rows(trace, *names):
    return [tuple(row[name] for name in names) for row in trace.report()]


async def test_a_report_has_one_row_per_loader_in_the_order_of_use(simulator, providers):
    simulator.latency = 0.25
    trace = Trace()
    loaders = providers.loaders(trace=trace)
    asked = [("spotify", track.spotify_id) for track in simulator.catalogue.tracks[:60]]
    await loaders.load("tracks", [*asked, asked[0]])
    await loaders.load("tracks", asked[:5])
    await loaders.load("artists", [("spotify", NOBODY)])
    tracks, artists = trace.report()
    assert tracks == {
        "loader": "spotify.tracks",
        "asked": 66,
        "distinct": 60,
        "remembered": 6,
        "cached": 0,
        "joined": 0,
        "batches": 2,
        "calls": 2,
        "callsSaved": 64,
        # Two batches at the same time, each with the token's quarter of a second and its own.
        "milliseconds": 1000.0,
    }
    assert (artists["loader"], artists["asked"], artists["calls"]) == ("spotify.artists", 1, 1)
    assert artists["milliseconds"] == 250.0
    assert repr(trace) == "<Trace [3 batches | 3 calls]>"


async def test_every_call_is_there_with_its_ids_and_times(simulator, providers):
    simulator.latency = 0.25
    trace = Trace()
    await providers.loaders(trace=trace).load("artists", [("spotify", NOBODY)])
    route = "GET /v1/artists"
    assert trace.calls == [Call("spotify.artists", route, (NOBODY,), 200, 0.25, 0.25)]


async def test_a_shared_batch_is_told_to_each_of_its_requests(simulator, providers):
    simulator.latency = 1.0
    one, two, other = Trace(), Trace(), Trace()
    a, b = ("spotify", "A" * 22), ("spotify", "B" * 22)
    first = asyncio.ensure_future(providers.loaders(trace=one).load("tracks", [a, b]))
    await asyncio.sleep(0.5)
    await asyncio.gather(
        first,
        providers.loaders(trace=two).load("tracks", [b]),
        providers.loaders(trace=other).load("artists", [a]),
    )
    assert rows(one, "asked", "joined", "batches", "calls") == [(2, 0, 1, 1)]
    assert rows(two, "asked", "joined", "batches", "calls") == [(1, 1, 1, 1)]
    assert rows(other, "asked", "joined", "batches", "calls") == [(1, 0, 1, 1)]
    assert one.calls == two.calls


async def test_paging_can_cost_more_than_it_saves_and_never_saves_less_than_nothing(
    simulator, providers
):
    simulator.spotify.development_mode = True
    trace = Trace()
    await providers.loaders(trace=trace).load("tracks", [("spotify", NOBODY)])
    # Bulk, refused, then the single call: two batches of the same key.
    assert rows(trace, "asked", "batches", "calls", "callsSaved") == [(1, 2, 2, 0)]


async def test_fields_are_kept_when_they_are_wanted(providers):
    trace = Trace(fields=True)
    loaders = providers.loaders(trace=trace)
    a, b = "A" * 22, "B" * 22
    asking_field.set("Query.track")
    await loaders.load("tracks", [("spotify", a)])
    asking_field.set("Artist.genres")
    await loaders.load("tracks", [("spotify", a), ("spotify", b)])
    assert trace.fields == {"spotify.tracks": {"Query.track": [a], "Artist.genres": [a, b]}}
    [row] = trace.report()
    assert row["fields"] == {"Query.track": 1, "Artist.genres": 2}


async def test_fields_are_not_kept_otherwise(providers):
    trace = Trace()
    await providers.loaders(trace=trace).load("tracks", [("spotify", NOBODY)])
    assert trace.fields == {}
    assert "fields" not in trace.report()[0]


async def test_a_token_call_is_nobodys(simulator, providers):
    trace = Trace()
    await providers.loaders(trace=trace).load("tracks", [("spotify", NOBODY)])
    assert len(simulator.calls) == 2
    assert [call.route for call in trace.calls] == ["GET /v1/tracks"]
