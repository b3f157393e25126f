"""Which cache volume an agent gets, in which state, and which lie with the dead.

EC2's attachment is the lock: what is decided here from a reading may be another's already, and
then the next candidate is tried.

Trust goes one way. A volume is of one tier, an agent gets one of exactly its pool's tier, and a
volume that agents of a pool hold is lowered when the pool is of less trust than it. Nothing here
raises a tier: what builds of pull requests wrote never comes before builds of trunk.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from workhorse.core.agents import Tier
from workhorse.core.effects import DetachVolume, TagVolume
from workhorse.core.volume import Volume
from workhorse.core.volume_tags import lowered_to
from workhorse.core.word import Word

DEVICES = tuple(f"/dev/sd{letter}" for letter in "fghijklmnop")
"""Names that EC2 recommends for EBS data volumes.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html
"""

YOUNG_SECONDS = 300.0
"""How long EC2 may not know an instance that it has just attached a volume to.

Its readings agree in the end, mostly within a minute.
https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
"""

_TRUST = {Tier.NONE: 0, Tier.PULL_REQUEST: 1, Tier.TRUNK: 2}


class Contents(Word):
    """What a volume holds when it is claimed."""

    WARM = "warm"
    """An agent used it before."""
    SEEDED = "seeded"
    """Nobody used it yet; it was made from a snapshot."""
    NEW = "new"
    """Nothing: it is formatted first."""
    CORRUPT = "corrupt"
    """What could not be mounted: it is wiped first."""

    @property
    def hit(self) -> bool:
        """A build finds something there."""
        return self in {Contents.WARM, Contents.SEEDED}


_ORDER = (Contents.WARM, Contents.SEEDED, Contents.NEW, Contents.CORRUPT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What an agent got."""

    volume: str = ""
    """Empty: none."""
    device: str = ""
    """The name it is attached by; the machine may call it otherwise."""
    contents: Contents = Contents.NEW
    because: str = ""
    """Why it got none."""


def contents(volume: Volume) -> Contents:
    """What the volume holds, as its tags and its origin tell."""
    if volume.corrupt:
        return Contents.CORRUPT
    if volume.used_at is not None:
        return Contents.WARM
    return Contents.SEEDED if volume.from_snapshot else Contents.NEW


def free(volume: Volume) -> bool:
    """Nobody holds it, as far as EC2 tells, and nothing speaks against its use."""
    return volume.state == "available" and not volume.attached_to and not volume.foreign


def candidates(
    volumes: Iterable[Volume], *, zone: str, pool: str, tier: Tier
) -> tuple[Volume, ...]:
    """The volumes that an agent there may claim, the one to try first first.

    Most recently used first, then seeded, then never used, then corrupt.
    """
    if tier is Tier.NONE or not zone:
        return ()
    suitable = [
        v for v in volumes if free(v) and v.zone == zone and v.pool == pool and v.tier is tier
    ]
    return tuple(sorted(suitable, key=_preference))


def _preference(volume: Volume) -> tuple[int, float, float, str]:
    """Of equals the oldest first, so that the order is one."""
    kind = _ORDER.index(contents(volume))
    return (kind, -(volume.used_at or 0.0), volume.created_at, volume.id)


def why_none(volumes: Iterable[Volume], *, zone: str, pool: str, tier: Tier) -> str:
    """Why there is no candidate, in words."""
    of_pool = [v for v in volumes if v.pool == pool and v.tier is tier]
    if not of_pool:
        return f"pool {pool} has no volume of tier {tier.value}"
    here = [v for v in of_pool if v.zone == zone]
    if not here:
        return f"pool {pool} has no volume of tier {tier.value} in {zone}"
    held, foreign = sum(1 for v in here if v.attached_to), sum(1 for v in here if v.foreign)
    others = len(here) - held - foreign
    return (
        f"of {len(here)} volumes of tier {tier.value} in {zone} {held} are in use, "
        f"{foreign} hold what is not ours, {others} are not ready"
    )


def held_by(volumes: Iterable[Volume], instance: str) -> tuple[Volume, ...]:
    """The volumes that the instance has or is getting; not what EC2 is taking from it."""
    return tuple(
        v
        for v in volumes
        if v.attached_to == instance and v.attachment in {"attaching", "attached"}
    )


def devices_for(volumes: Iterable[Volume], instance: str) -> tuple[str, ...]:
    """The names that no cache volume of the instance has, what is being taken from it included."""
    taken = {v.device for v in volumes if v.attached_to == instance}
    return tuple(name for name in DEVICES if name not in taken) or DEVICES


def lower(one: Tier, other: Tier) -> Tier:
    """That of less trust."""
    return min(one, other, key=lambda tier: _TRUST[tier])


def lowerings(volumes: Iterable[Volume], tiers: Mapping[str, Tier]) -> tuple[TagVolume, ...]:
    """What is to be told of volumes that agents of less trust hold now.

    Args:
        volumes: what EC2 shows.
        tiers: pool name to its tier; a pool without one says nothing of trust.
    """
    told = []
    for volume in volumes:
        tier = tiers.get(volume.pool, Tier.NONE)
        if volume.attached_to and Tier.NONE is not tier and _TRUST[tier] < _TRUST[volume.tier]:
            told.append(TagVolume(volume=volume.id, tags=lowered_to(tier)))
    return tuple(told)


def stranded(
    volumes: Iterable[Volume], states: Mapping[str, str], now: float
) -> tuple[DetachVolume, ...]:
    """The volumes to take from instances that are dead or stand still.

    EC2 detaches the volumes of an instance that it terminates by itself; this is for those that it
    left behind. A stopped instance has written all it had. An instance whose state nobody told is
    alive, and so is one that EC2 does not know yet.

    Args:
        volumes: what EC2 shows.
        states: instance to EC2's state, `gone` for one that EC2 does not know.
        now: seconds since the epoch.
    """
    found = []
    for volume in volumes:
        holder = volume.attached_to
        state = states.get(holder, "") if holder else ""
        since = volume.attached_at
        young = since is None or now - since < YOUNG_SECONDS
        dead = state == "terminated" or (state == "gone" and not young)
        if dead or state == "stopped":
            found.append(DetachVolume(volume=volume.id, instance=holder, force=dead))
    return tuple(found)
