"""Faults, messages between services, and what moto does not know."""

import json
from urllib.error import HTTPError

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.cloud import START, Cloud


def test_a_throttled_action_fails_as_often_as_asked(cloud: Cloud) -> None:
    """Per https://docs.aws.amazon.com/AWSEC2/latest/APIReference/throttling.html ."""
    cloud.local("POST", "faults/throttle", {"action": "DescribeInstances", "count": 2})
    for _ in range(2):
        with pytest.raises(ClientError) as caught:
            cloud.client("ec2").describe_instances()
        assert caught.value.response["Error"]["Code"] == "RequestLimitExceeded"
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503

    assert cloud.instances() == {}
    assert len(cloud.happenings("fault.hit")) == 2


def test_other_services_say_throttling(cloud: Cloud) -> None:
    """Per https://docs.aws.amazon.com/autoscaling/ec2/APIReference/CommonErrors.html ."""
    action = "DescribeAutoScalingGroups"
    cloud.local("POST", "faults/throttle", {"action": action, "count": 1})
    with pytest.raises(ClientError, match="Rate exceeded") as caught:
        cloud.client("autoscaling").describe_auto_scaling_groups()

    assert caught.value.response["Error"]["Code"] == "Throttling"


@pytest.mark.parametrize("service", ["ec2", "sqs"])
def test_an_error_has_the_status_that_was_asked_for(cloud: Cloud, service: str) -> None:
    """Per https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html: 5xx."""
    action = {"ec2": "DescribeVpcs", "sqs": "ListQueues"}[service]
    cloud.local("POST", "faults/error", {"action": action, "count": 1, "status": 500})
    call = {"ec2": "describe_vpcs", "sqs": "list_queues"}[service]
    with pytest.raises(ClientError) as caught:
        getattr(cloud.client(service), call)()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500

    assert getattr(cloud.client(service), call)()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_the_end_of_faults_ends_them(cloud: Cloud) -> None:
    """Our own control panel: DELETE /_local/faults."""
    cloud.local("POST", "faults/error", {"action": "ListQueues", "count": 9, "status": 500})
    cloud.local("DELETE", "faults")

    assert cloud.client("sqs").list_queues()["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.parametrize(
    ("method", "route", "body"),
    [
        ("POST", "nothing", {}),
        ("POST", "clock/advance", {}),
        ("POST", "clock/advance", {"seconds": -1}),
        ("POST", "faults/capacity", {"zones": "a"}),
        ("POST", "spot/interrupt", {"instance": "i-1"}),
    ],
)
def test_the_control_panel_refuses_what_it_does_not_know(
    cloud: Cloud, method: str, route: str, body: dict[str, object]
) -> None:
    """Our own control panel: 400 with a reason."""
    with pytest.raises(HTTPError, match="400") as caught:
        cloud.local(method, route, body)

    assert json.load(caught.value)["error"]


def test_an_action_that_moto_lacks_is_refused_clearly(cloud: Cloud) -> None:
    """errors-overview.html of the EC2 API reference: InvalidAction."""
    with pytest.raises(ClientError, match="InvalidAction") as caught:
        cloud.client("ec2").enable_image_deprecation(
            ImageId="ami-12c6146b", DeprecateAt="2030-01-01T00:00:00Z"
        )

    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_the_state_lists_what_could_leak(cloud: Cloud) -> None:
    """Our own control panel: GET /_local/state."""
    cloud.group(desired=1)
    cloud.advance(60)
    found = cloud.local("GET", "state")
    (member,) = found["groups"][0]["members"].values()

    assert found["errors"] == []
    assert [one["state"] for one in found["instances"]] == ["running"]
    assert found["instances"][0]["group"] == "pool"
    assert [one["status"] for one in found["volumes"]] == ["in-use"]
    assert member["in_service_at"] == START + 60


def test_events_tell_the_story_with_virtual_times(cloud: Cloud) -> None:
    """Our own control panel: GET /_local/events, and only the new ones with since."""
    cloud.group(desired=1)
    cloud.advance(60)
    events = cloud.local("GET", "events")["events"]
    kinds = [one["kind"] for one in events]
    assert kinds.index("member.launched") < kinds.index("instance.running")
    assert [one["at"] for one in events if one["kind"] == "instance.running"] == [START + 60]
    (instance,) = cloud.members()
    cloud.terminate(instance)
    fresh = cloud.local("GET", f"events?since={len(events)}")["events"]

    assert fresh[0]["number"] == len(events) + 1
    assert "member.leaving" in [one["kind"] for one in fresh]


def test_a_redrive_policy_is_answered_without_spaces(cloud: Cloud) -> None:
    """API_GetQueueAttributes.html of the SQS API reference."""
    _dead, dead_arn = cloud.queue("dead")
    policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 5})
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="live", Attributes={"RedrivePolicy": policy})["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]

    assert found["RedrivePolicy"] == policy.replace(" ", "")


def test_a_message_comes_back_after_its_visibility_time_of_virtual_seconds(cloud: Cloud) -> None:
    """Per sqs-visibility-timeout.html of the SQS developer guide."""
    url, _arn = cloud.queue()
    sqs = cloud.client("sqs")
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    take = {"QueueUrl": url, "VisibilityTimeout": 300, "WaitTimeSeconds": 20}
    assert len(sqs.receive_message(**take)["Messages"]) == 1
    cloud.advance(299)
    assert "Messages" not in sqs.receive_message(**take)
    cloud.advance(2)

    assert len(sqs.receive_message(**take)["Messages"]) == 1


def test_one_bad_target_does_not_keep_an_event_from_the_others(cloud: Cloud) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html: each by itself."""
    url, arn = cloud.queue()
    events = cloud.client("events")
    events.put_rule(Name="a", EventPattern=json.dumps({"source": ["mine"]}))
    function = "arn:aws:lambda:us-east-1:123456789012:function:f"
    gone = "arn:aws:sqs:us-east-1:123456789012:gone"
    targets = [{"Id": "1", "Arn": function}, {"Id": "2", "Arn": gone}, {"Id": "3", "Arn": arn}]
    events.put_targets(Rule="a", Targets=targets)
    entry = {"Source": "mine", "DetailType": "t", "Detail": '{"x": 1}'}
    assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0

    (event,) = cloud.bodies(url)
    assert event["detail"] == {"x": 1}
    assert [one["target"] for one in cloud.happenings("lambda.invoked")] == [function]
    assert [one["target"] for one in cloud.happenings("notification.lost")] == [gone]


def test_a_schedule_or_a_disabled_rule_matches_no_event(cloud: Cloud) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html ."""
    url, arn = cloud.queue()
    events = cloud.client("events")
    events.put_rule(Name="clock", ScheduleExpression="rate(5 minutes)")
    events.put_rule(Name="off", EventPattern='{"source": ["mine"]}', State="DISABLED")
    for name in ("clock", "off"):
        events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn}])
    events.put_events(Entries=[{"Source": "mine", "DetailType": "t", "Detail": "{}"}])

    assert cloud.bodies(url) == []


def test_the_end_of_an_instance_says_whose_it_was(cloud: Cloud) -> None:
    """Our own: who asked, so that a demo can tell an outside hand from the group's."""
    cloud.group(desired=2)
    cloud.advance(60)
    first, second = cloud.members()
    cloud.terminate(first)
    cloud.client("ec2").terminate_instances(InstanceIds=[second])
    ends = {one["instance"]: one["cause"] for one in cloud.happenings("instance.shutting-down")}

    assert ends == {first: "group", second: "user"}
