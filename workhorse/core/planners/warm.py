"""How long an idle agent is worth its money: the ski rental problem with learned gaps.

To keep an agent idle costs a second of it each second; to let it go and launch another one later
costs a boot and a drain.  Nobody knows when the next build comes, but gaps of that kind were
observed: how long after demand fell below a level it was there again.
So the time to keep is the t for which the observed gaps would have cost least: a gap within t
costs itself, a longer one t and a new agent.
Without foresight nothing better is possible; with no gaps known, t = the cost of a new agent costs
at most twice what foresight would.

Levels, and not agents, are kept: an agent that idles while others take its builds in turn would
never be idle for long, though one agent fewer would do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, inf
from typing import Any

from workhorse.core.learn import Learned
from workhorse.core.plan import Situation

FEWEST_GAPS = 20
"""Gaps that must have been seen before they are believed."""
REVIEW_LESSONS = 16
"""The time to keep is looked at again when so many things were learned."""
LATE_SECONDS = 1.0
"""A level is kept so much longer than the gap that it is kept for: looks come a little late."""
LOOKS_SECONDS = 20.0
"""What two looks ten seconds apart add to the settle time of a drain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warmth:
    """How long levels are kept, and what that was reckoned from."""

    seconds: float | None
    """None while too little is known."""
    reviewed: int
    """Lessons at that time, in units of `REVIEW_LESSONS`."""

    @classmethod
    def of(cls, situation: Situation, cost: float | None) -> "Warmth":
        """As the last plan left it, or reckoned anew when much was learned since.

        Args:
            situation: of the pool.
            cost: of a new agent, in seconds of one; None while it is not known.
        """
        learned = situation.learned
        lessons = learned.lessons // REVIEW_LESSONS
        if (kept := situation.memory.get("warm")) and kept[1] == lessons:
            return cls(seconds=kept[0], reviewed=lessons)
        if cost is None or len(learned.gaps) < FEWEST_GAPS:
            return cls(seconds=None, reviewed=lessons)
        return cls(seconds=break_even(learned, cost), reviewed=lessons)

    def as_memory(self) -> Mapping[str, Any]:
        """For the next plan."""
        return {"warm": [self.seconds, self.reviewed]}


def new_agent_cost(situation: Situation) -> float | None:
    """Seconds that an agent is paid for and takes no build: its boot, and its drain in the end."""
    boot = situation.learned.boot(0.5)
    return None if boot is None else boot + situation.policy.settle_seconds + LOOKS_SECONDS


def break_even(learned: Learned, cost: float) -> float:
    """The time to keep a level for which the gaps seen would have cost least, in seconds."""
    gaps = learned.gaps.ordered
    best, least, short = 0.0, len(gaps) * cost, 0.0
    for number, gap in enumerate(gaps, start=1):
        short += gap
        if short >= least:
            break
        kept = gap + LATE_SECONDS
        paid = short + (len(gaps) - number) * (kept + cost)
        if paid < least:
            best, least = kept, paid
    return best


def warm(situation: Situation, seconds: float) -> tuple[int, float]:
    """Levels of demand that were left less than so long ago, and when the next one is given up."""
    sight = situation.learned.sight
    if sight is None or seconds <= 0:
        return 0, inf
    young = [left for left in sight.left if situation.now - left < seconds]
    return len(young), min(young, default=inf) + seconds


def warm_agents(situation: Situation, seconds: float) -> int:
    """Agents that demand asks for together with the levels that are kept."""
    kept, _ = warm(situation, seconds)
    return ceil((situation.queued + situation.running + kept) / situation.policy.executors)
