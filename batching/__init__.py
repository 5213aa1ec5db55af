"""Coalesce single asks into bulk calls: the standard library only, usable under anything.

>>> processor = BatchProcessor(fetch_tracks, batch_size=50, gate=Gate(rate=20))
>>> track = await processor.submit(track_id)

Layout, each file importing only those before it: `checks`, `errors`, `result`, `policies`,
`outcomes`, `callers`, `joint`, `home`, `flight`, `lineage`, `quota`, `gate`, `lanes`, `waiting`,
`alarms`, `tick`, `observing`, `flights`, `dispatch`, `intake`, `closing`, `collector`, and
`processor`, which tells the theory of operation.
"""

from batching.callers import KeyCaller, SetCaller
from batching.errors import (
    BatchError,
    CircularWaitError,
    DeadlineExceededError,
    KeyNotFoundError,
    ProcessorClosedError,
    QueueFullError,
    RefusedError,
    RetryableError,
)
from batching.gate import Gate
from batching.outcomes import Outcome
from batching.policies import BatchEvent, Limits, Observer, Reason, Refusal, RetryPolicy
from batching.processor import BatchProcessor
from batching.quota import Quota
from batching.result import BatchResult

__all__ = [
    "BatchError",
    "BatchEvent",
    "BatchProcessor",
    "BatchResult",
    "CircularWaitError",
    "DeadlineExceededError",
    "Gate",
    "KeyCaller",
    "KeyNotFoundError",
    "Limits",
    "Observer",
    "Outcome",
    "ProcessorClosedError",
    "QueueFullError",
    "Quota",
    "Reason",
    "Refusal",
    "RefusedError",
    "RetryPolicy",
    "RetryableError",
    "SetCaller",
]
