"""Random plans in which machines come by a token, and are missed."""

import random
from collections.abc import Callable
from dataclasses import replace

from workhorse.sim.faults.fault import Fault
from workhorse.sim.faults.plan import FaultPlan
from workhorse.sim.faults.token_machines import TokenMachineCame

TOKENS = 0.1
"""The share of plans in which they do."""
Draw = Callable[[random.Random, type[Fault], float], Fault]


def with_tokens(plan: FaultPlan, rng: random.Random, fault: Draw) -> FaultPlan:
    """The plan with some such machines; all else stays.

    Args:
        plan: as it was drawn.
        rng: chance of its own.
        fault: draws a fault of that kind at that time.
    """
    found: list[Fault] = []
    for _ in range(rng.choice((1, 1, 2, 3))):
        at = rng.choice(plan.builds).at + rng.choice((0.0, 20.0, 100.0))
        found.append(fault(rng, TokenMachineCame, round(at)))
    return replace(plan, faults=tuple(sorted((*plan.faults, *found), key=lambda each: each.at)))
