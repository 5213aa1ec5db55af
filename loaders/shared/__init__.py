"""Shared: what several server processes have in common, in Redis; none of it is ever needed.

One process is the default and uses nothing of this. With `UNISONO_REDIS_URL` any number of them
keep to one rate and one hold per provider, know what one of them was told, and fetch a key once
that several of them are asked for. Whatever becomes of Redis, answers stay right: a
process that cannot reach it does by itself what it can, at its part of each rate.
"""

from loaders.shared.entries import SharedEntries
from loaders.shared.keyspace import Keyspace
from loaders.shared.parts import SharedParts
from loaders.shared.processor import SharedProcessor
from loaders.shared.quota import SharedQuota
from loaders.shared.store import SharedStore

__all__ = [
    "Keyspace",
    "SharedEntries",
    "SharedParts",
    "SharedProcessor",
    "SharedQuota",
    "SharedStore",
]
