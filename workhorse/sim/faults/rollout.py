"""What people ask of rollouts, with images that are good and others that are not.

An order is no fault; it is drawn and made smaller like one, for it comes at the worst of times.
In a world where no rollouts are allowed nothing of this happens.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from workhorse.core.orders import Command, Strategy
from workhorse.sim.faults.fault import Fault, group
from workhorse.sim.groups import Template
from workhorse.sim.world import World


class Made(StrEnum):
    """How an image turned out."""

    GOOD = "good"
    DEAD = "dead"
    """Its agents never connect."""
    SICK = "sick"
    """Half of its agents never connect."""
    SLOW = "slow"
    """Its agents boot four times as long."""
    FAILING = "failing"
    """Its agents fail the smoke job."""


OF: Mapping[Made, Template] = {
    Made.GOOD: Template(),
    Made.DEAD: Template(registers=0.0),
    Made.SICK: Template(registers=0.5),
    Made.SLOW: Template(slowness=4.0),
    Made.FAILING: Template(smoke="FAILURE"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutOrdered(Fault):
    """Somebody bakes an image and orders its rollout; refused while another is under way."""

    pool: int = 0
    made: Made = Made.GOOD
    strategy: Strategy = Strategy.DRAIN
    canary: bool = True

    def strike(self, world: World) -> None:
        """Bake and order."""
        name, rolling = group(world, self.pool), world.rolling
        if rolling is None or rolling.pools[name] in rolling.orders:
            return
        image = f"ami-{name}-{len(world.cloud.groups[name].templates) + 1}"
        target = rolling.bake(name, replace(OF[self.made], image=image))
        now = world.kernel.now
        rolling.order(name, target, at=now, strategy=self.strategy, canary=self.canary)


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutCommanded(Fault):
    """Somebody halts a rollout, lets it go on, or takes it back; nothing when there is none."""

    pool: int = 0
    command: Command = Command.HALT

    def strike(self, world: World) -> None:
        """Say so."""
        rolling = world.rolling
        order = rolling.orders.get(rolling.pools[group(world, self.pool)]) if rolling else None
        if rolling is not None and order is not None:
            rolling.command(order.pool, order.id, self.command)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTakenAway(Fault):
    """Somebody deletes the order of a rollout under way; nothing when there is none."""

    pool: int = 0

    def strike(self, world: World) -> None:
        """Delete it."""
        if world.rolling is not None:
            world.rolling.take_away(world.rolling.pools[group(world, self.pool)])
