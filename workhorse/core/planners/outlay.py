"""What the `objective` planner buys, why, and what it tells of its budget.

It is reckoned when much was learned since the last time, and else handed on from plan to plan.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from math import ceil, inf
from typing import Any

from workhorse.core.learn import Learned
from workhorse.core.plan import Situation
from workhorse.core.planners.budget import Nudge
from workhorse.core.planners.forecast import (
    HOUR_SECONDS,
    LADDER,
    Forecast,
    Outlook,
    forecast,
    hour_of,
    predicted,
)
from workhorse.core.planners.freeing import FEWEST_BOOTS
from workhorse.core.planners.warm import FEWEST_GAPS, break_even, new_agent_cost

FEWEST_ARRIVALS = 50
"""Arrivals that must have been seen before they are believed."""
FEWEST_WAITS = 128
"""Builds whose wait must have been measured before the budget is judged."""
REVIEW_LESSONS = 256
"""Everything is reckoned anew when so many things were learned, and sooner while little is known:
when there is an eighth more of it."""
SAVED = 0.6
"""Spare launches are bought only when so much of the budget of late builds is used up: a build may
be late, and what nobody needs is not paid for."""
NEAR = 0.01
"""Shares of late builds that differ by less are as good as each other."""


class State(StrEnum):
    """How the objective stands."""

    COLD = "cold start"
    """Too little is known to buy anything."""
    LEARNING = "learning"
    """It buys by the forecast; too few waits were measured to judge it."""
    ON_TARGET = "on target"
    LATE = "late"
    """More builds than allowed were late lately: the price rises."""
    OVER = "over budget"
    """The day's instance hours are spent: nothing beyond what the builds need."""
    IMPOSSIBLE = "impossible"
    """No price would do; the reason is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """The objective as numbers."""

    wait_seconds: float
    late: float
    """The share of the builds that may be late."""
    seconds: float | None
    """Instance seconds of a day that may be spent; None for any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """What was reckoned at the last review; plain numbers, to be handed on."""

    reviewed: int
    """Lessons at that time."""
    steps: int
    """The nudge's, at that time."""
    base: int = 0
    """The forecast's place on the ladder."""
    top: int = 0
    """The highest place that the hours allow."""
    in_time: float = 1.0
    agent_seconds: float = 0.0
    idle: tuple[int, ...] = ()
    keep_seconds: float | None = None
    because: str = ""
    """Why the objective cannot be met; empty when it can."""

    def is_old(self, lessons: int) -> bool:
        """So much was learned since that it is to be reckoned anew."""
        return not 0 <= lessons - self.reviewed < min(REVIEW_LESSONS, 1 + self.reviewed // 8)

    @property
    def price(self) -> float:
        """Seconds of an agent for one late build less."""
        return LADDER[self.base + self.steps]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlay:
    """What holds for one plan."""

    aim: Aim
    state: State
    nudge: Nudge
    bought: Bought | None = None
    late: float = 0.0
    """The share of the builds that was late lately."""
    price: float = 0.0
    spare_price: float = 0.0
    """The same for spare launches: nothing while few builds were late."""
    in_time: float = 1.0
    agent_seconds: float = 0.0
    idle: tuple[int, ...] = ()
    """Idle executors to keep, for each hour of the day; empty for none at any."""
    keep_seconds: float | None = None
    """How long a level of demand is kept; None while that is not known."""

    @classmethod
    def of(cls, s: Situation, aim: Aim) -> "Outlay":
        """For this plan."""
        learned = s.learned
        if len(learned.boots) < FEWEST_BOOTS or len(learned.arrivals) < FEWEST_ARRIVALS:
            return cls(aim=aim, state=State.COLD, nudge=Nudge(seen=learned.waits.seen))
        had = bought_before(s.memory)
        nudge = Nudge.of(s.memory, learned.waits)
        if had is None or had.is_old(learned.lessons):
            had = review(s, aim, nudge)
        bounds = (-had.base, had.top - had.base)
        nudge = nudge.moved(learned.waits, aim.wait_seconds, aim.late, bounds)
        bought = had if had.steps == nudge.steps else review(s, aim, nudge)
        late = 1.0 - learned.waits.up_to(aim.wait_seconds) if learned.waits.newest else 0.0
        state = _state(s, aim, bought, late)
        outlay = cls(aim=aim, state=state, nudge=nudge, bought=bought, late=late)
        if state is State.OVER:
            return replace(outlay, keep_seconds=0.0)
        spend = len(learned.waits) < FEWEST_WAITS or late > SAVED * aim.late
        return replace(
            outlay,
            price=bought.price,
            spare_price=bought.price if spend else 0.0,
            in_time=bought.in_time,
            agent_seconds=bought.agent_seconds,
            idle=bought.idle,
            keep_seconds=bought.keep_seconds,
        )

    def spent_at(self, s: Situation) -> float:
        """When the day's hours will be spent, if nothing changes; never when they are already."""
        if self.aim.seconds is None or not s.learned.spent.instances:
            return inf
        left = self.aim.seconds - s.learned.spent.today(s.now)
        return s.now + left / s.learned.spent.instances if left > 0 else inf

    def as_memory(self) -> Mapping[str, Any]:
        """For the next plan."""
        if self.bought is None:
            return self.nudge.as_memory()
        b = self.bought
        numbers = [b.reviewed, b.steps, b.base, b.top, b.in_time, b.agent_seconds]
        kept = [*numbers, list(b.idle), b.keep_seconds, b.because]
        return {**self.nudge.as_memory(), "bought": kept}

    def report(self, s: Situation) -> Mapping[str, Any]:
        """The error budget and what is bought, for the journal."""
        aim, bought = self.aim, self.bought
        idle = self.idle[hour_of(s.now)] if self.idle else 0
        hours = None if aim.seconds is None else aim.seconds / HOUR_SECONDS
        return {
            "state": str(self.state),
            **({"because": bought.because} if bought and bought.because else {}),
            "wait_seconds": aim.wait_seconds,
            "builds": len(s.learned.waits),
            "late": round(self.late, 4),
            "late_allowed": round(aim.late, 4),
            "budget_left": round(1 - self.late / aim.late, 2),
            "hours_today": round(s.learned.spent.today(s.now) / HOUR_SECONDS, 2),
            "hours_allowed": hours,
            "price_seconds": round(self.price),
            "idle_agents": ceil(idle / s.policy.executors),
            "idle_seconds": self.keep_seconds,
        }


def bought_before(memory: Mapping[str, Any]) -> Bought | None:
    """What the last plan handed on."""
    kept = memory.get("bought")
    if kept is None:
        return None
    reviewed, steps, base, top, in_time, agent_seconds, idle, keep, because = kept
    return Bought(
        reviewed=reviewed,
        steps=steps,
        base=base,
        top=top,
        in_time=in_time,
        agent_seconds=agent_seconds,
        idle=tuple(idle),
        keep_seconds=keep,
        because=because,
    )


def review(s: Situation, aim: Aim, nudge: Nudge) -> Bought:
    """Reckon anew what to buy."""
    learned = s.learned
    cost = new_agent_cost(s) or 0.0
    cast = forecast(learned, aim.wait_seconds, learned.boot(0.5) or 0.0, cost)
    most = s.ceiling * s.policy.executors
    outlooks = [predicted(cast, price, most) for price in LADDER]
    top = _affordable(outlooks, aim)
    base, because = _place(outlooks, top, aim)
    step = min(max(base + nudge.steps, 0), max(top, 0))
    return Bought(
        reviewed=learned.lessons,
        steps=step - base,
        base=base,
        top=max(top, 0),
        in_time=cast.in_time,
        agent_seconds=cost,
        idle=outlooks[step].idle if any(outlooks[step].idle) else (),
        keep_seconds=_keep_seconds(learned, cast, LADDER[step]),
        because=because,
    )


def _affordable(outlooks: list[Outlook], aim: Aim) -> int:
    """The highest place on the ladder within the hours of a day; -1 when there is none."""
    if aim.seconds is None:
        return len(outlooks) - 1
    hours = aim.seconds / HOUR_SECONDS
    return max((n for n, o in enumerate(outlooks) if o.hours_a_day <= hours), default=-1)


def _place(outlooks: list[Outlook], top: int, aim: Aim) -> tuple[int, str]:
    """The lowest place that meets the objective; else the best there is, and why it fails."""
    if top < 0:
        alone = outlooks[0].hours_a_day
        return 0, f"the builds alone take {alone:.1f} instance hours a day"
    best = outlooks[top].late
    enough = max(aim.late, best + NEAR) if best > aim.late else aim.late
    place = next(n for n, o in enumerate(outlooks) if o.late <= enough)
    if best <= aim.late:
        return place, ""
    limit = "the ceiling" if top == len(outlooks) - 1 else "the instance hours of a day"
    return place, f"within {limit}, {best:.0%} of the builds would still be late"


def _keep_seconds(learned: Learned, cast: Forecast, price: float) -> float | None:
    """A level that was given up costs a new agent, and perhaps a late build."""
    if len(learned.gaps) < FEWEST_GAPS:
        return None
    return round(break_even(learned, cast.agent_seconds + (1.0 - cast.in_time) * price), 1)


def _state(s: Situation, aim: Aim, bought: Bought, late: float) -> State:
    if aim.seconds is not None and s.learned.spent.today(s.now) >= aim.seconds:
        return State.OVER
    if bought.because:
        return State.IMPOSSIBLE
    if len(s.learned.waits) < FEWEST_WAITS:
        return State.LEARNING
    return State.LATE if late > aim.late else State.ON_TARGET
