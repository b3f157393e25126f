"""What a message of a pool's queue says: lifecycle hook notifications and EC2 events.

Two shapes come through the queue.
Auto Scaling's notification by way of SNS, raw or in SNS' envelope:
https://docs.aws.amazon.com/autoscaling/ec2/userguide/prepare-for-lifecycle-notifications.html
and EventBridge's events of EC2 and Auto Scaling:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/rebalance-recommendations.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html

Delivery is at least once, in any order.
Every message gets one `Notice`; what becomes of it is told by `HANDLING`, a row for each kind:

    drain    open a drain, or join the one that is open; forgotten when that drain has ended
    wake     look afresh at once; then forgotten
    forget   nothing to do; forgotten
    leave    not understood or not ours; left for the dead letter queue, where people find it
"""

import json
from collections.abc import Container
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from workhorse.core.drain import Cause

TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING"


class Kind(StrEnum):
    """What sort of message it is."""

    HOOK = "hook"
    SPOT = "spot"
    REBALANCE = "rebalance"
    STATE_CHANGE = "state-change"
    TEST = "test"
    FOREIGN = "foreign"
    MALFORMED = "malformed"


class Handling(StrEnum):
    """What becomes of a message."""

    DRAIN = "drain"
    WAKE = "wake"
    FORGET = "forget"
    LEAVE = "leave"


HANDLING = {
    Kind.HOOK: Handling.DRAIN,
    Kind.SPOT: Handling.DRAIN,
    Kind.REBALANCE: Handling.DRAIN,
    Kind.STATE_CHANGE: Handling.WAKE,
    Kind.TEST: Handling.FORGET,
    Kind.FOREIGN: Handling.LEAVE,
    Kind.MALFORMED: Handling.LEAVE,
}

CAUSES = {Kind.HOOK: Cause.HOOK, Kind.SPOT: Cause.SPOT, Kind.REBALANCE: Cause.REBALANCE}

_EVENTS = {
    "EC2 Spot Instance Interruption Warning": Kind.SPOT,
    "EC2 Instance Rebalance Recommendation": Kind.REBALANCE,
    "EC2 Instance State-change Notification": Kind.STATE_CHANGE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message, understood."""

    kind: Kind
    instance: str = ""
    group: str = ""
    hook: str = ""
    detail: str = ""
    """The EC2 state, or why the message was not understood."""


def handling(
    notice: Notice, *, groups: Container[str], known: Container[str], unread: bool
) -> Handling | None:
    """What becomes of a notice; None when that cannot be told before a better reading.

    Args:
        notice: the message, understood.
        groups: the groups of our pools.
        known: members of these groups, and instances that leave already.
        unread: a group could not be read.
    """
    usual = HANDLING[notice.kind]
    if usual is not Handling.DRAIN:
        return usual
    if notice.kind is Kind.HOOK:
        return Handling.DRAIN if notice.group in groups else Handling.LEAVE
    if notice.instance in known:
        return Handling.DRAIN
    # EC2's events tell no group: every queue gets those of every instance of the account.
    return None if unread else Handling.FORGET


def understand(body: str) -> Notice:
    """The notice in a message's body; one that makes no sense is `MALFORMED`, never an error."""
    try:
        content = json.loads(body)
        if isinstance(content, dict) and content.get("Type") == "Notification":
            content = json.loads(content["Message"])
    except (ValueError, TypeError, KeyError) as wrong:
        return Notice(kind=Kind.MALFORMED, detail=f"no JSON: {wrong}")
    if not isinstance(content, dict):
        return Notice(kind=Kind.MALFORMED, detail="not a JSON object")
    if content.get("Event") == "autoscaling:TEST_NOTIFICATION":
        return Notice(kind=Kind.TEST, group=str(content.get("AutoScalingGroupName", "")))
    if "LifecycleTransition" in content:
        return _hook(content)
    if "detail-type" in content:
        return _event(content)
    return Notice(kind=Kind.FOREIGN, detail=f"keys {sorted(content)[:8]}")


def _hook(content: dict[str, Any]) -> Notice:
    if content["LifecycleTransition"] != TERMINATING:
        return Notice(kind=Kind.FOREIGN, detail=f"transition {content['LifecycleTransition']}")
    wanted = ("EC2InstanceId", "AutoScalingGroupName", "LifecycleHookName")
    missing = [key for key in wanted if not isinstance(content.get(key), str) or not content[key]]
    if missing:
        return Notice(kind=Kind.MALFORMED, detail=f"without {', '.join(missing)}")
    instance, group, hook = (content[key] for key in wanted)
    return Notice(kind=Kind.HOOK, instance=instance, group=group, hook=hook)


def _event(content: dict[str, Any]) -> Notice:
    detail = content.get("detail")
    if content["detail-type"] == "EC2 Instance-terminate Lifecycle Action" and isinstance(
        detail, dict
    ):
        return _hook({"LifecycleTransition": TERMINATING, **detail})
    kind = _EVENTS.get(str(content["detail-type"]))
    if kind is None:
        return Notice(kind=Kind.FOREIGN, detail=f"detail-type {content['detail-type']}")
    instance = detail.get("instance-id") if isinstance(detail, dict) else None
    if not isinstance(instance, str) or not instance:
        return Notice(kind=Kind.MALFORMED, detail="without instance-id")
    state = str(detail.get("state", "")) if isinstance(detail, dict) else ""
    return Notice(kind=kind, instance=instance, detail=state)
