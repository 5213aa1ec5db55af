"""Cost: the most upstream calls that a document can cause, known before anything is executed.

The walk goes down the selection with a number of objects per provider, and notes for each loader
how many keys it can be asked at most. Keys that are asked by answers to the same calls stand in one
line, the `chain`: ("tracks", "artists") is what the tracks' answers make us ask of artists.

A line of n keys, s to a call, asked in at most w waves (one per call that brings their parents),
takes at most min(n, ceil(n / s) + w - 1) calls. Calls that have to be made again are not counted,
nor tokens, nor further pages of what MusicBrainz finds by ISRCs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    get_operation_ast,
    value_from_ast_untyped,
)

from api.connections import MOST_PER_PAGE
from api.provider import Provider
from api.selections import is_included
from loaders import InvalidIdError, Ref, parse_ref

# A track's or an album's artists: no argument says how many. Of Spotify's tracks, one in thousands
# has more.
ARTISTS = 10

# An ISRC's tracks at one provider: the first page that Spotify gives; Deezer gives one track.
USUAL_TRACKS_OF_ISRC = 50
TRACKS_OF_ISRC = {"deezer": 1}

_RESOURCES = {"Track": "tracks", "Artist": "artists", "Album": "albums"}

# Fields that a partial record may not tell: then it is completed, once for all of them.
_TOLD = {
    "Track": {"isrc", "popularity", "album", "listens", "tags", "on"},
    "Artist": {"country", "genres", "genresSource", "image", "popularity", "followers"},
    "Album": {"totalTracks", "upc", "label", "popularity", "cover", "on"},
}

# By what a thing of another provider is looked for at MusicBrainz: those who know more about things
# know them by its ids. Of other kinds they are asked for what is from there alone.
_AT_MUSICBRAINZ = {"Track": "isrcs", "Artist": "links"}

# Whom such a field asks then: each for one key per object, one after the other.
_ENRICHED: Mapping[tuple[str, str], Sequence[tuple[str, str]]] = {
    ("Track", "listens"): [("listenbrainz", "listens")],
    ("Track", "tags"): [("listenbrainz", "recordings")],
    ("Artist", "country"): [("musicbrainz", "artists")],
    ("Artist", "genres"): [("listenbrainz", "about_artists")],
    ("Artist", "genresSource"): [("listenbrainz", "about_artists")],
    ("Artist", "tags"): [("listenbrainz", "about_artists")],
    ("Artist", "image"): [("listenbrainz", "about_artists"), ("wikidata", "images")],
    ("Album", "cover"): [
        ("listenbrainz", "recordings"),
        ("listenbrainz", "release_groups"),
        ("coverart", "covers"),
    ],
}

# Those that only these providers leave out where others tell them.
_TOLD_ELSEWHERE = {"Album": {"artists": ("deezer",)}}

# Deezer is asked for a bar code with and without its first zero.
_SPELLINGS = {("Album", "deezer"): 2}


# How the chain of what is asked at a provider on behalf of another's objects ends.
_ELSEWHERE = " elsewhere"


class Pace(NamedTuple):
    """What a provider takes: keys per call by resource, and calls per second (None: no limit)."""

    sizes: Mapping[str, int]
    rate: float | None = None


class Cost(NamedTuple):
    """The most calls, by loader like "spotify.tracks"."""

    loaders: dict[str, int]

    @property
    def calls(self) -> int:
        """Return the calls in all."""
        return sum(self.loaders.values())

    @property
    def providers(self) -> dict[str, int]:
        """Return the calls by provider."""
        calls: dict[str, int] = {}
        for name, count in self.loaders.items():
            provider = name.partition(".")[0]
            calls[provider] = calls.get(provider, 0) + count
        return calls

    def __add__(self, other: object) -> "Cost":
        """Return what two operations cost together, batched apart."""
        if not isinstance(other, Cost):
            return NotImplemented
        names = {**self.loaders, **other.loaders}
        return Cost({n: self.loaders.get(n, 0) + other.loaders.get(n, 0) for n in names})

    def report(self, paces: Mapping[str, Pace]) -> dict[str, Any]:
        """Return it as `extensions.cost` has it, with the seconds at each provider's pace."""
        providers = []
        for name, calls in self.providers.items():
            rate = paces[name].rate if name in paces else None
            seconds = None if rate is None else round(calls / rate, 3)
            providers.append({"provider": name, "calls": calls, "seconds": seconds})
        return {"calls": self.calls, "providers": providers}


