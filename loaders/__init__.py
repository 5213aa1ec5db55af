"""From ids to records: providers, the records they share, and one request's loaders."""

from batching import (
    DeadlineExceededError,
    ProcessorClosedError,
    QueueFullError,
    RetryableError,
)
from loaders.bundle import Loaders
from loaders.cache import Cache
from loaders.calls import Call
from loaders.errors import (
    AuthError,
    BadResponseError,
    CircuitOpenError,
    InvalidIdError,
    NotConfiguredError,
    ProviderError,
    RateLimitedError,
    RejectedError,
    SettingsError,
    UnavailableError,
    UpstreamTimeoutError,
)
from loaders.ids import KINDS, Ref, parse_isrc, parse_ref, parse_refs, parse_upc
from loaders.provider import ProviderStatus
from loaders.providers import Providers
from loaders.records import (
    UNKNOWN,
    Album,
    Artist,
    Enrichment,
    Image,
    Page,
    PageKey,
    Record,
    SearchKey,
    SearchPages,
    Tag,
    Track,
    Unknown,
)
from loaders.settings import Settings, unknown_variables, variables
from loaders.trace import Trace, asking_field, trace_of

__all__ = [
    "KINDS",
    "UNKNOWN",
    "Album",
    "Artist",
    "AuthError",
    "BadResponseError",
    "Cache",
    "Call",
    "CircuitOpenError",
    "DeadlineExceededError",
    "Enrichment",
    "Image",
    "InvalidIdError",
    "Loaders",
    "NotConfiguredError",
    "Page",
    "PageKey",
    "ProcessorClosedError",
    "ProviderError",
    "ProviderStatus",
    "Providers",
    "QueueFullError",
    "RateLimitedError",
    "Record",
    "Ref",
    "RejectedError",
    "RetryableError",
    "SearchKey",
    "SearchPages",
    "Settings",
    "SettingsError",
    "Tag",
    "Trace",
    "Track",
    "UnavailableError",
    "Unknown",
    "UpstreamTimeoutError",
    "asking_field",
    "parse_isrc",
    "parse_ref",
    "parse_refs",
    "parse_upc",
    "trace_of",
    "unknown_variables",
    "variables",
]
