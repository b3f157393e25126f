"""How many agents a rollout may keep from taking builds now, and why not more.

Of the policy's `max_unavailable` and the budgets whose window is open the strictest counts.
An agent counts against it from its cordon on, and so does a new one until it takes builds:
otherwise agents that leave fast would be gone by the dozen before the first new one has booted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from math import floor

from workhorse.core.learn import DAY_SECONDS
from workhorse.core.model import Agent
from workhorse.core.orders import RolloutPolicy
from workhorse.core.planners.windows import open_now
from workhorse.core.rollout_facts import Facts

SEARCHED_DAYS = 8
"""Every window of the week opens or closes within so many days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How many agents more may be asked to leave now."""

    agents: int
    because: str


def room(facts: Facts) -> Room:
    """How many agents a wave may ask to leave now; the facts are not blind."""
    for because in _holds(facts):
        return Room(agents=0, because=because)
    percent = percent_now(facts.policy, facts.now)
    if percent <= 0:
        until = _opens_at(facts.policy, facts.now)
        told = f"until {clock(until)}" if until is not None else "at any hour"
        return Room(agents=0, because=f"the budget is 0 % {told}")
    return _within(facts, percent)


def room_back(facts: Facts) -> Room:
    """The same for a roll back, which neither the calendar nor the queue may hold.

    A bad image keeps builds waiting: to wait for the queue would be to wait for ever.
    """
    return _within(facts, facts.policy.max_unavailable, back=True)


def percent_now(policy: RolloutPolicy, now: float) -> float:
    """The percentage that holds now: the least of those that do."""
    opened = [b.percent for b in policy.budgets if open_now((b.window,), now)[0]]
    return min([policy.max_unavailable, *opened])


def clock(at: float) -> str:
    """A time for people."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _holds(facts: Facts) -> Iterator[str]:
    """Why nobody may leave now, whatever the budgets say."""
    if facts.group is not None and facts.group.scale_in_off:
        yield "scale-in is switched off on the group"
    since = facts.demand.since if facts.demand and _serves(facts) else None
    limit = facts.policy.queue_wait_seconds
    if since is not None and facts.now - since > limit:
        yield f"a build waits for the pool since {clock(since)}, longer than {limit:g} s"


def _serves(facts: Facts) -> bool:
    """Whether the builds that wait could lose anybody by it.

    Where no agent of the old versions takes builds, their image may be the reason for the wait.
    """
    seen = facts.survey
    old = {instance.id for instance in facts.old}
    return seen is None or any(agent.instance.id in old for agent in seen.ready)


def _within(facts: Facts, percent: float, *, back: bool = False) -> Room:
    """What the percentage leaves of the pool's agents, those that come instead counted as away."""
    seen = facts.survey
    if seen is None:
        return Room(agents=0, because="the group was not read")
    lost = [a for a in seen.lost if _comes(a, facts, back=back)]
    absent = [a for a in (*seen.booting, *lost) if _comes(a, facts, back=back)]
    away = len(facts.cordoned) + len(absent)
    size = len(seen.ready) + len(seen.booting) + len(lost) + len(facts.cordoned)
    allowed = max(1, floor(round(size * percent / 100, 6))) if percent > 0 else 0
    because = f"{allowed} of {size} agents may be away at once"
    return Room(agents=max(0, allowed - away), because=because)


def _comes(agent: Agent, facts: Facts, *, back: bool) -> bool:
    """It is of the version that the group launches."""
    return (agent.instance.template_version == facts.order.target) is not back


def _opens_at(policy: RolloutPolicy, now: float) -> float | None:
    """When agents may leave again; None when the windows never let them."""
    at = now
    while at < now + SEARCHED_DAYS * DAY_SECONDS:
        at = min([at + DAY_SECONDS, *(open_now((b.window,), at)[1] for b in policy.budgets)])
        if percent_now(policy, at) > 0:
            return at
    return None
