"""A rival alone in a small world, to be watched."""

from collections.abc import Sequence
from functools import partial

from workhorse.sim import rivals
from workhorse.sim.fleet import Boot, Fleet, Machines
from workhorse.sim.pools import demand_of
from workhorse.sim.record import MONDAY, RecordedWorld
from workhorse.sim.rivals.ground import Ground
from workhorse.sim.workload import Job

STEADY = Machines(boot=Boot(median_seconds=60, p99_seconds=None), react_seconds=0)
"""Boots take a minute, and a group acts at once."""
HOUR = 3600.0


def stood(
    name: str, jobs: Sequence[Job], *, machines: Machines = STEADY, **settings: object
) -> RecordedWorld:
    """A world with one linux pool in which the rival stands from time 0 of the trace on."""
    rival = rivals.made(name, settings)
    fleet = Fleet(machines=machines, start_seconds=0)
    world = RecordedWorld(fleet, {"linux": frozenset({"linux"})}, seed=1, hooked=rival.hooked)
    world.run(MONDAY - world.kernel.now)
    world.feed(jobs)
    Ground(
        world=world,
        pool="linux",
        rival=rival,
        machines=machines,
        homes={"linux": "linux"},
        demand=partial(demand_of, jobs, machines.executors),
    )
    return world


def burst(count: int, seconds: float, at: float = 0.0) -> list[Job]:
    """So many builds at once."""
    return [Job(at, seconds, "linux")] * count


def launches(world: RecordedWorld) -> list[float]:
    """When each instance was launched, in seconds of the trace."""
    return [life.launched_at - MONDAY for life in world.lives.values()]


def ends(world: RecordedWorld) -> list[float]:
    """When each instance ended that did."""
    return [each.ended_at - MONDAY for each in world.lives.values() if each.ended_at is not None]
