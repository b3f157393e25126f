"""An export half done, as a file of JSON lines: a killed one goes on where this one ends.

The first line says what is exported. Then come the builds, a line each, and after each page of a
job a line that says how far it is known. A page is written at once; what a crash has torn, or left
without its mark, is asked for again, and a build that is told twice counts once.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workhorse.core.errors import Refusal, Surprise


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is exported: the same in every start of one export."""

    url: str
    days: float
    jobs: tuple[str, ...]
    """Patterns of the names of jobs; of all when empty."""
    anonymous: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A build that goes into the trace, before labels are decided."""

    job: str
    key: str
    started_at: float
    seconds: float
    waited_seconds: float | None
    label: str
    """As far as Jenkins tells it; empty where nobody knows."""


class Partial:
    """One export's file.

    Args:
        path: of the file; made when missing.
        scope: what is exported.
        until: the end of the time that is exported, unless the file says another.
        salt: what names are hashed with, unless the file says another.

    Raises:
        Refusal: the file is of another export.
        Surprise: it cannot be read or made.
    """

    def __init__(self, path: Path, scope: Scope, *, until: float, salt: str) -> None:
        self._path = path
        self._rows: dict[tuple[str, str], Row] = {}
        self._offsets: dict[str, int] = {}
        self._done: set[str] = set()
        try:
            lines = list(_lines(path))
            head = lines[0] if lines else {}
            self.resumed = bool(head)
            """There was something to go on from."""
            self.until = float(head.get("until", until))
            self.salt = str(head.get("salt", salt))
            self._take(lines[1:])
            if self.resumed:
                _check(path, head, scope)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except (OSError, LookupError, TypeError, ValueError) as wrong:
            raise Surprise(f"{path}: cannot be gone on with: {wrong!r}") from wrong
        self._append("\n")  # Ends a line that a crash has torn.
        if not self.resumed:
            self._append(_told({**asdict(scope), "until": self.until, "salt": self.salt}))

    def offset(self, job: str) -> int | None:
        """From which of its builds on a job is not known yet; None when all of it is."""
        return None if job in self._done else self._offsets.get(job, 0)

    def add(self, job: str, rows: Iterable[Row], *, upto: int | None) -> None:
        """Keep a page of a job, which is known up to there; None when that was all of it."""
        new = [row for row in rows if (row.job, row.key) not in self._rows]
        lines = [*map(asdict, new), {"known": job, "upto": upto}]
        self._append("".join(map(_told, lines)))
        self._rows |= {(row.job, row.key): row for row in new}
        self._mark(job, upto)

    def rows(self) -> list[Row]:
        """All builds so far."""
        return list(self._rows.values())

    def close(self) -> None:
        """Close the file, which stays."""
        os.close(self._file)

    def remove(self) -> None:
        """The export is whole: the file is not needed any more."""
        self._path.unlink(missing_ok=True)

    def _take(self, lines: Iterable[Mapping[str, Any]]) -> None:
        for line in lines:
            if "known" in line:
                self._mark(line["known"], line["upto"])
            elif line:
                row = Row(**line)
                self._rows[row.job, row.key] = row

    def _mark(self, job: str, upto: int | None) -> None:
        if upto is None:
            self._done.add(job)
        else:
            self._offsets[job] = upto

    def _append(self, text: str) -> None:
        """Write all of it by one call."""
        try:
            written = os.write(self._file, text.encode())
        except OSError as wrong:
            raise Surprise(f"{self._path}: {wrong}") from wrong
        if written != len(text.encode()):
            raise Surprise(f"{self._path}: only {written} bytes could be written")


def _told(line: Mapping[str, Any]) -> str:
    return f"{json.dumps(line)}\n"


def _lines(path: Path) -> Iterator[Mapping[str, Any]]:
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                found = json.loads(line)
            except ValueError:
                continue
            if isinstance(found, dict):
                yield found


def _check(path: Path, head: Mapping[str, Any], scope: Scope) -> None:
    for key, wanted in json.loads(json.dumps(asdict(scope))).items():
        if head[key] != wanted:
            raise Refusal(
                f"{path}: is a part of another export: {key} {head[key]!r} there, {wanted!r} here; "
                "give the same options, another --out, or delete that file"
            )
