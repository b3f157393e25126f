"""One embedded AWS for each test, on a clock that only moves when the test says so."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.config import Config

from workhorse.local.aws.server import EmbeddedAws
from workhorse.local.aws.timings import Timings
from workhorse.local.clock import ScaledClock

START = 1_767_225_600.0
"""The virtual time at which every test begins: 2026-01-01T00:00:00Z."""

IMAGE = "ami-12c6146b"
"""An image that moto has from the beginning."""


@dataclass
class Cloud:
    """The embedded AWS and clients for it."""

    aws: EmbeddedAws
    clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """The boto3 client of a service, without retries."""
        if service not in self.clients:
            self.clients[service] = boto3.client(
                service,
                endpoint_url=self.aws.endpoint,
                region_name="us-east-1",
                aws_access_key_id="testing",
                aws_secret_access_key="testing",
                config=Config(retries={"total_max_attempts": 1}, max_pool_connections=4),
            )
        return self.clients[service]

    def advance(self, seconds: float) -> None:
        """Let virtual seconds pass."""
        self.aws.advance(seconds)

    def subnets(self, zones: str = "ab") -> list[str]:
        """One default subnet for each zone letter."""
        found = self.client("ec2").describe_subnets()["Subnets"]
        by_zone = {one["AvailabilityZone"]: one["SubnetId"] for one in found}
        return [by_zone[f"us-east-1{letter}"] for letter in zones]

    def template(self, name: str = "agents", **data: Any) -> str:
        """Make a launch template and give its id."""
        body = {"ImageId": IMAGE, "InstanceType": "m5.large", **data}
        answer = self.client("ec2").create_launch_template(
            LaunchTemplateName=name, LaunchTemplateData=body
        )
        return str(answer["LaunchTemplate"]["LaunchTemplateId"])

    def group(self, name: str = "pool", *, desired: int = 0, zones: str = "ab", **more: Any) -> str:
        """Make a group from the template "agents" (made when missing) and give its name."""
        arguments: dict[str, Any] = {
            "AutoScalingGroupName": name,
            "MinSize": 0,
            "MaxSize": 10,
            "DesiredCapacity": desired,
            "VPCZoneIdentifier": ",".join(self.subnets(zones)),
            **more,
        }
        if "MixedInstancesPolicy" not in more and "LaunchTemplate" not in more:
            names = self.client("ec2").describe_launch_templates()["LaunchTemplates"]
            if not names:
                self.template()
            arguments["LaunchTemplate"] = {"LaunchTemplateName": "agents", "Version": "$Latest"}
        self.client("autoscaling").create_auto_scaling_group(**arguments)
        return name

    def members(self, name: str = "pool") -> dict[str, str]:
        """Lifecycle state by instance id of a group."""
        groups = self.describe(name)
        return {one["InstanceId"]: one["LifecycleState"] for one in groups["Instances"]}

    def describe(self, name: str = "pool") -> dict[str, Any]:
        """The group as DescribeAutoScalingGroups shows it."""
        answer = self.client("autoscaling").describe_auto_scaling_groups(
            AutoScalingGroupNames=[name]
        )
        found: dict[str, Any] = answer["AutoScalingGroups"][0]
        return found

    def activities(self, name: str = "pool") -> list[dict[str, Any]]:
        """The group's activities, newest first."""
        answer = self.client("autoscaling").describe_scaling_activities(AutoScalingGroupName=name)
        found: list[dict[str, Any]] = answer["Activities"]
        return found

    def happenings(self, kind: str) -> list[dict[str, object]]:
        """The engine's events of a kind, oldest first."""
        return [one.as_dict() for one in self.aws.engine.events.since() if one.kind == kind]


@pytest.fixture
def make_cloud() -> Iterator[Callable[..., Cloud]]:
    """Make an embedded AWS with arguments of one's own."""
    made: list[Cloud] = []

    def make(**arguments: Any) -> Cloud:
        clock = arguments.pop("clock", None) or ScaledClock(START, 0.0)
        arguments.setdefault("timings", Timings(boot=60.0, shutdown=10.0, health=30.0))
        cloud = Cloud(EmbeddedAws(clock, **arguments).start())
        made.append(cloud)
        return cloud

    yield make
    for cloud in made:
        for client in cloud.clients.values():
            client.close()
        cloud.aws.stop()


@pytest.fixture
def cloud(make_cloud: Callable[..., Cloud]) -> Cloud:
    """An embedded AWS at START; instances boot in 60 s and end in 10 s."""
    return make_cloud()
