"""The simulated Deezer: its quota, its pages, and everything that it says under HTTP 200."""

import asyncio

import pytest

NO_DATA = {"type": "DataException", "message": "no data", "code": 800}
QUOTA = {"type": "Exception", "message": "Quota limit exceeded", "code": 4}


@pytest.fixture
def track(simulator):
    return simulator.catalogue.tracks[0]


async def test_fifty_calls_in_five_seconds_are_taken_and_more_are_over_its_quota(
    simulator, stranger, track
):
    route = f"/track/{track.deezer_id}"
    answers = [await stranger.get(route) for _ in range(52)]
    assert ["error" in answer.json() for answer in answers] == [False] * 50 + [True] * 2
    assert {answer.status_code for answer in answers} == {200}
    assert (answers[-1].json(), "retry-after" in answers[-1].headers) == ({"error": QUOTA}, False)
    await asyncio.sleep(4.9)
    assert (await stranger.get(route)).json() == {"error": QUOTA}
    await asyncio.sleep(0.1)  # what was refused did not count
    assert (await stranger.get(route)).json()["id"] == track.deezer_id
    simulator.deezer.calls_per_window = None
    answers = [await stranger.get(route) for _ in range(60)]
    assert not any("error" in answer.json() for answer in answers)


@pytest.mark.parametrize(
    "route",
    [
        "/track/1",
        "/track/x",
        "/album/1/tracks",
        "/artist/1/albums",
        "/track/isrc:X",
        "/album/upc:1",
    ],
)
async def test_what_is_not_there_is_no_data(stranger, route):
    answer = await stranger.get(route)
    assert (answer.status_code, answer.json()) == (200, {"error": NO_DATA})


@pytest.mark.parametrize(
    ("route", "code"), [("/search/track", 501), ("/search/track?q=a&limit=x", 500)]
)
async def test_a_question_that_cannot_be_meant_has_its_code(stranger, route, code):
    assert (await stranger.get(route)).json()["error"]["code"] == code


async def test_an_isrc_of_several_tracks_leads_to_one_of_them(simulator, stranger):
    isrcs = {}
    for track in simulator.catalogue.tracks:
        isrcs.setdefault(track.recording.isrc, []).append(track.deezer_id)
    isrc, ids = next((isrc, ids) for isrc, ids in isrcs.items() if isrc and len(ids) > 1)
    answer = (await stranger.get(f"/track/isrc:{isrc}")).json()
    assert (answer["isrc"], answer["id"]) == (isrc, min(ids))


async def test_a_page_longer_than_a_hundred_is_cut_silently_and_names_its_neighbours(stranger):
    first = (await stranger.get("/search/track?q=the&limit=500")).json()
    assert len(first["data"]) == 100
    assert first["next"].endswith("/search/track?index=100")
    assert "prev" not in first
    last = (await stranger.get(f"/search/track?q=the&index={first['total'] - 1}")).json()
    assert len(last["data"]) == 1
    assert "next" not in last


async def test_how_much_is_told_depends_on_where_it_stands(simulator, stranger):
    album = simulator.catalogue.albums[0]
    track = album.tracks[0]
    full = (await stranger.get(f"/track/{track.deezer_id}")).json()
    assert [each["name"] for each in full["contributors"]] == ["The Lantern Choir", "Inês Marçal"]
    assert (full["duration"], full["isrc"]) == (214, "GBQ171900001")
    assert "artist" not in full["album"]
    [listed, *_] = (await stranger.get(f"/album/{album.deezer_id}/tracks")).json()["data"]
    assert (listed["isrc"], listed["track_position"], listed["disk_number"]) == (full["isrc"], 1, 1)
    assert "contributors" not in listed
    inside = (await stranger.get(f"/album/{album.deezer_id}")).json()["tracks"]["data"][0]
    assert {"isrc", "track_position"}.isdisjoint(inside)
    [found, *_] = (await stranger.get("/search/track?q=Many Voices")).json()["data"]
    assert (found["id"], found["artist"]["name"]) == (track.deezer_id, "The Lantern Choir")
    assert "track_position" not in found


@pytest.mark.parametrize(("status", "code"), [(404, 800), (429, 4), (503, 700)])
async def test_a_fault_is_said_in_its_own_words(simulator, stranger, track, status, code):
    simulator.fault("GET /track/{id}", status=status)
    answer = await stranger.get(f"/track/{track.deezer_id}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
