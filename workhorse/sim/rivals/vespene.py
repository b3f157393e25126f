"""Vespene's stock planner with its declarative executor: a size now and then."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from typing import ClassVar

from workhorse.sim.rivals.ground import SLACK_SECONDS, Action, Resize, View


@dataclass(slots=True, kw_only=True)
class Vespene:
    """The documented formula, every ten minutes, given to whatever makes the size so.

    Sources: Vespene's worker pool model and documentation (weights 1 and 1, multiplier 1, excess 0,
    minimum 0, maximum 10, re-evaluated after 10 minutes; the loop sleeps 20 s).
    Taken as it was meant: queued x weight + running x weight, times the multiplier, plus the
    excess, never below the minimum nor above the maximum.  The documentation has the clamp the
    wrong way round, and the code leaves running builds out and has its clock inverted.
    Here the maximum is the pool's ceiling unless it is set: ten would be no match for large traces.
    The size is set as Terraform would: whom to end is AWS' choice, and what runs there dies.
    """

    name: ClassVar[str] = "vespene"
    period: ClassVar[float] = 20.0
    hooked: ClassVar[bool] = False
    protects: ClassVar[bool] = False

    queued_weight: float = 1
    running_weight: float = 1
    multiplier: float = 1
    excess: int = 0
    minimum: int = 0
    maximum: int | None = None
    """None for the pool's ceiling; the model's default is 10."""
    reevaluate_minutes: float = 10

    def tick(self, view: View) -> Iterable[Action]:
        """Set the size, when it is time to: at the first look that is so many minutes later."""
        if view.look % self._turn:
            return
        weighed = view.queued * self.queued_weight + view.busy * self.running_weight
        size = max(ceil(weighed * self.multiplier) + self.excess, self.minimum)
        if self.maximum is not None:
            size = min(size, self.maximum)
        if view.bounded(size) != view.desired:
            yield Resize(size=view.bounded(size))

    def rests_until(self, view: View) -> float:
        """Until its next turn, whatever happens."""
        return view.now + (self._turn - view.look % self._turn) * self.period - SLACK_SECONDS

    @property
    def _turn(self) -> int:
        """Every so many looks."""
        return max(1, ceil(self.reevaluate_minutes * 60 / self.period))
