"""Real Terraform with the real AWS provider against the embedded AWS, from nothing to nothing."""

import json
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.infra.conftest import Client
from tests.patience import eventually
from workhorse.adapters.aws_launcher import AwsLauncher
from workhorse.adapters.session import AwsClients
from workhorse.adapters.terraform import Terraform
from workhorse.adapters.terraform_override import write_local_override

FAR_HOUR = (time.gmtime().tm_hour + 12) % 24
"""Of a scheduled size that is not to come while the tests run, thirty times as fast as the day."""
GATEWAY = {"url": "http://127.0.0.1:8443", "audience": "local"}
Start = Callable[[str, dict[str, object]], Terraform]

POOLS: dict[str, dict[str, object]] = {
    "linux": {
        "policy": {"labels": ["linux"], "ceiling": 4, "floor": 1},
        "scheduled_sizes": {"morning": {"recurrence": f"30 {FAR_HOUR} * * *", "size": 2}},
        "heartbeat_seconds": 60,
        "user_data": "#!/bin/sh\necho up\n",
    },
    "tests": {
        "policy": {"labels": ["tests"], "ceiling": 3, "release": "job"},
        "instance_types": ["c5.large", "m5.large"],
        "spot": {"on_demand_base": 1},
        "scaling": "alarms",
    },
}


@pytest.fixture
def start(tree: Path, rooted: Callable[..., Terraform], endpoint: str, client: Client) -> Start:
    """Make an initialised example that talks to the embedded AWS."""
    subnets = [subnet["SubnetId"] for subnet in client("ec2").describe_subnets()["Subnets"][:3]]

    def make(example: str, variables: dict[str, object]) -> Terraform:
        write_local_override(tree / "examples" / example, endpoint)
        terraform = rooted(
            tree / "examples" / example, variables={"subnet_ids": subnets} | variables
        )
        terraform.init()
        return terraform

    return make


def members(client: Client, group: str) -> list[dict[str, Any]]:
    """The instances of a group once all of them are in service."""
    autoscaling = client("autoscaling")

    def in_service() -> list[dict[str, Any]]:
        found = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[group])
        instances: list[dict[str, Any]] = found["AutoScalingGroups"][0]["Instances"]
        ready = all(one["LifecycleState"] == "InService" for one in instances)
        return instances if ready else []

    return eventually(in_service)


def images(client: Client) -> list[str]:
    return [image["ImageId"] for image in client("ec2").describe_images()["Images"][:2]]


def leftovers(client: Client, endpoint: str) -> dict[str, list[Any]]:
    """What is still there of every kind that the modules make."""
    with urllib.request.urlopen(f"{endpoint}/_local/state") as answer:  # noqa: S310 - loopback
        state = json.load(answer)
    return {
        "instances": [one for one in state["instances"] if one["state"] != "terminated"],
        "volumes": state["volumes"],
        "groups": state["groups"],
        "templates": client("ec2").describe_launch_templates()["LaunchTemplates"],
        "queues": client("sqs").list_queues().get("QueueUrls", []),
        "topics": client("sns").list_topics()["Topics"],
        "alarms": client("cloudwatch").describe_alarms()["MetricAlarms"],
        "policies": client("autoscaling").describe_policies()["ScalingPolicies"],
        "rules": client("events").list_rules()["Rules"],
        "policies of IAM": client("iam").list_policies(Scope="Local")["Policies"],
        "security groups": [
            one
            for one in client("ec2").describe_security_groups()["SecurityGroups"]
            if one["GroupName"] != "default"
        ],
        "roles": [one["RoleName"] for one in client("iam").list_roles()["Roles"]],
        "parameters": client("ssm").describe_parameters(
            ParameterFilters=[{"Key": "Name", "Option": "BeginsWith", "Values": ["/workhorse"]}]
        )["Parameters"],
    }


def planned(terraform: Terraform, tmp_path: Path) -> dict[str, tuple[str, ...]]:
    plan = terraform.plan(tmp_path / "look.tfplan")
    assert plan.changed == bool(plan.actions())
    return plan.actions()


