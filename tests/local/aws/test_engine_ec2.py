"""EC2 takes its time, launches all of a template, and keeps the rules of volumes.

Pages are below https://docs.aws.amazon.com/AWSEC2/latest/ unless they say so.
"""

import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.cloud import IMAGE, Cloud
from workhorse.local.aws.timings import Timings


def run(cloud: Cloud, count: int = 1, **more: object) -> list[str]:
    """RunInstances and give the ids."""
    arguments: dict[str, Any] = {"ImageId": IMAGE, "InstanceType": "m5.large", **more}
    answer = cloud.client("ec2").run_instances(MinCount=count, MaxCount=count, **arguments)
    return [one["InstanceId"] for one in answer["Instances"]]


def state(cloud: Cloud, instance_id: str) -> str:
    name: str = cloud.instances()[instance_id]["State"]["Name"]
    return name


def test_an_instance_lives_through_its_states_and_eventbridge_hears_each(cloud: Cloud) -> None:
    """UserGuide/monitoring-instance-state-changes.html: one event for each state."""
    url, arn = cloud.queue()
    cloud.rule(arn, {"source": ["aws.ec2"]})
    (instance_id,) = run(cloud)
    assert state(cloud, instance_id) == "pending"
    cloud.advance(60)
    assert state(cloud, instance_id) == "running"
    ec2 = cloud.client("ec2")
    ec2.stop_instances(InstanceIds=[instance_id])
    assert state(cloud, instance_id) == "stopping"
    cloud.advance(10)
    ec2.start_instances(InstanceIds=[instance_id])
    cloud.advance(60)
    ec2.terminate_instances(InstanceIds=[instance_id])
    assert state(cloud, instance_id) == "shutting-down"
    cloud.advance(10)

    events = cloud.bodies(url)
    assert {one["detail-type"] for one in events} == {"EC2 Instance State-change Notification"}
    assert events[0]["detail"]["instance-id"] == instance_id
    assert events[0]["resources"][0].endswith(f"instance/{instance_id}")
    assert [one["detail"]["state"] for one in events] == [
        "pending",
        "running",
        "stopping",
        "stopped",
        "pending",
        "running",
        "shutting-down",
        "terminated",
    ]


def test_a_terminated_instance_is_forgotten_after_an_hour(cloud: Cloud) -> None:
    """UserGuide/terminating-instances.html: visible for a short while, then gone."""
    (instance_id,) = run(cloud)
    cloud.client("ec2").terminate_instances(InstanceIds=[instance_id])
    cloud.advance(3000)
    assert state(cloud, instance_id) == "terminated"
    cloud.advance(700)

    assert cloud.instances() == {}


def test_the_same_client_token_launches_once(cloud: Cloud) -> None:
    """https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html ."""
    first, again = run(cloud, ClientToken="one"), run(cloud, ClientToken="one")

    assert first == again
    assert len(cloud.instances()) == 1


def test_the_token_of_an_instance_that_ended_launches_nothing_more(cloud: Cloud) -> None:
    """APIReference/errors-overview.html: IdempotentInstanceTerminated."""
    (first,) = run(cloud, ClientToken="one")
    cloud.client("ec2").terminate_instances(InstanceIds=[first])
    cloud.advance(3000)
    with pytest.raises(ClientError, match="IdempotentInstanceTerminated"):
        run(cloud, ClientToken="one")
    assert list(cloud.instances()) == [first]


def test_an_unknown_image_is_refused(cloud: Cloud) -> None:
    """APIReference/errors-overview.html: InvalidAMIID.NotFound."""
    with pytest.raises(ClientError, match=r"InvalidAMIID\.NotFound"):
        run(cloud, ImageId="ami-00000000")


def test_pages_of_instances_are_cut_inside_a_reservation(cloud: Cloud) -> None:
    """APIReference/API_DescribeInstances.html: MaxResults counts instances."""
    ids = set(run(cloud, 7))
    pages = list(
        cloud.client("ec2")
        .get_paginator("describe_instances")
        .paginate(PaginationConfig={"PageSize": 5})
    )

    found = [
        [i["InstanceId"] for r in page["Reservations"] for i in r["Instances"]] for page in pages
    ]
    assert [len(one) for one in found] == [5, 2]
    assert set(found[0] + found[1]) == ids


