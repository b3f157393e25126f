"""On-demand or spot, and which instance types: a group's MixedInstancesPolicy as numbers.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/mixed-instances-groups-set-up-overview.html
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """How a group divides its capacity.

    `base` instances are on-demand; of those above it, `percent` (0 to 100) are.
    """

    base: int = 0
    percent: int = 100

    def on_demand(self, capacity: int) -> int:
        """On-demand instances wanted among `capacity`; a fraction rounds up."""
        base = min(self.base, capacity)
        return base + math.ceil((capacity - base) * self.percent / 100)

    def next_market(self, on_demand: int, spot: int) -> str:
        """Market of the next launch, "on-demand" or "spot", given what the group has."""
        return "on-demand" if self.on_demand(on_demand + spot + 1) > on_demand else "spot"


def split_of(policy: Mapping[str, Any] | None) -> Split:
    """The split of a MixedInstancesPolicy; all on-demand without one."""
    if not policy:
        return Split()
    distribution = policy.get("InstancesDistribution") or {}
    base = distribution.get("OnDemandBaseCapacity")
    percent = distribution.get("OnDemandPercentageAboveBaseCapacity")
    return Split(base=int(base or 0), percent=100 if percent is None else int(percent))


def override_types(policy: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Instance types of the policy's overrides in order, empty when it names none."""
    overrides: Sequence[Mapping[str, Any]] = ((policy or {}).get("LaunchTemplate") or {}).get(
        "Overrides"
    ) or ()
    return tuple(one["InstanceType"] for one in overrides if one.get("InstanceType"))
