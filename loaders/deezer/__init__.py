"""Deezer: how its provider is put together.

Everything comes one key per call, under a quota that all calls of one address share; no keys are
needed.
"""

from functools import partial

from batching import Gate
from loaders.deezer.client import DeezerClient
from loaders.http import Http, Transport, user_agent
from loaders.provider import Provider
from loaders.settings import Settings

__all__ = ["connect_deezer"]


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
    add("tracks", client.get_tracks)
    add("artists", client.get_artists)
    add("albums", client.get_albums)
    add("isrcs", client.get_isrcs)
    add("upcs", client.get_upcs)
    add("search", client.get_search)
    add("artist_albums", client.get_artist_albums)
    add("album_tracks", client.get_album_tracks)
    return provider
