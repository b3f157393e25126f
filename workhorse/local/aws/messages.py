"""The bodies that AWS sends, as plain dictionaries. Pure; who sends them is in `sending.py`.

Lifecycle messages: https://docs.aws.amazon.com/autoscaling/ec2/userguide/prepare-for-lifecycle-notifications.html
Scaling notifications: https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-sns-notifications.html
Auto Scaling events: https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-event-reference.html
EC2 state change: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html
Spot: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
Rebalance: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/rebalance-recommendations.html
"""

from dataclasses import dataclass
from datetime import UTC, datetime

LAUNCHING = "autoscaling:EC2_INSTANCE_LAUNCHING"
TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING"
SERVICE = "AWS Auto Scaling"


def stamp(now: float) -> str:
    """A virtual epoch second as AWS writes times: 2026-11-21T04:00:00.000Z."""
    text = datetime.fromtimestamp(now, tz=UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What goes to EventBridge: a source, a detail-type, the detail and its resources."""

    source: str
    detail_type: str
    detail: dict[str, object]
    resources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One lifecycle action, enough to write its message and its event.

    `transition` is LAUNCHING or TERMINATING; `metadata` the hook's NotificationMetadata.
    """

    hook: str
    group: str
    group_arn: str
    instance_id: str
    token: str
    transition: str
    account: str
    request_id: str
    metadata: str | None = None


def lifecycle_message(action: Action, now: float) -> dict[str, object]:
    """The hook's message to its SNS topic or SQS queue."""
    launching = action.transition == LAUNCHING
    origin, destination = ("EC2", "AutoScalingGroup") if launching else ("AutoScalingGroup", "EC2")
    body: dict[str, object] = {
        "Origin": origin,
        "LifecycleHookName": action.hook,
        "Destination": destination,
        "AccountId": action.account,
        "RequestId": action.request_id,
        "LifecycleTransition": action.transition,
        "AutoScalingGroupName": action.group,
        "Service": SERVICE,
        "Time": stamp(now),
        "EC2InstanceId": action.instance_id,
        "LifecycleActionToken": action.token,
    }
    if action.metadata is not None:
        body["NotificationMetadata"] = action.metadata
    return body


def lifecycle_event(action: Action) -> Event:
    """The hook's EventBridge event."""
    launching = action.transition == LAUNCHING
    word = "launch" if launching else "terminate"
    origin, destination = ("EC2", "AutoScalingGroup") if launching else ("AutoScalingGroup", "EC2")
    detail: dict[str, object] = {
        "LifecycleActionToken": action.token,
        "AutoScalingGroupName": action.group,
        "LifecycleHookName": action.hook,
        "EC2InstanceId": action.instance_id,
        "LifecycleTransition": action.transition,
        "Origin": origin,
        "Destination": destination,
    }
    if action.metadata is not None:
        detail["NotificationMetadata"] = action.metadata
    return Event(
        source="aws.autoscaling",
        detail_type=f"EC2 Instance-{word} Lifecycle Action",
        detail=detail,
        resources=(action.group_arn,),
    )


def test_notification(
    *, group: str, group_arn: str, account: str, request_id: str, now: float
) -> dict[str, object]:
    """What PutLifecycleHook and PutNotificationConfiguration send at once to try the target."""
    return {
        "AccountId": account,
        "RequestId": request_id,
        "AutoScalingGroupARN": group_arn,
        "AutoScalingGroupName": group,
        "Service": SERVICE,
        "Event": "autoscaling:TEST_NOTIFICATION",
        "Time": stamp(now),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A scaling activity that ended, or failed, enough to tell the world about it.

    `verb` is "LAUNCH" or "TERMINATE"; times are virtual epoch seconds.
    """

    verb: str
    failed: bool
    group: str
    group_arn: str
    account: str
    activity_id: str
    description: str
    cause: str
    status: str
    message: str
    started: float
    ended: float
    instance_id: str
    instance_arn: str
    zone: str
    subnet: str

    @property
    def notification(self) -> str:
        """The notification type, such as autoscaling:EC2_INSTANCE_LAUNCH_ERROR."""
        return f"autoscaling:EC2_INSTANCE_{self.verb}{'_ERROR' if self.failed else ''}"


def _activity_facts(outcome: Outcome) -> dict[str, object]:
    return {
        "ActivityId": outcome.activity_id,
        "AutoScalingGroupName": outcome.group,
        "Cause": outcome.cause,
        "Description": outcome.description,
        "Details": {"Subnet ID": outcome.subnet, "Availability Zone": outcome.zone},
        "EC2InstanceId": outcome.instance_id,
        "EndTime": stamp(outcome.ended),
        "RequestId": outcome.activity_id,
        "StartTime": stamp(outcome.started),
        "StatusCode": outcome.status,
        "StatusMessage": outcome.message,
    }


def scaling_message(outcome: Outcome, now: float) -> dict[str, object]:
    """The body of a scaling notification to SNS."""
    return {
        **_activity_facts(outcome),
        "Progress": 50,
        "AccountId": outcome.account,
        "AutoScalingGroupARN": outcome.group_arn,
        "Service": SERVICE,
        "Time": stamp(now),
        "Event": outcome.notification,
    }


def scaling_event(outcome: Outcome) -> Event:
    """The EventBridge event of a launch or termination that ended."""
    end = "Unsuccessful" if outcome.failed else "Successful"
    launch = outcome.verb == "LAUNCH"
    origin, destination = ("EC2", "AutoScalingGroup") if launch else ("AutoScalingGroup", "EC2")
    resources = (outcome.group_arn, outcome.instance_arn)
    return Event(
        source="aws.autoscaling",
        detail_type=f"EC2 Instance {outcome.verb.title()} {end}",
        detail={**_activity_facts(outcome), "Origin": origin, "Destination": destination},
        resources=tuple(arn for arn in resources if arn),
    )


def state_change(instance_arn: str, instance_id: str, state: str) -> Event:
    """EC2 Instance State-change Notification."""
    return Event(
        source="aws.ec2",
        detail_type="EC2 Instance State-change Notification",
        detail={"instance-id": instance_id, "state": state},
        resources=(instance_arn,),
    )


def interruption_warning(instance_arn: str, instance_id: str) -> Event:
    """EC2 Spot Instance Interruption Warning, two minutes before the end."""
    return Event(
        source="aws.ec2",
        detail_type="EC2 Spot Instance Interruption Warning",
        detail={"instance-id": instance_id, "instance-action": "terminate"},
        resources=(instance_arn,),
    )


def rebalance_recommendation(instance_arn: str, instance_id: str) -> Event:
    """EC2 Instance Rebalance Recommendation."""
    return Event(
        source="aws.ec2",
        detail_type="EC2 Instance Rebalance Recommendation",
        detail={"instance-id": instance_id},
        resources=(instance_arn,),
    )
