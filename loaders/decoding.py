"""Decoding: a provider's answer, from its bytes to the structs that say what is read of it."""

from typing import Any, TypeVar, cast

import msgspec

from loaders.errors import BadResponseError

W = TypeVar("W")


def decode(provider: str, shape: type[W], body: bytes) -> W:
    """Return the decoded answer; raises BadResponseError.

    >>> decode("listenbrainz", list[int], b"[1, 2]")
    [1, 2]
    """
    decoder = _DECODERS.get(shape)
    if decoder is None:
        decoder = _DECODERS[shape] = msgspec.json.Decoder(shape)
    try:
        found: Any = decoder.decode(body)
    except _NOT_JSON as error:
        # msgspec names what it expected, got and where, and quotes nothing of the answer.
        raise BadResponseError(
            provider, f"{provider}: expected its documented answer, got another: {error}"
        ) from error
    return cast("W", found)


# Not JSON, not UTF-8, or nested without end.
_NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_DECODERS: dict[Any, msgspec.json.Decoder[Any]] = {}
