"""Covers: the addresses of a picture in the Cover Art Archive; whoever knows its id needs no call.

musicbrainz.org/doc/Cover_Art_Archive/API: the thumbnails that are made of every picture.
"""

from loaders.records import Image

# Pixels; of the original nobody tells how wide it is, and it may have many megabytes.
WIDTHS = (250, 500, 1200)


def cover_images(release: str, picture: int) -> tuple[Image, ...]:
    """Return the sizes of a picture of a release.

    >>> cover_images("76df3287-6cda-33eb-8e9a-044b5e15ffdd", 829521842)[0].url
    'https://coverartarchive.org/release/76df3287-6cda-33eb-8e9a-044b5e15ffdd/829521842-250.jpg'
    """
    url = f"https://coverartarchive.org/release/{release}/{picture}"
    page = f"https://musicbrainz.org/release/{release}/cover-art"
    return tuple(Image(f"{url}-{width}.jpg", width=width, page=page) for width in WIDTHS)
