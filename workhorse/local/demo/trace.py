"""A recorded day of builds, and the window of it that is replayed."""

import csv
from dataclasses import dataclass
from pathlib import Path

SHORTEST_SECONDS = 10.0
"""Jobs below this are left out: in the default trace they pick a runner for other jobs, which a
Jenkins controller does by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One build that somebody asks for: when, seconds after the window's start, and how long."""

    after: float
    seconds: float
    label: str


def read_window(path: Path, *, start_hours: float, hours: float) -> tuple[Arrival, ...]:
    """The builds that arrive within `hours` after `start_hours` of a trace, in their order.

    The file has the columns arrival_s, duration_s and label (`data/traces/README.md`).

    Raises:
        ValueError: the file is no trace, or the window holds no build.
    """
    begin, end = start_hours * 3600, (start_hours + hours) * 3600
    with path.open(newline="") as file:
        try:
            rows = [
                (float(row["arrival_s"]), float(row["duration_s"]), row["label"])
                for row in csv.DictReader(file)
            ]
        except (KeyError, TypeError, ValueError, csv.Error) as error:
            # Not its repr: that of bytes which are no text holds all of them.
            raise ValueError(f"{path} is no trace: {type(error).__name__}: {error}") from error
    found = tuple(
        Arrival(after=at - begin, seconds=seconds, label=label)
        for at, seconds, label in sorted(rows)
        if begin <= at < end and seconds >= SHORTEST_SECONDS
    )
    if not found:
        later = min(
            (at for at, seconds, _ in rows if at >= end and seconds >= SHORTEST_SECONDS),
            default=None,
        )
        said = (
            "none comes later" if later is None else f"the next comes at hour {later // 36 / 100:g}"
        )
        raise ValueError(
            f"{path} has no build from hour {start_hours:g} on for {hours:g} hours; {said}"
        )
    return found


def labels_of(arrivals: tuple[Arrival, ...]) -> tuple[str, ...]:
    """The labels of a window, the most asked for first."""
    counts: dict[str, int] = {}
    for arrival in arrivals:
        counts[arrival.label] = counts.get(arrival.label, 0) + 1
    return tuple(sorted(counts, key=lambda label: (-counts[label], label)))


def peak(arrivals: tuple[Arrival, ...]) -> int:
    """How many builds would run at once if each began as it arrived."""
    steps = sorted(
        step for one in arrivals for step in ((one.after, 1), (one.after + one.seconds, -1))
    )
    running = most = 0
    for _at, step in steps:
        running += step
        most = max(most, running)
    return most
