"""The launcher and the store of orders, against the embedded AWS."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from tests.contracts.real_world import REGION, Aws, CloudOnEmbeddedAws, aws_started, deaf_endpoint
from tests.contracts.stages import GROUP, HOOK
from workhorse.adapters.aws_launcher import AwsLauncher
from workhorse.adapters.rollout_store import SsmOrders
from workhorse.adapters.session import AwsClients

PREFIX = "/workhorse"
BOOT_AND_MORE = 120.0
"""Seconds after which what was launched is in service: twice the boot of `real_world.Aws`."""
USER_DATA = "AGENT_LABELS=linux\nJENKINS_URL=http://127.0.0.1:1/"


class LauncherOnEmbeddedAws:
    """`LauncherWorld` by `AwsLauncher`; the group has a mixed instances policy, as Terraform's."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._stage = CloudOnEmbeddedAws(aws, mixed=True, user_data=USER_DATA)
        self.cloud = self._stage.port
        self.now, self.pass_time, self.shut = aws.now, aws.pass_time, aws.shut
        self.clients = aws.clients
        self.port = AwsLauncher(aws.clients, now=aws.now)

    def add_version(self) -> int:
        """CreateImage of nothing in particular, and CreateLaunchTemplateVersion with it."""
        image = self.clients.ec2.register_image(Name=f"image-{self._latest() + 1}")["ImageId"]
        made = self.clients.ec2.create_launch_template_version(
            LaunchTemplateName="agents",
            SourceVersion="1",
            LaunchTemplateData={"ImageId": image},
        )
        return made["LaunchTemplateVersion"]["VersionNumber"]

    def grow(self, size: int) -> None:
        """SetDesiredCapacity, and time to boot."""
        self.cloud.set_desired(GROUP, size)
        self.pass_time(BOOT_AND_MORE)
        assert len(self.members()) == size

    def members(self) -> Mapping[str, int]:
        """The group's instances and their template versions."""
        found = self.cloud.groups([GROUP])[GROUP].instances
        return {one.id: one.template_version for one in found}

    def hold_open(self) -> Sequence[str]:
        """Instances in Terminating:Wait."""
        return [
            one["InstanceId"]
            for one in self._group()["Instances"]
            if one["LifecycleState"] == "Terminating:Wait"
        ]

    def let_go(self) -> None:
        """CompleteLifecycleAction of each."""
        for instance in self.hold_open():
            self.cloud.complete_hook(GROUP, HOOK, instance)

    def version_of(self, instance: str) -> int:
        """From the tags that EC2 itself gives to what was launched from a template."""
        return int(self.tags(instance)["aws:ec2launchtemplate:version"])

    def user_data(self, instance: str) -> str:
        """DescribeInstanceAttribute."""
        told = self.clients.ec2.describe_instance_attribute(
            InstanceId=instance, Attribute="userData"
        )
        return base64.b64decode(told["UserData"]["Value"]).decode()

    def tags(self, instance: str) -> Mapping[str, str]:
        """DescribeTags."""
        asked = [{"Name": "resource-id", "Values": [instance]}]
        told = self.clients.ec2.describe_tags(Filters=asked)  # type: ignore[arg-type] # a dict is one
        return {one["Key"]: one["Value"] for one in told["Tags"]}

    def _group(self) -> Any:
        told = self.clients.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])
        return told["AutoScalingGroups"][0]

    def _latest(self) -> int:
        (told,) = self.clients.ec2.describe_launch_templates()["LaunchTemplates"]
        return told["LatestVersionNumber"]


class OrdersInEmbeddedAws:
    """`OrdersWorld` by `SsmOrders`."""

    def __init__(self, aws: Aws) -> None:
        self.clients = aws.clients
        self.port = SsmOrders(aws.clients, PREFIX)

    def shut(self) -> None:
        """Have our client talk to a port where nobody is."""
        nowhere = AwsClients(REGION, deaf_endpoint())
        self.clients.__dict__["ssm"] = nowhere.ssm


@contextmanager
def launcher_world() -> Iterator[LauncherOnEmbeddedAws]:
    """What a group launches."""
    with aws_started() as aws:
        yield LauncherOnEmbeddedAws(aws)


@contextmanager
def orders_world() -> Iterator[OrdersInEmbeddedAws]:
    """SSM."""
    with aws_started() as aws:
        yield OrdersInEmbeddedAws(aws)
