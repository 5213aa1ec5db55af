"""Rows 32 to 40: whose item is whose, in an answer that came whole."""

from tests.faults.world import SEARCH

NOBODY = "0" * 22
RELINKED = "9" * 22


def item(native, name=None, **more):
    return {"id": native, "name": name or native[:4], "artists": [], **more}


async def read(world, items):
    """Answer with these items; return the names by position, or what is told instead."""
    world.fault(body={"tracks": items})
    seen = await world.ask()
    assert len(world.calls()) == 1
    codes = seen.codes
    return [
        codes[place] or (track and (track["id"].split(":")[2], track["name"]))
        for place, track in enumerate(seen.data)
    ]


# Row 32. MusicBrainz leaves out what it does not know, and what was merged: hence a second call.
async def test_what_is_left_out_is_unknown(world):
    unknown = "00000000-0000-4000-8000-000000000000"
    ids = [f"musicbrainz:track:{mbid}" for mbid in (world.mbids[0], unknown, world.mbids[2])]
    seen = await world.ask(ids)
    assert (seen.errors, [track and track["id"] for track in seen.data]) == (
        [],
        [ids[0], None, ids[2]],
    )
    assert world.sent() == [(SEARCH, 3), ("GET /ws/2/recording/{id}", 1)]


# Row 32, at Spotify. It says null for what it does not know; of what it leaves out it says nothing.
async def test_what_is_left_out_where_nothing_may_be_is_a_fault(world):
    a, b, c = world.native
    told = await read(world, [item(a), item(c)])
    assert told == [(a, a[:4]), "BAD_RESPONSE", (c, c[:4])]
    assert b not in str(told)


# Row 33
async def test_items_in_another_order_come_as_asked(world):
    a, b, c = world.native
    told = await read(world, [item(c), item(a), item(b)])
    assert told == [(a, a[:4]), (b, b[:4]), (c, c[:4])]


# Row 34. Whose place the second one took, nobody can tell.
async def test_of_an_item_that_comes_twice_the_first_counts(world):
    a, b, _ = world.native
    told = await read(world, [item(a, "first"), item(a, "second"), item(b)])
    assert told == [(a, "first"), (b, b[:4]), "BAD_RESPONSE"]


# Row 35
async def test_null_is_unknown(world):
    a, _, c = world.native
    assert await read(world, [item(a), None, item(c)]) == [(a, a[:4]), None, (c, c[:4])]


# Row 36
async def test_what_was_not_asked_is_ignored(world):
    a, b, c = world.native
    told = await read(world, [item(NOBODY), item(a), item(b), item(c)])
    assert told == [(a, a[:4]), (b, b[:4]), (c, c[:4])]


# Row 37. Here a record keeps the id that was asked: an id is for ever, a relinked one is of a day.
async def test_a_relinked_item_is_of_the_id_that_it_names(world):
    a, b, c = world.native
    relinked = item(RELINKED, "elsewhere", linked_from={"id": a})
    told = await read(world, [item(b), relinked, item(c)])
    assert told == [(a, "elsewhere"), (b, b[:4]), (c, c[:4])]


# Row 38
async def test_a_relinked_item_that_names_nobody_is_read_by_its_place(world):
    a, b, c = world.native
    told = await read(world, [item(a), item(RELINKED, "elsewhere"), item(c)])
    assert told == [(a, a[:4]), (b, "elsewhere"), (c, c[:4])]


# Row 38
async def test_and_where_places_mean_nothing_it_is_nobodys(world):
    a, _, c = world.native
    told = await read(world, [item(RELINKED, "elsewhere"), item(a), item(c), None])
    assert told == [(a, a[:4]), "BAD_RESPONSE", (c, c[:4])]


# Row 39. The answer to the old id says 301 and is what it was merged into: nothing is followed.
async def test_what_was_merged_is_found_by_its_old_id(world):
    old, new = next(iter(world.simulator.musicbrainz.library.merged["recording"].items()))
    seen = await world.ask([f"musicbrainz:track:{old}", f"musicbrainz:track:{world.mbids[0]}"])
    assert seen.errors == []
    assert seen.data[0]["id"] == f"musicbrainz:track:{new}"
    assert [call.status for call in world.simulator.calls] == [200, 301]


# Row 40. Of the bulk routes here one documents that 404 means "all unknown"; at the others it means
# that there is no such route, and unknown ids are not what the answer was about.
async def test_a_404_is_unknown_where_that_is_documented_and_nowhere_else(world):
    links = world.processor("links", "musicbrainz")
    world.fault("GET /ws/2/url", status=404)
    assert await links.submit_many(["https://example.org/a", "https://example.org/b"]) == [(), ()]
    world.fault(status=404)
    seen = await world.ask()
    assert (seen.codes, seen.told("retryable")) == (["BAD_RESPONSE"] * 3, False)
    assert world.sent() == [("GET /ws/2/url", 2), ("GET /v1/tracks", 3)]


# Row 40, one by one
async def test_a_404_of_an_id_is_unknown(world):
    seen = await world.ask(["musicbrainz:track:00000000-0000-4000-8000-000000000000"])
    assert (seen.data, seen.errors) == ([None], [])
    world.simulator.spotify.development_mode = True
    seen = await world.ask([f"spotify:track:{NOBODY}"])
    assert (seen.data, seen.errors) == ([None], [])
