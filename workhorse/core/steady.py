"""How long a drain stays as it is while the facts do, for whoever skips idle times."""

from workhorse.core import drain as d
from workhorse.core.drain import Drain, DrainState
from workhorse.core.drains import advance, look, may_return
from workhorse.core.heartbeat import next_beat
from workhorse.core.model import Policy, Pool, Snapshot

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
        (drain.missing_since or 0) + max(policy.boot_seconds, d.PIPELINE_RESUME_SECONDS),
    )
    return min([next_beat(drain), *[end for end in ends if end > now]])


def planned_as(drain: Drain) -> tuple[str, bool, bool]:
    """All that survey and planner make of a drain, whatever else becomes of it."""
    return drain.instance, drain.state in OVER, may_return(drain)


def rests(  # noqa: PLR0913 - a drain before and after, and what `look` is given
    had: Drain,
    drain: Drain,
    pool: Pool,
    snapshot: Snapshot,
    *,
    bound: frozenset[str],
    registered: frozenset[str],
) -> bool:
    """The facts that changed a drain would not change it again, nor what the planner makes of it.

    Args:
        had: the drain before it was looked at.
        drain: the drain after.
        pool: its pool.
        snapshot: the facts.
        bound: as for `look`.
        registered: as for `look`.
    """
    if planned_as(had) != planned_as(drain):
        return False
    noted, event = look(drain, pool, snapshot, bound=bound, registered=registered)
    again = advance(noted, event, pool, snapshot, snapshot.at)
    return again.drain == drain and not again.effects
