"""How the providers stand."""

import math
from collections.abc import Sequence

from api.context import Info
from loaders import ProviderStatus


def providers(info: Info) -> Sequence[ProviderStatus]:
    """Return the status of every provider, those that are off too."""
    return info.context.providers.statuses()


def hold_ms(statuses: Sequence[ProviderStatus]) -> list[int]:
    """Return the milliseconds for which each one takes no calls."""
    return [math.ceil(1000 * status.hold) for status in statuses]
