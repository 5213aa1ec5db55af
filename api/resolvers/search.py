"""Search: one call for all the kinds that a query selects."""

from typing import Annotated, Any, NamedTuple

import strawberry

from api.connections import Span, empty, span, window
from api.context import Info
from api.errors import BadInputError
from api.provider import Provider
from api.resolvers.pages import After, First
from api.selections import asks_for_more_than_its_name, selected
from loaders import Page, SearchKey
from loaders.errors import printable

_DEFAULT = 10

# A field of `SearchResult` -> the kind to ask for.
_KINDS = {"tracks": "track", "artists": "artist", "albums": "album"}

# Nobody types more; percent-encoded, at 9 bytes a character, it still is a URL that proxies take.
_MOST_CHARACTERS = 500


class Found(NamedTuple):
    """What a search found: the value behind `SearchResult`."""

    tracks: Span | None = None
    artists: Span | None = None
    albums: Span | None = None


async def search(
    info: Info,
    text: Annotated[
        str,
        strawberry.argument(
            description=f"What to look for, in words; at most {_MOST_CHARACTERS} characters."
        ),
    ],
    provider: Annotated[Provider, strawberry.argument(description="Whom to ask.")],
    first: First = _DEFAULT,
    after: After = strawberry.UNSET,
) -> Any:
    """Return a page of what a text finds, for each kind that is selected."""
    asked = window(first, after, default=_DEFAULT)
    words = text.strip()
    if not 1 <= len(words) <= _MOST_CHARACTERS:
        expected = f"1 to {_MOST_CHARACTERS} characters besides blanks"
        raise BadInputError(f"text: expected {expected}, got {len(words)}, {printable(text)}")
    fields = {
        name: asks_for_more_than_its_name(info, nodes)
        for name, nodes in selected(info).items()
        if name in _KINDS
    }
    kinds = tuple(sorted(_KINDS[name] for name, wanted in fields.items() if wanted))
    if not kinds:
        return Found(**dict.fromkeys(fields, empty(asked)))
    key = SearchKey(words, kinds, asked.offset, asked.first)
    (pages,) = await info.context.loaders.load("search", [(str(provider.value), key)])
    if isinstance(pages, Exception):
        return pages
    found: dict[str, Page[Any] | None] = {name: getattr(pages, name) for name in fields}
    return Found(
        **{
            name: empty(asked) if page is None else span(page, asked)
            for name, page in found.items()
        }
    )
