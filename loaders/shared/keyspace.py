"""The names of a provider's keys in Redis; `docs/redis.md` describes each."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import msgspec
from pydantic import SecretStr

from loaders.settings import ProviderSettings

# What is kept under a name may change its meaning only with this, so that old and new servers can
# run side by side.
_VERSION = "v1"

# Hexadecimal digits of a digest, 48 bits: the handful of settings that share a Redis stay apart.
_DIGITS = 12

# Settings of a provider that say how it is asked, not who asks nor what comes back.
_PACE = {"rate", "concurrency", "window"}


class Keyspace(NamedTuple):
    """A provider's keys. The braces put them in one slot of a cluster, so that a script sees all.

    >>> Keyspace.of("spotify", settings.of("spotify")).hold
    'unisono:v1:{spotify}:4f5c1a7be0d2:hold'

    Who has other credentials has other quotas, and who may see other things has another cache: a
    digest stands for them, never what it is made from.
    """

    provider: str
    caller: str
    view: str

    @classmethod
    def of(cls, provider: str, settings: ProviderSettings) -> Keyspace:
        """Return the names under which processes with these settings share."""
        own = {name: getattr(settings, name) for name in sorted(type(settings).model_fields)}
        who = {name: own[name] for name in own if isinstance(own[name], SecretStr)}
        what = {name: own[name] for name in own if name not in _PACE}
        return cls(provider, _digest({**who, "base_url": own["base_url"]}), _digest(what))

    @property
    def rate(self) -> str:
        """When the next call would be due if calls were evenly spaced."""
        return self._name(self.caller, "rate")

    @property
    def hold(self) -> str:
        """There while the provider takes no calls."""
        return self._name(self.caller, "hold")

    def _name(self, *parts: str) -> str:
        return ":".join(("unisono", _VERSION, f"{{{self.provider}}}", *parts))


def _digest(settings: dict[str, Any]) -> str:
    told = msgspec.json.encode(settings, enc_hook=SecretStr.get_secret_value)
    return hashlib.sha256(told).hexdigest()[:_DIGITS]
