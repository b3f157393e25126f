"""Lifecycle hooks hold instances both ways, and tell SNS, SQS and EventBridge.

Pages are below https://docs.aws.amazon.com/autoscaling/ec2/ unless they say so.
"""

import json

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.cloud import LAUNCHING, ROLE, TERMINATING, Cloud


def leaving(cloud: Cloud, **hook: object) -> str:
    """A group of one with the hook, whose instance was told to leave; gives its id."""
    cloud.group(desired=1)
    cloud.hook(**hook)
    cloud.advance(60)
    (instance_id,) = cloud.members()
    cloud.terminate(instance_id)
    return instance_id


def test_a_terminating_hook_holds_the_instance_until_it_is_completed(cloud: Cloud) -> None:
    """userguide/lifecycle-hooks.html: Terminating:Wait, then Terminating:Proceed."""
    instance_id = leaving(cloud)
    cloud.advance(200)
    assert cloud.members() == {instance_id: "Terminating:Wait"}
    assert cloud.instances()[instance_id]["State"]["Name"] == "running"
    assert cloud.activities()[0]["StatusCode"] == "MidLifecycleAction"
    cloud.complete(instance_id)
    assert cloud.members() == {instance_id: "Terminating:Proceed"}
    cloud.advance(10)

    assert cloud.members() == {}
    assert cloud.activities()[0]["StatusCode"] == "Successful"
    with pytest.raises(ClientError, match="No active Lifecycle Action found with instance ID"):
        cloud.complete(instance_id)


def test_the_message_to_a_queue_is_as_documented(cloud: Cloud) -> None:
    """userguide/prepare-for-lifecycle-notifications.html: fields of the message."""
    url, arn = cloud.queue()
    hook = {"NotificationTargetARN": arn, "RoleARN": ROLE, "NotificationMetadata": "pool=a"}
    instance_id = leaving(cloud, **hook)
    test, message = cloud.bodies(url)

    assert test["Event"] == "autoscaling:TEST_NOTIFICATION"
    assert test["AutoScalingGroupName"] == "pool"
    token = message.pop("LifecycleActionToken")
    assert message.pop("RequestId")
    assert message == {
        "LifecycleHookName": "drain",
        "AccountId": "123456789012",
        "LifecycleTransition": TERMINATING,
        "AutoScalingGroupName": "pool",
        "Service": "AWS Auto Scaling",
        "Time": "2026-01-01T00:01:00.000Z",
        "EC2InstanceId": instance_id,
        "NotificationMetadata": "pool=a",
        "Origin": "AutoScalingGroup",
        "Destination": "EC2",
    }
    cloud.client("autoscaling").complete_lifecycle_action(
        LifecycleHookName="drain",
        AutoScalingGroupName="pool",
        LifecycleActionToken=token,
        LifecycleActionResult="CONTINUE",
    )
    assert cloud.members() == {instance_id: "Terminating:Proceed"}


@pytest.mark.parametrize("raw", ["true", "false"])
def test_a_topic_wraps_the_message_unless_delivery_is_raw(cloud: Cloud, raw: str) -> None:
    """https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html ."""
    url, arn = cloud.queue()
    sns = cloud.client("sns")
    topic = sns.create_topic(Name="hooks")["TopicArn"]
    sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": raw}
    )
    instance_id = leaving(cloud, NotificationTargetARN=topic, RoleARN=ROLE)
    _test, message = cloud.bodies(url)

    if raw == "false":
        assert message["Type"] == "Notification"
        assert message["TopicArn"] == topic
        assert message["Subject"].startswith("Auto Scaling:")
        message = json.loads(message["Message"])
    assert message["EC2InstanceId"] == instance_id


def test_eventbridge_gets_the_lifecycle_action(cloud: Cloud) -> None:
    """userguide/ec2-auto-scaling-event-reference.html: source, detail-type and detail."""
    url, arn = cloud.queue()
    cloud.rule(arn, {"source": ["aws.autoscaling"], "detail": {"LifecycleHookName": ["drain"]}})
    instance_id = leaving(cloud, NotificationMetadata="m")
    (event,) = cloud.bodies(url)

    assert event["source"] == "aws.autoscaling"
    assert event["detail-type"] == "EC2 Instance-terminate Lifecycle Action"
    assert event["account"] == "123456789012"
    assert event["time"] == "2026-01-01T00:01:00Z"
    assert event["resources"] == [cloud.describe()["AutoScalingGroupARN"]]
    assert event["detail"].pop("LifecycleActionToken")
    assert event["detail"] == {
        "AutoScalingGroupName": "pool",
        "LifecycleHookName": "drain",
        "EC2InstanceId": instance_id,
        "LifecycleTransition": TERMINATING,
        "NotificationMetadata": "m",
        "Origin": "AutoScalingGroup",
        "Destination": "EC2",
    }


