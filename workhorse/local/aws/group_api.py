"""Auto Scaling requests about groups: create, update, delete, size, protection, health.

Each function replaces a method of moto (see `patches.py`); `self` is moto's object.
https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_Operations.html
"""

from typing import Any, cast

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult

from workhorse.local.aws.activities import last_activity
from workhorse.local.aws.ec2_life import Cause, end
from workhorse.local.aws.engine import active
from workhorse.local.aws.hook_api import put_hooks_of_request
from workhorse.local.aws.members import group_named, move, requested_group
from workhorse.local.aws.offers import desired_configuration
from workhorse.local.aws.patching import original
from workhorse.local.aws.resizing import constraints_cause, resize
from workhorse.local.aws.sources import take_source, version_of

EXTRAS = {
    "MaxInstanceLifetime": "max_instance_lifetime",
    "ServiceLinkedRoleARN": "service_linked_role_arn",
    "TerminationPolicies": "termination_policies",
    "DefaultCooldown": "default_cooldown",
    "PlacementGroup": "placement_group",
    "CapacityRebalance": "capacity_rebalance",
    "DefaultInstanceWarmup": "default_instance_warmup",
    "Context": "context",
    "DesiredCapacityType": "desired_capacity_type",
}
"""Request fields that moto drops on create or update, and where DescribeAutoScalingGroups
finds them."""


def check_sizes(smallest: int | None, largest: int | None, desired: int | None) -> None:
    """Raise ValidationError unless min <= desired <= max; None is not checked."""
    low, high = smallest or 0, largest
    if high is not None and low > high:
        raise ValidationError(
            f"Max bound, {high}, must be greater than or equal to min bound, {low}"
        )
    if desired is not None and (desired < low or (high is not None and desired > high)):
        raise ValidationError(
            f"Desired capacity:{desired} must be between the specified min size:{low} and "
            f"max size:{high}"
        )


def _take_extras(self: AutoScalingResponse, group: FakeAutoScalingGroup) -> None:
    for field, attribute in EXTRAS.items():
        value = self._get_param(field)
        if value is not None:
            setattr(group, attribute, value)


def set_group_capacity(self: FakeAutoScalingGroup, new_capacity: int | None) -> None:
    """FakeAutoScalingGroup.set_desired_capacity: write it down, let the engine do it."""
    size = (self.min_size or 0) if new_capacity is None else new_capacity
    if self.autoscaling_backend.autoscaling_groups.get(self.name) is not self:
        self.desired_capacity = size
        return
    resize(self, size, constraints_cause(self, size))


def set_desired_capacity(
    self: AutoScalingBackend,
    group_name: str,
    desired_capacity: int | None,
    honor_cooldown: bool = False,  # noqa: FBT001, FBT002 (AWS' own parameter)
) -> None:
    """AutoScalingBackend.set_desired_capacity: checked against min, max and cool-down."""
    engine = active()
    group = group_named(self, group_name)
    now = engine.clock.now()
    ended = last_activity(group)
    if honor_cooldown and ended is not None and now < ended + float(group.default_cooldown):
        raise AutoscalingClientError(
            "ScalingActivityInProgress",
            f"Scaling activity is in cooldown period for AutoScalingGroup {group_name}.",
        )
    cause = "a user request explicitly set group desired capacity"
    engine.set_desired(group, desired_capacity or 0, cause, now)


def create_group(self: AutoScalingBackend, name: str, **kwargs: Any) -> FakeAutoScalingGroup:  # noqa: ANN401
    """AutoScalingBackend.create_auto_scaling_group: a name once, sizes in order."""
    if name in self.autoscaling_groups:
        raise AutoscalingClientError(
            "AlreadyExists",
            f"AutoScalingGroup by this name already exists - {name}",
        )
    smallest, largest = kwargs.get("min_size"), kwargs.get("max_size")
    check_sizes(smallest, largest, kwargs.get("desired_capacity"))
    group: FakeAutoScalingGroup = original(AutoScalingBackend, "create_auto_scaling_group")(
        self, name=name, **kwargs
    )
    size, group.desired_capacity = group.desired_capacity or 0, 0
    resize(group, size, constraints_cause(group, size))
    return group


def respond_create(self: AutoScalingResponse) -> ActionResult:
    """CreateAutoScalingGroup: the fields moto drops, and hooks before the first launch."""
    backend = self.autoscaling_backend
    name = self._get_param("AutoScalingGroupName")
    put_hooks_of_request(self, name)
    result: ActionResult = original(AutoScalingResponse, "create_auto_scaling_group")(self)
    _take_extras(self, backend.autoscaling_groups[name])
    return result


