"""What executing costs, by columns and object by object: `python -m tests.benchmarks.executor`.

One document over values that are there already, by number of rows, of fields and of levels; both
executors take their turn in every round, and the best of its rounds counts.
"""

import asyncio
import gc
import sys
import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import strawberry
from graphql import ExecutionResult, execute, parse
from strawberry.execution import optimized_is_awaitable

from api.batched import batched
from api.columns import ColumnExecutor

ROWS = (1, 10, 100, 1_000)
FIELDS = (1, 4, 16)
LEVELS = (1, 2, 3)
BELOW = 3  # objects below each object, where there are more levels
ROUNDS = 15


async def words(parents: Sequence[Any]) -> list[list[str]]:
    return [["a", "b"] for _ in parents]


@strawberry.type
class Thing:
    things: list["Thing"]
    words: list[str] | None = batched(words)
    __annotations__.update({f"f{number}": str for number in range(max(FIELDS))})


@strawberry.type
class Query:
    things: list[Thing]


SCHEMA = strawberry.Schema(Query)
CORE = SCHEMA._schema
EXECUTORS = {"by columns": ColumnExecutor, "graphql-core": SCHEMA.execution_context_class}


def thing(levels):
    told = {f"f{number}": f"value {number}" for number in range(max(FIELDS))}
    below = [thing(levels - 1) for _ in range(BELOW)] if levels > 1 else []
    return SimpleNamespace(**told, things=below)


def document(fields, levels):
    selected = " ".join(["words", *(f"f{number}" for number in range(fields))])
    text = selected
    for _ in range(levels - 1):
        text = f"{selected} things {{ {text} }}"
    return parse(f"{{ things {{ {text} }} }}")


async def answered(executor, asked, values):
    result = execute(
        CORE,
        asked,
        root_value=SimpleNamespace(things=values),
        context_value=SimpleNamespace(names_fields=False),
        executor_class=executor,
        is_awaitable=optimized_is_awaitable,
    )
    if not isinstance(result, ExecutionResult):
        result = await result
    if result.errors:
        raise result.errors[0]
    return result.data


async def seconds(rows, fields, levels):
    """Return the best seconds of each executor, whose answers must be the same."""
    asked, values = document(fields, levels), [thing(levels) for _ in range(rows)]
    best = dict.fromkeys(EXECUTORS, float("inf"))
    answers = [await answered(executor, asked, values) for executor in EXECUTORS.values()]
    if any(answer != answers[0] for answer in answers):
        raise AssertionError(f"{rows} rows, {fields} fields, {levels} levels: not the same answer")
    for _ in range(ROUNDS):
        for name, executor in EXECUTORS.items():
            began = time.perf_counter()
            await answered(executor, asked, values)
            best[name] = min(best[name], time.perf_counter() - began)
        gc.collect()
    return best


def cases():
    """Yield rows, fields and levels: each of them by itself, about the middle."""
    yield from ((rows, 4, 1) for rows in ROWS)
    yield from ((100, fields, 1) for fields in FIELDS if fields != 4)
    yield from ((100, 4, levels) for levels in LEVELS if levels != 1)


def table():
    """Yield the lines of the table as they are measured."""
    yield f"| rows | fields | levels | {' ms | '.join(EXECUTORS)} ms | times faster |"
    yield "|--:|--:|--:|--:|--:|--:|"
    for rows, fields, levels in cases():
        best = asyncio.run(seconds(rows, fields, levels))
        ours, theirs = (1000 * best[name] for name in EXECUTORS)
        yield f"| {rows} | {fields} | {levels} | {ours:.3f} | {theirs:.3f} | {theirs / ours:.1f} |"


def main():
    gc.freeze()
    gc.disable()
    for text in table():
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
