"""Cost: the most upstream calls that a document can cause, known before anything is executed.

A line of n keys, s to a call, asked in at most w waves (one per call that brings their parents),
takes at most min(n, ceil(n / s) + w - 1) calls. Where look-ups tell what was merged, those that one
request may make are added. Calls that have to be made again are not counted, nor tokens, nor the
further pages of what MusicBrainz finds by ISRCs.
"""

from collections.abc import Mapping
from math import ceil
from typing import Any, NamedTuple

from graphql import DocumentNode, GraphQLSchema, get_operation_ast

from api.asked import ON, Chain, Line, Walks, asked_by
from api.needs import RESOURCES, Pace
from loaders.bundle import LOOKUPS_PER_REQUEST


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
    *,
    merged: int = LOOKUPS_PER_REQUEST,
    walks: Walks | None = None,
) -> Cost:
    """Return what an operation of a valid document costs at most.

    Variables that are not of their type cost nothing: execution refuses them. `merged` is how many
    ids may be looked up because they may have been merged. `walks` remembers what can be.
    """
    operation = get_operation_ast(document, operation_name)
    if operation is None:
        return NOTHING
    asked = asked_by(schema, document, operation, variables or {}, paces, walks)
    keys = {line: count for line, count in asked.items() if count and line[1] in paces}
    loaders: dict[str, int] = {}
    for (chain, provider), calls in _calls(keys, paces).items():
        name = f"{provider}.{_resource(chain)}"
        loaders[name] = loaders.get(name, 0) + calls
    for name, calls in _merged(keys, paces, merged).items():
        loaders[name] = loaders.get(name, 0) + calls
    return Cost(loaders)


def _calls(keys: Mapping[Line, int], paces: Mapping[str, Pace]) -> dict[Line, int]:
    """Return the calls of each line, the shortest chains first."""
    calls: dict[Line, int] = {}
    for (chain, provider), count in sorted(keys.items(), key=lambda item: len(item[0][0])):
        size = paces[provider].sizes.get(_resource(chain), 1)
        waves = _waves(calls, chain, provider, paces)
        calls[chain, provider] = min(count, ceil(count / size) + waves - 1)
    return calls


def _waves(
    calls: Mapping[Line, int], chain: Chain, provider: str, paces: Mapping[str, Pace]
) -> int:
    """Return how many calls bring the parents: of the same provider, or of any in case of `on`."""
    parents = paces if chain[-1].startswith(ON) else (provider,)
    return max(1, sum(calls.get((chain[:-1], name), 0) for name in parents))


def _merged(keys: Mapping[Line, int], paces: Mapping[str, Pace], most: int) -> dict[str, int]:
    """Return the look-ups of ids that may have been merged, by loader."""
    found: dict[str, int] = {}
    for provider, pace in paces.items():
        left = most
        for resource in RESOURCES.values() if pace.parts else ():
            count = sum(
                number
                for (chain, name), number in keys.items()
                if name == provider and _resource(chain) == resource
            )
            several = min(left, count) if count > 1 else 0  # one by itself is looked up at once
            left -= several
            if several:
                found[f"{provider}.{resource.removesuffix('s')}_lookup"] = several
    return found


def _resource(chain: Chain) -> str:
    return chain[-1].removeprefix(ON)