def full_template(cloud: Cloud) -> None:
    """Template "agents": version 1 bare, version 2 with everything a pool sets."""
    iam = cloud.client("iam")
    iam.create_role(RoleName="agent", AssumeRolePolicyDocument="{}")
    iam.create_instance_profile(InstanceProfileName="agent")
    iam.add_role_to_instance_profile(InstanceProfileName="agent", RoleName="agent")
    cloud.template(UserData=base64.b64encode(b"#!/bin/sh\nfirst").decode())
    security_group = cloud.client("ec2").create_security_group(GroupName="sg", Description="sg")
    cloud.client("ec2").create_launch_template_version(
        LaunchTemplateName="agents",
        LaunchTemplateData={
            "ImageId": IMAGE,
            "InstanceType": "c5.xlarge",
            "UserData": base64.b64encode(b"#!/bin/sh\nsecond").decode(),
            "IamInstanceProfile": {"Name": "agent"},
            "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 2},
            "NetworkInterfaces": [
                {
                    "DeviceIndex": 0,
                    "AssociatePublicIpAddress": False,
                    "Groups": [security_group["GroupId"]],
                }
            ],
            "BlockDeviceMappings": [
                {
                    "DeviceName": "/dev/sda1",
                    "Ebs": {"VolumeSize": 50, "VolumeType": "gp3", "Encrypted": True},
                }
            ],
            "TagSpecifications": [
                {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "agent"}]},
                {"ResourceType": "volume", "Tags": [{"Key": "Of", "Value": "agent"}]},
            ],
        },
    )


def test_a_group_launches_all_of_the_version_it_names(cloud: Cloud) -> None:
    """UserGuide/ec2-launch-templates.html: every parameter of the version is used."""
    full_template(cloud)
    tag = {"Key": "pool", "Value": "a", "PropagateAtLaunch": True}
    cloud.group(desired=1, Tags=[tag])
    cloud.advance(60)
    (instance,) = cloud.instances().values()

    assert instance["InstanceType"] == "c5.xlarge"
    assert instance["MetadataOptions"]["HttpTokens"] == "required"
    assert instance["MetadataOptions"]["HttpPutResponseHopLimit"] == 2
    assert instance["IamInstanceProfile"]["Arn"].endswith("instance-profile/agent")
    assert [one["GroupName"] for one in instance["SecurityGroups"]] == ["sg"]
    assert "PublicIpAddress" not in instance
    tags = {one["Key"]: one["Value"] for one in instance["Tags"]}
    assert {
        "Name": "agent",
        "pool": "a",
        "aws:autoscaling:groupName": "pool",
    }.items() <= tags.items()
    (volume,) = cloud.client("ec2").describe_volumes()["Volumes"]
    assert (volume["Size"], volume["VolumeType"], volume["Encrypted"]) == (50, "gp3", True)
    assert volume["Tags"] == [{"Key": "Of", "Value": "agent"}]
    shown = cloud.describe()["Instances"][0]["LaunchTemplate"]
    assert shown["Version"] == "2"


def test_an_instance_shows_the_version_it_was_launched_from(cloud: Cloud) -> None:
    """https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_Instance.html ."""
    cloud.template()
    cloud.group(desired=1)
    cloud.advance(60)
    (old,) = cloud.members()
    cloud.client("ec2").create_launch_template_version(
        LaunchTemplateName="agents",
        SourceVersion="1",
        LaunchTemplateData={"InstanceType": "c5.large"},
    )
    cloud.desire(2)
    versions = {one["InstanceId"]: one for one in cloud.describe()["Instances"]}

    assert versions.pop(old)["LaunchTemplate"]["Version"] == "1"
    (new,) = versions.values()
    assert new["LaunchTemplate"]["Version"] == "2"
    assert new["InstanceType"] == "c5.large"
    assert cloud.instances()[new["InstanceId"]]["ImageId"] == IMAGE


def test_a_template_keeps_its_own_tags_out_of_its_data(cloud: Cloud) -> None:
    """APIReference/API_CreateLaunchTemplate.html: TagSpecification tags the template."""
    cloud.client("ec2").create_launch_template(
        LaunchTemplateName="agents",
        LaunchTemplateData={"ImageId": IMAGE},
        TagSpecifications=[
            {"ResourceType": "launch-template", "Tags": [{"Key": "a", "Value": "b"}]}
        ],
    )
    (version,) = cloud.client("ec2").describe_launch_template_versions(LaunchTemplateName="agents")[
        "LaunchTemplateVersions"
    ]
    (template,) = cloud.client("ec2").describe_launch_templates()["LaunchTemplates"]

    assert "TagSpecifications" not in version["LaunchTemplateData"]
    assert template["Tags"] == [{"Key": "a", "Value": "b"}]


def test_network_interfaces_end_with_their_instance(cloud: Cloud) -> None:
    """UserGuide/scenarios-enis.html: the primary interface is deleted with the instance."""
    (instance_id,) = run(cloud)
    cloud.client("ec2").terminate_instances(InstanceIds=[instance_id])
    cloud.advance(10)

    assert cloud.client("ec2").describe_network_interfaces()["NetworkInterfaces"] == []


