"""Who uses an image: instances that have not ended, and what groups launch or may launch next."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from workhorse.adapters.aws_instances import PRESENT, describe_instances
from workhorse.adapters.session import AwsClients, reading

if TYPE_CHECKING:
    from mypy_boto3_autoscaling.type_defs import (
        AutoScalingGroupTypeDef,
        LaunchTemplateOverridesOutputTypeDef,
    )

NOT_ENDED = {"instance-state-name": (*PRESENT, "shutting-down")}
"""Filter: the instance has not ended."""


def uses(clients: AwsClients, images: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """AMI id to what uses it: instances of any kind, canaries with them, and launch templates.

    Of a template counts the version that a group launches, and the newest: Terraform makes it, and
    a rollout may turn to it at any time. Older versions hold nothing back. Types that a group gives
    a template or an image of their own count as well.

    Raises:
        Unreadable: AWS did not tell everything; then nothing is known to be unused.
    """
    wanted = set(images)
    found: dict[str, list[str]] = {}
    for image, user in (*_instances(clients, images), *_templates(clients)):
        if image in wanted:
            found.setdefault(image, []).append(user)
    return {image: tuple(sorted(users)) for image, users in found.items()}


def _instances(clients: AwsClients, images: Sequence[str]) -> Iterator[tuple[str, str]]:
    for each in describe_instances(clients, "image-id", images, further=NOT_ENDED):
        yield each["ImageId"], f"instance {each['InstanceId']}"


def _templates(clients: AwsClients) -> Iterator[tuple[str, str]]:
    with reading("DescribeAutoScalingGroups"):
        pages = clients.autoscaling.get_paginator("describe_auto_scaling_groups").paginate()
        groups = [group for page in pages for group in page["AutoScalingGroups"]]
    for group in groups:
        whose = f"group {group['AutoScalingGroupName']}"
        yield from ((image, whose) for image in _override_images(group))
        for name, version in _named(group):
            asked = sorted({version, "$Latest"})
            with reading(f"DescribeLaunchTemplateVersions of {name}"):
                told = clients.ec2.describe_launch_template_versions(
                    LaunchTemplateId=name, Versions=asked
                )
            for each in told["LaunchTemplateVersions"]:
                image = each["LaunchTemplateData"].get("ImageId", "")
                yield image, f"{whose}, version {each['VersionNumber']}"


def _overrides(group: "AutoScalingGroupTypeDef") -> "list[LaunchTemplateOverridesOutputTypeDef]":
    mixed = group.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
    return mixed.get("Overrides", [])


def _override_images(group: "AutoScalingGroupTypeDef") -> Iterator[str]:
    """Images that the group launches in place of its templates', for some of its types."""
    yield from sorted({each.get("ImageId", "") for each in _overrides(group)})


def _named(group: "AutoScalingGroupTypeDef") -> list[tuple[str, str]]:
    """Id and version of each launch template of the group: its own, and those of its types."""
    mixed = group.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
    told = [
        group.get("LaunchTemplate"),
        mixed.get("LaunchTemplateSpecification"),
        *(each.get("LaunchTemplateSpecification") for each in _overrides(group)),
    ]
    found = {
        (each["LaunchTemplateId"], each.get("Version", "$Default"))
        for each in told
        if each and "LaunchTemplateId" in each
    }
    return sorted(found)
