"""The names of a provider's keys in Redis; `docs/redis.md` describes each."""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple

from pydantic import SecretStr

from loaders.cache import VERSION
from loaders.settings import ProviderSettings

# What is kept under a name may change its meaning only with this.
_VERSION = "v1"

# Another one as soon as a record has another field: old and new servers keep to their own.
_RECORDS = f"{VERSION:08x}"


class Keyspace(NamedTuple):
    """A provider's keys. The braces put them in one slot of a cluster, so that a script sees all.

    >>> Keyspace.of("spotify", settings.of("spotify")).hold
    'unisono:v1:{spotify}:4f5c1a7b:hold'

    Who has other credentials has other quotas, and who may see other things has another cache: a
    digest stands for them, never what it is made from.
    """

    provider: str
    caller: str
    view: str

    @classmethod
    def of(cls, provider: str, settings: ProviderSettings) -> Keyspace:
        """Return the names under which processes with these settings share."""
        own = [getattr(settings, name) for name in sorted(type(settings).model_fields)]
        who = [value.get_secret_value() for value in own if isinstance(value, SecretStr)]
        caller = blake2b("\0".join([settings.base_url, *who]).encode(), digest_size=4)
        _, _, view = settings.partition(provider).rpartition(".")
        return cls(provider, caller.hexdigest(), view)

    @property
    def rate(self) -> str:
        """When the next call would be due if calls were evenly spaced."""
        return self._name(self.caller, "rate")

    @property
    def hold(self) -> str:
        """There while the provider takes no calls."""
        return self._name(self.caller, "hold")

    def entry(self, resource: str, key: str) -> str:
        """Return the name of what was told of a key of a resource."""
        return self._name(self.view, _RECORDS, resource, key)

    def lease(self, resource: str, key: str) -> str:
        """Return the name of what is there while a process fetches that."""
        return self.entry(resource, key) + ":lease"

    def _name(self, *parts: str) -> str:
        return ":".join(("unisono", _VERSION, f"{{{self.provider}}}", *parts))