def test_the_complete_example_lives_and_leaves_nothing(
    start: Start, client: Client, endpoint: str, tmp_path: Path
) -> None:
    """Apply, a new image that ends nobody and that nobody launches, an alarm's size, destroy.

    After each apply there is nothing more to do, and neither when a rollout has the group launch
    the new version and takes it back: one writer per fact.
    """
    first, second = images(client)
    terraform = start("complete", {"pools": POOLS, "image_id": first})
    terraform.apply(terraform.plan(tmp_path / "first.tfplan"))
    assert planned(terraform, tmp_path) == {}
    before = members(client, "workhorse-linux")
    assert [one["LaunchTemplate"]["Version"] for one in before] == ["1"]

    terraform = start("complete", {"pools": POOLS, "image_id": second})
    roll = terraform.plan(tmp_path / "roll.tfplan")
    assert roll.actions() == {
        f'module.pool["{pool}"].aws_launch_template.agent': ("update",) for pool in POOLS
    }
    terraform.apply(roll)
    assert planned(terraform, tmp_path) == {}
    assert members(client, "workhorse-linux") == before
    assert template_of(client, "workhorse-linux") == ("1", first)

    launcher = AwsLauncher(AwsClients("us-east-1", endpoint), now=time.time)
    newest = launcher.template_versions("workhorse-linux")[0]
    assert (newest.number, newest.image) == (2, second)
    canary = launcher.launch_canary("workhorse-linux", 2, "r-1", "workhorse-canary-linux")
    assert canary_of(client, canary) == (second, "linux", "r-1")
    launcher.end_canary(canary)
    launcher.use_template("workhorse-linux", 2)
    assert template_of(client, "workhorse-linux") == ("2", second)
    assert planned(terraform, tmp_path) == {}
    launcher.use_template("workhorse-linux", 1)
    assert planned(terraform, tmp_path) == {}

    morning = {"recurrence": f"45 {FAR_HOUR} * * *", "size": 2}
    later = POOLS | {"linux": POOLS["linux"] | {"scheduled_sizes": {"morning": morning}}}
    assert planned(start("complete", {"pools": later, "image_id": second}), tmp_path) == {
        'module.pool["linux"].terraform_data.size["morning"]': ("update",),
        'module.pool["linux"].aws_autoscaling_schedule.size["morning"]': ("delete", "create"),
    }

    jobs_wait(client, "tests")
    assert len(members(client, "workhorse-tests")) == 3

    terraform.destroy()
    assert not {kind: left for kind, left in leftovers(client, endpoint).items() if left}


def jobs_wait(client: Client, pool: str) -> None:
    """Publish, as workhorse does, that twenty jobs wait for a pool."""
    client("cloudwatch").put_metric_data(
        Namespace="workhorse",
        MetricData=[
            {
                "MetricName": "QueueLength",
                "Dimensions": [{"Name": "Pool", "Value": pool}],
                "Value": 20,
                "Unit": "Count",
            }
        ],
    )


def canary_of(client: Client, instance: str) -> tuple[str, str, str]:
    """The image of a canary, its pool and its order; it is a member of no group."""
    told = client("ec2").describe_instances(InstanceIds=[instance])
    found = told["Reservations"][0]["Instances"][0]
    tags = {one["Key"]: one["Value"] for one in found["Tags"]}
    assert "aws:autoscaling:groupName" not in tags
    assert found["MetadataOptions"]["HttpTokens"] == "required"
    return found["ImageId"], tags["workhorse:pool"], tags["workhorse:canary"]


def template_of(client: Client, group: str) -> tuple[str, str]:
    """The template version that a group launches from, and that version's image."""
    found = client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[group])
    mixed = found["AutoScalingGroups"][0]["MixedInstancesPolicy"]["LaunchTemplate"]
    named = mixed["LaunchTemplateSpecification"]
    versions = client("ec2").describe_launch_template_versions(
        LaunchTemplateId=named["LaunchTemplateId"], Versions=[named["Version"]]
    )["LaunchTemplateVersions"]
    return named["Version"], versions[0]["LaunchTemplateData"]["ImageId"]


def told(client: Client, queue_url: str) -> list[str]:
    """The events of the messages in a queue, which come without the envelope of SNS."""
    found = client("sqs").receive_message(QueueUrl=queue_url, WaitTimeSeconds=5)
    return [json.loads(one["Body"])["Event"] for one in found.get("Messages", ())]


def test_the_minimal_example_is_stable_whoever_sizes_it(
    start: Start, client: Client, tmp_path: Path
) -> None:
    """One writer per fact: the loop writes desired capacity, Terraform looks away."""
    terraform = start("minimal", {"image_id": images(client)[0], "gateway": GATEWAY})
    terraform.apply(terraform.plan(tmp_path / "first.tfplan"))
    pool = terraform.output()["pools"]["linux"]
    assert pool["policy"]["ceiling"] == 10
    assert told(client, pool["queue_url"]) == ["autoscaling:TEST_NOTIFICATION"]

    client("autoscaling").set_desired_capacity(
        AutoScalingGroupName=pool["group"], DesiredCapacity=2
    )
    assert len(members(client, pool["group"])) == 2
    assert planned(terraform, tmp_path) == {}
