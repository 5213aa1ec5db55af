"""Settings: what the environment may say, and what is said about a value that does not do."""

import os

import pytest
from pydantic import SecretStr

from loaders import Settings, SettingsError, unknown_variables, variables
from loaders.settings import SpotifySettings


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch):
    for name in os.environ:
        if name.startswith("UNISONO_"):
            monkeypatch.delenv(name)


def test_without_any_variable_the_defaults_hold():
    settings = Settings()
    assert settings.of("spotify") == SpotifySettings()
    assert settings.spotify.base_url == "https://api.spotify.com/v1"
    assert settings.spotify.token_url == "https://accounts.spotify.com/api/token"
    assert _limits(settings) == (None, 4, 0.0)
    assert (settings.deadline, settings.max_ids, settings.contact) == (30.0, 1000, "")
    assert (settings.cors_origins, settings.demo) == ((), False)


def _limits(settings):
    return settings.spotify.rate, settings.spotify.concurrency, settings.spotify.window


def test_every_variable_is_read(monkeypatch):
    given = {
        "UNISONO_CONTACT": "me@example.org",
        "UNISONO_DEADLINE": "2.5",
        "UNISONO_GRACE": "3",
        "UNISONO_MAX_IDS": "7",
        "UNISONO_MAX_OPERATIONS": "4",
        "UNISONO_MAX_CALLS": "50",
        "UNISONO_CACHE_ENTRIES": "9",
        "UNISONO_EXPLORE": "false",
        "UNISONO_LIVE": "true",
        "UNISONO_LOG_FORMAT": "json",
        "UNISONO_COLUMNS": "off",
        "UNISONO_REDIS_URL": "redis://:a-secret@127.0.0.1:6379/2",
        "UNISONO_REPLICAS": "3",
        "UNISONO_CORS_ORIGINS": "https://a.example, http://b.example:3000/",
        "UNISONO_SPOTIFY_BASE_URL": "http://127.0.0.1:9000/v1/",
        "UNISONO_SPOTIFY_RATE": "5",
        "UNISONO_SPOTIFY_CONCURRENCY": "2",
        "UNISONO_SPOTIFY_WINDOW": "0.005",
        "UNISONO_SPOTIFY_CLIENT_ID": "an-id",
        "UNISONO_SPOTIFY_CLIENT_SECRET": "a-secret",
        "UNISONO_SPOTIFY_TOKEN_URL": "http://127.0.0.1:9000/api/token",
        "UNISONO_SPOTIFY_MARKET": "de",
        "UNISONO_MUSICBRAINZ_BASE_URL": "http://127.0.0.1:9000/ws/2/",
        "UNISONO_MUSICBRAINZ_RATE": "0.5",
        "UNISONO_MUSICBRAINZ_CONCURRENCY": "3",
        "UNISONO_MUSICBRAINZ_WINDOW": "0.25",
        "UNISONO_DEEZER_BASE_URL": "http://127.0.0.1:9000/",
        "UNISONO_DEEZER_RATE": "4",
        "UNISONO_DEEZER_CONCURRENCY": "5",
        "UNISONO_DEEZER_WINDOW": "0.5",
        "UNISONO_LISTENBRAINZ_BASE_URL": "http://127.0.0.1:9000/1/",
        "UNISONO_LISTENBRAINZ_RATE": "2",
        "UNISONO_LISTENBRAINZ_CONCURRENCY": "5",
        "UNISONO_LISTENBRAINZ_WINDOW": "0.5",
        "UNISONO_WIKIDATA_BASE_URL": "http://127.0.0.1:9000/w/",
        "UNISONO_WIKIDATA_RATE": "4",
        "UNISONO_WIKIDATA_CONCURRENCY": "2",
        "UNISONO_WIKIDATA_WINDOW": "0.75",
        "UNISONO_COVERART_BASE_URL": "http://127.0.0.1:9000/",
        "UNISONO_COVERART_RATE": "6",
        "UNISONO_COVERART_CONCURRENCY": "7",
        "UNISONO_COVERART_WINDOW": "1",
    }
    assert set(given) == {variable.name for variable in variables()}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert (settings.contact, settings.deadline, settings.max_ids) == ("me@example.org", 2.5, 7)
    assert settings.columns is False
    assert settings.live is True
    assert settings.cache_entries == 9
    assert settings.redis_url.get_secret_value() == "redis://:a-secret@127.0.0.1:6379/2"
    assert settings.replicas == 3
    assert settings.cors_origins == ("https://a.example", "http://b.example:3000")
    assert settings.spotify.base_url == "http://127.0.0.1:9000/v1"
    assert settings.spotify.token_url == "http://127.0.0.1:9000/api/token"
    assert _limits(settings) == (5.0, 2, 0.005)
    assert settings.spotify.client_id.get_secret_value() == "an-id"
    assert settings.spotify.client_secret.get_secret_value() == "a-secret"
    assert settings.spotify.market == "DE"
    assert settings.musicbrainz.base_url == "http://127.0.0.1:9000/ws/2"
    own = settings.musicbrainz
    assert (own.rate, own.concurrency, own.window) == (0.5, 3, 0.25)
    own = settings.deezer
    assert own.base_url == "http://127.0.0.1:9000"
    assert (own.rate, own.concurrency, own.window) == (4.0, 5, 0.5)
    assert settings.listenbrainz.base_url == "http://127.0.0.1:9000/1"
    own = settings.listenbrainz
    assert (own.rate, own.concurrency, own.window) == (2.0, 5, 0.5)
    assert settings.wikidata.base_url == "http://127.0.0.1:9000/w"
    own = settings.wikidata
    assert (own.rate, own.concurrency, own.window) == (4.0, 2, 0.75)
    own = settings.coverart
    assert own.base_url == "http://127.0.0.1:9000"
    assert (own.rate, own.concurrency, own.window) == (6.0, 7, 1.0)


