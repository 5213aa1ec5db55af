"""`batched`: fields whose resolver is written once, for a list of parents.

    async def genres(artists: Sequence[Artist], info: Info) -> list[list[str] | None | Exception]:
        ...

    @strawberry.type
    class ArtistType:
        genres: list[str] | None = batched(genres, description="...")

The resolver returns a list (or tuple) of outcomes, or an awaitable of one: an outcome per parent,
in their order; an exception there is that parent's error. It need not be awaited when it knows
them all. Ordinary execution calls it with the one parent it is at; whoever executes lists as
columns (`api.columns`) resolves the field once, with `Parents` in the place of one.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from inspect import Parameter
from typing import Any, TypeAlias, cast

from strawberry.annotation import StrawberryAnnotation
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import INFO_PARAMSPEC, StrawberryResolver

from api.context import Info
from loaders import asking_field

Outcomes: TypeAlias = Sequence[Any]
ListResolver: TypeAlias = Callable[..., Outcomes | Awaitable[Outcomes]]


class _FirstParameter:
    """Tells strawberry that the first parameter takes the parents and is no argument."""

    def find(
        self, parameters: tuple[Parameter, ...], resolver: StrawberryResolver[Any]
    ) -> Parameter | None:
        if not parameters or parameters[0].kind is not Parameter.POSITIONAL_OR_KEYWORD:
            raise TypeError(f"{resolver.name}: expected a first parameter for the list of parents")
        return parameters[0]


class _ListResolver(StrawberryResolver[Any]):
    RESERVED_PARAMSPEC = (_FirstParameter(), INFO_PARAMSPEC)


class Shows:
    """A type's `is_type_of`: what it shows are the instances of a class, and nothing else.

    @strawberry.type
    class Artist:
        is_type_of = Shows(loaders.Artist)
    """

    def __init__(self, cls: type) -> None:
        self.cls = cls

    def __call__(self, value: Any, _info: Any) -> bool:
        """Tell whether a value is shown, as GraphQL asks."""
        return isinstance(value, self.cls)

    def all_of(self, kinds: Iterable[type]) -> bool:
        """Tell whether every value of these classes is shown."""
        return all(issubclass(kind, self.cls) for kind in kinds)


class RootField(StrawberryField):
    """A field without a parent; it tells the loaders its name when they want to know."""

    def get_result(
        self, source: Any, info: Info | None, args: list[Any], kwargs: dict[str, Any]
    ) -> Any:
        """Call the resolver; runs inside the field's own coroutine."""
        if info is not None and info.context.names_fields:
            asking_field.set(f"{info.path.typename}.{info.field_name}")
        return super().get_result(source, info, args, kwargs)


class Parents(list[Any]):
    """Many parents in the place of one: a batched field then resolves to the list of outcomes."""


class BatchedField(StrawberryField):
    """A field that is resolved for a list of parents at once."""

    # Its outcomes may be there without awaiting, so strawberry must not wrap it in a coroutine.
    is_async = False

    @property
    def batch(self) -> ListResolver:
        """Return the resolver itself: `batch(parents, info=info, **arguments)`."""
        assert self.base_resolver is not None  # noqa: S101  `batched` gives one to every field
        return cast("ListResolver", self.base_resolver.wrapped_func)

    def get_result(
        self, source: Any, info: Info | None, args: list[Any], kwargs: dict[str, Any]
    ) -> Any:
        """Resolve the field for one parent or for `Parents`; if need be, in a coroutine."""
        name = None
        if info is not None and info.context.names_fields:
            name = f"{info.path.typename}.{info.field_name}"
            asking_field.set(name)
        parents = source if isinstance(source, Parents) else [source]
        outcomes = self.batch(parents, *args, **kwargs)
        if not isinstance(outcomes, list) and isinstance(outcomes, Awaitable):
            return self._wait(outcomes, source, name)
        return self._told(outcomes, source)

    async def _wait(self, outcomes: Awaitable[Outcomes], source: Any, name: str | None) -> Any:
        if name is not None:
            asking_field.set(name)  # again: this may run in a task of its own
        return self._told(await outcomes, source)

    def _told(self, outcomes: Outcomes, source: Any) -> Any:
        many = isinstance(source, Parents)
        if not isinstance(outcomes, list | tuple) or len(outcomes) != (len(source) if many else 1):
            raise TypeError(
                f"{self.python_name}: expected a list of outcomes, one per parent, got {outcomes!r}"
            )
        # graphql-core raises the only one at the field if it is an exception.
        return outcomes if many else outcomes[0]


def batched(
    resolver: ListResolver | None = None,
    *,
    graphql_type: Any = None,
    name: str | None = None,
    description: str | None = None,
    deprecation_reason: str | None = None,
) -> Any:
    """Make a field from a list resolver, as `strawberry.field` does from a plain one.

    The field's type is the class annotation, or `graphql_type` where it is used as a decorator.
    """
    field = BatchedField(
        graphql_name=name,
        type_annotation=StrawberryAnnotation.from_annotation(graphql_type),
        description=description,
        deprecation_reason=deprecation_reason,
    )

    def complete(resolver: ListResolver) -> StrawberryField:
        return field(_ListResolver(resolver))

    return complete if resolver is None else complete(resolver)


def root(resolver: Callable[..., Any], *, description: str) -> Any:
    """Make a field of the query type from a plain resolver, `async def tracks(info, ids)`."""
    return RootField(description=description)(resolver)
