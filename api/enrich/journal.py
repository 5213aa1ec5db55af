"""Journal: OUTPUT, FAILURES and how far they are, so that a run can be killed at any byte.

OUTPUT and FAILURES are only appended to. A third file, OUTPUT.state, says up to which byte each of
them holds, and for which lines of INPUT that is; it is replaced as a whole, and only when what it
says is on the disk. So what stands behind those bytes was never confirmed: who goes on cuts it off
and asks for those lines again. Nothing else is ever asked twice, lost or written twice.

Failures that are tried again are those that stand, read from `failures_from` on; what comes of them
is appended like anything else. In the end what stands is moved to the front, by way of a copy:
`moving` says that the copy is whole, and from then on it is the file.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from io import FileIO
from pathlib import Path
from typing import Self

import msgspec

from api.enrich.errors import EnrichError
from api.enrich.results import Done, Failure

_FORMAT = 1


class State(msgspec.Struct, forbid_unknown_fields=True):
    """How far a run is. Bytes are counts; `lines` is the number of the last line of INPUT."""

    document: str
    providers: list[str]
    failures_path: str
    format: int = _FORMAT
    lines: int = 0
    digest: str = ""  # of these lines
    output: int = 0
    failures: int = 0
    failures_from: int = 0
    moving: bool = False
    done: int = 0  # lines in OUTPUT
    failed: int = 0  # standing in FAILURES
    retryable: int = 0  # of those


class Journal:
    """The files of one run, and of those that go on with it; nobody else may write them meanwhile.

    >>> with Journal(Path("out.jsonl"), Path("out.failures.jsonl"), document, providers) as journal:
    ...     journal.commit([Done(1, "spotify:track:...", {...})], lines=1, digest="...")
    """

    def __init__(
        self, output: Path, failures: Path, document: str, providers: Sequence[str]
    ) -> None:
        self.output, self.failures = output, failures
        self._state_path = output.with_name(f"{output.name}.state")
        self._copy_path = failures.with_name(f"{failures.name}.new")
        self._output = _open(output)
        try:
            self._lock()
            expected = State(document, list(providers), str(failures))
            self.state = self._begun(expected)
            self._finish_move()
            _cut(output, self.state.output)
            _cut(failures, self.state.failures)
            self._failures = _open(failures)
            self._write_state()
        except BaseException:
            self._output.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def commit(
        self,
        results: Sequence[Done | Failure],
        *,
        lines: int | None = None,
        digest: str | None = None,
    ) -> None:
        """Write down for good what came of the lines of INPUT up to a number."""
        self._append(results)
        if lines is not None and digest is not None:
            self.state.lines, self.state.digest = lines, digest
        self._write_state()

    def replace(self, old: Sequence[Failure], results: Sequence[Done | Failure], end: int) -> None:
        """Write down for good what came of the failures that stand up to this byte."""
        self._append(results)
        self.state.failures_from = end
        self.state.failed -= len(old)
        self.state.retryable -= sum(failure.retryable for failure in old)
        self._write_state()

    def standing(self) -> Iterator[tuple[Failure, int]]:
        """Yield the failures that stand by now, each with the byte behind it."""
        at, end = self.state.failures_from, self.state.failures
        with self.failures.open("rb") as stream:
            stream.seek(at)
            while at < end:
                raw = stream.readline()
                at += len(raw)
                yield msgspec.json.decode(raw, type=Failure), at

    def close(self) -> None:
        """Leave the files with what was committed, and FAILURES only if something stands in it."""
        if self._output.closed:
            return
        # Whatever ends a run may have come in the middle of a commit: what is on the disk counts.
        self.state = self._read_state() or self.state
        _cut(self.output, self.state.output)
        _cut(self.failures, self.state.failures)
        self._failures.close()
        if self.state.failures_from:
            self._move()
        if not self.state.failures:
            self.failures.unlink(missing_ok=True)
        self._output.close()

    # Beginning, and going on

    def _lock(self) -> None:
        try:
            fcntl.flock(self._output, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EnrichError(f"{self.output}: another run is writing it") from None

    def _begun(self, expected: State) -> State:
        """Return the state of the run that this one goes on with, or a new one."""
        state = self._read_state()
        if state is None:
            for path in (self.output, self.failures):
                if path.exists() and path.stat().st_size:
                    reason = "expected a new file, or one that `unisono enrich` began"
                    raise EnrichError(f"{path}: {reason}; choose another")
            return expected
        for name, option in (
            ("document", "--fields"),
            ("providers", "--provider"),
            ("failures_path", "--failures"),
        ):
            if getattr(state, name) != getattr(expected, name):
                reason = f"was begun with another {option}; give the same, or choose another OUTPUT"
                raise EnrichError(f"{self.output}: {reason}")
        return state

    def _read_state(self) -> State | None:
        try:
            return msgspec.json.decode(self._state_path.read_bytes(), type=State)
        except FileNotFoundError:
            return None
        except (msgspec.DecodeError, OSError) as error:
            raise EnrichError(f"{self._state_path}: expected the state of a run: {error}") from None

    def _finish_move(self) -> None:
        if self.state.moving:
            if self._copy_path.exists():
                self._copy_path.replace(self.failures)
            self.state.moving = False
        else:
            self._copy_path.unlink(missing_ok=True)

    def _move(self) -> None:
        state = self.state
        with self.failures.open("rb") as stream, self._copy_path.open("wb") as copy:
            stream.seek(state.failures_from)
            shutil.copyfileobj(stream, copy)
            copy.flush()
            os.fsync(copy.fileno())
        state.failures -= state.failures_from
        state.failures_from, state.moving = 0, True
        self._write_state()
        self._copy_path.replace(self.failures)
        state.moving = False
        self._write_state()

    # Writing

    def _append(self, results: Sequence[Done | Failure]) -> None:
        state = self.state
        done = [result for result in results if isinstance(result, Done)]
        failed = [result for result in results if isinstance(result, Failure)]
        state.output += _append(self._output, done)
        state.failures += _append(self._failures, failed)
        state.done += len(done)
        state.failed += len(failed)
        state.retryable += sum(failure.retryable for failure in failed)

    def _write_state(self) -> None:
        new = self._state_path.with_name(f"{self._state_path.name}.new")
        with new.open("wb") as stream:
            stream.write(msgspec.json.encode(self.state))
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(self._state_path)


def _open(path: Path) -> FileIO:
    try:
        return path.open("ab", buffering=0)  # nothing is left to be written later
    except OSError as error:
        raise EnrichError(f"{path}: {error.strerror}") from None


def _append(stream: FileIO, results: Sequence[Done | Failure]) -> int:
    """Write results at the end; return their bytes, which are on the disk by then."""
    if not results:
        return 0
    raw = b"".join(msgspec.json.encode(result) + b"\n" for result in results)
    left = memoryview(raw)
    while left:
        left = left[stream.write(left) :]
    os.fsync(stream.fileno())
    return len(raw)


def _cut(path: Path, size: int) -> None:
    """Cut off what was written behind the last commit."""
    found = path.stat().st_size if path.exists() else 0
    if found < size:
        raise EnrichError(
            f"{path}: expected at least {size:,} bytes, got {found:,}: it was changed"
        )
    if found > size:
        os.truncate(path, size)
