"""Align: whatever a batch function hands back becomes one outcome per key, in key order."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from batching.errors import BatchError, KeyNotFoundError

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

#: A value, or the exception that the key's callers will see.
Outcome: TypeAlias = V | Exception


# Sequences whose items are no values of anybody's.
_TEXT = (str, bytes, bytearray, memoryview)


def not_async(name: str, answer: Any) -> BatchError:
    """Return the error for a batch function that returned what cannot be awaited."""
    return BatchError(f"{name}: expected processor_func to be async, got {type(answer).__name__}")


def align(name: str, keys: Collection[K], answer: Any) -> tuple[list[Any], bool]:
    """Return one outcome per key, and whether any of them is an exception.

    A mapping answers by key, any other sequence by position. Raises BatchError when the answer
    is neither, or a sequence of another length; text is refused, for its characters are no values.
    """
    is_list = type(answer) is list  # as it mostly is: the other questions cost more
    if not is_list and isinstance(answer, Mapping):
        outcomes = [answer[key] if key in answer else KeyNotFoundError(key, name) for key in keys]
    elif is_list or (isinstance(answer, Sequence) and not isinstance(answer, _TEXT)):
        outcomes = list(answer)
        if len(outcomes) != len(keys):
            raise BatchError(
                f"{name}: expected {len(keys)} outcomes, one per key in their order, "
                f"got {len(outcomes)}"
            )
    else:
        raise BatchError(
            f"{name}: expected a sequence of {len(keys)} outcomes or a mapping by key, "
            f"got {type(answer).__name__}"
        )
    if holds_exception(outcomes):
        return [raisable(name, outcome) for outcome in outcomes], True
    return outcomes, False


def holds_exception(outcomes: Iterable[object]) -> bool:
    """Tell whether any outcome is an exception, by one look at their types."""
    for kind in set(map(type, outcomes)):  # noqa: SIM110 - any() costs more than all the rest
        if issubclass(kind, BaseException):
            return True
    return False


def first_exception(outcomes: Iterable[object]) -> Exception | None:
    """Return the first outcome that is an exception, or None."""
    if holds_exception(outcomes):
        return next(outcome for outcome in outcomes if isinstance(outcome, Exception))
    return None


def raisable(name: str, outcome: Any) -> Any:
    """Wrap an exception that no future can carry, or that would end its caller's task."""
    if isinstance(outcome, BaseException) and (
        isinstance(outcome, StopIteration) or not isinstance(outcome, Exception)
    ):
        wrapped = BatchError(f"{name}: got {type(outcome).__name__} for a key: {outcome}")
        wrapped.__cause__ = outcome
        return wrapped
    return outcome
