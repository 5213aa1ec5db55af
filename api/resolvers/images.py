"""Which picture to show."""

from collections.abc import Sequence
from typing import Annotated

import strawberry

from api.errors import BadInputError
from loaders import Album, Image


def widest(images: Sequence[Image]) -> Image | None:
    """Return the widest picture; of several, or where no width is told, the first."""
    return max(images, key=_width, default=None)


def cover(
    albums: Sequence[Album],
    size: Annotated[
        int | None,
        strawberry.argument(
            description="Pixels it should be wide: the smallest picture of at least that, else the "
            "widest; the widest when it is not given."
        ),
    ] = strawberry.UNSET,
) -> list[Image | None]:
    """Return the picture of each album that fits a size in pixels."""
    if not size and size != 0:
        return [widest(album.images) for album in albums]
    if size < 1:
        raise BadInputError(f"size: expected at least 1 pixel, got {size}")
    return [_fitting(album.images, size) for album in albums]


def _fitting(images: Sequence[Image], size: int) -> Image | None:
    large_enough = [image for image in images if _width(image) >= size]
    return min(large_enough, key=_width) if large_enough else widest(images)


def _width(image: Image) -> int:
    return image.width or 0
