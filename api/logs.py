"""Logs: one line per event on standard error, as JSON for machines or as text for people.

What a line carries beside its message is given as `extra`. Nothing of a request's headers,
variables or document is ever logged.
"""

import logging
import sys
from datetime import UTC, datetime
from typing import Any

import msgspec

# What every record has; all else was given as `extra`.
_USUAL = {*vars(logging.makeLogRecord({})), "message", "asctime", "color_message", "taskName"}

_SILENT = ("uvicorn.access", "httpx", "httpcore", "asyncio")


def set_up_logs(log_format: str = "auto") -> None:
    """Send all logs of this process to standard error."""
    is_text = log_format == "text" or (log_format == "auto" and sys.stderr.isatty())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Text() if is_text else Json())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    for name in _SILENT:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)  # its start and end are told by us


class Json(logging.Formatter):
    """A JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **_given(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line, enc_hook=repr).decode()


class Text(logging.Formatter):
    """A line to be read: time, level, message, then what else is known."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        moment = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        words = [moment, record.levelname.lower(), record.getMessage()]
        for name, value in _given(record).items():
            words.append(f"{name}={value if isinstance(value, str) else _compact(value)}")
        line = " ".join(words)
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _given(record: logging.LogRecord) -> dict[str, Any]:
    return {
        name: value
        for name, value in vars(record).items()
        if name not in _USUAL and value not in (None, [], {})
    }


def _compact(value: Any) -> str:
    return msgspec.json.encode(value, enc_hook=repr).decode()
