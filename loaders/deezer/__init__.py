"""Deezer: how its provider is put together.

Everything comes one key per call, under a quota that all calls of one address share; no keys are
needed.
"""

from functools import partial

from batching import Gate
from loaders.cache import Keep
from loaders.deezer.client import DeezerClient
from loaders.http import Http, Transport, user_agent
from loaders.provider import Provider
from loaders.settings import Settings

__all__ = ["KEEP", "connect_deezer"]

# Seconds. Its terms for developers were not to be had; so no longer than the strictest of the
# others allow: an hour, and one more while it is asked again. Lists and searches are not kept.
KEEP = Keep(fresh=3600.0, stale=3600.0, unknown=300.0)


def connect_deezer(settings: Settings, *, transport: Transport | None = None) -> Provider:
    """Return the provider; it is always on."""
    own = settings.deezer
    headers = {"user-agent": user_agent(settings.contact)}
    # With a second's calls at once and then the rate, 8 a second are 48 at most in any 5 seconds.
    burst = max(1, int(own.rate or 1))
    gate = Gate(rate=own.rate, burst=burst, concurrency=own.concurrency)
    client = DeezerClient(Http("deezer", own.base_url, headers=headers, transport=transport), gate)
    provider = Provider("deezer", gate=gate, client=client)
    add = partial(provider.add, batch_size=1, window=own.window)
    add("tracks", client.get_tracks, keep=KEEP)
    add("artists", client.get_artists, keep=KEEP)
    add("albums", client.get_albums, keep=KEEP)
    add("isrcs", client.get_isrcs, keep=KEEP)
    add("upcs", client.get_upcs, keep=KEEP)
    add("search", client.get_search)
    add("artist_albums", client.get_artist_albums)
    add("album_tracks", client.get_album_tracks)
    return provider
