"""Every usage example of the page that the collector's face comes from, import path apart."""

import asyncio
import logging
import time
from dataclasses import dataclass

import pytest

from batching import BatchProcessor, BatchResult

logger = logging.getLogger(__name__)


@dataclass
class Track:
    id: str

    @classmethod
    def from_spotify(cls, answer):
        return cls(answer["id"])


class SpotifyApi:
    """Answers in bulk, as the page's own client would."""

    def __init__(self):
        self.calls = []

    async def get_tracks(self, ids):
        self.calls.append(list(ids))
        await asyncio.sleep(0.25)
        return {"tracks": [{"id": one} for one in ids]}


@pytest.fixture
def spotify_api():
    return SpotifyApi()


@pytest.fixture
def fetch_tracks_from_spotify(spotify_api):
    async def fetch_tracks_from_spotify(track_ids: list[str]) -> list[Track]:
        """Fetch multiple tracks in one API call."""
        response = await spotify_api.get_tracks(track_ids)
        return [Track.from_spotify(t) for t in response["tracks"]]

    return fetch_tracks_from_spotify


@pytest.fixture
def fetch_tracks(fetch_tracks_from_spotify):
    return fetch_tracks_from_spotify


@pytest.fixture
def track_ids():
    return [f"track_{i}" for i in range(120)]


async def test_batch_result(fetch_tracks, capsys):
    async def fetch_some(ids):
        found = await fetch_tracks(ids)
        return [ValueError("gone") if track.id.endswith("7") else track for track in found]

    processor = BatchProcessor(batch_size=50, processor_func=fetch_some)
    await processor.add_batch([f"track_{i}" for i in range(40)])

    result = await processor.flush()
    print(f"Processed {result.total_items} items")  # noqa: T201 - the page's
    print(f"Success: {result.success_count}, Failed: {result.failure_count}")  # noqa: T201 - likewise
    print(f"Success Rate: {result.success_rate:.1f}%")  # noqa: T201 - likewise
    failures = [f"Failed to process {item}: {exception}" for item, exception in result.failed]

    assert capsys.readouterr().out == (
        "Processed 40 items\nSuccess: 36, Failed: 4\nSuccess Rate: 90.0%\n"
    )
    assert failures == [f"Failed to process track_{i}: gone" for i in (7, 17, 27, 37)]


async def test_simple_batch_processing(fetch_tracks_from_spotify, spotify_api, track_ids):
    processor = BatchProcessor[str, Track](
        batch_size=50,  # Process 50 tracks at a time
        processor_func=fetch_tracks_from_spotify,
        max_wait_time=5.0,  # Auto-flush after 5 seconds
        auto_flush=True,  # Auto-process when batch is full
    )

    flushed = []
    # Add items one by one (auto-flushes at 50 items)
    for track_id in track_ids:
        result = await processor.add(track_id)
        if result:  # Returns BatchResult if auto-flushed
            flushed.append(result.success_count)

    # Flush remaining items (< 50)
    final_result = await processor.flush()

    assert flushed == [50, 50]
    assert final_result.success_count == 20
    assert final_result.successful[0] == Track("track_100")
    assert spotify_api.calls == [track_ids[:50], track_ids[50:100], track_ids[100:]]


async def test_a_hundred_tracks_are_two_calls(fetch_tracks, spotify_api):
    processor = BatchProcessor(batch_size=50, processor_func=fetch_tracks)
    for i in range(100):
        await processor.add(f"track_{i}")
    assert [len(call) for call in spotify_api.calls] == [50, 50]


async def test_batch_add(fetch_tracks, spotify_api):
    processor = BatchProcessor(batch_size=50, processor_func=fetch_tracks)

    # Add multiple items and get all batch results
    track_ids = [f"track_{i}" for i in range(150)]
    results = await processor.add_batch(track_ids)

    # Results is list of BatchResults (one per batch)
    total_success = sum(r.success_count for r in results)
    total_failed = sum(r.failure_count for r in results)

    assert (total_success, total_failed) == (150, 0)
    assert len(results) == 3
    assert all(isinstance(r, BatchResult) for r in results)
    assert [track.id for r in results for track in r.successful] == track_ids
    assert len(spotify_api.calls) == 3


