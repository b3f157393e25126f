"""Lost builds of a plan: which must have been queued again at its end, and which too often."""

from collections.abc import Iterator

from workhorse.core.requeue import RequeuePolicy
from workhorse.sim.faults.plan import FaultPlan
from workhorse.sim.faults.verdict import Promise
from workhorse.sim.lost_builds import Kept
from workhorse.sim.truth import Hand, Kill
from workhorse.sim.world import START, World

Found = tuple[Promise, str]

MARKER = "[queue again]"
POLICY = RequeuePolicy(marker=MARKER)
KEEP, DEPLOY, PLAIN = "keep", "deploy", "job"
"""A job that opted in, one that did and must not be, and one that did not."""

_TAKEN = frozenset({Hand.SPOT, Hand.OUTSIDE, Hand.AWS})
_HARMLESS = frozenset(
    {
        *("SpotLost", "InstanceDied", "RebalanceRecommended", "AgentStopped", "AgentFeltIdle"),
        *("MessagesRepeated", "MessagesLost", "MessagesDelayed", "OddMessageCame", "InstanceEnded"),
        *("CapacityGone", "DesiredSet", "InstanceProtected"),
    }
)
"""Faults that keep the loops neither from seeing an agent at every tick nor from remembering."""
_SEEN_SECONDS = 90.0
"""A build that ran for so long was seen, by four ticks at least."""
_GRACE_SECONDS = 300.0
"""Of the beginning: nothing is believed then."""


def jobs_of(plan: FaultPlan) -> dict[str, str]:
    """The jobs of a plan and their descriptions."""
    wants = {KEEP: f"Whatever happens. {MARKER}", DEPLOY: f"The same. {MARKER}", PLAIN: "Once."}
    lasts = {f"{build.seconds:.0f}" for build in plan.builds}
    return {f"{job}-{last}": said for job, said in wants.items() for last in sorted(lasts)}


def calm_enough(plan: FaultPlan) -> bool:
    """Nothing in the plan keeps the loops from knowing what ran on an instance that is lost."""
    return all(type(fault).__name__ in _HARMLESS for fault in plan.faults)


def owed(world: World, *, calm: bool) -> Iterator[Found]:
    """Builds that were lost with their instance, opted in, and have not been queued again.

    Those that a requeue noted in time are owed whatever happens; others only where it could not
    but know of them.
    """
    builds = world.again
    if builds is None:
        return
    noted = {told["build"] for record in world.journal.of("requeue") for told in record["builds"]}
    for kill in world.truth.kills:
        kept = builds.kept.get(kill.build)
        if kept is None or kill.hand not in _TAKEN or not _wanted(world, kept):
            continue
        known = kept.path in noted or (calm and _was_seen(kept, kill))
        if known and not builds.reruns(kept):
            yield (
                Promise.AGAIN,
                f"{kept.path}, lost at {kill.at - START:.0f} s, is not queued again",
            )


def unheard(world: World) -> Iterator[Found]:
    """Agents that were stopped, and are at work."""
    for name in sorted(world.asking.stopped - world.hung):
        machine = world.cloud.machines.get(name)
        if machine is not None and machine.alive and machine.in_group:
            yield Promise.DRAINS, f"instance {name} was stopped, and is there still"


def twice(world: World) -> Iterator[Found]:
    """Builds that were queued again more often than once; what Jenkins forgot does not count."""
    builds = world.again
    for kept in tuple(builds.kept.values()) if builds else ():
        if builds is not None and not kept.ours:
            runs = [run for run in builds.reruns(kept) if not run.forgotten]
            if len(runs) > 1:
                yield Promise.AGAIN, f"{kept.path} was queued again {len(runs)} times"


def _wanted(world: World, kept: Kept) -> bool:
    machine = world.cloud.machines.get(kept.build.node)
    dead = machine is None or not machine.alive
    return dead and kept.build.task.startswith(KEEP) and not kept.ours


def _was_seen(kept: Kept, kill: Kill) -> bool:
    began = kept.build.started_at
    late = kill.at - START > _GRACE_SECONDS
    return late and began is not None and kill.at - began > _SEEN_SECONDS