def test_musicbrainz_has_the_one_call_a_second_that_it_documents():
    assert Settings().of("musicbrainz").rate == 1.0


def test_listenbrainz_has_the_30_calls_in_10_seconds_that_its_server_comes_with():
    assert Settings().of("listenbrainz").rate == 3.0


def test_wikidata_is_called_in_series_as_it_asks():
    own = Settings().of("wikidata")
    assert (own.rate, own.concurrency) == (1.0, 1)


def test_an_empty_variable_is_as_good_as_none(monkeypatch):
    monkeypatch.setenv("UNISONO_SPOTIFY_MARKET", "")
    monkeypatch.setenv("UNISONO_MAX_IDS", "")
    assert Settings() == Settings()
    assert Settings().max_ids == 1000


def test_a_rate_of_zero_is_no_limit(monkeypatch):
    monkeypatch.setenv("UNISONO_SPOTIFY_RATE", "0")
    assert Settings().spotify.rate is None


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("MAX_IDS", "many", "a valid integer"),
        ("MAX_IDS", "0", "greater than or equal to 1"),
        ("DEADLINE", "0", "greater than 0"),
        ("DEADLINE", "nan", "a finite number"),
        ("CONTACT", "me (x)", "a mail or web address in ASCII, without brackets"),
        ("CORS_ORIGINS", "b.org", "origins like https://host:port, with commas between them, or *"),
        ("REPLICAS", "0", "greater than or equal to 1"),
        ("SPOTIFY_RATE", "-1", "greater than or equal to 0"),
        ("SPOTIFY_CONCURRENCY", "0", "greater than or equal to 1"),
        ("SPOTIFY_WINDOW", "inf", "a finite number"),
        ("SPOTIFY_WINDOW", "61", "less than or equal to 60"),
        ("SPOTIFY_MARKET", "germany", "a country of two letters (ISO 3166-1)"),
    ],
)
def test_a_value_that_does_not_do_is_named_with_what_was_expected(
    monkeypatch, name, value, expected
):
    monkeypatch.setenv(f"UNISONO_{name}", value)
    with pytest.raises(SettingsError) as caught:
        Settings()
    assert str(caught.value) == f"UNISONO_{name}: expected {expected}, got '{value}'"


def test_a_contact_cannot_break_out_of_its_header(monkeypatch):
    monkeypatch.setenv("UNISONO_CONTACT", "me\r\nHost: x")
    with pytest.raises(SettingsError) as caught:
        Settings()
    assert str(caught.value).endswith(r"without brackets, got 'me\r\nHost: x'")


@pytest.mark.parametrize(
    "value",
    [
        "api.spotify.com",
        "ftp://h/v1",
        "http://",
        "http:///v1",
        "https://h:99999/",
        "https://h:0/",
        "https://h/v1?a=b",
        "https://h/v1#x",
        "https://h/ v1",
        "https://[::1/v1",
        "https://h\\v1",
    ],
)
def test_a_base_url_needs_a_scheme_and_a_host_and_nothing_more_than_a_path(monkeypatch, value):
    monkeypatch.setenv("UNISONO_SPOTIFY_BASE_URL", value)
    with pytest.raises(SettingsError) as caught:
        Settings()
    expected = "a web address like https://host/path, without user, query and fragment"
    assert str(caught.value).startswith(f"UNISONO_SPOTIFY_BASE_URL: expected {expected}, got ")


def test_several_broken_values_are_told_together(monkeypatch):
    monkeypatch.setenv("UNISONO_MAX_IDS", "many")
    monkeypatch.setenv("UNISONO_SPOTIFY_RATE", "fast")
    with pytest.raises(SettingsError) as caught:
        Settings()
    assert str(caught.value) == (
        "UNISONO_MAX_IDS: expected a valid integer, got 'many'; "
        "UNISONO_SPOTIFY_RATE: expected a valid number, got 'fast'"
    )


