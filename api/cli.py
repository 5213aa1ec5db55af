"""The command `unisono`: a thin layer of words over what the other modules do."""

import asyncio
import difflib
import errno
import os
import socket
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, NoReturn

import msgspec
import typer
from graphql import DocumentNode, build_schema, find_breaking_changes
from rich.console import Console

from api import serving
from api.app import create_app
from api.columns import explained
from api.cost import Cost, cost_of
from api.doctor import examine, report
from api.documents import prepare
from api.engine import Answer, Engine, Operation
from api.enrich import EnrichError, enrich
from api.logs import set_up_logs
from api.needs import Pace
from api.schema import GRAPHQL_SCHEMA, sdl
from api.waterfall import Waterfall
from loaders import Settings, SettingsError, unknown_variables
from loaders.providers import CONNECT
from loaders.simulator import Simulator

# Exit codes besides 0: an answer with errors or a check that fails; a call that cannot be meant.
FAILED, MISUSED = 1, 2

app = typer.Typer(
    name="unisono",
    help="Music metadata by GraphQL: many keys, few calls.",
    no_args_is_help=True,
    epilog="Exit codes: 0 all is well; 1 an answer has errors, or a check fails; "
    "2 what was asked cannot be meant; 130 interrupted.",
    pretty_exceptions_enable=False,
)

Demo = Annotated[
    bool,
    typer.Option("--demo", help="Answer from the simulator in this process: no network, no keys."),
]
Host = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 is any free one.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
Workers = Annotated[
    int, typer.Option(min=1, max=64, help="Processes; with UNISONO_REDIS_URL they share.")
]


def main() -> None:
    """Run the command; what cannot be meant is told in one line."""
    try:
        app()
    except (SettingsError, EnrichError) as error:
        _stop(str(error), MISUSED)


def _version(*, is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"unisono {version('unisono')}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_version, is_eager=True),
    ] = False,
) -> None:
    """Music metadata by GraphQL: many keys, few calls."""


@app.command()
def serve(
    *,
    demo: Demo = False,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    workers: Workers = 1,
) -> None:
    """Serve GraphQL over HTTP."""
    if demo and workers > 1:
        _stop("--workers: expected 1 with --demo: its simulator lives in one process", MISUSED)
    if workers > 1 and not os.environ.get("UNISONO_REPLICAS"):
        os.environ["UNISONO_REPLICAS"] = str(workers)  # which the workers inherit
    settings = Settings.demo_settings() if demo else Settings()
    for name in unknown_variables(os.environ):
        typer.echo(f"unisono: {name} is no setting, and ignored", err=True)
    set_up_logs(settings.log_format)
    listener = _listen(host, port)
    _announce("Unisono", listener, "demo: invented music, no network" if demo else None)
    if workers == 1:
        serving.run(serving.config(create_app(settings)), listener)
    else:
        served = serving.config("api.serving:worker_app", factory=True, workers=workers)
        serving.run(served, listener)


@app.command()
def query(
    document: Annotated[str, typer.Argument(help="GraphQL; @FILE reads a file, - standard input.")],
    *,
    variables: Annotated[str, typer.Option(help="The variables, a JSON object.")] = "{}",
    demo: Demo = False,
    trace: Annotated[
        bool, typer.Option("--trace", help="Draw its batches too, on standard error.")
    ] = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="Print how its lists would be completed; ask nobody.")
    ] = False,
) -> None:
    """Execute a document and print the answer as JSON; exit code 1 if it has errors."""
    values = _variables(variables)
    text = _text(document)
    if plan:
        _print_plan(text, values)
        return
    settings = Settings.demo_settings() if demo else Settings()
    waterfall = Waterfall() if trace else None
    answer, report = asyncio.run(_execute(settings, text, values, waterfall))
    typer.echo(_json(answer.body()))
    if waterfall is not None:
        waterfall.draw(Console(stderr=True, highlight=False), report)
    if answer.errors:
        raise typer.Exit(FAILED)


app.command(no_args_is_help=True)(enrich)


