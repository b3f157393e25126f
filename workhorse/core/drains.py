"""Looking at leaving agents: the reading side of `core/drain.py`.

`look` names what a snapshot shows of one drain with one event; `core/drain_steps.py` steps by it.
"""

from dataclasses import replace

from workhorse.core import drain as d
from workhorse.core.cordon import cordons_among
from workhorse.core.drain import REVOCABLE, Cause, Drain, DrainEvent, DrainState
from workhorse.core.model import (
    Group,
    Instance,
    Lifecycle,
    Node,
    Policy,
    Pool,
    Release,
    Snapshot,
)

_ENDED_STATES = frozenset({"terminated", "gone"})
_DETACHED_STATES = frozenset({"pending", "running", "stopping", "stopped"})
_EVENT_OF = {
    Cause.SCALE_IN: DrainEvent.CHOSEN,
    Cause.HOOK: DrainEvent.HOOK_ARRIVED,
    Cause.SPOT: DrainEvent.SPOT_WARNED,
    Cause.REBALANCE: DrainEvent.REBALANCE_ADVISED,
    Cause.ROLLOUT: DrainEvent.CHOSEN,
    Cause.IDLE: DrainEvent.CHOSEN,
    Cause.SPENT: DrainEvent.CHOSEN,
    Cause.STOP: DrainEvent.LEAVE_ASKED,
    Cause.LOST: DrainEvent.CHOSEN,
    Cause.OLD_IMAGE: DrainEvent.CHOSEN,
}


def is_cordoned(node: Node) -> bool:
    """The node carries a cordon label of ours, and nothing else."""
    return len(node.labels) == 1 and bool(cordons_among(node.labels))


def found_cordon(node: Node) -> Cause | None:
    """The cause on the node's cordon label; None when it carries none of ours."""
    for cause, instance in cordons_among(node.labels):
        if instance == node.name and cause in set(Cause):
            return Cause(cause)
    return None


def opening(cause: Cause) -> DrainEvent:
    """The event by which a drain of that cause opens."""
    return _EVENT_OF[cause]


def may_shrink(pool: Pool, group: Group, ended: int) -> bool:
    """One agent fewer is allowed: scale-in is on, and the pool above its floor and its group's.

    Args:
        pool: the pool.
        group: its group as read.
        ended: agents that took, or will take, desired capacity down since the reading.
    """
    if not pool.policy.scale_in or group.scale_in_off:
        return False
    return group.desired - ended > max(pool.policy.floor, group.minimum)


def look(  # noqa: PLR0911, PLR0913 - a ladder of conditions, an event each; its facts by name
    drain: Drain,
    pool: Pool,
    snapshot: Snapshot,
    *,
    bound: frozenset[str] = frozenset(),
    registered: frozenset[str] = frozenset(),
    ended: int = 0,
) -> tuple[Drain, DrainEvent]:
    """What the snapshot shows of the drain; the drain comes back with what was noted of it.

    Args:
        drain: the drain as it was.
        pool: its pool.
        snapshot: what was read.
        bound: nodes that queued items name, from `core.demand.bound_nodes`.
        registered: instances whose node was seen before. When such a node is no longer listed, its
            agent may run on without one (Jenkins drops a computer of no executors so): it is
            lost to us when the ledger says so, for then it is not among these any more.
        ended: agents of the pool that took desired capacity down since the snapshot.
    """
    drain = noted(drain, snapshot)
    group = snapshot.groups.get(drain.group)
    if group is None:
        return drain, DrainEvent.SEEN_UNKNOWN
    instance = group.by_id.get(drain.instance)
    if drain.state is DrainState.GONE or instance is None:
        return drain, _outside(drain, snapshot)
    if drain.state is DrainState.WORKING:
        return drain, opening(drain.cause)
    if instance.lifecycle in {Lifecycle.TERMINATING_PROCEED, Lifecycle.TERMINATED}:
        return drain, DrainEvent.SEEN_PROCEEDING
    if drain.state is DrainState.RECALLED and instance.lifecycle.leaving:
        return drain, DrainEvent.HOOK_ARRIVED
    if _hook_absent(drain, instance, snapshot.at):
        return drain, DrainEvent.HOOK_ABSENT
    if _dead_at_hook(instance, snapshot):
        return drain, DrainEvent.SEEN_LOST_AT_HOOK
    if instance.id in registered and snapshot.jenkins and instance.id not in snapshot.jenkins.nodes:
        # Its cordon is seen no more: when it is listed again, that is confirmed anew.
        return replace(drain, confirmed_at=None), DrainEvent.SEEN_UNKNOWN
    after, event = _inside(drain, pool, instance, snapshot, bound)
    kept = event is DrainEvent.SEEN_SETTLED and drain.cause is Cause.IDLE
    if kept and drain.state in REVOCABLE and not may_shrink(pool, group, ended):
        return after, DrainEvent.FLOOR_KEPT
    return after, event


