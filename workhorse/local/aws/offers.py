"""What a group asks EC2 for: market, type, zone and subnet, and the launch itself.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-mixed-instances-groups.html
"""

from collections.abc import Mapping
from typing import Any

from moto.autoscaling.models import FakeAutoScalingGroup, InstanceState
from moto.core.exceptions import ServiceException
from moto.ec2.models.launch_templates import LaunchTemplateVersion

from workhorse.local.aws.ec2_life import life_of
from workhorse.local.aws.market import override_types, split_of
from workhorse.local.aws.members import counted, template_of
from workhorse.local.aws.sources import version_of
from workhorse.local.aws.victims import Candidate
from workhorse.local.aws.zones import zones_to_try

GROUP_TAG = "aws:autoscaling:groupName"

LAUNCHES_DESIRED = frozenset({"Pending", "InProgress"})
"""States of an instance refresh in which the group launches its desired configuration."""


def template_version(group: FakeAutoScalingGroup) -> LaunchTemplateVersion | None:
    """The launch template version that the group launches from now, None without one.

    While an instance refresh with a desired configuration is active, that one's.
    """
    desired = version_of(group.ec2_backend, desired_configuration(group))
    if desired is not None:
        return desired
    template = group.ec2_launch_template
    if template is None:
        return None
    return template.get_version(group.launch_template_version)


def desired_configuration(group: FakeAutoScalingGroup) -> Mapping[str, Any]:
    """What the active instance refresh wants the group to launch, empty without one."""
    for refresh in group.__dict__.get("refreshes", ())[-1:]:
        if refresh.status in LAUNCHES_DESIRED:
            found: Mapping[str, Any] = refresh.desired
            return found
    return {}


def offers(group: FakeAutoScalingGroup) -> list[tuple[str, str, str, str | None]]:
    """What to ask EC2 for, best first: (market, instance type, zone, subnet)."""
    present = counted(group)
    spot = sum(1 for one in present if one.instance.lifecycle == "spot")
    desired = desired_configuration(group)
    policy = desired.get("MixedInstancesPolicy") or group.mixed_instances_policy
    market = split_of(policy).next_market(len(present) - spot, spot)
    zones = zones_to_try(group.availability_zones, [str(one.availability_zone) for one in present])
    subnets = subnets_by_zone(group)
    kinds = override_types(policy) or (group.instance_type,)
    return [
        (market, kind, zone, next(iter(subnets.get(zone, ())), None))
        for zone in zones
        for kind in kinds
    ]


def subnets_by_zone(group: FakeAutoScalingGroup) -> dict[str, list[str]]:
    """The group's subnet ids by Availability Zone."""
    found: dict[str, list[str]] = {}
    for subnet_id in (group.vpc_zone_identifier or "").split(","):
        if subnet_id:
            subnet = group.ec2_backend.get_subnet(subnet_id)
            found.setdefault(str(subnet.availability_zone), []).append(subnet_id)
    return found


def run_one(
    group: FakeAutoScalingGroup, market: str, kind: str, zone: str, subnet: str | None
) -> InstanceState:
    """Run one instance for a group and give it as a pending member, not yet in its list.

    Raises what EC2 raises: InsufficientCapacityError, an unknown image, and so on.
    """
    version = template_version(group)
    arguments: dict[str, Any] = {
        "instance_type": kind,
        "is_instance_type_default": False,
        "placement": zone,
        "subnet_id": subnet,
        "associate_public_ip": None,
        "region_name": group.region,
        "tags": {"instance": {**group.get_propagated_tags(), GROUP_TAG: group.name}},
    }
    if version is not None:
        template = {"LaunchTemplateId": version.template.id, "Version": str(version.number)}
        arguments |= {"launch_template": template}
        names, data = version.security_groups, version.user_data
    else:
        config = group.launch_config
        arguments |= {"block_device_mappings": config.block_device_mapping_dict or []}
        arguments |= {"associate_public_ip": config.associate_public_ip_address}
        names, data = group.security_groups, group.user_data
    if market == "spot":
        arguments["instance_market_options"] = "spot"
    image = version.image_id if version is not None else group.image_id
    reservation = group.ec2_backend.run_instances(image, 1, data, names, **arguments)
    instance = reservation.instances[0]
    instance.autoscaling_group = group  # type: ignore[attr-defined]
    return InstanceState(
        instance,
        lifecycle_state="Pending",
        protected_from_scale_in=group.new_instances_protected_from_scale_in,
        autoscaling_group=group,
    )


def launched_from(member: InstanceState, version: LaunchTemplateVersion) -> bool:
    """Whether the instance was launched from that version of a launch template."""
    had = template_of(member) or {}
    wanted = (version.template.id, str(version.number))
    return (had.get("LaunchTemplateId"), had.get("Version")) == wanted


def candidate(group: FakeAutoScalingGroup, member: InstanceState) -> Candidate:
    """A member as the termination policies see it."""
    template = template_of(member)
    try:
        version = template_version(group)
    except ServiceException:
        version = None
    outdated = bool(version and template and not launched_from(member, version))
    return Candidate(
        instance_id=member.instance_id,
        zone=str(member.availability_zone),
        launched=life_of(member.instance).launched,
        template_version=int(template["Version"]) if template else 0,
        outdated=outdated,
        surplus_market=_in_surplus_market(group, member),
    )


def _in_surplus_market(group: FakeAutoScalingGroup, member: InstanceState) -> bool:
    """Whether the group has more of this instance's market than its split wants."""
    if not group.mixed_instances_policy:
        return False
    present = counted(group)
    spot = sum(1 for one in present if one.instance.lifecycle == "spot")
    wanted = split_of(group.mixed_instances_policy).on_demand(group.desired_capacity or 0)
    if member.instance.lifecycle == "spot":
        return spot > (group.desired_capacity or 0) - wanted
    return len(present) - spot > wanted
