"""Random plans in which the books of group, EC2 and Jenkins come apart."""

import random
from collections.abc import Callable
from dataclasses import replace

from workhorse.sim.faults.aws import AgentsNeverRegister, InstanceDied, InstanceHung
from workhorse.sim.faults.controller import NodeDeleted
from workhorse.sim.faults.fault import Fault
from workhorse.sim.faults.ledger import (
    AgentForgotten,
    ExecutorsTakenAway,
    GatewayClosed,
    ImageAged,
)
from workhorse.sim.faults.plan import FaultPlan, PoolPlan

APART = 0.2
"""The share of plans in which they do."""
LONG = 0.3
"""The share of builds there that run for longer than any agent is missed."""
LONG_SECONDS = 900.0
IMAGE_DAYS = 30.0
SLOW = 0.3
"""The share of plans there whose agents take longer to boot than anybody expects of them."""
SLOW_TIMES: tuple[tuple[float, ...], ...] = ((1.5,), (2.0,), (3.0,), (0.5, 2.0), (0.9, 1.1))
"""How many times `boot_seconds` the boots of a pool take."""
KINDS = (
    *(ExecutorsTakenAway, ExecutorsTakenAway, NodeDeleted, NodeDeleted, AgentForgotten),
    *(InstanceDied, InstanceHung, AgentsNeverRegister, GatewayClosed, ImageAged),
)
Draw = Callable[[random.Random, type[Fault], float], Fault]


def with_ledger(plan: FaultPlan, rng: random.Random, fault: Draw) -> FaultPlan:
    """The plan with what the ledger is for, and builds that last; all else stays.

    Args:
        plan: as it was drawn.
        rng: chance of its own.
        fault: draws a fault of that kind at that time.
    """
    pools = tuple(replace(each, image_days=IMAGE_DAYS) for each in plan.pools)
    builds = tuple(
        replace(build, seconds=LONG_SECONDS) if rng.random() < LONG else build
        for build in plan.builds
    )
    found: list[Fault] = []
    for _ in range(rng.choice((1, 2, 3, 4))):
        at = rng.choice(builds).at + rng.choice((60.0, 100.0, 150.0, 250.0))
        found.append(fault(rng, rng.choice(KINDS), round(at)))
    faults = tuple(sorted((*plan.faults, *found), key=lambda each: each.at))
    if rng.random() < SLOW:
        pools = tuple(_slow(each, rng.choice(SLOW_TIMES)) for each in pools)
    return replace(plan, pools=pools, builds=builds, faults=faults)


def _slow(pool: PoolPlan, times: tuple[float, ...]) -> PoolPlan:
    return replace(pool, boots=tuple(each * pool.policy.boot_seconds for each in times))
