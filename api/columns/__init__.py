"""Columns: lists of objects, completed field by field instead of object by object.

graphql-core completes a list one object at a time, each of its fields in a call, often a coroutine,
of its own. Here each selected field is read once for all objects of a list: an attribute as a
column of values, a `batched` field by one call of its resolver with all parents, which so asks its
loader once. Lists inside are taken as one list over all parents, and so on down: the work is by
levels of the query, not by objects.

It is an executor that graphql-core is given, and takes on a list only if it can plan everything
that is selected below; and gives it back, as if nothing had been done, at any surprise: a resolver
that raises, a null where none may be, a value of a kind it does not know. What was loaded by then
is remembered by the loaders, so it is not asked twice. So it need not know how GraphQL treats what
is unusual, graphql-core does.

    plan.py      what to do for a list: pure structure, which prints itself
    planner.py   selections -> plan, remembered
    run.py       plan and objects -> rows
    executor.py  the executor
"""

from api.columns.executor import ColumnExecutor
from api.columns.explain import explained

__all__ = ["ColumnExecutor", "explained"]
