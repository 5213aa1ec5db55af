"""The context of one operation: what its resolvers may use."""

from dataclasses import dataclass
from typing import TypeAlias

import strawberry

from loaders import Loaders, Providers, Settings, Trace


@dataclass(frozen=True, kw_only=True)
class Context:
    """One operation's loaders, and what it is known by.

    `deadline` is loop time; the loaders know it too. `names_fields` says that whoever asks a loader
    tells it which field is asking.
    """

    loaders: Loaders
    trace: Trace
    request_id: str
    deadline: float
    settings: Settings
    providers: Providers
    names_fields: bool = False


Info: TypeAlias = strawberry.Info[Context, None]
