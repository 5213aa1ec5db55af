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


def key_and_scope(name: str, key: Any, scope: Any) -> None:
    """Raise TypeError unless both can be looked up, and the key is not None."""
    if key is None:
        raise TypeError(f"{name}: expected a key, got None")
    hash(key)
    hash(scope)
