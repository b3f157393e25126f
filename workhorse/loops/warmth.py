"""Launching where warm volumes lie, before the rest of a pool's growth is left to Auto Scaling.

It only ever chooses the zone of what is launched anyway. Whatever fails here, the desired capacity
that is set afterwards has Auto Scaling launch the same number anywhere.
"""

from workhorse.core.effects import Effect, SetDesiredCapacity
from workhorse.core.errors import Surprise
from workhorse.core.model import Group, Pool
from workhorse.core.zones import warm_launches
from workhorse.loops.notes import note
from workhorse.loops.perform import Performer
from workhorse.loops.ports import Ports


def launch_warm(ports: Ports, performer: Performer, pool: Pool, group: Group, by: Effect) -> None:
    """What of a growth is launched in zones of our choice, before that effect is performed.

    Args:
        ports: the outside.
        performer: what performs effects.
        pool: the pool that grows.
        group: its group as it was read.
        by: what sets its size.
    """
    if ports.tending is None or not pool.agent.prefer_warm_zone or pool.group in ports.executors:
        return
    if not isinstance(by, SetDesiredCapacity) or by.size <= group.desired:
        return
    try:
        volumes = ports.tending.volumes.volumes([pool.name])
        for effect in warm_launches(pool, group, volumes, by.size):
            because = f"{pool.name}: free warm volumes lie in {effect.zone}"
            performer.perform(effect, because)
    except Surprise as surprise:
        note(ports, "anywhere", pool=pool.name, error=str(surprise))
