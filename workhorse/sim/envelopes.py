"""The messages that AWS would put into the pool's queue, body for body.

Shapes: https://docs.aws.amazon.com/autoscaling/ec2/userguide/prepare-for-lifecycle-notifications.html
and https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-ec2.html
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

ACCOUNT = "123456789012"
REGION = "eu-west-1"
Writer = Callable[[str, float], str]
"""Writes a message about an instance, at a time."""
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:workhorse"


@lru_cache(maxsize=16)  # Envelope and body of a message tell the same time.
def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def sns(message: str, subject: str, at: float) -> str:
    """The envelope that SNS puts around what it delivers to SQS."""
    return json.dumps(
        {
            "Type": "Notification",
            "MessageId": "00000000-0000-4000-8000-000000000000",
            "TopicArn": TOPIC,
            "Subject": subject,
            "Message": message,
            "Timestamp": _time(at),
        }
    )


def hook_arrived(group: str, hook: str, instance: str, at: float) -> str:
    """A termination hook's notification, by way of SNS."""
    body = {
        "Origin": "AutoScalingGroup",
        "Destination": "EC2",
        "Service": "AWS Auto Scaling",
        "LifecycleHookName": hook,
        "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
        "AutoScalingGroupName": group,
        "EC2InstanceId": instance,
        "LifecycleActionToken": f"token-{instance}",
        "AccountId": ACCOUNT,
        "RequestId": f"request-{instance}",
        "Time": _time(at),
    }
    subject = f"Auto Scaling:  Lifecycle action 'TERMINATING' for instance {instance} in progress."
    return sns(json.dumps(body), subject, at)


def hook_tested(group: str, at: float) -> str:
    """What Auto Scaling sends when a hook is put."""
    body = {
        "AccountId": ACCOUNT,
        "RequestId": "request-test",
        "AutoScalingGroupARN": f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:autoScalingGroup:x:{group}",
        "AutoScalingGroupName": group,
        "Service": "AWS Auto Scaling",
        "Event": "autoscaling:TEST_NOTIFICATION",
        "Time": _time(at),
    }
    return sns(json.dumps(body), "Auto Scaling: test notification", at)


def _event(kind: str, source: str, instance: str, at: float, detail: dict[str, Any]) -> str:
    return json.dumps(
        {
            "version": "0",
            "id": f"event-{instance}",
            "detail-type": kind,
            "source": source,
            "account": ACCOUNT,
            "time": _time(at),
            "region": REGION,
            "resources": [f"arn:aws:ec2:eu-west-1a:instance/{instance}"],
            "detail": detail,
        }
    )


def spot_interruption(instance: str, at: float) -> str:
    """EventBridge's two minutes' warning."""
    detail = {"instance-id": instance, "instance-action": "terminate"}
    return _event("EC2 Spot Instance Interruption Warning", "aws.ec2", instance, at, detail)


def rebalance_recommendation(instance: str, at: float) -> str:
    """EventBridge's word that a spot instance is at a higher risk."""
    detail = {"instance-id": instance}
    return _event("EC2 Instance Rebalance Recommendation", "aws.ec2", instance, at, detail)
