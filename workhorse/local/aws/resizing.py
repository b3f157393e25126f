"""Change a group's size on request, with the causes that AWS writes into activities."""

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import FakeAutoScalingGroup, InstanceState

from workhorse.local.aws.activities import Activity
from workhorse.local.aws.engine import active
from workhorse.local.aws.groups import Groups
from workhorse.local.aws.lifecycle import leave
from workhorse.local.aws.members import LEAVING


def constraints_cause(group: FakeAutoScalingGroup, size: int) -> str:
    """The cause of an UpdateAutoScalingGroup that changes the size."""
    return (
        "a user request update of AutoScalingGroup constraints to "
        f"min: {group.min_size}, max: {group.max_size}, desired: {size}"
    )


def groups_part() -> Groups:
    """The active engine's groups part."""
    for part in active().parts:
        if isinstance(part, Groups):
            return part
    raise RuntimeError("no part holds groups at their size: start EmbeddedAws first")


def resize(group: FakeAutoScalingGroup, size: int, cause: str) -> None:
    """Set and hold a size that was checked before."""
    now = active().clock.now()
    groups_part().change(group, size, cause, now)
    groups_part().reconcile(group, now)


def leave_by_request(member: InstanceState, *, decrement: bool) -> Activity:
    """End one member because a user asked, replaced unless the size goes down with it.

    Raises ValidationError when the decrement would go below the minimum size. An instance
    that is leaving already is not counted twice.
    """
    group: FakeAutoScalingGroup = member.auto_scaling_group
    now = active().clock.now()
    if member.lifecycle_state in LEAVING:
        return leave(member, "", now)
    before = group.desired_capacity or 0
    cause = f"instance {member.instance_id} was taken out of service in response to a user request"
    if decrement:
        if before - 1 < (group.min_size or 0):
            raise ValidationError(
                f"Currently, desiredSize equals minSize ({group.min_size}). Terminating instance "
                "without replacement will violate group's min size constraint. Either set "
                "shouldDecrementDesiredCapacity flag to false or lower group's min size."
            )
        groups_part().change(group, before - 1, cause, now)
        cause += f", shrinking the capacity from {before} to {before - 1}"
    activity = leave(member, f"{cause}.", now)
    groups_part().reconcile(group, now)
    return activity
