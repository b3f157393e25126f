"""Scaling policies: how they are put, described, deleted and executed through the API.

What executing one does is in `policies_act.py`. Two groups may have policies of the same name,
so moto's dictionary is keyed by group and name.
https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScalingPolicy.html
"""

from typing import Any

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeScalingPolicy
from moto.autoscaling.responses import AutoScalingResponse
from moto.cloudwatch.models import cloudwatch_backends
from moto.core.responses import ActionResult, EmptyResult

from workhorse.local.aws.engine import active
from workhorse.local.aws.patching import Row, original
from workhorse.local.aws.policies_act import Breach, execute, find, watch
from workhorse.local.aws.policies_steps import AdjustmentType


def _alarms(policy: FakeScalingPolicy) -> list[dict[str, str]]:
    """The alarms that act on a policy, as DescribePolicies shows them."""
    home = policy.autoscaling_backend
    backend = cloudwatch_backends[home.account_id][home.region_name]
    return [
        {"AlarmName": alarm.name, "AlarmARN": alarm.alarm_arn}
        for alarm in list(backend.alarms.values())
        if policy.arn in (*alarm.alarm_actions, *alarm.ok_actions, *alarm.insufficient_data_actions)
    ]


def put_scaling_policy(
    self: AutoScalingBackend,
    name: str,
    policy_type: str,
    **settings: Any,  # noqa: ANN401 (moto)
) -> FakeScalingPolicy:
    """PutScalingPolicy, with the checks AWS makes; the group is part of the key."""
    group = settings["as_name"]
    if group not in self.autoscaling_groups:
        raise ValidationError("Group not found")
    if policy_type in ("StepScaling", "SimpleScaling"):
        kinds = [str(kind) for kind in AdjustmentType]
        if settings["adjustment_type"] not in kinds:
            raise ValidationError(f"AdjustmentType must be one of {', '.join(kinds)}")
    if policy_type == "StepScaling" and not settings["step_adjustments"]:
        raise ValidationError("You must specify StepAdjustments for policy type: StepScaling")
    put = original(AutoScalingBackend, "put_scaling_policy")
    policy: FakeScalingPolicy = put(self, name, policy_type, **settings)
    self.policies.pop(name, None)
    self.policies[f"{group}/{name}"] = policy
    return policy


def respond_put(self: AutoScalingResponse) -> ActionResult:
    """PutScalingPolicy answers PolicyARN and the alarms that already act on it."""
    original(AutoScalingResponse, "put_scaling_policy")(self)
    backend = self.autoscaling_backend
    group = self._get_param("AutoScalingGroupName")
    policy = find(backend, self._get_param("PolicyName"), group)
    policy.__dict__["enabled"] = self._get_bool_param("Enabled", if_none=True)
    return ActionResult({"PolicyARN": policy.arn, "Alarms": _alarms(policy)})


def respond_delete(self: AutoScalingResponse) -> EmptyResult:
    """DeletePolicy, of this group only."""
    backend = self.autoscaling_backend
    group = self._get_param("AutoScalingGroupName")
    policy = find(backend, self._get_param("PolicyName"), group)
    backend.policies.pop(f"{policy.auto_scaling_group_name}/{policy.name}", None)
    return EmptyResult()


def respond_execute(self: AutoScalingResponse) -> EmptyResult:
    """ExecutePolicy: HonorCooldown for simple policies, a breach for step policies."""
    group = self._get_param("AutoScalingGroupName")
    policy = find(self.autoscaling_backend, self._get_param("PolicyName"), group)
    value, threshold = self._get_param("MetricValue"), self._get_param("BreachThreshold")
    breach = None
    if value is not None and threshold is not None:
        breach = Breach(value=float(value), threshold=float(threshold))
    wait = bool(self._get_bool_param("HonorCooldown", if_none=False))
    engine = active()
    with engine.lock:
        cause = f"a user request executed policy {policy.name}"
        execute(policy, breach, cause, engine.clock.now(), wait=wait)
    return EmptyResult()


PATCHES: tuple[Row, ...] = (
    (AutoScalingBackend, "put_scaling_policy", put_scaling_policy, "by group and name, checked"),
    (AutoScalingResponse, "put_scaling_policy", respond_put, "PolicyARN, not PolicyArn"),
    (AutoScalingResponse, "delete_policy", respond_delete, "of this group only"),
    (AutoScalingResponse, "execute_policy", respond_execute, "step policies, cool-down, limits"),
    (FakeScalingPolicy, "alarms", property(_alarms), "those that act on it"),
)


def tick(now: float) -> None:
    """See which groups began or ended a scaling activity."""
    for group in active().groups():
        watch(group, now)
