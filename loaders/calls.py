"""The calls that a batch made: kept with the batch, so that every key knows what it cost."""

from contextvars import ContextVar
from itertools import count
from typing import NamedTuple


class Call(NamedTuple):
    """One HTTP request that has come to an end.

    `resource` is the processor it was made for ("spotify.tracks"), `route` the path with its
    placeholders ("GET /v1/tracks/{id}"), `ids` what it asked for, `status` None when no answer
    came, `started` the loop's time, `fault` the class of what kept it from a whole answer.
    """

    resource: str
    route: str
    ids: tuple[str, ...]
    status: int | None
    started: float
    seconds: float
    fault: str | None = None


_numbers = count(1)


class BatchCalls:
    """The calls of one batch, in the order in which they came to an end; `number` is its own."""

    def __init__(self, resource: str) -> None:
        self.number = next(_numbers)
        self.resource = resource
        self.calls: list[Call] = []


# Set by every resource for its batch function, and so only there: a token call is nobody's.
calls_of_batch: ContextVar[BatchCalls | None] = ContextVar("calls_of_batch", default=None)
