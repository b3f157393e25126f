"""Scaling activities: what an Auto Scaling group did, why, and how it ended.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-verify-scaling-activity.html
"""

import json
from dataclasses import dataclass, field

from moto.autoscaling.models import FakeAutoScalingGroup
from moto.ec2.models.instances import Instance

from workhorse.local.aws.ec2_life import instance_arn, new_token
from workhorse.local.aws.engine import active, utc
from workhorse.local.aws.messages import Outcome, scaling_event, scaling_message
from workhorse.local.aws.sending import emit, notify

KEPT = 6 * 7 * 24 * 3600.0
"""Seconds that AWS keeps activities: six weeks (DescribeScalingActivities)."""


@dataclass(slots=True, kw_only=True)
class Activity:
    """One activity. Times are virtual epoch seconds; `ended` is None while it runs.

    `verb` is "LAUNCH", "TERMINATE" or "" for what is neither; `status` one of AWS' codes:
    PreInService, InProgress, MidLifecycleAction, Successful, Failed, Cancelled.
    """

    group: FakeAutoScalingGroup
    verb: str
    description: str
    cause: str
    started: float
    instance: Instance | None = None
    status: str = "InProgress"
    message: str = ""
    progress: int = 0
    ended: float | None = None
    zone: str = ""
    subnet: str = ""
    activity_id: str = field(default_factory=new_token)

    def as_aws(self) -> dict[str, object]:
        """The activity with AWS' own field names."""
        details = {"Subnet ID": self.subnet, "Availability Zone": self.zone}
        answer: dict[str, object] = {
            "ActivityId": self.activity_id,
            "AutoScalingGroupName": self.group.name,
            "AutoScalingGroupARN": self.group.arn,
            "Description": self.description,
            "Cause": self.cause,
            "StartTime": utc(self.started),
            "StatusCode": self.status,
            "Progress": self.progress,
            "Details": json.dumps(details if self.zone else {}),
        }
        if self.ended is not None:
            answer["EndTime"] = utc(self.ended)
        if self.message:
            answer["StatusMessage"] = self.message
        return answer


def book(group: FakeAutoScalingGroup) -> list[Activity]:
    """All activities of the group's account and region, oldest first; kept after deletion."""
    found: list[Activity] = group.autoscaling_backend.__dict__.setdefault("activities", [])
    return found


def begin(
    group: FakeAutoScalingGroup, verb: str, description: str, cause: str, now: float
) -> Activity:
    """Write down an activity that starts now."""
    activity = Activity(group=group, verb=verb, description=description, cause=cause, started=now)
    book(group).append(activity)
    return activity


def finish(activity: Activity, status: str, now: float, message: str = "") -> None:
    """End an activity, once, and tell the group's topics and EventBridge."""
    if activity.ended is not None:
        return
    activity.status, activity.message = status, message
    activity.progress, activity.ended = 100, now
    activity.group.__dict__["last_activity"] = now
    if activity.verb:
        _announce(activity, now)


def _announce(activity: Activity, now: float) -> None:
    group, instance = activity.group, activity.instance
    outcome = Outcome(
        verb=activity.verb,
        failed=activity.status != "Successful",
        group=group.name,
        group_arn=group.arn,
        account=group.account_id,
        activity_id=activity.activity_id,
        description=activity.description,
        cause=activity.cause,
        status=activity.status,
        message=activity.message,
        started=activity.started,
        ended=now,
        instance_id=instance.id if instance else "",
        instance_arn=instance_arn(instance) if instance else "",
        zone=activity.zone,
        subnet=activity.subnet,
    )
    active().record(
        f"activity.{activity.status.lower()}",
        now,
        group=group.name,
        verb=activity.verb,
        instance=outcome.instance_id,
        cause=activity.cause,
        message=activity.message,
    )
    tell(group, outcome, now)


def tell(group: FakeAutoScalingGroup, outcome: Outcome, now: float) -> None:
    """Send an outcome to every notification configuration that wants it, and as an event."""
    word = "launch" if outcome.verb == "LAUNCH" else "termination"
    subject = f'Auto Scaling: {word} for group "{group.name}"'[:99]
    for topic, kinds in notification_configurations(group).items():
        if outcome.notification in kinds:
            notify(topic, scaling_message(outcome, now), subject, now)
    emit(scaling_event(outcome), account=group.account_id, region=group.region, now=now)


def notification_configurations(group: FakeAutoScalingGroup) -> dict[str, list[str]]:
    """Notification types by topic ARN of a group."""
    found: dict[str, list[str]] = group.__dict__.setdefault("notification_configurations", {})
    return found


def last_activity(group: FakeAutoScalingGroup) -> float | None:
    """Virtual epoch second when the group's last activity ended, None when none did.

    Simple scaling policies and HonorCooldown count their cool-down from here.
    """
    found: float | None = group.__dict__.get("last_activity")
    return found
