"""Tracks by ISRC."""

from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

import strawberry

from api.context import Info
from api.provider import Provider
from api.resolvers.entities import refuse_too_many
from loaders import InvalidIdError, parse_isrc


class Isrc(NamedTuple):
    """An ISRC to be asked of a provider: the value behind `IsrcTracks`."""

    isrc: str
    provider: str
    refused: InvalidIdError | None


def tracks_by_isrc(
    info: Info,
    isrcs: Annotated[
        list[str],
        strawberry.argument(
            description="ISRCs, with or without dashes; `UNISONO_MAX_IDS` (1,000) at most."
        ),
    ],
    providers: Annotated[
        list[Provider] | None,
        strawberry.argument(description="Whom to ask; everyone that is on when it is not given."),
    ] = strawberry.UNSET,
) -> list[Isrc]:
    """Return one entry per ISRC and provider; nothing is loaded before its tracks are selected."""
    asked = _names(info, providers or None)
    refuse_too_many(info, "isrcs", len(isrcs) * max(1, len(asked)))
    entries = []
    for text in isrcs:
        isrc, refused = _parsed(text)
        entries += [Isrc(isrc, provider, refused) for provider in asked]
    return entries


async def isrc_tracks(entries: Sequence[Isrc], info: Info) -> list[Any]:
    """Return the tracks of each entry: a call per ISRC, Spotify has no bulk route for them."""
    good = [(entry.provider, entry.isrc) for entry in entries if entry.refused is None]
    found = iter(await info.context.loaders.load("isrcs", good))
    return [next(found) if entry.refused is None else entry.refused for entry in entries]


def _names(info: Info, providers: Sequence[Provider] | None) -> list[str]:
    if providers is not None:
        return list(dict.fromkeys(str(provider.value) for provider in providers))
    names = [str(provider.value) for provider in Provider]
    # With none that is on, all are asked, and say why they cannot answer.
    return [name for name in names if info.context.loaders.has(name, "isrcs")] or names


def _parsed(text: str) -> tuple[str, InvalidIdError | None]:
    try:
        return parse_isrc(text), None
    except InvalidIdError as error:
        return text, error
