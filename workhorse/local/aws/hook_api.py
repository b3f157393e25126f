"""Auto Scaling requests about lifecycle hooks, activities and notifications.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html
"""

from dataclasses import replace

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import (
    AutoScalingBackend,
    InstanceState,
    LifecycleHook,
)
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult

from workhorse.local.aws.activities import notification_configurations
from workhorse.local.aws.ec2_life import new_token
from workhorse.local.aws.engine import active
from workhorse.local.aws.lifecycle import record_hook, step
from workhorse.local.aws.members import membership_of, requested_group
from workhorse.local.aws.messages import LAUNCHING, TERMINATING, test_notification
from workhorse.local.aws.sending import NoTargetError, to_arn
from workhorse.local.aws.waits import Wait, global_limit

SHORTEST_HEARTBEAT, LONGEST_HEARTBEAT = 30, 7200
"""Seconds; PutLifecycleHook's HeartbeatTimeout."""

NOTIFICATION_TYPES = (
    "autoscaling:EC2_INSTANCE_LAUNCH",
    "autoscaling:EC2_INSTANCE_LAUNCH_ERROR",
    "autoscaling:EC2_INSTANCE_TERMINATE",
    "autoscaling:EC2_INSTANCE_TERMINATE_ERROR",
    "autoscaling:TEST_NOTIFICATION",
)
"""DescribeAutoScalingNotificationTypes."""


def _test(arn: str, name: str, group_arn: str, account: str) -> None:
    now = active().clock.now()
    body = test_notification(
        group=name, group_arn=group_arn, account=account, request_id=new_token(), now=now
    )
    to_arn(arn, body, f'Auto Scaling: test notification for group "{name}"'[:99])


def make_hook(backend: AutoScalingBackend, name: str, given: dict[str, object]) -> LifecycleHook:
    """Make or change a hook of the group `name`; fields not given keep their old value.

    `given` has PutLifecycleHook's field names. Raises ValidationError on values that AWS
    refuses.
    """
    key = f"{name}_{given['LifecycleHookName']}"
    old = backend.lifecycle_hooks.get(key)
    transition = given.get("LifecycleTransition") or (old and old.lifecycle_transition)
    if transition not in {LAUNCHING, TERMINATING}:
        raise ValidationError("Lifecycle transition must be specified for new lifecycle hooks.")
    heartbeat = int(str(given.get("HeartbeatTimeout") or (old and old.heartbeat_timeout) or 3600))
    if not SHORTEST_HEARTBEAT <= heartbeat <= LONGEST_HEARTBEAT:
        raise ValidationError(
            f"HeartbeatTimeout {heartbeat} must be between {SHORTEST_HEARTBEAT} and "
            f"{LONGEST_HEARTBEAT}."
        )
    result = given.get("DefaultResult") or (old and old.default_result) or "ABANDON"
    if result not in {"CONTINUE", "ABANDON"}:
        raise ValidationError(f"DefaultResult {result} must be CONTINUE or ABANDON.")
    hook = LifecycleHook(
        str(given["LifecycleHookName"]), name, str(transition), heartbeat, str(result)
    )
    hook.global_timeout = int(global_limit(heartbeat))
    for field, attribute in (
        ("RoleARN", "role_arn"),
        ("NotificationTargetARN", "notification_target_arn"),
        ("NotificationMetadata", "notification_metadata"),
    ):
        value = given.get(field)
        kept = (old.__dict__ if old else {}).get(attribute) if value is None else value or None
        hook.__dict__[attribute] = kept
    return hook


def respond_put_hook(self: AutoScalingResponse) -> ActionResult:
    """PutLifecycleHook: keeps what it is given and tries its target at once."""
    group = requested_group(self)
    backend = self.autoscaling_backend
    hook = make_hook(backend, group.name, dict(self.params))
    target = hook.notification_target_arn
    if target and self._get_param("NotificationTargetARN"):
        try:
            _test(target, group.name, group.arn, group.account_id)
        except NoTargetError as error:
            raise ValidationError(
                f"Unable to publish test message to notification target {target} using IAM role "
                f"{hook.role_arn}. Please check your target and role configuration and try to put "
                "lifecycle hook again."
            ) from error
    backend.lifecycle_hooks[f"{group.name}_{hook.name}"] = hook
    return EmptyResult()


def put_hooks_of_request(self: AutoScalingResponse, name: str) -> None:
    """Make the hooks that CreateAutoScalingGroup carries."""
    backend = self.autoscaling_backend
    if name in backend.autoscaling_groups:
        return
    for given in self._get_param("LifecycleHookSpecificationList", []):
        hook = make_hook(backend, name, dict(given))
        backend.lifecycle_hooks[f"{name}_{hook.name}"] = hook