@app.command()
def cost(
    document: Annotated[str, typer.Argument(help="GraphQL; @FILE reads a file, - standard input.")],
    *,
    variables: Annotated[str, typer.Option(help="The variables, a JSON object.")] = "{}",
    max_calls: Annotated[
        int | None, typer.Option(min=0, help="Exit with 1 if it can cause more calls than these.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the most upstream calls that a document can cause, and the seconds they take.

    Nothing is asked, no keys are needed; the pace is that of the settings.
    """
    engine = Engine(_with_keys(Settings()))
    prepared = engine.prepare(Operation(_text(document)))
    if prepared.errors or prepared.document is None:
        _stop(f"the document: {prepared.errors[0].message}", MISUSED)
    values = _variables(variables)
    found, paces = asyncio.run(_cost(engine, prepared.document, values))
    if as_json:
        typer.echo(_json({**found.report(paces), "loaders": found.loaders}))
    else:
        typer.echo("\n".join(_cost_lines(found, paces)))
    if max_calls is not None and found.calls > max_calls:
        _stop(f"expected at most {max_calls:,} calls, got up to {found.calls:,}", FAILED)


@app.command()
def schema(
    *,
    check: Annotated[
        Path | None, typer.Option(help="Compare this file with the schema instead of printing it.")
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option(help="Fail if clients of the schema in this file would break.")
    ] = None,
) -> None:
    """Print the schema in GraphQL's own language."""
    if baseline is not None:
        broken = find_breaking_changes(build_schema(_read(baseline)), GRAPHQL_SCHEMA)
        for change in broken:
            typer.echo(change.description)
        if broken:
            _stop(f"{baseline}: expected a schema that still serves its clients", FAILED)
    if check is None and baseline is not None:
        return
    if check is None:
        typer.echo(sdl(), nl=False)
        return
    found, expected = _read(check).splitlines(), sdl().splitlines()
    difference = list(difflib.unified_diff(found, expected, str(check), "the schema", lineterm=""))
    if difference:
        typer.echo("\n".join(difference))
        _stop(f"{check}: expected the schema as `unisono schema` prints it", FAILED)


@app.command()
def doctor(
    *,
    as_json: AsJson = False,
) -> None:
    """Look at settings, keys, clock and network, and say what to do; exit code 1 if need be."""
    findings = asyncio.run(examine(Settings()))
    if as_json:
        typer.echo(_json(report(findings)))
    else:
        for found in findings:
            advice = f" {found.advice}" if found.advice else ""
            mark = "ok" if found.is_well else "NOT WELL"
            typer.echo(f"{mark:<9} {found.check:<16} {found.found}.{advice}")
    if not all(found.is_well for found in findings):
        raise typer.Exit(FAILED)


@app.command()
def simulate(
    *,
    host: Host = "127.0.0.1",
    port: Port = 8100,
) -> None:
    """Serve the providers' wire formats over invented music."""
    listener = _listen(host, port)
    url = _announce("The simulator", listener, None)
    typer.echo(
        f"  UNISONO_SPOTIFY_BASE_URL={url}/v1 UNISONO_SPOTIFY_TOKEN_URL={url}/api/token\n"
        "  UNISONO_SPOTIFY_CLIENT_ID=any UNISONO_SPOTIFY_CLIENT_SECRET=any",
        err=True,
    )
    set_up_logs()
    serving.run(serving.config(Simulator()), listener)


def _variables(text: str) -> dict[str, Any]:
    try:
        values: dict[str, Any] = msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        _stop(f"--variables: expected a JSON object: {error}", MISUSED)
    return values


def _with_keys(settings: Settings) -> Settings:
    """Return settings under which every provider is on, at the pace that is set, for counting."""
    demo = Settings.demo_settings()
    return demo.model_copy(
        update={
            name: getattr(demo, name).model_copy(update={"rate": settings.of(name).rate})
            for name in CONNECT
        }
    )


def _cost_lines(found: Cost, paces: Mapping[str, Pace]) -> Iterator[str]:
    for name, calls in found.loaders.items():
        yield f"{name:<24} {calls:>9,} calls"
    for row in found.report(paces)["providers"]:
        pace = "no pace set" if row["seconds"] is None else f"{row['seconds']:,.1f} s at its pace"
        yield f"{row['provider']:<24} {row['calls']:>9,} calls, {pace}"
    yield f"{'at most':<24} {found.calls:>9,} calls"


def _json(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value)).decode()


async def _cost(
    engine: Engine, document: DocumentNode, variables: Mapping[str, Any]
) -> tuple[Cost, dict[str, Pace]]:
    async with engine:
        paces = engine.paces()
        return cost_of(GRAPHQL_SCHEMA, document, variables, None, paces), paces


def _print_plan(text: str, variables: Mapping[str, Any]) -> None:
    prepared = prepare(GRAPHQL_SCHEMA, text)
    if prepared.errors or prepared.document is None:
        _stop("; ".join(error.message for error in prepared.errors), FAILED)
    typer.echo(explained(GRAPHQL_SCHEMA, prepared.document, variables))


async def _execute(
    settings: Settings, text: str, variables: Mapping[str, Any], waterfall: Waterfall | None
) -> tuple[Answer, list[dict[str, Any]]]:
    """Return the answer and the account of its batches, which the waterfall takes in."""
    simulator = Simulator() if settings.demo else None
    async with Engine(settings, simulator=simulator) as engine:
        if waterfall is not None:
            engine.providers.observers.append(waterfall.add)
        context = engine.context()
        answer = await engine.execute(Operation(text, dict(variables)), context)
        return answer, context.trace.report()


def _text(document: str) -> str:
    if document == "-":
        return _decoded(sys.stdin.buffer.read(), "standard input")
    if document.startswith("@"):
        return _read(Path(document[1:]))
    return _decoded(os.fsencode(document), "the document")


def _read(path: Path) -> str:
    try:
        return _decoded(path.read_bytes(), str(path))
    except OSError as error:
        _stop(f"{path}: {error.strerror}", MISUSED)


def _decoded(text: bytes, what: str) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        _stop(f"{what}: expected UTF-8", MISUSED)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        is_taken = error.errno == errno.EADDRINUSE
        reason = "is in use" if is_taken else f"cannot be used: {error.strerror}"
        _stop(f"port {port} on {host} {reason}; choose another with --port or --host", FAILED)


def _announce(what: str, listener: socket.socket, remark: str | None) -> str:
    host, port = listener.getsockname()[:2]
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    typer.echo(f"{what}: {url}{f' ({remark})' if remark else ''}", err=True)
    return url


def _stop(message: str, code: int) -> NoReturn:
    typer.echo(f"unisono: {message}", err=True)
    raise SystemExit(code)


if __name__ == "__main__":
    main()
