"""What goes wrong with Jenkins, and what people do at it."""

from dataclasses import dataclass

from workhorse.sim.faults.fault import Fault, machine, node
from workhorse.sim.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class JenkinsRestarted(Fault):
    """Jenkins goes down and comes up; its agents are offline and idle until they are back."""

    down_seconds: float = 20.0
    back_seconds: float = 12.0
    crash: bool = False
    """It had no time to write its queue: the queue is lost."""

    def strike(self, world: World) -> None:
        """Stop it."""
        world.restart_jenkins(self.down_seconds, self.back_seconds, crash=self.crash)


@dataclass(frozen=True, slots=True, kw_only=True)
class JenkinsQuietedDown(Fault):
    """Somebody prepares Jenkins for shutdown, and thinks better of it after a while."""

    seconds: float = 120.0

    def strike(self, world: World) -> None:
        """Give out no more work."""
        if world.jenkins.up:
            world.jenkins.quieting_down = True
            world.kernel.after(self.seconds, _think_better, world)


def _think_better(world: World) -> None:
    if world.jenkins.up:
        world.jenkins.quieting_down = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CordonsLost(Fault):
    """The next cordons are undone by somebody who read before them and writes after them."""

    number: int = 1

    def strike(self, world: World) -> None:
        """Let the other write win."""
        world.line.lost_cordons = self.number


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionBroke(Fault):
    """An agent's connection breaks, and it comes back after a while."""

    which: int = 0
    seconds: float = 60.0

    def strike(self, world: World) -> None:
        """Cut it."""
        hit = machine(world, self.which)
        if hit is not None:
            world.break_connection(hit.id, self.seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeUncordoned(Fault):
    """Somebody gives a node the labels that its pool's agents have; a canary's they leave."""

    which: int = 0

    def strike(self, world: World) -> None:
        """Write them."""
        name = node(world, self.which)
        hit = world.cloud.machines.get(name) if name else None
        if hit is not None and not hit.order:
            shape = world.cloud.groups[hit.group].shape
            world.jenkins.reconfigure(hit.id, shape.labels, exclusive=shape.exclusive)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeMarkedOffline(Fault):
    """Somebody takes a node temporarily offline, and brings it back after a while."""

    which: int = 0
    seconds: float = 120.0

    def strike(self, world: World) -> None:
        """Mark it."""
        name = node(world, self.which)
        if name is not None:
            world.jenkins.mark(name, temporarily_offline=True)
            world.kernel.after(self.seconds, _bring_back, world, name)


def _bring_back(world: World, name: str) -> None:
    if world.jenkins.has_node(name):
        world.jenkins.mark(name, temporarily_offline=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeDeleted(Fault):
    """Somebody deletes a node, and whatever runs on it dies by that hand."""

    which: int = 0

    def strike(self, world: World) -> None:
        """Delete it."""
        name = node(world, self.which)
        if name is not None:
            world.delete_node(name)
