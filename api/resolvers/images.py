"""Which picture to show."""

from collections.abc import Awaitable, Sequence
from typing import Annotated, Any

import strawberry

from api.context import Info
from api.errors import BadInputError
from api.resolvers.covers import covers
from loaders import Album, Image, Loaders


def widest(images: Sequence[Image]) -> Image | None:
    """Return the widest picture; of several, or where no width is told, the first."""
    return max(images, key=_width, default=None)


def cover(
    albums: Sequence[Album],
    info: Info,
    size: Annotated[
        int | None,
        strawberry.argument(
            description="Pixels it should be wide: the smallest picture of at least that, else the "
            "widest; the widest when it is not given."
        ),
    ] = strawberry.UNSET,
) -> list[Any] | Awaitable[list[Any]]:
    """Return the picture of each album that fits a size in pixels.

    What the album's provider tells costs nothing. MusicBrainz has no pictures: others do.
    """
    if size is not None and size is not strawberry.UNSET and size < 1:
        raise BadInputError(f"size: expected at least 1 pixel, got {size}")
    if any(map(_is_told_by_others, albums)):
        return _cover_of_others(albums, info.context.loaders, size)
    return [_fitting(album.images, size) for album in albums]


async def _cover_of_others(
    albums: Sequence[Album], loaders: Loaders, size: int | None
) -> list[Any]:
    found = iter(await covers(list(filter(_is_told_by_others, albums)), loaders))
    sets = [next(found) if _is_told_by_others(album) else album.images for album in albums]
    return [_fitting(images, size) if isinstance(images, tuple) else images for images in sets]


def _is_told_by_others(album: Album) -> bool:
    return not album.images and album.provider == "musicbrainz"


def _fitting(images: Sequence[Image], size: int | None) -> Image | None:
    large_enough = [image for image in images if _width(image) >= size] if size else ()
    return min(large_enough, key=_width) if large_enough else widest(images)


def _width(image: Image) -> int:
    return image.width or 0
