"""Several processes on one Redis, as they are in production: real ones, at once."""

from tests.redis.callers import calls_of, most_above


def test_four_processes_keep_to_one_rate_and_use_all_of_it(own_server):
    rate, burst, seconds = 20.0, 4, 4.0
    calls = calls_of(4, own_server.url, rate=rate, burst=burst, seconds=seconds)
    assert all(made >= due for due, made, _ in calls), "no call is made before it is due"
    assert most_above(calls, rate=rate, burst=burst) <= 0
    began = calls[0][1]
    within = [keys for _, made, keys in calls if made - began < seconds]
    assert len(within) >= 0.95 * (burst + rate * seconds)
    # Four processes take turns of 50 ms, a key comes every 10 ms: batches are cut when they leave.
    assert sum(within) / len(within) > 10