NOTHING = Cost({})


def cost_of(
    schema: GraphQLSchema,
    document: DocumentNode,
    variables: Mapping[str, Any] | None,
    operation_name: str | None,
    paces: Mapping[str, Pace],
) -> Cost:
    """Return what an operation of a valid document costs at most.

    Variables that are not of their type cost nothing: execution refuses them.
    """
    operation = get_operation_ast(document, operation_name)
    if operation is None:
        return NOTHING
    walk = _Walk(schema, document, operation, variables or {}, paces)
    walk.query(operation.selection_set)
    return walk.cost()


@dataclass(frozen=True)
class _Objects:
    """Objects of one type: how many per provider, which calls brought them, and how much of each.

    `sets` are their selections.
    """

    type: GraphQLObjectType
    counts: Mapping[str, int]
    chain: tuple[str, ...]
    sets: tuple[SelectionSetNode, ...]
    is_complete: bool = False

    def times(self, factor: int) -> dict[str, int]:
        return {name: count * factor for name, count in self.counts.items()}


class _Walk:
    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
        paces: Mapping[str, Pace],
    ) -> None:
        self._schema = schema
        self._paces = paces
        self._fragments = {
            each.name.value: each
            for each in document.definitions
            if isinstance(each, FragmentDefinitionNode)
        }
        defaults = {
            each.variable.name.value: value_from_ast_untyped(each.default_value)
            for each in operation.variable_definitions or ()
            if each.default_value
        }
        self._variables = {**defaults, **variables}
        # Keys per chain and provider; of those that the document itself names, which they are.
        self._keys: dict[tuple[tuple[str, ...], str], int] = {}
        self._named: dict[tuple[tuple[str, ...], str], set[Any]] = {}
        # The chains of those who know more about what others told.
        self._enriching: set[tuple[str, ...]] = set()

    def cost(self) -> Cost:
        """Return what all that was noted takes, the shortest chains first."""
        keys = {**self._keys}
        for line, named in self._named.items():
            keys[line] = keys.get(line, 0) + len(named)
        calls: dict[tuple[str, ...], dict[str, int]] = {}
        loaders: dict[str, int] = {}
        for (chain, provider), count in sorted(keys.items(), key=lambda item: len(item[0][0])):
            pace = self._paces.get(provider)
            if pace is None or not count:
                continue
            size = pace.sizes.get(chain[-1], 1)
            bringing = calls.get(chain[:-1], {})
            # Whether its parents are any provider's.
            is_elsewhere = chain[-1].endswith(_ELSEWHERE) or chain in self._enriching
            waves = sum(bringing.values()) if is_elsewhere else bringing.get(provider, 0)
            needed = min(count, ceil(count / size) + max(1, waves) - 1)
            calls.setdefault(chain, {})[provider] = needed
            name = f"{provider}.{chain[-1]}"
            loaders[name] = loaders.get(name, 0) + needed
        return Cost(loaders)

    def query(self, selection_set: SelectionSetNode) -> None:
        """Walk a root selection."""
        assert self._schema.query_type is not None  # noqa: S101  every schema of ours has one
        for nodes in self._collect(self._schema.query_type.name, (selection_set,)).values():
            name = nodes[0].name.value
            arguments = self._arguments(self._schema.query_type, nodes[0])
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
        given = [arguments.get("id"), *_list(arguments.get("ids") or arguments.get("refs"))]
        refs = {ref for text in given if (ref := _ref(text, kind))}
        for type_name, resource in _RESOURCES.items():
            mine = [ref for ref in refs if ref.kind == type_name.lower()]
            counts: dict[str, int] = {}
            for ref in mine:
                self._named.setdefault(((resource,), ref.provider), set()).add(ref.native)
                counts[ref.provider] = counts.get(ref.provider, 0) + 1
            if counts:
                type_ = self._type(type_name)
                self._walk(_Objects(type_, counts, (resource,), sets, is_complete=True))

    def _isrcs(self, arguments: Mapping[str, Any], sets: tuple[SelectionSetNode, ...]) -> None:
        isrcs = {text for text in _list(arguments.get("isrcs")) if isinstance(text, str)}
        providers = {_provider(name) for name in _list(arguments.get("providers"))}
        able = [name for name in map(_name, Provider) if name in self._paces]
        asked = [name for name in able if name in providers] or able
        counts = dict.fromkeys(asked, len(isrcs))
        type_ = self._type("IsrcTracks")
        if "tracks" not in self._names(type_, sets):
            return  # nothing is asked before they are
        for name in counts:
            self._named.setdefault((("isrcs",), name), set()).update(isrcs)
        self._walk(_Objects(type_, counts, ("isrcs",), sets))

    def _search(self, arguments: Mapping[str, Any], sets: tuple[SelectionSetNode, ...]) -> None:
        name, first = _provider(arguments.get("provider")), _first(arguments)
        type_ = self._type("SearchResult")
        self._note(("search",), {name: 1})
        self._walk(_Objects(type_, {name: first}, ("search",), sets))

    def _walk(self, objects: _Objects) -> None:
        """Note what the fields of these objects ask, and walk below them."""
        fields = self._collect(objects.type.name, objects.sets)
        told = _TOLD.get(objects.type.name, set())
        names = {nodes[0].name.value for nodes in fields.values()}
        completed = objects
        if not objects.is_complete and names & told:
            completed = self._ask(objects, _RESOURCES[objects.type.name])
            completed = replace(completed, is_complete=True)
        elif not objects.is_complete:
            self._ask_elsewhere(objects, names)
        self._enrich(completed, names)
        for nodes in fields.values():
            name = nodes[0].name.value
            below = self._below(completed if name in told else objects, nodes)
            if below is not None:
                self._walk(below)

    def _ask_elsewhere(self, objects: _Objects, names: set[str]) -> None:
        """Note a key per object at the providers that leave out what others tell."""
        left_out = _TOLD_ELSEWHERE.get(objects.type.name, {})
        providers = {name for field in names for name in left_out.get(field, ())}
        counts = {name: count for name, count in objects.counts.items() if name in providers}
        if counts:
            self._ask(replace(objects, counts=counts), _RESOURCES[objects.type.name])

    def _enrich(self, objects: _Objects, names: Iterable[str]) -> None:
        """Note what those who know more about these objects are asked."""
        type_name = objects.type.name
        asked = [steps for name in names if (steps := _ENRICHED.get((type_name, name)))]
        own = objects.counts.get("musicbrainz", 0)
        way = _AT_MUSICBRAINZ.get(type_name)
        others = sum(objects.counts.values()) - own if way else 0
        there = (*objects.chain, way) if way else objects.chain
        if asked and way:
            self._note(there, {"musicbrainz": others})
            self._enriching.add(there)
        for steps in asked:
            own_chain, chain = objects.chain, there
            for provider, resource in steps:
                own_chain, chain = (*own_chain, resource), (*chain, resource)
                self._enriching |= {own_chain, chain}
                self._note(chain, {provider: others})
                if provider != "musicbrainz":  # whose own have been completed
                    self._note(own_chain, {provider: own})

    def _below(self, objects: _Objects, nodes: list[FieldNode]) -> _Objects | None:
        """Return the objects behind a field; None for a leaf that costs nothing."""
        name = nodes[0].name.value
        field = objects.type.fields.get(name)
        if field is None:  # __typename
            return None
        arguments = self._arguments(objects.type, nodes[0])
        type_ = get_named_type(field.type)
        counts, asked = objects.counts, objects
        match objects.type.name, name:
            case "Album", "tracks":
                asked = self._album_tracks(objects, arguments)
                counts = objects.times(_first(arguments))
            case "Artist", "albums":
                asked = self._ask(objects, "artist_albums")
                counts = objects.times(_first(arguments))
            case "Track" | "Album", "artists":
                counts = objects.times(ARTISTS)
            case "IsrcTracks", "tracks":
                counts = {
                    provider: count * TRACKS_OF_ISRC.get(provider, USUAL_TRACKS_OF_ISRC)
                    for provider, count in objects.counts.items()
                }
            case _, _ if "provider" in arguments:  # the same thing elsewhere
                where = _provider(arguments["provider"])
                asked_each = _SPELLINGS.get((objects.type.name, where), 1)
                elsewhere = {where: sum(objects.counts.values()) * asked_each}
                asked = self._ask(replace(objects, counts=elsewhere), f"{name}{_ELSEWHERE}")
                counts = elsewhere
            case _:
                pass
        if not isinstance(type_, GraphQLObjectType):
            return None
        sets = tuple(node.selection_set for node in nodes if node.selection_set)
        return _Objects(type_, counts, asked.chain, sets)

    def _album_tracks(self, albums: _Objects, arguments: Mapping[str, Any]) -> _Objects:
        """Note a page of each album's tracks; the album's own answer brings the first ones."""
        if arguments.get("after") is None:
            if not albums.is_complete:
                albums = self._ask(albums, "albums")
            if _first(arguments) <= MOST_PER_PAGE:
                return albums
        return self._ask(albums, "album_tracks")

    def _ask(self, objects: _Objects, resource: str) -> _Objects:
        """Note one key per object; return the objects as the answers bring them."""
        chain = (*objects.chain, resource)
        self._note(chain, objects.counts)
        return replace(objects, chain=chain)

    def _note(self, chain: tuple[str, ...], counts: Mapping[str, int]) -> None:
        for provider, count in counts.items():
            self._keys[chain, provider] = self._keys.get((chain, provider), 0) + count

    def _names(self, type_: GraphQLObjectType, sets: tuple[SelectionSetNode, ...]) -> set[str]:
        return {nodes[0].name.value for nodes in self._collect(type_.name, sets).values()}

    def _collect(
        self, type_name: str, sets: Iterable[SelectionSetNode]
    ) -> dict[str, list[FieldNode]]:
        """Return the fields selected on a type by the name they have in the answer."""
        found: dict[str, list[FieldNode]] = {}
        spread: set[str] = set()
        stack = list(sets)
        while stack:
            for node in stack.pop().selections:
                if not is_included(node, self._variables):
                    continue
                if isinstance(node, FieldNode):
                    found.setdefault((node.alias or node.name).value, []).append(node)
                    continue
                part: InlineFragmentNode | FragmentDefinitionNode | None = None
                if isinstance(node, InlineFragmentNode):
                    part = node
                elif isinstance(node, FragmentSpreadNode) and node.name.value not in spread:
                    spread.add(node.name.value)
                    part = self._fragments.get(node.name.value)
                condition = part and part.type_condition and part.type_condition.name.value
                if part and condition in {None, type_name, "Node"}:
                    stack.append(part.selection_set)
        return found

    def _arguments(self, type_: GraphQLObjectType, node: FieldNode) -> dict[str, Any]:
        field = type_.fields.get(node.name.value)
        if field is None:
            return {}
        given = {
            argument.name.value: value_from_ast_untyped(argument.value, self._variables)
            for argument in node.arguments or ()
        }
        defaults = {name: argument.default_value for name, argument in field.args.items()}
        known = {name: value for name, value in given.items() if value is not None}
        return {name: known.get(name, _default(default)) for name, default in defaults.items()}

    def _type(self, name: str) -> GraphQLObjectType:
        type_ = self._schema.type_map[name]
        assert isinstance(type_, GraphQLObjectType)  # noqa: S101  the names are those of our schema
        return type_


def _default(value: Any) -> Any:
    return value if isinstance(value, int | str) else None


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]  # GraphQL takes one for a list of one


def _first(arguments: Mapping[str, Any]) -> int:
    first = arguments.get("first")
    # Anything else is refused when it is executed.
    return first if isinstance(first, int) and 1 <= first <= MOST_PER_PAGE else MOST_PER_PAGE


def _name(provider: Provider) -> str:
    return str(provider.value)


def _provider(name: Any) -> str:
    return str(Provider[name].value) if isinstance(name, str) and name in _PROVIDERS else ""


_PROVIDERS = {provider.name for provider in Provider}


def _ref(text: Any, kind: str | None) -> Ref | None:
    try:
        return parse_ref(text, kind) if isinstance(text, str) else None
    except InvalidIdError:
        return None  # is refused when it is executed, and costs nothing
