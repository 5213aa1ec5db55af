"""What is known of an application in development mode, until it is time to ask anew."""

import asyncio

from loaders.pipeline import REMEMBERED


class Refusals:
    """The routes that were refused within the last hour.

    >>> refusals.add("tracks")
    >>> "tracks" in refusals
    True
    """

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def __repr__(self) -> str:
        return f"<Refusals {sorted(self._until)}>"

    def add(self, route: str) -> None:
        """Remember that a route was refused just now."""
        self._until[route] = asyncio.get_running_loop().time() + REMEMBERED

    def __contains__(self, route: str) -> bool:
        return asyncio.get_running_loop().time() < self._until.get(route, float("-inf"))
