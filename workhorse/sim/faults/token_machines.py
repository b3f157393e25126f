"""Machines that come by a token, and go without a word."""

from dataclasses import dataclass

from workhorse.sim.faults.fault import Fault, group
from workhorse.sim.token_machines import TokenMachines
from workhorse.sim.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenMachineCame(Fault):
    """A machine with a token comes, goes, comes back, and goes for good."""

    pool: int = 0
    seconds: float = 150.0
    """How long it is there each time."""
    away_seconds: float = 900.0
    """How long it is away between."""

    def strike(self, world: World) -> None:
        """Let it come."""
        name = group(world, self.pool)
        machines, kernel = world.token_machines, world.kernel
        shape = world.cloud.groups[name].shape
        came = machines.come(world.asking.pools.get(name, name), shape)
        kernel.after(self.seconds, machines.go, came)
        kernel.after(self.seconds + self.away_seconds, machines.come_back, came)
        kernel.after(2 * self.seconds + self.away_seconds, _go_for_good, machines, came)
        machines.visits += 1


def _go_for_good(machines: TokenMachines, name: str) -> None:
    machines.go(name)
    machines.visits -= 1
