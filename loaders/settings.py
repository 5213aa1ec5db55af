"""Settings: read from the environment once, checked, frozen.

A provider's settings are one small class, reached by the provider's name: `settings.of("spotify")`.
A variable is `UNISONO_` and the field's path in capitals: `spotify.base_url` is set by
`UNISONO_SPOTIFY_BASE_URL`.
"""

import importlib.util
import re
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from loaders.errors import SettingsError, printable

PREFIX = "UNISONO_"

# Where the simulator answers inside this process; `.invalid` resolves nowhere (RFC 2606).
SIMULATOR_URL = "http://simulator.invalid"


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        good = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that is not closed
        good = False
    if not good or not re.fullmatch(r"[!-~]+", text) or re.search(r"[@?#\\]", text):
        raise ValueError("a web address like https://host/path, without user, query and fragment")
    return text.rstrip("/")


def _origins(given: Any) -> Any:
    texts = given.split(",") if isinstance(given, str) else given
    origins = tuple(text.strip().rstrip("/") for text in texts if text.strip())
    if not all(origin == "*" or re.fullmatch(r"https?://[!-.0-~]+", origin) for origin in origins):
        raise ValueError("origins like https://host:port, with commas between them, or *")
    return origins


def _contact(text: str) -> str:
    if not re.fullmatch(r"[ -'*-~]*", text):  # printable ASCII; a comment ends with its bracket
        raise ValueError("a mail or web address in ASCII, without brackets")
    return text.strip()


def _credential(secret: SecretStr | None) -> SecretStr | None:
    if secret is not None and not re.fullmatch(r"[!-9;-~]+", secret.get_secret_value()):
        raise ValueError("printable ASCII without blanks and colons")
    return secret


def _market(text: str | None) -> str | None:
    if text is not None and not re.fullmatch("[A-Z]{2}", text.upper()):
        raise ValueError("a country of two letters (ISO 3166-1)")
    return text.upper() if text else None


def _redis_url(url: SecretStr) -> SecretStr:
    text = url.get_secret_value()
    try:
        parts = urlsplit(text)
        place = parts.path if parts.scheme == "unix" else parts.hostname
        # Options beside the database would undo what `loaders/shared/store.py` relies on.
        good = place and parts.port != 0 and re.fullmatch(r"(db=\d+)?", parts.query)
    except ValueError:  # a port that is no number, a bracket that is not closed
        good = False
    if not good or not re.fullmatch(r"(redis|rediss|unix)://[!-~]+", text):
        raise ValueError("an address like redis://host:6379/0, rediss:// or unix:///path?db=0")
    if importlib.util.find_spec("redis") is None:
        raise ValueError("the package redis beside it (pip install 'unisono[redis]')")
    return url


Url = Annotated[str, AfterValidator(_url)]
Credential = Annotated[SecretStr | None, AfterValidator(_credential)]
# 0 is how the environment says "none".
Rate = Annotated[
    float | None,
    Field(ge=0, le=10_000, allow_inf_nan=False),
    AfterValidator(lambda rate: rate or None),
]


class ProviderSettings(BaseModel):
    """What every provider has; a subclass gives its own defaults and adds its credentials."""

    model_config = ConfigDict(frozen=True)

    base_url: Url = Field(description="Where its API is, path included.")
    rate: Rate = Field(default=None, description="Most calls per second; 0 for no limit.")
    concurrency: int = Field(
        default=4,
        ge=1,
        le=64,
        description="Calls in the air, full batches apart, past which others wait.",
    )
    window: float = Field(
        default=0.0,
        ge=0,
        le=60,
        allow_inf_nan=False,
        description="Seconds that a batch collects keys; 0 until the current work has asked.",
    )

    def partition(self, provider: str) -> str:
        """Return the name under which its answers are remembered: whom and as whom we ask.

        >>> Settings().of("spotify").partition("spotify")
        'spotify.6c1b0f5e'
        """
        told = self.model_dump(exclude=_PACING)
        asked = sorted((name, _revealed(value)) for name, value in told.items())
        return f"{provider}.{blake2b(repr(asked).encode(), digest_size=4).hexdigest()}"


class SpotifySettings(ProviderSettings):
    """Spotify publishes no rate, so none is set."""

    base_url: Url = Field(
        default="https://api.spotify.com/v1", description="Where its API is, path included."
    )
    client_id: Credential = Field(default=None, description="The application's client id.")
    client_secret: Credential = Field(default=None, description="The application's client secret.")
    token_url: Url = Field(
        default="https://accounts.spotify.com/api/token", description="Where tokens are issued."
    )
    market: Annotated[str | None, AfterValidator(_market)] = Field(
        default=None,
        description="A country whose catalogue is asked, like DE; all when it is not set.",
    )


