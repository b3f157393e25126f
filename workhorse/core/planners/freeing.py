"""How many executors will be free soon enough that no agent needs to boot for an item.

A build that has lasted for `e` seconds is over within `h` more with the probability that a build
of this pool ends in (e, e + h] when it has lasted for e: the share of the observed durations
beyond e that are not beyond e + h.
Where Jenkins estimates well, the same is done with ratios of duration to estimate; it estimates
well when the ratios are less spread than the durations are.
Builds end on their own, so the number that ends in time is Poisson-binomial, and its distribution
is computed exactly.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf

from workhorse.core.learn import Learned, Sample
from workhorse.core.model import RunningBuild
from workhorse.core.plan import Situation

FEWEST_BUILDS = 20
"""Builds that must have been seen before their durations are believed."""
FEWEST_BOOTS = 5
"""Boots that must have been seen before their time is believed."""
EVEN = 0.5
"""More likely than not."""
FEWEST_LIKE = 5
"""Builds that must have lasted so long as this one before it is believed to end like them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """Until when an item may hope for an executor."""

    wait_seconds: float
    """An item that has waited longer is late, and no longer put off."""
    boot_seconds: float
    """Within this time an agent that is launched now is almost surely there."""
    confidence: float
    """How sure it must be, once a launch may come too late for the item."""

    def needed(self, age: float) -> float:
        """How probable it must be that an executor comes in time for an item of that age.

        While a launch could still be put off without the item's being late, more likely than not
        is enough; after that it is a gamble, and must be as good as sure.
        """
        return EVEN if age + self.boot_seconds < self.wait_seconds else self.confidence


def spared(situation: Situation, missing: int, deadlines: Deadlines) -> int:
    """How many of the missing executors will probably free up in time.

    The youngest items are those that would be launched for: what frees up serves the oldest, and
    the agents that were launched for these serve the younger ones.

    Args:
        situation: of the pool.
        missing: executors that no agent, ready or coming, has for the queue.
        deadlines: until when items may wait.
    """
    youngest = sorted(situation.waiting, reverse=True)[:missing]
    likely = 0
    for number, since in enumerate(youngest, start=1):
        age = situation.now - since
        left = deadlines.wait_seconds - age
        if left <= 0:
            break
        odds = [end_within(b, left, situation.now, situation.learned) for b in situation.builds]
        if at_least(number, odds) < deadlines.needed(age):
            break
        likely = number
    return likely


def end_within(build: RunningBuild, seconds: float, now: float, learned: Learned) -> float:
    """The probability that a running build is over within so many seconds; 0 if nobody can say."""
    if build.started_at is None:
        return 0.0
    lasted = max(0.0, now - build.started_at)
    estimate = build.estimated_seconds
    if estimate and estimates_tell(learned):
        share, like = learned.ratios.ends_within(lasted / estimate, seconds / estimate)
    else:
        share, like = learned.durations.ends_within(lasted, seconds)
    return share if like >= FEWEST_LIKE else 0.0


def estimates_tell(learned: Learned) -> bool:
    """Jenkins' estimates say more of a build than that it is one of this pool."""
    if len(learned.ratios) < FEWEST_BUILDS:
        return False
    return spread(learned.ratios) < spread(learned.durations)


def spread(sample: Sample) -> float:
    """The upper quartile over the lower one: 1 when all are alike, whatever their unit."""
    low, high = sample.quantile(0.25), sample.quantile(0.75)
    return (high or 0.0) / low if low else inf


def at_least(number: int, odds: Iterable[float]) -> float:
    """The probability that at least so many of independent events with these odds come true."""
    fewer = [1.0] + [0.0] * (number - 1)  # the chance of exactly 0, 1 ... number - 1 of them
    for chance in odds:
        if chance:
            fewer = one_more(fewer, chance)
    return 1.0 - sum(fewer)


def one_more(chances: Sequence[float], chance: float) -> list[float]:
    """The chances of exactly 0, 1, 2 ... events after one more with this chance was added."""
    miss = 1.0 - chance
    first = chances[0] * miss
    return [first, *(one * miss + fewer * chance for fewer, one in pairwise(chances))]
