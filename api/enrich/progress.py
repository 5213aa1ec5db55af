"""Progress: a bar on a terminal, and nothing elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskProgressColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from api.enrich.run import Run


@contextmanager
def progress_bar(run: Run, size: int | None) -> Iterator[Callable[[], None]]:
    """Show a bar as long as the block runs, if somebody is there to see it; yields what moves it.

    How far it is is told by the bytes of INPUT, where their number is known.
    """
    console = Console(file=sys.stderr)
    progress = Progress(
        BarColumn(),
        TaskProgressColumn(),
        _Counts(run),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )
    with progress:
        bar = progress.add_task("", total=size, completed=run.position)
        yield lambda: progress.update(bar, completed=run.position)


class _Counts(ProgressColumn):
    """Lines, their rate, calls and what was saved; told anew at each refresh, calls go on."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run
        self._began = time.monotonic()

    def render(self, task: Task) -> Text:  # noqa: ARG002  what is told stands in the run
        """Return the counts as they are now."""
        run, seconds = self._run, time.monotonic() - self._began
        rate = run.lines / seconds if seconds else 0.0
        words = f"{run.lines:,} lines, {rate:,.1f}/s; {run.calls:,} calls, {run.saved:,} saved"
        if run.hold:
            words += f"; {run.hold[0]} takes no calls for {run.hold[1]:,.0f} s"
        return Text(words)
