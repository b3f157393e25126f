"""Stepping a rollout: note what is seen, name it, step the table, and say what is to be done.

Nothing is remembered but in the `Standing`, which the caller tells before it does anything that
the step asks for.
"""

from dataclasses import dataclass, replace
from typing import Any

from workhorse.core import canary
from workhorse.core.canary_end import busy_canaries, looked_at
from workhorse.core.effects import Effect
from workhorse.core.health import WAVE_AT, emptied, judged, new_wave, sighted
from workhorse.core.machine import step
from workhorse.core.orders import AWAITED_KEPT, Awaited, Order, Standing, Strategy
from workhorse.core.rollout import OVER, ROLLOUT, TRYING, RolloutAction, RolloutEvent, RolloutState
from workhorse.core.rollout_effects import effects_of
from workhorse.core.rollout_facts import Facts
from workhorse.core.rollout_looks import REFRESH_BEFORE, REFRESHED, TRIPPED, Seen, is_emptied, look
from workhorse.core.waves import awaited, last_wave, returning

ORDER = "order"
"""Key of the memory: the order as it was first read, for when somebody takes it away."""

S, E, A = RolloutState, RolloutEvent, RolloutAction

_TRIPS = frozenset(
    {
        E.CANARY_LATE,
        E.CANARY_GONE,
        E.SMOKE_FAILED,
        E.SMOKE_LATE,
        E.HEALTH_FAILED,
        E.REFRESH_FAILED,
    }
)
"""What is seen when the breaker trips."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """One step of one rollout: what was seen, how it stands then, and what to do after telling."""

    event: RolloutEvent
    before: RolloutState
    standing: Standing
    effects: tuple[Effect, ...] = ()
    retire: tuple[str, ...] = ()
    """Instances that the drain machine is to take."""
    recall: tuple[str, ...] = ()
    """Instances whose drain it is to call back."""

    @property
    def moved(self) -> bool:
        """The state is another: there is nothing to do before the next look."""
        return self.standing.state != self.before


def ordered(order: Order, now: float) -> Standing:
    """The standing of an order that nobody has looked at yet."""
    return Standing(
        order=order.id,
        pool=order.pool,
        state=S.ORDERED,
        at=now,
        since=now,
        started_at=now,
        memory={ORDER: order.as_record()},
    )


def order_of(standing: Standing) -> Order | None:
    """The order of a rollout that goes on, as it remembers it; None where it does not."""
    if standing.state in OVER:
        return None
    try:
        order = Order.from_record(standing.memory[ORDER])
    except (KeyError, TypeError, ValueError):
        return None
    return order if (order.pool, order.id) == (standing.pool, standing.order) else None


def surge(standing: Standing, facts: Facts) -> int:
    """Agents wanted beyond what the builds need, while old ones are left to leave."""
    going_on = standing.state in {S.WAVE, S.BAKING} and standing.left > 0
    return facts.policy.surge if going_on and facts.order.strategy is not Strategy.REFRESH else 0


def advance(standing: Standing, facts: Facts) -> Advance:
    """Look, and step the machine once.

    Raises:
        Misuse: the table has no row for what is seen.
    """
    before = RolloutState(standing.state)
    after = _noted(standing, facts)
    seen = look(after, facts)
    row = step(ROLLOUT, before, seen.event)
    after = replace(after, because=seen.because or row.because)
    if row.state is not before:
        return Advance(
            event=seen.event, before=before, standing=_entered(after, row.state, facts, seen)
        )
    back = before is S.ROLLING_BACK
    return Advance(
        event=seen.event,
        before=before,
        standing=after,
        effects=tuple(e for action in row.actions for e in effects_of(action, after, facts)),
        retire=seen.retire if A.RETIRE in row.actions else (),
        recall=returning(facts, back=back) if A.RECALL in row.actions else (),
    )


def _noted(standing: Standing, facts: Facts) -> Standing:
    """With what is seen of the agents, whatever it leads to."""
    state = RolloutState(standing.state)
    if state in OVER:
        return standing
    noted = sighted(replace(standing, at=facts.now), facts)
    if state in TRYING:
        noted = _tried(noted, facts)
    if facts.blind:
        return noted
    old, leaving = facts.old, facts.leaving
    noted = judged(noted, facts)
    if is_emptied(noted, facts):
        noted = emptied(noted, facts.now)
    total = noted.total if WAVE_AT in noted.memory else len(old)
    if state not in TRYING:
        noted = looked_at(noted, facts)
        waited_for = awaited(noted, facts, back=state is S.ROLLING_BACK)
        strays = tuple(busy_canaries(noted, facts))
        noted = replace(noted, awaited=(*waited_for, *strays)[:AWAITED_KEPT])
    return replace(noted, total=total, left=len(old), leaving=sum(i.id in leaving for i in old))


def _tried(standing: Standing, facts: Facts) -> Standing:
    """With what is seen of the canary."""
    found, run = canary.canary_of(facts), canary.smoke_of(standing, facts)
    if found is None:
        return standing
    path = run.path if run else ""
    boots = "" if facts.online(found.instance) else "boots"
    one = Awaited(instance=found.instance, build=path, since=found.launched_at, because=boots)
    return replace(standing, canary=found.instance, smoke=path, awaited=(one,))


def _entered(standing: Standing, state: RolloutState, facts: Facts, seen: Seen) -> Standing:
    """The standing as it comes into another state."""
    before, memory = standing.state, dict(standing.memory)
    changes: dict[str, Any] = {"state": state, "since": facts.now}
    if state is S.WAVE and (WAVE_AT not in memory or before == S.BAKING):
        standing = _next_wave(standing, facts)
        memory = dict(standing.memory)
    if state is S.REFRESHING:
        memory[REFRESH_BEFORE] = next((one.id for one in facts.refreshes or ()), "")
    if before == S.REFRESHING and state is S.BAKING:
        memory[REFRESHED] = True
    if seen.event is E.SMOKE_CUT:
        memory[canary.CUT] = standing.smoke
        memory.pop(canary.SMOKED_AT, None)
    if state is S.SMOKE:
        memory.setdefault(canary.SMOKED_AT, facts.now)
    if seen.event in _TRIPS:
        memory[TRIPPED] = standing.because
    if state in OVER:
        changes |= {"ended_at": facts.now, "awaited": ()}
    return replace(standing, memory=memory, **changes)


def _next_wave(standing: Standing, facts: Facts) -> Standing:
    """The first wave counts the agents; what a refresh has left is for one last wave."""
    last = last_wave(facts.policy)
    if WAVE_AT not in standing.memory:
        standing = replace(standing, total=len(facts.old), wave=0)
    else:
        wave = last if REFRESHED in standing.memory else min(standing.wave + 1, last)
        standing = replace(standing, wave=wave)
    return new_wave(standing, facts.now)
