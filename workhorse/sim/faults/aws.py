"""What goes wrong with instances and their groups, and what operators do to them."""

from dataclasses import dataclass

from workhorse.sim.faults.fault import Fault, group, machine
from workhorse.sim.truth import Hand
from workhorse.sim.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotLost(Fault):
    """EC2 takes an instance back, two minutes after it said so or without a word."""

    which: int = 0
    warned: bool = True

    def strike(self, world: World) -> None:
        """Warn, or take it."""
        hit = machine(world, self.which)
        if hit is None:
            return
        if self.warned:
            world.interrupt_spot(hit.id)
        else:
            world.cloud.ec2_terminate(hit.id, Hand.SPOT)


@dataclass(frozen=True, slots=True, kw_only=True)
class RebalanceRecommended(Fault):
    """EC2 says that an instance is likely to be taken back."""

    which: int = 0

    def strike(self, world: World) -> None:
        """Say so."""
        hit = machine(world, self.which)
        if hit is not None:
            world.recommend_rebalance(hit.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityGone(Fault):
    """EC2 has no instances to give for a while."""

    seconds: float = 300.0

    def strike(self, world: World) -> None:
        """Have none."""
        world.cloud.no_capacity = True
        world.kernel.after(self.seconds, _have_some, world)


def _have_some(world: World) -> None:
    world.cloud.no_capacity = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneRebalanced(Fault):
    """A group launches one more instance, and ends one in another zone when that is in service."""

    pool: int = 0

    def strike(self, world: World) -> None:
        """Launch first."""
        world.cloud.rebalance(group(world, self.pool))


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupToldLate(Fault):
    """Auto Scaling tells how its groups were some seconds ago, for a while."""

    old_seconds: float = 15.0
    seconds: float = 120.0

    def strike(self, world: World) -> None:
        """Lag behind."""
        world.cloud.lag_seconds = self.old_seconds
        world.kernel.after(self.seconds, _keep_up, world)


def _keep_up(world: World) -> None:
    world.cloud.lag_seconds = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceDied(Fault):
    """An instance dies and no hook is asked; EC2 tells of it for an hour, or denies it."""

    which: int = 0
    known: bool = True

    def strike(self, world: World) -> None:
        """End it."""
        hit = machine(world, self.which)
        if hit is not None:
            world.cloud.ec2_terminate(hit.id, Hand.OUTSIDE, known=self.known)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceHung(Fault):
    """An agent's machine stops working, and EC2 goes on calling it running."""

    which: int = 0

    def strike(self, world: World) -> None:
        """Stop it."""
        hit = machine(world, self.which)
        if hit is not None:
            world.hang(hit.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentsNeverRegister(Fault):
    """Instances that are launched in a while never come to connect: their image is broken."""

    seconds: float = 120.0

    def strike(self, world: World) -> None:
        """Break the image."""
        world.stillborn = True
        world.kernel.after(self.seconds, _mend, world)


def _mend(world: World) -> None:
    world.stillborn = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceEnded(Fault):
    """Somebody calls TerminateInstanceInAutoScalingGroup."""

    which: int = 0
    decrement: bool = False

    def strike(self, world: World) -> None:
        """Ask for it."""
        hit = machine(world, self.which)
        if hit is not None:
            world.cloud.terminate(hit.id, Hand.AWS, decrement=self.decrement)


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredSet(Fault):
    """Somebody sets the desired capacity by hand, and AWS chooses whom to end."""

    pool: int = 0
    size: int = 0

    def strike(self, world: World) -> None:
        """Set it."""
        world.cloud.set_desired(group(world, self.pool), self.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceProtected(Fault):
    """An operator switches an instance's scale-in protection on, and off after a while."""

    which: int = 0
    seconds: float = 600.0

    def strike(self, world: World) -> None:
        """Protect it."""
        hit = machine(world, self.which)
        if hit is not None:
            world.cloud.protect(hit.id, protected=True)
            world.kernel.after(self.seconds, _unprotect, world, hit.id)


def _unprotect(world: World, instance: str) -> None:
    hit = world.cloud.machines.get(instance)
    if hit is not None and hit.in_group:
        world.cloud.protect(instance, protected=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceDetached(Fault):
    """An operator takes an instance out of its group, and ends it after a while."""

    which: int = 0
    seconds: float = 600.0

    def strike(self, world: World) -> None:
        """Take it out."""
        hit = machine(world, self.which)
        if hit is not None:
            world.cloud.detach(hit.id)
            world.kernel.after(self.seconds, world.cloud.ec2_terminate, hit.id, Hand.OUTSIDE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleInSwitchedOff(Fault):
    """An operator tags a group `workhorse:scale-in = off`, and takes that back after a while."""

    pool: int = 0
    seconds: float = 600.0

    def strike(self, world: World) -> None:
        """Switch it off."""
        name = group(world, self.pool)
        world.cloud.switch_scale_in(name, off=True)
        world.kernel.after(self.seconds, _switch_on, world, name)


def _switch_on(world: World, name: str) -> None:
    world.cloud.switch_scale_in(name, off=False)
