"""Windows: some lines of INPUT, executed as one operation, and what comes of each."""

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

from api.cost import cost_of
from api.engine import Answer, Engine, Operation
from api.enrich.fields import Fields
from api.enrich.lines import Line
from api.enrich.results import Done, Failure
from api.schema import GRAPHQL_SCHEMA
from loaders import InvalidIdError, parse_isrc, parse_ref

# Lines in a window: as many as take so many seconds at the pace of the slowest provider, as far as
# can be known. The fewest fill a bulk call of every provider but one, the most fill that one's too.
SECONDS = 10.0
FEWEST, MOST = 100, 1000

# Seconds for which a window waits for a provider that is left alone. It is for a minute at most,
# and then one call tells whether for another one: so this is an outage of ten minutes.
PATIENCE = 600.0
LEAST_PAUSE = 1.0
_LEFT_ALONE = "UPSTREAM_CIRCUIT_OPEN"

# Failures that are none of the line's, though asking again at once is of no use: once the settings
# are right, the line may be answered.
_OURS = {"PROVIDER_NOT_CONFIGURED", "UPSTREAM_AUTH"}


class Outcome(NamedTuple):
    """What came of a window: a result per line, in order, and how many keys were asked for it."""

    results: list[Done | Failure]
    asked: int


class _Asked(NamedTuple):
    """The lines of a window by the list in which they are asked, and those that nobody is asked."""

    refs: list[Line]
    isrcs: list[Line]
    refused: dict[int, str]  # by number


def size(engine: Engine, fields: Fields, providers: Sequence[str], sample: Sequence[Line]) -> int:
    """Return how many lines like these make a window."""
    asked = _asked(sample, fields)
    document = fields.prepared.document
    assert document is not None  # noqa: S101  it was validated
    variables = _variables(asked, fields, providers)
    paces = engine.paces()
    # Few ids were merged.
    report = cost_of(GRAPHQL_SCHEMA, document, variables, None, paces, merged=0).report(paces)
    seconds = max((row["seconds"] or 0.0 for row in report["providers"]), default=0.0)
    if seconds <= SECONDS:
        return MOST
    return max(FEWEST, min(MOST, int(len(sample) * SECONDS / seconds)))


async def execute(
    engine: Engine, fields: Fields, providers: Sequence[str], lines: Sequence[Line]
) -> Outcome:
    """Return what comes of these lines; never raises for one of them.

    Those of a provider that is left alone for a while, because it fails too often, wait for it.
    """
    clock = asyncio.get_running_loop().time
    ends = clock() + PATIENCE
    outcome, pause = await _ask(engine, fields, providers, lines)
    while pause and clock() + pause <= ends:
        left_alone = [place for place, each in enumerate(outcome.results) if _is_left_alone(each)]
        await asyncio.sleep(pause)
        again, pause = await _ask(engine, fields, providers, [lines[at] for at in left_alone])
        for place, result in zip(left_alone, again.results, strict=True):
            outcome.results[place] = result
        outcome = Outcome(outcome.results, outcome.asked + again.asked)
    return outcome


async def _ask(
    engine: Engine, fields: Fields, providers: Sequence[str], lines: Sequence[Line]
) -> tuple[Outcome, float]:
    """Return what comes of lines, and the seconds after which to ask some of them again."""
    asked = _asked(lines, fields)
    context = engine.context(background=True)
    answer = Answer({})
    if asked.refs or asked.isrcs:
        operation = Operation(fields.document, _variables(asked, fields, providers))
        answer = await engine.execute(operation, context, prepared=fields.prepared)
    failures = _failures(asked, answer)
    found = _found(asked, answer)
    results = [_result(line, failures.get(line.number), found.get(line.number)) for line in lines]
    pauses = [
        max(LEAST_PAUSE, error["extensions"].get("retryAfterMs", 0) / 1000)
        for error in answer.errors
        if error["extensions"]["code"] == _LEFT_ALONE
    ]
    keys = sum(row["asked"] for row in context.trace.report())
    return Outcome(results, keys), max(pauses, default=0.0)


