"""Executor: strawberry's, without a circle in it, and with lists of texts taken as they are."""

import weakref
from functools import partial
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLID,
    GraphQLInputType,
    GraphQLResolveInfoHelpers,
    GraphQLSchema,
    GraphQLString,
    get_nullable_type,
    is_list_type,
)
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext


class Executor(StrawberryGraphQLCoreExecutionContext):
    """Executes one operation, and is gone when nobody waits for it any more.

    graphql-core gives each resolver two methods of its executor, which are kept in the executor: so
    it, its context and all that was loaded would stay until Python looks for circles, hundreds of
    answers later. That takes memory that is never warm, and looking takes a tenth of a second.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        me, cls = weakref.proxy(self), type(self)
        self.async_helpers = GraphQLResolveInfoHelpers(
            gather=partial(cls.gather_async_work, me), track=partial(cls.track_async_work, me)
        )

    @classmethod
    def build(
        cls,
        schema: GraphQLSchema,
        document: DocumentNode,
        root_value: Any = None,
        context_value: Any = None,
        raw_variable_values: dict[str, Any] | None = None,
        *args: Any,
        **options: Any,
    ) -> Any:
        """Return an executor for an operation with these variables, or what is wrong with them.

        Variables become what graphql-core makes of them. It looks at a list item by item; of a list
        of texts, which many ids are, it is shown the first, for all others become the same.
        """

        def build(variables: dict[str, Any] | None) -> Any:
            return super(Executor, cls).build(
                schema, document, root_value, context_value, variables, *args, **options
            )

        texts = {
            name: value
            for name, value in (raw_variable_values or {}).items()
            if type(value) is list and set(map(type, value)) == {str}
        }
        if not texts:
            return build(raw_variable_values)
        firsts = {name: value[:1] for name, value in texts.items()}
        executor = build({**(raw_variable_values or {}), **firsts})
        if isinstance(executor, list):
            return build(raw_variable_values)  # and hear what is wrong with what was given
        values = executor.variable_values
        for name in texts.keys() & values.sources:
            source = values.sources[name]
            if not _takes_any_text(source.signature.type):
                return build(raw_variable_values)
            values.sources[name] = source._replace(value=texts[name])
            values.coerced[name] = [*texts[name]]
        return executor


def _takes_any_text(list_type: GraphQLInputType) -> bool:
    """Tell whether this is a list of a type that takes every text for itself."""
    nullable: Any = get_nullable_type(list_type)
    return is_list_type(nullable) and get_nullable_type(nullable.of_type) in {
        GraphQLID,
        GraphQLString,
    }