def noted(drain: Drain, snapshot: Snapshot) -> Drain:
    """The drain with what is seen of it at first sight: that it is online, and the hook it is at.

    Noted before anything else is done: the hook must be kept open while Jenkins takes no cordon,
    and who is called back by the reading that shows it online is not missing any more.
    """
    drain = _not_missing(drain, snapshot)
    group = snapshot.groups.get(drain.group)
    instance = group.by_id.get(drain.instance) if group else None
    if group is None or instance is None:
        return drain
    hook = group.hook if instance.lifecycle is Lifecycle.TERMINATING_WAIT else None
    return drain if drain.hook == hook else replace(drain, hook=hook)


def uncordoned(drain: Drain, snapshot: Snapshot) -> Drain:
    """The drain; its cordon is to be confirmed anew where the snapshot shows that it was undone."""
    node = snapshot.jenkins.nodes.get(drain.instance) if snapshot.jenkins else None
    if node is None or is_cordoned(node):
        return drain
    return replace(drain, confirmed_at=None)


def _not_missing(drain: Drain, snapshot: Snapshot) -> Drain:
    """Seen online, even in a snapshot that tells nothing else of it: it is not lost.

    What comes back may resume what ran on it, and Jenkins shows that within moments only: its
    cordon is confirmed anew, so that it settles anew, however far its drain has come.
    """
    node = snapshot.jenkins.nodes.get(drain.instance) if snapshot.jenkins else None
    if drain.missing_since is None or node is None or node.offline:
        return drain
    return replace(drain, missing_since=None, confirmed_at=None)


def _hook_absent(drain: Drain, instance: Instance, now: float) -> bool:
    """A message may come before the group shows it, by seconds; after that it was a false one."""
    told = drain.cause is Cause.HOOK and instance.lifecycle is Lifecycle.IN_SERVICE
    early = now - drain.opened_at < d.REPEAT_SECONDS
    return told and not early and drain.state in REVOCABLE


def _dead_at_hook(instance: Instance, snapshot: Snapshot) -> bool:
    """EC2's plain word that it is terminated: its group waits for nobody."""
    waits = instance.lifecycle is Lifecycle.TERMINATING_WAIT
    return waits and not snapshot.frozen and snapshot.states.get(instance.id) == "terminated"


def _outside(drain: Drain, snapshot: Snapshot) -> DrainEvent:
    """It is no member of its group (any more): EC2 has the last word."""
    jenkins = snapshot.jenkins
    if jenkins is None or snapshot.frozen:
        return DrainEvent.SEEN_UNKNOWN
    node = jenkins.nodes.get(drain.instance)
    state = snapshot.states.get(drain.instance)
    if state != "terminated" and snapshot.at - drain.opened_at < d.REPEAT_SECONDS:
        # A message may come before a group, or EC2, shows an instance at all.
        return DrainEvent.SEEN_UNKNOWN
    if state in _ENDED_STATES:
        over = drain.state is DrainState.GONE and node is None
        return DrainEvent.NODE_ABSENT if over else DrainEvent.VANISHED
    if drain.state is DrainState.RECALLED and (node is None or not is_cordoned(node)):
        return DrainEvent.SEEN_LOST if node is None else DrainEvent.SEEN_UNCORDONED
    if state in _DETACHED_STATES and drain.state is not DrainState.GONE:
        return DrainEvent.SEEN_DETACHED
    return DrainEvent.SEEN_UNKNOWN


