"""The `stock` planner: the weighted formula that pluggable autoscalers of this field have had.

Vespene (https://github.com/vespene-io/_old_vespene, 2019) documents it as
b1 = queued x queued_weight + running x running_weight, b2 = b1 x multiplier + excess, and then
min(max(b2, maximum), minimum), which never exceeds the minimum.
Here the clamp is the right way round: min(max(b2, minimum), maximum); and both weights are read,
which Vespene's own code does not do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from workhorse.core.plan import TAIL, Plan, Situation, steady_until, target
from workhorse.core.planners.options import refuse


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """A size by a formula, looked at now and then."""

    queued_weight: float = 1.0
    """What a queued item counts."""
    running_weight: float = 1.0
    """What a running build counts."""
    multiplier: float = 1.0
    excess: float = 0.0
    """Agents on top."""
    minimum: int = 0
    """Never fewer, whatever the formula says; the pool's floor holds as well."""
    maximum: int = 10
    """Never more, whatever the formula says; the pool's ceiling holds as well."""
    reevaluate_minutes: float = 10.0
    """The formula is looked at this often; `--force` has it looked at now."""

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing.

        Raises:
            ValueError: with every fault.
        """
        least = ("queued_weight", "running_weight", "multiplier", "minimum", "reevaluate_minutes")
        refuse(
            *(
                (getattr(self, name) < 0, name, getattr(self, name), "must be at least 0")
                for name in least
            ),
            (
                self.maximum < self.minimum,
                "maximum",
                self.maximum,
                f"must be at least minimum ({self.minimum})",
            ),
        )

    def plan(self, situation: Situation) -> Plan:
        """The plan for this tick."""
        wanted, reasons = target(situation, (self.weighted, self.bounds, self.gate, *TAIL))
        memory = self._memory(situation, reasons[1].after)
        again = memory["at"] + self._pause if memory else situation.now
        return Plan(
            target=wanted,
            reasons=reasons,
            idle_seconds=situation.policy.idle_seconds,
            holds_until=min(steady_until(situation), again),
            memory=memory,
        )

    @property
    def _pause(self) -> float:
        return 60 * self.reevaluate_minutes

    def _memory(self, s: Situation, size: int) -> Mapping[str, Any]:
        if self._due(s) and s.told and not s.frozen:
            return {"size": size, "at": s.now}
        return s.memory

    def _due(self, s: Situation) -> bool:
        at = s.memory.get("at")
        return s.forced or at is None or not at <= s.now < at + self._pause

    def weighted(self, s: Situation, _: int) -> tuple[int, str]:
        """The formula."""
        b1 = s.queued * self.queued_weight + s.running * self.running_weight
        b2 = b1 / s.policy.executors * self.multiplier + self.excess
        told = f"b1 = {s.queued} x {self.queued_weight:g} + {s.running} x {self.running_weight:g}"
        return ceil(round(b2, 6)), f"{told} = {b1:g}; b2 = {b2:g}"

    def bounds(self, _: Situation, wanted: int) -> tuple[int, str]:
        """The formula's own minimum and maximum."""
        within = min(max(wanted, self.minimum), self.maximum)
        return within, f"between {self.minimum} and {self.maximum}"

    def gate(self, s: Situation, wanted: int) -> tuple[int, str]:
        """Between two looks at the formula the size stays as it was."""
        if self._due(s):
            if not s.told or s.frozen:
                return s.memory.get("size", s.have), "Jenkins cannot be trusted: as before"
            return wanted, "forced" if s.forced else "the formula was due"
        left = s.memory["at"] + self._pause - s.now
        return s.memory["size"], f"the formula is due in {left:.0f} s"
