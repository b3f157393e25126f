"""What agents ask of the loops, and what becomes of builds that are lost with them.

An ask is no fault; it is drawn and made smaller like one, for it comes at the worst of times.
In a world without a gateway nothing of this happens.
"""

from dataclasses import dataclass

from workhorse.core.asks import AskKind
from workhorse.sim.faults.fault import Fault, machine
from workhorse.sim.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStopped(Fault):
    """Somebody on an agent stops it."""

    which: int = 0

    def strike(self, world: World) -> None:
        """Ask for it until it is no more."""
        hit = machine(world, self.which)
        if hit is not None:
            world.asking.ask(hit.id, AskKind.STOP)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentFeltIdle(Fault):
    """An agent takes itself for idle, and may be wrong."""

    which: int = 0

    def strike(self, world: World) -> None:
        """Ask once."""
        hit = machine(world, self.which)
        if hit is not None:
            world.asking.ask(hit.id, AskKind.IDLE, again=False)