def _inside(
    drain: Drain, pool: Pool, instance: Instance, snapshot: Snapshot, bound: frozenset[str]
) -> tuple[Drain, DrainEvent]:
    jenkins = snapshot.jenkins
    if jenkins is None or snapshot.frozen:
        return drain, DrainEvent.SEEN_UNKNOWN
    node = jenkins.nodes.get(instance.id)
    if node is None or node.offline:
        return _missing(drain, pool.policy, instance, node, jenkins.read_at)
    if not is_cordoned(node):
        return replace(drain, confirmed_at=None), DrainEvent.SEEN_UNCORDONED
    if drain.state is DrainState.ASKED or drain.confirmed_at is None:
        drain = replace(drain, confirmed_at=snapshot.at)
    if not node.idle or node.busy or node.name in bound:
        handed = drain.state is DrainState.HANDED  # The job, or a build: it settles anew after it.
        return replace(drain, confirmed_at=None) if handed else drain, DrainEvent.SEEN_BUSY
    return drain, _idle(drain, pool, instance, jenkins.read_at)


def _missing(
    drain: Drain, policy: Policy, instance: Instance, node: Node | None, read_at: float
) -> tuple[Drain, DrainEvent]:
    """No node, or an offline one."""
    if node is not None and (node.busy or not node.idle):
        return replace(drain, missing_since=None), DrainEvent.SEEN_BUSY
    if drain.missing_since is None or drain.missing_since > read_at:
        drain = replace(drain, missing_since=read_at)
    patience = d.resume_patience(drain.cause, policy.boot_seconds)
    if read_at - (drain.missing_since or read_at) < patience:
        return drain, DrainEvent.SEEN_UNKNOWN
    if instance.lifecycle is Lifecycle.TERMINATING_WAIT:
        return drain, DrainEvent.SEEN_LOST_AT_HOOK
    if instance.lifecycle is Lifecycle.IN_SERVICE:
        return drain, DrainEvent.SEEN_LOST
    return drain, DrainEvent.SEEN_UNKNOWN


def _idle(  # noqa: PLR0911 - the same ladder, its last rungs
    drain: Drain, pool: Pool, instance: Instance, read_at: float
) -> DrainEvent:
    """It is cordoned and idle: is that enough, and what comes next?"""
    if read_at < (drain.confirmed_at or read_at) + pool.policy.settle_seconds:
        return DrainEvent.SEEN_IDLE
    overdue = drain.asked_at and read_at - drain.asked_at >= d.REPEAT_SECONDS
    by_job = pool.policy.release is Release.JOB
    if instance.lifecycle is Lifecycle.IN_SERVICE:
        if drain.cause is Cause.HOOK:
            return DrainEvent.SEEN_IDLE
        if drain.state is DrainState.LEAVING and overdue:
            return DrainEvent.REPEAT_DUE
        return DrainEvent.SEEN_SETTLED
    if instance.lifecycle is not Lifecycle.TERMINATING_WAIT:
        return DrainEvent.SEEN_IDLE
    if drain.state is DrainState.HANDED:
        if read_at - drain.handed_at >= d.JOB_PATIENCE_SECONDS:
            return DrainEvent.JOB_OVERDUE
        return DrainEvent.REPEAT_DUE if overdue else DrainEvent.SEEN_SETTLED_FOR_JOB
    if drain.state is DrainState.RELEASED and overdue:
        return DrainEvent.REPEAT_DUE
    return DrainEvent.SEEN_SETTLED_FOR_JOB if by_job else DrainEvent.SEEN_SETTLED_AT_HOOK
