"""Wikidata's client: what it sends, how it reads what comes, what it does about refusals."""

import pytest

from loaders import (
    BadResponseError,
    Image,
    InvalidIdError,
    NotConfiguredError,
    RateLimitedError,
    RejectedError,
    Settings,
)
from loaders.errors import BadKeyError
from loaders.http import in_process
from loaders.simulator.musicbrainz_facts import happens, wikidata_of
from loaders.wikidata import connect_wikidata, parse, wire


@pytest.fixture
def pictured(simulator):
    """The ids of those that have a picture."""
    return [
        id_
        for id_, item in simulator.wikidata.items.items()
        if happens(item.artist.mbid, "picture at Wikidata")
    ]


@pytest.fixture
def load(providers):
    """Load the pictures of some ids, each time as another request."""

    async def load(ids):
        return await providers.loaders().load("images", [("wikidata", id_) for id_ in ids])

    return load


async def test_51_pictures_are_two_calls_a_second_apart(simulator, load, pictured):
    found = await load(pictured[:51])
    assert all(isinstance(image, Image) for image in found)
    assert [(call.time, len(call.ids), call.status) for call in simulator.calls] == [
        (0.0, 50, 200),
        (1.0, 1, 200),
    ]
    assert simulator.calls[1].params == {
        "action": "wbgetentities",
        "ids": pictured[50],
        "props": "claims",
        "format": "json",
    }


async def test_a_picture_is_linked_at_commons_with_the_page_that_tells_its_licence(simulator, load):
    artist = simulator.catalogue.artists[1]
    assert await load([wikidata_of(artist.mbid)]) == [
        Image(
            "https://commons.wikimedia.org/wiki/Special:FilePath/"
            "In%C3%AAs_Mar%C3%A7al_in_Tonabad.jpg?width=640",
            page="https://commons.wikimedia.org/wiki/File:In%C3%AAs_Mar%C3%A7al_in_Tonabad.jpg",
        )
    ]


async def test_what_was_merged_comes_by_the_id_that_was_asked(simulator, load, pictured):
    merged = next(id_ for id_ in pictured if simulator.wikidata.items[id_].id != id_)
    [image] = await load([merged])
    assert [image] == await load([simulator.wikidata.items[merged].id])


async def test_without_a_picture_and_without_an_entity_there_is_none(simulator, load):
    bare = next(
        id_
        for id_, item in simulator.wikidata.items.items()
        if not happens(item.artist.mbid, "picture at Wikidata")
    )
    assert await load([bare, "Q1"]) == [None, None]
    assert len(simulator.calls) == 1


async def test_an_id_that_is_none_fails_alone_and_is_never_sent(simulator, load, pictured):
    found = await load(["Q0", pictured[0], "Q1|Q2", "P18"])
    assert [type(outcome) for outcome in found] == [
        *(InvalidIdError, Image, InvalidIdError, InvalidIdError)
    ]
    [call] = simulator.calls
    assert call.ids == (pictured[0],)
    await load(["q"])
    assert len(simulator.calls) == 1


async def test_an_id_that_is_refused_all_the_same_is_not_looked_for_at_a_call_a_second(
    simulator, load, pictured
):
    refusal = {"error": {"code": "no-such-entity", "info": ""}}
    simulator.fault("GET /w/api.php", body=refusal, times=1)
    found = await load(pictured[:2])
    assert [type(outcome) for outcome in found] == [BadKeyError, BadKeyError]
    assert len(simulator.calls) == 1


@pytest.mark.parametrize(
    ("headers", "rest"), [({}, 5.0), ({"retry-after": "11"}, 11.0)], ids=["silent", "told"]
)
async def test_a_lag_of_its_databases_is_waited_out(simulator, load, pictured, headers, rest):
    lag = {"error": {"code": "maxlag", "info": "Waiting for a server: 6 seconds lagged."}}
    simulator.fault("GET /w/api.php", body=lag, headers=headers, times=1)
    [found] = await load(pictured[:1])
    assert isinstance(found, Image)
    assert [call.time for call in simulator.calls] == [0.0, rest]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (429, None, RateLimitedError),
        (403, None, RejectedError),
        (200, {"error": {"code": "readonly"}}, RejectedError),
        (200, "<html>", BadResponseError),
        (200, {"entities": {"Q5": {"claims": {"P18": 7}}}}, BadResponseError),
    ],
)
async def test_what_is_no_answer_is_an_error_of_every_key(simulator, load, status, body, kind):
    simulator.fault("GET /w/api.php", status=status, body=body)
    outcomes = await load(["Q5", "Q6"])
    assert [type(outcome) for outcome in outcomes] == [kind, kind]
    assert {outcome.provider for outcome in outcomes} == {"wikidata"}


async def test_it_is_off_until_somebody_says_whom_it_may_turn_to(simulator):
    with pytest.raises(NotConfiguredError, match="UNISONO_CONTACT"):
        connect_wikidata(Settings(contact=""))
    provider = connect_wikidata(Settings(contact="me@example.org"), transport=in_process(simulator))
    assert list(provider.resources) == ["images"]
    await provider.close()


def statement(file, rank="normal"):
    return wire.Statement(wire.Snak(file and wire.Value(file)), rank)


@pytest.mark.parametrize(
    ("statements", "file"),
    [
        ([statement("a.jpg"), statement("b.jpg")], "a.jpg"),
        ([statement("a.jpg"), statement("b.jpg", "preferred")], "b.jpg"),
        ([statement("a.jpg", "deprecated"), statement("b.jpg")], "b.jpg"),
        ([statement(None), statement("a b?.jpg")], "a_b%3F.jpg"),
        ([statement(None)], None),
        ([statement("a.jpg", "deprecated")], None),
        ([], None),
    ],
)
def test_the_preferred_statement_holds_and_never_a_deprecated_one(statements, file):
    image = parse.image(wire.Entity(claims=wire.Claims(tuple(statements))))
    pages = "https://commons.wikimedia.org/wiki/File:"
    assert (image and image.page) == (file and f"{pages}{file}")