def _is_left_alone(result: Done | Failure) -> bool:
    return isinstance(result, Failure) and any(
        error["code"] == _LEFT_ALONE for error in result.errors
    )


def _asked(lines: Sequence[Line], fields: Fields) -> _Asked:
    asked = _Asked([], [], {})
    for line in lines:
        try:
            if line.complaint:
                asked.refused[line.number] = line.complaint
            elif _is_isrc(line.ref):
                _check_kind(line, "track", fields)
                asked.isrcs.append(line)
            else:
                _check_kind(line, parse_ref(line.ref).kind, fields)
                asked.refs.append(line)
        except InvalidIdError as error:
            asked.refused[line.number] = str(error)
    return asked


def _is_isrc(text: str) -> bool:
    try:
        parse_isrc(text)
    except InvalidIdError:
        return False
    return True


def _check_kind(line: Line, kind: str, fields: Fields) -> None:
    if kind not in fields.kinds:
        kinds = " or ".join(sorted(fields.kinds))
        raise InvalidIdError(line.ref, f"a reference to what has these fields: {kinds}")


def _variables(asked: _Asked, fields: Fields, providers: Sequence[str]) -> dict[str, Any]:
    variables: dict[str, Any] = {"refs": [line.ref for line in asked.refs]}
    if "track" in fields.kinds:
        variables["isrcs"] = [line.ref for line in asked.isrcs]
        variables["providers"] = list(providers) or None
    return variables


def _found(asked: _Asked, answer: Answer) -> dict[int, Any]:
    """Return what is known of each line, by its number."""
    data = answer.data or {}
    found = dict(zip((line.number for line in asked.refs), data.get("lookup") or (), strict=False))
    entries = data.get("tracksByIsrc") or ()
    each = len(entries) // (len(asked.isrcs) or 1)  # one for each provider that was asked
    for place, line in enumerate(asked.isrcs):
        mine = entries[place * each : (place + 1) * each]
        tracks = [track for entry in mine for track in entry["tracks"] or ()]
        found[line.number] = tracks or None
    return found


def _failures(asked: _Asked, answer: Answer) -> dict[int, list[dict[str, Any]]]:
    """Return the errors of each line that has some, by its number."""
    failures: dict[int, list[dict[str, Any]]] = {
        number: [{"code": "BAD_USER_INPUT", "message": complaint}]
        for number, complaint in asked.refused.items()
    }
    entries = (answer.data or {}).get("tracksByIsrc") or ()
    each = len(entries) // (len(asked.isrcs) or 1) or 1
    for error in answer.errors:
        match error.get("path"):
            case ["lookup", place, *below]:
                lines = [asked.refs[place]]
            case ["tracksByIsrc", place, *below]:
                lines = [asked.isrcs[place // each]]
            case ["lookup"]:
                lines, below = asked.refs, []
            case ["tracksByIsrc"]:
                lines, below = asked.isrcs, []
            case _:
                lines, below = [*asked.refs, *asked.isrcs], []
        told = _told(error, below)
        for line in lines:
            failures.setdefault(line.number, []).append(told)
    return failures


def _told(error: dict[str, Any], below: Sequence[Any]) -> dict[str, Any]:
    """Return an error as FAILURES has it, with the field below the line where there is one."""
    known = error["extensions"]
    told = {"code": known["code"], "message": error["message"]}
    told |= {name: known[name] for name in ("provider", "retryable") if name in known}
    return {**told, "path": below} if below else told


def _result(line: Line, errors: list[dict[str, Any]] | None, data: Any) -> Done | Failure:
    if not errors and data is not None:
        return Done(line.number, line.ref, data)
    if not errors:
        unknown = {"code": "NOT_FOUND", "message": "nobody who was asked knows it"}
        return Failure(line.number, line.ref, False, [unknown])
    retryable = any(error.get("retryable") or error["code"] in _OURS for error in errors)
    return Failure(line.number, line.ref, retryable, errors, data)
