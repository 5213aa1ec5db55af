"""How MusicBrainz says no: one shape of body, in the words of its server."""

from loaders.simulator.wire import Answer, RefusedError, json_answer

HELP = "For usage, please see: https://musicbrainz.org/development/mmd"

_MESSAGES = {
    400: "Bad Request",
    401: "You are not authorized to access this resource.",
    403: "Your requests are refused: please name your application in the User-Agent.",
    404: "Not Found",
    405: "This method is not allowed on this endpoint.",
    406: "Invalid format: expected fmt=json, the only one that the simulator writes.",
    503: "Your requests are exceeding the allowable rate limit. "
    "Please see http://wiki.musicbrainz.org/XMLWebService for more information.",
}
# It never says how long to wait; "0" is what people met (body of 403: not verified live).
_HEADERS = {403: {"x-ratelimit-who": "ua-missing"}, 503: {"retry-after": "0"}}

# What the web server in front says itself is no JSON.
_TOO_LONG = b"""<html>
<head><title>414 Request-URI Too Large</title></head>
<body><center><h1>414 Request-URI Too Large</h1></center></body>
</html>
"""


def error(status: int, message: str | None = None) -> Answer:
    """Return MusicBrainz's answer for a status, in its usual words if none are given.

    >>> error(404).body[:21]
    b'{"error":"Not Found",'
    """
    if status == 414:  # noqa: PLR2004  the one that has no JSON
        return Answer(414, _TOO_LONG, content_type="text/html")
    said = message or _MESSAGES.get(status, "Internal Server Error")
    return json_answer({"error": said, "help": HELP}, status, _HEADERS.get(status))


def refused(status: int, message: str | None = None) -> RefusedError:
    """Return the same, to be raised."""
    return RefusedError(error(status, message))
