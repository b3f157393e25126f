"""What replays told, side by side: as text that is the same to the byte, and as JSON."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from workhorse.sim.fleet import Fleet, Machines
from workhorse.sim.outcome import ALL, Figures, Outcome
from workhorse.sim.truth import Hand

Cell = Callable[[Figures], str]
WORDS = {str(Hand.OURS): "policy", str(Hand.AWS): "AWS"}
"""Whose hand, as a report calls it: what kills at a policy's word is that policy."""
NOTHING = "-"
"""Where a figure does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What was replayed."""

    trace: str
    """Its name."""
    fleet: Fleet
    seed: int
    days: float | None = None
    """None for all of it."""


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f}"


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"


def _killed(figures: Figures) -> str:
    by = ", ".join(f"{WORDS.get(hand, hand)} {n}" for hand, n in figures.killed.items())
    return f"{figures.kills} ({by})" if by else "0"


def _bound(figures: Figures) -> str:
    return NOTHING if figures.bound_seconds is None else _hours(figures.bound_seconds)


def _ratio(figures: Figures) -> str:
    return NOTHING if figures.ratio is None else f"{figures.ratio:.3f}"


ROWS: tuple[tuple[str, Cell], ...] = (
    ("builds", lambda f: str(f.builds)),
    ("finished", lambda f: str(f.finished)),
    ("killed", _killed),
    ("wait p50, s", lambda f: f"{f.waits.p50:.1f}"),
    ("wait p95, s", lambda f: f"{f.waits.p95:.1f}"),
    ("wait p99, s", lambda f: f"{f.waits.p99:.1f}"),
    ("wait max, s", lambda f: f"{f.waits.max:.1f}"),
    ("wait mean, s", lambda f: f"{f.waits.mean:.1f}"),
    ("instance-hours", lambda f: _hours(f.instance_seconds)),
    ("  boot", lambda f: _hours(f.phases.boot)),
    ("  busy", lambda f: _hours(f.phases.busy)),
    ("  idle", lambda f: _hours(f.phases.idle)),
    ("  drain", lambda f: _hours(f.phases.drain)),
    ("  zombie", lambda f: _hours(f.phases.zombie)),
    ("utilisation", lambda f: _share(f.utilisation)),
    ("boots", lambda f: str(f.boots)),
    ("boots per build", lambda f: f"{f.churn:.3f}"),
    ("peak instances", lambda f: str(f.peak)),
    ("billed hours", lambda f: f"{f.billed_hours:.1f}"),
    ("cost", lambda f: f"{f.cost:.2f}"),
    ("bound, hours", _bound),
    ("ratio to bound", _ratio),
)
"""The rows of a table: their titles and cells."""


def text(subject: Subject, outcomes: Sequence[Outcome]) -> str:
    """The report: what was assumed, then a table for all pools and one for each."""
    lines = [*_heading(subject, outcomes)]
    names = [ALL, *(pool.name for pool in outcomes[0].pools)] if outcomes else []
    for name in names if len(names) != len((ALL, "only")) else names[:1]:
        lines += ["", *_table(name, outcomes)]
    return "\n".join(lines) + "\n"


def _heading(subject: Subject, outcomes: Sequence[Outcome]) -> list[str]:
    days = "all of it" if subject.days is None else f"the first {subject.days:g} days"
    told = [f"trace {subject.trace}, {days}, seed {subject.seed}"]
    told += [f"assumed: {line}" for line in assumptions(subject.fleet)]
    waits = {o.total.bound_wait_seconds for o in outcomes} - {None}
    told += [f"bound: no build waits longer than {wait:g} s" for wait in sorted(waits, key=str)]
    return told


def assumptions(fleet: Fleet) -> list[str]:
    """What a fleet assumes, a line each: its machines, those of pools of their own, Jenkins."""
    told = [_machines("", fleet.machines)]
    told += [_machines(f"{pool}: ", machines) for pool, machines in sorted(fleet.pools.items())]
    jenkins = (
        f"quiet period {fleet.quiet_seconds:g} s, a build starts {fleet.start_seconds:g} s after "
        f"its assignment"
    )
    if fleet.label_lag_seconds:
        jenkins += f", labels are heeded {fleet.label_lag_seconds:g} s late"
    if fleet.shortages_per_day:
        jenkins += f", {fleet.shortages_per_day:g} shortages a day of {fleet.shortage_seconds:g} s"
    return [*told, jenkins]


def _machines(who: str, machines: Machines) -> str:
    boot = machines.boot
    p99 = "" if boot.p99_seconds is None else f" (p99 {boot.p99_seconds:g} s)"
    executors = f"{machines.executors} executor{'s' if machines.executors > 1 else ''}"
    line = (
        f"{who}boot {boot.median_seconds:g} s{p99}, {executors}, "
        f"{machines.floor} to {machines.ceiling} agents, "
        f"{machines.on_demand_price:g} an hour, billed by the {machines.billing}"
    )
    if machines.spot_share:
        line += (
            f", {100 * machines.spot_share:g} % spot at {machines.spot_price:g} an hour with "
            f"{machines.spot_losses_per_hour:g} losses an hour"
        )
    return line


def _table(name: str, outcomes: Sequence[Outcome]) -> list[str]:
    columns = [[name, *(title for title, _ in ROWS)]]
    for outcome in outcomes:
        figures = figures_of(outcome, name)
        columns.append([outcome.contender, *(cell(figures) for _, cell in ROWS)])
    widths = [max(map(len, column)) for column in columns]
    lines = []
    for row in zip(*columns, strict=True):
        title = row[0].ljust(widths[0])
        cells = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        lines.append("  ".join((title, *cells)).rstrip())
    return lines


def figures_of(outcome: Outcome, name: str) -> Figures:
    """The figures of that pool, or of all."""
    return next(f for f in (outcome.total, *outcome.pools) if f.name == name)


DERIVED = ("instance_seconds", "instance_hours", "utilisation", "churn", "kills", "ratio")
"""Properties of `Figures` that its JSON tells too."""


def record(subject: Subject, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The report as plain JSON, with the same keys for every policy."""
    return {
        "trace": subject.trace,
        "seed": subject.seed,
        "days": subject.days,
        "assumed": asdict(subject.fleet, dict_factory=_plain),
        "outcomes": [_outcome(outcome) for outcome in outcomes],
    }


def _plain(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Sets as sorted lists."""
    return {k: sorted(v) if isinstance(v, frozenset) else v for k, v in pairs}


def _outcome(outcome: Outcome) -> dict[str, Any]:
    told = {f.name: getattr(outcome, f.name) for f in fields(outcome)}
    told["total"] = _figures(outcome.total)
    told["pools"] = [_figures(pool) for pool in outcome.pools]
    return told


def _figures(figures: Figures) -> Mapping[str, Any]:
    return asdict(figures) | {key: getattr(figures, key) for key in DERIVED}


def as_json(subject: Subject, outcomes: Sequence[Outcome]) -> str:
    """The same as text; the same to the byte for the same replay."""
    return written(record(subject, outcomes))


def written(record: Mapping[str, Any]) -> str:
    """A record as text."""
    return json.dumps(record, indent=1, sort_keys=True) + "\n"