def test_without_a_heartbeat_the_default_result_ends_the_wait(cloud: Cloud) -> None:
    """userguide/lifecycle-hooks-overview.html: the default result after the time-out."""
    instance_id = leaving(cloud)
    cloud.advance(299)
    assert cloud.members() == {instance_id: "Terminating:Wait"}
    cloud.advance(11)

    assert cloud.members() == {}
    (event,) = cloud.happenings("hook.timed-out")
    assert (event["instance"], event["result"]) == (instance_id, "CONTINUE")


def test_heartbeats_keep_the_wait_open_until_the_global_limit(cloud: Cloud) -> None:
    """userguide/lifecycle-hooks-overview.html: 48 hours or 100 heartbeats, the smaller."""
    instance_id = leaving(cloud, HeartbeatTimeout=30)
    (hook,) = cloud.client("autoscaling").describe_lifecycle_hooks(AutoScalingGroupName="pool")[
        "LifecycleHooks"
    ]
    assert hook["GlobalTimeout"] == 3000
    waited = 0
    while cloud.members().get(instance_id) == "Terminating:Wait":
        cloud.client("autoscaling").record_lifecycle_action_heartbeat(
            LifecycleHookName="drain", AutoScalingGroupName="pool", InstanceId=instance_id
        )
        cloud.advance(25)
        waited += 25

    assert waited == 3000


def test_a_launching_hook_holds_the_instance_out_of_service(cloud: Cloud) -> None:
    """userguide/ec2-auto-scaling-lifecycle.html: Pending:Wait, Pending:Proceed, InService."""
    url, arn = cloud.queue()
    cloud.rule(arn, {"detail-type": ["EC2 Instance-launch Lifecycle Action"]})
    cloud.group()
    cloud.hook(LAUNCHING, DefaultResult="ABANDON")
    cloud.desire(1)
    cloud.advance(60)
    (instance_id,) = cloud.members()
    assert cloud.members() == {instance_id: "Pending:Wait"}
    (event,) = cloud.bodies(url)
    assert event["detail"]["Origin"] == "EC2"
    assert event["detail"]["Destination"] == "AutoScalingGroup"
    cloud.complete(instance_id)

    assert cloud.members() == {instance_id: "InService"}


def test_an_abandoned_launch_is_terminated_and_replaced(cloud: Cloud) -> None:
    """userguide/lifecycle-hooks-overview.html: ABANDON of a launch terminates and replaces."""
    cloud.group()
    cloud.hook(LAUNCHING)
    cloud.desire(1)
    cloud.advance(60)
    (first,) = cloud.members()
    cloud.complete(first, "ABANDON")
    cloud.advance(80)

    assert first not in cloud.members()
    assert list(cloud.members().values()) == ["Pending:Wait"]
    assert "Cancelled" in [one["StatusCode"] for one in cloud.activities()]


def test_every_hook_must_end_before_the_instance_goes(cloud: Cloud) -> None:
    """userguide/lifecycle-hooks-overview.html: several hooks, CONTINUE waits for the others."""
    cloud.group(desired=1)
    cloud.hook()
    cloud.client("autoscaling").put_lifecycle_hook(
        LifecycleHookName="logs", AutoScalingGroupName="pool", LifecycleTransition=TERMINATING
    )
    cloud.advance(60)
    (instance_id,) = cloud.members()
    cloud.terminate(instance_id)
    cloud.complete(instance_id, hook="drain")
    assert cloud.members() == {instance_id: "Terminating:Wait"}
    cloud.complete(instance_id, "ABANDON", hook="logs")

    assert cloud.members() == {instance_id: "Terminating:Proceed"}


