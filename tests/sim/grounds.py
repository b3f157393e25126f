"""A rival alone in a small world, to be watched."""

from collections.abc import Sequence
from functools import partial

from workhorse.sim import rivals
from workhorse.sim.fleet import Boot, Fleet, Machines
from workhorse.sim.pools import demand_of
from workhorse.sim.record import MONDAY, Life, RecordedWorld
from workhorse.sim.rivals.ground import Ground, Grounds, Rival, View
from workhorse.sim.truth import Truth
from workhorse.sim.workload import Job

STEADY = Machines(boot=Boot(median_seconds=60, p99_seconds=None), react_seconds=0)
"""Boots take a minute, and a group acts at once."""
HOUR = 3600.0


class Scene:
    """A world and the rival that stands in it."""

    def __init__(self, world: RecordedWorld, grounds: Grounds) -> None:
        self.world = world
        self.run = grounds.run

    @property
    def desired(self) -> int:
        """The group's desired capacity."""
        return self.world.cloud.groups["linux"].desired

    @property
    def lives(self) -> dict[str, Life]:
        """Instance to its life."""
        return self.world.lives

    @property
    def truth(self) -> Truth:
        """What became of builds."""
        return self.world.truth


class Restless:
    """A rival that takes every look."""

    def __init__(self, rival: Rival) -> None:
        self.name = rival.name
        self.period = rival.period
        self.hooked = rival.hooked
        self.protects = rival.protects
        self.tick = rival.tick

    def rests_until(self, view: View) -> float:
        """Not at all."""
        return view.now


def stood(
    name: str,
    jobs: Sequence[Job],
    *,
    machines: Machines = STEADY,
    restless: bool = False,
    **settings: object,
) -> "Scene":
    """A world with one linux pool in which the rival stands from time 0 of the trace on."""
    rival = rivals.made(name, settings)
    fleet = Fleet(machines=machines, start_seconds=0)
    world = RecordedWorld(fleet, {"linux": frozenset({"linux"})}, seed=1, hooked=rival.hooked)
    world.run(MONDAY - world.kernel.now)
    world.feed(jobs)
    ground = Ground(
        world=world,
        pool="linux",
        rival=Restless(rival) if restless else rival,
        machines=machines,
        homes={"linux": "linux"},
        demand=partial(demand_of, jobs, machines.executors),
    )
    return Scene(world, Grounds(world, [ground], world.run))


def burst(count: int, seconds: float, at: float = 0.0) -> list[Job]:
    """So many builds at once."""
    return [Job(at, seconds, "linux")] * count


def launches(world: Scene) -> list[float]:
    """When each instance was launched, in seconds of the trace."""
    return [life.launched_at - MONDAY for life in world.lives.values()]


def ends(world: Scene) -> list[float]:
    """When each instance ended that did."""
    return [each.ended_at - MONDAY for each in world.lives.values() if each.ended_at is not None]
