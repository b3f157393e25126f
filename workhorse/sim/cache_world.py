"""A replay's world whose agents claim cache volumes, as agents do: by the real keeper.

An agent claims when it has booted and lets go when its instance ends, in the zone where Auto
Scaling launched it: that with the fewest instances of the group, unless a launch named another.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from workhorse.core.effects import Effect
from workhorse.core.errors import Surprise
from workhorse.core.model import Pool
from workhorse.core.volume import Volume
from workhorse.loops.agent_ports import Tending
from workhorse.loops.keeper import Keeper
from workhorse.loops.perform import perform
from workhorse.loops.ports import Ports
from workhorse.sim.fleet import Fleet
from workhorse.sim.groups import Machine, Shape
from workhorse.sim.record import RecordedWorld
from workhorse.sim.truth import Hand
from workhorse.sim.volumes import SimVolumes

FILL = 0.5
"""How full volumes are told to be; nothing here hangs on it."""


@dataclass(slots=True, kw_only=True)
class Claims:
    """What agents found."""

    warm: int = 0
    """A volume that an agent had used before."""
    new: int = 0
    """An empty one."""
    none: int = 0
    """Nothing: none was free in their zone."""

    @property
    def hit_rate(self) -> float:
        """The share that found a warm one, 0 to 1."""
        return self.warm / max(1, self.warm + self.new + self.none)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tended:
    """As much of the ports as a keeper's effects need; and a performer that journals nothing."""

    tending: Tending
    now: Callable[[], float]

    def perform(self, effect: Effect, because: str) -> None:  # noqa: ARG002 - for a journal
        perform(cast("Ports", self), effect, self.now())


@dataclass(slots=True, kw_only=True)
class _Zones:
    """A `loops.agent_ports.Zones`: the next launches of a group go where they were asked to."""

    world: "CacheWorld"
    asked: dict[str, list[str]] = field(default_factory=dict)

    def launch(self, group: str, zone: str, count: int) -> None:
        """LaunchInstances."""
        cloud = self.world.cloud
        if cloud.no_capacity:
            raise Surprise("InsufficientInstanceCapacity")
        self.asked.setdefault(group, []).extend([zone] * count)
        self.world.launched_in_zones += count
        cloud.set_desired(group, cloud.group(group).desired + count)


class CacheWorld(RecordedWorld):
    """The world of a replay, with cache volumes.

    Args:
        fleet: what is assumed.
        pools: the pools, whose agents are of a tier.
        volumes: the volumes of each pool.
        gathered: all of them lie in the first zone, and not as many in each.
        seed: of everything that is left to chance.
    """

    def __init__(
        self, fleet: Fleet, pools: Sequence[Pool], *, volumes: int, gathered: bool, seed: int
    ) -> None:
        self.claims: Mapping[str, Claims] = {pool.name: Claims() for pool in pools}
        self.launched_in_zones = 0
        """How many instances were launched in a zone of our choice."""
        self._zones = _Zones(world=self)
        labels = {pool.name: pool.policy.labels for pool in pools}
        super().__init__(fleet, labels, seed=seed, hooked=True)
        self.volumes = SimVolumes(lambda: self.kernel.now, self._zone_of)
        for pool in pools:
            zones = self.cloud.groups[pool.group].shape.zones
            for number in range(volumes):
                zone = zones[0] if gathered else zones[number % len(zones)]
                self.volumes.add(_volume(pool, zone, number))
        agents = {pool.name: pool.agent for pool in pools}
        doing = _Tended(tending=self._tending(), now=self.clock.now)
        self.keeper = Keeper(self.volumes, doing, agents, self.clock.now)

    def launched(self, shape: Shape, machine: Machine) -> None:
        """Auto Scaling puts it where it was asked to, or where the fewest are."""
        asked = self._zones.asked.get(shape.group)
        machine.zone = asked.pop(0) if asked else self._fewest(shape, machine)
        super().launched(shape, machine)

    def died(self, machine: Machine, hand: Hand) -> None:
        """Its volume is the next one's."""
        for volume in self.volumes.all:
            if volume.attached_to == machine.id:
                self.keeper.release(machine.id, volume.id, fill=FILL)
        super().died(machine, hand)

    def _connected(self, machine: Machine) -> None:
        first = not machine.came
        super()._connected(machine)
        if first and machine.alive:
            self._claim(machine)

    def _claim(self, machine: Machine) -> None:
        claim = self.keeper.claim(machine.id, machine.group, machine.zone)
        told = self.claims[machine.group]
        if not claim.volume:
            told.none += 1
        elif claim.contents.hit:
            told.warm += 1
        else:
            told.new += 1

    def _zone_of(self, instance: str) -> str | None:
        machine = self.cloud.machines.get(instance)
        return machine.zone if machine is not None and machine.alive else None

    def _fewest(self, shape: Shape, machine: Machine) -> str:
        members = self.cloud.groups[shape.group].machines.values()
        there = Counter(m.zone for m in members if m is not machine and not m.lifecycle.leaving)
        return min(shape.zones, key=lambda zone: (there[zone], shape.zones.index(zone)))

    def _tending(self) -> Tending:
        nobody = cast("Any", None)
        return Tending(nodes=nobody, volumes=self.volumes, builds=nobody, zones=self._zones)


def _volume(pool: Pool, zone: str, number: int) -> Volume:
    name = f"vol-{pool.name}-{zone}-{number}"
    return Volume(id=name, zone=zone, pool=pool.name, tier=pool.agent.tier, state="available")
