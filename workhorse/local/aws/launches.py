"""RunInstances as EC2 does it: all of the launch template's version, one root volume, capacity.

moto takes a few fields of the template's default version only, adds a second root volume, and
knows neither ClientToken nor a lack of capacity:
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html
"""

from collections.abc import Mapping, Sequence
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import InvalidAMIIdError
from moto.ec2.models.instances import Instance, InstanceBackend, Reservation
from moto.ec2.responses.instances import InstanceResponse
from moto.ec2.utils import convert_tag_spec

from workhorse.local.aws.ec2_life import life_of, new_token
from workhorse.local.aws.engine import active
from workhorse.local.aws.faults import InsufficientCapacityError, TerminatedTokenError
from workhorse.local.aws.patching import original

Data = Mapping[str, Any]

ROOT_DEVICE = "/dev/sda1"
"""The root device name of moto's own images."""

ROOT_SIZE = 8
"""GiB of a root volume nobody asked a size for; what moto gives."""


def with_template(kwargs: Data, data: Data) -> dict[str, Any]:
    """RunInstances arguments (moto's names) completed from a template version's data.

    What the request gives wins over the template, field by field.
    """
    merged = dict(kwargs)
    fields = {
        "key_name": "KeyName",
        "instance_initiated_shutdown_behavior": "InstanceInitiatedShutdownBehavior",
        "disable_api_termination": "DisableApiTermination",
        "disable_api_stop": "DisableApiStop",
        "ebs_optimized": "EbsOptimized",
    }
    for ours, theirs in fields.items():
        merged[ours] = merged.get(ours) or data.get(theirs)
    merged["ebs_optimized"] = bool(merged["ebs_optimized"])
    if (data.get("Monitoring") or {}).get("Enabled"):
        merged["monitoring_state"] = "enabled"
    merged["metadata_options"] = {
        **(data.get("MetadataOptions") or {}),
        **(merged.get("metadata_options") or {}),
    }
    market = (data.get("InstanceMarketOptions") or {}).get("MarketType")
    merged["instance_market_options"] = merged.get("instance_market_options") or market
    return with_interfaces(merged, data)


def with_interfaces(kwargs: dict[str, Any], data: Data) -> dict[str, Any]:
    """Take the template's network interfaces unless the request has its own.

    The groups of the first interface become the instance's own, once.
    """
    nics = [dict(nic) for nic in kwargs.get("nics") or data.get("NetworkInterfaces") or ()]
    groups = list(kwargs.get("security_group_ids") or data.get("SecurityGroupIds") or ())
    for nic in nics:
        nic["DeviceIndex"] = nic.get("DeviceIndex") or 0
        if int(nic["DeviceIndex"]) == 0 and not nic.get("NetworkInterfaceId"):
            groups += [group for group in nic.pop("Groups", None) or () if group not in groups]
    return {**kwargs, "nics": nics, "security_group_ids": groups}


def device_mappings(
    asked: Sequence[Data], template: Sequence[Data], root: str
) -> list[dict[str, Any]]:
    """Block devices of an instance: the request over the template over the image's root.

    Devices without EBS (NoDevice, ephemeral) are left out, as moto cannot hold them.
    """
    root_defaults = {"VolumeSize": ROOT_SIZE, "DeleteOnTermination": True}
    devices: dict[str, dict[str, Any]] = {root: dict(root_defaults)}
    for mapping in (*template, *asked):
        name = mapping["DeviceName"]
        ebs = {key: value for key, value in (mapping.get("Ebs") or {}).items() if value is not None}
        devices[name] = {**devices.get(name, {}), **ebs}
        # moto gives every device of a request the key, None where nobody said it.
        if mapping.get("NoDevice") is not None:
            devices[name] = {}
    return [{"DeviceName": name, "Ebs": ebs} for name, ebs in devices.items() if ebs]


def _tags(kwargs: Data, data: Data) -> dict[str, dict[str, str]]:
    spec = convert_tag_spec(list(data.get("TagSpecifications") or ()))
    given = kwargs.get("tags") or {}
    kinds = ("instance", "volume", "network-interface")
    return {kind: {**spec.get(kind, {}), **given.get(kind, {})} for kind in kinds}


