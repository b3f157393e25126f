"""What agents ask of the loops, and what becomes of builds that are lost with them.

An ask is no fault; it is drawn and made smaller like one, for it comes at the worst of times.
In a world without a gateway nothing of this happens.
"""

from collections.abc import Callable
from dataclasses import dataclass

from workhorse.core.asks import AskKind
from workhorse.core.effects import Effect, MarkBuild
from workhorse.sim.faults.fault import Fault, machine
from workhorse.sim.faults.ours import ChangeFailed, LoopsCrashed
from workhorse.sim.line import CrashPoint, Trip
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


@dataclass(frozen=True, slots=True, kw_only=True)
class CrashedWhileQueueing(LoopsCrashed):
    """The process is killed at its n-th change from the one on that marks a lost build."""

    def strike(self, world: World) -> None:
        """Lie in wait for it."""
        world.watchers.append(lambda effect: _upon_mark(effect, lambda: _lie(self, world)))


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerLostWhileQueueing(ChangeFailed):
    """Of the changes of a side the n-th fails, from the one on that marks a lost build."""

    def strike(self, world: World) -> None:
        """Lie in wait for it."""
        world.watchers.append(lambda effect: _upon_mark(effect, lambda: _lay(self, world)))


def _upon_mark(effect: Effect, act: Callable[[], None]) -> bool:
    """Act before the effect is made; True when it was the one."""
    if not isinstance(effect, MarkBuild):
        return False
    act()
    return True


def _lie(fault: LoopsCrashed, world: World) -> None:
    world.line.crash = CrashPoint(changes=fault.changes, after=fault.after)


def _lay(fault: ChangeFailed, world: World) -> None:
    world.line.trips.append(Trip(side=fault.side, changes=fault.changes, done=fault.done))
