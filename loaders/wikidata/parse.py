"""Wikidata's answers -> pictures; pure."""

from urllib.parse import quote

from loaders.records import Image
from loaders.wikidata import wire

_COMMONS = "https://commons.wikimedia.org/wiki"

# Pixels of the picture that is linked, as the widest of Spotify's; originals have megabytes.
WIDTH = 640


def image(told: wire.Entity) -> Image | None:
    """Return the picture of an entity; whose it is and its licence stand on the file's own page.

    How wide it is nobody tells: a smaller original is not made wider.
    """
    if told.missing is not None or not isinstance(told.claims, wire.Claims):
        return None
    held = [it for it in told.claims.pictures if it.rank != "deprecated" and it.mainsnak.datavalue]
    first = min(held, key=lambda it: it.rank != "preferred", default=None)
    if first is None or first.mainsnak.datavalue is None:
        return None
    file = quote(first.mainsnak.datavalue.value.replace(" ", "_"), safe="")
    return Image(
        f"{_COMMONS}/Special:FilePath/{file}?width={WIDTH}", page=f"{_COMMONS}/File:{file}"
    )