def _zone(backend: Any, kwargs: Data) -> str:  # noqa: ANN401 (moto's EC2Backend)
    subnet = kwargs.get("subnet_id") or next(
        (nic["SubnetId"] for nic in kwargs["nics"] if nic.get("SubnetId")), None
    )
    if subnet:
        return str(backend.get_subnet(subnet).availability_zone)
    return str(kwargs.get("placement") or f"{backend.region_name}a")


def run_instances(
    self: InstanceBackend,
    image_id: str,
    count: int,
    user_data: Any,  # noqa: ANN401 (moto's own signature)
    security_group_names: list[str],
    **kwargs: Any,  # noqa: ANN401 (moto's own signature)
) -> Reservation:
    """InstanceBackend.run_instances: the whole template, or no capacity."""
    backend: Any = self
    argument = dict(kwargs.get("launch_template") or {})
    version = backend._get_template_from_args(argument) if argument else None  # noqa: SLF001
    data = version.data if version else {}
    image_id = image_id or data.get("ImageId", "")
    if image_id not in backend.amis:
        raise InvalidAMIIdError(image_id)
    full = with_template({"is_instance_type_default": False, **kwargs}, data)
    if full["is_instance_type_default"] and data.get("InstanceType"):
        full |= {"instance_type": data["InstanceType"], "is_instance_type_default": False}
    full["region_name"] = backend.region_name
    full["block_device_mappings"] = device_mappings(
        kwargs.get("block_device_mappings") or (),
        data.get("BlockDeviceMappings") or (),
        backend.amis[image_id].root_device_name or ROOT_DEVICE,
    )
    full["tags"] = _tags(kwargs, data)
    _refuse_without_capacity(backend, full)
    reservation: Reservation = original(InstanceBackend, "run_instances")(
        self, image_id, count, user_data, security_group_names, **full
    )
    for instance in reservation.instances:
        _complete(instance, full, data, version)
    return reservation


def _refuse_without_capacity(backend: Any, kwargs: Data) -> None:  # noqa: ANN401 (EC2Backend)
    engine = active()
    market = "spot" if kwargs.get("instance_market_options") else "on-demand"
    kind, zone = kwargs.get("instance_type", "m1.small"), _zone(backend, kwargs)
    if engine.faults.no_capacity(kind, zone, market, engine.clock.now()):
        raise InsufficientCapacityError(kind, zone, market)


def _complete(instance: Instance, kwargs: Data, data: Data, version: Any) -> None:  # noqa: ANN401
    """Add what moto's Instance does not take from the template."""
    if instance.lifecycle == "spot":
        instance.__dict__["spot_instance_request_id"] = f"sir-{new_token()[:8]}"
    if version:
        life_of(instance).template = {
            "LaunchTemplateId": version.template.id,
            "LaunchTemplateName": version.template.name,
            "Version": str(version.number),
        }
    by_device = {one["DeviceName"]: one["Ebs"] for one in kwargs["block_device_mappings"]}
    for device, block in instance.get_block_device_mapping:
        volume = instance.ec2_backend.volumes[block.volume_id]
        ebs = by_device.get(device, {})
        for name, key in (("iops", "Iops"), ("throughput", "Throughput")):
            if ebs.get(key):
                setattr(volume, name, int(ebs[key]))
    for nic in instance.nics.values():
        nic.add_tags(kwargs["tags"]["network-interface"])
    profile = data.get("IamInstanceProfile") or {}
    if profile and not kwargs.get("iam_instance_profile_name"):
        instance.ec2_backend.associate_iam_instance_profile(
            instance_id=instance.id,
            iam_instance_profile_name=profile.get("Name"),
            iam_instance_profile_arn=profile.get("Arn"),
        )


def respond_run_instances(self: InstanceResponse) -> ActionResult:
    """InstanceResponse.run_instances: the same ClientToken gives the same reservation.

    Once its instances are ended the token is of no more use, and remembered all the same.

    https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
    """
    token = self._get_param("ClientToken")
    seen = self.ec2_backend.__dict__.setdefault("client_tokens", {})
    if token in seen:
        if all(one.state == "terminated" for one in seen[token].instances):
            raise TerminatedTokenError
        return ActionResult(seen[token])
    most = self._get_param("MaxCount")
    if most is not None:
        self.params["MinCount"] = most
    result: ActionResult = original(InstanceResponse, "run_instances")(self)
    if token:
        seen[token] = result.result
    return result