def respond_delete_hook(self: AutoScalingResponse) -> ActionResult:
    """DeleteLifecycleHook: its open actions end first, ABANDON for a launch, else CONTINUE."""
    group, name = requested_group(self), self._get_param("LifecycleHookName")
    hook = self.autoscaling_backend.lifecycle_hooks.pop(f"{group.name}_{name}", None)
    if hook is None:
        raise ValidationError(f"No Lifecycle Hook found with name: {name}")
    result = "ABANDON" if hook.lifecycle_transition == LAUNCHING else "CONTINUE"
    for member in list(group.instance_states):
        for wait in membership_of(member).waits:
            if wait.hook == name and wait.result is None:
                _put_back(member, wait, wait.completed(result))
        step(member, active().clock.now())
    return EmptyResult()


def _open_action(self: AutoScalingResponse) -> tuple[InstanceState, Wait]:
    """The action a heartbeat or completion means, by token or by instance."""
    group, hook = requested_group(self), self._get_param("LifecycleHookName")
    token, instance_id = self._get_param("LifecycleActionToken"), self._get_param("InstanceId")
    for member in group.instance_states:
        for wait in membership_of(member).waits:
            meant = wait.token == token if token else member.instance_id == instance_id
            if meant and wait.hook == hook and wait.result is None:
                return member, wait
    what = f"token {token}" if token else f"instance ID {instance_id}"
    raise ValidationError(f"No active Lifecycle Action found with {what}")


def _put_back(member: InstanceState, old: Wait, new: Wait) -> None:
    membership = membership_of(member)
    membership.waits = tuple(new if wait is old else wait for wait in membership.waits)


def respond_heartbeat(self: AutoScalingResponse) -> ActionResult:
    """RecordLifecycleActionHeartbeat."""
    member, wait = _open_action(self)
    now = active().clock.now()
    _put_back(member, wait, wait.beat(now))
    record_hook("heartbeat", member, wait, now)
    return EmptyResult()


def respond_complete(self: AutoScalingResponse) -> ActionResult:
    """CompleteLifecycleAction."""
    member, wait = _open_action(self)
    result = self._get_param("LifecycleActionResult")
    if result not in {"CONTINUE", "ABANDON"}:
        raise ValidationError(f"Lifecycle action result {result} must be CONTINUE or ABANDON.")
    now = active().clock.now()
    _put_back(member, wait, replace(wait, result=result))
    record_hook("completed", member, wait, now, result=result)
    step(member, now)
    return EmptyResult()


def respond_activities(self: AutoScalingResponse) -> ActionResult:
    """DescribeScalingActivities: newest first, in pages of at most 100."""
    name = self._get_param("AutoScalingGroupName")
    wanted = self._get_param("ActivityIds", [])
    backend = self.autoscaling_backend
    deleted_too = bool(self._get_param("IncludeDeletedGroups"))
    found = [
        one
        for one in reversed(backend.__dict__.get("activities", []))
        if (not name or one.group.name == name)
        and (not wanted or one.activity_id in wanted)
        and (deleted_too or backend.autoscaling_groups.get(one.group.name) is one.group)
    ]
    start = int(self._get_param("NextToken") or 0)
    size = min(self._get_int_param("MaxRecords") or 100, 100)
    page = found[start : start + size]
    result: dict[str, object] = {"Activities": [one.as_aws() for one in page]}
    if start + size < len(found):
        result["NextToken"] = str(start + size)
    return ActionResult(result)


def respond_put_notifications(self: AutoScalingResponse) -> ActionResult:
    """PutNotificationConfiguration: replaces the topic's types and sends a test."""
    group, topic = requested_group(self), self._get_param("TopicARN")
    kinds = list(self._get_param("NotificationTypes", []))
    unknown = sorted(set(kinds) - set(NOTIFICATION_TYPES))
    if unknown:
        raise ValidationError(f"Invalid notification types {unknown}")
    try:
        _test(topic, group.name, group.arn, group.account_id)
    except NoTargetError as error:
        raise ValidationError(f"Unable to publish to notification topic {topic}") from error
    notification_configurations(group)[topic] = kinds
    return EmptyResult()


def respond_describe_notifications(self: AutoScalingResponse) -> ActionResult:
    """DescribeNotificationConfigurations: one entry for each group, topic and type."""
    names = self._get_param("AutoScalingGroupNames", [])
    entries = [
        {"AutoScalingGroupName": group.name, "TopicARN": topic, "NotificationType": kind}
        for group in self.autoscaling_backend.autoscaling_groups.values()
        if not names or group.name in names
        for topic, kinds in notification_configurations(group).items()
        for kind in kinds
    ]
    return ActionResult({"NotificationConfigurations": entries})


def respond_delete_notifications(self: AutoScalingResponse) -> ActionResult:
    """DeleteNotificationConfiguration."""
    notification_configurations(requested_group(self)).pop(self._get_param("TopicARN"), None)
    return EmptyResult()


def respond_notification_types(_self: AutoScalingResponse) -> ActionResult:
    """DescribeAutoScalingNotificationTypes."""
    return ActionResult({"AutoScalingNotificationTypes": list(NOTIFICATION_TYPES)})
