"""The canary: a secret made for one run of the tests, and looked for in all that the run prints.

`tests/conftest.py` gives it to whatever is started and searches what tests print and are answered.
"""

import base64
import re
import secrets

CANARY = f"canary{secrets.token_hex(8)}"

# The keys of every server that the tests start.
KEYS = {"client_id": f"{CANARY}1", "client_secret": f"{CANARY}2"}
ENVIRON = {f"UNISONO_SPOTIFY_{name.upper()}": key for name, key in KEYS.items()}

_BASIC = base64.b64encode(":".join(KEYS.values()).encode()).decode()
_TOKEN = "BQ[0-9a-f]{64}"  # as the simulator gives them
_SECRET = re.compile("|".join((CANARY, re.escape(_BASIC), _TOKEN)))


class LeakError(AssertionError):
    """A secret where none may be; the secret itself is not told once more."""


def look_for_secrets(where, text):
    """Raise LeakError if a secret stands in what was printed or answered there."""
    text = text.decode(errors="replace") if isinstance(text, bytes) else text
    if found := _SECRET.search(text):
        before = text[max(0, found.start() - 60) : found.start()]
        raise LeakError(f"{where}: a secret stands after {before!r}")
