"""A keeper on the simulated EC2, and what stands beside it in the tests."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tests.facts import NOW
from workhorse.core.agents import AgentPolicy, Tier
from workhorse.core.effects import AttachVolume, DetachVolume, Effect, TagVolume
from workhorse.core.errors import Surprise
from workhorse.core.volume import Volume
from workhorse.loops.agent_ports import Volumes
from workhorse.loops.keeper import Keeper
from workhorse.sim.volumes import SimVolumes

HERE, ELSEWHERE = "eu-west-1a", "eu-west-1b"
POOLS = {
    "linux": AgentPolicy(tier=Tier.TRUNK),
    "branches": AgentPolicy(tier=Tier.PULL_REQUEST),
    "plain": AgentPolicy(),
}


class Counting(SimVolumes):
    """Counts readings, and fails when told."""

    def __init__(self, now: Callable[[], float], zones: Mapping[str, str]) -> None:
        super().__init__(now, zones.get)
        self.readings = 0
        self.broken = False

    def volumes(self, pools: Sequence[str]) -> Sequence[Volume]:
        """One reading more."""
        self.readings += 1
        if self.broken:
            raise Surprise("EC2 does not answer")
        return super().volumes(pools)


@dataclass(eq=False)
class Doing:
    """A performer: does it on the volumes, and remembers it with its reason."""

    volumes: Volumes
    done: list[tuple[Effect, str]] = field(default_factory=list)
    before: Callable[[Effect], None] = lambda _: None
    """What happens between the decision and the deed."""

    def perform(self, effect: Effect, because: str) -> None:
        """Do it."""
        self.done.append((effect, because))
        self.before(effect)
        match effect:
            case AttachVolume():
                self.volumes.attach(effect.volume, effect.instance, effect.device)
            case DetachVolume():
                self.volumes.detach(effect.volume, effect.instance, force=effect.force)
            case TagVolume():
                self.volumes.tag(effect.volume, dict(effect.tags))
            case _:
                raise AssertionError(effect)

    def kinds(self) -> list[str]:
        """The names of what was done."""
        return [type(effect).__name__ for effect, _ in self.done]


class House:
    """A keeper, its EC2 and its clock."""

    def __init__(self, *volumes: Volume, pools: Mapping[str, AgentPolicy] = POOLS) -> None:
        self.at = NOW
        self.zones: dict[str, str] = {}
        self.volumes = Counting(lambda: self.at, self.zones)
        for each in volumes:
            self.volumes.add(each)
        self.doing = Doing(self.volumes)
        self.keeper = Keeper(self.volumes, self.doing, pools, lambda: self.at)

    def launch(self, name: str = "i-1", zone: str = HERE) -> str:
        """An instance runs."""
        self.zones[name] = zone
        return name

    def claim(self, instance: str, pool: str = "linux") -> str:
        """The volume that the instance gets; empty for none."""
        return self.keeper.claim(instance, pool, self.zones[instance]).volume

    def restart(self, pools: Mapping[str, AgentPolicy] = POOLS) -> None:
        """Another process keeps the volumes, with no memory."""
        self.keeper = Keeper(self.volumes, self.doing, pools, lambda: self.at)

    def volume(self, name: str) -> Volume:
        """It, as it is."""
        return {volume.id: volume for volume in self.volumes.all}[name]

    def change(self, name: str, **fields: Any) -> None:
        """Somebody else changes it."""
        self.volumes.add(replace(self.volume(name), **fields))

    def meters(self) -> dict[str, float]:
        """What is measured of the pool `linux`."""
        return {m.name: m.value for m in self.keeper.meters() if m.pool == "linux"}
