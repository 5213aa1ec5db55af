"""Every async test runs on the virtual clock: no test sleeps, every time is exact.

And no test may print a secret: each has one that is easily found, and is searched for it. Nor may
one speak to any other machine.
"""

from __future__ import annotations

import os
import socket

import pytest
from pydantic import SecretStr

import api.testing.client
from api.testing import TestClient
from api.testing.clock import VirtualClockLoop
from loaders import Settings
from tests.canary import ENVIRON, KEYS, LeakError, look_for_secrets

OURSELVES = {"127.0.0.1", "::1", "localhost", None}


def pytest_configure():
    os.environ.update(ENVIRON)
    look_up = socket.getaddrinfo

    def look_up_ourselves(host, *args, **options):
        assert host in OURSELVES, f"a test would speak to {host}"
        return look_up(host, *args, **options)

    socket.getaddrinfo = look_up_ourselves


@pytest.fixture
def anyio_backend():
    return "asyncio", {"loop_factory": VirtualClockLoop}


@pytest.fixture(autouse=True)
def canary(monkeypatch):
    """Give every test client the canary for its keys, and look at what it is answered."""
    call_app, execute = api.testing.client.call_app, TestClient.execute

    async def call(*args, **options):
        answer = await call_app(*args, **options)
        look_for_secrets("an answer", answer.body)
        look_for_secrets("the headers of an answer", repr(answer.headers))
        return answer

    async def asked(*args, **options):
        answer = await execute(*args, **options)
        look_for_secrets("an answer", repr(answer.body()))
        return answer

    monkeypatch.setattr(api.testing.client, "Settings", _Settings)
    monkeypatch.setattr(api.testing.client, "call_app", call)
    monkeypatch.setattr(TestClient, "execute", asked)


class _Settings(Settings):
    @classmethod
    def demo_settings(cls, **values):
        keys = {name: SecretStr(key) for name, key in KEYS.items()}
        spotify = Settings.demo_settings().spotify.model_copy(update=keys)
        return Settings.demo_settings(**{"spotify": spotify, **values})


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Fail a test that printed a secret, logged one or failed with one in its message."""
    report = yield
    of_this_phase = [each for each in report.sections if each[0].endswith(report.when)]
    try:
        for name, text in (*of_this_phase, ("its failure", str(report.longrepr or ""))):
            look_for_secrets(f"{item.nodeid}, {name}", text)
    except LeakError as error:
        report.outcome, report.longrepr = "failed", str(error)
        report.sections = []
    return report
