"""Waterfall: the batches of one operation, drawn in a terminal.

spotify.search     1 key  ━━━━━━━━━━━━━━                  81 ms  200
spotify.artists  41 keys                ━━━━━━━━━━━━━━    83 ms  200
spotify.albums   20 keys                ╌╌━━━━━━━━━━━━━━  82 ms  200
62 keys asked, 3 calls made, 59 calls saved, in 178 ms
"""

import asyncio
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

from rich.console import Console
from rich.text import Text

from batching import BatchEvent
from loaders import Call

# More would be more than a terminal shows at once; a screen has 24 lines, often 50.
MOST_ROWS = 40

# Columns of a bar at least; with less, what is not first is not told from what is.
_LEAST_BAR = 10

_GAP = "  "

# Waiting, and in the air: as anybody's terminal can write it, and as one can that takes no more
# than ASCII.
_GLYPHS, _PLAIN = ("╌", "━"), (".", "=")


class Batch(NamedTuple):
    """A batch that has come to an end; times are loop time, in seconds."""

    loader: str
    keys: int
    asked: float
    left: float
    landed: float
    statuses: tuple[int | None, ...]
    failures: int = 0
    retries: int = 0


class Waterfall:
    """Collects batches, as an observer, and draws them.

    >>> waterfall = Waterfall()
    >>> engine.providers.observers.append(waterfall.add)
    >>> await engine.execute(operation, context)
    >>> waterfall.draw(Console(stderr=True), context.trace.report())
    """

    def __init__(self) -> None:
        self.batches: list[Batch] = []

    def add(self, event: BatchEvent, calls: Sequence[Call]) -> None:
        """Take in a batch that has just come to its end."""
        landed = asyncio.get_running_loop().time()
        left = landed - event.duration
        statuses = tuple(dict.fromkeys(call.status for call in calls))
        self.batches.append(
            Batch(
                event.name,
                len(event.keys),
                left - event.wait,
                left,
                landed,
                statuses,
                event.failures,
                event.retries,
            )
        )

    def draw(self, console: Console, report: Sequence[dict[str, Any]]) -> None:
        """Print the batches in the order in which they left, and what all came to."""
        rows = sorted(self.batches, key=lambda batch: batch.left)
        if rows:
            for line in _lines(rows[:MOST_ROWS], console, _span(rows)):
                console.print(line, no_wrap=True, overflow="ellipsis")
        if len(rows) > MOST_ROWS:
            console.print(f"... and {len(rows) - MOST_ROWS:,} batches more", style="dim")
        asked, calls, saved = (
            sum(row[name] for row in report) for name in ("asked", "calls", "callsSaved")
        )
        begin, end = _span(rows)
        took = f", in {_duration(end - begin)}" if rows else ""
        words = f"{_count(asked, 'key')} asked, {_count(calls, 'call')} made"
        console.print(f"{words}, {_count(saved, 'call')} saved{took}", style="bold")


def _lines(rows: Sequence[Batch], console: Console, span: tuple[float, float]) -> Iterator[Text]:
    """Yield a line for each batch; where there is too little room, its outcome is cut off."""
    told = [(row.loader, _count(row.keys, "key"), _duration(row.landed - row.left)) for row in rows]
    loader_width, keys_width, took_width = (max(map(len, each)) for each in zip(*told, strict=True))
    outcomes = [_outcome(row) for row in rows]
    rest = loader_width + keys_width + took_width + max(map(len, outcomes)) + 4 * len(_GAP)
    room = max(_LEAST_BAR, console.width - rest)
    glyphs = _GLYPHS if console.encoding.startswith("utf") else _PLAIN
    for row, (loader, keys, took), outcome in zip(rows, told, outcomes, strict=True):
        parts = (
            loader.ljust(loader_width),
            keys.rjust(keys_width),
            _bar(row, span, room, glyphs),
            took.rjust(took_width),
            outcome,
        )
        yield Text(_GAP).join(part if isinstance(part, Text) else Text(part) for part in parts)


def _bar(row: Batch, span: tuple[float, float], room: int, glyphs: tuple[str, str]) -> Text:
    begin, end = span
    scale = room / (end - begin or 1.0)
    asked, left, landed = (round((at - begin) * scale) for at in (row.asked, row.left, row.landed))
    left = min(left, room - 1)
    bar = Text(" " * asked)
    bar.append(glyphs[0] * (left - asked), style="dim")
    bar.append(glyphs[1] * max(1, landed - left), style=_colour(row) or "green")
    bar.truncate(room, pad=True)
    return bar


def _outcome(row: Batch) -> Text:
    words = ", ".join("no answer" if status is None else str(status) for status in row.statuses)
    parts = [words or "no call"]
    if row.retries:
        parts.append(f"{row.retries} again")
    if row.failures:
        parts.append(f"{row.failures} unanswered")  # some of which may be looked up singly
    return Text(", ".join(parts), style=_colour(row))


def _colour(row: Batch) -> str:
    """Return the colour of what is not well; that something is not found is an answer."""
    are_good = (
        status == HTTPStatus.NOT_FOUND or (status is not None and status < HTTPStatus.BAD_REQUEST)
        for status in row.statuses
    )
    if not all(are_good):
        return "red"
    return "yellow" if row.failures else ""


def _span(rows: Sequence[Batch]) -> tuple[float, float]:
    return min((row.asked for row in rows), default=0.0), max(
        (row.landed for row in rows), default=0.0
    )


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _duration(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.1f} s"
    milliseconds = 1000 * seconds
    return f"{milliseconds:.0f} ms" if milliseconds >= 1 or not milliseconds else "<1 ms"
