"""Wikidata, simulated: its traps. Its shapes are those of its documentation, none was recorded."""

import httpx
import pytest

from loaders.simulator.musicbrainz_facts import happens


@pytest.fixture
def items(simulator):
    return simulator.wikidata.items


@pytest.fixture
def ask(simulator):
    async def ask(*ids, **more):
        params = {"action": "wbgetentities", "ids": "|".join(ids), "format": "json", **more}
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(simulator), base_url="http://simulator.invalid"
        ) as client:
            return await client.get("/w/api.php", params=params)

    return ask


async def test_an_unknown_id_is_marked_as_missing(ask, items):
    answer = (await ask(next(iter(items)), "Q1")).json()
    assert answer["success"] == 1
    assert answer["entities"]["Q1"] == {"id": "Q1", "missing": ""}


async def test_a_merged_one_comes_under_the_id_that_was_asked_with_another_inside(ask, items):
    asked, item = next((id_, item) for id_, item in items.items() if item.id != id_)
    [entity] = (await ask(asked)).json()["entities"].values()
    assert entity["id"] == item.id
    assert entity["redirects"] == {"from": asked, "to": item.id}
    assert list((await ask(asked)).json()["entities"]) == [asked]


async def test_one_id_that_is_none_fails_all_with_the_status_200(ask, items):
    answer = await ask(*list(items)[:3], "X1")
    assert answer.status_code == 200
    assert answer.json()["error"]["code"] == "no-such-entity"
    assert answer.headers["mediawiki-api-error"] == "no-such-entity"


async def test_fifty_ids_and_no_more_and_not_none(ask, items):
    ids = list(items)
    assert len((await ask(*ids[:50])).json()["entities"]) == 50
    assert (await ask(*ids[:51])).json()["error"]["code"] == "toomanyvalues"
    assert (await ask()).json()["error"]["code"] == "param-missing"
    assert (await ask("Q1", action="query")).json()["error"]["code"] == "badvalue"


async def test_an_id_asked_twice_is_told_once(ask, items):
    id_ = next(iter(items))
    assert list((await ask(id_, id_)).json()["entities"]) == [id_]


async def test_the_nameless_are_turned_away(simulator):
    transport = httpx.ASGITransport(simulator)
    async with httpx.AsyncClient(transport=transport, headers={"user-agent": ""}) as client:
        answer = await client.get("http://simulator.invalid/w/api.php")
    assert answer.status_code == 403


async def test_a_statement_is_as_documented(ask, items):
    asked = next(id_ for id_, it in items.items() if happens(it.artist.mbid, "picture at Wikidata"))
    [entity] = (await ask(asked)).json()["entities"].values()
    old, picture = entity["claims"]["P18"]
    assert (old["rank"], picture["rank"]) == ("deprecated", "normal")
    assert picture["mainsnak"] == {
        "snaktype": "value",
        "property": "P18",
        "datavalue": {"value": picture["mainsnak"]["datavalue"]["value"], "type": "string"},
        "datatype": "commonsMedia",
    }
