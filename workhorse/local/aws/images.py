"""Corrections to images: a name once, tags for images and the snapshots behind, true sizes.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImage.html
"""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.amis import Ami, AmiBackend
from moto.ec2.responses.amis import AmisResponse

from workhorse.local.aws.patching import original

Specifications = Iterable[Mapping[str, Any]]
"""TagSpecifications of a request."""


def create_image(
    self: AmiBackend,
    instance_id: str,
    name: str,
    description: str,
    tag_specifications: list[dict[str, Any]],
) -> Ami:
    """AmiBackend.create_image: raises InvalidAMIName.Duplicate, tags snapshots.

    The snapshot is of the instance's root volume, which moto takes for one of 15 GiB.
    """
    _refuse_a_known_name(self, name)
    image: Ami = original(AmiBackend, "create_image")(self, instance_id, name, description, [])
    _tag(image, tag_specifications)
    image.root_device_type = "ebs"
    backend: Any = self
    instance = backend.get_instance(instance_id)
    root = instance.block_device_mapping.get(instance.root_device_name)
    volume = backend.volumes.get(root.volume_id) if root else None
    if volume is not None:
        image.ebs_snapshot.volume = volume
        image.ebs_snapshot.encrypted = volume.encrypted
        image.root_device_name = instance.root_device_name
    return image


def respond_register(self: AmisResponse) -> ActionResult:
    """RegisterImage: with its tags, its root device and the snapshot behind it.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RegisterImage.html
    """
    backend: Any = self.ec2_backend
    _refuse_a_known_name(backend, self._get_param("Name"))
    result: ActionResult = original(AmisResponse, "register_image")(self)
    image = _made(backend, result)
    image.root_device_name = self._get_param("RootDeviceName") or image.root_device_name
    image.architecture = self._get_param("Architecture") or image.architecture
    for device in self._get_param("BlockDeviceMappings", []):
        snapshot = (device.get("Ebs") or {}).get("SnapshotId")
        if snapshot and device.get("DeviceName") == image.root_device_name:
            # The one that moto made up for it.
            backend.snapshots.pop(image.ebs_snapshot.id)
            image.ebs_snapshot = backend.get_snapshot(snapshot)
            image.ebs_snapshot.from_ami = image.id
    _tag(image, self._get_param("TagSpecifications", []))
    return result


def respond_copy(self: AmisResponse) -> ActionResult:
    """CopyImage: with the tags asked for, the source's too when CopyImageTags says so.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CopyImage.html
    """
    backend: Any = self.ec2_backend
    _refuse_a_known_name(backend, self._get_param("Name"))
    result: ActionResult = original(AmisResponse, "copy_image")(self)
    image = _made(backend, result)
    if self._get_param("CopyImageTags"):
        source = self._get_param("SourceImageId")
        image.add_tags({one["key"]: one["value"] for one in backend.amis[source].get_tags()})
    _tag(image, self._get_param("TagSpecifications", []))
    return result


def respond_deregister(self: AmisResponse) -> ActionResult:
    """DeregisterImage: its snapshots stay unless DeleteAssociatedSnapshots is said.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeregisterImage.html
    """
    backend: Any = self.ec2_backend
    image = backend.amis.get(self._get_param("ImageId"))
    result: ActionResult = original(AmisResponse, "deregister_image")(self)
    if image is not None and self._get_param("DeleteAssociatedSnapshots"):
        backend.delete_snapshot(image.ebs_snapshot.id)
    return result


def respond_modify(self: AmisResponse) -> ActionResult:
    """ModifyImageAttribute: with the description, which moto passes over.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyImageAttribute.html
    """
    result: ActionResult = original(AmisResponse, "modify_image_attribute")(self)
    description = self._get_param("Description.Value")
    if description is not None:
        backend: Any = self.ec2_backend
        backend.amis[self._get_param("ImageId")].description = description
    return result


def block_device_mappings(self: Ami) -> list[dict[str, Any]]:
    """Ami.block_device_mappings: of the size of its snapshot."""
    ebs = {
        "SnapshotId": self.ebs_snapshot.id,
        "VolumeSize": self.ebs_snapshot.volume.size,
        "Encrypted": bool(self.ebs_snapshot.encrypted),
        "DeleteOnTermination": True,
        "VolumeType": "gp3",
    }
    return [{"DeviceName": self.root_device_name, "Ebs": ebs}]


def _made(backend: Any, result: ActionResult) -> Ami:  # noqa: ANN401 (EC2Backend)
    answer = cast("dict[str, Any]", result.result)
    image: Ami = backend.amis[answer["ImageId"]]
    return image


def _refuse_a_known_name(backend: Any, name: str | None) -> None:  # noqa: ANN401 (EC2Backend)
    for image in backend.amis.values():
        if name and image.name == name and image.owner_id == backend.account_id:
            raise EC2ClientError(
                "InvalidAMIName.Duplicate",
                f"AMI name {name} is already in use by AMI {image.id}",
            )


def _tag(image: Ami, specifications: Specifications) -> None:
    holders: dict[str, Any] = {"image": image, "snapshot": image.ebs_snapshot}
    for specification in specifications:
        holder = holders.get(specification["ResourceType"])
        if holder is None:
            raise EC2ClientError(
                "InvalidParameterValue",
                f"'{specification['ResourceType']}' is not a valid taggable resource type for "
                "this operation.",
            )
        holder.add_tags({tag["Key"]: tag["Value"] for tag in specification.get("Tags", ())})
