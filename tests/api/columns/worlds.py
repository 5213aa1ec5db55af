"""Invented schemas, values and documents: what columns and graphql-core are compared on."""

import asyncio
import enum
import json
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Annotated, Any

import strawberry
from graphql import ExecutionResult, execute, parse
from hypothesis import strategies as st
from strawberry.execution import optimized_is_awaitable

from api.batched import batched
from api.columns import ColumnExecutor


@strawberry.enum
class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


GOOD = {
    int: [0, 7, -(2**31)],
    str: ["", "a", "é"],
    bool: [True, False],
    float: [0.5, 3.0],
    strawberry.ID: ["x", "y"],
    Colour: ["red", Colour.BLUE],
}
# Some of them are taken, and made into what the type says; some are refused.
ODD = [2**31, True, 1, 1.0, 1.5, float("nan"), "1", "RED", b"x", [], {}, (), object, "no colour"]


class Later:
    """What can be awaited, as often as one likes."""

    def __init__(self, value):
        self.value = value

    def __await__(self):
        yield from ()
        return self.value


class Thing:
    """An object of some type; its attributes are told when they are read."""

    def __init__(self, kind, told):
        self.kind = kind
        self.told = told

    def __repr__(self):
        return f"<{self.kind}>"

    def __getattr__(self, name):
        try:
            told = self.__dict__["told"][name]
        except KeyError:
            raise AttributeError(name) from None
        return told() if callable(told) and told is not object else told


def _resolver(name, how):
    """Return a list resolver of which every outcome depends on its own parent alone."""

    def resolve(parents, pick):
        if any(parent.told.get(f"{name} raises") for parent in parents):
            raise ValueError(f"{name} raises")
        if pick == 13:
            return [ValueError(f"13 of {parent.kind}") for parent in parents]
        if pick == 14:
            return []
        return [getattr(parent, name) for parent in parents]

    def at_once(
        parents: Sequence[Any], pick: Annotated[int | None, strawberry.argument()] = 1
    ) -> Any:
        return resolve(parents, pick)

    async def later(
        parents: Sequence[Any], pick: Annotated[int | None, strawberry.argument()] = 1
    ) -> Any:
        return resolve(parents, pick)

    return at_once if how == "at once" else later


