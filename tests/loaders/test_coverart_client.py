"""Cover Art Archive's client: one release a call, and an address that is never followed."""

import pytest

from loaders import BadResponseError, InvalidIdError, RejectedError, UnavailableError
from loaders.covers import cover_images
from loaders.errors import BadKeyError
from loaders.simulator.coverart import picture_of

NOBODY = "00000000-0000-4000-8000-000000000000"
ROUTE = "GET /release/{id}/front"
FILE = "https://archive.org/download/mbid-{mbid}/mbid-{mbid}-829521842.jpg"


@pytest.fixture
def library(simulator):
    return simulator.musicbrainz.library


@pytest.fixture
def load(providers):
    async def load(*mbids):
        return await providers.loaders().load("covers", [("coverart", mbid) for mbid in mbids])

    return load


async def test_a_cover_in_its_sizes_is_one_call_a_release(simulator, load, library):
    release = next(it for it in library.releases.values() if it.has_art)
    bare = next(it for it in library.releases.values() if not it.has_art)
    found = await load(release.mbid, bare.mbid, NOBODY)
    assert found == [cover_images(release.mbid, picture_of(release)), None, None]
    assert [(call.time, call.route, call.ids, call.status) for call in simulator.calls] == [
        (0.0, ROUTE, (release.mbid,), 307),
        (0.0, ROUTE, (bare.mbid,), 404),
        (0.0, ROUTE, (NOBODY,), 404),
    ]
    assert [(image.width, image.url) for image in found[0]] == [
        (
            width,
            f"https://coverartarchive.org/release/{release.mbid}/{picture_of(release)}-{width}.jpg",
        )
        for width in (250, 500, 1200)
    ]


async def test_a_merged_release_has_the_cover_of_what_it_became(load, library):
    old, new = next(
        (old, new)
        for old, new in library.merged["release"].items()
        if library.releases[new].has_art
    )
    assert await load(old) == [cover_images(new, picture_of(library.releases[new]))]


async def test_the_address_is_not_followed_wherever_it_leads(simulator, load):
    location = FILE.format(mbid=NOBODY).replace("archive.org", "elsewhere.example")
    simulator.fault(ROUTE, status=307, headers={"location": location})
    assert await load(NOBODY) == [cover_images(NOBODY, 829521842)]
    assert len(simulator.calls) == 1


@pytest.mark.parametrize(
    "location",
    [
        None,
        "",
        "http://169.254.169.254/latest",
        FILE.format(mbid=NOBODY).replace("829521842", "x"),
        FILE.format(mbid=NOBODY) + "?a=b",
        FILE.format(mbid="../../x"),
        FILE.format(mbid=NOBODY).replace(f"mbid-{NOBODY}-", f"mbid-{NOBODY[:-1]}1-"),
    ],
)
async def test_an_address_that_is_no_pictures_is_no_answer(simulator, load, location):
    headers = {} if location is None else {"location": location}
    simulator.fault(ROUTE, status=307, headers=headers)
    [outcome] = await load(NOBODY)
    assert isinstance(outcome, BadResponseError)
    assert "169.254" not in str(outcome)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, BadResponseError),
        (302, BadResponseError),
        (400, BadKeyError),
        (403, RejectedError),
        (503, UnavailableError),
    ],
)
async def test_another_status_is_an_error(simulator, load, status, kind):
    simulator.fault(ROUTE, status=status)
    [outcome] = await load(NOBODY)
    assert type(outcome) is kind
    assert outcome.provider == "coverart"


async def test_an_id_that_is_none_is_never_sent(simulator, load):
    [outcome] = await load("../me")
    assert isinstance(outcome, InvalidIdError)
    assert simulator.calls == []
