"""Launch templates: which one a group launches from, and what its versions say.

`rollout` and `rollback` ask by `AwsLauncher.template_versions(group)` which version holds an image.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from workhorse.adapters.session import AwsClients, reading
from workhorse.core.errors import Missing, Surprise

if TYPE_CHECKING:
    from mypy_boto3_autoscaling.type_defs import (
        AutoScalingGroupTypeDef,
        LaunchTemplateOverridesOutputTypeDef,
        LaunchTemplateSpecificationTypeDef,
        MixedInstancesPolicyTypeDef,
    )
    from mypy_boto3_ec2.type_defs import (
        LaunchTemplateVersionTypeDef,
        ResponseLaunchTemplateDataTypeDef,
    )

_ABSENT = ("InvalidLaunchTemplateId", "InvalidLaunchTemplateName")
"""Beginnings of the codes by which EC2 says that a template or a version of it is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateVersion:
    """One version of the launch template of a group."""

    number: int
    image: str
    """AMI id, or the alias that stands there instead, as `resolve:ssm:...`."""
    created_at: float
    """Seconds since the epoch."""
    description: str = ""


class Templates:
    """Reads groups and the versions of their launch templates."""

    def __init__(self, clients: AwsClients) -> None:
        self._clients = clients

    def group(self, name: str) -> "AutoScalingGroupTypeDef":
        """The group as Auto Scaling describes it.

        Raises:
            Missing: there is no such group.
            Unreadable: Auto Scaling does not answer.
        """
        with reading(f"DescribeAutoScalingGroups {name}"):
            found = self._clients.autoscaling.describe_auto_scaling_groups(
                AutoScalingGroupNames=[name]
            )["AutoScalingGroups"]
        if not found:
            raise Missing(f"group {name}: Auto Scaling knows none of this name")
        return found[0]

    def versions(self, template: str) -> tuple[TemplateVersion, ...]:
        """Every version of the template with this id, newest first.

        Raises:
            Unreadable: EC2 does not answer, or has no such template.
        """
        pages = self._clients.ec2.get_paginator("describe_launch_template_versions")
        with reading(f"DescribeLaunchTemplateVersions of {template}"):
            found = [
                _version(one)
                for page in pages.paginate(LaunchTemplateId=template)
                for one in page["LaunchTemplateVersions"]
            ]
        return tuple(sorted(found, key=lambda one: one.number, reverse=True))

    def data(self, template: str, version: int) -> "ResponseLaunchTemplateDataTypeDef":
        """What one version of the template with this id says.

        Raises:
            Missing: there is no such version.
            Unreadable: EC2 does not answer.
        """
        what = f"DescribeLaunchTemplateVersions of {template}, version {version}"
        with reading(what):
            try:
                found = self._clients.ec2.describe_launch_template_versions(
                    LaunchTemplateId=template, Versions=[str(version)]
                )["LaunchTemplateVersions"]
            except ClientError as wrong:
                if wrong.response.get("Error", {}).get("Code", "").startswith(_ABSENT):
                    raise Missing(f"{what}: there is none") from wrong
                raise
        if not found:
            raise Missing(f"{what}: there is none")
        return found[0]["LaunchTemplateData"]


def specification(group: "AutoScalingGroupTypeDef") -> "LaunchTemplateSpecificationTypeDef":
    """The template that the group launches from, of its mixed instances policy or its own.

    Empty for a group without one, as with a launch configuration.
    """
    mixed = group.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
    return mixed.get("LaunchTemplateSpecification") or group.get("LaunchTemplate") or {}


def template_id(group: "AutoScalingGroupTypeDef") -> str:
    """The id of the template that the group launches from.

    Raises:
        Missing: the group has none.
    """
    found = specification(group).get("LaunchTemplateId", "")
    if not found:
        raise Missing(f"group {group['AutoScalingGroupName']}: it launches from no template")
    return found


def version_number(group: "AutoScalingGroupTypeDef") -> int:
    """The version that the group launches; 0 for `$Latest`, `$Default` and none at all.

    Those two are left unresolved: it would be one call more at every look, and a group that
    follows either has no version of its own to tell.
    """
    told = specification(group).get("Version", "")
    return int(told) if told.isdecimal() else 0


def mixed_policy(group: "AutoScalingGroupTypeDef", version: int) -> "MixedInstancesPolicyTypeDef":
    """The group's mixed instances policy with nothing changed but the version.

    Auto Scaling tells templates by id and by name, and takes one of the two.
    """
    policy = group["MixedInstancesPolicy"]
    template = policy.get("LaunchTemplate", {})
    # The types of what is read and of what is written differ in name only.
    changed: Any = {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": plain(group, version),
            "Overrides": [_by_id(one) for one in template.get("Overrides", ())],
        }
    }
    if "InstancesDistribution" in policy:
        changed["InstancesDistribution"] = policy["InstancesDistribution"]
    whole: MixedInstancesPolicyTypeDef = changed
    return whole


def plain(group: "AutoScalingGroupTypeDef", version: int) -> "LaunchTemplateSpecificationTypeDef":
    """The group's template at that version."""
    return {"LaunchTemplateId": template_id(group), "Version": str(version)}


def instance_types(group: "AutoScalingGroupTypeDef") -> tuple[str, ...]:
    """The instance types that the group prefers to its template's, in its order."""
    mixed = group.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
    named = (one.get("InstanceType", "") for one in mixed.get("Overrides", ()))
    return tuple(one for one in named if one)


def user_data(data: "ResponseLaunchTemplateDataTypeDef", where: str) -> str:
    """The user data of a template version, as text; empty when it has none.

    Raises:
        Surprise: it is no text, so no line can be added to it; `where` says whose it is.
    """
    try:
        return base64.b64decode(data.get("UserData", ""), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as wrong:
        raise Surprise(f"user data of {where}: is no text: {wrong}") from wrong


def _by_id(override: "LaunchTemplateOverridesOutputTypeDef") -> Any:  # noqa: ANN401 - as it was told
    own = override.get("LaunchTemplateSpecification", {})
    if "LaunchTemplateId" not in own or "LaunchTemplateName" not in own:
        return override
    kept = own.copy()
    del kept["LaunchTemplateName"]
    return {**override, "LaunchTemplateSpecification": kept}


def _version(told: "LaunchTemplateVersionTypeDef") -> TemplateVersion:
    return TemplateVersion(
        number=told["VersionNumber"],
        image=told["LaunchTemplateData"].get("ImageId", ""),
        created_at=told["CreateTime"].timestamp(),
        description=told.get("VersionDescription", ""),
    )
