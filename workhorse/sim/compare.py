"""All policies on all traces, each trace in one world of all its pools: `compare`."""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from workhorse.core.errors import Refusal
from workhorse.sim import command, contender, report
from workhorse.sim.contender import Contender
from workhorse.sim.contest import Heat, Patience, Trace, contest, limit_seconds
from workhorse.sim.fleet import Fleet
from workhorse.sim.outcome import Figures, Outcome
from workhorse.sim.spread import Kept
from workhorse.sim.workers import workers

OUT = Path(".run/compare")

Cell = Callable[[Figures], str]

COLUMNS: tuple[tuple[str, Cell], ...] = (
    ("wait p50", lambda f: f"{f.waits.p50:.1f}"),
    ("p95", lambda f: f"{f.waits.p95:.1f}"),
    ("p99", lambda f: f"{f.waits.p99:.1f}"),
    ("max", lambda f: f"{f.waits.max:.1f}"),
    ("instance-hours", lambda f: f"{f.instance_hours:.1f}"),
    ("to bound", lambda f: report.NOTHING if f.ratio is None else f"{f.ratio:.3f}"),
    ("cost", lambda f: f"{f.cost:.2f}"),
    ("boots", lambda f: str(f.boots)),
    ("per build", lambda f: f"{f.churn:.3f}"),
    ("busy", lambda f: f"{100 * f.utilisation:.1f} %"),
    ("killed", lambda f: str(f.kills)),
    ("unfinished", lambda f: str(f.builds - f.finished)),
)
"""The columns of a table beside the policy: their titles and cells; waits in seconds."""


def parser() -> argparse.ArgumentParser:
    """The arguments of the command."""
    top = argparse.ArgumentParser(prog="workhorse.sim compare", description=__doc__)
    top.add_argument(
        "--trace",
        type=Path,
        action="append",
        required=True,
        help="CSV of builds, may be given again: arrival_s,duration_s,label",
    )
    top.add_argument(
        "--policy",
        action="append",
        default=[],
        metavar="NAME(KEY=VALUE, ...)",
        help="planner or rival, may be given again; left out, all of them as they come",
    )
    top.add_argument(
        "--wait",
        type=command.seconds,
        action="append",
        default=[],
        help="seconds that the clairvoyant may let a build wait, may be given again; the first is "
        "compared with (a median boot and 30 s, then 0)",
    )
    command.add_world(top)
    command.add_work(top, OUT)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Compare; see `command.ended` for the status."""
    arguments = parser().parse_args(argv)
    return command.ended(lambda: _compare(arguments), arguments.out)


def _compare(arguments: argparse.Namespace) -> Mapping[str, str]:
    fleet = command.world(arguments)
    field = contenders(arguments.policy)
    traces = [Trace.read(path, arguments.days) for path in arguments.trace]
    names = [trace.name for trace in traces]
    if len(set(names)) < len(names):
        raise Refusal(f"--trace: {', '.join(names)}: must be of different names")
    waits = arguments.wait or (limit_seconds(fleet), 0.0)
    patiences = [Patience(wait_seconds=wait) for wait in dict.fromkeys(waits)]
    kept = Kept(arguments.out / command.KEPT)
    with workers(arguments.jobs, arguments.scheduler) as executor:
        heats = contest(
            traces,
            field,
            fleet,
            seed=arguments.seed,
            executor=executor,
            patiences=patiences,
            kept=kept,
            console=command.console(arguments),
        )
    subjects = [
        report.Subject(trace=name, fleet=fleet, seed=arguments.seed, days=arguments.days)
        for name in names
    ]
    _write(arguments.out, subjects, heats)
    return {f"{heat.trace}: {who}": why for heat in heats for who, why in heat.faults.items()}


def contenders(given: Sequence[str]) -> tuple[Contender, ...]:
    """The policies of `--policy`, or all: planners first, then rivals.

    Raises:
        Refusal: one is refused, or two are the same.
    """
    field = tuple(map(command.policy, given or contender.names()))
    told = [str(each) for each in field]
    if len(set(told)) < len(told):
        raise Refusal(f"--policy: {', '.join(told)}: must differ from each other")
    return field


def _write(out: Path, subjects: Sequence[report.Subject], heats: Sequence[Heat]) -> None:
    from workhorse.sim import pictures  # noqa: PLC0415 - matplotlib takes a second to load

    told = text(subjects, heats)
    records = [record(*each) for each in zip(subjects, heats, strict=True)]
    command.written(out / "compare.txt", told)
    command.written(out / "compare.json", json.dumps(records, indent=1, sort_keys=True) + "\n")
    for heat in heats:
        if heat.outcomes:
            pictures.wait_against_cost(
                heat.outcomes,
                out / f"{heat.trace}.png",
                title=f"{heat.trace}: wait against instance-hours",
                bound=[(b.patience.wait_seconds, b.lower_seconds / 3600) for b in heat.bounds],
            )
    command.say(f"{told}\nwritten to {out}\n")


def text(subjects: Sequence[report.Subject], heats: Sequence[Heat]) -> str:
    """What is assumed, and a table for each trace; the same to the byte for the same replays."""
    fleet: Fleet = subjects[0].fleet
    lines = [f"assumed: {line}" for line in report.assumptions(fleet)]
    for subject, heat in zip(subjects, heats, strict=True):
        days = "" if subject.days is None else f", the first {subject.days:g} days"
        lines += ["", f"{heat.trace}{days}, seed {subject.seed}", "", *_table(heat.outcomes)]
        lines += bound_lines(heat)
        lines += [f"failed: {who}: {why}" for who, why in heat.faults.items()]
    return "\n".join(lines) + "\n"


def _table(outcomes: Sequence[Outcome]) -> list[str]:
    head = ["policy", *(title for title, _ in COLUMNS)]
    rows = [[o.contender, *(cell(o.total) for _, cell in COLUMNS)] for o in outcomes]
    return command.columns([head, *rows])


def bound_lines(heat: Heat) -> list[str]:
    """A sentence for each bound of a heat."""
    return [
        f"clairvoyant, where {b.patience}: at least {b.lower_seconds / 3600:.1f} instance-hours; "
        f"a schedule of {b.upper_seconds / 3600:.1f} is known"
        for b in heat.bounds
    ]


def record(subject: report.Subject, heat: Heat) -> dict[str, Any]:
    """A heat as plain JSON: the report of its outcomes, its bounds and what failed."""
    bounds = [asdict(b) for b in heat.bounds]
    told = report.record(subject, heat.outcomes)
    return {**told, "bounds": bounds, "faults": dict(heat.faults)}