async def test_manual_flush_control(fetch_tracks, spotify_api, track_ids):
    # Disable auto-flush for full manual control
    processor = BatchProcessor(
        batch_size=50,
        processor_func=fetch_tracks,
        auto_flush=False,  # No automatic processing
    )

    # Add items without processing
    for track_id in track_ids:
        assert await processor.add(track_id) is None  # Always returns None (no auto-flush)

    # Check pending count
    assert f"{processor.get_pending_count()} items pending" == "120 items pending"
    assert spotify_api.calls == []

    # Manually trigger processing when ready
    result = await processor.flush()

    assert [track.id for track in result.successful] == track_ids
    assert processor.get_pending_count() == 0


async def test_time_based_flush(fetch_tracks, spotify_api):
    flushes = []
    loop = asyncio.get_running_loop()
    processor = BatchProcessor(
        batch_size=100,
        processor_func=fetch_tracks,
        max_wait_time=10.0,  # Flush after 10 seconds
        auto_flush=True,
    )

    # Background task for time-based flushing
    async def periodic_flush():
        while True:
            await asyncio.sleep(1)  # Check every second
            result = await processor.flush_if_needed()
            if result:
                flushes.append((loop.time(), result.success_count))

    # Start background task
    task = asyncio.create_task(periodic_flush())

    await asyncio.sleep(2.5)
    await processor.add_batch(["a", "b"])
    await asyncio.sleep(5.0)
    await processor.add("c")
    await asyncio.sleep(30.0)
    task.cancel()

    assert spotify_api.calls == [["a", "b", "c"]], "10 seconds after the first item"
    assert flushes == [(13.0, 3)], "and told at the next look"


async def test_error_handling(fetch_tracks, spotify_api, caplog):
    failing = {"track_3", "track_5"}

    async def fetch_some(ids):
        return [
            ConnectionError("timed out") if track.id in failing else track
            for track in await fetch_tracks(ids)
        ]

    processor = BatchProcessor(batch_size=2, processor_func=fetch_some, auto_flush=False)
    await processor.add_batch([f"track_{i}" for i in range(6)])

    # Partial failure handling
    result = await processor.flush()

    # Check for failures
    assert result.failure_count == 2
    logger.warning(f"{result.failure_count} items failed")  # noqa: G004 - the page's

    # Log each failure
    for item, exception in result.failed:
        logger.error(f"Failed: {item} - {exception}")  # noqa: G004 - likewise

    # Retry failed items
    failing.clear()
    retry_items = [item for item, _ in result.failed]
    retry_results = await processor.add_batch(retry_items)

    assert caplog.messages == [
        "2 items failed",
        "Failed: track_3 - timed out",
        "Failed: track_5 - timed out",
    ]
    assert retry_items == ["track_3", "track_5"]
    assert retry_results == [], "without auto-flush they wait for the next flush"
    assert (await processor.flush()).successful == [Track("track_3"), Track("track_5")]
    assert spotify_api.calls[-1] == ["track_3", "track_5"]


async def test_performance_metrics(fetch_tracks):
    processor = BatchProcessor(batch_size=100, processor_func=fetch_tracks)
    total_processed = 0
    total_time = 0
    lines = []

    for i in range(10):
        await processor.add_batch(f"track_{i}_{n}" for n in range(i))
        start = time.time()
        result = await processor.flush()
        elapsed = time.time() - start

        total_processed += result.total_items
        total_time += elapsed

        lines.append(f"Batch {i}: {result.success_count} items in {elapsed:.2f}s")

    avg_time_per_batch = total_time / 10
    throughput = total_processed / total_time

    assert total_processed == sum(range(10))
    assert [line.split()[2] for line in lines] == [str(i) for i in range(10)]
    assert avg_time_per_batch > 0
    assert throughput > 0


async def test_the_parameters_of_the_page_can_be_given_by_place_and_by_name(fetch_tracks):
    by_place = BatchProcessor(fetch_tracks, 50, 5.0, False)
    by_name = BatchProcessor(
        batch_size=50, processor_func=fetch_tracks, max_wait_time=5.0, auto_flush=False
    )
    for processor in (by_place, by_name):
        assert processor.batch_size == 50
        assert processor.max_wait_time == 5.0
        assert processor.auto_flush is False
        assert await processor.add_batch(range(60)) == [], "auto_flush=False"
        await asyncio.sleep(5.0)
        assert (await processor.flush_if_needed()).success_count == 60, "max_wait_time=5.0"
    with pytest.raises(TypeError, match="batch_size"):
        BatchProcessor(fetch_tracks)