def volume_in(cloud: Cloud, zone: str = "us-east-1a") -> str:
    answer = cloud.client("ec2").create_volume(AvailabilityZone=zone, Size=10, VolumeType="gp3")
    return str(answer["VolumeId"])


def running(cloud: Cloud, zone: str = "a") -> str:
    (instance_id,) = run(cloud, SubnetId=cloud.subnets(zone)[0])
    cloud.advance(60)
    return instance_id


def attach(cloud: Cloud, volume: str, instance: str, device: str = "/dev/sdf") -> None:
    cloud.client("ec2").attach_volume(VolumeId=volume, InstanceId=instance, Device=device)


def test_a_volume_attaches_in_its_own_zone_only(cloud: Cloud) -> None:
    """https://docs.aws.amazon.com/ebs/latest/userguide/ebs-attaching-volume.html ."""
    with pytest.raises(ClientError, match=r"InvalidVolume\.ZoneMismatch"):
        attach(cloud, volume_in(cloud, "us-east-1b"), running(cloud))


def test_a_volume_has_one_owner_and_a_device_one_volume(cloud: Cloud) -> None:
    """https://docs.aws.amazon.com/ebs/latest/userguide/ebs-attaching-volume.html ."""
    volume, first, second = volume_in(cloud), running(cloud), running(cloud)
    attach(cloud, volume, first)
    with pytest.raises(ClientError, match="VolumeInUse"):
        attach(cloud, volume, second)
    with pytest.raises(ClientError, match="already in use"):
        attach(cloud, volume_in(cloud), first)


def test_of_many_that_race_for_a_volume_one_wins(cloud: Cloud) -> None:
    """https://docs.aws.amazon.com/ebs/latest/userguide/ebs-attaching-volume.html: one owner."""
    volume, ids = volume_in(cloud), [running(cloud) for _ in range(4)]

    def race(instance: str) -> str:
        try:
            attach(cloud, volume, instance)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "won"

    with ThreadPoolExecutor(4) as pool:
        results = sorted(pool.map(race, ids))
    assert results == ["VolumeInUse", "VolumeInUse", "VolumeInUse", "won"]


def test_a_volume_outlives_its_instance_and_is_free_again(cloud: Cloud) -> None:
    """https://docs.aws.amazon.com/ebs/latest/userguide/ebs-detaching-volume.html ."""
    volume, instance = volume_in(cloud), running(cloud)
    attach(cloud, volume, instance)
    ec2 = cloud.client("ec2")
    ec2.terminate_instances(InstanceIds=[instance])
    assert ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["State"] == "in-use"
    cloud.advance(10)
    (left,) = ec2.describe_volumes()["Volumes"]
    assert (left["VolumeId"], left["State"]) == (volume, "available")
    other = running(cloud)
    attach(cloud, volume, other)
    ec2.detach_volume(VolumeId=volume)

    assert ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["State"] == "available"
    with pytest.raises(ClientError, match="IncorrectState"):
        ec2.detach_volume(VolumeId=volume)


def test_an_image_name_is_used_once_and_snapshots_are_tagged(cloud: Cloud) -> None:
    """APIReference/API_CreateImage.html: TagSpecification for image and snapshot."""
    instance = running(cloud)
    ec2 = cloud.client("ec2")
    specs = [
        {"ResourceType": kind, "Tags": [{"Key": "pool", "Value": "a"}]}
        for kind in ("image", "snapshot")
    ]
    image = ec2.create_image(InstanceId=instance, Name="agents-1", TagSpecifications=specs)
    found = ec2.describe_snapshots(Filters=[{"Name": "tag:pool", "Values": ["a"]}])["Snapshots"]

    assert image["ImageId"].startswith("ami-")
    assert len(found) == 1
    with pytest.raises(ClientError, match=r"InvalidAMIName\.Duplicate"):
        ec2.create_image(InstanceId=instance, Name="agents-1")


def test_an_instance_that_powers_off_stops_or_ends_as_it_was_told(
    make_cloud: Callable[..., Cloud],
) -> None:
    """UserGuide/Using_ChangingInstanceInitiatedShutdownBehavior.html: stop or terminate."""
    cloud = make_cloud(body=("true",), timings=Timings(boot=1, shutdown=1, stopping=1))
    (stops,) = run(cloud)
    (ends,) = run(cloud, InstanceInitiatedShutdownBehavior="terminate")
    cloud.advance(1)
    for _instance, process in list(cloud.aws.bodies.running.values()):
        process.wait()
    cloud.advance(1)
    cloud.advance(1)

    assert state(cloud, stops) == "stopped"
    assert state(cloud, ends) == "terminated"
    reason = cloud.instances()[ends]["StateReason"]["Code"]
    assert reason == "Client.InstanceInitiatedShutdown"
