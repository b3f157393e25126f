"""What goes wrong with the machine of the loops, and between it and everything else."""

from dataclasses import dataclass

from workhorse.sim.faults.fault import Fault
from workhorse.sim.line import CrashPoint, Side, Trip
from workhorse.sim.world import World

MARGIN_SECONDS = 60.0
"""For the tick after a fault, and the one that was under way when it began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopsCrashed(Fault):
    """The process is killed at its n-th change from then on, and started again."""

    changes: int = 1
    after: bool = False
    """The change was made; else it was not."""

    def strike(self, world: World) -> None:
        """Lie in wait on the line."""
        world.line.crash = CrashPoint(changes=self.changes, after=self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopsHung(Fault):
    """The machine of the loops stands still while the world goes on."""

    seconds: float = 60.0

    def strike(self, world: World) -> None:
        """Let the world go on."""
        world.run(self.seconds)

    def mutes(self) -> tuple[float, float]:
        """Nothing is sent meanwhile."""
        return self.at, self.at + self.seconds + MARGIN_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockJumped(Fault):
    """The clock of the loops' machine is set, forward or back."""

    by_seconds: float = 600.0

    def strike(self, world: World) -> None:
        """Set it."""
        world.ahead_seconds += self.by_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class SideFailed(Fault):
    """A side answers with 5xx, or not at all, for a while: nothing is read and nothing done."""

    side: Side = Side.JENKINS
    seconds: float = 60.0

    def strike(self, world: World) -> None:
        """Break the line."""
        world.line.out_of_reach.add(self.side)
        world.kernel.after(self.seconds, world.line.out_of_reach.discard, self.side)

    def mutes(self) -> tuple[float, float] | None:
        """Only Auto Scaling takes heartbeats."""
        return _muted(self.at, self.seconds, self.side)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersLost(Fault):
    """A side does what it is asked, and the caller hears of a time-out."""

    side: Side = Side.JENKINS
    seconds: float = 60.0

    def strike(self, world: World) -> None:
        """Lose what comes back."""
        world.line.ambiguous.add(self.side)
        world.kernel.after(self.seconds, world.line.ambiguous.discard, self.side)


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttled(Fault):
    """A side refuses all but one of so many calls, by chance, for a while."""

    side: Side = Side.AUTO_SCALING
    every: int = 2
    seconds: float = 60.0

    def strike(self, world: World) -> None:
        """Refuse."""
        world.line.throttled[self.side] = self.every
        world.kernel.after(self.seconds, world.line.throttled.pop, self.side, None)

    def mutes(self) -> tuple[float, float] | None:
        """Only Auto Scaling takes heartbeats."""
        return _muted(self.at, self.seconds, self.side)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFailed(Fault):
    """Of the next changes of a side the n-th fails, whether it was made all the same or not."""

    side: Side = Side.AUTO_SCALING
    changes: int = 1
    done: bool = False

    def strike(self, world: World) -> None:
        """Lay the trip."""
        world.line.trips.append(Trip(side=self.side, changes=self.changes, done=self.done))


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow(Fault):
    """Every call to a side takes so long, for a while."""

    side: Side = Side.JENKINS
    call_seconds: float = 5.0
    seconds: float = 60.0

    def strike(self, world: World) -> None:
        """Take time."""
        world.line.seconds[self.side] = self.call_seconds
        world.kernel.after(self.seconds, world.line.seconds.pop, self.side, None)

    def mutes(self) -> tuple[float, float]:
        """One thread does everything: a slow side makes every tick late."""
        return self.at, self.at + self.seconds + 10 * self.call_seconds + MARGIN_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldAgain(Fault):
    """A side tells an answer again for some seconds, as a cache in between would."""

    side: Side = Side.JENKINS
    old_seconds: float = 8.0
    """Below the settle time: what is older cannot be told from the truth by anybody."""
    seconds: float = 60.0

    def strike(self, world: World) -> None:
        """Keep answers."""
        world.line.old[self.side] = self.old_seconds
        world.kernel.after(self.seconds, world.line.old.pop, self.side, None)


def _muted(at: float, seconds: float, side: Side) -> tuple[float, float] | None:
    return (at, at + seconds + MARGIN_SECONDS) if side is Side.AUTO_SCALING else None
