"""LaunchInstances of Auto Scaling, which moto has not: some instances at once, in one zone.

Desired capacity rises by what is launched. A launch that EC2 has no room for is answered with an
error in the body, and nothing is tried later, unless the request asks for that.
https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_LaunchInstances.html
https://docs.aws.amazon.com/autoscaling/ec2/userguide/launch-instances-synchronously.html
"""

from typing import Any

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.models import FakeAutoScalingGroup, InstanceState
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult

from workhorse.local.aws.engine import active
from workhorse.local.aws.faults import InsufficientCapacityError, NotEmulatedError
from workhorse.local.aws.members import requested_group
from workhorse.local.aws.messages import stamp
from workhorse.local.aws.offers import offers, run_one
from workhorse.local.aws.resizing import groups_part

MOST = 100
"""Instances of one request."""


def respond_launch(self: AutoScalingResponse) -> ActionResult:
    """LaunchInstances: the same ClientToken gives the same answer."""
    group = requested_group(self)
    count = int(self._get_param("RequestedCapacity"))
    token, zone = self._get_param("ClientToken"), _zone(self, group)
    asked = (count, zone)
    known = group.__dict__.setdefault("launch_tokens", {})
    if token in known:
        before, answer = known[token]
        if before != asked:
            raise AutoscalingClientError(
                "IdempotentParameterMismatch", f"{token} stands for another request"
            )
        return ActionResult(answer)
    _check(group, count)
    answer = {
        "AutoScalingGroupName": group.name,
        "ClientToken": token,
        **_launched(group, zone, count),
    }
    known[token] = (asked, answer)
    return ActionResult(answer)


def _zone(self: AutoScalingResponse, group: FakeAutoScalingGroup) -> str:
    """The zone asked for; a group of one zone needs none."""
    for name in ("AvailabilityZoneIds", "SubnetIds"):
        if self._get_param(name, []):
            raise NotEmulatedError("LaunchInstances", f"with {name}")
    if self._get_param("RetryStrategy", "none") != "none":
        raise NotEmulatedError("LaunchInstances", "with a RetryStrategy")
    zones: list[str] = list(self._get_param("AvailabilityZones", []) or group.availability_zones)
    if len(zones) != 1:
        raise ValidationError("Specify exactly one Availability Zone or subnet to launch in.")
    if zones[0] not in group.availability_zones:
        raise ValidationError(f"{zones[0]} is not an Availability Zone of the group {group.name}.")
    return zones[0]


def _check(group: FakeAutoScalingGroup, count: int) -> None:
    if not 1 <= count <= MOST:
        raise ValidationError(f"RequestedCapacity is {count}: from 1 to {MOST} can be launched.")
    if group.max_size is not None and (group.desired_capacity or 0) + count > group.max_size:
        raise ValidationError(
            f"Launching {count} instances would take the group beyond its max size, "
            f"{group.max_size}."
        )


def _launched(group: FakeAutoScalingGroup, zone: str, count: int) -> dict[str, Any]:
    """Launch until that many are there or EC2 has no more; what came, and why no more did."""
    launched: list[InstanceState] = []
    errors: list[dict[str, str]] = []
    for _ in range(count):
        try:
            launched.append(_one(group, zone))
        except InsufficientCapacityError as error:
            errors.append(
                {
                    "AvailabilityZone": zone,
                    "ErrorCode": "InsufficientInstanceCapacity",
                    "ErrorMessage": str(error.message),
                }
            )
            break
    return {"Instances": [_told(member) for member in launched], "Errors": errors}


def _one(group: FakeAutoScalingGroup, zone: str) -> InstanceState:
    """One instance more, of the first type and market that has room there."""
    now, part = active().clock.now(), groups_part()
    last: InsufficientCapacityError | None = None
    for market, kind, place, subnet in offers(group):
        if place != zone:
            continue
        try:
            member = run_one(group, market, kind, place, subnet)
        except InsufficientCapacityError as error:
            last = error
            continue
        size = (group.desired_capacity or 0) + 1
        cause = "a user request launched instances synchronously"
        part.change(group, size, cause, now)
        part.welcome(group, member, f"At {stamp(now)} {cause}.", now)
        return member
    raise last or ValidationError(f"{group.name} launches nothing in {zone}.")


def _told(member: InstanceState) -> dict[str, object]:
    return {
        "InstanceType": member.instance_type,
        "MarketType": "spot" if member.instance.lifecycle == "spot" else "OnDemand",
        "SubnetId": member.instance.subnet_id or "",
        "AvailabilityZone": member.availability_zone,
        "InstanceIds": [member.instance_id],
    }