class World:
    """A schema, the values behind it and a document, drawn from `random`."""

    def __init__(self, random, *, faults):
        self.random = random
        self.faults = faults
        self.types = {}  # name -> {field: (annotation, how)}
        self.classes = {}
        self.fragments = []
        self._make_types()
        self.schema = self._schema()
        self.text = self._document()
        self.variables = {
            "yes": random.choice([True, False]),
            "pick": random.choice([1, 2, None, 13, 14]),
        }

    def chance(self, percent):
        return self.random.randrange(100) >= 100 - percent

    def _make_types(self):
        @strawberry.interface
        class Named:
            name: str | None

            @staticmethod
            def resolve_type(value, _info, _type):
                return value.kind

        self.interface = Named
        self.members = []
        for level in range(3):
            for letter in "AB"[: 1 + (level < 2 and self.chance(50))]:
                self._make_type(f"{letter}{level}")
        self.classes["Named"] = Named

    def _make_type(self, name):
        fields = {}
        below = list(self.classes.values())
        for number in range(self.random.randint(1, 4)):
            inner = self.random.choice(list(GOOD))
            if below and self.chance(65):
                inner = self.random.choice(below)
            if below and self.chance(25):
                inner = self.interface
            fields[f"f{number}"] = (
                self._wrapped(inner),
                self.random.choice(["attribute", "attribute", "at once", "later"]),
            )
        if self.faults and self.chance(5):
            fields["single"] = (int | None, "single")
        members = {"__annotations__": {}}
        for field, (annotation, how) in fields.items():
            members["__annotations__"][field] = annotation
            if how == "single":
                members[field] = strawberry.field(resolver=lambda: 1)
            elif how != "attribute":
                members[field] = batched(_resolver(field, how))
        implements = self.chance(60) or not self.members
        if self.chance(80) or not implements:
            members["is_type_of"] = staticmethod(lambda value, _info: value.kind == name)
        else:
            members["is_type_of"] = staticmethod(lambda _value, _info: True)
        made = type(name, (self.interface,) if implements else (), members)
        self.classes[name] = strawberry.type(made)
        if implements:
            self.members.append(name)
            fields["name"] = (str | None, "attribute")
        self.types[name] = fields

    def _wrapped(self, inner):
        wrapped = inner if self.chance(40) else inner | None
        for _ in range(self.random.choice([0, 0, 1, 1, 1, 2])):
            wrapped = list[wrapped]
            if self.chance(60):
                wrapped |= None
        return wrapped

    def _schema(self):
        roots = {"__annotations__": {}}
        self.roots = {}
        for name, made in [*self.classes.items()]:
            annotation = self._wrapped(made) if self.chance(20) else list[made | None] | None
            value = self.value(annotation, 0)
            roots["__annotations__"][name.lower()] = annotation
            roots[name.lower()] = strawberry.field(resolver=_root(value, self.chance(50)))
            self.roots[name.lower()] = annotation
        query = strawberry.type(type("Query", (), roots))
        types = [self.classes[name] for name in self.types]
        return strawberry.Schema(query, types=types)

    # Values

    def value(self, annotation, depth):
        if self.faults and self.chance(2):
            return self._fault(annotation, depth)
        inner, nullable = _without_null(annotation)
        if nullable and self.chance(20):
            return None
        if _is_list(inner):
            (item,) = inner.__args__
            items = [self.value(item, depth) for _ in range(self.random.randint(0, 3))]
            return tuple(items) if self.chance(30) else items
        if inner in GOOD:
            return self.random.choice(GOOD[inner])
        return self._thing(inner, depth)

    def _thing(self, made, depth):
        kind = self.random.choice(self.members) if made is self.interface else made.__name__
        if depth > 4:
            return Thing(kind, {"name": "deep"})
        told = {
            field: self.value(annotation, depth + 1)
            for field, (annotation, how) in self.types[kind].items()
            if how != "single"
        }
        told.setdefault("name", "n")
        if self.faults:
            if self.chance(2):
                told[f"{self.random.choice(list(told))} raises"] = True
            if self.chance(2):
                del told[self.random.choice(list(told))]
        return Thing(kind, told)

    def _fault(self, annotation, depth):
        match self.random.randrange(6):
            case 0:
                return ValueError(f"fault at {depth}")
            case 1:
                return None
            case 2:
                return Later(self.random.choice([None, 1, "a", ValueError("awaited")]))
            case 3:
                return Thing(self.random.choice(["Nobody", *self.types]), {"name": 1})
            case 4:
                value = self.value(_without_null(annotation)[0], depth)
                return (lambda: iter(value)) if isinstance(value, list) else value
            case _:
                return self.random.choice(ODD)

    # Documents

    def _document(self):
        fields = [
            f"{root} {{ {self._selection(annotation, 4)} }}"
            for root, annotation in self.roots.items()
            if self.chance(60) or root == "named"
        ]
        return "\n".join(
            [
                "query ($yes: Boolean!, $pick: Int) {",
                *fields,
                "}",
                *self.fragments,
            ]
        )

    def _selection(self, annotation, depth):
        inner, _ = _without_null(annotation)
        while _is_list(inner):
            inner, _ = _without_null(inner.__args__[0])
        parts = ["__typename"] if self.chance(40) else []
        if inner is self.interface:
            parts += ["name"] * self.chance(50)
            names = self.members
            parts += [self._fragment(name, depth) for name in names if self.chance(70)]
        else:
            parts += self._fields(inner.__name__, depth)
        return " ".join(parts or ["__typename"])

    def _fields(self, name, depth):
        parts = []
        for field, (annotation, how) in self.types[name].items():
            times = self.random.choice([0, 1, 1, 1, 2])
            parts += [self._field(field, annotation, how, depth) for _ in range(times)]
        if depth and self.chance(20):
            parts.append(self._fragment(name, depth - 1))
        if name in self.members and self.chance(10):
            parts.append("... on Named { other: name }")
        self.random.shuffle(parts)
        return parts

    def _field(self, field, annotation, how, depth):
        alias, arguments = "", ""
        if how in {"at once", "later"} and self.chance(30):
            pick = self.random.choice(["$pick", "1", "13", "null"])
            arguments = f"(pick: {pick})"
            alias = f"{field}_{pick.strip('$')}: "
        elif self.chance(20):
            alias = f"also_{field}: "
        inner, _ = _without_null(annotation)
        while _is_list(inner):
            inner, _ = _without_null(inner.__args__[0])
        below = ""
        if inner not in GOOD:
            below = f" {{ {self._selection(annotation, depth - 1) if depth else '__typename'} }}"
        return f"{alias}{field}{arguments}{self._directive()}{below}"

    def _fragment(self, name, depth):
        body = " ".join(self._fields(name, depth - 1) if depth > 0 else ["__typename"])
        body = body or "__typename"
        if self.chance(30):
            spread = f"F{len(self.fragments)}"
            self.fragments.append(f"fragment {spread} on {name} {{ {body} }}")
            return f"...{spread}{self._directive()}"
        return f"... on {name}{self._directive()} {{ {body} }}"

    def _directive(self):
        if not self.chance(15):
            return ""
        condition = self.random.choice(["$yes", "true", "false"])
        return f" @{self.random.choice(['skip', 'include'])}(if: {condition})"

    async def answer(self, executor_class):
        result = execute(
            self.schema._schema,
            parse(self.text),
            context_value=SimpleNamespace(names_fields=False),
            variable_values=self.variables,
            executor_class=executor_class,
            is_awaitable=optimized_is_awaitable,
        )
        if not isinstance(result, ExecutionResult):
            result = await result
        # graphql-core lets fields beside a failed one finish in the background; before the loop
        # closes, they shall.
        for _ in range(5):
            await asyncio.sleep(0)
        return result

    async def by_columns(self):
        return await self.answer(ColumnExecutor)

    async def by_graphql_core(self):
        return await self.answer(self.schema.execution_context_class)


def _root(value, is_async):
    async def later() -> Any:
        return value

    return later if is_async else lambda: value


def _without_null(annotation):
    arguments = getattr(annotation, "__args__", ())
    if not _is_list(annotation) and type(None) in arguments:
        (inner,) = (one for one in arguments if one is not type(None))
        return inner, True
    return annotation, False


def _is_list(annotation):
    return getattr(annotation, "__origin__", None) is list


def told(result):
    """Return data, in the order of its keys, and errors as they can be compared.

    Where a null has come up from below, which of the errors below it are told is left open.
    """
    errors = set()
    for error in result.errors or ():
        path = tuple(error.path or ())
        end = _where_null_begins(result.data, path)
        if end < len(path):
            errors.add((path[:end], "below"))
        else:
            places = tuple((place.line, place.column) for place in error.locations or ())
            errors.add((path, error.message, places))
    return json.dumps(result.data), errors


def _where_null_begins(data, path):
    for depth, key in enumerate(path):
        if data is None:
            return depth
        data = data[key]
    return len(path)


def worlds(*, faults):
    return st.builds(lambda random: World(random, faults=faults), st.randoms(use_true_random=False))
