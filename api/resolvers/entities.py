"""What is asked by id: one thing or a list, of one kind or of any."""

from collections.abc import Sequence
from typing import Annotated, TypeAlias

import strawberry

from api.context import Info
from api.errors import BadInputError
from loaders import Record, Ref, parse_ref, parse_refs

Outcome: TypeAlias = Record | Exception | None

Id: TypeAlias = Annotated[
    strawberry.ID,
    strawberry.argument(name="id", description="An id, URI or web link of this kind."),
]
Ids: TypeAlias = Annotated[
    list[strawberry.ID],
    strawberry.argument(
        description="Ids, URIs or web links of this kind; `UNISONO_MAX_IDS` (1,000) at most."
    ),
]


async def node(
    info: Info,
    id_: Annotated[
        strawberry.ID,
        strawberry.argument(name="id", description="An id, URI or web link of any kind."),
    ],
) -> Outcome:
    """Return whatever an id names."""
    return await _one(info, id_, None)


async def lookup(
    info: Info,
    refs: Annotated[
        list[str],
        strawberry.argument(
            description="Ids, URIs and web links of any kind, mixed; "
            "`UNISONO_MAX_IDS` (1,000) at most."
        ),
    ],
) -> list[Outcome]:
    """Return whatever each reference names."""
    return await _list(info, refs, None, "refs")


async def track(info: Info, id_: Id) -> Outcome:
    """Return a track."""
    return await _one(info, id_, "track")


async def tracks(info: Info, ids: Ids) -> list[Outcome]:
    """Return a track for each id."""
    return await _list(info, ids, "track", "ids")


async def artist(info: Info, id_: Id) -> Outcome:
    """Return an artist."""
    return await _one(info, id_, "artist")


async def artists(info: Info, ids: Ids) -> list[Outcome]:
    """Return an artist for each id."""
    return await _list(info, ids, "artist", "ids")


async def album(info: Info, id_: Id) -> Outcome:
    """Return an album."""
    return await _one(info, id_, "album")


async def albums(info: Info, ids: Ids) -> list[Outcome]:
    """Return an album for each id."""
    return await _list(info, ids, "album", "ids")


def refuse_too_many(info: Info, argument: str, got: int) -> None:
    """Raise `BadInputError` if a list is longer than the settings allow."""
    limit = info.context.settings.max_ids
    if got > limit:
        raise BadInputError(f"{argument}: expected at most {limit}, got {got}")


async def _one(info: Info, text: str, kind: str | None) -> Outcome:
    (record,) = await info.context.loaders.entities([parse_ref(text, kind)])
    return record


async def _list(info: Info, texts: Sequence[str], kind: str | None, argument: str) -> list[Outcome]:
    refuse_too_many(info, argument, len(texts))
    parsed = parse_refs(texts, kind)
    refs = [ref for ref in parsed if isinstance(ref, Ref)]
    found = await info.context.loaders.entities(refs)
    if len(refs) == len(parsed):
        return found
    rest = iter(found)
    return [next(rest) if isinstance(ref, Ref) else ref for ref in parsed]
