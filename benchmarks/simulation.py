"""A recorded six weeks of builds in the simulated world, by the real loops, on one core.

Three labels are three pools of one controller that looks every ten seconds; the planner is `exact`.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import inf
from pathlib import Path
from random import Random

from benchmarks.figures import Figure
from workhorse.core.model import Policy, Pool
from workhorse.loops.driver import Pace
from workhorse.sim.groups import Shape
from workhorse.sim.stage import Stage
from workhorse.sim.workload import Job, read_csv
from workhorse.sim.world import START, World

TRACE = Path(__file__).parents[1] / "data" / "traces" / "bitcoin-core.csv"
PACE = Pace(tick=10, glance=10, mail=10, publish=inf)
"""Nobody reads the meters of a simulated fleet."""
DAY = 86_400.0
QUARTER = 4
"""How many times more builds the longer of the two compared runs has."""


def run() -> Iterator[Figure]:
    """The seconds of the whole trace, and what a build costs in it beside one of a quarter of it.

    The quarter is every fourth day, so that it has busy and quiet ones in the same proportion.
    """
    jobs = read_csv(TRACE)
    whole = seconds(jobs)
    fewer = quarter(jobs)
    part = seconds(fewer)
    yield Figure(name="sim_bitcoin_core_seconds", value=whole, unit="s", n=1)
    each = whole / len(jobs)
    yield Figure(name="sim_build_microseconds", value=each * 1e6, unit="us", n=len(jobs))
    growth = each / (part / len(fewer))
    yield Figure(name="sim_growth_to_linear", value=growth, unit="ratio", n=2)


def quarter(jobs: Sequence[Job]) -> list[Job]:
    """Every fourth day of the trace, one after the other."""
    days = {job.arrival // DAY for job in jobs if job.arrival // DAY % QUARTER == 0}
    moved = {day: number * DAY for number, day in enumerate(sorted(days))}
    return [
        replace(job, arrival=job.arrival % DAY + moved[job.arrival // DAY])
        for job in jobs
        if job.arrival // DAY in moved
    ]


def seconds(jobs: Sequence[Job]) -> float:
    """The processor's seconds that it takes to play the builds, until the last has ended."""
    begin = jobs[0].arrival // 3600 * 3600
    shapes = [shape(label) for label in sorted({j.label for j in jobs})]
    world = World(shapes, exact=False, whole=False)
    for job in jobs:
        at = START + job.arrival - begin
        world.kernel.at(at, world.jenkins.submit, job.label, job.seconds, job.label)
    pools = [
        Pool(
            policy=Policy(name=group.shape.group, labels=group.shape.labels, ceiling=100),
            group=group.shape.group,
            queue_url=group.shape.queue,
        )
        for group in world.cloud.groups.values()
    ]
    stage = Stage(world, pools, pace=PACE)
    began = time.process_time()
    stage.run(max(job.arrival + job.seconds for job in jobs) - begin)
    while len(world.truth.finished) < len(jobs):
        stage.run(3600)
    return time.process_time() - began


def shape(label: str) -> Shape:
    """A group whose agents boot in about a minute."""

    def boot(rng: Random) -> float:
        return rng.lognormvariate(4.1, 0.3)

    return Shape(
        group=label,
        labels=frozenset({label}),
        maximum=100,
        queue=f"queue/{label}",
        boot_seconds=boot,
    )
