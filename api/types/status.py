"""`ProviderStatus`, `SourceStatus`: whether somebody can be asked, and what he was asked."""

import strawberry

from api.batched import batched
from api.provider import Provider, Source
from api.resolvers.statuses import hold_ms


@strawberry.type(description="How a provider stands, in this server process.")
class ProviderStatus:
    """Shows a `loaders.ProviderStatus`."""

    name: Provider = strawberry.field(description="The provider.")
    on: bool = strawberry.field(description="Whether it can be asked.")
    reason: str | None = strawberry.field(description="Why it is off; null when it is on.")
    hold_ms: int = batched(
        hold_ms,
        description="Milliseconds for which it takes no calls, because it asked for fewer; else 0.",
    )
    budget: float | None = strawberry.field(
        description="Calls that could be made at once; null where no rate is set. Where processes "
        "share a rate, it is that of all, as far as this one knows."
    )
    calls: int = strawberry.field(description="HTTP calls made to it since this process began.")
    batches: int = strawberry.field(
        description="Batches of keys sent to it since this process began."
    )
    failing: list[str] = strawberry.field(
        description="Resources that fail too often and are left alone for up to a minute."
    )


@strawberry.type(description="How a source stands, in this server process.")
class SourceStatus(ProviderStatus):
    """Shows a `loaders.ProviderStatus` of anybody who is asked."""

    name: Source = strawberry.field(  # type: ignore[assignment]  # of more than the providers
        description="The source."
    )
