"""What comes between the books of group, EC2 and Jenkins, and is the ledger's to find."""

from dataclasses import dataclass

from workhorse.core.disagreements import DAY_SECONDS
from workhorse.sim.faults.fault import Fault, group, node
from workhorse.sim.groups import Template
from workhorse.sim.world import World

OLD_SECONDS = 400 * DAY_SECONDS
"""Older than any pool's images may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayClosed(Fault):
    """No agent gets through to the gateway for a while: none is heard, none gets a node."""

    seconds: float = 300.0

    def strike(self, world: World) -> None:
        """Close it."""
        world.registering.gate.close()
        world.kernel.after(self.seconds, world.registering.gate.open)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentForgotten(Fault):
    """Somebody deletes a node, and its agent never finds that out."""

    which: int = 0

    def strike(self, world: World) -> None:
        """Delete it, and let nobody come back."""
        name = node(world, self.which)
        if name is not None:
            world.delete_node(name)
            world.hang(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutorsTakenAway(Fault):
    """Somebody sets a node's executors to none: it is listed no more, and its builds go on."""

    which: int = 0
    seconds: float = 1200.0

    def strike(self, world: World) -> None:
        """Take them away, and give them back after a while."""
        name = node(world, self.which)
        if name is not None:
            world.hide(name, hidden=True)
            world.kernel.after(self.seconds, _give_back, world, name)


def _give_back(world: World, name: str) -> None:
    if world.jenkins.has_node(name):
        world.hide(name, hidden=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageAged(Fault):
    """What a group launches turns out to be very old, and from now on it launches another image."""

    pool: int = 0

    def strike(self, world: World) -> None:
        """Age it, and make another."""
        found = world.cloud.group(group(world, self.pool))
        image = found.templates[found.template_version].image
        world.inventory.made_at[image] = world.kernel.now - OLD_SECONDS
        newer = Template(image=f"{image}-and-newer")
        world.inventory.made_at[newer.image] = world.kernel.now
        name = found.shape.group
        world.launching.use(name, world.launching.add_version(name, newer))
