"""The `objective` planner: the operator says how long builds may wait, it finds what that takes.

"95 of 100 builds begin within a minute, for at most 200 instance hours a day."
It is `duration` that also buys idle agents and spare launches, at a price for a late build that
the forecast sets (`forecast.py`) and the measured waits correct (`budget.py`).
Builds that wait get an agent whatever the hours say: hours limit what is bought beyond them.
Every plan reports the state of the budget: how many builds were late, what is left, what it buys.
"""

from dataclasses import dataclass
from math import ceil, inf
from typing import Any

from workhorse.core.learn import DAY_SECONDS
from workhorse.core.plan import TAIL, Plan, Situation, buffer, need, steady_until, target
from workhorse.core.planners.ahead import Asked
from workhorse.core.planners.duration import kept_warm, without_freeing
from workhorse.core.planners.exact import with_idle
from workhorse.core.planners.forecast import HOUR_SECONDS, hour_of, spared_launches
from workhorse.core.planners.options import refuse
from workhorse.core.planners.outlay import Aim, Outlay
from workhorse.core.planners.warm import warm

SURE = 0.95
"""How sure it must be that an executor frees up in time, once a launch may come too late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """A share of the builds begins within a time, within a number of instance hours a day."""

    wait_seconds: float = 60.0
    """A build that waits longer is late."""
    quantile: float = 0.95
    """The share of the builds that must not be late."""
    instance_hours_per_day: float | None = None
    """What may be spent on a day, UTC; null for whatever it takes."""

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing.

        Raises:
            ValueError: with every fault.
        """
        hours = self.instance_hours_per_day
        refuse(
            (self.wait_seconds <= 0, "wait_seconds", self.wait_seconds, "must be more than 0"),
            (
                not 0 < self.quantile < 1,
                "quantile",
                self.quantile,
                "must be more than 0 and less than 1",
            ),
            (
                hours is not None and hours <= 0,
                "instance_hours_per_day",
                hours,
                "must be more than 0, or null",
            ),
        )

    @property
    def aim(self) -> Aim:
        """The objective as numbers."""
        hours = self.instance_hours_per_day
        return Aim(
            wait_seconds=self.wait_seconds,
            late=1.0 - self.quantile,
            seconds=None if hours is None else hours * HOUR_SECONDS,
        )

    def plan(self, situation: Situation) -> Plan:
        """The plan for this tick."""
        s = situation
        outlay = Outlay.of(s, self.aim)
        step = _Step(wait_seconds=self.wait_seconds, outlay=outlay)
        wanted, reasons = target(s, step.rules())
        grown = next(r.after for r in reasons if r.rule == "spare_launches")
        asked = Asked.of(s).raised(s, grown)
        return Plan(
            target=wanted,
            reasons=reasons,
            idle_seconds=s.policy.idle_seconds if outlay.keep_seconds is None else 0.0,
            holds_until=min(
                steady_until(s), asked.holds_until, step.holds_until(s, reasons[0].after)
            ),
            memory={**outlay.as_memory(), **asked.as_memory()},
            report=outlay.report(s),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """The rules of one plan, which share what was found out for it."""

    wait_seconds: float
    outlay: Outlay

    def rules(self) -> tuple[Any, ...]:
        return (
            need,
            self.freeing,
            buffer,
            self.spare_launches,
            self.idle_ahead,
            self.keep_warm,
            *TAIL,
        )

    def holds_until(self, s: Situation, needed: int) -> float:
        """Until an hour begins, a level is given up, the hours are spent, or an item waits."""
        if s.told and needed > s.have < s.ceiling:
            return s.now
        ends = [warm(s, self.outlay.keep_seconds or 0.0)[1]]
        if any(self.outlay.idle):
            ends.append((s.now // HOUR_SECONDS + 1) * HOUR_SECONDS)
        if self.outlay.aim.seconds is not None:
            ends += [(s.now // DAY_SECONDS + 1) * DAY_SECONDS, self.outlay.spent_at(s)]
        return min(end if end > s.now else inf for end in ends)

    def freeing(self, s: Situation, wanted: int) -> tuple[int, str]:
        """No launch for what an executor will free up for in time."""
        boot = s.learned.boot(0.5)
        wait = None if boot is None else max(boot, self.wait_seconds)
        return without_freeing(s, wanted, wait, SURE)

    def spare_launches(self, s: Situation, wanted: int) -> tuple[int, str]:
        """More launches than items, when some boot too slowly and that is worth its price."""
        asked = Asked.of(s).size
        missing = wanted - s.have
        if not s.told or missing <= 0:
            return max(wanted, asked), f"{max(0, asked - wanted)} more were asked for"
        o = self.outlay
        launches = spared_launches(missing, o.in_time, o.spare_price, o.agent_seconds)
        told = f"{o.in_time:.0%} of boots in time, {o.spare_price:.0f} s for a late build less"
        return max(s.have + launches, asked), told

    def idle_ahead(self, s: Situation, wanted: int) -> tuple[int, str]:
        """Idle agents for the arrivals of one boot time that are worth them at this hour."""
        idle = self.outlay.idle[hour_of(s.now)] if self.outlay.idle else 0
        after, told = with_idle(s, wanted, ceil(idle / s.policy.executors))
        return after, f"{self.outlay.state}: {told}"

    def keep_warm(self, s: Situation, wanted: int) -> tuple[int, str]:
        """Agents that became idle a moment ago are kept as long as they are worth it."""
        return kept_warm(s, wanted, self.outlay.keep_seconds)
