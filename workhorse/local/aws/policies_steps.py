"""The arithmetic of scaling policies: pure.

Rules: https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-simple-step.html
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class AdjustmentType(StrEnum):
    """How an adjustment is meant, in AWS' words."""

    CHANGE = "ChangeInCapacity"
    EXACT = "ExactCapacity"
    PERCENT = "PercentChangeInCapacity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step adjustment; bounds are distances from the alarm's threshold, None is open."""

    adjustment: int
    lower: float | None = None
    upper: float | None = None

    def holds(self, distance: float) -> bool:
        """Whether the metric, this far above the threshold, is in the step.

        Above the threshold the lower bound belongs to the step, below it the upper one:
        https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_StepAdjustment.html
        """
        lower = -math.inf if self.lower is None else self.lower
        upper = math.inf if self.upper is None else self.upper
        if upper <= 0:
            return lower < distance <= upper
        return lower <= distance < upper


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """What a policy knows of its group.

    `desired` with its `minimum` and `maximum`; `warm` instances that are in service and past
    their warm-up; `warming` ones that are not yet; `leaving` ones on their way out.
    """

    desired: int
    minimum: int
    maximum: int
    warm: int
    warming: int = 0
    leaving: int = 0


def pick(steps: Sequence[Step], distance: float) -> Step | None:
    """The step for a metric `distance` above the threshold, or None when none holds it."""
    return next((step for step in steps if step.holds(distance)), None)


def adjusted(kind: AdjustmentType, adjustment: int, capacity: int, magnitude: int = 0) -> int:
    """The capacity after an adjustment, before the group's limits.

    A percentage is cut towards zero but moves by one at least, and by `magnitude`
    (MinAdjustmentMagnitude) when that is more.
    """
    if kind is AdjustmentType.EXACT:
        return adjustment
    if kind is AdjustmentType.CHANGE or not adjustment:
        return capacity + adjustment
    # Whole numbers: 10 instances by 30 per cent are 3, with no rounding in between.
    change = max(abs(capacity * adjustment) // 100, 1, magnitude)
    return capacity + (change if adjustment > 0 else -change)


def clamped(size: int, fleet: Fleet) -> int:
    """A size within the group's minimum and maximum."""
    return min(max(size, fleet.minimum), fleet.maximum)


def simple_target(kind: AdjustmentType, adjustment: int, fleet: Fleet, magnitude: int = 0) -> int:
    """The desired capacity that a simple policy asks for."""
    return clamped(adjusted(kind, adjustment, fleet.desired, magnitude), fleet)


def step_target(kind: AdjustmentType, adjustment: int, fleet: Fleet, magnitude: int = 0) -> int:
    """The desired capacity that a step policy asks for.

    Outwards, instances that still warm up do not count, so repeated breaches of one step add
    nothing, and a higher step only the difference. Inwards, leaving instances still count, and
    nothing happens while any warms up.
    """
    direct = adjusted(kind, adjustment, fleet.desired, magnitude)
    if direct > fleet.desired:
        warm = min(fleet.warm, fleet.desired)
        return clamped(max(fleet.desired, adjusted(kind, adjustment, warm, magnitude)), fleet)
    if fleet.warming:
        return fleet.desired
    size = adjusted(kind, adjustment, fleet.desired + fleet.leaving, magnitude)
    return clamped(min(fleet.desired, size), fleet)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """When a group was last disturbed.

    `since` is the end of its last scaling activity (None: never), `busy` is true while one
    runs, `cooldown` the seconds of rest after it.
    """

    since: float | None = None
    busy: bool = False
    cooldown: float = 0.0

    def left(self, now: float) -> float:
        """Seconds until a simple policy may act again; infinite while an activity runs."""
        if self.busy:
            return math.inf
        return 0.0 if self.since is None else max(0.0, self.since + self.cooldown - now)
