"""Faults: what a simulated provider does wrong, when it is told to."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from loaders.simulator.wire import Answer

ANY_ROUTE = "*"

_STATUSES = range(200, 600)
_ERRORS = 400  # and above: those that a provider has words for


class HungUp(ConnectionResetError):  # noqa: N818  the caller sees a line that broke, no error of ours
    """The simulator hung up instead of answering, as a fault told it to."""


@dataclass
class Fault:
    """What one route does wrong.

    `latency` seconds pass first, in place of the usual ones. With a `status`, a `body` or
    `hang_up` that is the answer; without, the answer is the usual one, late. `body` is sent as it
    is if it is text or bytes, and as JSON if not; without one the provider's own words for the
    status are sent. `headers`, if given, are all there are: so a 429 comes without `Retry-After`.
    `times` is how often it still happens, None for always.
    """

    route: str
    status: int | None = None
    headers: Mapping[str, str] | None = None
    body: Any = None
    latency: float | None = None
    times: int | None = None
    hang_up: bool = False
    answered: int = field(default=0, init=False)  # how often it has happened

    def __post_init__(self) -> None:
        if self.is_delay and self.latency is None:
            raise ValueError("expected a status, a body, a latency or hang_up, got none of them")
        if self.status is not None and self.status not in _STATUSES:
            raise ValueError(f"status: expected 200 to 599, got {self.status}")
        if self.latency is not None and not 0 <= self.latency < float("inf"):
            raise ValueError(f"latency: expected seconds, 0 or more, got {self.latency}")
        if self.times is not None and self.times < 1:
            raise ValueError(f"times: expected 1 or more, got {self.times}")
        for text in (text for header in (self.headers or {}).items() for text in header):
            if not (text.isascii() and text.isprintable()):
                raise ValueError(f"headers: expected printable ASCII, got {text[:80]!r}")

    @property
    def is_over(self) -> bool:
        """Tell whether it has happened as often as it should."""
        return self.times is not None and self.times <= 0

    @property
    def is_delay(self) -> bool:
        """Tell whether it changes nothing but the time."""
        return self.status is None and self.body is None and not self.hang_up

    def strike(self) -> None:
        """Count one call that met this fault."""
        self.answered += 1
        if self.times is not None:
            self.times -= 1

    def answer(self, usual: Answer) -> Answer:
        """Return what is said; `usual` is how the provider says this status."""
        if self.hang_up:
            raise HungUp(f"the simulator hung up on {self.route}, as a fault told it to")
        status = self.status or 200
        if status < _ERRORS:
            usual = Answer(status, b"")
        body = usual.body if self.body is None else _encode(self.body)
        return Answer(status, body, usual.headers if self.headers is None else self.headers)


class FaultOrder(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `POST /_fault`: the fields of a fault."""

    route: str
    status: int | None = None
    headers: dict[str, str] | None = None
    body: Any = None
    latency: float | None = None
    times: int | None = None
    hang_up: bool = False


async def wait(seconds: float) -> None:
    """Let time pass; none at all costs not even a turn of the loop."""
    if seconds > 0:
        await asyncio.sleep(seconds)


def _encode(body: Any) -> bytes:
    match body:
        case bytes():
            return body
        case str():
            return body.encode()
    return msgspec.json.encode(body)
