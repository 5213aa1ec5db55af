"""MusicBrainz: how its provider is put together.

One call a second for one address, over all its routes: so everything shares one gate, and what can
come in bulk does.
"""

from functools import partial

from batching import Gate
from loaders.cache import Keep
from loaders.errors import NotConfiguredError
from loaders.http import Http, Transport, user_agent
from loaders.musicbrainz.client import PARTS, MusicBrainzClient, connect_resources
from loaders.provider import Provider
from loaders.settings import Settings

__all__ = ["KEEP", "connect_musicbrainz"]

# Seconds. Its core facts are in the public domain, genres under a licence that allows to keep them
# (doc/MusicBrainz_Database); editors change few of them, but add what is missing: a day, and a week
# more while it is asked again. Lists and searches are not kept.
KEEP = Keep(fresh=86_400.0, stale=604_800.0, unknown=600.0)
KEPT = {"tracks", "artists", "albums", "isrcs", "upcs", "links"}


def connect_musicbrainz(settings: Settings, *, transport: Transport | None = None) -> Provider:
    """Return the provider; raises NotConfiguredError when nobody says whom it may turn to."""
    own = settings.musicbrainz
    if not settings.contact and not settings.demo:
        # doc/MusicBrainz_API/Rate_Limiting: applications must be identified, with a contact.
        raise NotConfiguredError("musicbrainz", "UNISONO_CONTACT is not set, and it wants to know")
    gate = Gate(rate=own.rate, concurrency=own.concurrency)
    headers = {"user-agent": user_agent(settings.contact)}
    client = MusicBrainzClient(
        Http("musicbrainz", own.base_url, headers=headers, transport=transport), gate
    )
    provider = Provider("musicbrainz", gate=gate, client=client)
    for resource, (get, batch_size) in connect_resources(client).items():
        keep = KEEP if resource in KEPT else None
        provider.add(resource, get, batch_size=batch_size, window=own.window, keep=keep)
    for kind, parts in PARTS.items():
        get = partial(client.get_lookup, kind)
        lookups = client.lookups[kind]
        provider.add_lookups(kind, lookups, parts, get, window=own.window, keep=KEEP)
    return provider
