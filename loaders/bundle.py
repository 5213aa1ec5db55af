"""Loaders: one request's loaders, over all providers.

>>> loaders = providers.loaders()
>>> await loaders.load("tracks", [("spotify", "11dFghVXANMlKmJXsNCbNl")])
[Track(...)]

Outcomes come in the order of what was asked: a value, None for what the provider does not know, or
the exception of that one key. Cancelling a call here cancels nothing that another caller waits for.
"""

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, TypeAlias

from loaders.errors import MaybeMergedError, NotConfiguredError, ProviderError
from loaders.ids import RESOURCE_OF_KIND, Ref
from loaders.loader import Loader
from loaders.lookups import Lookup
from loaders.provider import Provider
from loaders.records import UNKNOWN, Album, Page, PageKey, Record, Track
from loaders.trace import Trace

# What names an entity: provider, kind and native id. A plain tuple, for there are many at a time.
_Entity: TypeAlias = tuple[str, str, str]

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
        self._loaders: dict[str, Loader[Any, Any]] = {}
        # By provider, kind and native id: the look-ups this request takes part in, and the
        # entities it looked for because they may have been merged.
        self._lookups: dict[tuple[str, str, str], list[Lookup]] = {}
        self._unsure: set[tuple[str, str, str]] = set()
        # What the process remembered of what look-ups tell, by part: this request keeps to it.
        self._remembers = any(provider.memory.remembered for provider in providers.values())
        self._shares = any(provider.memory.shared_parts for provider in providers.values())
        self._recalled: dict[str, dict[_Entity, Record | None]] = {}

    async def load(
        self, resource: str, asked: Sequence[tuple[str, Hashable]]
    ) -> list[Any | Exception]:
        """Return one outcome per pair of a provider and a key of this resource.

        >>> await loaders.load("isrcs", [("spotify", "USRC17607839"), ("deezer", "USRC17607839")])
        [(Track(...),), NotConfiguredError(...)]
        """
        return await self._load([(provider, resource, key) for provider, key in asked])

    async def entities(self, refs: Sequence[Ref]) -> list[Record | Exception | None]:
        """Return the record of each reference, whatever its kind and provider."""
        return await self._load_entities([(ref.provider, ref.kind, ref.native) for ref in refs])

    async def complete(
        self, records: Sequence[Record], part: str | None = None
    ) -> list[Record | Exception | None]:
        """Return a record of each one that tells all, or this part, as far as there is an answer.

        Those that tell it already cost nothing. A part that no bulk call of the provider tells is
        looked up, together with whatever else is wanted of that entity just then.
        """
        lacking = [record for record in records if _lacks(record, part)]
        found = await self._load_entities([_entity(record) for record in lacking], part)
        if len(lacking) == len(records):
            return found
        rest = iter(found)
        return [next(rest) if _lacks(record, part) else record for record in records]

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
        pages = await self._load(
            [
                (albums[index].provider, "album_tracks", key)
                for index, key in zip(missing, keys, strict=True)
            ]
        )
        for index, page in zip(missing, pages, strict=True):
            outcomes[index] = page
        return outcomes

    async def _load_entities(
        self, entities: Sequence[_Entity], part: str | None = None
    ) -> list[Record | Exception | None]:
        """Return entities, or as much of them as tells the part.

        They come from bulk calls, and what those cannot tell from look-ups.
        """
        if part is not None and self._shares:
            await self._find(entities, part)
        if part is None or not (recalled := self._recall(entities, part)):
            return await self._ask_entities(entities, part)
        asked = [entity for entity in entities if entity not in recalled]
        outcomes = iter(await self._ask_entities(asked, part))
        return [recalled[entity] if entity in recalled else next(outcomes) for entity in entities]

    def _recall(self, entities: Sequence[_Entity], part: str) -> Mapping[_Entity, Record | None]:
        """Return what the process remembers of these entities, if the part has to be looked up."""
        if not self._remembers:
            return {}
        recalled = self._recalled.setdefault(part, {})
        for (provider, kind), natives in self._to_recall(entities, part).items():
            memory = self._providers[provider].memory
            found = memory.recall_part(kind, part, natives, self.trace)
            recalled.update(((provider, kind, native), found[native]) for native in found)
        return recalled

    async def _find(self, entities: Sequence[_Entity], part: str) -> None:
        """Let the process know what others were told of a part that has to be looked up."""
        finding = []
        for (provider, kind), natives in self._to_recall(entities, part).items():
            memory = self._providers[provider].memory
            if unknown := memory.unknown_parts(kind, part, natives):
                finding.append(memory.shared_parts[kind].find(unknown, self.deadline))
        if finding:
            await asyncio.gather(*finding)

    def _to_recall(
        self, entities: Sequence[_Entity], part: str
    ) -> dict[tuple[str, str], list[str]]:
        """Return the native ids, by provider and kind, of which a part may be remembered."""
        recalled = self._recalled.setdefault(part, {})
        groups: dict[tuple[str, str], list[str]] = {}
        for entity in entities:
            if entity not in recalled and not self._has_looked_up(entity, part):
                groups.setdefault(entity[:2], []).append(entity[2])
        return {pair: them for pair, them in groups.items() if self.is_looked_up(*pair, part)}

    def _has_looked_up(self, entity: _Entity, part: str) -> bool:
        return any(part in lookup.parts for lookup in self._lookups.get(entity, ()))

    async def _ask_entities(
        self, entities: Sequence[_Entity], part: str | None
    ) -> list[Record | Exception | None]:
        outcomes = await self._load(self._asked(entities, part))
        maybe = [index for index, it in enumerate(outcomes) if isinstance(it, MaybeMergedError)]
        unsure = [index for index in maybe if self._may_look_up(entities[index])]
        for index in sorted(set(maybe).difference(unsure)):
            provider, kind, native = entities[index]
            name = f"{provider}.{RESOURCE_OF_KIND[kind]}"
            self.trace.answer(name, [native], [outcomes[index]])
        if unsure:
            looked_up = await self._load([self._look_up(entities[index], part) for index in unsure])
            for index, outcome in zip(unsure, looked_up, strict=True):
                outcomes[index] = outcome
        return outcomes

    def _asked(
        self, entities: Sequence[_Entity], part: str | None
    ) -> list[tuple[str, str, Hashable]]:
        """Return provider, resource and key by which each of them is asked first."""
        looked_up: set[tuple[str, str]] = set()
        if part is not None:
            pairs = {(provider, kind) for provider, kind, _ in entities}
            looked_up = {pair for pair in pairs if self.is_looked_up(*pair, part)}
        return [
            self._look_up(entity, part)
            if looked_up and entity[:2] in looked_up
            else (entity[0], RESOURCE_OF_KIND[entity[1]], entity[2])
            for entity in entities
        ]

    def _may_look_up(self, entity: _Entity) -> bool:
        """Tell whether this request may look for one more entity that may have been merged.

        One without a deadline may look for all of them.
        """
        if self.deadline is None or len(self._unsure) < LOOKUPS_PER_REQUEST:
            self._unsure.add(entity)
        return entity in self._unsure

    def _look_up(self, entity: _Entity, part: str | None) -> tuple[str, str, Hashable]:
        """Return the look-up of this request that tells the part, or one that will."""
        provider, kind, native = entity
        parts = set() if part is None else {part}
        mine = self._lookups.setdefault(entity, [])
        lookup = next((one for one in mine if parts <= one.parts), None)
        if lookup is None:
            lookup = self._providers[provider].lookups[kind].wanting(native, parts)
            if lookup not in mine:
                mine.append(lookup)
        return provider, f"{kind}_lookup", lookup

    async def _load(self, asked: Sequence[tuple[str, str, Hashable]]) -> list[Any | Exception]:
        """Return one outcome per provider, resource and key: one `load_many` per loader."""
        groups: dict[tuple[str, str], list[int]] = {}
        for index, (provider, resource, _) in enumerate(asked):
            groups.setdefault((provider, resource), []).append(index)
        outcomes: list[Any] = [None] * len(asked)
        waiting = []
        for (provider, resource), indexes in groups.items():
            loader = self._loader(provider, resource)
            if isinstance(loader, ProviderError):
                for index in indexes:
                    outcomes[index] = loader
                continue
            keys = [asked[index][2] for index in indexes]
            name = f"{provider}.{resource}"
            self.trace.ask(name, keys)
            waiting.append((name, keys, indexes, loader.load_many(keys, return_exceptions=True)))
        # All are submitted by now, so waiting for one after the other is waiting for the slowest.
        try:
            for name, keys, indexes, values in waiting:
                settled = await values
                self.trace.answer(name, keys, settled, passing=MaybeMergedError)
                for index, value in zip(indexes, settled, strict=True):
                    outcomes[index] = value
        finally:
            for *_, values in waiting:  # who is cancelled waits for none of them any more
                values.cancel()
        return outcomes

    def _loader(self, provider: str, resource: str) -> Loader[Any, Any] | ProviderError:
        """Return the loader of a resource, or why there is no use in asking it."""
        name = f"{provider}.{resource}"
        loader = self._loaders.get(name)
        if loader is not None:
            return loader
        on = self._providers.get(provider)
        if on is None:
            reason = self._off.get(provider, "this server does not speak to it")
            return NotConfiguredError(provider, f"{provider} is off: {reason}")
        processor = on.resources.get(resource)
        if processor is None:
            return NotConfiguredError(provider, f"{provider} has no {resource}")
        loader = Loader.over(
            on.memory.cached.get(resource, processor),
            scope=_BACKGROUND if self._background else self.trace,
            deadline=self.deadline,
            background=self._background,
        )
        self._loaders[name] = loader
        self.trace.watch(name, loader)
        return loader


def _entity(record: Record) -> _Entity:
    provider, kind, native = record.id.split(":", 2)
    return provider, kind, native


def _lacks(record: Record, part: str | None) -> bool:
    return not record.is_complete if part is None else getattr(record, part) is UNKNOWN


_MISSING: Any = object()


def _tracks_told(outcome: Any, offset: int, limit: int) -> Any:
    """Return the page of tracks that an album told, if it told it, or else why there is none."""
    if not isinstance(outcome, Album):
        return outcome
    told = outcome.tracks
    page = told.cut(offset, limit) if isinstance(told, Page) else None
    return _MISSING if page is None else page
