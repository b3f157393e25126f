"""The builds of a replay: read from a trace, generated, or cut out of either.

A trace tells when a build entered the queue, how long it held an executor and which label it asked
for, and nothing else; times are seconds after a Monday 00:00 UTC, so that hours of the week are
what they were.
"""

import csv
import gzip
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from workhorse.core.errors import Refusal

HEADER = ("arrival_s", "duration_s", "label")
OPTIONAL = "job"
FAULTS_TOLD = 20
"""A trace of another format is wrong in every line; more than this nobody reads."""


@dataclass(frozen=True, slots=True, order=True)
class Job:
    """One build to be: the words of the trace, Jenkins would call it an item, later a build."""

    arrival: float
    """When it enters the queue: seconds after a Monday 00:00 UTC."""
    seconds: float
    """How long it holds an executor."""
    label: str
    """The label expression that it asks for."""
    name: str = ""
    """Its job's name, by which Jenkins estimates; one job a label where it is empty."""

    @property
    def task(self) -> str:
        """The name that Jenkins keeps its history under."""
        return self.name or self.label


def read_csv(path: Path) -> tuple[Job, ...]:
    """The builds of a trace in the order of their arrival; `.gz` is unpacked.

    The header is `arrival_s,duration_s,label`, with `job` as a fourth column or without.

    Raises:
        Refusal: the file cannot be read, or is wrong; every fault is told with its line.
    """
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8", newline="") as file:
            return _parsed(path, list(csv.reader(file)))
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as wrong:
        raise Refusal(f"trace {path}: cannot be read: {wrong}") from None


def _parsed(path: Path, rows: Sequence[Sequence[str]]) -> tuple[Job, ...]:
    header = tuple(rows[0]) if rows else ()
    if header not in {HEADER, (*HEADER, OPTIONAL)}:
        told = ",".join(header)
        wanted = ",".join(HEADER)
        raise Refusal(
            f"trace {path}: line 1: header {told!r}: must be {wanted}, with {OPTIONAL} or without"
        )
    jobs: list[Job] = []
    faults: list[str] = []
    for number, row in enumerate(rows[1:], start=2):
        wrong = tuple(_faults(row, len(header)))
        faults += (f"trace {path}: line {number}: {fault}" for fault in wrong)
        if not wrong:
            jobs.append(Job(float(row[0]), float(row[1]), row[2], *row[3:]))
    if faults:
        more = len(faults) - FAULTS_TOLD
        rest = (f"trace {path}: {more} more faults",) if more > 0 else ()
        raise Refusal("\n".join((*faults[:FAULTS_TOLD], *rest)))
    return tuple(sorted(jobs))


def _faults(row: Sequence[str], columns: int) -> Iterator[str]:
    if len(row) != columns:
        yield f"{len(row)} columns: must be {columns}"
        return
    arrival, duration = (_number(text) for text in row[:2])
    if arrival is None or arrival < 0:
        yield f"arrival_s {row[0]!r}: must be a number of seconds, 0 or more"
    if duration is None or duration <= 0:
        yield f"duration_s {row[1]!r}: must be a number of seconds above 0"
    if not row[2].strip():
        yield f"label {row[2]!r}: must not be empty"


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None


def sliced(jobs: Iterable[Job], start_hours: float, hours: float) -> tuple[Job, ...]:
    """The builds that arrive in so many hours from `start_hours` on; their times stay."""
    start = start_hours * 3600
    return tuple(job for job in jobs if start <= job.arrival < start + hours * 3600)