def test_no_secret_is_ever_shown(monkeypatch):
    monkeypatch.setenv("UNISONO_SPOTIFY_CLIENT_ID", "hush-1")
    monkeypatch.setenv("UNISONO_SPOTIFY_CLIENT_SECRET", "hush-2")
    settings = Settings()
    assert "hush" not in f"{settings!r} {settings} {settings.spotify!r} {settings.model_dump()}"
    monkeypatch.setenv("UNISONO_SPOTIFY_CLIENT_SECRET", "hush 3")
    monkeypatch.setenv("UNISONO_SPOTIFY_BASE_URL", "https://me:hush-4@example.org/v1")
    with pytest.raises(SettingsError) as caught:
        Settings()
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_settings_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        Settings().max_ids = 3
    with pytest.raises(ValueError, match="frozen"):
        Settings().spotify.rate = 3


def test_the_demo_is_asked_for_by_a_caller_and_never_by_a_variable(monkeypatch):
    monkeypatch.setenv("UNISONO_DEMO", "1")
    assert Settings().demo is False
    assert Settings(demo=True).demo is True


def test_the_demo_leaves_the_environments_providers_aside(monkeypatch):
    monkeypatch.setenv("UNISONO_SPOTIFY_CLIENT_SECRET", "hush")
    monkeypatch.setenv("UNISONO_SPOTIFY_BASE_URL", "https://elsewhere.example/v1")
    monkeypatch.setenv("UNISONO_MAX_IDS", "7")
    settings = Settings.demo_settings()
    assert settings.demo is True
    assert settings.max_ids == 7
    assert settings.spotify.base_url == "http://simulator.invalid/v1"
    assert settings.spotify.token_url == "http://simulator.invalid/api/token"
    assert settings.spotify.client_secret.get_secret_value() == "demo"


def test_a_provider_without_settings_is_named():
    for name in ("tidal", "max_ids", "of"):
        with pytest.raises(SettingsError) as caught:
            Settings().of(name)
        assert str(caught.value) == f"expected a provider with settings, got '{name}'"


def test_variables_that_nobody_reads_are_found():
    strangers = ["UNISONO_DEMO", "UNISONO_SPOTIFY", "UNISONO_SPOTIFY_CLIENT"]
    assert (
        unknown_variables(dict.fromkeys([*strangers, "unisono_max_ids", "HOME"], "5")) == strangers
    )


def test_a_whole_group_in_one_variable_is_not_read(monkeypatch):
    monkeypatch.setenv("UNISONO_SPOTIFY", '{"rate": 1}')
    assert Settings() == Settings(spotify=SpotifySettings())


def test_every_variable_has_a_default_and_a_description():
    table = {variable.name: variable for variable in variables()}
    assert table["UNISONO_MAX_IDS"].default == "1000"
    assert table["UNISONO_DEADLINE"].default == "30"
    assert table["UNISONO_SPOTIFY_RATE"].default == "0"
    assert table["UNISONO_SPOTIFY_CLIENT_SECRET"].default == ""
    assert all(variable.description for variable in table.values())


def test_answers_are_remembered_apart_by_whom_and_as_whom_one_asks():
    def partition(provider="spotify", **values):
        return Settings.demo_settings().of(provider).model_copy(update=values).partition(provider)

    mine = partition()
    assert partition(rate=3.0, concurrency=7, window=1.0) == mine
    for change in (
        {"client_id": SecretStr("other")},
        {"market": "DE"},
        {"base_url": "http://elsewhere.example/v1"},
    ):
        assert partition(**change) != mine
    assert partition("musicbrainz").startswith("musicbrainz.")
    assert "demo" not in mine


@pytest.mark.parametrize(
    "url", ["redis://h", "rediss://me:canary@h:6380/1", "unix:///run/redis.sock?db=2"]
)
def test_redis_is_named_by_its_address(monkeypatch, url):
    monkeypatch.setenv("UNISONO_REDIS_URL", url)
    settings = Settings()
    assert settings.redis_url.get_secret_value() == url
    assert "canary" not in repr(settings)
    assert Settings.demo_settings().redis_url is None, "a demo shares nothing"


@pytest.mark.parametrize(
    "url",
    [
        "canary",
        "http://canary",
        "redis://",
        "redis://:canary@h:port/0",
        "redis://:canary@h/0?socket_timeout=9",
        "redis://:canary @h",
        "unix://",
    ],
)
def test_an_address_that_redis_cannot_have_is_refused_and_not_shown(monkeypatch, url):
    monkeypatch.setenv("UNISONO_REDIS_URL", url)
    with pytest.raises(SettingsError) as caught:
        Settings()
    assert str(caught.value) == (
        "UNISONO_REDIS_URL: expected an address like redis://host:6379/0, rediss:// or "
        "unix:///path?db=0, got something else (not shown)"
    )


def test_who_names_a_redis_is_told_which_package_to_install(monkeypatch):
    monkeypatch.setenv("UNISONO_REDIS_URL", "redis://:canary@h")
    monkeypatch.setattr("importlib.util.find_spec", {}.get)
    with pytest.raises(SettingsError, match=r"pip install 'unisono\[redis\]'") as caught:
        Settings()
    assert "canary" not in str(caught.value)
