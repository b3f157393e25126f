"""Lets a scaling policy act on its group, by alarm or by ExecutePolicy.

The arithmetic is in `policies_steps.py`; here it meets moto's groups.
https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-simple-step.html
https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scaling-cooldowns.html
"""

from dataclasses import dataclass
from typing import Any, cast

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.models import (
    AutoScalingBackend,
    FakeAutoScalingGroup,
    FakeScalingPolicy,
    autoscaling_backends,
)

from workhorse.local.aws.engine import active
from workhorse.local.aws.members import COMING, LEAVING, membership_of, suspended
from workhorse.local.aws.policies_steps import (
    AdjustmentType,
    Fleet,
    Rest,
    Step,
    pick,
    simple_target,
    step_target,
)


class ScalingActivityInProgressError(AutoscalingClientError):
    """A simple policy must wait for a running activity or a cooldown."""

    code = "ScalingActivityInProgress"


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """What a step policy is told: the metric's value and the threshold it crossed."""

    value: float
    threshold: float


def rest_of(group: FakeAutoScalingGroup) -> Rest:
    """When the group was last disturbed by a scaling activity."""
    rest: Rest = group.__dict__.setdefault("rest", Rest())
    return rest


def _busy(group: FakeAutoScalingGroup) -> bool:
    return any(one.lifecycle_state in COMING | LEAVING for one in group.instance_states)


def watch(group: FakeAutoScalingGroup, now: float) -> None:
    """Note the beginning and the end of scaling activities; the rest begins at the end."""
    rest = rest_of(group)
    busy = _busy(group)
    if busy and not rest.busy:
        # One that no policy began gets the group's own cooldown.
        rest = Rest(since=now, busy=True, cooldown=float(group.default_cooldown))
    elif busy or rest.busy:
        rest = Rest(since=now, busy=busy, cooldown=rest.cooldown)
    group.__dict__["rest"] = rest


def fleet_of(group: FakeAutoScalingGroup, warm_up: float, now: float) -> Fleet:
    """The group as a policy sees it; `warm_up` seconds after InService an instance counts."""
    warm = warming = leaving = 0
    for member in group.instance_states:
        since = membership_of(member).in_service_at
        if member.lifecycle_state in LEAVING:
            leaving += 1
        elif member.lifecycle_state == "InService" and since is not None:
            warm += now >= since + warm_up
            warming += now < since + warm_up
        elif member.lifecycle_state in COMING:
            warming += 1
    return Fleet(
        desired=group.desired_capacity or 0,
        minimum=group.min_size or 0,
        maximum=group.max_size or 0,
        warm=warm,
        warming=warming,
        leaving=leaving,
    )


def _steps(policy: FakeScalingPolicy) -> tuple[Step, ...]:
    def bound(row: dict[str, Any], name: str) -> float | None:
        found = row.get(name)
        return None if found is None else float(found)

    rows = cast("list[dict[str, Any]]", policy.step_adjustments or [])
    return tuple(
        Step(
            adjustment=int(row["ScalingAdjustment"]),
            lower=bound(row, "MetricIntervalLowerBound"),
            upper=bound(row, "MetricIntervalUpperBound"),
        )
        for row in rows
    )


def _group_of(policy: FakeScalingPolicy) -> FakeAutoScalingGroup:
    groups = policy.autoscaling_backend.autoscaling_groups
    group = groups.get(policy.auto_scaling_group_name)
    if group is None:
        raise ValidationError(f"Group {policy.auto_scaling_group_name} not found")
    return group


def _step_size(
    policy: FakeScalingPolicy, group: FakeAutoScalingGroup, breach: Breach | None, now: float
) -> int:
    if breach is None:
        raise ValidationError("A step policy needs MetricValue and BreachThreshold")
    step = pick(_steps(policy), breach.value - breach.threshold)
    if step is None:
        raise ValidationError(
            f"No step adjustment of policy {policy.name} holds the metric value {breach.value} "
            f"for the breach threshold {breach.threshold}"
        )
    own = policy.estimated_instance_warmup
    warm_up = float(group.default_cooldown if own in (None, "") else own)
    fleet = fleet_of(group, warm_up, now)
    kind = AdjustmentType(policy.adjustment_type)
    return step_target(kind, step.adjustment, fleet, int(policy.min_adjustment_magnitude or 0))


def _simple_size(policy: FakeScalingPolicy, group: FakeAutoScalingGroup, now: float) -> int:
    fleet = fleet_of(group, 0.0, now)
    magnitude = int(policy.min_adjustment_magnitude or 0)
    adjustment = int(policy.scaling_adjustment or 0)
    return simple_target(AdjustmentType(policy.adjustment_type), adjustment, fleet, magnitude)


def execute(
    policy: FakeScalingPolicy, breach: Breach | None, cause: str, now: float, *, wait: bool
) -> None:
    """Let a policy change its group's desired capacity.

    `cause` is the beginning of the activity's Cause. With `wait` a simple policy raises
    ScalingActivityInProgressError while an activity runs or the group cools down. Raises
    ValidationError when a step policy has no breach or no step for it.
    """
    group = _group_of(policy)
    if policy.policy_type == "StepScaling":
        active().set_desired(group, _step_size(policy, group, breach, now), cause, now)
        return
    if policy.policy_type != "SimpleScaling":
        raise ValidationError(f"Policy type {policy.policy_type} cannot be executed here")
    watch(group, now)
    if wait and rest_of(group).left(now) > 0:
        raise ScalingActivityInProgressError(
            f"Group {group.name} has a scaling activity in progress or is cooling down"
        )
    size = _simple_size(policy, group, now)
    if size != group.desired_capacity:
        active().set_desired(group, size, cause, now)
        cooldown = float(policy.cooldown or 0)
        group.__dict__["rest"] = Rest(since=now, busy=_busy(group), cooldown=cooldown)


def find(backend: AutoScalingBackend, name: str, group: str | None) -> FakeScalingPolicy:
    """A policy by its ARN, or by its name and group; raises ValidationError when not there."""
    for policy in backend.policies.values():
        here = group is None or policy.auto_scaling_group_name == group
        if name == policy.arn or (name == policy.name and here):
            return policy
    raise ValidationError(f"Cannot find policy {name} of group {group}")


def on_alarm(arn: str, alarm: str, state: str, breach: Breach | None, now: float) -> None:
    """An alarm's action on a policy ARN; raises moto's ServiceException when it has no effect."""
    _prefix, _partition, _service, region, account, _rest = arn.split(":", 5)
    backend = autoscaling_backends[account][region]
    policy = find(backend, arn, None)
    if suspended(_group_of(policy), "AlarmNotification"):
        raise ValidationError(f"Process AlarmNotification of {_group_of(policy).name} is suspended")
    if policy.__dict__.get("enabled") is False:
        raise ValidationError(f"Policy {policy.name} is disabled")
    cause = f"a monitor alarm {alarm} in state {state} triggered policy {policy.name}"
    execute(policy, breach, cause, now, wait=True)
