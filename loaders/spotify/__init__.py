"""Spotify: how its provider is put together.

Its tracks, artists and albums come in bulk. Its searches, ISRCs and lists have no bulk route and
come one key per call.
"""

from batching import Gate
from loaders.cache import Keep
from loaders.errors import NotConfiguredError
from loaders.http import Http, Transport, user_agent
from loaders.provider import Provider
from loaders.settings import Settings
from loaders.spotify.client import ALBUMS_PER_CALL, ARTISTS_PER_CALL, TRACKS_PER_CALL, SpotifyClient
from loaders.spotify.token import Token

__all__ = ["KEEP", "connect_spotify"]

# Seconds. Spotify's Developer Terms ("Storing Spotify Content", version 9) let an application store
# no more than it needs to work, want the newest shown and the older deleted: an hour, and one more
# while it is asked again. Lists and searches are not kept.
KEEP = Keep(fresh=3600.0, stale=3600.0, unknown=300.0)


def connect_spotify(settings: Settings, *, transport: Transport | None = None) -> Provider:
    """Return the provider; raises NotConfiguredError when the settings lack the credentials."""
    own = settings.spotify
    if own.client_id is None:
        raise NotConfiguredError("spotify", "UNISONO_SPOTIFY_CLIENT_ID is not set")
    if own.client_secret is None:
        raise NotConfiguredError("spotify", "UNISONO_SPOTIFY_CLIENT_SECRET is not set")
    headers = {"user-agent": user_agent(settings.contact)}
    token_http = Http("spotify", own.token_url, headers=headers, transport=transport)
    gate = Gate(rate=own.rate, concurrency=own.concurrency)
    client = SpotifyClient(
        Http("spotify", own.base_url, headers=headers, transport=transport),
        Token(token_http, own.client_id, own.client_secret),
        gate,
        market=own.market,
    )
    provider = Provider("spotify", gate=gate, client=client)
    window = own.window
    provider.add("tracks", client.get_tracks, batch_size=TRACKS_PER_CALL, window=window, keep=KEEP)
    provider.add(
        "artists", client.get_artists, batch_size=ARTISTS_PER_CALL, window=window, keep=KEEP
    )
    provider.add("albums", client.get_albums, batch_size=ALBUMS_PER_CALL, window=window, keep=KEEP)
    provider.add("isrcs", client.get_isrcs, batch_size=1, window=window, keep=KEEP)
    provider.add("search", client.get_search, batch_size=1, window=window)
    provider.add("artist_albums", client.get_artist_albums, batch_size=1, window=window)
    provider.add("album_tracks", client.get_album_tracks, batch_size=1, window=window)
    return provider
