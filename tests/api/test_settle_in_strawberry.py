"""One GraphQL query is one batch, however its fields are nested, while others keep asking."""

import asyncio
from contextlib import asynccontextmanager

import pytest
import strawberry

from batching import BatchProcessor
from loaders.loader import Loader


@strawberry.type
class Thing:
    """A thing that has as many things of its own as one asks for."""

    path: str

    @strawberry.field
    async def name(self, info: strawberry.Info) -> str:
        return await info.context(self.path)

    @strawberry.field
    def plain_name(self, info: strawberry.Info) -> str:
        return info.context(self.path)

    @strawberry.field
    async def thing(self, letter: str) -> "Thing":
        return Thing(path=f"{self.path}{letter}")

    @strawberry.field
    def plain_thing(self, letter: str) -> "Thing":
        return Thing(path=f"{self.path}{letter}")

    @strawberry.field
    async def things(self, count: int) -> list["Thing"]:
        return [Thing(path=f"{self.path}{number}") for number in range(count)]


@strawberry.type
class Query(Thing):
    pass


SCHEMA = strawberry.Schema(Query)


def deep(levels):
    """Names at each of so many depths, three times over."""

    def below(level):
        further = f' thing(letter: "x") {{ {below(level - 1)} }}' if level else ""
        return f"name{further}"

    roots = [f'{root}: thing(letter: "{root}") {{ {below(levels)} }}' for root in "abc"]
    return f"{{ {' '.join(roots)} }}"


def bushy(levels):
    """Two things in each thing, all with names, one branch ending sooner."""

    def below(level):
        if not level:
            return "name"
        return (
            f'name short: thing(letter: "s") {{ name }} '
            f'long: thing(letter: "l") {{ {below(level - 1)} }}'
        )

    return f"{{ {below(levels)} }}"


def lists(*counts):
    """Lists in lists, everything with a name."""
    if not counts:
        return "name"
    return f"name things(count: {counts[0]}) {{ {lists(*counts[1:])} }}"


SHAPES = {
    "a lone field": ("{ name }", 1),
    "flat": ("{ things(count: 20) { name } }", 20),
    "depths 0 to 5": (deep(5), 18),
    "depths 0 to 8": (deep(8), 27),
    "bushy, 5 deep": (bushy(5), 11),
    "a list": (f"{{ {lists(9)} }}", 10),
    "lists 2 deep": (f"{{ {lists(3, 3)} }}", 13),
    "lists 3 deep": (f"{{ {lists(3, 3, 4)} }}", 49),
    "lists beside depths": (f'{{ {lists(3, 3)} deep: thing(letter: "d") {deep(4)} }}', 28),
    "only plain fields": (
        deep(5).replace("thing(", "plainThing(").replace("name", "plainName"),
        18,
    ),
    "plain fields between": (
        deep(8).replace(' thing(letter: "x")', ' thing: plainThing(letter: "x")'),
        27,
    ),
}


class Calls(list):
    async def __call__(self, keys):
        self.append(keys)
        await asyncio.sleep(1.0)
        return [key.upper() for key in keys]

    def of_this_query(self):
        return [keys for call in self if (keys := [key for key in call if key[0] != "!"])]


def submit(calls):
    processor = BatchProcessor(calls, 1000)
    return lambda key: processor.submit(key or "root", scope="query"), processor


def load(calls):
    loader = Loader(calls)
    return lambda key: loader.load(key or "root"), loader.processor


def load_over(calls):
    loader = Loader.over(BatchProcessor(calls, 1000), scope="query")
    return lambda key: loader.load(key or "root"), loader.processor


@asynccontextmanager
async def alone(_processor):
    yield


@asynccontextmanager
async def beside_other_requests(processor):
    """Other scopes ask for keys in every turn of the loop, so that it never goes quiet."""

    async def ask(scope):
        number = 0
        while True:
            processor.submit(f"!{scope}{number}", scope=scope)
            number += 1
            await asyncio.sleep(0)

    others = [asyncio.create_task(ask(scope)) for scope in ("one", "other")]
    await asyncio.sleep(0)
    yield
    for other in others:
        other.cancel()


@pytest.mark.parametrize("around", [alone, beside_other_requests])
@pytest.mark.parametrize("asking", [submit, load, load_over])
@pytest.mark.parametrize("shape", SHAPES)
async def test_a_query_of_this_shape_is_one_batch(shape, asking, around):
    query, keys = SHAPES[shape]
    calls = Calls()
    ask, processor = asking(calls)
    async with around(processor):
        running = asyncio.create_task(
            SCHEMA.execute(query, root_value=Query(path=""), context_value=ask)
        )
        for _ in range(500):
            await asyncio.sleep(0)
    answer = await running
    assert answer.errors is None
    assert [len(call) for call in calls.of_this_query()] == [keys]
