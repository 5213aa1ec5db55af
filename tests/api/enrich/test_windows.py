"""Windows of lines: as long as the providers' pace makes sense of, and behind everybody else."""

import asyncio

import pytest

from api.enrich.fields import parse_fields
from api.enrich.lines import Line
from api.enrich.results import Done
from api.enrich.windows import execute, size
from api.testing import TestClient


def lines(refs):
    return [Line(number, ref) for number, ref in enumerate(refs, 1)]


def recordings(client):
    return [f"musicbrainz:track:{mbid}" for mbid in client.simulator.musicbrainz.library.recordings]


def at_musicbrainz(client):
    return [(call.time, len(call.ids)) for call in client.calls if "/ws/2" in call.route]


async def test_an_interactive_query_goes_before_the_windows_that_wait(client):
    ids = recordings(client)
    window = asyncio.ensure_future(
        execute(client.engine, parse_fields("name"), [], lines(ids[:300]))
    )
    await asyncio.sleep(0.5)  # virtual: the window is in the air
    answer = await client.execute("query ($id: ID!) { track(id: $id) { name } }", {"id": ids[400]})
    assert answer.errors == []
    assert asyncio.get_running_loop().time() == 1.0
    outcome = await window
    assert all(isinstance(result, Done) for result in outcome.results)
    assert at_musicbrainz(client) == [(0.0, 100), (1.0, 100), (2.0, 100), (3.0, 1)]
    assert ids[400].endswith(client.calls[1].ids[0])  # the first of the next call, before the 200


async def test_a_window_takes_the_time_that_it_takes_and_looks_up_all_that_may_be_merged():
    async with TestClient(deadline=2.0) as client:
        strangers = [
            f"musicbrainz:track:{place:08x}-0000-4000-8000-000000000000" for place in range(12)
        ]
        ids = [*recordings(client)[:1], *strangers]
        outcome = await execute(client.engine, parse_fields("name"), [], lines(ids))
        assert asyncio.get_running_loop().time() == 12.0
        codes = [result.errors[0]["code"] for result in outcome.results[1:]]
        assert codes == ["NOT_FOUND"] * 12
        assert outcome.asked == 13 + 12


@pytest.mark.parametrize(
    ("fields", "of", "expected"),
    [
        ("name", "spotify", 1000),  # no pace is set
        ("name", "deezer", 100),  # 8 a second, 80 in ten seconds
        ("name", "musicbrainz", 1000),  # ten calls, one a second
        ("name, artists.country", "musicbrainz", 100),  # of ten artists each, at most
    ],
)
async def test_a_window_has_as_many_lines_as_take_ten_seconds_within_bounds(
    client, fields, of, expected
):
    tracks = client.simulator.catalogue.tracks[:1000]
    refs = {
        "spotify": [f"spotify:track:{track.spotify_id}" for track in tracks],
        "deezer": [f"deezer:track:{track.deezer_id}" for track in tracks],
        "musicbrainz": recordings(client)[:1000],
    }
    assert size(client.engine, parse_fields(fields), [], lines(refs[of])) == expected


async def test_a_line_asked_twice_in_a_window_is_one_key_and_two_results(client, track_ids):
    outcome = await execute(client.engine, parse_fields("id"), [], lines(track_ids[:2] * 2))
    assert [result.data["id"] for result in outcome.results] == track_ids[:2] * 2
    assert [len(call.ids) for call in client.calls if call.token_ok] == [2]


async def test_errors_belong_to_their_lines_alone(client, track_ids, catalogue):
    isrcs = [track.recording.isrc for track in catalogue.tracks if track.recording.isrc][:2]
    client.simulator.fault("GET /v1/tracks", status=400)
    refs = [track_ids[0], isrcs[0], "x", isrcs[1]]
    fields = parse_fields("isrc")
    outcome = await execute(client.engine, fields, ["SPOTIFY", "DEEZER"], lines(refs))
    first, second, third, fourth = outcome.results
    assert [first.errors[0]["code"], third.errors[0]["code"]] == [
        "UPSTREAM_REJECTED",
        "BAD_USER_INPUT",
    ]
    assert [{track["isrc"] for track in each.data} for each in (second, fourth)] == [
        {isrcs[0]},
        {isrcs[1]},
    ]
    client.simulator.fault("GET /v1/search", status=403, times=1)
    outcome = await execute(client.engine, fields, ["SPOTIFY", "DEEZER"], lines(isrcs))
    failed, done = outcome.results
    assert (failed.errors[0]["code"], failed.errors[0]["path"]) == ("UPSTREAM_REJECTED", ["tracks"])
    assert len(failed.data) == 1  # what Deezer knows all the same
    assert isinstance(done, Done)
