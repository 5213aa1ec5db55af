"""Checks of what callers hand in; each error names the culprit, expected and got."""

from __future__ import annotations

from typing import Any


def at_least(least: int, name: str, got: Any) -> None:
    """Raise unless `got` is a whole number of at least `least`."""
    if isinstance(got, bool) or not isinstance(got, int) or got < least:
        raise ValueError(f"{name}: expected a whole number of at least {least}, got {got!r}")


def seconds(name: str, got: Any) -> None:
    """Raise unless `got` is None or a finite number of seconds, 0 or more."""
    if got is not None and (
        isinstance(got, bool) or not isinstance(got, (int, float)) or not 0 <= got < float("inf")
    ):
        raise ValueError(f"{name}: expected seconds, 0 or more, or None, got {got!r}")


def some_key(name: str, key: Any) -> None:
    """Raise TypeError unless the key can be looked up, and is not None."""
    if key is None:
        raise TypeError(f"{name}: expected a key, got None")
    hash(key)
