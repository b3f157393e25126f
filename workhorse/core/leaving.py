"""Who leaves of itself, or is taken: what agents ask, idle for too long, out of builds.

An ask is no order, and is answered once for all that was asked alike.
Who is taken by EC2 or stopped by somebody is cordoned at once, whatever the pool needs.
Who is idle leaves only when it is idle in our own eyes too, and the pool may become smaller: the
plan wants fewer than there are, where we plan, and the floor is kept.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf

from workhorse.core.asks import Ask, AskKind
from workhorse.core.decide import Decision
from workhorse.core.drain import REVOCABLE, Cause, Drain
from workhorse.core.drains import may_shrink
from workhorse.core.model import Lifecycle, Pool, Scaling
from workhorse.core.plan import first_to_leave
from workhorse.core.steady import OVER, ROUNDING_SECONDS

CAUSES = {
    AskKind.SPOT: Cause.SPOT,
    AskKind.REBALANCE: Cause.REBALANCE,
    AskKind.STOP: Cause.STOP,
    AskKind.IDLE: Cause.IDLE,
}
"""What an agent asks for, as the cause of a drain; one that failed asks for nothing."""

ASK_SECONDS = 600.0
"""How long an ask waits for its group to be readable: as long as a restarted controller may take
to be itself again. The agent asks anew while its reason stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What becomes of an agent that would leave."""

    instance: str
    cause: Cause
    begun: bool
    because: str


def answers(  # noqa: PLR0913 - the facts of one decision, by name
    pool: Pool,
    decision: Decision,
    drains: Mapping[str, Drain],
    *,
    now: float,
    leave: frozenset[str],
    asks: Iterable[Ask],
    spent: Iterable[str] = (),
) -> tuple[Answer, ...]:
    """Who leaves, and who would and stays, each with the reason.

    Args:
        pool: the pool.
        decision: what this tick decided for it.
        drains: the drains under way, by instance id.
        now: when the snapshot was taken.
        leave: instances that the planner chose to leave at this tick.
        asks: what agents of the pool ask.
        spent: instances that have run as many builds as they may.
    """
    taken, idle = list[Answer](), list[str]()
    for ask in asks:
        if ask.kind is AskKind.IDLE:
            idle += () if _leaves(drains.get(ask.instance)) else (ask.instance,)
        elif ask.kind in CAUSES:
            taken.append(_taken(ask, decision))
    group = decision.survey.group.by_id
    for name in spent:
        member = group.get(name)
        if member and member.lifecycle is Lifecycle.IN_SERVICE and not member.protected:
            because = f"it has run {pool.agent.max_builds} builds"
            taken.append(Answer(instance=name, cause=Cause.SPENT, begun=True, because=because))
    spare, because = _spare(pool, decision, drains, leave)
    late = [name for name in _late(pool, decision, now, idle) if name not in leave]
    return (
        *taken,
        *(_idle(name, begun=True, because="idle for too long") for name in late[:spare]),
        *(_idle(name, begun=False, because=because) for name in late[spare:]),
        *(
            _idle(name, begun=False, because="not seen ready and idle")
            for name in idle
            if name not in late and name not in leave
        ),
    )


def idle_until(pool: Pool, decision: Decision, now: float) -> float:
    """When the next agent will have been idle for too long, if everything stays as it is."""
    seconds = pool.agent.idle_minutes * 60
    if not seconds:
        return inf
    ends = (since + seconds for since in decision.survey.times.idle_since.values())
    return min((end for end in ends if end > now), default=inf)


def _taken(ask: Ask, decision: Decision) -> Answer:
    cause, member = CAUSES[ask.kind], decision.survey.group.by_id.get(ask.instance)
    if member is None:
        because = "it is not in its group"
        return Answer(instance=ask.instance, cause=cause, begun=False, because=because)
    because = ask.detail or "it asked"
    return Answer(instance=ask.instance, cause=cause, begun=True, because=because)


def _late(pool: Pool, decision: Decision, now: float, asked: list[str]) -> tuple[str, ...]:
    """Agents that are ready and idle, and asked to leave or are so for too long; first to go first.

    A time and a duration add up to within a microsecond: what is due may come that much sooner.
    """
    seconds, seen = pool.agent.idle_minutes * 60, decision.survey
    late = [
        (agent, since)
        for agent, since in seen.idle(now, 0)
        if agent.instance.id in asked or (seconds and now - since >= seconds - ROUNDING_SECONDS)
    ]
    return first_to_leave(late, seen.group.template_version)


def _idle(instance: str, *, begun: bool, because: str) -> Answer:
    return Answer(instance=instance, cause=Cause.IDLE, begun=begun, because=because)


def _leaves(drain: Drain | None) -> bool:
    return drain is not None and drain.state not in OVER


def _spare(
    pool: Pool, decision: Decision, drains: Mapping[str, Drain], leave: frozenset[str]
) -> tuple[int, str]:
    """How many agents the pool can do without, and why not more."""
    s, group = decision.situation, decision.survey.group
    if not s.told or s.frozen:
        return 0, "Jenkins cannot be trusted now"
    on_their_way = len(leave & group.by_id.keys()) + sum(
        1 for d in drains.values() if d.group == group.name and _will_shrink(d)
    )
    if not may_shrink(pool, group, on_their_way):
        return 0, "the pool may not become smaller"
    room = group.desired - on_their_way - s.floor
    if pool.scaling is Scaling.ALARMS:
        return room, "the pool may not become smaller"
    planned = s.have - decision.target - len(leave & group.by_id.keys())
    return max(0, min(room, planned)), "the plan wants all that there are"


def _will_shrink(drain: Drain) -> bool:
    return drain.cause in {Cause.SCALE_IN, Cause.IDLE} and drain.state in REVOCABLE
