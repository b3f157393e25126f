"""Instances as members of an Auto Scaling group, and the states they go through.

moto's autoscaling InstanceState holds what DescribeAutoScalingGroups shows; a `Membership`
beside it holds what AWS knows and does not show. States and arrows:
https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html
"""

from dataclasses import dataclass

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, InstanceState
from moto.autoscaling.responses import AutoScalingResponse
from moto.ec2.models.instances import Instance

from workhorse.local.aws.activities import Activity
from workhorse.local.aws.ec2_life import life_of
from workhorse.local.aws.engine import active
from workhorse.local.aws.waits import Wait

LEAVING = frozenset({"Terminating", "Terminating:Wait", "Terminating:Proceed", "Terminated"})
COMING = frozenset({"Pending", "Pending:Wait", "Pending:Proceed"})
UNCOUNTED = LEAVING | {"Standby", "EnteringStandby", "Detaching", "Detached"}
"""States that do not count towards desired capacity."""


@dataclass(slots=True, kw_only=True)
class Membership:
    """What a group knows of one instance. Times are virtual epoch seconds.

    `waits` are the lifecycle actions of the present transition, `ill_since` when its
    machine was first seen not running.
    """

    joined: float
    in_service_at: float | None = None
    waits: tuple[Wait, ...] = ()
    activity: Activity | None = None
    ill_since: float | None = None


def membership_of(member: InstanceState) -> Membership:
    """The membership of an instance; one attached by hand begins in service."""
    found: Membership | None = member.__dict__.get("membership")
    if found is None:
        now = active().clock.now()
        in_service = now if member.lifecycle_state == "InService" else None
        found = Membership(joined=now, in_service_at=in_service)
        member.__dict__["membership"] = found
    return found


def counted(group: FakeAutoScalingGroup) -> list[InstanceState]:
    """The members that count towards desired capacity."""
    return [one for one in group.instance_states if one.lifecycle_state not in UNCOUNTED]


def find_member(backend: AutoScalingBackend, instance_id: str) -> InstanceState | None:
    """The member with this instance id in any group."""
    groups = backend.autoscaling_groups.values()
    members = (member for group in groups for member in group.instance_states)
    return next((member for member in members if member.instance_id == instance_id), None)


def member_of(instance: Instance) -> InstanceState | None:
    """The instance as a member of its group; None when it is in none."""
    group = instance.__dict__.get("autoscaling_group")
    return find_member(group.autoscaling_backend, instance.id) if group else None


def group_named(backend: AutoScalingBackend, name: str) -> FakeAutoScalingGroup:
    """The group of this name; raises ValidationError in AWS' words."""
    group = backend.autoscaling_groups.get(name)
    if group is None:
        raise ValidationError(
            f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found"
        )
    return group


def requested_group(request: AutoScalingResponse) -> FakeAutoScalingGroup:
    """The group that a request names; raises ValidationError when there is none."""
    name = request._get_param("AutoScalingGroupName")  # noqa: SLF001 (moto has no other way)
    return group_named(request.autoscaling_backend, name)


def suspended(group: FakeAutoScalingGroup, process: str) -> bool:
    """Whether a process of the group is suspended."""
    return any(one["ProcessName"] == process for one in group.suspended_processes)


def template_of(member: InstanceState) -> dict[str, str] | None:
    """The launch template and version an instance was launched from."""
    return life_of(member.instance).template


def move(member: InstanceState, state: str, now: float) -> None:
    """Put a member into a lifecycle state and record it."""
    before = member.lifecycle_state
    member.lifecycle_state = state
    active().record(
        "member.moved",
        now,
        group=member.auto_scaling_group_name,
        instance=member.instance_id,
        before=before,
        after=state,
    )
