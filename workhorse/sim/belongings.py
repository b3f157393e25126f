"""What simulated EC2 tells of everything that is ours: the port `Belongings`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from workhorse.core.disagreements import Owned
from workhorse.sim.cloud import SimCloud
from workhorse.sim.groups import Machine
from workhorse.sim.line import Line, Side


@dataclass(slots=True, kw_only=True)
class SimInventory:
    """What EC2 knows of ours beyond what the groups tell."""

    pools: dict[str, str] = field(default_factory=dict)
    """Group to the pool whose tag its instances carry; empty where EC2 is not asked for that."""
    made_at: dict[str, float] = field(default_factory=dict)
    """Image to when it was made; of any other nothing is known."""


class BelongingsPort:
    """The `Belongings` port: every instance of a group carries the tag of its pool.

    Args:
        line: what every call passes.
        cloud: whose instances they are.
        inventory: what else is known.
    """

    def __init__(self, line: Line, cloud: SimCloud, inventory: SimInventory) -> None:
        self._line = line
        self._cloud = cloud
        self._pools = inventory.pools
        self._made_at = inventory.made_at

    def owned(self, pools: Sequence[str]) -> Sequence[Owned]:
        """Every living instance of these pools, in a group or not."""
        return self._line.read(Side.EC2, lambda: self._living(frozenset(pools)), "owned")

    def made(self, images: Iterable[str]) -> Mapping[str, float]:
        """When each of these images was made."""
        asked = tuple(images)
        told = {each: self._made_at[each] for each in asked if each in self._made_at}
        return self._line.read(Side.EC2, lambda: told, asked)

    def _living(self, pools: frozenset[str]) -> tuple[Owned, ...]:
        machines = [m for m in self._cloud.machines.values() if m.alive]
        return tuple(self._owned(m) for m in machines if self._pools.get(m.group) in pools)

    def _owned(self, machine: Machine) -> Owned:
        templates = self._cloud.groups[machine.group].templates
        return Owned(
            id=machine.id,
            pool=self._pools[machine.group],
            state=str(machine.power),
            image=templates[machine.template_version].image,
            launched_at=machine.launched_at,
            canary=bool(machine.order),
        )
