"""Loaders: one request's loaders, over all providers.

>>> loaders = providers.loaders()
>>> await loaders.load("tracks", [("spotify", "11dFghVXANMlKmJXsNCbNl")])
[Track(...)]

Outcomes come in the order of what was asked: a value, None for what the provider does not know, or
the exception of that one key. Cancelling a call here cancels nothing that another caller waits for.
"""

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from loaders.errors import MaybeMergedError, NotConfiguredError, ProviderError
from loaders.groups import grouped, in_order
from loaders.ids import RESOURCE_OF_KIND, Ref
from loaders.loader import Loader
from loaders.lookups import Lookup
from loaders.provider import Provider
from loaders.records import UNKNOWN, Album, Page, PageKey, Record, Track
from loaders.trace import Trace


class _Kind(NamedTuple):
    """Entities that are asked alike."""

    provider: str
    kind: str

    @property
    def bulk(self) -> "_Resource":
        """Where they are asked by id."""
        return _Resource(self.provider, RESOURCE_OF_KIND[self.kind])

    @property
    def lookup(self) -> "_Resource":
        """Where each is asked by itself."""
        return _Resource(self.provider, f"{self.kind}_lookup")


class _Resource(NamedTuple):
    """What a loader is for."""

    provider: str
    resource: str

    def __str__(self) -> str:
        return f"{self.provider}.{self.resource}"


# Ids that one request may look up because they may have been merged: at MusicBrainz's call a second
# a third of the usual deadline. More of them fail, and may be asked again.
LOOKUPS_PER_REQUEST = 10

# The scope of all that is asked in the background: first come, first served. Its traces know what
# was asked, and not by which calls it came.
_BACKGROUND = "background"


