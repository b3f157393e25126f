"""What a rollout asks of launch templates: their versions, a launch of one, a group's version.

Pages are below https://docs.aws.amazon.com/AWSEC2/latest/ unless they say so.
"""

import base64

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.cloud import Cloud

OVERRIDES = [{"InstanceType": "m5.large"}, {"InstanceType": "c5.large"}]


def versions(cloud: Cloud, count: int) -> str:
    """The template "agents" with that many versions; its id."""
    template = cloud.template(UserData=base64.b64encode(b"AGENT_LABELS=linux\n").decode())
    for _ in range(count - 1):
        cloud.client("ec2").create_launch_template_version(
            LaunchTemplateName="agents",
            SourceVersion="1",
            LaunchTemplateData={"InstanceType": "c5.large"},
        )
    return template


def test_all_versions_are_told_in_pages(cloud: Cloud) -> None:
    """APIReference/API_DescribeLaunchTemplateVersions.html: MaxResults and NextToken."""
    versions(cloud, 17)
    ec2 = cloud.client("ec2")
    told = ec2.describe_launch_template_versions(LaunchTemplateName="agents")
    assert [one["VersionNumber"] for one in told["LaunchTemplateVersions"]] == [*range(17, 0, -1)]
    pages = ec2.get_paginator("describe_launch_template_versions").paginate(
        LaunchTemplateName="agents", PaginationConfig={"PageSize": 5}
    )
    assert [len(page["LaunchTemplateVersions"]) for page in pages] == [5, 5, 5, 2]


def test_a_version_that_is_not_there_is_refused(cloud: Cloud) -> None:
    """APIReference/errors-overview.html: InvalidLaunchTemplateId.VersionNotFound."""
    versions(cloud, 1)
    with pytest.raises(ClientError, match=r"InvalidLaunchTemplateId\.VersionNotFound"):
        cloud.client("ec2").describe_launch_template_versions(
            LaunchTemplateName="agents", Versions=["2"]
        )


def test_an_instance_is_run_from_a_version_with_user_data_and_tags_of_its_own(
    cloud: Cloud,
) -> None:
    """APIReference/API_RunInstances.html: what the request says wins over the template."""
    template = versions(cloud, 2)
    cloud.group()
    ec2 = cloud.client("ec2")
    made = ec2.run_instances(
        MinCount=1,
        MaxCount=1,
        LaunchTemplate={"LaunchTemplateId": template, "Version": "2"},
        UserData="AGENT_LABELS=canary\n",
        SubnetId=cloud.subnets("b")[0],
        TagSpecifications=[
            {"ResourceType": "instance", "Tags": [{"Key": "workhorse:canary", "Value": "r-1"}]}
        ],
    )["Instances"][0]["InstanceId"]
    cloud.advance(60)
    found = cloud.instances()[made]
    told = ec2.describe_instance_attribute(InstanceId=made, Attribute="userData")

    assert base64.b64decode(told["UserData"]["Value"]) == b"AGENT_LABELS=canary\n"
    assert (found["InstanceType"], found["Placement"]["AvailabilityZone"]) == (
        "c5.large",
        "us-east-1b",
    )
    tags = {one["Key"]: one["Value"] for one in found["Tags"]}
    assert tags["workhorse:canary"] == "r-1"
    assert tags["aws:ec2launchtemplate:version"] == "2"
    assert cloud.members() == {}
    told = ec2.describe_instances(Filters=[{"Name": "tag:workhorse:canary", "Values": ["r-1"]}])
    assert len(told["Reservations"]) == 1


def test_a_group_takes_another_version_and_keeps_the_rest_of_its_policy(cloud: Cloud) -> None:
    """https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html ."""
    template = versions(cloud, 2)

    def policy(version: str) -> dict[str, object]:
        named = {"LaunchTemplateId": template, "Version": version}
        return {
            "LaunchTemplate": {"LaunchTemplateSpecification": named, "Overrides": OVERRIDES},
        }

    split = {"InstancesDistribution": {"OnDemandBaseCapacity": 3, "SpotMaxPrice": "0.5"}}
    cloud.group(desired=1, MixedInstancesPolicy=policy("1") | split)
    before = cloud.describe()["MixedInstancesPolicy"]
    cloud.client("autoscaling").update_auto_scaling_group(
        AutoScalingGroupName="pool", MixedInstancesPolicy=policy("2")
    )
    after = cloud.describe()["MixedInstancesPolicy"]

    assert after["InstancesDistribution"] == before["InstancesDistribution"]
    assert after["LaunchTemplate"].pop("LaunchTemplateSpecification")["Version"] == "2"
    assert before["LaunchTemplate"].pop("LaunchTemplateSpecification")["Version"] == "1"
    assert after["LaunchTemplate"] == before["LaunchTemplate"]
    assert len(cloud.members()) == 1


@pytest.mark.parametrize("version", ["0", "3"])
def test_a_group_refuses_a_version_that_is_not_there(cloud: Cloud, version: str) -> None:
    """https://docs.aws.amazon.com/autoscaling/ec2/userguide/ts-as-launch-template.html ."""
    versions(cloud, 2)
    cloud.group()
    with pytest.raises(ClientError, match="valid fully-formed launch template"):
        cloud.client("autoscaling").update_auto_scaling_group(
            AutoScalingGroupName="pool",
            LaunchTemplate={"LaunchTemplateName": "agents", "Version": version},
        )
    assert cloud.describe()["LaunchTemplate"]["Version"] == "$Latest"
