"""Lines: INPUT, whatever its format, as one reference after the other; no more is held than that.

text     a reference on each line; blank lines are passed over
csv      the first row names the columns
jsonl    on each line a text, or an object

Of a row or an object the reference is the column that is named, or the first of `COLUMNS` it has.
A line that cannot be read is a line with a complaint, and no end of the others.
"""

import csv
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec

from api.enrich.errors import EnrichError

FORMATS = ("text", "csv", "jsonl")
_SUFFIXES = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}

COLUMNS = ("ref", "id", "link", "url", "uri", "isrc")

# Bytes of one line; that of a link has hundreds, that of a wide table thousands.
MOST_BYTES = 1_000_000

# Characters of a reference that cannot be one, as the failures show it.
_SHOWN = 200


class Line(NamedTuple):
    """A line of INPUT: its number from 1, its reference, and what is wrong with it, if so.

    `end` is the byte behind it.
    """

    number: int
    ref: str
    complaint: str | None = None
    end: int = 0


class Source:
    """INPUT, read once from its beginning to its end.

    `size` is in bytes, None where it is not known before; `position` says how much was read.
    """

    def __init__(self, path: str, format_: str | None = None, column: str | None = None) -> None:
        self.path = path
        self.name = "standard input" if path == "-" else path
        self.format = format_ or _SUFFIXES.get(Path(path).suffix.lower(), "text")
        self.is_waited_for = path == "-"  # whether reading it may take any time
        self.size: int | None = None
        self.position = 0
        self.column = column
        self._stream = self._open()

    def close(self) -> None:
        """Close the file; standard input is not ours."""
        if self.path != "-":
            self._stream.close()

    def __iter__(self) -> Iterator[Line]:
        """Yield the lines that are left."""
        match self.format:
            case "csv":
                return self._csv()
            case "jsonl":
                return self._jsonl()
        return self._text()

    def _open(self) -> BinaryIO:
        if self.path == "-":
            return sys.stdin.buffer
        try:
            stream = Path(self.path).open("rb")  # noqa: SIM115  it is read as long as the run lasts
        except OSError as error:
            raise EnrichError(f"{self.path}: {error.strerror}") from None
        status = os.fstat(stream.fileno())
        self.size = status.st_size if stat.S_ISREG(status.st_mode) else None
        self.is_waited_for = self.size is None
        return stream

    def _text(self) -> Iterator[Line]:
        for number, text, complaint in self._texts():
            if text.strip():
                yield Line(number, text.strip(), complaint, self.position)

    def _jsonl(self) -> Iterator[Line]:
        for number, text, complaint in self._texts():
            if not text.strip():
                continue
            if complaint:
                yield Line(number, text.strip(), complaint, self.position)
                continue
            try:
                told = msgspec.json.decode(text)
            except (msgspec.DecodeError, RecursionError) as error:
                expected = f"expected JSON: {error}"
                yield Line(number, text.strip()[:_SHOWN], expected, self.position)
                continue
            ref = self._ref_of(told)
            if isinstance(ref, str):
                yield Line(number, ref, None, self.position)
            else:
                columns = self.column or ", ".join(COLUMNS)
                expected = f"expected a text, or an object with a text under one of: {columns}"
                yield Line(number, text.strip()[:_SHOWN], expected, self.position)

    def _ref_of(self, told: Any) -> Any:
        if not isinstance(told, dict):
            return told
        names = (self.column,) if self.column else COLUMNS
        return next((told[name] for name in names if told.get(name)), None)

    def _csv(self) -> Iterator[Line]:
        rows = csv.reader(text for _, text, _ in self._texts())
        try:
            header = [name.strip() for name in next(rows, [])]
            place = self._place(header)
            for row in rows:
                ref = row[place].strip() if place < len(row) else ""
                if ref:
                    yield Line(rows.line_num, ref, None, self.position)
                elif any(row):
                    expected = f"expected a reference in the column {header[place]!r}, got none"
                    yield Line(rows.line_num, "", expected, self.position)
        except csv.Error as error:
            raise EnrichError(f"{self.name}, line {rows.line_num}: {error}") from error

    def _place(self, header: list[str]) -> int:
        names = (self.column,) if self.column else COLUMNS
        known = [name.lower() for name in header]
        for name in names:
            if name.lower() in known:
                return known.index(name.lower())
        expected = " or ".join(repr(name) for name in names)
        told = ", ".join(repr(name[:_SHOWN]) for name in header) or "nothing"
        raise EnrichError(f"{self.name}: expected a column {expected}, got {told}; use --column")

    def _texts(self) -> Iterator[tuple[int, str, str | None]]:
        """Yield number, text and complaint of every line, blank ones too."""
        number = 0
        while raw := self._stream.readline(MOST_BYTES):
            self.position += len(raw)
            number += 1
            complaint = None
            if len(raw) == MOST_BYTES and not raw.endswith(b"\n"):
                complaint = f"expected a line of less than {MOST_BYTES:,} bytes"
                self._pass_over()
                raw = raw[:_SHOWN]
            if number == 1:
                raw = raw.removeprefix(b"\xef\xbb\xbf")  # as some editors begin a file
            try:
                text = raw.decode()
            except UnicodeDecodeError:
                text = raw.decode(errors="backslashreplace")
                complaint = complaint or "expected UTF-8"
            yield number, text, complaint

    def _pass_over(self) -> None:
        while raw := self._stream.readline(MOST_BYTES):
            self.position += len(raw)
            if raw.endswith(b"\n"):
                return
