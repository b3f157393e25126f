"""Launching more than is missing, and not calling that off again a moment later.

Who asks for more agents than the queue needs must remember it: the next tick sees enough of them
coming and would take the surplus back while the builds still wait.
The memory holds as long as anything waits, and no longer than an agent may take to boot.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

from workhorse.core.plan import Situation


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The capacity that was asked for on behalf of the items that still wait."""

    size: int = 0
    until: float = 0.0

    @classmethod
    def of(cls, situation: Situation) -> "Asked":
        """As the last plan left it; nothing when nothing waits or it is long ago."""
        kept = situation.memory.get("asked")
        if not kept or not situation.queued or not situation.told:
            return cls()
        asked = cls(size=kept[0], until=kept[1])
        limit = situation.now + situation.policy.boot_seconds
        return asked if situation.now < asked.until <= limit else cls()

    def raised(self, situation: Situation, size: int) -> "Asked":
        """After so many were wanted: remembered when that is more than there are."""
        if size <= max(self.size, situation.have):
            return self
        return Asked(size=size, until=situation.now + situation.policy.boot_seconds)

    @property
    def holds_until(self) -> float:
        """Until when it counts."""
        return self.until if self.size else inf

    def as_memory(self) -> Mapping[str, Any]:
        """For the next plan."""
        return {"asked": [self.size, self.until]} if self.size else {}
