"""The benchmark of several processes measures what it says, and its model says what it measures."""

import pytest

from tests.benchmarks.processes import Load, keys_to_fetch, minute, model, run, warm_after

FEW = Load(requests=40, at_a_time=10, keys=10, popular=50)


@pytest.mark.parametrize("shared", [True, False])
def test_two_processes_fetch_as_many_keys_as_the_model_says(own_server, shared):
    got = run(2, own_server.url if shared else "unix:///nowhere", FEW)
    assert got.fetched == pytest.approx(keys_to_fetch(FEW, 2, shared=shared), rel=0.05)
    assert got.calls < got.fetched


def test_ids_that_are_asked_once_are_fetched_once_with_redis_and_without():
    distinct = Load(popular=0)
    for shared in (True, False):
        assert keys_to_fetch(distinct, 4, shared=shared) == 4 * 400 * 20


def test_a_quota_warms_all_processes_at_once_or_one_after_the_other():
    musicbrainz = {"rate": 1.0, "batch": 100}
    assert warm_after(10_000, 100, **musicbrainz, shared=True) == 100.0
    assert warm_after(10_000, 100, **musicbrainz, shared=False) == 10_000.0


def test_the_model_goes_to_a_hundred_processes():
    lines = list(model())
    assert "| MusicBrainz | 100 | 100 | 10,000 | 100 | 10,000 |" in lines
    assert len(lines) == 4 + 2 * 6


def test_a_line_tells_how_much_of_a_rate_is_used(own_server):
    assert "% of what is allowed" in minute(own_server.url, seconds=1.0)
