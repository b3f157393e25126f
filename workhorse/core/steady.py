"""How long a drain stays as it is while the facts do, for whoever skips idle times."""

from collections.abc import Mapping
from math import inf

from workhorse.core import drain as d
from workhorse.core.drain import REVOCABLE, Cause, Drain, DrainState
from workhorse.core.drain_steps import advance
from workhorse.core.drains import look
from workhorse.core.heartbeat import next_beat
from workhorse.core.model import Instance, Lifecycle, Policy, Pool, Snapshot

ROUNDING_SECONDS = 0.001
"""What ends a quiet time is heeded so much early.

A time and a duration add up to within a microsecond: what is due may come that much sooner.
"""

OVER = frozenset({DrainState.RECALLED, DrainState.ENDED})
"""States in which a drain no longer keeps its agent from counting as capacity."""


def steady_until(drain: Drain, policy: Policy, now: float) -> float:
    """Until when the same facts ask for nothing: a patience of `look` or a heartbeat ends it.

    An end that would change nothing in this state is named all the same: looking once too often is
    no harm.
    """
    ends = (
        drain.opened_at + d.REPEAT_SECONDS,
        drain.asked_at + d.REPEAT_SECONDS,
        drain.handed_at + d.JOB_PATIENCE_SECONDS,
        (drain.confirmed_at or 0) + policy.settle_seconds,
        (drain.missing_since or 0) + d.resume_patience(drain.cause, policy.boot_seconds),
    )
    return min([next_beat(drain), *[end for end in ends if end > now]])


def may_return(drain: Drain) -> bool:
    """It leaves because it was not needed, and nothing was asked of AWS yet."""
    ours = drain.cause in {Cause.SCALE_IN, Cause.IDLE} and drain.asked_at == 0
    return ours and drain.state in REVOCABLE


def withdrawable(drain: Drain, instance: Instance | None) -> bool:
    """A rollout chose it to leave, nothing was asked of AWS yet, and it is in service.

    Or it was called back, and its node shows that not yet.
    """
    in_service = instance is not None and instance.lifecycle is Lifecycle.IN_SERVICE
    ours = drain.cause is Cause.ROLLOUT and drain.asked_at == 0
    return in_service and ours and drain.state in REVOCABLE | {DrainState.RECALLED}


def recallable(drain: Drain, instance: Instance | None) -> bool:
    """It may return, and is in service."""
    in_service = instance is not None and instance.lifecycle is Lifecycle.IN_SERVICE
    return in_service and may_return(drain)


def planned_as(drain: Drain) -> tuple[str, bool, bool]:
    """All that survey and planner make of a drain, whatever else becomes of it."""
    return drain.instance, drain.state in OVER, may_return(drain)


def quiet_until(  # noqa: PLR0913 - the drains before and after, and what `look` is given
    had: Mapping[str, Drain],
    drains: Mapping[str, Drain],
    pools: Mapping[str, Pool],
    snapshot: Snapshot,
    *,
    bound: frozenset[str],
    registered: frozenset[str],
) -> float:
    """Until when these facts ask for nothing more of the drains; 0 when they do now.

    Args:
        had: the drains before they were looked at, by instance id.
        drains: the drains after; nothing was done to the world for them.
        pools: group name to pool.
        snapshot: the facts.
        bound: as for `look`.
        registered: as for `look`.
    """
    if drains.keys() - had.keys():
        return 0.0
    for before in had.values():
        drain = drains.get(before.instance)
        if drain is before:
            continue
        if drain is None:
            if _is_somewhere(before, snapshot):
                return 0.0
            continue
        noted, event = look(drain, pools[drain.group], snapshot, bound=bound, registered=registered)
        again = advance(noted, event, pools[drain.group], snapshot, snapshot.at)
        same = planned_as(before) == planned_as(drain) and again.drain == drain
        if not same or again.effects:
            return 0.0
    ends = (steady_until(d, pools[d.group].policy, snapshot.at) for d in drains.values())
    return min(ends, default=inf)


def _is_somewhere(drain: Drain, snapshot: Snapshot) -> bool:
    """A drain that ended is no news to anybody only when its instance and node are no more."""
    group = snapshot.groups.get(drain.group)
    member = group is None or drain.instance in group.by_id
    return member or snapshot.jenkins is None or drain.instance in snapshot.jenkins.nodes
