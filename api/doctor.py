"""Doctor: whether this machine, with these settings, can answer queries; and what to do if not."""

import os
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from loaders import ProviderError, Providers, Settings, unknown_variables
from loaders.http import Http, Transport, user_agent
from loaders.shared import SharedStore

# A track that every catalogue of the provider has: what is asked to see whether keys are taken.
# An answer that does not know it is as good: the provider has answered.
_PROBES = {"spotify": ("tracks", "11dFghVXANMlKmJXsNCbNl")}

# Seconds by which this clock may differ from a provider's; tokens last an hour.
_MOST_SKEW = 60.0


class Finding(NamedTuple):
    """One thing that was looked at; `advice` says what to do where it is not well."""

    check: str
    is_well: bool
    found: str
    advice: str = ""


async def examine(
    settings: Settings, environ: Mapping[str, str] = os.environ, transport: Transport | None = None
) -> list[Finding]:
    """Look at the settings, then ask each provider: is it there, what time is it, are we known."""
    unknown = unknown_variables(environ)
    findings = [
        Finding("settings", is_well=False, found=f"{name} is no setting", advice="Is it misspelt?")
        for name in unknown
    ] or [Finding("settings", is_well=True, found="every variable is known")]
    async with Providers(settings) as providers:
        if providers.store is not None:
            findings.append(await _share(providers.store))
        for status in providers.statuses():
            keys = f"{status.name} keys"
            if not status.on:
                advice = "Set it, or do without this provider."
                findings.append(
                    Finding(keys, is_well=False, found=status.reason or "", advice=advice)
                )
                continue
            findings += await _reach(settings, status.name, transport)
            if status.name in _PROBES:
                findings.append(await _try(providers, status.name))
    return findings


async def _share(store: SharedStore) -> Finding:
    reason = await store.ailment()
    if reason is None:
        return Finding("redis", is_well=True, found="takes writes in time")
    advice = "Is it there, near, and a primary with room? It is done without meanwhile."
    return Finding("redis", is_well=False, found=reason, advice=advice)


async def _reach(settings: Settings, name: str, transport: Transport | None) -> list[Finding]:
    base_url = settings.of(name).base_url
    host = urlsplit(base_url).hostname or base_url
    headers = {"user-agent": user_agent(settings.contact)}
    http = Http(name, base_url, headers=headers, transport=transport)
    try:
        answer = await http.get("/")
    except ProviderError as error:
        advice = f"Can this machine reach {host}? Look at its network, firewall and DNS."
        return [Finding(f"{name} network", is_well=False, found=str(error), advice=advice)]
    finally:
        await http.close()
    findings = [Finding(f"{name} network", is_well=True, found=f"{host} answers")]
    try:
        theirs = parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except ValueError:
        return findings
    skew = time.time() - theirs
    is_well = abs(skew) <= _MOST_SKEW
    found = f"{abs(skew):.0f} s {'after' if skew > 0 else 'before'} that of {host}"
    advice = "" if is_well else "Set this machine's clock (NTP)."
    return [*findings, Finding(f"{name} clock", is_well, found, advice)]


async def _try(providers: Providers, name: str) -> Finding:
    resource, key = _PROBES[name]
    [outcome] = await providers.loaders().load(resource, [(name, key)])
    if not isinstance(outcome, Exception):
        return Finding(f"{name} keys", is_well=True, found="a query was answered")
    advice = "Are the keys those of an application that the provider knows?"
    return Finding(f"{name} keys", is_well=False, found=str(outcome), advice=advice)


def report(findings: list[Finding]) -> list[dict[str, Any]]:
    """Return the findings as JSON objects."""
    return [
        {"check": f.check, "well": f.is_well, "found": f.found, "advice": f.advice or None}
        for f in findings
    ]
