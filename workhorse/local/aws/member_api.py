"""Auto Scaling requests about single instances: termination, protection, health.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_Operations.html
"""

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, InstanceState
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult

from workhorse.local.aws.engine import active
from workhorse.local.aws.members import LEAVING, find_member, group_named, membership_of
from workhorse.local.aws.resizing import leave_by_request


def _named(self: AutoScalingResponse) -> InstanceState:
    """The member that the request names."""
    instance_id = self._get_param("InstanceId")
    member = find_member(self.autoscaling_backend, instance_id)
    if member is None:
        raise ValidationError(
            f"Instance Id not found - No managed instance found for instance ID: {instance_id}"
        )
    return member


def respond_terminate(self: AutoScalingResponse) -> ActionResult:
    """TerminateInstanceInAutoScalingGroup: through the hooks, within the minimum size."""
    member = _named(self)
    decrement = bool(self._get_param("ShouldDecrementDesiredCapacity"))
    activity = leave_by_request(member, decrement=decrement)
    return ActionResult({"Activity": activity.as_aws()})


def ignore_ec2_terminations(_self: AutoScalingBackend, _instance_ids: list[str]) -> None:
    """AutoScalingBackend.notify_terminate_instances: the health check finds out by itself."""


def set_instance_protection(
    self: AutoScalingBackend,
    group_name: str,
    instance_ids: list[str],
    protected_from_scale_in: bool,  # noqa: FBT001 (moto's own signature)
) -> None:
    """SetInstanceProtection: refused for instances that are not in the group or in service."""
    members = {one.instance_id: one for one in group_named(self, group_name).instance_states}
    for instance_id in instance_ids:
        member = members.get(instance_id)
        if member is None:
            raise ValidationError(
                f"The instance {instance_id} is not part of Auto Scaling group {group_name}."
            )
        if member.lifecycle_state in LEAVING:
            raise ValidationError(
                f"The instance {instance_id} is not in InService or EnteringStandby or Standby."
            )
    for instance_id in instance_ids:
        members[instance_id].protected_from_scale_in = protected_from_scale_in


def respond_set_health(self: AutoScalingResponse) -> ActionResult:
    """SetInstanceHealth, which by default respects the group's grace period."""
    member = _named(self)
    health = self._get_param("HealthStatus")
    if health not in {"Healthy", "Unhealthy"}:
        raise ValidationError("Valid instance health states are: [Healthy, Unhealthy]")
    group: FakeAutoScalingGroup = member.auto_scaling_group
    began = membership_of(member).in_service_at
    grace = float(group.health_check_grace_period or 0)
    young = began is None or active().clock.now() < began + grace
    respect = self._get_param("ShouldRespectGracePeriod")
    if not young or respect is False:
        member.health_status = health
    return EmptyResult()
