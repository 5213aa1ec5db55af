"""Cover Art Archive: how its provider is put together.

It has no bulk route, so it is asked last. It needs no keys, and has no limit of calls.
"""

from batching import Gate
from loaders.coverart.client import CoverArtClient
from loaders.http import Http, Transport, user_agent
from loaders.provider import Provider
from loaders.settings import Settings

__all__ = ["connect_coverart"]


def connect_coverart(settings: Settings, *, transport: Transport | None = None) -> Provider:
    """Return the provider; it is always on."""
    own = settings.coverart
    headers = {"user-agent": user_agent(settings.contact)}
    client = CoverArtClient(Http("coverart", own.base_url, headers=headers, transport=transport))
    gate = Gate(rate=own.rate, concurrency=own.concurrency)
    provider = Provider("coverart", gate=gate, client=client)
    provider.add("covers", client.get_covers, batch_size=1, window=own.window)
    return provider
