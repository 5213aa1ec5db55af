"""How the providers stand."""

import math
from collections.abc import Sequence

from api.context import Info
from api.provider import Provider
from loaders import ProviderStatus


def providers(info: Info) -> Sequence[ProviderStatus]:
    """Return the status of every provider, those that are off too."""
    names = {str(provider.value) for provider in Provider}
    return [status for status in sources(info) if status.name in names]


def sources(info: Info) -> Sequence[ProviderStatus]:
    """Return the status of everybody who is asked: the providers, and those that add to them."""
    return info.context.providers.statuses()


def hold_ms(statuses: Sequence[ProviderStatus]) -> list[int]:
    """Return the milliseconds for which each one takes no calls."""
    return [math.ceil(1000 * status.hold) for status in statuses]
