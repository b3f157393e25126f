"""In which zones to launch, so that agents find warm volumes there.

A volume serves its own zone alone. Auto Scaling spreads instances evenly and knows nothing of that;
of what a pool grows by, as many are launched where free warm volumes lie as there are such volumes.
"""

from collections import Counter
from collections.abc import Iterable

from workhorse.core.agents import Tier
from workhorse.core.effects import LaunchInZone
from workhorse.core.model import Group, Pool
from workhorse.core.volume import Volume
from workhorse.core.volumes import candidates, contents


def spoken_for(group: Group, volumes: Iterable[Volume], boot_seconds: float) -> Counter[str]:
    """Zone to the agents that are still to claim a volume there, as far as one can see."""
    served = {volume.attached_to for volume in volumes if volume.attached_to}
    return Counter(
        i.zone
        for i in group.instances
        if i.id not in served
        and not i.lifecycle.leaving
        and (i.launched_at is None or group.read_at - i.launched_at < boot_seconds)
    )


def warm_volumes(
    volumes: Iterable[Volume], zones: Iterable[str], *, pool: str, tier: Tier
) -> Counter[str]:
    """Zone to the free volumes there that hold something."""
    shown = tuple(volumes)
    return Counter(
        volume.zone
        for zone in zones
        for volume in candidates(shown, zone=zone, pool=pool, tier=tier)
        if contents(volume).hit
    )


def warm_launches(
    pool: Pool, group: Group, volumes: Iterable[Volume], size: int
) -> tuple[LaunchInZone, ...]:
    """What to launch in which zone, of what it takes to get the group to that size.

    The rest is Auto Scaling's to place. Each launch takes the zone with the most warm volumes that
    nobody is coming for; of equals that with the fewest agents, then the first by name.
    """
    shown = tuple(volumes)
    left = warm_volumes(
        shown, sorted({v.zone for v in shown}), pool=pool.name, tier=pool.agent.tier
    )
    left.subtract(spoken_for(group, shown, pool.policy.boot_seconds))
    there = Counter(i.zone for i in group.instances if not i.lifecycle.leaving)
    chosen = Counter[str]()
    for _ in range(size - group.desired):
        zone = min(left, key=lambda z: (-left[z], there[z] + chosen[z], z), default="")
        if left[zone] <= 0:
            break
        left[zone] -= 1
        chosen[zone] += 1
    return tuple(
        LaunchInZone(group=pool.group, zone=zone, count=count)
        for zone, count in sorted(chosen.items())
    )
