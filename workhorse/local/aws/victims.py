"""Which instances leave when a group shrinks.

Amazon EC2 Auto Scaling first balances the Availability Zones, then asks the group's
termination policies in their order, each narrowing what the one before left:
https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-termination-policies.html
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An instance that may leave.

    `launched` is a virtual epoch second; `template_version` the number of the launch
    template version it came from (0 for none); `outdated` tells that the group would
    launch from something else today; `surplus_market` that the group has more of its market
    (on-demand or spot) than its split wants.
    """

    instance_id: str
    zone: str
    launched: float
    template_version: int = 0
    outdated: bool = False
    surplus_market: bool = False


Narrow = Callable[[Sequence[Candidate]], list[Candidate]]


def _oldest(candidates: Sequence[Candidate]) -> list[Candidate]:
    first = min(one.launched for one in candidates)
    return [one for one in candidates if one.launched == first]


def _newest(candidates: Sequence[Candidate]) -> list[Candidate]:
    last = max(one.launched for one in candidates)
    return [one for one in candidates if one.launched == last]


def _oldest_template(candidates: Sequence[Candidate]) -> list[Candidate]:
    outdated = [one for one in candidates if one.outdated] or list(candidates)
    version = min(one.template_version for one in outdated)
    return [one for one in outdated if one.template_version == version]


def _surplus_market(candidates: Sequence[Candidate]) -> list[Candidate]:
    return [one for one in candidates if one.surplus_market] or list(candidates)


def _default(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Market split, then oldest template, then closest to the billing hour: the oldest."""
    return _oldest(_oldest_template(_surplus_market(candidates)))


POLICIES: dict[str, Narrow] = {
    "Default": _default,
    "AllocationStrategy": _surplus_market,
    "OldestLaunchTemplate": _oldest_template,
    "OldestLaunchConfiguration": _oldest_template,
    "ClosestToNextInstanceHour": _oldest,
    "OldestInstance": _oldest,
    "NewestInstance": _newest,
}
"""AWS' own policy names. A custom policy (a Lambda ARN) is not run."""


def fullest_zone(candidates: Sequence[Candidate], held: Sequence[str]) -> list[Candidate]:
    """Those in the zone with most instances of the group (`held`: the zone of each).

    When zones tie, all of the tied ones stay in the race.
    """
    counts = Counter(held)
    most = max(counts[one.zone] for one in candidates)
    return [one for one in candidates if counts[one.zone] == most]


def choose_victims(
    candidates: Sequence[Candidate], held: Sequence[str], policies: Sequence[str], count: int
) -> tuple[str, ...]:
    """Instance ids to terminate, in order; fewer than `count` when candidates run out.

    `candidates` are those without scale-in protection, `held` the zone of every instance
    that counts towards desired capacity, protected or not.
    """
    left = list(candidates)
    zones = list(held)
    chosen: list[str] = []
    while left and len(chosen) < count:
        narrowed = fullest_zone(left, zones)
        for policy in policies or ("Default",):
            narrowed = POLICIES.get(policy, _default)(narrowed)
        victim = min(narrowed, key=lambda one: (one.launched, one.instance_id))
        chosen.append(victim.instance_id)
        left.remove(victim)
        if victim.zone in zones:
            zones.remove(victim.zone)
    return tuple(chosen)
