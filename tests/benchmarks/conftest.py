"""A Redis server for the benchmark of several processes."""

from tests.redis.conftest import binary, own_server

__all__ = ["binary", "own_server"]
