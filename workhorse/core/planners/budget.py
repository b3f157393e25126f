"""Steering by what was measured: the price of a late build goes up and down with the waits.

The forecast sets the price; it is wrong by what it does not know, and this corrects it by steps of
the ladder, one at a time, each only after enough builds were measured that came after the last.
Between a half of the allowed share and all of it nothing moves.
A step down that made too many builds late is not tried again for a long time, so that the price
cannot swing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from workhorse.core.learn import Sample

STEP_BUILDS = 128
"""Builds whose wait is measured before a step; some bursts of them."""
FORGIVE_BUILDS = 2048
"""A step that proved too low is tried again after so many builds."""
CALM = 1 / 2
"""Below this part of the allowed share, less may be paid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nudge:
    """How far the price is off the forecast's, in steps of the ladder."""

    steps: int = 0
    seen: int = 0
    """Waits that had been measured at the last step."""
    least: int | None = None
    """The lowest step that is tried, since the one below made too many builds late."""
    least_seen: int = 0
    """Waits that had been measured when that was found out."""

    @classmethod
    def of(cls, memory: Mapping[str, Any], waits: Sample) -> "Nudge":
        """As the last plan left it; of a memory that is lost, as at the beginning."""
        kept = memory.get("nudge")
        if kept is None or kept[1] > waits.seen:
            return cls(seen=waits.seen)
        return cls(steps=kept[0], seen=kept[1], least=kept[2], least_seen=kept[3])

    def as_memory(self) -> Mapping[str, Any]:
        """For the next plan."""
        return {"nudge": [self.steps, self.seen, self.least, self.least_seen]}

    def moved(
        self, waits: Sample, wait_seconds: float, allowed: float, bounds: tuple[int, int]
    ) -> "Nudge":
        """After the waits that were measured since the last step.

        Args:
            waits: what was measured.
            wait_seconds: an item that waited longer was late.
            allowed: the share of the builds that may be late.
            bounds: the fewest and the most steps there are from the forecast's price.
        """
        low, high = bounds
        here = replace(self, steps=min(max(self.steps, low), high))
        fresh = waits.seen - self.seen
        if fresh < STEP_BUILDS or not waits.newest:
            return here
        late = late_share(waits, wait_seconds, fresh)
        if late > allowed:
            up = min(here.steps + 1, high)
            return Nudge(steps=up, seen=waits.seen, least=up, least_seen=waits.seen)
        least = None if waits.seen - here.least_seen > FORGIVE_BUILDS else here.least
        lower = max(low, low if least is None else least)
        if late < CALM * allowed and here.steps > lower:
            return replace(here, steps=here.steps - 1, seen=waits.seen, least=least)
        return replace(here, seen=waits.seen, least=least)


def late_share(waits: Sample, wait_seconds: float, fresh: int) -> float:
    """The share of the newest waits, so many of them, that was longer than it may be."""
    measured = waits.newest[-fresh:]
    return sum(wait > wait_seconds for wait in measured) / len(measured) if measured else 0.0