class MusicBrainzSettings(ProviderSettings):
    """MusicBrainz takes one call a second from one address (doc/MusicBrainz_API/Rate_Limiting)."""

    base_url: Url = Field(
        default="https://musicbrainz.org/ws/2", description="Where its API is, path included."
    )
    rate: Rate = Field(default=1.0, description="Most calls per second; 0 for no limit.")


class DeezerSettings(ProviderSettings):
    """Deezer takes 50 calls in 5 seconds from one address (developers.deezer.com)."""

    base_url: Url = Field(
        default="https://api.deezer.com", description="Where its API is, path included."
    )
    # With a second's calls at once, 48 in any 5 seconds.
    rate: Rate = Field(default=8.0, description="Most calls per second; 0 for no limit.")
    concurrency: int = Field(
        default=8,  # a call takes less than a second, so these are enough for the rate
        ge=1,
        le=64,
        description="Calls in the air past which others wait.",
    )


class ListenBrainzSettings(ProviderSettings):
    """ListenBrainz tells its limit with each answer; its server comes with 30 calls in 10 s."""

    base_url: Url = Field(
        default="https://api.listenbrainz.org/1", description="Where its API is, path included."
    )
    rate: Rate = Field(default=3.0, description="Most calls per second; 0 for no limit.")


class WikidataSettings(ProviderSettings):
    """Wikidata wants calls in series (mediawiki.org/wiki/API:Etiquette); more are turned away."""

    base_url: Url = Field(
        default="https://www.wikidata.org/w", description="Where its API is, path included."
    )
    rate: Rate = Field(default=1.0, description="Most calls per second; 0 for no limit.")
    concurrency: int = Field(
        default=1,
        ge=1,
        le=64,
        description="Calls in the air, full batches apart, past which others wait.",
    )


class CoverArtSettings(ProviderSettings):
    """The Cover Art Archive has no limit (musicbrainz.org/doc/Cover_Art_Archive/API)."""

    base_url: Url = Field(
        default="https://coverartarchive.org", description="Where its API is, path included."
    )


class Settings(BaseSettings):
    """Everything the environment may say; a value that cannot be used raises `SettingsError`.

    >>> Settings(max_ids=5).max_ids
    5
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="_",
        env_nested_max_split=1,
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
    )

    demo: bool = Field(default=False, exclude=True)  # asked for by a caller, never by a variable
    contact: Annotated[str, AfterValidator(_contact)] = Field(
        default="", description="A mail or web address for the providers, sent in the User-Agent."
    )
    deadline: float = Field(
        default=30.0,
        gt=0,
        le=3600,
        allow_inf_nan=False,
        description="Seconds that one operation may take.",
    )
    grace: float = Field(
        default=10.0,
        ge=0,
        le=600,
        allow_inf_nan=False,
        description="Seconds to finish what runs when the server is told to end.",
    )
    max_ids: int = Field(default=1000, ge=1, le=50_000, description="Most ids in one list.")
    max_operations: int = Field(
        default=10, ge=1, le=1000, description="Most operations in one request, as a JSON list."
    )
    max_calls: int = Field(
        default=2000,  # twice the longest list, on a route without a bulk call
        ge=1,
        le=1_000_000,
        description="Most upstream calls that one request can cause, as `unisono cost` counts.",
    )
    cache_entries: int = Field(
        default=5_000,  # about 6 kB for a track, 3 for an artist, 30 for an album: some 50 MB
        ge=0,
        le=1_000_000,
        description="Most outcomes that the process remembers; 0 for none, as in the demo.",
    )
    explore: bool = Field(
        default=True,
        description="Whether strangers may explore: introspection, suggestions and pages.",
    )
    live: bool = Field(
        default=False,
        description="Whether `/live` shows batches, keys included; with `--demo` it does.",
    )
    log_format: Literal["auto", "json", "text"] = Field(
        default="auto", description="`json`, `text`, or `auto`: text on a terminal."
    )
    columns: bool = Field(
        default=True, description="Whether lists are completed by columns, not object by object."
    )
    redis_url: Annotated[SecretStr, AfterValidator(_redis_url)] | None = Field(
        default=None,
        description="A Redis or Valkey through which server processes share limits and answers.",
    )
    replicas: int = Field(
        default=1,
        ge=1,
        le=10_000,
        description="Server processes on the same quotas; `--workers` sets it when nothing else "
        "does. Without Redis each keeps to its part of every rate.",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_origins)] = Field(
        default=(),
        description="Web origins that may query from a browser, with commas between; * is all.",
    )
    spotify: SpotifySettings = SpotifySettings()
    musicbrainz: MusicBrainzSettings = MusicBrainzSettings()
    deezer: DeezerSettings = DeezerSettings()
    listenbrainz: ListenBrainzSettings = ListenBrainzSettings()
    wikidata: WikidataSettings = WikidataSettings()
    coverart: CoverArtSettings = CoverArtSettings()

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            # Without its cause, which quotes what was given, secrets too.
            raise SettingsError("; ".join(map(_in_words, error.errors()))) from None

    @classmethod
    def demo_settings(cls, **values: Any) -> "Settings":
        """Return settings under which every provider is the simulator in this process.

        What the environment says about providers, credentials above all, is left aside.
        """
        spotify = SpotifySettings(
            base_url=f"{SIMULATOR_URL}/v1",
            token_url=f"{SIMULATOR_URL}/api/token",
            client_id=SecretStr("demo"),
            client_secret=SecretStr("demo"),
        )
        musicbrainz = MusicBrainzSettings(base_url=f"{SIMULATOR_URL}/ws/2")
        deezer = DeezerSettings(base_url=SIMULATOR_URL)
        own = {"demo": True, "spotify": spotify, "musicbrainz": musicbrainz}
        own["deezer"] = deezer
        own["live"] = True
        own["listenbrainz"] = ListenBrainzSettings(base_url=f"{SIMULATOR_URL}/1")
        own["wikidata"] = WikidataSettings(base_url=f"{SIMULATOR_URL}/w")
        own["coverart"] = CoverArtSettings(base_url=SIMULATOR_URL)
        own["cache_entries"] = 0  # so that a demo shows what each query costs
        alone = {"redis_url": None, "replicas": 1}
        return cls(**{**own, **alone, **values})

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003  replaced by one that knows `demo`
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  no file is read unasked
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  no file is read unasked
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read what the caller gives, then the environment."""
        return init_settings, _Environment(settings_cls)

    def of(self, provider: str) -> ProviderSettings:
        """Return one provider's settings.

        >>> Settings().of("spotify").concurrency
        4
        """
        settings = getattr(self, provider, None)
        if not isinstance(settings, ProviderSettings):
            raise SettingsError(f"expected a provider with settings, got {printable(provider)}")
        return settings


