"""The builds of a replay: read from a trace, generated, or cut out of either.

A trace tells when a build entered the queue, how long it held an executor and which label it asked
for, and nothing else; times are seconds after a Monday 00:00 UTC, so that hours of the week are
what they were.
"""

import csv
import gzip
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from math import inf, isfinite, log
from pathlib import Path
from random import Random

from workhorse.core.errors import Refusal

HEADER = ("arrival_s", "duration_s", "label")
OPTIONAL = "job"
MOST_SECONDS = 10 * 365 * 86_400.0
"""Ten years: what is more is a time since the epoch, or in milliseconds."""
MOST_TOLD = f"at most {MOST_SECONDS:.0f}, ten years"
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

    The header is `arrival_s,duration_s,label`, with `job` as a fourth column or without; a byte
    order mark before it, as spreadsheets write it, is no fault.

    Raises:
        Refusal: the file cannot be read, or is wrong; every fault is told with its line.
    """
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rb") as file:
            text = file.read().decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = wrong.object.count(b"\n", 0, wrong.start) + 1
        byte = wrong.object[wrong.start]
        raise Refusal(f"trace {path}: line {line}: byte {byte:#04x}: must be UTF-8") from None
    except (OSError, EOFError, zlib.error) as wrong:
        raise Refusal(f"trace {path}: cannot be read: {wrong}") from None
    return _parsed(path, text)


def _parsed(path: Path, text: str) -> tuple[Job, ...]:
    rows = csv.reader(StringIO(text, newline=""), strict=True)
    jobs: list[Job] = []
    faults: list[str] = []
    try:
        columns = len(_header(path, next(rows, [])))
        for row in rows:
            wrong = tuple(_faults(row, columns))
            faults += (f"trace {path}: line {rows.line_num}: {fault}" for fault in wrong)
            if not wrong:
                jobs.append(Job(float(row[0]), float(row[1]), row[2], *row[3:]))
    except csv.Error as wrong:
        faults.append(f"trace {path}: line {rows.line_num}: {wrong}: must be CSV")
    if faults:
        more = len(faults) - FAULTS_TOLD
        rest = (f"trace {path}: {more} more faults",) if more > 0 else ()
        raise Refusal("\n".join((*faults[:FAULTS_TOLD], *rest)))
    return tuple(sorted(jobs))


def _header(path: Path, row: Sequence[str]) -> Sequence[str]:
    if tuple(row) not in {HEADER, (*HEADER, OPTIONAL)}:
        told, wanted = ",".join(row), ",".join(HEADER)
        raise Refusal(
            f"trace {path}: line 1: header {told!r}: must be {wanted}, with {OPTIONAL} or without"
        )
    return row


def _faults(row: Sequence[str], columns: int) -> Iterator[str]:
    if len(row) != columns:
        yield f"{len(row)} columns: must be {columns}"
        return
    arrival, duration = (_number(text) for text in row[:2])
    if arrival is None or arrival < 0:
        yield f"arrival_s {row[0]!r}: must be a number of seconds, 0 or more"
    elif arrival > MOST_SECONDS:
        yield f"arrival_s {row[0]!r}: must be seconds after a Monday, {MOST_TOLD}"
    if duration is None or duration <= 0:
        yield f"duration_s {row[1]!r}: must be a number of seconds above 0"
    elif duration > MOST_SECONDS:
        yield f"duration_s {row[1]!r}: must be {MOST_TOLD}"
    if not row[2].strip():
        yield f"label {row[2]!r}: must not be empty"
    for name, text in zip((*HEADER, OPTIONAL)[2:], row[2:], strict=False):
        if any(char < " " for char in text):
            yield f"{name} {text!r}: must have no control characters"


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None


def write_csv(jobs: Iterable[Job], path: Path) -> None:
    """Write a trace that `read_csv` reads; the fourth column only where a build has a job."""
    told = tuple(jobs)
    named = any(job.name for job in told)
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow((*HEADER, OPTIONAL) if named else HEADER)
        for job in told:
            row = f"{job.arrival:.1f}", f"{job.seconds:.1f}", job.label
            writer.writerow((*row, job.name) if named else row)


OFFICE = (2, 1, 1, 1, 1, 1, 2, 5, 10, 12, 12, 11, 9, 11, 13, 12, 10, 8, 7, 6, 5, 4, 3, 3)
"""Pushes by hour of a weekday, relative to each other: a team that spans some time zones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """What a made-up workload looks like: pushes of several builds, more by day, few at weekends.

    The defaults make some 2,500 builds a week, of which a push brings eight at once.
    """

    days: float = 7.0
    """From the Monday on."""
    pushes_per_day: float = 60.0
    """On a weekday, on average."""
    weekend: float = 0.2
    """Pushes of a Saturday or Sunday, as a share of those of a weekday."""
    profile: tuple[float, ...] = OFFICE
    """Of the 24 hours, relative to each other."""
    builds_per_push: float = 8.0
    """On average, one at least: one more with an unchanging chance."""
    spread_seconds: float = 20.0
    """Within which the builds of a push arrive."""
    median_seconds: float = 600.0
    """Of a build's duration; lognormal."""
    sigma: float = 0.8
    """Of the duration's logarithm: 0.8 has one build in twenty last 3.7 times the median."""
    labels: Mapping[str, float] = field(default_factory=lambda: {"linux": 3.0, "windows": 1.0})
    """Label to how often it is asked for, relative to the others."""

    def __post_init__(self) -> None:
        """Refuse what makes no week."""
        positive = ("days", "pushes_per_day", "median_seconds")
        faults = [
            f"{k} {value}: must be above 0"
            for k in positive
            if not 0 < (value := getattr(self, k)) < inf
        ]
        if len(self.profile) != len(OFFICE) or min(self.profile) < 0 or not any(self.profile):
            faults.append(f"profile {self.profile}: must be 24 figures of 0 or more, not all 0")
        if self.builds_per_push < 1:
            faults.append(f"builds_per_push {self.builds_per_push}: must be 1 or more")
        if not self.labels or min(self.labels.values()) <= 0:
            faults.append(f"labels {dict(self.labels)}: must be at least one, each above 0")
        if faults:
            raise Refusal("\n".join(f"workload: {fault}" for fault in faults))

    def rate(self, at: float) -> float:
        """Pushes per second at that second after the Monday."""
        day, hour = int(at // 86_400) % 7, int(at // 3600) % 24
        share = self.profile[hour] / sum(self.profile) / 3600
        return self.pushes_per_day * share * (self.weekend if day in WEEKEND else 1.0)


WEEKEND = {5, 6}
"""Saturday and Sunday, counted from Monday."""


def generated(shape: Week, seed: int) -> tuple[Job, ...]:
    """A workload of that shape; the same for the same seed.

    Pushes are a Poisson process whose rate follows the hour of the week, drawn by thinning: as many
    moments as the busiest hour would have, of which each stays with its own hour's share.
    """
    rng = Random(seed)  # noqa: S311 - chance, not secrets
    busiest = max(shape.rate(hour * 3600.0) for hour in range(7 * 24))
    jobs: list[Job] = []
    at = rng.expovariate(busiest)
    while at < shape.days * 86_400:
        if rng.random() * busiest < shape.rate(at):
            jobs.extend(_push(shape, at, rng))
        at += rng.expovariate(busiest)
    return tuple(sorted(jobs))


def _push(shape: Week, at: float, rng: Random) -> Iterator[Job]:
    names, weights = tuple(shape.labels), tuple(shape.labels.values())
    more = True
    while more:
        seconds = max(1.0, rng.lognormvariate(log(shape.median_seconds), shape.sigma))
        arrival = round(at + rng.random() * shape.spread_seconds, 1)
        yield Job(arrival, round(seconds, 1), rng.choices(names, weights)[0])
        more = rng.random() < 1 - 1 / shape.builds_per_push
