"""Metrics: what `/metrics` shows of one server, in Prometheus' words.

No id, no operation name and no text that a client sent is a label: labels are few, and ours.
"""

from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.responses import Response

from batching import BatchEvent
from loaders import Cache, Call, Providers, Trace
from loaders.shared import SharedStore

# Seconds; OpenTelemetry's advice for HTTP durations.
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
_KEYS = (1, 2, 5, 10, 20, 50, 100)  # 20 and 50 are what Spotify takes in one call

# The counts of a loader's row in a trace that are worth a series.
_COUNTS = ("asked", "distinct", "remembered", "cached", "joined")


M = TypeVar("M", Counter, Histogram)


class _Series(dict[tuple[str, ...], M], Generic[M]):
    """The series of a metric by their labels: to look one up in the metric itself takes a lock.

    >>> _Series(counter)["spotify", "tracks"].inc()
    """

    def __init__(self, metric: M) -> None:
        super().__init__()
        self._metric: M = metric

    def __missing__(self, labels: tuple[str, ...]) -> M:
        series: M = self._metric.labels(*labels)
        self[labels] = series
        return series


class Metrics:
    """The series of one engine, in a registry of their own: several servers fit in one process."""

    def __init__(self, providers: Providers) -> None:
        self._registry = CollectorRegistry()
        self._operations = _Series(
            Counter(
                "unisono_operations",
                "Operations by type and outcome: ok, partial, refused, failed, gone.",
                ("type", "outcome"),
                registry=self._registry,
            )
        )
        self.running = Gauge(
            "unisono_operations_running",
            "Requests whose operations are being executed.",
            registry=self._registry,
        )
        self._operation_seconds = _Series(
            Histogram(
                "unisono_operation_seconds",
                "Seconds from an operation's arrival to its answer.",
                ("type",),
                buckets=_SECONDS,
                registry=self._registry,
            )
        )
        self._keys = _Series(
            Counter(
                "unisono_keys",
                "Keys asked of the loaders; of those, remembered by the request and others "
                "(distinct); of these, remembered by the process (cached) and joined to a key on "
                "its way.",
                ("provider", "resource", "kind"),
                registry=self._registry,
            )
        )
        self._batches = _Series(
            Counter(
                "unisono_batches",
                "Batches by what let them go.",
                ("provider", "resource", "reason"),
                registry=self._registry,
            )
        )
        self._batch_keys = _Series(
            Histogram(
                "unisono_batch_keys",
                "Keys in a batch.",
                ("provider", "resource"),
                buckets=_KEYS,
                registry=self._registry,
            )
        )
        self._batch_wait = _Series(
            Histogram(
                "unisono_batch_wait_seconds",
                "Seconds that the oldest key of a batch waited for it to leave.",
                ("provider", "resource"),
                buckets=_SECONDS,
                registry=self._registry,
            )
        )
        self._calls = _Series(
            Counter(
                "unisono_upstream_calls",
                "Calls to a provider by the status of the answer; none where none came.",
                ("provider", "status"),
                registry=self._registry,
            )
        )
        self._call_seconds = _Series(
            Histogram(
                "unisono_upstream_call_seconds",
                "Seconds of a call to a provider.",
                ("provider",),
                buckets=_SECONDS,
                registry=self._registry,
            )
        )
        self._retries = _Series(
            Counter(
                "unisono_retries",
                "Keys sent once more after a failure.",
                ("provider",),
                registry=self._registry,
            )
        )
        self._registry.register(_Standing(providers))

    def batch(self, event: BatchEvent, calls: Sequence[Call]) -> None:
        """Count a batch that has come to an end, and its calls."""
        provider, _, resource = event.name.partition(".")
        self._batches[provider, resource, event.reason].inc()
        self._batch_keys[provider, resource].observe(len(event.keys))
        self._batch_wait[provider, resource].observe(event.wait)
        if event.retries:
            self._retries[(provider,)].inc(event.retries)
        for call in calls:
            status = "none" if call.status is None else str(call.status)
            self._calls[provider, status].inc()
            self._call_seconds[(provider,)].observe(call.seconds)

    def operation(self, kind: str, outcome: str, seconds: float) -> None:
        """Count an operation that was answered."""
        self._operations[kind, outcome].inc()
        self._operation_seconds[(kind,)].observe(seconds)

    def request(self, trace: Trace) -> None:
        """Count what the operations of one request asked."""
        for row in trace.report():
            provider, _, resource = row["loader"].partition(".")
            for kind in _COUNTS:
                if row[kind]:
                    self._keys[provider, resource, kind].inc(row[kind])

    def response(self) -> Response:
        """Return all series in Prometheus' text format."""
        return Response(
            generate_latest(self._registry),
            headers={"content-type": "text/plain; version=0.0.4; charset=utf-8"},
        )


class _Standing(Collector):
    """How the providers stand at the moment somebody looks."""

    def __init__(self, providers: Providers) -> None:
        self._providers = providers

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges."""
        on = GaugeMetricFamily("unisono_provider_on", "1 if it can be asked.", labels=["provider"])
        hold = GaugeMetricFamily(
            "unisono_hold_seconds", "Seconds for which it takes no calls.", labels=["provider"]
        )
        budget = GaugeMetricFamily(
            "unisono_budget_calls",
            "Calls that could be made at once; not there where no rate is set.",
            labels=["provider"],
        )
        for status in self._providers.statuses():
            on.add_metric([status.name], float(status.on))
            hold.add_metric([status.name], status.hold)
            if status.budget is not None:
                budget.add_metric([status.name], status.budget)
        waiting = GaugeMetricFamily(
            "unisono_waiting_keys",
            "Keys that wait for a batch to leave.",
            labels=["provider", "resource"],
        )
        for name, provider in self._providers.on.items():
            for resource, processor in provider.resources.items():
                waiting.add_metric([name, resource], processor.get_pending_count())
        yield from (on, hold, budget, waiting)
        if self._providers.cache is not None:
            yield from self._remembered(self._providers.cache)
        if self._providers.store is not None:
            yield from self._shared(self._providers.store)

    def _remembered(self, cache: Cache) -> Iterator[Metric]:
        entries = GaugeMetricFamily("unisono_cache_entries", "Outcomes that are remembered.")
        entries.add_metric([], len(cache))
        poisoned = CounterMetricFamily(
            "unisono_cache_poisoned", "Outcomes dropped because they were not what they should be."
        )
        poisoned.add_metric([], cache.poisoned)
        reads = CounterMetricFamily(
            "unisono_cache_reads",
            "Keys looked for in the cache: found fresh, found stale, not found (miss).",
            labels=["provider", "resource", "outcome"],
        )
        for name, provider in self._providers.on.items():
            for resource, each in provider.memory.remembered.items():
                for outcome in ("fresh", "stale", "miss"):
                    reads.add_metric([name, resource, outcome], getattr(each, outcome))
        yield from (entries, poisoned, reads)

    def _shared(self, store: SharedStore) -> Iterator[Metric]:
        up = GaugeMetricFamily("unisono_redis_up", "1 if Redis is well, and used.")
        up.add_metric([], float(store.is_up))
        reads = CounterMetricFamily(
            "unisono_redis_reads",
            "Keys looked for in Redis: found fresh, found stale, not found (miss), and poisoned: "
            "dropped because they were not what they should be.",
            labels=["provider", "resource", "outcome"],
        )
        for name, provider in self._providers.on.items():
            for resource, shared in provider.memory.shared.items():
                for outcome in ("fresh", "stale", "miss", "poisoned"):
                    reads.add_metric([name, resource, outcome], getattr(shared.entries, outcome))
        yield from (up, reads)
