"""Run: a plan and its objects -> rows.

A row is made at once, with nothing in it; so who shows a row need not wait for what is in it. A
column that has to be waited for is waited for beside all others, and what is below it begins as
soon as it is there. When all columns are known the rows are filled: until then they take little
memory, of which there is most just when many wait.

An exception in the place of a value is an error at its path, where a null may be; anything else
that is not as planned is a `Surprise`, or whatever was raised: then rows and errors are left, and
graphql-core does the list.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from itertools import chain
from types import GeneratorType, NoneType
from typing import Any, NamedTuple, TypeAlias

from graphql import FieldNode, GraphQLError, GraphQLResolveInfo, Undefined, located_error
from graphql.execution import Executor
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path
from graphql.type import is_abstract_type

from api.batched import Parents
from api.columns.plan import Field, Leaf, Many, Objects, Selection, Shape

PathOf: TypeAlias = Callable[[int], Path]
Row: TypeAlias = dict[str, Any]
#: By key, the values of all rows of a selection, in the order in which they are shown.
Columns: TypeAlias = dict[str, Sequence[Any]]
RawInfo: TypeAlias = GraphQLResolveInfo[Any]

_LARGEST_INT = 2**31 - 1  # GraphQL's Int has 32 bits
_LISTS = frozenset((list, tuple, NoneType))


class Surprise(Exception):  # noqa: N818  it is no error, only not for columns
    """Something that graphql-core shall see to; says what."""


class Column(NamedTuple):
    """The values of one field, or of the items of a list field.

    `path_of` tells where a value stands, which only errors want to know.
    """

    values: Sequence[Any]
    nodes: list[FieldNode]
    info: RawInfo
    path_of: PathOf


class _Waiting(NamedTuple):
    """A column that is not there yet, and those beside which it will stand."""

    outcomes: Awaitable[Sequence[Any]]
    field: Field
    columns: Columns
    info: RawInfo
    path_of: PathOf


class Run:
    """One list, completed by columns: `complete`, `finish` unless it `is_finished`, then `fill`."""

    def __init__(self, executor: Executor[Any]) -> None:
        self._executor = executor
        self._waiting: list[_Waiting] = []
        self._rows_with: list[tuple[list[Row], Columns]] = []
        self.errors: list[tuple[GraphQLError, Path]] = []

    @property
    def is_finished(self) -> bool:
        """Tell whether all columns are known."""
        return not self._waiting

    def fill(self) -> None:
        """Put the columns into the rows."""
        for rows, columns in self._rows_with:
            for key, values in columns.items():
                for row, value in zip(rows, values, strict=True):
                    row[key] = value

    async def finish(self) -> None:
        """Wait for the columns that are not known."""
        (here, *beside), self._waiting = self._waiting, []
        # All are waited for, also when one brings a surprise: what they load is then known. Who is
        # cancelled meanwhile cancels them, but not before each has begun: what never began would
        # be complained of.
        tasks = [asyncio.ensure_future(self._resume(each)) for each in beside]
        surprises: list[Exception] = []
        try:
            for each in (self._resume(here), *tasks):
                try:
                    await each
                except Exception as surprise:  # noqa: BLE001  raised below
                    surprises.append(surprise)
        except asyncio.CancelledError:
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks)
            raise
        if surprises:
            raise surprises[0]

    async def leave(self) -> None:
        """Wait for what was asked, and leave it: graphql-core will ask for it again."""
        waiting = [waiting.outcomes for waiting in self._waiting]
        await asyncio.gather(*waiting, return_exceptions=True)

    async def _resume(self, waiting: _Waiting) -> None:
        outcomes = await waiting.outcomes
        below = Run(self._executor)
        below.errors = self.errors
        below._rows_with = self._rows_with
        try:
            below._add(waiting.field, outcomes, waiting.columns, waiting.info, waiting.path_of)
        except Exception:
            await below.leave()
            raise
        if not below.is_finished:
            await below.finish()

    # From here on everything happens at once.

    def complete(self, shape: Shape, column: Column) -> Sequence[Any]:
        """Return the completed values of a column; the rows among them have to be filled yet."""
        if isinstance(shape, Leaf) and _are_plain(shape, column.values):
            return column.values
        kinds = set(map(type, column.values))
        if not kinds:
            return []
        column, kinds = self._without_exceptions(shape, column, kinds)
        if NoneType in kinds and not shape.nullable:
            raise Surprise(f"{column.info.field_name}: null in a non-null type")
        if isinstance(shape, Leaf):
            return self._leaves(shape, column, kinds)
        if isinstance(shape, Many):
            return self._lists(shape, column, kinds)
        return self._objects(shape, column, kinds)

    def _without_exceptions(
        self, shape: Shape, column: Column, kinds: set[type]
    ) -> tuple[Column, set[type]]:
        """Note the errors of a column, and put nulls in their places."""
        for kind in kinds:
            if kind is type(Undefined) or hasattr(kind, "__await__") or kind is GeneratorType:
                raise Surprise(f"{column.info.field_name}: got {kind.__name__}")
        failures = {kind for kind in kinds if issubclass(kind, Exception)}
        if not failures:
            return column, kinds
        if not shape.nullable:
            raise Surprise(f"{column.info.field_name}: an error in a non-null type")
        values = list(column.values)
        for index, value in enumerate(values):
            if type(value) in failures:
                path = column.path_of(index)
                self.errors.append((located_error(value, column.nodes, path.as_list()), path))
                values[index] = None
        return column._replace(values=values), kinds - failures | {NoneType}

    def _leaves(self, shape: Leaf, column: Column, kinds: set[type]) -> Sequence[Any]:
        coerce = self._executor.complete_leaf_value
        if kinds <= {str, NoneType}:  # an enum's few names, mostly: each one once
            known = {
                value: None if value is None else coerce(shape.type, value)
                for value in set(column.values)
            }
            return [known[value] for value in column.values]
        return [None if value is None else coerce(shape.type, value) for value in column.values]

    def _lists(self, shape: Many, column: Column, kinds: set[type]) -> Sequence[Any]:
        if not kinds <= _LISTS:
            raise Surprise(f"{column.info.field_name}: expected lists, got {kinds}")
        lists = column.values
        values = list(chain.from_iterable(filter(None, lists)))

        def path_of(index: int) -> Path:
            for position, one in enumerate(lists):
                if one is not None:
                    if index < len(one):
                        return column.path_of(position).add_key(index, None)
                    index -= len(one)
            raise IndexError(index)

        items = list(self.complete(shape.of, column._replace(values=values, path_of=path_of)))
        completed: list[list[Any] | None] = []
        end = 0
        for one in lists:
            if one is None:
                completed.append(None)
            else:
                start, end = end, end + len(one)
                completed.append(items[start:end])
        return completed

    def _objects(self, shape: Objects, column: Column, kinds: set[type]) -> Sequence[Any]:
        if is_abstract_type(shape.type):
            names = [
                None if it is None else self._type_of(it, shape, column) for it in column.values
            ]
        elif NoneType in kinds:
            names = [None if it is None else shape.type.name for it in column.values]
        else:
            (selection,) = shape.selections.values()
            return self._rows(selection, column)
        rows: list[Row | None] = [None] * len(names)
        for name in dict.fromkeys(names):
            if name is None:
                continue
            places = [place for place, one in enumerate(names) if one == name]
            there = column._replace(
                values=[column.values[place] for place in places],
                path_of=lambda index, places=places: column.path_of(places[index]),  # type: ignore[misc]  # bound at once
            )
            for place, row in zip(places, self._rows(shape.selections[name], there), strict=True):
                rows[place] = row
        return rows

    def _type_of(self, value: Any, shape: Objects, column: Column) -> str:
        executor = self._executor
        resolve: Any = getattr(shape.type, "resolve_type", None) or executor.type_resolver
        name = resolve(value, column.info, shape.type)
        if type(name) is not str or name not in shape.selections:
            _drop(name)
            raise Surprise(f"{column.info.field_name}: expected a type of {shape.type}, got {name}")
        return name

    def _rows(self, selection: Selection, column: Column) -> list[Row]:
        is_type_of = selection.type.is_type_of
        if selection.shows is not None:
            if not selection.shows.all_of(set(map(type, column.values))):
                raise Surprise(f"{column.info.field_name}: expected a {selection.type}")
        elif is_type_of is not None:
            for value in column.values:
                told = is_type_of(value, column.info)
                if told is not True:
                    _drop(told)
                    raise Surprise(f"{column.info.field_name}: expected a {selection.type}")
        rows: list[Row] = [{} for _ in column.values]
        columns: Columns = {field.key: () for field in selection.fields}
        self._rows_with.append((rows, columns))
        for field in selection.fields:
            self._read(field, column.values, columns, column.path_of)
        return rows

    def _read(
        self, field: Field, parents: Sequence[Any], columns: Columns, parent_path: PathOf
    ) -> None:
        values = None if field.read is None else list(map(field.read, parents))
        if values is not None and isinstance(field.shape, Leaf) and _are_plain(field.shape, values):
            columns[field.key] = values  # as nearly always: nobody will ask where that was
            return

        def path_of(index: int) -> Path:
            return Path(parent_path(index), field.key, field.parent.name)

        # As in graphql-core, its path is that of the first who asks.
        info = self._executor.build_resolve_info(
            field.definition, field.nodes, field.parent, path_of(0)
        )
        if values is not None:
            self._add(field, values, columns, info, path_of)
            return
        outcomes = self._resolve(field, parents, info)
        if isinstance(outcomes, list | tuple):
            self._add(field, outcomes, columns, info, path_of)
        else:
            self._waiting.append(_Waiting(outcomes, field, columns, info, path_of))

    def _resolve(self, field: Field, parents: Sequence[Any], info: RawInfo) -> Any:
        definition = field.definition
        arguments = {}
        if definition.args or field.nodes[0].arguments:
            arguments = get_argument_values(
                definition, field.nodes[0], self._executor.variable_values
            )
        assert definition.resolve is not None  # noqa: S101  strawberry gives one to every field
        return definition.resolve(Parents(parents), info, **arguments)

    def _add(
        self,
        field: Field,
        values: Sequence[Any],
        columns: Columns,
        info: RawInfo,
        path_of: PathOf,
    ) -> None:
        column = Column(values, field.nodes, info, path_of)
        columns[field.key] = self.complete(field.shape, column)


def _are_plain(shape: Leaf, values: Sequence[Any]) -> bool:
    """Tell whether these values are passed on as they are."""
    kinds = set(map(type, values))
    return kinds <= shape.plain and (not shape.bounded or _fit(values))


def _drop(value: Any) -> None:
    """Drop what a type's own function told, which may be something to be awaited."""
    if isinstance(value, Coroutine):
        value.close()


def _fit(values: Sequence[int | None]) -> bool:
    numbers = [value for value in values if value is not None]
    return not numbers or (min(numbers) >= -_LARGEST_INT - 1 and max(numbers) <= _LARGEST_INT)
