"""Cover Art Archive: how its provider is put together.

It has no bulk route, so it is asked last. It needs no keys, and has no limit of calls.
"""

from batching import Gate
from loaders.cache import Keep
from loaders.coverart.client import CoverArtClient
from loaders.http import Http, Transport, user_agent
from loaders.provider import Provider
from loaders.settings import Settings

__all__ = ["KEEP", "connect_coverart"]

# Seconds. Which picture is a cover is a fact that anybody may keep, and seldom changes: a day, and
# a week more while it is asked again. The picture itself is never fetched.
KEEP = Keep(fresh=86_400.0, stale=604_800.0, unknown=600.0)


def connect_coverart(settings: Settings, *, transport: Transport | None = None) -> Provider:
    """Return the provider; it is always on."""
    own = settings.coverart
    headers = {"user-agent": user_agent(settings.contact)}
    client = CoverArtClient(Http("coverart", own.base_url, headers=headers, transport=transport))
    gate = Gate(rate=own.rate, concurrency=own.concurrency)
    provider = Provider("coverart", gate=gate, client=client)
    provider.add("covers", client.get_covers, batch_size=1, window=own.window, keep=KEEP)
    return provider
