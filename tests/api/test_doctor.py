"""The doctor: what is looked at, what is found, and what to do."""

import json
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from api.cli import main
from api.doctor import examine
from loaders import Settings
from loaders.http import in_process
from tests.served import PROVIDERS


def answering(**headers):
    """A transport to a provider that answers everything with 404 and these headers."""

    async def app(_scope, _receive, send):
        given = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 404, "headers": given})
        await send({"type": "http.response.body", "body": b""})

    return in_process(app)


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """No keys are there, and no provider."""
    for name in PROVIDERS:
        monkeypatch.setenv(f"UNISONO_{name.upper()}_BASE_URL", "http://127.0.0.1:1")
    for name in ("CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.delenv(f"UNISONO_SPOTIFY_{name}", raising=False)


def unreachable():
    return Settings(
        spotify={
            "client_id": "an-id",
            "client_secret": "a-secret",
            "base_url": "http://127.0.0.1:1/v1",
            "token_url": "http://127.0.0.1:1/api/token",
        }
    )


async def found(settings, check, **options):
    findings = await examine(settings, options.pop("environ", {}), **options)
    return next(finding for finding in findings if finding.check == check)


async def test_a_variable_that_is_none_of_ours_is_told():
    finding = await found(Settings(), "settings", environ={"UNISONO_SPOTIFY_CLIENT": "x"})
    assert not finding.is_well
    assert finding.found == "UNISONO_SPOTIFY_CLIENT is no setting"


async def test_missing_keys_are_named():
    finding = await found(Settings(), "spotify keys")
    assert (finding.is_well, finding.found) == (False, "UNISONO_SPOTIFY_CLIENT_ID is not set")


@pytest.mark.parametrize(("seconds", "is_well"), [(0, True), (50, True), (-3600, False)])
async def test_the_clock_is_held_against_the_providers(seconds, is_well):
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
    finding = await found(unreachable(), "spotify clock", transport=answering(date=moment))
    assert finding.is_well is is_well
    assert ("NTP" in finding.advice) is not is_well


def test_the_command_says_what_is_wrong_and_exits_with_one(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["unisono", "doctor", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, capsys.readouterr().out

    code, text = run()
    assert code == 1
    assert "NOT WELL  spotify keys     UNISONO_SPOTIFY_CLIENT_ID is not set." in text
    code, text = run("--json")
    assert code == 1
    assert {"check", "well", "found", "advice"} == set(json.loads(text)[0])
