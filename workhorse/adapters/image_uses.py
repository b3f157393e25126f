"""Who uses an image: instances that have not ended, and what groups launch or may launch next."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workhorse.adapters.session import AwsClients, reading

if TYPE_CHECKING:
    from mypy_boto3_autoscaling.type_defs import AutoScalingGroupTypeDef

LIVING = ["pending", "running", "stopping", "stopped", "shutting-down"]
"""States of an instance that has not ended."""

FILTER_VALUES = 200
"""The most values of one filter; https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html."""


def uses(clients: AwsClients, images: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """AMI id to what uses it: instances of any kind, canaries with them, and launch templates.

    Of a template counts the version that a group launches, and the newest: Terraform makes it, and
    a rollout may turn to it at any time. Older versions hold nothing back.

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
    pages = clients.ec2.get_paginator("describe_instances")
    for start in range(0, len(images), FILTER_VALUES):
        filters: list[Any] = [
            {"Name": "image-id", "Values": list(images[start : start + FILTER_VALUES])},
            {"Name": "instance-state-name", "Values": LIVING},
        ]
        with reading("DescribeInstances"):
            told = [page["Reservations"] for page in pages.paginate(Filters=filters)]
        for reservations in told:
            for reservation in reservations:
                for each in reservation["Instances"]:
                    yield each["ImageId"], f"instance {each['InstanceId']}"


def _templates(clients: AwsClients) -> Iterator[tuple[str, str]]:
    with reading("DescribeAutoScalingGroups"):
        pages = clients.autoscaling.get_paginator("describe_auto_scaling_groups").paginate()
        groups = [group for page in pages for group in page["AutoScalingGroups"]]
    for group in groups:
        template = _template(group)
        if template is None:
            continue
        name, version = template
        asked = sorted({version, "$Latest"})
        with reading(f"DescribeLaunchTemplateVersions of {name}"):
            told = clients.ec2.describe_launch_template_versions(
                LaunchTemplateId=name, Versions=asked
            )
        for each in told["LaunchTemplateVersions"]:
            image = each["LaunchTemplateData"].get("ImageId", "")
            yield image, f"group {group['AutoScalingGroupName']}, version {each['VersionNumber']}"


def _template(group: "AutoScalingGroupTypeDef") -> tuple[str, str] | None:
    """Id and version of the group's launch template; None when it has none."""
    mixed = group.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
    told = group.get("LaunchTemplate") or mixed.get("LaunchTemplateSpecification")
    if not told or "LaunchTemplateId" not in told:
        return None
    return told["LaunchTemplateId"], told.get("Version", "$Default")
