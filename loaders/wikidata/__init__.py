"""Wikidata: how its provider is put together.

It is asked by its own ids, 50 at a time, for the picture that a thing has at Wikimedia Commons.
"""

from batching import Gate
from loaders.cache import Keep
from loaders.errors import NotConfiguredError
from loaders.http import Http, Transport, user_agent
from loaders.provider import Provider
from loaders.settings import Settings
from loaders.wikidata.client import IDS_PER_CALL, MOST_BYTES, WikidataClient

__all__ = ["KEEP", "connect_wikidata"]

# Seconds. Its statements are in the public domain, and a picture seldom changes: a day, and a week
# more while it is asked again.
KEEP = Keep(fresh=86_400.0, stale=604_800.0, unknown=600.0)


def connect_wikidata(settings: Settings, *, transport: Transport | None = None) -> Provider:
    """Return the provider; raises NotConfiguredError when nobody says whom it may turn to."""
    own = settings.wikidata
    if not settings.contact and not settings.demo:
        # foundation.wikimedia.org, Policy:User-Agent policy: a name with a contact, or be blocked.
        raise NotConfiguredError("wikidata", "UNISONO_CONTACT is not set, and it wants to know")
    http = Http(
        "wikidata",
        own.base_url,
        headers={"user-agent": user_agent(settings.contact)},
        transport=transport,
        most_bytes=MOST_BYTES,
    )
    client = WikidataClient(http)
    gate = Gate(rate=own.rate, concurrency=own.concurrency)
    provider = Provider("wikidata", gate=gate, client=client)
    provider.add("images", client.get_images, batch_size=IDS_PER_CALL, window=own.window, keep=KEEP)
    return provider
