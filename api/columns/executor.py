"""ColumnExecutor: graphql-core's executor, which does lists of objects by columns where it can."""

import logging
from collections.abc import Callable, Hashable
from functools import cached_property, partial
from typing import Any

from graphql import GraphQLList, GraphQLResolveInfo
from graphql.execution.collect_fields import FieldDetails
from graphql.pyutils import Path, is_awaitable

from api.columns.planner import Plans, is_list_of_objects
from api.columns.run import Column, Run
from api.execution import Executor

logger = logging.getLogger("unisono.columns")


class ColumnExecutor(Executor):
    """Give it to `strawberry.Schema` as `execution_context_class`, or to `graphql.execute`."""

    plans = Plans()

    def complete_list_value(  # noqa: PLR0917  graphql-core's signature
        self,
        return_type: GraphQLList[Any],
        field_details_list: list[FieldDetails],
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        """Complete a list: by columns, or else, or after all, as graphql-core does."""
        object_by_object: Callable[[], Any] = partial(
            super().complete_list_value,
            return_type,
            field_details_list,
            info,
            path,
            result,
            position_context,
        )
        if (
            type(result) not in {list, tuple}
            or not is_list_of_objects(return_type)
            or position_context is not None
            or self._is_watched
        ):
            return object_by_object()
        plan = self.plans.plan(self, return_type, field_details_list, self._switches)
        if plan is None:
            return object_by_object()
        run = Run(self)
        nodes = [detail.node for detail in field_details_list]
        column = Column(result, nodes, info, lambda index: path.add_key(index, None))
        try:
            rows = list(run.complete(plan.items, column))
            if run.is_finished:
                run.fill()
        except Exception as surprise:  # noqa: BLE001  graphql-core will meet it too, and say it
            _note(surprise, path)
            return object_by_object() if run.is_finished else self._leave(run, object_by_object)
        if run.is_finished:
            self._add(run)
            return rows
        return self._finish(run, rows, path, object_by_object)

    async def _finish(
        self, run: Run, rows: list[Any], path: Path, object_by_object: Callable[[], Any]
    ) -> Any:
        try:
            await run.finish()
            run.fill()
        except Exception as surprise:  # noqa: BLE001  graphql-core will meet it too, and say it
            _note(surprise, path)
            return await _awaited(object_by_object())
        self._add(run)
        return rows

    async def _leave(self, run: Run, object_by_object: Callable[[], Any]) -> Any:
        await run.leave()
        return await _awaited(object_by_object())

    def _add(self, run: Run) -> None:
        """Tell the errors; where a parent has become null in the meantime they are not wanted."""
        for error, path in run.errors:
            self.collected_errors.add(error, path)

    @cached_property
    def _is_watched(self) -> bool:
        """Whether somebody wants to see each single field: then each is done by itself."""
        return bool(self.middleware_manager or self.abort_signal or self.hooks)

    @cached_property
    def _switches(self) -> Hashable:
        """The variables that `@skip` and `@include` may look at."""
        values = self.variable_values.coerced.items()
        return tuple((name, value) for name, value in values if isinstance(value, bool))


async def _awaited(completed: Any) -> Any:
    return await completed if is_awaitable(completed) else completed


def _note(surprise: Exception, path: Path) -> None:
    logger.debug("%s: object by object, because of %r", path.as_list(), surprise)
