"""What RunInstances is asked for a canary: the template, two lines more, and places to try."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING

from workhorse.adapters import aws_templates as templates

if TYPE_CHECKING:
    from mypy_boto3_autoscaling.type_defs import AutoScalingGroupTypeDef
    from mypy_boto3_ec2.literals import ResourceTypeType
    from mypy_boto3_ec2.type_defs import (
        ResponseLaunchTemplateDataTypeDef,
        RunInstancesRequestTypeDef,
        TagSpecificationUnionTypeDef,
    )

CANARY_TAG = "workhorse:canary"
"""Its value is the id of the order; terraform/modules/control-plane grants by this key."""

GROUP_TAG = "workhorse:pool-group"
"""Its value is the name of the group that the canary stands beside."""

TOKENS = 3
"""Client tokens for one place: EC2 keeps one for a day after its instance ended.

https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
"""


def requests(
    group: "AutoScalingGroupTypeDef",
    data: "ResponseLaunchTemplateDataTypeDef",
    version: int,
    *,
    order: str,
    label: str,
) -> Iterator["RunInstancesRequestTypeDef"]:
    """One request for each type and subnet of the group, in the order in which to try them.

    On-demand whatever the group buys: a canary that is lost to the spot market tells nothing. The
    token of each is the same whenever the same is asked.

    Args:
        group: as Auto Scaling describes it.
        data: of its template at `version`.
        version: to launch.
        order: id of the order.
        label: the one label that the agent registers with.

    Raises:
        Surprise: the template's user data is no text.
    """
    template = templates.template_id(group)
    text = templates.user_data(data, f"{template}, version {version}")
    lines = {"AGENT_LABELS": label, "AGENT_MODE": "EXCLUSIVE"}
    tags = {CANARY_TAG: order, GROUP_TAG: group["AutoScalingGroupName"]}
    subnets = [one for one in group.get("VPCZoneIdentifier", "").split(",") if one]
    for kind in templates.instance_types(group) or (data.get("InstanceType", ""),):
        for subnet in subnets:
            request: RunInstancesRequestTypeDef = {
                "MinCount": 1,
                "MaxCount": 1,
                "LaunchTemplate": templates.plain(group, version),
                "UserData": with_lines(text, lines),
                "TagSpecifications": tag_specifications(data, tags),
                "ClientToken": sha256(f"{order} {version} {kind} {subnet}".encode()).hexdigest(),
            }
            # What the template says already is not said again: roles may be kept from changing it.
            if kind and kind != data.get("InstanceType"):
                request["InstanceType"] = kind  # type: ignore[typeddict-item] # AWS told it
            _place(request, data, subnet)
            yield request


def by_token(
    request: "RunInstancesRequestTypeDef",
) -> Iterator["RunInstancesRequestTypeDef"]:
    """The request, and the same with the tokens for when what it launched has ended since."""
    token = request["ClientToken"]
    for _ in range(TOKENS):
        yield {**request, "ClientToken": token}
        token = sha256(token.encode()).hexdigest()


def with_lines(text: str, lines: Mapping[str, str]) -> str:
    """User data with these assignments at its end, where the last one wins."""
    before = text if text.endswith("\n") or not text else f"{text}\n"
    return before + "".join(f"{name}={value}\n" for name, value in lines.items())


def tag_specifications(
    data: "ResponseLaunchTemplateDataTypeDef", tags: Mapping[str, str]
) -> list["TagSpecificationUnionTypeDef"]:
    """The template's tags and ours, of the instance and its volumes.

    The template's are said again, so that they hold whether or not EC2 merges the two.
    """
    told = {
        one.get("ResourceType", ""): {tag["Key"]: tag["Value"] for tag in one.get("Tags", ())}
        for one in data.get("TagSpecifications", ())
    }
    return [_specification(kind, {**told.get(kind, {}), **tags}) for kind in ("instance", "volume")]


def _specification(
    kind: "ResourceTypeType", tags: Mapping[str, str]
) -> "TagSpecificationUnionTypeDef":
    return {
        "ResourceType": kind,
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }


def _place(
    request: "RunInstancesRequestTypeDef", data: "ResponseLaunchTemplateDataTypeDef", subnet: str
) -> None:
    """Say the subnet, in the first network interface where the template names interfaces."""
    interfaces = [dict(one) for one in data.get("NetworkInterfaces", ())]
    if interfaces:
        interfaces[0]["SubnetId"] = subnet
        request["NetworkInterfaces"] = interfaces  # type: ignore[typeddict-item] # as AWS told it
    else:
        request["SubnetId"] = subnet
