"""One trace played to one policy or a few, told as text, JSON and pictures: `simulate`."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import fsum
from pathlib import Path

from rich.progress import Progress

from workhorse.core.errors import Refusal
from workhorse.sim import command, report, rollout_replay
from workhorse.sim.contender import Contender, contender
from workhorse.sim.fleet import Fleet
from workhorse.sim.outcome import ALL, Figures, Outcome
from workhorse.sim.pools import homes_of, pools_of
from workhorse.sim.replay import Trial, cut, replay
from workhorse.sim.rollout_options import add_rollout, tried
from workhorse.sim.rollout_replay import Played, replay_rollout
from workhorse.sim.workload import Job, read_csv


def parser() -> argparse.ArgumentParser:
    """The arguments of the command."""
    top = argparse.ArgumentParser(prog="workhorse.sim simulate", description=__doc__)
    top.add_argument(
        "--trace", type=Path, required=True, help="CSV of builds: arrival_s,duration_s,label"
    )
    top.add_argument(
        "--policy",
        action="append",
        default=[],
        metavar="NAME(KEY=VALUE, ...)",
        help="planner or rival, may be given again (exact)",
    )
    top.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a setting of the one policy, may be given again",
    )
    command.add_world(top)
    add_rollout(top)
    top.add_argument("--seed", type=int, default=1, help="of everything left to chance (1)")
    top.add_argument(
        "--bound",
        type=command.seconds,
        action="append",
        default=[],
        metavar="WAIT",
        help="also tell the least instance-hours at which no build waits longer than so many "
        "seconds; may be given again for the picture",
    )
    top.add_argument("--out", type=Path, help="folder for report.txt, report.json and pictures")
    top.add_argument("--json", action="store_true", help="print the report as JSON")
    top.add_argument("--quiet", action="store_true", help="no progress bar")
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Simulate; see `command.ended` for the status."""
    arguments = parser().parse_args(argv)
    return command.ended(lambda: _simulate(arguments), arguments.out or Path())


def _simulate(arguments: argparse.Namespace) -> Mapping[str, str]:
    fleet = command.world(arguments)
    field = contenders(arguments.policy, arguments.set)
    jobs = cut(read_csv(arguments.trace), arguments.days)
    name = arguments.trace.name.partition(".")[0]
    trial = tried(arguments)
    played = _played(jobs, fleet, field, trial, arguments)
    outcomes = [each.outcome for each in played]
    bounds = [least(jobs, fleet, wait) for wait in arguments.bound]
    if bounds:
        outcomes = [_beside(each, arguments.bound[0], bounds[0]) for each in outcomes]
    subject = report.Subject(trace=name, fleet=fleet, seed=arguments.seed, days=arguments.days)
    told, record = report.text(subject, outcomes), report.record(subject, outcomes)
    if trial is not None:
        told += rollout_replay.text(trial, played)
        record["rollouts"] = rollout_replay.record(trial, played)
    plain = report.written(record)
    command.say(plain if arguments.json else told)
    if arguments.out is not None:
        command.written(arguments.out / "report.txt", told)
        command.written(arguments.out / "report.json", plain)
        line = [(w, b[ALL] / 3600) for w, b in zip(arguments.bound, bounds, strict=True)]
        _draw(arguments.out, name, outcomes, line)
    return {}


def contenders(policies: Sequence[str], given: Sequence[str]) -> tuple[Contender, ...]:
    """The policies of `--policy`, `exact` without one; `--set` is for one alone.

    Raises:
        Refusal: a policy or a setting is refused, or two policies are the same.
    """
    settings = command.pairs("--set", given)
    if settings and len(policies) > 1:
        raise Refusal(f"--set {given[0]!r}: must be for one --policy, not {len(policies)}")
    if settings:
        [alone] = policies or ("exact",)
        return (contender(alone, settings),)
    field = tuple(map(command.policy, policies or ("exact",)))
    told = [str(each) for each in field]
    if len(set(told)) < len(told):
        raise Refusal(f"--policy: {', '.join(told)}: must differ from each other")
    return field


def _played(
    jobs: Sequence[Job],
    fleet: Fleet,
    field: Sequence[Contender],
    trial: Trial | None,
    arguments: argparse.Namespace,
) -> list[Played]:
    """What each made of the builds, and of the rollout if one is tried."""
    played, seed, console = [], arguments.seed, command.console(arguments)
    with Progress(console=console, disable=console is None, transient=True) as bar:
        for each in field:
            task = bar.add_task(str(each), total=1.0)

            def progress(share: float, task: object = task) -> None:
                bar.update(task, completed=share)  # type: ignore[arg-type]

            if trial is None:
                outcome = replay(jobs, fleet, each, seed=seed, progress=progress)
                played.append(Played(outcome=outcome))
            else:
                rolled = replay_rollout(jobs, fleet, each, trial, seed=seed, progress=progress)
                played.append(rolled)
    return played


def least(jobs: Sequence[Job], fleet: Fleet, wait_seconds: float) -> Mapping[str, float]:
    """The instance-seconds of a clairvoyant who lets no build wait longer, for each pool and all.

    For boots of the mean length: a policy's are as long on average (`docs/bound.md`).
    """
    from workhorse.sim.bound import clairvoyant  # noqa: PLC0415 - scipy, only where it is needed

    homes = homes_of(jobs, pools_of(jobs, fleet))
    builds: dict[str, list[tuple[float, float]]] = {}
    for job in jobs:
        builds.setdefault(homes[job.label], []).append((job.arrival, job.seconds))
    found = {
        pool: clairvoyant(
            builds[pool],
            boot_seconds=fleet.of(pool).boot.mean_seconds,
            wait_seconds=wait_seconds,
            executors=fleet.of(pool).executors,
        ).lower_seconds
        for pool in sorted(builds)
    }
    return {**found, ALL: fsum(found.values())}


def _beside(outcome: Outcome, wait: float, seconds: Mapping[str, float]) -> Outcome:
    def bounded(figures: Figures) -> Figures:
        bound = seconds.get(figures.name, 0.0)
        return replace(figures, bound_seconds=bound, bound_wait_seconds=wait)

    pools = tuple(map(bounded, outcome.pools))
    return replace(outcome, total=bounded(outcome.total), pools=pools)


def _draw(
    out: Path, name: str, outcomes: Sequence[Outcome], bound: Sequence[tuple[float, float]]
) -> None:
    from workhorse.sim import pictures  # noqa: PLC0415 - matplotlib takes a second to load

    if len(outcomes) == 1:
        panels = [(pool.name, pool) for pool in outcomes[0].pools]
    else:
        panels = [(outcome.contender, outcome.total) for outcome in outcomes]
    pictures.over_time(panels, out / "over-time.png")
    title = f"{name}: wait against instance-hours"
    pictures.wait_against_cost(outcomes, out / "wait-against-cost.png", title=title, bound=bound)
