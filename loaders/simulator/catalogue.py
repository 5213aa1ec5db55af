"""The invented catalogue: the same music for everybody who has the same seed."""

import functools
from collections.abc import Sequence
from typing import TypeVar

from loaders.simulator import groups
from loaders.simulator.build import Builder
from loaders.simulator.entities import Album, Artist, Recording, Track
from loaders.simulator.words import NORDIC

E = TypeVar("E", Artist, Album)

# The day this catalogue was first pressed; another seed is another world with other ids.
SEED = 20_190_315

_ALBUMS = 130
_SINGLES = 132
_SECOND_ALBUMS = 24
_REISSUES = 26
_COMPILATIONS = 24
_NEWCOMERS = 10  # on each compilation


class Catalogue:
    """Artists, recordings, albums and tracks, and where to find them.

    >>> catalogue = Catalogue()
    >>> catalogue.tracks[0].name, catalogue.tracks[0].artists[0].name
    ('Many Voices, One Line', 'The Lantern Choir')

    `tracks` is in the order of a mixtape, so that its first hundred come from many albums;
    `album.tracks` is in the album's. Nothing may be changed once it is built.
    """

    def __init__(self, seed: int = SEED) -> None:
        builder = _build(seed)
        self.seed = seed
        self.artists: tuple[Artist, ...] = tuple(builder.artists)
        self.albums: tuple[Album, ...] = tuple(builder.albums)
        self.recordings: tuple[Recording, ...] = tuple(builder.recordings)
        self.tracks: tuple[Track, ...] = tuple(groups.shuffled_tracks(builder))

    def artist(self, name: str) -> Artist:
        """Return the first artist of that name.

        >>> len(Catalogue().artist("Kestrel Vale").albums) > 50
        True
        """
        return _named(self.artists, name)

    def album(self, name: str) -> Album:
        """Return the first album of that name.

        >>> len(Catalogue().album("Complete Harbour Sessions").tracks)
        64
        """
        return _named(self.albums, name)

    def __repr__(self) -> str:
        return (
            f"<Catalogue {self.seed} [{len(self.tracks)} tracks | {len(self.albums)} albums"
            f" | {len(self.artists)} artists]>"
        )


@functools.lru_cache(maxsize=4)
def catalogue_of(seed: int) -> Catalogue:
    """Return the catalogue of a seed, built once; it is the same for all, as nobody changes it."""
    return Catalogue(seed)


def _named(entities: Sequence[E], name: str) -> E:
    for entity in entities:
        if entity.name == name:
            return entity
    raise KeyError(f"nothing in the catalogue is called {name!r}")


def _build(seed: int) -> Builder:
    builder = Builder(seed)
    groups.opening(builder)
    various = builder.artist("Various Artists", plays=False)
    various.genres, various.country, various.has_images = (), None, False
    groups.prolific(builder, "Kestrel Vale", singles=36, albums=20)

    debuts = [
        groups.debut(builder, builder.artist(), songs, kind="album") for songs in _songs(_ALBUMS)
    ]
    for place in range(_SINGLES):
        groups.debut(builder, builder.artist(), (1, 1, 2, 3, 5)[place % 5], kind="single")
    for debut, songs in zip(debuts[::5], _songs(_SECOND_ALBUMS), strict=False):
        groups.debut(builder, debut.artists[0], songs, kind="album")
    for debut in debuts[1::5][:_REISSUES]:
        groups.reissue(builder, debut)
    for _ in range(_COMPILATIONS):
        newcomers = [builder.artist() for _ in range(_NEWCOMERS)]
        groups.compilation(builder, various, newcomers)
    weathermen = builder.artist("Ólafía & the Weathermen", NORDIC)
    groups.box_set(builder, weathermen, "Complete Harbour Sessions", songs=64, discs=3)

    debuts[7].released = None  # somebody forgot it
    return builder


def _songs(albums: int) -> list[int]:
    return [8 + place * 5 % 7 for place in range(albums)]
