"""How often agents would find a warm volume, by how many there are: `workhorse.sim cache`.

Each number of volumes is played in four ways: with as many in each zone, or all in one; and with
zones as Auto Scaling chooses them, or where warm volumes lie (`agent.prefer_warm_zone`).
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workhorse.core.agents import AgentPolicy, Tier
from workhorse.core.errors import Refusal
from workhorse.core.model import Policy, Pool
from workhorse.sim.cache_world import CacheWorld, Claims
from workhorse.sim.command import add_world, world
from workhorse.sim.contender import Contender, Kind
from workhorse.sim.fleet import Fleet
from workhorse.sim.replay import CHUNK_SECONDS, PACE, Cast, cut, outcome_of
from workhorse.sim.stage import Stage
from workhorse.sim.workload import Job, read_csv

EXACT = Contender(kind=Kind.PLANNER, name="exact")
"""Who sizes the pools: the planner where none is named."""

MOST_HOURS = 24 * 60
"""A replay is given up after so long: builds that nobody runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One replay."""

    volumes: int
    """Of each pool."""
    gathered: bool
    """All of them lie in one zone."""
    preferring: bool
    """Zones are chosen by where warm volumes lie."""
    claims: Claims
    launched_in_zones: int
    wait_p95: float
    instance_hours: float


def played(  # noqa: PLR0913 - what a replay is made of, by name
    jobs: Sequence[Job],
    fleet: Fleet,
    *,
    volumes: int,
    gathered: bool = False,
    preferring: bool = False,
    seed: int = 1,
) -> Row:
    """Play the builds to pools with so many volumes each.

    Raises:
        Refusal: nothing to play, or a label that no pool has.
    """
    cast = Cast.of(jobs, fleet, EXACT)
    agent = AgentPolicy(tier=Tier.TRUNK, prefer_warm_zone=preferring)
    pools = [_pool(cast, name, agent) for name in cast.labels]
    made = CacheWorld(fleet, pools, volumes=volumes, gathered=gathered, seed=seed)
    made.run(cast.begin - made.kernel.now)
    made.feed(cast.jobs)
    stage = Stage(made, pools, pace=PACE)
    hours = int((jobs[-1].arrival - jobs[0].arrival) // 3600) + 1
    for hour in range(hours + MOST_HOURS):
        if hour >= hours and not made.unfinished:
            break
        stage.run(CHUNK_SECONDS)
    told = outcome_of(cast, made, seed).total
    each = made.claims.values()
    claims = Claims(
        warm=sum(c.warm for c in each), new=sum(c.new for c in each), none=sum(c.none for c in each)
    )
    return Row(
        volumes=volumes,
        gathered=gathered,
        preferring=preferring,
        claims=claims,
        launched_in_zones=made.launched_in_zones,
        wait_p95=told.waits.p95,
        instance_hours=told.instance_hours,
    )


def _pool(cast: Cast, name: str, agent: AgentPolicy) -> Pool:
    machines = cast.fleet.of(name)
    policy = Policy(
        name=name,
        labels=cast.labels[name],
        executors=machines.executors,
        floor=machines.floor,
        ceiling=machines.ceiling,
    )
    return Pool(policy=policy, group=name, queue_url=f"queue/{name}", agent=agent)


def table(rows: Sequence[Row]) -> str:
    """The rows, as Markdown."""
    heads = (
        *("volumes of a pool", "they lie", "zones chosen by", "agents", "warm", "empty", "none"),
        *("hit rate", "launched in a chosen zone", "wait p95, s", "instance-hours"),
    )
    lines = [_line(heads), _line(["---"] * len(heads))]
    for row in rows:
        c = row.claims
        chooser = "warm volumes" if row.preferring else "Auto Scaling"
        place = "in one zone" if row.gathered else "in each zone alike"
        cells = (
            *(f"{row.volumes}", place, chooser, f"{c.warm + c.new + c.none:,}"),
            *(f"{c.warm:,}", f"{c.new:,}", f"{c.none:,}", f"{c.hit_rate:.1%}"),
            *(f"{row.launched_in_zones:,}", f"{row.wait_p95:.1f}", f"{row.instance_hours:,.1f}"),
        )
        lines.append(_line(cells))
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def parser() -> argparse.ArgumentParser:
    """The options."""
    top = argparse.ArgumentParser(prog="workhorse.sim cache", description=__doc__)
    top.add_argument("--trace", type=Path, required=True, help="CSV: arrival_s,duration_s,label")
    top.add_argument(
        "--volumes",
        type=int,
        action="append",
        metavar="N",
        help="volumes of each pool, may be given again (3, 12, 48)",
    )
    top.add_argument("--seed", type=int, default=1, help="of everything left to chance (1)")
    add_world(top)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Play and print the table.

    Raises:
        Refusal: there is no such trace, or an assumption makes no sense.
    """
    given = parser().parse_args(argv)
    if min(given.volumes or (0,)) < 0:
        raise Refusal(f"--volumes: {min(given.volumes)}: must be 0 or more")
    fleet, jobs = world(given), cut(read_csv(given.trace), given.days)
    rows = [
        played(
            jobs,
            fleet,
            volumes=number,
            gathered=gathered,
            preferring=preferring,
            seed=given.seed,
        )
        for number in given.volumes or (3, 12, 48)
        for gathered in (False, True)
        for preferring in (False, True)
    ]
    sys.stdout.write(f"{table(rows)}\n")
    return 0
