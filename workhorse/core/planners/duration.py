"""The `duration` planner: launch only what no build's end will spare.

It is `exact` with two differences, both from what was learned of the pool.
For a queued item that an executor will free up for sooner than an agent boots, none is launched;
and what became idle is kept for as long as that is cheaper than to launch again.
While too little was learned it is `exact`, and says so.
"""

from dataclasses import dataclass
from math import ceil
from typing import Literal

from workhorse.core.plan import (
    TAIL,
    Plan,
    Situation,
    buffer,
    need,
    steady_until,
    target,
)
from workhorse.core.planners.freeing import (
    FEWEST_BOOTS,
    FEWEST_BUILDS,
    Deadlines,
    spared,
)
from workhorse.core.planners.options import refuse
from workhorse.core.planners.warm import FEWEST_GAPS, Warmth, new_agent_cost, warm, warm_agents

SLOW = 0.95
"""The share of the boots within which a launch is counted on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """Fewest instance hours, at waits of little more than a boot."""

    confidence: float = 0.9
    """How sure it must be that an executor frees up in time, once a launch would come too late."""
    slack_seconds: float = 30.0
    """How much longer than the median boot an item may wait before it is called late."""
    idle_seconds: float | Literal["auto"] = "auto"
    """How long an idle agent is kept; `auto` is for as long as that is cheaper than a new one."""

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing.

        Raises:
            ValueError: with every fault.
        """
        idle = 0.0 if self.idle_seconds == "auto" else self.idle_seconds
        refuse(
            (
                not 0 < self.confidence <= 1,
                "confidence",
                self.confidence,
                "must be more than 0 and at most 1",
            ),
            (self.slack_seconds < 0, "slack_seconds", self.slack_seconds, "must be at least 0"),
            (idle < 0, "idle_seconds", self.idle_seconds, "must be at least 0, or auto"),
        )

    def plan(self, situation: Situation) -> Plan:
        """The plan for this tick."""
        warmth = self._warmth(situation)
        rules = (need, self.freeing, buffer, self.keep_warm, *TAIL)
        wanted, reasons = target(situation, rules)
        until = warm(situation, warmth.seconds or 0.0)[1]
        if situation.told and reasons[0].after > situation.have < situation.ceiling:
            until = situation.now  # the odds change with every second that an item waits
        return Plan(
            target=wanted,
            reasons=reasons,
            idle_seconds=self._idle_seconds(situation, warmth),
            holds_until=min(steady_until(situation), until),
            memory=warmth.as_memory() if self.idle_seconds == "auto" else {},
        )

    def _warmth(self, s: Situation) -> Warmth:
        if self.idle_seconds != "auto":
            return Warmth(seconds=None, reviewed=0)
        return Warmth.of(s, new_agent_cost(s) if len(s.learned.boots) >= FEWEST_BOOTS else None)

    def _idle_seconds(self, s: Situation, warmth: Warmth) -> float:
        if self.idle_seconds != "auto":
            return self.idle_seconds
        return s.policy.idle_seconds if warmth.seconds is None else 0.0

    def freeing(self, s: Situation, wanted: int) -> tuple[int, str]:
        """No launch for what an executor will free up for in time."""
        boot = s.learned.boot(0.5)
        wait = None if boot is None else boot + self.slack_seconds
        return without_freeing(s, wanted, wait, self.confidence)

    def keep_warm(self, s: Situation, wanted: int) -> tuple[int, str]:
        """Agents that became idle a moment ago are kept as long as they are worth it."""
        if self.idle_seconds != "auto":
            return wanted, f"idle agents are kept for {self.idle_seconds:g} s"
        return kept_warm(s, wanted, self._warmth(s).seconds)


def without_freeing(
    s: Situation, wanted: int, wait_seconds: float | None, confidence: float
) -> tuple[int, str]:
    """What is wanted, less what will probably free up in time; never fewer than there are.

    Args:
        s: of the pool.
        wanted: agents.
        wait_seconds: how long an item may wait; None while no boots are known.
        confidence: how sure a gamble must be.
    """
    missing = s.queued + s.running - s.have * s.policy.executors
    if not s.told or missing <= 0:
        return wanted, "nothing is missing"
    boots, builds = len(s.learned.boots), len(s.learned.durations)
    slow = s.learned.boot(SLOW)
    if wait_seconds is None or slow is None or boots < FEWEST_BOOTS or builds < FEWEST_BUILDS:
        seen = f"{boots} boots and {builds} builds seen"
        return wanted, f"cold start: {seen}, {FEWEST_BOOTS} and {FEWEST_BUILDS} are needed"
    deadlines = Deadlines(wait_seconds=wait_seconds, boot_seconds=slow, confidence=confidence)
    free = spared(s, missing, deadlines)
    fewer = ceil((s.queued + s.running - free) / s.policy.executors)
    told = f"{free} of {missing} missing executors free up within {wait_seconds:.0f} s of waiting"
    return min(wanted, max(fewer, s.have)), told


def kept_warm(s: Situation, wanted: int, seconds: float | None) -> tuple[int, str]:
    """What is wanted with the levels of demand that were left less than so long ago."""
    if not s.told:
        return wanted, "Jenkins was not read"
    if seconds is None:
        seen = f"{len(s.learned.gaps)} gaps and {len(s.learned.boots)} boots seen"
        return wanted, f"cold start: {seen}, {FEWEST_GAPS} and {FEWEST_BOOTS} are needed"
    kept = min(warm_agents(s, seconds), max(s.have, wanted))
    return max(wanted, kept), f"idle agents are worth {seconds:.0f} s"
