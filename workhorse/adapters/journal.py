"""The decision journal as a file of JSON lines.

Every record is one line, appended by one write and synced to the disk before `write` returns:
a decision that was performed and then forgotten by a power cut would be explained by nobody, and
one sync a tick costs milliseconds.
A crash or a full disk may tear the last line; readers skip it and the next record begins a new one.
When the file is full it becomes FILE.1, that one FILE.2, and so on; a kind of record that was not
written in all the files kept is forgotten. A crash between two of these renames leaves a gap.
Threads write beside each other: one at a time.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from glob import escape
from pathlib import Path
from threading import Lock
from typing import Any

from workhorse.core.errors import Misuse, Refusal, Surprise

MAX_BYTES = 64 * 1024 * 1024
"""Default size of one file: about a month of one pool at a tick each 10 s."""

KEEP = 8
"""Default number of full files kept."""

_BLOCK = 64 * 1024

_NUMBER = re.compile(r"[1-9][0-9]*")

_CLOSED = -1
"""No descriptor: one that was closed may be another file's by then."""


class JournalFile:
    """A `loops.ports.Journal` in the file `path`; records are told apart by their key `kind`."""

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES, keep: int = KEEP) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._keep = keep
        self._newest: dict[str, Mapping[str, Any]] = {}
        self._lock = Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._opened()
        except OSError as wrong:
            raise Surprise(f"journal {path}: {wrong}") from wrong

    def write(self, record: Mapping[str, Any]) -> None:
        """Append one record; it is on disk when this returns.

        Raises:
            Misuse: the record has no `kind`, or holds what JSON cannot.
            Surprise: the file could not be written.
        """
        line = _line(record)
        with self._lock:
            try:
                self._append(line)
            except OSError as wrong:
                raise Surprise(f"journal {self._path}: {wrong}") from wrong
            self._newest[record["kind"]] = json.loads(line)

    def _append(self, line: bytes) -> None:
        if os.fstat(self._file).st_size + len(line) > self._max_bytes:
            self._rotate()
        size = os.fstat(self._file).st_size
        if size and os.pread(self._file, 1, size - 1) != b"\n":
            line = b"\n" + line
        written = os.write(self._file, line)
        os.fsync(self._file)
        if written != len(line):
            raise Surprise(f"journal {self._path}: {written} of {len(line)} bytes written")

    def last(self, kind: str) -> Mapping[str, Any] | None:
        """The newest record of that kind, from before a restart too.

        Raises:
            Surprise: one of the files cannot be read.
        """
        with self._lock:
            if kind not in self._newest:
                found = (_newest_in(path, kind) for path in _files(self._path))
                if (record := next(filter(None, found), None)) is not None:
                    self._newest[kind] = record
            return self._newest.get(kind)

    def close(self) -> None:
        """Close the file; nothing is lost without it. Whoever writes later is told so."""
        with self._lock:
            os.close(self._file)
            self._file = _CLOSED

    def _opened(self) -> int:
        return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o640)

    def _rotate(self) -> None:
        """Begin a new file; where none can be made the next write tries again, and moves none."""
        numbers = range(self._keep - 1, 0, -1)
        moves = [(_numbered(self._path, n), _numbered(self._path, n + 1)) for n in numbers]
        if self._path.exists():
            for old, new in [*moves, (self._path, _numbered(self._path, 1))]:
                if old.exists():
                    old.replace(new)
        full, self._file = self._file, self._opened()
        os.close(full)


def records(path: Path) -> Iterator[Mapping[str, Any]]:
    """Every record of the journal `path`, oldest first; lines that are torn are left out.

    Raises:
        Refusal: there are lines, and none of them is a record.
        Surprise: it cannot be read.
    """
    told, torn = 0, 0
    for file in reversed(_files(path)):
        for line in _lines(file):
            record = _parsed(line)
            if record is None:
                torn += 1
            else:
                told += 1
                yield record
    if torn and not told:
        raise Refusal(f"journal {path}: no line of it is a record")


def _lines(file: Path) -> Iterator[bytes]:
    try:
        with file.open("rb") as lines:
            yield from lines
    except OSError as wrong:
        raise Surprise(f"journal {file}: {wrong}") from wrong


def _line(record: Mapping[str, Any]) -> bytes:
    if not isinstance(record.get("kind"), str):
        raise Misuse(f"a journal record needs a kind: {dict(record)!r}")
    try:
        return json.dumps(record, separators=(",", ":")).encode() + b"\n"
    except (TypeError, ValueError) as wrong:
        raise Misuse(f"a journal record is no JSON: {wrong}") from wrong


def _parsed(line: bytes) -> Mapping[str, Any] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")


def _files(path: Path) -> list[Path]:
    """The files of the journal that exist, newest first."""
    begin = f"{path.name}."
    beside = [file.name.removeprefix(begin) for file in path.parent.glob(f"{escape(begin)}*")]
    numbers = sorted(int(end) for end in beside if _NUMBER.fullmatch(end))
    return [path] * path.exists() + [_numbered(path, number) for number in numbers]


def _newest_in(path: Path, kind: str) -> Mapping[str, Any] | None:
    try:
        for line in _lines_backwards(path):
            record = _parsed(line)
            if record is not None and record.get("kind") == kind:
                return record
    except OSError as wrong:
        raise Surprise(f"journal {path}: {wrong}") from wrong
    return None


def _lines_backwards(path: Path) -> Iterator[bytes]:
    """The lines of a file from the last to the first, read by blocks."""
    with path.open("rb") as file:
        at = file.seek(0, os.SEEK_END)
        rest = b""
        while at > 0:
            step = min(_BLOCK, at)
            at -= step
            file.seek(at)
            rest, *whole = (file.read(step) + rest).split(b"\n")
            yield from reversed(whole)
        yield rest