# What changes when a provider is asked, and not what it answers.
_PACING = {"rate", "concurrency", "window"}


def _revealed(value: Any) -> Any:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


class Variable(NamedTuple):
    """One row of the settings table."""

    name: str
    default: str
    description: str


def variables() -> list[Variable]:
    """Return every variable that is read, with its default as one would write it."""
    return list(_variables(PREFIX, Settings.model_fields))


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """Return the variables that look like settings and are none, sorted.

    >>> unknown_variables({"UNISONO_SPOTIFY_CLIENT": "x", "HOME": "/"})
    ['UNISONO_SPOTIFY_CLIENT']
    """
    known = {variable.name for variable in variables()}
    return sorted(
        name for name in environ if name.upper().startswith(PREFIX) and name.upper() not in known
    )


class _Environment(EnvSettingsSource):
    """The environment without the fields that only a caller sets, and without whole groups."""

    def prepare_field_value(
        self,
        field_name: str,
        field: FieldInfo,
        value: Any,
        value_is_complex: bool,  # noqa: FBT001  upstream's signature
    ) -> Any:
        if field.exclude or (_group(field) is not None and value is not None):
            value = None
        return super().prepare_field_value(field_name, field, value, value_is_complex)


def _variables(prefix: str, fields: Mapping[str, FieldInfo]) -> Iterator[Variable]:
    for name, field in fields.items():
        variable = prefix + name.upper()
        group = _group(field)
        if group is not None:
            yield from _variables(variable + "_", group.model_fields)
        elif not field.exclude:
            default = field.get_default()
            if default is None:
                default = "0" if "rate" in name else ""
            if isinstance(default, bool):
                default = str(default).lower()
            if isinstance(default, tuple):
                default = ",".join(default)
            if isinstance(default, bool):
                default = str(default).lower()
            yield Variable(
                variable,
                f"{default:g}" if isinstance(default, float) else str(default),
                field.description or "",
            )


def _group(field: FieldInfo) -> type[ProviderSettings] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, ProviderSettings) else None


def _in_words(error: ErrorDetails) -> str:
    variable = (
        PREFIX + "_".join(str(part) for part in error["loc"] if isinstance(part, str)).upper()
    )
    expected = error["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    expected = expected.partition(", unable")[0]
    if any(word in variable for word in ("CLIENT_ID", "SECRET", "REDIS_URL")):
        return f"{variable}: expected {expected}, got something else (not shown)"
    got = re.sub(r"//[^/]*@", "//...@", str(error["input"]))  # a password may stand there
    return f"{variable}: expected {expected}, got {printable(got)}"
