"""Fields that a record may or may not tell."""

from collections.abc import Awaitable, Callable, Sequence
from operator import attrgetter
from typing import Any, get_args

from api.batched import ListResolver, Outcomes
from api.context import Info
from loaders import UNKNOWN, Loaders, Record

_RECORDS = frozenset(get_args(Record))


def told(attribute: str, show: Callable[[Any], Any] | None = None) -> ListResolver:
    """Make the resolver of a field that is this attribute of a record, or what `show` makes of it.

    Records that do not tell it are completed, all together; those that do cost nothing. Where that
    fails the field fails, where it finds nothing the field is null.
    """
    read = attrgetter(attribute)

    def resolve(records: Sequence[Record], info: Info) -> list[Any] | Awaitable[list[Any]]:
        values = list(map(read, records))
        if UNKNOWN in values:
            return complete(records, values, info)
        return values if show is None else [_shown(value, show) for value in values]

    async def complete(records: Sequence[Record], values: list[Any], info: Info) -> list[Any]:
        partial = [
            record for record, value in zip(records, values, strict=True) if value is UNKNOWN
        ]
        found = _told_by(await info.context.loaders.complete(partial, attribute))
        if len(found) < len(values):
            rest = iter(found)
            found = [next(rest) if value is UNKNOWN else value for value in values]
        return found if show is None else [_shown(value, show) for value in found]

    def _told_by(outcomes: Sequence[Record | Exception | None]) -> list[Any]:
        if _RECORDS.issuperset(map(type, outcomes)):  # as nearly always
            values = list(map(read, outcomes))
            if UNKNOWN not in values:
                return values
        return list(map(_of, outcomes))

    def _of(outcome: Record | Exception | None) -> Any:
        if outcome is None or isinstance(outcome, Exception):
            return outcome
        value = read(outcome)
        return None if value is UNKNOWN else value

    return resolve


def told_or_found(
    own: ListResolver, find: Callable[[Sequence[Any], Loaders], Awaitable[Sequence[Any]]]
) -> ListResolver:
    """Make the resolver of a field that others are asked for where a provider has nothing to tell.

    `own` is its resolver without them, `find` is given the records for which that tells nothing.
    """

    def resolve(records: Sequence[Record], info: Info) -> Outcomes | Awaitable[Outcomes]:
        outcomes = own(records, info)
        if isinstance(outcomes, list) and not any(outcome is None for outcome in outcomes):
            return outcomes
        return complete(records, outcomes, info)

    async def complete(
        records: Sequence[Record], outcomes: Outcomes | Awaitable[Outcomes], info: Info
    ) -> Outcomes:
        if isinstance(outcomes, Awaitable):
            outcomes = await outcomes
        lacking = [record for record, it in zip(records, outcomes, strict=True) if it is None]
        found = iter(await find(lacking, info.context.loaders) if lacking else ())
        return [next(found) if outcome is None else outcome for outcome in outcomes]

    return resolve


def _shown(value: Any, show: Callable[[Any], Any]) -> Any:
    return value if value is None or isinstance(value, Exception) else show(value)
