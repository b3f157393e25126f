"""Groups keep their size: launches, scale-in, replacement, activities."""

import pytest
from botocore.exceptions import ClientError


def test_a_group_launches_asynchronously_and_balances_its_zones(cloud):
    """https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html"""
    cloud.group(desired=4)
    assert set(cloud.members().values()) == {"Pending"}
    states = [one["State"]["Name"] for one in all_instances(cloud)]
    assert states == ["pending"] * 4

    cloud.advance(59)
    assert set(cloud.members().values()) == {"Pending"}
    cloud.advance(1)

    assert set(cloud.members().values()) == {"InService"}
    zones = sorted(one["AvailabilityZone"] for one in cloud.describe()["Instances"])
    assert zones == ["us-east-1a", "us-east-1a", "us-east-1b", "us-east-1b"]


def all_instances(cloud):
    pages = cloud.client("ec2").get_paginator("describe_instances").paginate()
    return [one for page in pages for r in page["Reservations"] for one in r["Instances"]]


def test_desired_capacity_outside_min_and_max_is_refused(cloud):
    """https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_SetDesiredCapacity.html"""
    cloud.group()
    with pytest.raises(ClientError, match="above max value 10"):
        cloud.client("autoscaling").set_desired_capacity(
            AutoScalingGroupName="pool", DesiredCapacity=11
        )
    assert cloud.describe()["DesiredCapacity"] == 0
