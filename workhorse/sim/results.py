"""Write `docs/results.md`: every policy on every trace, the bound, and whether the goals hold."""

import argparse
import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from workhorse.core.errors import Refusal
from workhorse.sim import command, report
from workhorse.sim.compare import contenders, record
from workhorse.sim.contender import Contender, contender
from workhorse.sim.contest import Patience, Trace, contest, limit_seconds
from workhorse.sim.fleet import Fleet
from workhorse.sim.results_page import Limit, Shown, page
from workhorse.sim.spread import Kept
from workhorse.sim.verdict import SHARE
from workhorse.sim.workers import workers

OUT = Path(".run/results")
PAGE = Path("docs/results.md")
SHIPPED = Path("data/traces")
TRACES = Path("../shared/traces")
"""Where those that may not be shipped are looked for."""

NAMES: Mapping[str, bool] = {
    "bitcoin-core": True,
    "pulumi-pipelines": True,
    "gazebo-jenkins": False,
    "ros2-ci-jenkins": False,
}
"""The traces, and whether developers drive them: their pushes, and no nightly timers."""


def parser() -> argparse.ArgumentParser:
    """The arguments of the command."""
    top = argparse.ArgumentParser(prog="workhorse.sim results", description=__doc__)
    top.add_argument(
        "--traces",
        type=Path,
        default=TRACES,
        help=f"folder of the traces that are not shipped; done without when absent ({TRACES})",
    )
    top.add_argument("--page", type=Path, default=PAGE, help=f"what is written ({PAGE})")
    top.add_argument(
        "--policy",
        action="append",
        default=[],
        metavar="NAME(KEY=VALUE, ...)",
        help="planner or rival, may be given again; left out, all of them",
    )
    command.add_world(top)
    command.add_work(top, OUT)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Write the page; see `command.ended` for the status."""
    arguments = parser().parse_args(argv)
    return command.ended(lambda: _results(arguments), arguments.out)


def _results(arguments: argparse.Namespace) -> Mapping[str, str]:
    fleet = command.world(arguments)
    field = contenders(arguments.policy) if arguments.policy else everybody(fleet)
    paths = found(arguments.traces)
    traces = [Trace.read(path, arguments.days) for path in paths.values()]
    limits = limits_of(fleet)
    with workers(arguments.jobs, arguments.scheduler) as executor:
        heats = contest(
            traces,
            field,
            fleet,
            seed=arguments.seed,
            executor=executor,
            patiences=patiences(limits),
            kept=Kept(arguments.out / command.KEPT),
            console=command.console(arguments),
        )
    subjects = [
        report.Subject(trace=t.name, fleet=fleet, seed=arguments.seed, days=arguments.days)
        for t in traces
    ]
    shown = [
        Shown(
            subject=subject,
            trace=trace,
            heat=heat,
            shipped=paths[trace.name].parent == SHIPPED,
            driven=NAMES[trace.name],
        )
        for subject, trace, heat in zip(subjects, traces, heats, strict=True)
    ]
    missing = [name for name in NAMES if name not in paths]
    text = page(shown, limits, command=command_line(arguments), missing=missing)
    command.written(arguments.page, text)
    records = [record(*each) for each in zip(subjects, heats, strict=True)]
    command.written(arguments.out / "results.json", json.dumps(records, sort_keys=True) + "\n")
    command.say(f"written: {arguments.page}\n")
    return {f"{heat.trace}: {who}": why for heat in heats for who, why in heat.faults.items()}


def everybody(fleet: Fleet) -> tuple[Contender, ...]:
    """All policies as they come; `objective` is told the wait that the goals are set for.

    It reckons with gaps between builds itself, so it needs no cool-down.
    """
    told = {"wait_seconds": limit_seconds(fleet), "cool_down_seconds": 0}
    return tuple(
        contender("objective", told) if each.name == "objective" else each
        for each in contenders([])
    )


def command_line(arguments: argparse.Namespace) -> str:
    """The command with those of its options that the figures depend on."""
    usual = parser().parse_args([])
    words = ["python -m workhorse.sim results"]
    for name in ("policy", "days", "boot", "fleet", "seed"):
        value = getattr(arguments, name)
        if value != getattr(usual, name):
            many = value if isinstance(value, list) else [value]
            words += [f"--{name} {shlex.quote(f'{each}')}" for each in many]
    return " ".join(words)


def found(folder: Path) -> Mapping[str, Path]:
    """Name to the file of each trace that is there, those that are shipped first of all.

    Raises:
        Refusal: not one is there.
    """
    paths: dict[str, Path] = {}
    for name in NAMES:
        for path in (SHIPPED / f"{name}.csv", folder / f"{name}.csv"):
            if path.exists():
                paths.setdefault(name, path)
    if not paths:
        raise Refusal(f"--traces {folder}: must hold one of {', '.join(NAMES)} as NAME.csv")
    return paths


def limits_of(fleet: Fleet) -> tuple[Limit, ...]:
    """What "a boot and 30 s" can mean where boots differ: a median boot, or a p95 boot."""
    limits = (
        Limit(words="a median boot and 30 s", seconds=limit_seconds(fleet)),
        Limit(words="a p95 boot and 30 s", seconds=limit_seconds(fleet, SHARE)),
    )
    return limits[:1] if limits[0].seconds == limits[1].seconds else limits


def patiences(limits: Sequence[Limit]) -> tuple[Patience, ...]:
    """The bounds that are told: each limit for all builds and for 95 % of them, and no wait at all.

    The first is that of the last limit: tables go by it.
    """
    return (
        *(Patience(wait_seconds=limit.seconds) for limit in reversed(limits)),
        *(Patience(wait_seconds=limit.seconds, share=SHARE) for limit in reversed(limits)),
        Patience(wait_seconds=0.0),
    )
