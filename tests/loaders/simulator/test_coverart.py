"""Cover Art Archive, simulated: where it leads, and how it says no."""

import pytest

from loaders.simulator.coverart import art_of, picture_of


@pytest.fixture
def library(simulator):
    return simulator.coverart.library


async def test_a_front_cover_is_the_address_of_a_file_elsewhere(stranger, library):
    release = next(it for it in library.releases.values() if it.has_art)
    answer = await stranger.get(f"/release/{release.mbid}/front")
    item = f"mbid-{release.mbid}"
    assert (answer.status_code, answer.headers["location"]) == (
        307,
        f"https://archive.org/download/{item}/{item}-{picture_of(release)}.jpg",
    )


async def test_what_has_no_art_or_is_unknown_is_not_found_and_what_is_no_id_is_refused(
    stranger, library
):
    bare = next(it for it in library.releases.values() if not it.has_art)
    nobody = "00000000-0000-4000-8000-000000000000"
    statuses = [
        (await stranger.get(f"/release/{mbid}/front")).status_code
        for mbid in (bare.mbid, nobody, "x")
    ]
    assert statuses == [404, 404, 400]
    assert (await stranger.post(f"/release/{bare.mbid}/front")).status_code == 405


def test_a_group_has_the_cover_of_the_release_that_is_asked_or_else_of_another(library):
    group = next(
        group
        for group in library.groups.values()
        if {release.has_art for release in group.releases} == {True, False}
    )
    bare = next(release for release in group.releases if not release.has_art)
    pictured = next(release for release in group.releases if release.has_art)
    assert art_of(group) is art_of(group, bare) is pictured
    assert art_of(group, pictured) is pictured
