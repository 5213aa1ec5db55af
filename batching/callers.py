"""Callers: the futures that `submit` and `submit_many` hand out, one of its own to each caller.

A caller leaves by being cancelled, or when its deadline passes; nobody else notices. A key waits
for one caller, or for a `Joint` of several.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from batching.outcomes import first_exception

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


#: The scope of added items, which belong to nobody.
ADDED = object()


class Owner(Protocol):
    """The intake of a processor, as far as its callers know it."""

    def leave(self, key: Any, caller: Any) -> None:
        """Forget that this caller waits for this key."""


class KeyCaller(asyncio.Future[V], Generic[K, V]):
    """One caller's future for one key."""

    # Set by the processor right after construction: an __init__ would cost a third of `submit`.
    # `batch_failed`, `before` and `joined` are set only where there is one.
    __slots__ = (
        "background",
        "batch_failed",
        "before",
        "deadline",
        "joined",
        "key",
        "owner",
        "scope",
        "since",
    )

    key: K
    owner: Owner
    scope: Hashable
    since: float
    deadline: float | None
    background: bool
    batch_failed: bool
    joined: int
    #: For whoever keeps callers as a memo: what it kept for the key before, if that may know more.
    before: Any

    def settle(self, _key: K, outcome: V | Exception, *, batch_failed: bool = False) -> None:
        """Answer this caller, unless it has left."""
        if self.done():
            return
        if isinstance(outcome, Exception):
            self.batch_failed = batch_failed
            self.set_exception(outcome)
            self.exception()  # observers are told; a caller that has gone need not log it again
        else:
            self.set_result(outcome)

    def has_value(self) -> bool:
        """Tell whether a value has come; the quickest part of `remembered`."""
        return self.done() and not self.cancelled() and self.exception() is None

    def remembered(self, _key: K, default: Any) -> Any:
        """Return the key's outcome if it is known and not the failure of a whole batch."""
        if not self.done() or self.cancelled() or getattr(self, "batch_failed", False):
            return default
        return self.outcome()

    def remembered_before(self, _key: K) -> Any:
        """Return what may know the key's outcome if this caller does not."""
        return getattr(self, "before", None)

    def outcome(self) -> V | Exception:
        """Return the outcome of a settled caller."""
        error = self.exception()
        return error if isinstance(error, Exception) else self.result()

    def count_join(self) -> None:
        """Note that the key was asked by somebody else already."""
        self.joined = 1

    def expire(self, error: Exception) -> None:
        """Leave with this error."""
        self.settle(self.key, error, batch_failed=True)
        self.owner.leave(self.key, self)

    def cancel(self, msg: Any | None = None) -> bool:
        """Leave; no other caller of the key notices."""
        if not asyncio.Future.cancel(self, msg):  # super() would cost more than all the rest
            return False
        self.owner.leave(self.key, self)
        return True


class SetCaller(asyncio.Future[list[V | Exception]], Generic[K, V]):
    """One caller's future for a whole set of keys: the list of their outcomes.

    It never fails itself, unless it is `raising`: then with the first failure in the list.
    """

    __slots__ = (
        "_outcomes",
        "_values",
        "background",
        "batch_failed",
        "before",
        "deadline",
        "joined",
        "keys",
        "left",
        "owner",
        "raising",
        "scope",
        "since",
    )

    keys: list[K]
    owner: Owner
    scope: Hashable
    since: float
    deadline: float | None
    background: bool

    def expect(
        self, keys: list[K], known: Mapping[K, V | Exception], *, raising: bool
    ) -> dict[K, SetCaller[K, V]]:
        """Expect an outcome for each of the keys; return itself for each of those unknown."""
        self.keys = keys
        self.raising = raising
        self.joined = 0
        self._outcomes: dict[K, V | Exception] = {}
        self._values: Sequence[V] | None = None
        self.batch_failed: set[K] = set()
        self.before: dict[K, Any] = {}
        asked = dict.fromkeys(keys, self)
        if known:
            self._outcomes.update(known)
            asked = {key: self for key in asked if key not in known}
        self.left = len(asked)
        if not asked:
            self._answer()
        return asked

    def settle(self, key: K, outcome: V | Exception, *, batch_failed: bool = False) -> None:
        """Take the outcome of one key; the last one answers this caller."""
        if self.done():
            return
        if batch_failed:
            self.batch_failed.add(key)
        self._outcomes[key] = outcome
        self.left -= 1
        if not self.left:
            self._answer()

    def settle_all(self, keys: Iterable[K], values: Sequence[V]) -> None:
        """Take the values of several keys."""
        if self.done():
            return
        if self.left == len(self.keys) == len(values) and self.keys == list(keys):  # all at once
            self.left = 0
            self._values = values
            self.set_result(list(values))  # which is the caller's own, to change as it likes
            return
        self._outcomes.update(zip(keys, values, strict=True))
        self.left -= len(values)
        if not self.left:
            self._answer()

    @property
    def outcomes(self) -> dict[K, V | Exception]:
        """What is known of the keys; of those answered all at once it is sorted out here."""
        if self._values is not None:
            self._outcomes = dict(zip(self.keys, self._values, strict=True))
            self._values = None
        return self._outcomes

    def _answer(self) -> None:
        """Answer this caller, in the order of its keys."""
        outcomes = list(map(self._outcomes.__getitem__, self.keys))
        failed = first_exception(outcomes) if self.raising else None
        if failed is None:
            self.set_result(outcomes)
        else:
            self.set_exception(failed)
            self.exception()  # observers are told; a caller that has gone need not log it again

    def remembered(self, key: K, default: Any) -> Any:
        """Return the key's outcome if it is known and not the failure of a whole batch."""
        if self._values is not None:
            return self.outcomes.get(key, default)
        return default if key in self.batch_failed else self._outcomes.get(key, default)

    def remembered_before(self, key: K) -> Any:
        """Return what may know the key's outcome if this caller does not."""
        return self.before.get(key)

    def count_join(self) -> None:
        """Note that one of the keys was asked by somebody else already."""
        self.joined += 1

    def refuse(self, error: Exception) -> list[K]:
        """Answer with what is known by now, and this error for the rest; return the rest."""
        missing = self._missing()
        self._outcomes.update(dict.fromkeys(missing, error))
        self.batch_failed.update(missing)
        self._answer()
        return missing

    def expire(self, error: Exception) -> None:
        """Leave with what is known by now, and this error for the rest."""
        self._leave(self.refuse(error))

    def cancel(self, msg: Any | None = None) -> bool:
        """Leave; no other caller of any of the keys notices."""
        if not super().cancel(msg):
            return False
        self._leave(self._missing())
        return True

    def _missing(self) -> list[K]:
        return [key for key in dict.fromkeys(self.keys) if key not in self._outcomes]

    def _leave(self, keys: list[K]) -> None:
        for key in keys:
            self.owner.leave(key, self)


SingleCaller: TypeAlias = KeyCaller[K, V] | SetCaller[K, V]