def update_group(self: FakeAutoScalingGroup, **kwargs: Any) -> None:  # noqa: ANN401 (moto's own)
    """FakeAutoScalingGroup.update: a mixed policy stays until something replaces it."""
    self._set_azs_and_vpcs(kwargs["availability_zones"], kwargs["vpc_zone_identifier"], update=True)
    smallest, largest = kwargs["min_size"], kwargs["max_size"]
    desired = kwargs["desired_capacity"]
    low = self.min_size if smallest is None else smallest
    high = self.max_size if largest is None else largest
    check_sizes(low, high, desired)
    self.min_size, self.max_size = low, high
    _update_source(self, kwargs)
    for attribute, key in (
        ("health_check_grace_period", "health_check_period"),
        ("health_check_type", "health_check_type"),
        ("new_instances_protected_from_scale_in", "new_instances_protected_from_scale_in"),
    ):
        if kwargs.get(key) is not None:
            setattr(self, attribute, kwargs[key])
    if desired is None:
        desired = max(low or 0, self.desired_capacity or 0)
        desired = desired if high is None else min(desired, high)
    resize(self, desired, constraints_cause(self, desired))


def _update_source(self: FakeAutoScalingGroup, kwargs: dict[str, Any]) -> None:
    """Take a new launch template, configuration or mixed policy, if the request has one."""
    source = {
        "LaunchTemplate": kwargs["launch_template"],
        "MixedInstancesPolicy": kwargs.get("mixed_instances_policy"),
        "LaunchConfigurationName": kwargs["launch_config_name"],
    }
    if not any(source.values()):
        return
    if desired_configuration(self):
        raise ValidationError(
            "An active instance refresh with a desired configuration exists. All configuration "
            "options derived from the desired configuration are not available for update while "
            "the instance refresh is active."
        )
    version_of(self.ec2_backend, source)
    take_source(self, source)


def respond_update(self: AutoScalingResponse) -> ActionResult:
    """UpdateAutoScalingGroup: with the fields moto drops."""
    group = requested_group(self)
    result: ActionResult = original(AutoScalingResponse, "update_auto_scaling_group")(self)
    _take_extras(self, group)
    return result


def respond_delete(self: AutoScalingResponse) -> ActionResult:
    """DeleteAutoScalingGroup: refused while it has instances, unless forced."""
    group = requested_group(self)
    force = bool(self._get_param("ForceDelete"))
    if group.instance_states and not force:
        raise AutoscalingClientError(
            "ResourceInUse",
            "You cannot delete an AutoScalingGroup while there are instances or pending Spot "
            "instance request(s) still in the group.",
        )
    delete_group(self.autoscaling_backend, group)
    return EmptyResult()


def delete_group(backend: AutoScalingBackend, group: FakeAutoScalingGroup) -> None:
    """End every instance without waiting for hooks; the group goes when it is empty."""
    engine = active()
    now = engine.clock.now()
    belongings = (backend.lifecycle_hooks, backend.policies, backend.scheduled_actions)
    for kept in cast("tuple[dict[str, Any], ...]", belongings):
        for key, one in list(kept.items()):
            if one.auto_scaling_group_name == group.name:
                del kept[key]
    for member in list(group.instance_states):
        move(member, "Terminating:Proceed", now)
        end(member.instance, Cause.GROUP)
    group.__dict__["status"] = "Delete in progress"
    group.min_size = group.desired_capacity = 0
    if not group.instance_states:
        del backend.autoscaling_groups[group.name]
    engine.record("group.deleted", now, group=group.name)


def respond_set_desired(self: AutoScalingResponse) -> ActionResult:
    """SetDesiredCapacity, with HonorCooldown."""
    self.autoscaling_backend.set_desired_capacity(
        self._get_param("AutoScalingGroupName"),
        self._get_int_param("DesiredCapacity"),
        honor_cooldown=bool(self._get_param("HonorCooldown")),  # type: ignore[call-arg]
    )
    return EmptyResult()


def group_launch_template(self: FakeAutoScalingGroup) -> dict[str, Any] | None:
    """FakeAutoScalingGroup.launch_template: none beside a mixed policy."""
    if self.ec2_launch_template is None or self.mixed_instances_policy:
        return None
    return {
        "LaunchTemplateId": self.ec2_launch_template.id,
        "LaunchTemplateName": self.ec2_launch_template.name,
        "Version": self.provided_launch_template_version,
    }
