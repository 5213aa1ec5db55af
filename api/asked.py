"""Asked: how many keys a document can ask of each loader, known before anything is executed.

The walk goes down the selection with a number of objects of one provider. Keys that are asked by
answers to the same calls stand in one line, the `chain`: ("tracks", "artists") is what the tracks'
answers make us ask of artists. What is asked of one provider for another's objects, as in `on`,
begins with `ON`: ("tracks", "on isrcs").
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
)

from api import needs
from api.connections import MOST_PER_PAGE
from api.needs import Pace
from api.outline import Outline
from api.places import Places
from api.provider import Provider
from api.resolvers.elsewhere import EDITIONS
from loaders import Ref, parse_refs
from loaders.groups import grouped

ON = "on "

# As many as documents are remembered, most of which name things in one place; see `Walks`.
_MOST_WALKS = 128

Chain: TypeAlias = tuple[str, ...]
Line: TypeAlias = tuple[Chain, str]


class Walks(Places[Mapping[Line, int]]):
    """What one object of those that a document names makes us ask, by place in the document.

    A thousand of them ask a thousand times that, so the document is walked once. Beside the place
    count what is named there and the variables that are no lists. All walks are of one server: its
    providers' resources stay the same.
    """

    def __init__(self) -> None:
        super().__init__(_MOST_WALKS)


def asked_by(  # noqa: PLR0917  what cost_of is given
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
    paces: Mapping[str, Pace],
    walks: Walks | None = None,
) -> dict[Line, int]:
    """Return the most keys by chain and provider."""
    outline = Outline(schema, document, operation, variables)
    walk = _Walk(outline, paces, Walks() if walks is None else walks, _switches(variables))
    walk.query(operation.selection_set)
    return walk.keys()


@dataclass(frozen=True)
class _Objects:
    """Objects of one type and provider: how many, which calls brought them, and how much of each.

    `told` is what they tell for sure though they are not complete, `sets` are their selections.
    """

    type: GraphQLObjectType
    provider: str
    count: int
    chain: Chain
    sets: tuple[SelectionSetNode, ...]
    is_complete: bool = False
    told: frozenset[str] = frozenset()


class _Walk:
    def __init__(
        self, outline: Outline, paces: Mapping[str, Pace], walks: Walks, switches: Hashable
    ) -> None:
        self._outline = outline
        self._paces = paces
        self._walks = walks
        self._switches = switches
        self._keys: dict[Line, int] = {}
        # Of those that the document itself names, which they are.
        self._named: dict[Line, set[Any]] = {}

    def keys(self) -> dict[Line, int]:
        """Return all that was noted."""
        keys = {**self._keys}
        for line, named in self._named.items():
            keys[line] = keys.get(line, 0) + len(named)
        return keys

    # The root

    def query(self, selection_set: SelectionSetNode) -> None:
        """Walk a root selection."""
        query = self._outline.type("Query")
        for nodes in self._outline.fields(query, (selection_set,)).values():
            name = nodes[0].name.value
            arguments = self._outline.arguments(query, nodes[0])
            sets = tuple(node.selection_set for node in nodes if node.selection_set)
            if name == "tracksByIsrc":
                self._isrcs(arguments, sets)
            elif name == "search":
                self._search(arguments, sets)
            elif "ids" in arguments or "id" in arguments or "refs" in arguments:
                self._entities(name, arguments, sets)

    def _entities(
        self, name: str, arguments: Mapping[str, Any], sets: tuple[SelectionSetNode, ...]
    ) -> None:
        kind = name.rstrip("s") if name not in {"node", "lookup"} else None
        given = _list(arguments.get("ids") or arguments.get("refs") or arguments.get("id"))
        texts = [text for text in given if isinstance(text, str)]
        # What names nothing is refused when it is executed, and costs nothing.
        refs = [ref for ref in parse_refs(texts, kind) if isinstance(ref, Ref)]
        words = [(ref.kind, ref.provider) for ref in refs]
        named = grouped(words, [ref.native for ref in refs])
        for type_name, resource in needs.RESOURCES.items():
            for (kind_named, provider), natives in named.items():
                if kind_named == type_name.lower():
                    distinct = set(natives)
                    self._named.setdefault(((resource,), provider), set()).update(distinct)
                    for line, each in self._of_one(type_name, provider, sets).items():
                        self._keys[line] = self._keys.get(line, 0) + each * len(distinct)

    def _of_one(
        self, type_name: str, provider: str, sets: tuple[SelectionSetNode, ...]
    ) -> Mapping[Line, int]:
        """Return what one object that the document names asks: nothing but its number counts."""
        key = (type_name, provider, self._switches, *map(id, sets))
        return self._walks.find(key, sets, lambda: self._walk_one(type_name, provider, sets))

    def _walk_one(
        self, type_name: str, provider: str, sets: tuple[SelectionSetNode, ...]
    ) -> Mapping[Line, int]:
        one = _Walk(self._outline, self._paces, self._walks, self._switches)
        chain = (needs.RESOURCES[type_name],)
        type_ = self._outline.type(type_name)
        one._walk(_Objects(type_, provider, 1, chain, sets, is_complete=True))
        return one.keys()

    def _isrcs(self, arguments: Mapping[str, Any], sets: tuple[SelectionSetNode, ...]) -> None:
        isrcs = {text for text in _list(arguments.get("isrcs")) if isinstance(text, str)}
        wanted = {_provider(name) for name in _list(arguments.get("providers"))}
        type_ = self._outline.type("IsrcTracks")
        if "tracks" not in self._outline.names(type_, sets):
            return  # nothing is asked before they are
        able = [name for name in _ABLE if name in self._paces]
        for provider in [name for name in able if name in wanted] or able:
            self._named.setdefault((("isrcs",), provider), set()).update(isrcs)
            self._walk(_Objects(type_, provider, len(isrcs), ("isrcs",), sets))

    def _search(self, arguments: Mapping[str, Any], sets: tuple[SelectionSetNode, ...]) -> None:
        provider = _provider(arguments.get("provider"))
        type_ = self._outline.type("SearchResult")
        kinds = len(self._outline.names(type_, sets) & {*needs.RESOURCES.values()})
        root = _Objects(
            type_, provider, 1 if provider in needs.FINDS_ALL_KINDS else kinds, (), sets
        )
        self._walk(replace(self._ask(root, "search"), count=_first(arguments)))

    # Below it

    def _walk(self, it: _Objects) -> None:
        """Note what the fields of these objects ask, and walk below them."""
        fields = self._outline.fields(it.type, it.sets).values()
        part_of = [self._part(it, nodes[0]) for nodes in fields]
        parts = {*part_of} - {None, *it.told}
        looked_up = parts & self._looked_up(it)
        whole = looked = it
        if parts - looked_up and not it.is_complete:
            whole = replace(self._ask(it, needs.RESOURCES[it.type.name]), is_complete=True)
        if looked_up:
            looked = self._ask(it, f"{it.type.name.lower()}_lookup")
        there: dict[Chain, _Objects] = {}
        for nodes, part in zip(fields, part_of, strict=True):
            above = looked if part in looked_up else whole if part in parts else it
            self._enrich(above, nodes[0].name.value, there)
            below = self._below(above, nodes)
            if below is not None:
                self._walk(below)

    def _looked_up(self, it: _Objects) -> frozenset[str]:
        pace = self._paces.get(it.provider)
        return pace.parts.get(it.type.name.lower(), frozenset()) if pace else frozenset()

    def _part(self, it: _Objects, node: FieldNode) -> str | None:
        """Return what has to be told of an object before this field is."""
        name = node.name.value
        if name in needs.TOLD.get(it.type.name, ()):
            return needs.PART_OF.get(name, name)
        if it.type.name == "Track" and (it.type.name, name) in needs.ENRICHED:
            return needs.CODES["Track"] if it.provider != needs.KNOWN_BY else None
        if it.provider in needs.TOLD_ELSEWHERE.get(it.type.name, {}).get(name, ()):
            return name
        arguments = self._outline.arguments(it.type, node)
        if (it.type.name, name) == ("Album", "tracks"):
            is_first = arguments.get("after") is None
            return "tracks" if is_first or "tracks" in self._looked_up(it) else None
        return self._code(it, _provider(arguments["provider"])) if name == "on" else None

    def _code(self, it: _Objects, where: str) -> str | None:
        """Return what has to be told of an object before it is found at another provider."""
        if where == it.provider:
            return None
        if it.type.name == "Artist":  # whoever keeps links is asked, if either does
            keeps_them = "links" in self._looked_up(it)
            return "links" if keeps_them and not self._has(where, "links") else None
        return needs.CODES[it.type.name]

    def _enrich(self, it: _Objects, name: str, there: dict[Chain, _Objects]) -> None:
        """Note whom a field asks who knows more; `there` are the same things at MusicBrainz."""
        steps = needs.ENRICHED.get((it.type.name, name))
        way = needs.AT_MUSICBRAINZ.get(it.type.name)
        found = it
        if not steps or (it.provider != needs.KNOWN_BY and not way):
            return
        if it.provider != needs.KNOWN_BY:
            if it.chain not in there:
                there[it.chain] = self._ask(replace(it, provider=needs.KNOWN_BY), f"{ON}{way}")
            found = there[it.chain]
        for provider, resource in steps:
            if it.provider != provider:  # whose own have been completed
                found = self._ask(replace(found, provider=provider), f"{ON}{resource}")

    def _has(self, provider: str, resource: str) -> bool:
        return provider in self._paces and resource in self._paces[provider].sizes

    def _below(self, it: _Objects, nodes: list[FieldNode]) -> _Objects | None:
        """Return the objects behind a field; None for a leaf that costs nothing."""
        name = nodes[0].name.value
        field = it.type.fields.get(name)
        if field is None:  # __typename
            return None
        arguments = self._outline.arguments(it.type, nodes[0])
        bare = replace(it, is_complete=False, told=frozenset())
        found = bare if it.type.name in needs.RESOURCES else it  # else a part of a list of them
        match it.type.name, name:
            case "Album", "tracks":
                found = self._album_tracks(bare, arguments)
                is_looked_up = "tracks" in self._looked_up(it)
                told = frozenset(needs.TOLD["Track"]) if is_looked_up else frozenset()
                found = replace(found, count=it.count * _first(arguments), told=told)
            case "Artist", "albums":
                found = self._ask(bare, "artist_albums")
                found = replace(found, count=it.count * _first(arguments))
            case "Track" | "Album", "artists":
                found = replace(bare, count=it.count * needs.ARTISTS)
            case "IsrcTracks", "tracks":
                each = needs.TRACKS_OF_ISRC.get(it.provider, needs.USUAL_TRACKS_OF_ISRC)
                found = replace(bare, count=it.count * each, told=needs.ISRC_TOLD)
            case _, "on" if "provider" in arguments:
                found = self._elsewhere(it, _provider(arguments["provider"]))
            case _:
                pass
        type_ = get_named_type(field.type)
        if not isinstance(type_, GraphQLObjectType):
            return None
        sets = tuple(node.selection_set for node in nodes if node.selection_set)
        return replace(found, type=type_, sets=sets)

    def _album_tracks(self, albums: _Objects, arguments: Mapping[str, Any]) -> _Objects:
        """Note a page of each album's tracks, unless its own answer or its look-up brought it."""
        is_first = arguments.get("after") is None
        if "tracks" in self._looked_up(albums) or (
            is_first and albums.provider in needs.BRINGS_TRACKS
        ):
            return albums
        return self._ask(albums, "album_tracks")

    def _elsewhere(self, it: _Objects, where: str) -> _Objects:
        """Return the same things at another provider."""
        if where == it.provider:
            return it
        there = replace(it, provider=where, is_complete=False, told=frozenset())
        if it.type.name == "Track":
            return replace(self._ask(there, f"{ON}isrcs"), told=needs.ISRC_TOLD)
        if it.type.name == "Artist":
            knows_links = self._has(where, "links")
            linked = self._ask(there, f"{ON}links") if knows_links else there
            found = self._ask(linked, "artists" if knows_links else f"{ON}artists")
            return replace(found, is_complete=True)
        if self._has(where, "upcs"):
            spelled = replace(there, count=it.count * needs.SPELLINGS.get(where, 1))
            return replace(self._ask(spelled, f"{ON}upcs"), count=it.count)
        found = replace(self._ask(there, f"{ON}search"), count=it.count * EDITIONS)
        return replace(self._ask(found, "albums"), count=it.count, is_complete=True)

    def _ask(self, it: _Objects, resource: str) -> _Objects:
        """Note one key per object; return the objects as the answers bring them."""
        chain = (*it.chain, resource)
        self._keys[chain, it.provider] = self._keys.get((chain, it.provider), 0) + it.count
        return replace(it, chain=chain)


def _switches(variables: Mapping[str, Any]) -> Hashable:
    """Return what counts of the variables below what the document names: it takes no lists there.

    Of a text that is no provider's name it only counts that it is there.
    """
    return frozenset(
        (name, value if not isinstance(value, str) or value in _PROVIDERS else "")
        for name, value in variables.items()
        if value is None or isinstance(value, str | bool | int | float)
    )


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]  # GraphQL takes one for a list of one


def _first(arguments: Mapping[str, Any]) -> int:
    first = arguments.get("first")
    # Anything else is refused when it is executed.
    return first if isinstance(first, int) and 1 <= first <= MOST_PER_PAGE else MOST_PER_PAGE


def _provider(name: Any) -> str:
    return str(Provider[name].value) if isinstance(name, str) and name in _PROVIDERS else ""


_PROVIDERS = {provider.name for provider in Provider}
_ABLE = [str(provider.value) for provider in Provider]  # in the order in which they are shown
