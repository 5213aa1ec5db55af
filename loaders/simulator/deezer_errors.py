"""How Deezer says no: in the body, under 200 whatever it is (developers.deezer.com/api/errors)."""

from loaders.simulator.wire import Answer, json_answer

QUOTA, PARAMETER, MISSING, UNKNOWN_PATH, BUSY, NO_DATA = 4, 500, 501, 600, 700, 800

_WORDS = {
    QUOTA: ("Exception", "Quota limit exceeded"),
    PARAMETER: ("ParameterException", "Wrong parameter"),
    MISSING: ("MissingParameterException", "Missing parameters"),
    UNKNOWN_PATH: ("InvalidQueryException", "Unknown path components"),
    BUSY: ("Exception", "Service busy"),
    NO_DATA: ("DataException", "no data"),
}
_OF_STATUS = {400: PARAMETER, 404: NO_DATA, 405: UNKNOWN_PATH, 429: QUOTA, 503: BUSY}


def error(code: int, status: int = 200) -> Answer:
    """Return Deezer's answer for one of its codes.

    >>> error(NO_DATA).body
    b'{"error":{"type":"DataException","message":"no data","code":800}}'
    """
    type_, message = _WORDS[code]
    return json_answer({"error": {"type": type_, "message": message, "code": code}}, status)


def error_of(status: int) -> Answer:
    """Return how a server in front of it says an HTTP status: with a code where there is one."""
    code = _OF_STATUS.get(status)
    return Answer(status, b"", content_type="text/html") if code is None else error(code, status)
