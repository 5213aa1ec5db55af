"""Whose outcome is this: does what a caller got belong to its key, and to a call it waited for?"""

from batching import (
    BatchError,
    CircularWaitError,
    DeadlineExceededError,
    KeyNotFoundError,
    ProcessorClosedError,
    QueueFullError,
    RetryableError,
)
from tests.batching.machine.calls import TINY, KeyFailedError

# Answers after which callers may rightly see a BatchError.
WRONG = {"too few", "text", "nothing", "generator", "cancelled", "base exception", "stop iteration"}


class Asked:
    """One who asked, and what became of it."""

    def __init__(self, world, processor, order, future, *, many, deadline=None):
        self.processor = processor
        self.order = order
        self.keys = tuple(dict.fromkeys(order))
        self.many = many
        self.future = future
        self.deadline = deadline
        self.since = world.now
        self.full = self.left = self.meddled = self.checked = False
        self.answered = None
        future.add_done_callback(lambda _: self._note(world))
        if future.done():
            self._note(world)

    def _note(self, world):
        if self.answered is None:
            self.answered = world.now

    @property
    def open_keys(self):
        """The keys that are not answered yet, as far as that can be seen."""
        return set(self.keys) - set(self.future.outcomes if self.many else ())

    def outcomes(self):
        """Return what this caller got, key by key."""
        if self.many:
            return list(zip(self.order, self.future.result(), strict=True))
        return [(self.keys[0], self.future.exception() or self.future.result())]


def problem(world, asked, processor, key, outcome):
    """Tell what is wrong with the outcome of a key; `asked` is None for an added item."""
    mine = world.runs_with(processor, key)
    if asked is not None:  # a call that was over before it was asked cannot have answered it
        mine = [run for run in mine if run.ended is None or run.ended >= asked.since - TINY]
    # A call that asked for keys itself may fail with whatever became of those.
    passed_on = any(run.plan.asks for run in mine)
    if isinstance(outcome, (tuple, KeyFailedError)):
        its, run = outcome[1:] if isinstance(outcome, tuple) else (outcome.key, outcome.run)
        wrong = its not in {key, None} or run not in mine
        return f"of {its} in {run.keys}" if wrong else None
    return None if passed_on or right(world, asked, key, outcome, mine) else "not called for"


def right(world, asked, key, outcome, mine):
    """Tell whether an error of the coalescer has its reason."""
    kinds = {run.plan.answer for run in mine}
    match outcome:
        case DeadlineExceededError():
            deadline = None if asked is None else asked.deadline
            answered = world.now if asked is None or asked.answered is None else asked.answered
            is_right = deadline is not None and answered >= deadline - TINY
        case QueueFullError():
            is_right = asked is None or asked.full
        case KeyNotFoundError():
            is_right = outcome.key == key and "mapping with holes" in kinds
        case CircularWaitError():
            is_right = bool(world.inside)
        case ProcessorClosedError():
            is_right = bool(world.closed)
        case RetryableError():
            is_right = any(kind.startswith(("retryable", "refused")) for kind in kinds)
        case BatchError():
            is_right = bool(kinds & WRONG) or any(run.left for run in mine)
        case _:
            is_right = False
    return is_right
