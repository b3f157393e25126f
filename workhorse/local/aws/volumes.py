"""EBS attach rules: one zone, one owner, one device name.

https://docs.aws.amazon.com/ebs/latest/userguide/ebs-attaching-volume.html
https://docs.aws.amazon.com/ebs/latest/userguide/ebs-detaching-volume.html
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError, InvalidParameterValueError, VolumeInUseError
from moto.ec2.models.elastic_block_store import EBSBackend, VolumeAttachment
from moto.ec2.responses.elastic_block_store import ElasticBlockStore

from workhorse.local.aws.engine import active
from workhorse.local.aws.patching import original

ATTACHABLE = frozenset({"pending", "running", "stopping", "stopped"})


def attach_volume(
    self: EBSBackend,
    volume_id: str,
    instance_id: str,
    device_path: str,
    delete_on_termination: bool = False,  # noqa: FBT001, FBT002 (moto's own signature)
) -> VolumeAttachment | None:
    """EBSBackend.attach_volume: refuses another zone, a second owner and a taken device."""
    backend: Any = self
    volume, instance = backend.get_volume(volume_id), backend.get_instance(instance_id)
    if volume.zone.name != instance.placement.zone:
        raise EC2ClientError(
            "InvalidVolume.ZoneMismatch",
            f"The volume '{volume_id}' is not in the same availability zone as instance "
            f"'{instance_id}'",
        )
    if volume.attachment is not None:
        raise VolumeInUseError(volume_id, volume.attachment.instance.id)
    if device_path in instance.block_device_mapping:
        raise InvalidParameterValueError(
            f"Invalid value '{device_path}' for unixDevice. Attachment point {device_path} is "
            "already in use"
        )
    if instance.state not in ATTACHABLE:
        raise EC2ClientError(
            "IncorrectState",
            f"Instance '{instance_id}' is not 'running' but '{instance.state}'.",
        )
    attached: VolumeAttachment | None = original(EBSBackend, "attach_volume")(
        self, volume_id, instance_id, device_path, delete_on_termination
    )
    _record("volume.attached", volume_id, instance_id)
    return attached


def detach_volume(
    self: EBSBackend, volume_id: str, instance_id: str, device_path: str
) -> VolumeAttachment:
    """EBSBackend.detach_volume, which the end of an instance calls too."""
    found: VolumeAttachment = original(EBSBackend, "detach_volume")(
        self, volume_id, instance_id, device_path
    )
    _record("volume.detached", volume_id, instance_id)
    return found


def respond_detach(self: ElasticBlockStore) -> ActionResult:
    """DetachVolume: the instance may be left out."""
    if not self._get_param("InstanceId"):
        volume = self.ec2_backend.get_volume(self._get_param("VolumeId"))
        if volume.attachment is None:
            raise EC2ClientError(
                "IncorrectState", f"Volume '{volume.id}' is in the 'available' state."
            )
        self.params["InstanceId"] = volume.attachment.instance.id
    result: ActionResult = original(ElasticBlockStore, "detach_volume")(self)
    return result


def _record(kind: str, volume: str, instance: str) -> None:
    engine = active()
    engine.record(kind, engine.clock.now(), volume=volume, instance=instance)
