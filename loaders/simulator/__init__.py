"""The providers' wire formats over an invented catalogue: for the demo, the tests and offline work.

>>> from loaders.simulator import Simulator
>>> simulator = Simulator()  # an ASGI app: uvicorn can serve it, a client can call it in process
>>> track = simulator.catalogue.tracks[0]
>>> track.name, track.spotify_id
('Many Voices, One Line', '3HW6loqinVoHq6UtGn8wOm')
"""

from loaders.simulator.app import Simulator
from loaders.simulator.calls import SimCall
from loaders.simulator.catalogue import SEED, Catalogue
from loaders.simulator.entities import Album, Artist, Recording, Track
from loaders.simulator.faults import Fault, HungUp

__all__ = [
    "SEED",
    "Album",
    "Artist",
    "Catalogue",
    "Fault",
    "HungUp",
    "Recording",
    "SimCall",
    "Simulator",
    "Track",
]
