"""The command itself: its options, its files, and what it says in the end."""

import asyncio
import gc
from pathlib import Path
from typing import Annotated, Literal

import typer

from api.engine import Engine
from api.enrich.errors import EnrichError
from api.enrich.fields import parse_fields
from api.enrich.journal import Journal
from api.enrich.lines import COLUMNS, Source
from api.enrich.progress import progress_bar
from api.enrich.run import Run
from api.provider import Provider
from loaders import Settings
from loaders.simulator import Simulator

# Exit codes besides 0: some lines failed; interrupted, as shells have it (128 + SIGINT).
SOME_FAILED, INTERRUPTED = 1, 130

# `UNISONO_MAX_IDS` is a bound for strangers; a window has as many lines as it has.
_NO_BOUND = 1_000_000


def enrich(
    source: Annotated[
        str, typer.Argument(metavar="INPUT", help="Ids, links or ISRCs; - is standard input.")
    ],
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="JSON lines, one for each line of INPUT that is known."
        ),
    ],
    fields: Annotated[
        str,
        typer.Option(
            help="What to tell of each: a GraphQL selection, in which a dot is short for braces, "
            "like 'name, artists.name, album { label }'."
        ),
    ],
    failures: Annotated[
        Path | None,
        typer.Option(
            help="JSON lines, one for each line that failed, with its reasons; "
            "beside OUTPUT when it is not given."
        ),
    ] = None,
    format_: Annotated[
        Literal["text", "csv", "jsonl"] | None,
        typer.Option("--format", help="Of INPUT; by its name when it is not given, else text."),
    ] = None,
    column: Annotated[
        str | None,
        typer.Option(
            help="Where the id, link or ISRC stands in CSV and in JSON objects; "
            f"the first of {', '.join(COLUMNS)} when it is not given."
        ),
    ] = None,
    provider: Annotated[
        list[Provider] | None,
        typer.Option(help="Whom to ask for ISRCs, again for each; everyone that is on when none."),
    ] = None,
    demo: Annotated[
        bool,
        typer.Option(
            "--demo", help="Answer from the simulator in this process: no network, no keys."
        ),
    ] = False,
) -> None:
    """Look up a file of ids, links or ISRCs, at the best pace that the providers allow.

    It may be interrupted in any way: the same command run again goes on where it was, and tries
    again what failed and may not fail a second time. Exit code 1 when lines have failed.
    """
    settings = Settings.demo_settings() if demo else Settings()
    chosen = parse_fields(fields)
    failures = failures or output.with_name(f"{output.stem}.failures{output.suffix}")
    _refuse_the_same_file(source, output, failures)
    lines = Source(source, format_, column)
    names = [each.name for each in provider or ()]
    engine = Engine(
        settings.model_copy(update={"max_ids": _NO_BOUND}),
        simulator=Simulator() if demo else None,
    )
    try:
        with Journal(output, failures, chosen.document, names) as journal:
            run = Run(engine, chosen, names, lines, journal)
            is_whole = _finish(run, engine, lines)
    except OSError as error:  # of our files: those of the network are outcomes of their lines
        name = error.filename or output
        raise EnrichError(f"{name}: {error.strerror}. The same command goes on.") from error
    finally:
        lines.close()
    _tell(run, is_whole=is_whole)
    if not is_whole:
        raise typer.Exit(INTERRUPTED)
    if journal.state.failed:
        raise typer.Exit(SOME_FAILED)


def _finish(run: Run, engine: Engine, lines: Source) -> bool:
    """Run to the end; tell whether it was reached before somebody interrupted."""
    with asyncio.Runner() as runner:
        runner.run(engine.start())
        gc.freeze()  # what is there by now stays: it is not looked through again for each window
        try:
            with progress_bar(run, lines.size) as advance:
                while run.step(runner):
                    advance()
        except KeyboardInterrupt:
            return False
        finally:
            run.give_up(runner)
            runner.run(engine.close(grace=0.0))
            gc.unfreeze()
    return True


def _tell(run: Run, *, is_whole: bool) -> None:
    journal, state = run.journal, run.journal.state
    words = [f"{state.done:,} lines in {journal.output}"]
    if state.failed:
        words.append(f"{state.failed:,} failed, in {journal.failures}")
    words.append(f"{run.calls:,} calls, {run.saved:,} saved")
    typer.echo(f"unisono: {'; '.join(words)}", err=True)
    if not is_whole:
        left = run.left()
        rest = "the rest of standard input" if left is None else f"{left:,} lines"
        typer.echo(f"unisono: interrupted; left: {rest}. The same command goes on.", err=True)
    elif state.retryable:
        hope = "may be answered another time: the same command tries them again"
        typer.echo(f"unisono: {state.retryable:,} of those that failed {hope}", err=True)


def _refuse_the_same_file(source: str, output: Path, failures: Path) -> None:
    paths = [path.resolve() for path in (Path(source), output, failures)]
    if len(set(paths)) < len(paths):
        raise EnrichError("INPUT, --output and --failures: expected three files, got one twice")