def test_a_hook_keeps_what_it_was_given(cloud: Cloud) -> None:
    """APIReference/API_PutLifecycleHook.html; moto answers made-up targets."""
    _url, arn = cloud.queue()
    cloud.group()
    cloud.hook(NotificationTargetARN=arn, RoleARN=ROLE, NotificationMetadata="m")
    cloud.client("autoscaling").put_lifecycle_hook(
        LifecycleHookName="drain", AutoScalingGroupName="pool", HeartbeatTimeout=600
    )
    (hook,) = cloud.client("autoscaling").describe_lifecycle_hooks(AutoScalingGroupName="pool")[
        "LifecycleHooks"
    ]

    assert hook == {
        "LifecycleHookName": "drain",
        "AutoScalingGroupName": "pool",
        "LifecycleTransition": TERMINATING,
        "NotificationTargetARN": arn,
        "RoleARN": ROLE,
        "NotificationMetadata": "m",
        "HeartbeatTimeout": 600,
        "GlobalTimeout": 60000,
        "DefaultResult": "CONTINUE",
    }


def test_a_bare_hook_has_no_target_and_the_documented_defaults(cloud: Cloud) -> None:
    """APIReference/API_PutLifecycleHook.html: 3600 seconds, ABANDON."""
    cloud.group()
    asg = cloud.client("autoscaling")
    asg.put_lifecycle_hook(
        LifecycleHookName="drain", AutoScalingGroupName="pool", LifecycleTransition=TERMINATING
    )
    (hook,) = asg.describe_lifecycle_hooks(AutoScalingGroupName="pool")["LifecycleHooks"]

    assert "NotificationTargetARN" not in hook
    assert (hook["HeartbeatTimeout"], hook["DefaultResult"]) == (3600, "ABANDON")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"HeartbeatTimeout": 29}, "between 30 and 7200"),
        ({"DefaultResult": "MAYBE"}, "CONTINUE or ABANDON"),
        ({"NotificationTargetARN": "arn:aws:sqs:us-east-1:123456789012:none"}, "Unable to publish"),
    ],
)
def test_a_hook_that_cannot_work_is_refused(
    cloud: Cloud, change: dict[str, object], error: str
) -> None:
    """APIReference/API_PutLifecycleHook.html: limits, and a test message to the target."""
    cloud.group()
    with pytest.raises(ClientError, match=error):
        cloud.hook(**change)


def test_deleting_a_hook_ends_its_open_actions(cloud: Cloud) -> None:
    """APIReference/API_DeleteLifecycleHook.html: CONTINUE for terminating instances."""
    instance_id = leaving(cloud)
    cloud.client("autoscaling").delete_lifecycle_hook(
        LifecycleHookName="drain", AutoScalingGroupName="pool"
    )

    assert cloud.members() == {instance_id: "Terminating:Proceed"}


def test_hooks_given_with_the_group_hold_its_first_instances(cloud: Cloud) -> None:
    """APIReference/API_CreateAutoScalingGroup.html: LifecycleHookSpecificationList."""
    spec = {"LifecycleHookName": "boot", "LifecycleTransition": LAUNCHING}
    cloud.group(desired=1, LifecycleHookSpecificationList=[spec])
    cloud.advance(60)

    assert list(cloud.members().values()) == ["Pending:Wait"]


def test_scaling_notifications_go_to_the_topics_that_want_them(cloud: Cloud) -> None:
    """userguide/ec2-auto-scaling-sns-notifications.html: types and body."""
    url, arn = cloud.queue()
    sns = cloud.client("sns")
    topic = sns.create_topic(Name="scaling")["TopicArn"]
    sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}
    )
    cloud.group()
    asg = cloud.client("autoscaling")
    asg.put_notification_configuration(
        AutoScalingGroupName="pool",
        TopicARN=topic,
        NotificationTypes=["autoscaling:EC2_INSTANCE_LAUNCH"],
    )
    (kept,) = asg.describe_notification_configurations()["NotificationConfigurations"]
    assert kept["NotificationType"] == "autoscaling:EC2_INSTANCE_LAUNCH"
    cloud.desire(1)
    cloud.advance(60)
    (instance_id,) = cloud.members()
    cloud.desire(0)
    cloud.advance(10)
    test, launched = cloud.bodies(url)

    assert test["Event"] == "autoscaling:TEST_NOTIFICATION"
    assert launched["Event"] == "autoscaling:EC2_INSTANCE_LAUNCH"
    assert launched["EC2InstanceId"] == instance_id
    assert launched["Details"]["Availability Zone"] == "us-east-1a"
    asg.delete_notification_configuration(AutoScalingGroupName="pool", TopicARN=topic)
    assert asg.describe_notification_configurations()["NotificationConfigurations"] == []
