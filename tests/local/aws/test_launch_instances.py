"""LaunchInstances: at once, in one zone, and an error in the body where EC2 has none.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/launch-instances-synchronously.html
"""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.cloud import Cloud

TOKEN = "token-1"
HERE, ELSEWHERE = "us-east-1a", "us-east-1b"


def launch(cloud: Cloud, count: int = 1, zone: str = HERE, **more: object) -> dict[str, Any]:
    arguments = {"AvailabilityZones": [zone], "ClientToken": TOKEN, **more}
    answer: dict[str, Any] = cloud.client("autoscaling").launch_instances(
        AutoScalingGroupName="pool", RequestedCapacity=count, **arguments
    )
    return answer


def refused(cloud: Cloud, **how: Any) -> str:
    with pytest.raises(ClientError) as caught:
        launch(cloud, **how)
    return str(caught.value)


def zones(cloud: Cloud) -> list[str]:
    return sorted(one["AvailabilityZone"] for one in cloud.describe()["Instances"])


def test_instances_are_there_at_once_in_the_zone_asked_for_and_desired_capacity_rose(
    cloud: Cloud,
) -> None:
    cloud.group(desired=1)
    cloud.advance(200)

    answer = launch(cloud, 2, ELSEWHERE)

    launched = [i for one in answer["Instances"] for i in one["InstanceIds"]]
    assert len(launched) == 2
    assert answer["Errors"] == []
    assert cloud.describe()["DesiredCapacity"] == 3
    assert zones(cloud) == [HERE, ELSEWHERE, ELSEWHERE]
    cloud.advance(200)
    assert set(cloud.members().values()) == {"InService"}
    assert set(launched) <= set(cloud.members())
    assert len(cloud.members()) == 3, "nothing is launched twice"


def test_without_room_there_the_answer_has_the_error_and_the_size_stays(cloud: Cloud) -> None:
    cloud.group()
    cloud.local("POST", "faults/capacity", {"zone": HERE})

    answer = launch(cloud)

    assert answer["Instances"] == []
    assert [one["ErrorCode"] for one in answer["Errors"]] == ["InsufficientInstanceCapacity"]
    assert cloud.describe()["DesiredCapacity"] == 0


def test_the_same_token_gives_the_same_answer_and_launches_nothing(cloud: Cloud) -> None:
    cloud.group()

    first, second = launch(cloud), launch(cloud)

    assert first["Instances"] == second["Instances"]
    assert cloud.describe()["DesiredCapacity"] == 1
    assert "IdempotentParameterMismatch" in refused(cloud, count=2)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"zone": "us-east-1c"}, "is not an Availability Zone of the group"),
        ({"AvailabilityZones": []}, "exactly one"),
        ({"count": 11}, "beyond its max size"),
        ({"RetryStrategy": "retry-with-group-configuration"}, "is not emulated"),
        ({"SubnetIds": ["subnet-1"]}, "is not emulated"),
    ],
)
def test_what_cannot_be_is_refused(cloud: Cloud, how: dict[str, Any], words: str) -> None:
    cloud.group()

    assert words in refused(cloud, **how)
    assert cloud.describe()["DesiredCapacity"] == 0


def test_a_group_that_is_not_there_is_refused(cloud: Cloud) -> None:
    assert "not found" in refused(cloud)
