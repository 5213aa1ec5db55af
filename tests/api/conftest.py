import pytest

from api.testing import TestClient


@pytest.fixture
async def client():
    async with TestClient() as client:
        yield client


@pytest.fixture
def catalogue(client):
    return client.simulator.catalogue


@pytest.fixture
def track_ids(catalogue):
    """The canonical ids of all tracks."""
    return [f"spotify:track:{track.spotify_id}" for track in catalogue.tracks]


@pytest.fixture
def artist_ids(catalogue):
    return [f"spotify:artist:{artist.spotify_id}" for artist in catalogue.artists]


@pytest.fixture
def album_ids(catalogue):
    return [f"spotify:album:{album.spotify_id}" for album in catalogue.albums]
