"""From a Jenkins' past to a trace.

What a row means, and what Jenkins cannot tell:

arrival_s   When the build began, less the time that it waited for an executor. That time is told by
            the metrics plugin and not without it: then the arrival is the start, and a trace of a
            pool that was too small looks calmer than its users were. A quiet period, or waiting for
            another build, is no wait for an executor and does not count.
duration_s  How long it held an executor. Of a pipeline with the metrics plugin, all its bodies
            together, as if one after the other; without it, from its start to its end, waits
            included. A pipeline without any body held none and is left out.
label       The label expression of its job, where that tells one. Else the labels of the node it
            ran on, joined by &&, while that node is there: Jenkins forgets agents that came and
            went. A pipeline tells neither. What is left has the label that was asked for.

Times are seconds after the first Monday 00:00 UTC on or before the first arrival.
"""

import csv
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path

from workhorse.adapters.jenkins_history import PAGE, JenkinsHistory
from workhorse.adapters.jenkins_history_wire import Page, PastBuild, PastJob
from workhorse.core.errors import Missing, Surprise
from workhorse.trace.partial import Partial, Row, Scope

HEADER = ("arrival_s", "duration_s", "label", "job")

DAY_SECONDS = 86_400.0

SHORTEST_SECONDS = 0.05
"""A shorter build would be written as none at all."""

_SAID_EVERY = 25
"""Jobs between two lines of progress."""

_HASH_LETTERS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is wanted beside the scope."""

    out: Path
    label: str = "any"
    """Of builds whose label nobody tells."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Label to the label that is written in its place."""
    depth: int = 8
    """How many folders deep jobs are looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of an export."""

    builds: int
    """Rows written."""
    labels: Mapping[str, int]
    """Rows by label."""
    waits_unknown: int
    """Rows whose arrival is their start."""
    labels_unknown: int
    """Rows with the label that was asked for."""


def export(  # noqa: PLR0913 - what an export is made of
    history: JenkinsHistory,
    scope: Scope,
    wish: Wish,
    *,
    now: float,
    salt: str,
    show: Callable[[str], None],
) -> Told:
    """Write the trace; what a start of the same export has found already is not asked for again.

    Args:
        history: the Jenkins.
        scope: which builds.
        wish: how and where they are written.
        now: seconds since the epoch; later builds are left out, in every start of one export.
        salt: what names of jobs are hashed with, if they are; unguessable.
        show: prints a line.

    Raises:
        Refusal: the token may not read, or the file of an unfinished export is of another one.
        Surprise: Jenkins or the disk failed, or we were told to stop; what is known is kept.
    """
    part = wish.out.with_name(f"{wish.out.name}.partial")
    partial = Partial(part, scope, until=now, salt=salt)
    try:
        if partial.resumed:
            show(f"goes on with {part}, {len(partial.rows())} builds so far")
        _collect(history, scope, wish, partial, show)
        told = _write(partial.rows(), wish)
        partial.remove()
    finally:
        partial.close()
    return told


def _collect(
    history: JenkinsHistory,
    scope: Scope,
    wish: Wish,
    partial: Partial,
    show: Callable[[str], None],
) -> None:
    since = partial.until - scope.days * DAY_SECONDS
    nodes = history.labels()
    jobs = [
        job
        for job in history.jobs(depth=wish.depth)
        if job.built_at is not None and job.built_at >= since and _wanted(job.name, scope.jobs)
    ]
    show(f"{len(jobs)} jobs with a build in the last {scope.days:g} days")
    for number, job in enumerate(jobs, start=1):
        name = _hashed(job.name, partial.salt) if scope.anonymous else job.name
        for page, upto in _pages(history, job.name, partial.offset(name), since):
            rows = [
                _row(name, build, _label(job, build, nodes))
                for build in page.builds
                if since <= build.started_at < partial.until
                and build.built_on != ""
                and build.seconds >= SHORTEST_SECONDS
            ]
            partial.add(name, rows, upto=upto)
        if number % _SAID_EVERY == 0:
            told = f"{len(partial.rows())} builds, {history.requests} requests"
            show(f"{number} of {len(jobs)} jobs: {told}")


def _pages(
    history: JenkinsHistory, job: str, offset: int | None, since: float
) -> Iterator[tuple[Page, int | None]]:
    """The pages of a job from the offset to those before `since`, and how far each of them leads.

    Builds that come meanwhile push the others down a place: they are told twice, and none is
    missed.
    """
    while offset is not None:
        try:
            page = history.builds(job, offset)
        except Missing:
            page = Page(builds=(), oldest_at=None, more=False)
        on = page.more and page.oldest_at is not None and page.oldest_at >= since
        offset = offset + PAGE if on else None
        yield page, offset


def _wanted(name: str, patterns: tuple[str, ...]) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)


def _hashed(name: str, salt: str) -> str:
    """A name that tells nothing, and stays the same within one export."""
    digest = hashlib.blake2b(name.encode(), key=salt.encode()[:64]).hexdigest()
    return f"job-{digest[:_HASH_LETTERS]}"


def _label(job: PastJob, build: PastBuild, nodes: Mapping[str, frozenset[str]]) -> str:
    if job.expression:
        return job.expression
    return "&&".join(sorted(nodes.get(build.built_on or "", ())))


def _row(job: str, build: PastBuild, label: str) -> Row:
    return Row(
        job=job,
        key=build.key,
        started_at=build.started_at,
        seconds=build.seconds,
        waited_seconds=build.waited_seconds,
        label=label,
    )


def _write(rows: Iterable[Row], wish: Wish) -> Told:
    """Write all of the trace, or nothing of it."""
    found = [(row.started_at - (row.waited_seconds or 0), row) for row in rows]
    found.sort(key=lambda pair: (pair[0], pair[1].job, pair[1].key))
    zero = monday_before(found[0][0]) if found else 0.0
    counts: Counter[str] = Counter()
    half = wish.out.with_name(f"{wish.out.name}.new")
    try:
        with half.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(HEADER)
            for arrival, row in found:
                label = row.label or wish.label
                label = wish.renamed.get(label, label)
                counts[label] += 1
                writer.writerow((f"{arrival - zero:.1f}", f"{row.seconds:.1f}", label, row.job))
        half.replace(wish.out)
    except OSError as wrong:
        raise Surprise(f"--out: {wish.out}: cannot be written: {wrong}") from wrong
    return Told(
        builds=len(found),
        labels=dict(sorted(counts.items())),
        waits_unknown=sum(row.waited_seconds is None for _, row in found),
        labels_unknown=sum(not row.label for _, row in found),
    )


def monday_before(at: float) -> float:
    """The last Monday 00:00 UTC at or before `at`, all in seconds since the epoch."""
    day = datetime.fromtimestamp(at, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (day - timedelta(days=day.weekday())).timestamp()
