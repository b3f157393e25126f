"""Peace: all faults and all people stop, and what must then come to be.

What is under way is named, so that a world which never comes to rest says why.
"""

from collections.abc import Container, Iterable, Iterator

from workhorse.core.disagreements import DAY_SECONDS
from workhorse.core.drains import is_cordoned
from workhorse.core.labels import parse
from workhorse.core.model import Lifecycle, Pool
from workhorse.core.notices import HANDLING, Handling, understand
from workhorse.sim.builds import Build
from workhorse.sim.builds import Stage as Step
from workhorse.sim.faults.rolled import resume, unfinished
from workhorse.sim.faults.verdict import Promise
from workhorse.sim.jenkins_facts import node_fact
from workhorse.sim.truth import Hand
from workhorse.sim.world import World

Found = tuple[Promise, str]


def calm(world: World, pools: Iterable[Pool] = ()) -> None:
    """All faults and all people stop; what they have done stays done.

    A clock that was set stays wrong, and a machine that hangs goes on hanging, except in pools
    whose policy switches scale-in off: whoever did that ends what hangs there.
    """
    world.line.calm()
    world.watchers.clear()
    world.queues.calm()
    world.stillborn = False
    world.cloud.no_capacity = False
    world.cloud.lag_seconds = 0.0
    if world.jenkins.up:
        world.jenkins.quieting_down = False
    for name, computer in world.jenkins.computers.items():
        if computer.temporarily_offline:
            world.jenkins.mark(name, temporarily_offline=False)
    _take_hands_off(world)
    resume(world)
    hands = {pool.group for pool in pools if not pool.policy.scale_in}
    for machine in world.members():
        if machine.id in world.hung and machine.group in hands:
            world.cloud.ec2_terminate(machine.id, Hand.OUTSIDE)
    world.registering.gate.open()
    for name, computer in world.jenkins.computers.items():
        if computer.unlisted:
            world.hide(name, hidden=False)


def _take_hands_off(world: World) -> None:
    """What operators hold is let go, and what they took out is ended."""
    for group in world.cloud.groups:
        world.cloud.switch_scale_in(group, off=False)
    for machine in world.members():
        if machine.protected:
            world.cloud.protect(machine.id, protected=False)
    for machine in tuple(world.cloud.machines.values()):
        if machine.alive and not machine.in_group and not machine.order:
            world.cloud.ec2_terminate(machine.id, Hand.OUTSIDE)


def under_way(
    world: World, pools: Iterable[Pool], exact: Container[str] | None = None
) -> Iterator[Found]:
    """Everything that keeps the world from being at rest.

    Args:
        world: that.
        pools: what the loops keep.
        exact: the groups that come to rest at one certain size, others within their bounds; all
            of them when nothing is said.
    """
    pools = tuple(pools)
    yield from waiting_builds(world, pools)
    yield from _drains(world)
    yield from unfinished(world)
    for pool in pools:
        yield from _size(world, pool, exact=exact is None or pool.group in exact)
    yield from _pairs(world)
    yield from _letters(world, pools)
    yield from _aged(world, pools)


def waiting_builds(world: World, pools: tuple[Pool, ...]) -> Iterator[Found]:
    """Builds that run, or that a pool could run."""
    for build in world.jenkins.queue.items.values():
        if build.errand is None and runnable(build, world, pools):
            yield Promise.BUILDS, f"build {build.id} ({build.expression}) is {build.stage} still"
    for computer in world.jenkins.computers.values():
        for build in computer.builds:
            if build.stage is not Step.PENDING:
                yield Promise.BUILDS, f"build {build.id} runs on {computer.name} still"


def runnable(build: Build, world: World, pools: Iterable[Pool]) -> bool:
    """A pool has agents that would take it; one that names a node needs just that."""
    wanted = build.pin or build.expression
    if wanted is None:
        return any(not pool.exclusive for pool in pools)
    asked = parse(wanted)
    if any(asked.matches(pool.policy.labels) for pool in pools):
        return True
    nodes = world.jenkins.computers.items()
    return any(asked.matches(node.labels | {name}) for name, node in nodes)


def _drains(world: World) -> Iterator[Found]:
    """Nobody leaves any more."""
    for computer in world.jenkins.computers.values():
        if is_cordoned(node_fact(computer)):
            yield Promise.DRAINS, f"node {computer.name} is cordoned still"
    for machine in world.members():
        if machine.lifecycle is not Lifecycle.IN_SERVICE:
            yield Promise.HOOKS, f"instance {machine.id} is {machine.lifecycle} still"


def _size(world: World, pool: Pool, *, exact: bool) -> Iterator[Found]:
    """As many as the planner wants of a pool with nothing to do; more, where it may not shrink."""
    group, policy = world.cloud.groups[pool.group], pool.policy
    least = max(policy.floor, min(policy.buffer, policy.ceiling)) if exact else policy.floor
    most = least if exact else policy.ceiling
    if group.members != group.desired:
        yield Promise.BOUNDS, f"{pool.group} has {group.members} of {group.desired} instances"
    if group.desired < least or (policy.scale_in and group.desired > most):
        yield Promise.BOUNDS, f"{pool.group} rests at {group.desired}, not at {least} to {most}"


def _pairs(world: World) -> Iterator[Found]:
    """Every node has its instance, and every instance its node."""
    nodes, instances = world.leftovers()
    for name in sorted(nodes):
        yield Promise.PAIRS, f"node {name} has no instance"
    if world.token_machines.visits:
        yield Promise.PAIRS, "machines with a token are there, or will be again"
    for name in sorted(instances):
        yield Promise.PAIRS, f"instance {name} has no node"
    for name in sorted(world.hung - instances):
        if name in world.cloud.machines and world.cloud.machines[name].alive:
            yield Promise.PAIRS, f"instance {name} hangs still"


def _letters(world: World, pools: Iterable[Pool]) -> Iterator[Found]:
    """Messages that ask for something of ours; what is not understood is left for people."""
    groups = {"", *(pool.group for pool in pools)}
    for queue, letters in world.queues.letters.items():
        for letter in letters.values():
            notice = understand(letter.body)
            if HANDLING[notice.kind] is not Handling.LEAVE and notice.group in groups:
                yield Promise.MESSAGES, f"{letter.id} in {queue} is there still: {notice}"


def _aged(world: World, pools: Iterable[Pool]) -> Iterator[Found]:
    """Agents of an image that is too old, while their group launches another."""
    for pool in pools:
        group, days = world.cloud.groups[pool.group], pool.agent.max_image_days
        newest = group.templates[group.template_version].image
        for machine in group.machines.values() if days else ():
            image = group.templates[machine.template_version].image
            made_at = world.inventory.made_at.get(image, world.kernel.now)
            if image != newest and world.kernel.now - made_at > days * DAY_SECONDS:
                yield Promise.LEDGER, f"instance {machine.id} is of {image} still"
