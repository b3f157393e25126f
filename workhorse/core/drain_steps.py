"""Stepping a leaving agent by one event: the writing side of `core/drain.py`.

`advance` steps the table and says which effects to perform; the caller keeps the new drain only
after they were performed, so that a failed effect is tried again at the next tick.
"""

from dataclasses import dataclass, replace
from typing import Any

from workhorse.core.cordon import cordon_label
from workhorse.core.drain import (
    CHOSEN,
    REVOCABLE,
    Cause,
    Drain,
    DrainAction,
    DrainEvent,
    DrainState,
    presses_more,
)
from workhorse.core.drain_table import DRAIN
from workhorse.core.drains import opening
from workhorse.core.effects import (
    CompleteHook,
    Cordon,
    DeleteNode,
    Effect,
    ForgetMessage,
    QueueReleaseJob,
    Recall,
    TerminateInstance,
)
from workhorse.core.machine import step
from workhorse.core.model import Pool, Scaling, Snapshot

_ASKING = frozenset({DrainAction.TERMINATE, DrainAction.COMPLETE, DrainAction.QUEUE_JOB})
_SHRINKING = frozenset({Cause.SCALE_IN, Cause.IDLE})
"""An agent that is not needed: Auto Scaling itself takes one off, in the call that ends it.

In `alarms` mode too: nobody writes a size there, so that no policy's word is overwritten, and a
group that were not told would launch another idle one at once.
"""
_REPLACED = frozenset({Cause.ROLLOUT, Cause.SPENT, Cause.STOP, Cause.LOST, Cause.OLD_IMAGE})
"""Another is launched by demand, where we may size the pool; by Auto Scaling where we may not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """One step of one drain: what was seen, what to do, and the drain as it will be after that."""

    event: DrainEvent
    before: DrainState
    drain: Drain
    because: str
    effects: tuple[Effect, ...] = ()

    def failed(self, had: Drain) -> Drain:
        """The drain when an effect failed: as it was, and what failed is tried again.

        Nobody knows whether it was made.  Where that was a recall builds may have begun, so that a
        cordon is confirmed anew before its agent may go after all.
        """
        recalled = any(isinstance(effect, Recall) for effect in self.effects)
        return replace(had, confirmed_at=None) if recalled else had


def heard(drain: Drain, cause: Cause, now: float) -> tuple[Drain, DrainEvent]:
    """What it is to an open drain that its agent is to leave for `cause`, and the drain with that.

    One that was called back goes on for what we have it leave for now: by its old cause it would
    be called back again.
    """
    if drain.state is DrainState.RECALLED and cause in CHOSEN:
        return replace(drain, cause=cause, opened_at=now), opening(cause)
    if not presses_more(cause, drain.cause):
        return drain, opening(cause)
    if drain.state is DrainState.RECALLED:
        return replace(drain, cause=cause, opened_at=now), DrainEvent.PRESSED
    if drain.state in REVOCABLE:
        return replace(drain, cause=cause), DrainEvent.PRESSED
    return drain, opening(cause)


def advance(  # noqa: PLR0913 - the facts of one step
    drain: Drain, event: DrainEvent, pool: Pool, snapshot: Snapshot, now: float, *, ended: int = 0
) -> Advance:
    """Step the machine by one event.

    A cordon is written only to a node that the snapshot shows, and to no ghost of one; once a node
    appears, the next look asks for it again.

    Args:
        drain: the drain as it is.
        event: what was heard or seen of it.
        pool: its pool.
        snapshot: what was read.
        now: seconds since the epoch.
        ended: agents of the pool that took desired capacity down since the snapshot.

    Raises:
        Misuse: the table has no row for it.
    """
    row = step(DRAIN, drain.state, event)
    changes: dict[str, Any] = {}
    if row.state is not drain.state:
        changes["state"] = row.state
        if row.state is DrainState.ASKED:
            changes["confirmed_at"] = None
        elif row.state is DrainState.HANDED:
            changes["handed_at"] = now
    if not _ASKING.isdisjoint(row.actions):
        changes["asked_at"] = now
    after = replace(drain, **changes) if changes else drain
    effects: tuple[Effect, ...] = ()
    for action in row.actions:
        effects += _effects_of(action, after, pool, snapshot, ended)
    return Advance(
        event=event, before=drain.state, drain=after, because=row.because, effects=effects
    )


def _effects_of(  # noqa: PLR0911 - one effect for each action
    action: DrainAction, drain: Drain, pool: Pool, snapshot: Snapshot, ended: int
) -> tuple[Effect, ...]:
    hook = drain.hook.name if drain.hook else ""
    node, labels = drain.instance, pool.policy.labels
    match action:
        case DrainAction.CORDON:
            shown = snapshot.jenkins.nodes.get(node) if snapshot.jenkins else None
            if shown is None or shown.ghost:
                return ()
            return (Cordon(node=node, label=cordon_label(drain.cause, drain.instance)),)
        case DrainAction.TERMINATE:
            fewer = _fewer(drain, pool, snapshot, ended)
            return (TerminateInstance(instance=drain.instance, decrement=fewer),)
        case DrainAction.COMPLETE:
            return (CompleteHook(group=drain.group, hook=hook, instance=drain.instance),)
        case DrainAction.QUEUE_JOB:
            job = pool.release_job
            return (QueueReleaseJob(job=job, node=node, group=drain.group, hook=hook),)
        case DrainAction.RECALL:
            return (Recall(node=node, labels=labels, exclusive=pool.exclusive),)
        case DrainAction.DELETE_NODE:
            return (DeleteNode(node=node),)
        case DrainAction.FORGET:
            return tuple(ForgetMessage(queue=q, receipt=r) for q, _, r in drain.messages)


def _fewer(drain: Drain, pool: Pool, snapshot: Snapshot, ended: int) -> bool:
    """Desired capacity goes down with the agent, unless it must be replaced to keep the floor."""
    ours = drain.cause in _SHRINKING or (
        drain.cause in _REPLACED and pool.scaling is Scaling.LOOP and pool.policy.scale_in
    )
    group = snapshot.groups.get(drain.group)
    if group is None or not group.members:
        return ours
    return ours and group.desired - ended > max(pool.policy.floor, group.minimum)
