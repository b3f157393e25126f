"""One thing that goes wrong, as a value: when, what, and for how long.

A fault strikes the simulated world and never the loops; they meet what came of it through their
ports, as they would in the world outside.
Whom it hits is a number, which is taken modulo those that there are at that moment, so that a plan
keeps its meaning while it is made smaller; `AIMED` hits whom the loops have just done something to.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from workhorse.core.errors import Surprise
from workhorse.sim.groups import Machine
from workhorse.sim.world import START, World

AIMED = -1
"""The instance that is named by the effect which a fault was waiting for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault(ABC):
    """Something that goes wrong."""

    at: float = 0.0
    """Seconds from the beginning of the plan."""

    @abstractmethod
    def strike(self, world: World) -> None:
        """Let it happen now; what must end later is left with the kernel.

        Raises:
            Surprise: the world refuses it, as it would refuse a person.
        """

    def mutes(self) -> tuple[float, float] | None:
        """From when until when a heartbeat may fail for it, as `at` counts; None for never."""
        return None


def happen(fault: Fault, world: World) -> None:
    """Let a fault strike; what the world refuses has not happened."""
    try:
        fault.strike(world)
    except Surprise:
        return


def plan_faults(world: World, faults: tuple[Fault, ...]) -> None:
    """Have every fault strike at its time."""
    for fault in faults:
        world.kernel.at(START + fault.at, happen, fault, world)


def machine(world: World, which: int) -> Machine | None:
    """One of the living instances, in the order of their launch; None when there is none."""
    living = [m for m in world.cloud.machines.values() if m.alive]
    if which == AIMED:
        return next((m for m in living if m.id == world.aimed), None)
    return living[which % len(living)] if living else None


def node(world: World, which: int) -> str | None:
    """One of Jenkins' nodes, in the order of their registration; None when there is none."""
    nodes = list(world.jenkins.computers)
    if which == AIMED:
        return world.aimed if world.aimed in nodes else None
    return nodes[which % len(nodes)] if nodes else None


def group(world: World, which: int) -> str:
    """One of the groups."""
    names = list(world.cloud.groups)
    return names[which % len(names)]


def queue(world: World, which: int) -> str:
    """The queue of one of the groups."""
    return world.cloud.groups[group(world, which)].shape.queue
