"""Spot and mixed groups: interruptions, recommendations, and machines that are not there.

Pages are below https://docs.aws.amazon.com/ .
"""

from collections import Counter
from typing import Any
from urllib.error import HTTPError

import pytest

from tests.local.aws.cloud import Cloud


def mixed(cloud: Cloud, *, base: int = 0, percent: int = 0, desired: int = 0) -> None:
    """A group "pool" of m5.large or m5a.large with a split of on-demand and spot."""
    policy: dict[str, Any] = {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": {"LaunchTemplateId": cloud.template(), "Version": "1"},
            "Overrides": [{"InstanceType": "m5.large"}, {"InstanceType": "m5a.large"}],
        },
        "InstancesDistribution": {
            "OnDemandBaseCapacity": base,
            "OnDemandPercentageAboveBaseCapacity": percent,
        },
    }
    cloud.group(MixedInstancesPolicy=policy, desired=desired)


def markets(cloud: Cloud) -> Counter[str]:
    return Counter(
        one.get("InstanceLifecycle", "on-demand")
        for one in cloud.instances().values()
        if one["State"]["Name"] in {"pending", "running"}
    )


def test_a_mixed_group_keeps_its_base_on_demand_and_the_rest_on_spot(cloud: Cloud) -> None:
    """autoscaling/ec2/userguide/mixed-instances-groups-set-up-overview.html ."""
    mixed(cloud, base=1, percent=0, desired=4)
    cloud.advance(60)
    assert markets(cloud) == {"on-demand": 1, "spot": 3}
    cloud.desire(1)
    cloud.advance(20)

    assert markets(cloud) == {"on-demand": 1}
    assert cloud.describe()["Instances"][0]["LaunchTemplate"]["Version"] == "1"


def test_an_interruption_warns_for_two_minutes_and_then_takes_the_instance(cloud: Cloud) -> None:
    """AWSEC2/latest/UserGuide/spot-instance-termination-notices.html ."""
    url, arn = cloud.queue()
    cloud.rule(arn, {"detail-type": ["EC2 Spot Instance Interruption Warning"]})
    mixed(cloud, desired=1)
    cloud.advance(60)
    (victim,) = cloud.members()
    cloud.local("POST", "spot/interrupt", {"instance": victim})
    (event,) = cloud.bodies(url)
    assert event["source"] == "aws.ec2"
    assert event["detail"] == {"instance-id": victim, "instance-action": "terminate"}
    cloud.advance(119)
    assert cloud.instances()[victim]["State"]["Name"] == "running"
    cloud.advance(1)
    assert cloud.instances()[victim]["State"]["Name"] == "shutting-down"
    reason = cloud.instances()[victim]["StateReason"]["Code"]
    assert reason == "Server.SpotInstanceTermination"
    cloud.advance(120)

    assert victim not in cloud.members()
    assert list(cloud.members().values()) == ["InService"]


def test_a_rebalance_recommendation_is_only_a_hint(cloud: Cloud) -> None:
    """AWSEC2/latest/UserGuide/rebalance-recommendations.html ."""
    url, arn = cloud.queue()
    cloud.rule(arn, {"detail-type": ["EC2 Instance Rebalance Recommendation"]})
    mixed(cloud, desired=1)
    cloud.advance(60)
    (instance,) = cloud.members()
    cloud.local("POST", "spot/rebalance", {"instance": instance})
    cloud.advance(300)
    (event,) = cloud.bodies(url)

    assert event["detail"] == {"instance-id": instance}
    assert cloud.members() == {instance: "InService"}


def test_an_on_demand_instance_is_not_interrupted(cloud: Cloud) -> None:
    """AWSEC2/latest/UserGuide/spot-interruptions.html: only spot instances are."""
    cloud.group(desired=1)
    cloud.advance(60)
    (instance,) = cloud.members()
    with pytest.raises(HTTPError, match="400"):
        cloud.local("POST", "spot/interrupt", {"instance": instance})


def test_without_capacity_in_one_zone_the_group_uses_the_other(cloud: Cloud) -> None:
    """autoscaling/ec2/userguide/ts-as-capacity.html: other zones are tried."""
    cloud.local("POST", "faults/capacity", {"zone": "us-east-1a"})
    cloud.group(desired=3)
    cloud.advance(60)

    assert {one["AvailabilityZone"] for one in cloud.describe()["Instances"]} == {"us-east-1b"}
    assert len(cloud.members()) == 3


def test_without_any_capacity_the_launch_fails_and_is_tried_again(cloud: Cloud) -> None:
    """autoscaling/ec2/userguide/ts-as-capacity.html: a Failed activity, and another try."""
    cloud.local("POST", "faults/capacity", {"instance_type": "m5.large"})
    cloud.group(desired=1)
    cloud.advance(30)
    assert cloud.members() == {}
    (failed,) = cloud.activities()
    assert failed["StatusCode"] == "Failed"
    assert "do not have sufficient m5.large capacity" in failed["StatusMessage"]
    cloud.advance(60)
    assert [one["StatusCode"] for one in cloud.activities()] == ["Failed", "Failed"]
    cloud.local("DELETE", "faults")
    cloud.advance(180)

    assert list(cloud.members().values()) == ["InService"]


def test_a_missing_type_falls_back_to_the_next_override(cloud: Cloud) -> None:
    """autoscaling/ec2/userguide/mixed-instances-groups-set-up-overview.html: several types."""
    cloud.local("POST", "faults/capacity", {"instance_type": "m5.large", "market": "spot"})
    mixed(cloud, desired=2)

    assert {one["InstanceType"] for one in cloud.instances().values()} == {"m5a.large"}


def test_a_lack_of_capacity_ends_at_its_time(cloud: Cloud) -> None:
    """autoscaling/ec2/userguide/ts-as-capacity.html: launches go on when there is room."""
    now = cloud.local("GET", "clock")["now"]
    cloud.local("POST", "faults/capacity", {"until": now + 100})
    cloud.group(desired=1)
    cloud.advance(90)
    assert cloud.members() == {}
    cloud.advance(100)

    assert list(cloud.members().values()) == ["InService"]


def test_a_rebalance_of_zones_goes_through_the_hook_and_replaces(cloud: Cloud) -> None:
    """autoscaling/ec2/userguide/auto-scaling-benefits.html: rebalancing keeps the size."""
    cloud.group(desired=2)
    cloud.hook()
    cloud.advance(60)
    first, _second = cloud.members()
    cloud.local("POST", "groups/rebalance", {"instance": first})
    cloud.advance(60)

    assert cloud.members()[first] == "Terminating:Wait"
    assert sorted(cloud.members().values()) == ["InService", "InService", "Terminating:Wait"]
    assert cloud.describe()["DesiredCapacity"] == 2
