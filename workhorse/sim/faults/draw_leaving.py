"""Random plans in which agents ask, and lost builds are queued again."""

import random
from collections.abc import Callable
from dataclasses import replace

from workhorse.sim.faults.aws import InstanceDied, SpotLost
from workhorse.sim.faults.fault import Fault
from workhorse.sim.faults.leaving import (
    AgentFeltIdle,
    AgentStopped,
    AnswerLostWhileQueueing,
    CrashedWhileQueueing,
)
from workhorse.sim.faults.plan import FaultPlan
from workhorse.sim.line import Side

LEAVING = 0.2
"""The share of plans in which there is a gateway."""
LURKING = 0.5
"""The share of those in which something waits for a build to be queued again."""
CALM = 0.3
"""The share of those in which nothing else goes wrong: then every lost build must be known."""

Draw = Callable[[random.Random, type[Fault], float], Fault]


def with_leaving(plan: FaultPlan, rng: random.Random, fault: Draw) -> FaultPlan:
    """The plan with a gateway, jobs that opt in or not, and losses; all else stays.

    Args:
        plan: as it was drawn.
        rng: chance of its own.
        fault: draws a fault of that kind at that time.
    """
    pools = tuple(
        replace(
            each,
            idle_minutes=rng.choice((0.0, 0.0, 1.0, 3.0)),
            max_builds=rng.choice((0, 0, 0, 1, 2)),
        )
        for each in plan.pools
    )
    builds = tuple(
        replace(build, job=rng.choice(("", "keep", "keep", "deploy"))) for build in plan.builds
    )
    found: list[Fault] = []
    for _ in range(rng.choice((1, 2, 3, 4))):
        at = rng.choice(builds).at + rng.choice((100.0, 150.0, 250.0, 400.0))
        kind = rng.choice((SpotLost, SpotLost, SpotLost, InstanceDied, AgentStopped, AgentFeltIdle))
        found.append(fault(rng, kind, round(at)))
    others = () if rng.random() < CALM else plan.faults
    if rng.random() < LURKING:
        crash = CrashedWhileQueueing(changes=rng.randint(1, 9), after=rng.choice((False, True)))
        done = rng.choice((True, True, False))
        side, number = Side.JENKINS, rng.choice((1, 2))
        lost = AnswerLostWhileQueueing(side=side, changes=number, done=done)
        found.append(rng.choice((crash, lost)))
    faults = tuple(sorted((*others, *found), key=lambda each: each.at))
    return replace(plan, pools=pools, builds=builds, faults=faults, asking=True)
