"""ListenBrainz: how its provider is put together.

It is asked by MusicBrainz's ids, a thousand at a time, and needs no keys.
"""

from batching import Gate
from loaders.cache import Keep
from loaders.http import Http, Transport, user_agent
from loaders.listenbrainz.client import IDS_PER_CALL, IDS_PER_URL, ListenBrainzClient
from loaders.provider import Provider
from loaders.settings import Settings

__all__ = ["KEEP", "connect_listenbrainz"]

# Seconds. Listens are in the public domain, tags under a licence that allows to keep them. Both
# grow slowly: a day, and a week more while they are asked again.
KEEP = Keep(fresh=86_400.0, stale=604_800.0, unknown=600.0)


def connect_listenbrainz(settings: Settings, *, transport: Transport | None = None) -> Provider:
    """Return the provider."""
    own = settings.listenbrainz
    headers = {"user-agent": user_agent(settings.contact)}
    client = ListenBrainzClient(
        Http("listenbrainz", own.base_url, headers=headers, transport=transport)
    )
    gate = Gate(rate=own.rate, concurrency=own.concurrency)
    provider = Provider("listenbrainz", gate=gate, client=client)
    window = own.window
    provider.add("listens", client.get_listens, batch_size=IDS_PER_CALL, window=window, keep=KEEP)
    provider.add(
        "recordings", client.get_recordings, batch_size=IDS_PER_CALL, window=window, keep=KEEP
    )
    provider.add(
        "about_artists", client.get_artists, batch_size=IDS_PER_URL, window=window, keep=KEEP
    )
    provider.add(
        "release_groups",
        client.get_release_groups,
        batch_size=IDS_PER_URL,
        window=window,
        keep=KEEP,
    )
    return provider
