"""Executor: strawberry's, without the circle in which graphql-core's executor holds itself."""

import weakref
from functools import partial
from typing import Any

from graphql import GraphQLResolveInfoHelpers
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
