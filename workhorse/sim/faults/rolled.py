"""What must have become of rollouts when the world is at rest, and what keeps it from that."""

from collections.abc import Iterator

from workhorse.core.canary import canary_label
from workhorse.core.labels import parse
from workhorse.core.orders import Command, Order
from workhorse.sim.faults.verdict import Promise
from workhorse.sim.groups import Template
from workhorse.sim.rolling import STABLE, Rollings
from workhorse.sim.world import World

Found = tuple[Promise, str]


def resume(world: World) -> None:
    """Whoever halted a rollout lets it go on."""
    rolling = world.rolling
    for order in tuple(rolling.orders.values()) if rolling else ():
        if rolling is not None and order.command is Command.HALT:
            rolling.command(order.pool, order.id, Command.GO)


def mend(world: World) -> None:
    """Whoever rolled out an image whose agents do not all come finds out and mends it."""
    for name, group in world.cloud.groups.items() if world.rolling else ():
        template = group.templates[group.template_version]
        ordered = world.rolling is not None and world.rolling.pools[name] in world.rolling.orders
        if (template.registers < 1 or template.slowness > 1) and not ordered:
            group.templates[group.template_version] = Template(image=template.image)


def unfinished(world: World) -> Iterator[Found]:
    """Rollouts that are not over, and canaries that nobody has ended."""
    if world.rolling is None:
        return
    for order in world.rolling.orders.values():
        told = world.rolling.standings.get(order.pool)
        stands = f"{told.state}: {told.because}" if told else "not begun"
        yield Promise.ROLLOUT, f"{order.id} of {order.pool} is under way still: {stands}"
    for told in world.rolling.standings.values():
        if told.order in world.rolling.taken_away and told.ended_at is None:
            yield Promise.ROLLOUT, f"{told.order}, taken away, stands still: {told.state}"
    for machine in world.launching.beside:
        if machine.alive:
            yield Promise.ROLLOUT, f"the canary {machine.id} of {machine.order} lives still"


def on_canaries(world: World) -> Iterator[Found]:
    """Users' builds that ran on a canary, but for those that fit anything which is not theirs.

    Jenkins gives `!windows` any node without that label, and no label of ours can keep it off.
    """
    pools = world.rolling.pools if world.rolling else {}
    canaries = {machine.id: machine for machine in world.launching.beside}
    for end in world.truth.finished if canaries else ():
        canary = canaries.get(end.node)
        if canary is None:
            continue
        has = frozenset({canary_label(pools[canary.group]), canary.id})
        if end.expression is None or not parse(end.expression).matches(has):
            yield Promise.CANARY, f"build {end.build} ({end.expression}) ran on {end.node}"


def rolled(world: World) -> Iterator[Found]:
    """What is wrong with the rollouts that are over."""
    if world.rolling is None:
        return
    yield from on_canaries(world)
    last = {order.pool: order for order in world.rolling.placed}
    for order in last.values():
        if order.pool not in world.rolling.orders:
            yield from _ended(world, world.rolling, order)


def _ended(world: World, rolling: Rollings, order: Order) -> Iterator[Found]:
    """The group's version, its members' and the image's channel are as the standing says."""
    told = rolling.standings.get(order.pool)
    if order.id in rolling.taken_away and (told is None or told.order != order.id):
        return  # No controller ever knew of it.
    if told is None or told.order != order.id or told.ended_at is None:
        yield Promise.ROLLOUT, f"{order.id} is gone and nobody told its end: {told}"
        return
    done = told.state == "DONE"
    group = world.cloud.groups[order.group]
    meant = order.target if done else order.previous
    if group.template_version != meant:
        text = f"{order.id} ended {told.state}, and its group launches {group.template_version}"
        yield Promise.ROLLOUT, text
    wrong = [m.id for m in group.machines.values() if m.template_version != meant]
    if wrong:
        yield Promise.ROLLOUT, f"{order.id} ended {told.state} and left {', '.join(wrong)} behind"
    stable = rolling.channels[order.pool].get(STABLE)
    if done != (stable == order.image):
        yield Promise.ROLLOUT, f"{order.id} ended {told.state}, and {stable} is stable"
    if (told.state == "FAILED") != (order.image in rolling.condemned):
        yield Promise.ROLLOUT, f"{order.id} ended {told.state}; condemned: {rolling.condemned}"