class Loaders:
    """One request's view of all providers; made by `Providers.loaders()`.

    `deadline` is loop time; a key that is not there by then fails. In the `background` keys let
    those of others go first.
    """

    def __init__(
        self,
        providers: Mapping[str, Provider],
        off: Mapping[str, str],
        *,
        trace: Trace,
        deadline: float | None = None,
        background: bool = False,
    ) -> None:
        self.trace = trace
        self.deadline = deadline
        self._background = background
        self._providers = providers
        self._off = off
        self._loaders: dict[_Resource, Loader[Any, Any]] = {}
        # By native id: the look-ups this request takes part in, and the entities it looked for
        # because they may have been merged.
        self._lookups: dict[_Kind, dict[str, list[Lookup]]] = {}
        self._unsure: set[tuple[_Kind, str]] = set()
        # What the process remembered of what look-ups tell, by part: this request keeps to it.
        self._remembers = any(provider.memory.remembered for provider in providers.values())
        self._shares = any(provider.memory.shared_parts for provider in providers.values())
        self._recalled: dict[tuple[_Kind, str], dict[str, Record | None]] = {}

    async def load(
        self, resource: str, asked: Sequence[tuple[str, Hashable]]
    ) -> list[Any | Exception]:
        """Return one outcome per pair of a provider and a key of this resource.

        >>> await loaders.load("isrcs", [("spotify", "USRC17607839"), ("deezer", "USRC17607839")])
        [(Track(...),), NotConfiguredError(...)]
        """
        names = [_Resource(provider, resource) for provider, _ in asked]
        return in_order(names, await self._load(grouped(names, [key for _, key in asked])))

    async def entities(self, refs: Sequence[Ref]) -> list[Record | Exception | None]:
        """Return the record of each reference, whatever its kind and provider."""
        words = [f"{ref.provider}:{ref.kind}" for ref in refs]
        return await self._in_order(words, [ref.native for ref in refs])

    async def complete(
        self, records: Sequence[Record], part: str | None = None
    ) -> list[Record | Exception | None]:
        """Return a record of each one that tells all, or this part, as far as there is an answer.

        Those that tell it already cost nothing. A part that no bulk call of the provider tells is
        looked up, together with whatever else is wanted of that entity just then.
        """
        is_told = _told(records, part)
        if any(is_told):
            lacking = [record for record, told in zip(records, is_told, strict=True) if not told]
            rest = iter(await self.complete(lacking, part))
            return [
                record if told else next(rest)
                for record, told in zip(records, is_told, strict=True)
            ]
        words, natives = _names(records)
        return await self._in_order(words, natives, part)

    def has(self, provider: str, resource: str) -> bool:
        """Tell whether a provider is on and has this resource.

        >>> loaders.has("spotify", "isrcs")
        True
        """
        on = self._providers.get(provider)
        return on is not None and resource in on.resources

    def is_looked_up(self, provider: str, kind: str, part: str) -> bool:
        """Tell whether a look-up, and nothing else, tells a field at this provider.

        >>> loaders.is_looked_up("musicbrainz", "artist", "links")
        True
        """
        on = self._providers.get(provider)
        return on is not None and part in on.parts.get(kind, ())

    async def album_tracks(
        self, albums: Sequence[Album], *, offset: int, limit: int
    ) -> list[Page[Track] | Exception | None]:
        """Return a page of the tracks of each album.

        An album's own answer brings its first tracks, and many albums come in one call: so for a
        first page, albums whose tracks are not known are completed together, and only what is
        missing then has a call of its own. Where a look-up tells them all, that does for any page.
        """

        def lacks_them(album: Album) -> bool:
            is_wanted = offset == 0 or self.is_looked_up(album.provider, album.kind, "tracks")
            return is_wanted and album.tracks is UNKNOWN

        unknown = [album for album in albums if lacks_them(album)]
        full = iter(await self.complete(unknown, "tracks"))
        found = [next(full) if lacks_them(album) else album for album in albums]
        outcomes = [_tracks_told(outcome, offset, limit) for outcome in found]
        missing = [index for index, outcome in enumerate(outcomes) if outcome is _MISSING]
        keys = [PageKey(albums[index].native, offset, limit) for index in missing]
        asked = [(albums[index].provider, key) for index, key in zip(missing, keys, strict=True)]
        pages = await self.load("album_tracks", asked)
        for index, page in zip(missing, pages, strict=True):
            outcomes[index] = page
        return outcomes

    async def _in_order(
        self, words: Sequence[str], natives: Sequence[str], part: str | None = None
    ) -> list[Record | Exception | None]:
        """Return entities in the order given; a word is `PROVIDER:KIND`."""
        groups = grouped(words, natives)
        kinds = {word: _Kind(*word.split(":")) for word in groups}
        found = await self._entities({kinds[word]: them for word, them in groups.items()}, part)
        return in_order(words, {word: found[kind] for word, kind in kinds.items()})

    async def _entities(
        self, asked: Mapping[_Kind, Sequence[str]], part: str | None = None
    ) -> Mapping[_Kind, Sequence[Record | Exception | None]]:
        """Return entities, or as much of them as tells the part.

        They come from bulk calls, and what those cannot tell from look-ups.
        """
        looked_up = [kind for kind in asked if part and self.is_looked_up(*kind, part)]
        if not looked_up or part is None or not self._remembers:
            return await self._ask(asked, part, looked_up)
        if self._shares:
            await self._find(asked, part, looked_up)
        recalled = {kind: self._recall(kind, asked[kind], part) for kind in looked_up}
        unknown = {
            kind: [native for native in natives if native not in recalled.get(kind, ())]
            for kind, natives in asked.items()
        }
        found = await self._ask(unknown, part, looked_up)
        for kind, known in recalled.items():
            rest = iter(found[kind])
            found[kind] = [
                known[native] if native in known else next(rest) for native in asked[kind]
            ]
        return found

    def _recall(
        self, kind: _Kind, natives: Sequence[str], part: str
    ) -> Mapping[str, Record | None]:
        """Return what the process remembers of these entities' part, which has to be looked up."""
        recalled = self._recalled.setdefault((kind, part), {})
        memory = self._providers[kind.provider].memory
        unknown = self._not_asked(kind, natives, part)
        recalled.update(memory.recall_part(kind.kind, part, unknown, self.trace))
        return recalled

    async def _find(
        self, asked: Mapping[_Kind, Sequence[str]], part: str, looked_up: Sequence[_Kind]
    ) -> None:
        """Let the process know what others were told of a part that has to be looked up."""
        finding = []
        for kind in looked_up:
            memory = self._providers[kind.provider].memory
            unasked = self._not_asked(kind, asked[kind], part)
            if unknown := memory.unknown_parts(kind.kind, part, unasked):
                finding.append(memory.shared_parts[kind.kind].find(unknown, self.deadline))
        if finding:
            await asyncio.gather(*finding)

    def _not_asked(self, kind: _Kind, natives: Sequence[str], part: str) -> list[str]:
        """Return those of which this request neither knows nor looks up the part."""
        recalled = self._recalled.get((kind, part), {})
        lookups = self._lookups.get(kind, {})
        return [
            native
            for native in natives
            if native not in recalled
            and not any(part in lookup.parts for lookup in lookups.get(native, ()))
        ]

    async def _ask(
        self, asked: Mapping[_Kind, Sequence[str]], part: str | None, looked_up: Sequence[_Kind]
    ) -> dict[_Kind, Sequence[Record | Exception | None]]:
        """Ask for entities as they are asked first, and look for those that may be merged."""
        resources = {kind: kind.lookup if kind in looked_up else kind.bulk for kind in asked}
        outcomes = await self._load(
            {
                resources[kind]: [self._look_up(kind, native, part) for native in natives]
                if kind in looked_up
                else natives
                for kind, natives in asked.items()
            }
        )
        found = {kind: outcomes[resource] for kind, resource in resources.items()}
        unsure = {
            kind: places
            for kind, natives in asked.items()
            if (places := self._maybe_merged(kind, natives, found[kind]))
        }
        if unsure:
            merged = await self._load(
                {
                    kind.lookup: [self._look_up(kind, asked[kind][place], part) for place in places]
                    for kind, places in unsure.items()
                }
            )
            for kind, outcomes_of_kind in zip(unsure, merged.values(), strict=True):
                for place, outcome in zip(unsure[kind], outcomes_of_kind, strict=True):
                    found[kind][place] = outcome
        return {**found}

    def _maybe_merged(
        self, kind: _Kind, natives: Sequence[str], outcomes: Sequence[Any]
    ) -> list[int]:
        """Return the places of those that this request looks for because they may be merged."""
        if MaybeMergedError not in set(map(type, outcomes)):
            return []
        places = []
        for place, (native, outcome) in enumerate(zip(natives, outcomes, strict=True)):
            if not isinstance(outcome, MaybeMergedError):
                continue
            if self._may_look_up(kind, native):
                places.append(place)
            else:
                self.trace.answer(str(kind.bulk), [native], [outcome])
        return places

    def _may_look_up(self, kind: _Kind, native: str) -> bool:
        """Tell whether this request may look for one more entity that may have been merged.

        One without a deadline may look for all of them.
        """
        if self.deadline is None or len(self._unsure) < LOOKUPS_PER_REQUEST:
            self._unsure.add((kind, native))
        return (kind, native) in self._unsure

    def _look_up(self, kind: _Kind, native: str, part: str | None) -> Lookup:
        """Return the look-up of this request that tells the part, or one that will."""
        parts = set() if part is None else {part}
        mine = self._lookups.setdefault(kind, {}).setdefault(native, [])
        lookup = next((one for one in mine if parts <= one.parts), None)
        if lookup is None:
            lookup = self._providers[kind.provider].lookups[kind.kind].wanting(native, parts)
            if lookup not in mine:
                mine.append(lookup)
        return lookup

    async def _load(
        self, asked: Mapping[_Resource, Sequence[Hashable]]
    ) -> dict[_Resource, list[Any | Exception]]:
        """Return one outcome per key of each resource: one `load_many` per loader."""
        outcomes: dict[_Resource, list[Any]] = {}
        waiting = []
        for resource, keys in asked.items():
            loader = self._loader(resource)
            if isinstance(loader, ProviderError):
                outcomes[resource] = [loader] * len(keys)
            else:
                self.trace.ask(loader.processor.name, keys)
                waiting.append((resource, loader.load_many(keys, return_exceptions=True)))
        # All are submitted by now, so waiting for one after the other is waiting for the slowest.
        try:
            for resource, values in waiting:
                settled = outcomes[resource] = await values
                self.trace.answer(str(resource), asked[resource], settled, passing=MaybeMergedError)
        finally:
            for _, values in waiting:  # who is cancelled waits for none of them any more
                values.cancel()
        return outcomes

    def _loader(self, resource: _Resource) -> Loader[Any, Any] | ProviderError:
        """Return the loader of a resource, or why there is no use in asking it."""
        loader = self._loaders.get(resource)
        if loader is not None:
            return loader
        provider, name = resource
        on = self._providers.get(provider)
        if on is None:
            reason = self._off.get(provider, "this server does not speak to it")
            return NotConfiguredError(provider, f"{provider} is off: {reason}")
        processor = on.resources.get(name)
        if processor is None:
            return NotConfiguredError(provider, f"{provider} has no {name}")
        loader = Loader.over(
            on.memory.cached.get(name, processor),
            scope=_BACKGROUND if self._background else self.trace.scope,
            deadline=self.deadline,
            background=self._background,
        )
        self._loaders[resource] = loader
        self.trace.watch(str(resource), loader)
        return loader


def _names(records: Sequence[Record]) -> tuple[list[str], list[str]]:
    """Return the `PROVIDER:KIND` and the native id of each record; the few words are few objects.

    While a hundred records of each of many requests are waited for, a text for each is felt.
    """
    ids = [record.id.rpartition(":") for record in records]
    known = {word: word for word, _, _ in ids}
    return [known[word] for word, _, _ in ids], [native for _, _, native in ids]


def _told(records: Sequence[Record], part: str | None) -> list[bool]:
    """Return for each record whether it tells all, or this part."""
    if part is None:
        return [record.is_complete for record in records]
    return [value is not UNKNOWN for value in map(attrgetter(part), records)]


_MISSING: Any = object()


def _tracks_told(outcome: Any, offset: int, limit: int) -> Any:
    """Return the page of tracks that an album told, if it told it, or else why there is none."""
    if not isinstance(outcome, Album):
        return outcome
    told = outcome.tracks
    page = told.cut(offset, limit) if isinstance(told, Page) else None
    return _MISSING if page is None else page
