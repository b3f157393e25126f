"""The keeper of the cache volumes: agents claim one, tell how it is, and let it go.

It is called from the gateway's threads. What it does goes through the performer, so that every
attachment is in the journal before it is made. Nothing it remembers matters: another process
begins from what EC2 shows.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Lock

from workhorse.core.agents import AgentPolicy, Tier
from workhorse.core.effects import AttachVolume, DetachVolume, TagVolume
from workhorse.core.errors import Missing, Surprise
from workhorse.core.meters import Meter
from workhorse.core.volume import Volume
from workhorse.core.volume_tags import Tags, after_claim, after_release, after_report
from workhorse.core.volumes import (
    Claim,
    candidates,
    contents,
    devices_for,
    held_by,
    lowerings,
    why_none,
)
from workhorse.loops.agent_ports import Volumes
from workhorse.loops.perform import Performer
from workhorse.loops.shelf import Shelf
from workhorse.loops.tally import Tally

CLAIM_SECONDS = 20.0
"""No further volume is tried after that long: a boot waits for the answer."""

WHILE_ASKING = "it is being claimed for this instance already"


class Keeper:
    """Gives agents their volumes.

    Args:
        volumes: EC2, to look at; it is changed through the performer alone.
        performer: what performs effects; it must stand threads.
        pools: pool name to what its agents are.
        now: seconds since the epoch.
    """

    def __init__(
        self,
        volumes: Volumes,
        performer: Performer,
        pools: Mapping[str, AgentPolicy],
        now: Callable[[], float],
    ) -> None:
        self._tiers = {name: agent.tier for name, agent in pools.items() if agent.tier}
        self._performer = performer
        self._now = now
        self._shelf = Shelf(volumes, sorted(self._tiers), now)
        self._tally = Tally(tuple(self._tiers))
        self._lock = Lock()
        self._asking: set[str] = set()

    def claim(self, instance: str, pool: str, zone: str) -> Claim:
        """A volume for the instance: what it has already, or the best that it can get.

        Args:
            instance: its id.
            pool: the pool it is of.
            zone: where it runs.
        """
        tier = self._tiers.get(pool, Tier.NONE)
        if tier is Tier.NONE or not zone:
            lack = "its zone is not known" if tier else f"the agents of pool {pool} have no cache"
            return Claim(because=lack)
        if not self._begin(instance):
            return Claim(because=WHILE_ASKING)
        try:
            return self._claim(instance, pool, zone, tier)
        except Surprise as surprise:
            self._tally.failed(pool)
            return Claim(because=str(surprise))
        finally:
            self._end(instance)

    def report(  # noqa: PLR0913 - what an agent tells, by name
        self,
        instance: str,
        volume: str,
        *,
        mounted: bool,
        because: str = "",
        fill: float | None = None,
        wiped: bool = False,
    ) -> None:
        """What the instance found on its volume, and whether it works with it.

        Args:
            instance: who tells.
            volume: what it has.
            mounted: it works with it.
            because: why not; `corrupt: ...` and `foreign: ...` are remembered on the volume.
            fill: how full it is, 0 to 1.
            wiped: it was formatted, though it had held something.

        Raises:
            Missing: the instance does not hold that volume.
            Surprise: EC2 does not answer or refuses.
        """
        known = self._held(instance, volume)
        self._tally.told(known.pool, instance, volume, mounted=mounted, wiped=wiped)
        tags = after_report(mounted=mounted, because=because, fill=fill, wiped=wiped)
        said = f"in use, {fill or 0:.0%} full" if mounted else because
        self._tag(volume, tags, f"{known.pool}: {instance} tells: {said}")

    def release(self, instance: str, volume: str, *, fill: float | None = None) -> None:
        """The instance has unmounted its volume: it is the next one's.

        Raises:
            Missing: the instance does not hold that volume.
            Surprise: EC2 does not answer or refuses.
        """
        known = self._held(instance, volume)
        because = f"{known.pool}: {instance} has unmounted it"
        self._tag(volume, after_release(self._now(), fill), because)
        self._performer.perform(DetachVolume(volume=volume, instance=instance), because)
        self._shelf.forget(volume)

    def meters(self) -> tuple[Meter, ...]:
        """What became of claims since the last time, and how the volumes are.

        Of the volumes nothing when EC2 does not answer.
        """
        if not self._tiers:
            return ()
        try:
            volumes = self._look()
        except Surprise:
            volumes = ()
        return self._tally.meters(volumes)

    def _claim(self, instance: str, pool: str, zone: str, tier: Tier) -> Claim:
        volumes = self._look()
        for had in held_by(volumes, instance):
            return Claim(volume=had.id, device=had.device, contents=contents(had))
        end = self._now() + CLAIM_SECONDS
        suitable = candidates(volumes, zone=zone, pool=pool, tier=tier)
        names = devices_for(volumes, instance)
        for number, volume in enumerate(suitable):
            if self._now() >= end:
                break
            device = names[number % len(names)]
            if self._attached(volume, instance, device):
                self._tally.given(pool, instance, volume, self._now())
                because = f"{pool}: {instance} has it"
                with suppress(Surprise):  # It only comes later in the order of the next claims.
                    self._tag(volume.id, after_claim(self._now()), because)
                return Claim(volume=volume.id, device=device, contents=contents(volume))
        self._tally.missed(pool)
        lost = f"all {len(suitable)} free volumes of {zone} went to others"
        none = why_none(volumes, zone=zone, pool=pool, tier=tier)
        return Claim(because=lost if suitable else none)

    def _attached(self, volume: Volume, instance: str, device: str) -> bool:
        """Whether the instance got it; what EC2 neither does nor refuses is raised."""
        if not self._shelf.reserve(volume.id):
            return False
        effect = AttachVolume(volume=volume.id, instance=instance, device=device)
        try:
            self._performer.perform(effect, f"{volume.pool}: the best of {volume.zone}")
        except Missing:
            self._shelf.note(volume.id, state="in-use")
            return False
        else:
            self._shelf.note(
                volume.id,
                state="in-use",
                attached_to=instance,
                attachment="attaching",
                device=device,
                attached_at=self._now(),
            )
            return True
        finally:
            self._shelf.give_back(volume.id)

    def _look(self) -> tuple[Volume, ...]:
        """The volumes, after every one was lowered whose holders are of less trust."""
        volumes = self._shelf.look()
        for effect in lowerings(volumes, self._tiers):
            self._performer.perform(effect, "agents of less trust hold it")
            self._shelf.note_tags(effect.volume, effect.tags)
        return volumes

    def _held(self, instance: str, volume: str) -> Volume:
        for known in held_by(self._look(), instance):
            if known.id == volume:
                return known
        raise Missing(f"{instance} does not hold {volume}")

    def _tag(self, volume: str, tags: Tags, because: str) -> None:
        if tags:
            self._performer.perform(TagVolume(volume=volume, tags=tags), because)
            self._shelf.note_tags(volume, tags)

    def _begin(self, instance: str) -> bool:
        with self._lock:
            if instance in self._asking:
                return False
            self._asking.add(instance)
            return True

    def _end(self, instance: str) -> None:
        with self._lock:
            self._asking.discard(instance)
