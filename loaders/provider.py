"""Provider: one outside service as the rest of Unisono sees it.

Every provider has the same resources; a provider that lacks one leaves it out.

    tracks artists albums    native id -> record, or None for an unknown id
    isrcs                    ISRC -> tuple of tracks
    upcs                     bar code of 13 digits -> tuple of albums
    links                    address in the web -> tuple of references to what it shows
    artist_albums            PageKey -> Page of albums, or None for an unknown artist
    album_tracks             PageKey -> Page of tracks, or None for an unknown album
    search                   SearchKey -> SearchPages

Those that only know more about what others have take their ids, and have resources of their own:

    listens                   a recording's MBID -> how often it was listened to, or None
    recordings about_artists release_groups    a MBID -> Enrichment, or None
    images                    a Wikidata id -> Image, or None
    covers                    a release's MBID -> tuple of Images, or None

One that has no bulk route for some fields of a record declares look-ups for them:

    track_lookup artist_lookup album_lookup    Lookup -> record with the parts wanted, or None
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias, TypeVar

from batching import BatchEvent, BatchProcessor, Gate
from loaders.cache import Keep
from loaders.calls import Call, calls_of_batch
from loaders.feed import UNWATCHED
from loaders.lookups import Lookup, Lookups
from loaders.memory import Memory
from loaders.pipeline import Outcomes, Pipeline
from loaders.retries import Patience
from loaders.trace import observe

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

# Sees every batch that came to an end, with the calls it made, in the batch's own context.
Observer: TypeAlias = Callable[[BatchEvent, Sequence[Call]], None]


class Client(Protocol):
    """What a provider's client must be able to do besides getting things."""

    async def close(self) -> None:
        """Close its connections."""


class ProviderStatus(NamedTuple):
    """How a provider stands, in this process.

    `reason` says why it is off. `hold` is the seconds for which it takes no calls, `budget` the
    calls that could be made at once (None where no rate is set), `failing` the resources that are
    left alone because they fail too often.
    """

    name: str
    on: bool
    reason: str | None = None
    hold: float = 0.0
    budget: float | None = None
    calls: int = 0
    batches: int = 0
    failing: tuple[str, ...] = ()


class Provider:
    """A provider that is on: its gate, its client and one processor per resource."""

    def __init__(self, name: str, *, gate: Gate, client: Client) -> None:
        self.name = name
        self.gate = gate
        self.client = client
        self.resources: dict[str, BatchProcessor[Any, Any]] = {}
        self.lookups: dict[str, Lookups] = {}  # by kind
        self.parts: dict[str, frozenset[str]] = {}  # by kind: the fields that a look-up tells
        self.observers: Sequence[Observer] = ()
        self.feed = UNWATCHED
        self.memory = Memory(self.resources, self.lookups, self.parts)
        self._patience = Patience(gate)
        self._pipelines: list[Pipeline[Any, Any]] = []
        self._batches = 0

    def __repr__(self) -> str:
        return f"<Provider {self.name!r} [{self.gate.calls} calls | {self._batches} batches]>"

    def add(
        self,
        resource: str,
        get: Callable[[list[K]], Awaitable[Outcomes[V, K]]],
        *,
        batch_size: int,
        window: float,
        keep: Keep | None = None,
    ) -> None:
        """Serve a resource: `get` makes one bulk call for at most `batch_size` keys.

        It returns one outcome per key, or raises a ProviderError: the rest is the pipeline's.
        `window` is in seconds, 0 is the tick. `keep` is how long what it tells may be remembered,
        as the provider's terms allow; None is not at all.
        """
        if keep is not None:
            get = self.memory.allow(resource, keep, get)

        async def get_in_sight(keys: list[K]) -> Outcomes[V, K]:
            with self.feed.flight(keys):
                return await get(keys)

        pipeline = Pipeline(
            self.name,
            resource,
            get_in_sight,
            batch_size=batch_size,
            window=window,
            patience=self._patience,
            observers=(observe, self._count),
        )
        self._pipelines.append(pipeline)
        self.resources[resource] = pipeline.processor

    def add_lookups(
        self,
        kind: str,
        lookups: Lookups,
        parts: Iterable[str],
        get: Callable[[list[Lookup]], Awaitable[Sequence[Any]]],
        *,
        window: float,
        keep: Keep | None = None,
    ) -> None:
        """Serve look-ups of a kind, one per call, for these fields and for what was merged."""
        self.add(f"{kind}_lookup", get, batch_size=1, window=window, keep=keep)
        self.lookups[kind] = lookups
        self.parts[kind] = frozenset(parts)

    def status(self) -> ProviderStatus:
        """Return how it stands now."""
        return ProviderStatus(
            self.name,
            on=True,
            hold=self.gate.held,
            budget=self.gate.budget,
            calls=self.gate.calls,
            batches=self._batches,
            failing=tuple(it.resource for it in self._pipelines if it.breaker.is_open),
        )

    async def close(self, *, grace: float | None = None) -> None:
        """Send what waits, settle every key, then close the connections.

        After `grace` seconds, where given, the keys that are left fail.
        """
        await self.memory.end()
        try:
            await asyncio.gather(
                *(processor.close(grace=grace) for processor in self.resources.values())
            )
        finally:
            await self.client.close()

    def _count(self, event: BatchEvent) -> None:
        self._batches += 1
        batch = calls_of_batch.get()
        for each in self.observers:
            each(event, batch.calls if batch else ())
