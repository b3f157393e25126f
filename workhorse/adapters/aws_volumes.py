"""EC2's cache volumes, and launches of Auto Scaling in a zone of our choice.

Volumes are found by their tags. Attaching is the lock: of all who ask EC2 accepts one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

from botocore.exceptions import ClientError

from workhorse.adapters.aws_instances import VALUES_PER_FILTER
from workhorse.adapters.session import AwsClients, changing, portions, reading, says
from workhorse.core.agents import Tier
from workhorse.core.errors import Missing, Surprise
from workhorse.core.volume import POOL_TAG, Volume
from workhorse.core.volume_tags import with_tags
from workhorse.core.volumes import held_by

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef, VolumeAttachmentTypeDef, VolumeTypeDef

NOT_YOURS = (
    "VolumeInUse",
    "IncorrectState",
    "InvalidVolume.ZoneMismatch",
    "InvalidVolume.NotFound",
    "InvalidParameterValue",
    "UnsupportedOperation",
    "UnauthorizedOperation",
)
"""What AttachVolume answers when this volume is no use to this instance by this name: another holds
it or is letting go of it, it is elsewhere or gone, the device name is taken, it is too much for the
instance, or it is another deployment's, whose pool has the same name.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""

ALREADY_OFF = ("IncorrectState", "InvalidVolume.NotFound", "InvalidAttachment.NotFound")
"""What DetachVolume answers when there is nothing (left) to detach."""


class AwsVolumes:
    """A `loops.agent_ports.Volumes`; safe for threads, as boto3's clients are."""

    def __init__(self, clients: AwsClients) -> None:
        self._clients = clients

    def volumes(self, pools: Sequence[str]) -> Sequence[Volume]:
        """The cache volumes of these pools, by their tags, in every zone.

        Raises:
            Unreadable: EC2 does not answer.
        """
        return tuple(_volume(told) for told in self._described(sorted(set(pools))))

    def attach(self, volume: str, instance: str, device: str) -> None:
        """AttachVolume; done as well when that instance holds it already.

        Raises:
            Missing: it is another's, or gone, or of another zone: take the next.
            Surprise: EC2 does not say whether it did.
        """
        what = f"AttachVolume {volume} to {instance} as {device}"
        with changing(what):
            try:
                self._clients.ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device=device)
            except ClientError as wrong:
                if says(wrong, "IncorrectState", f"'{instance}'"):
                    raise  # Of the instance, which does not run: no other volume would do either.
                if not any(says(wrong, code) for code in NOT_YOURS):
                    raise
                if says(wrong, "VolumeInUse") and self._holds(instance, volume):
                    return
                raise Missing(f"{what}: {wrong}") from wrong

    def detach(self, volume: str, instance: str, *, force: bool) -> None:
        """DetachVolume; done as well when that instance does not hold it.

        Raises:
            Surprise: EC2 refuses.
        """
        with changing(f"DetachVolume {volume} from {instance}"):
            try:
                self._clients.ec2.detach_volume(VolumeId=volume, InstanceId=instance, Force=force)
            except ClientError as wrong:
                if any(says(wrong, code) for code in ALREADY_OFF):
                    return
                if self._holds(instance, volume):
                    raise

    def tag(self, volume: str, tags: Mapping[str, str]) -> None:
        """CreateTags.

        Raises:
            Surprise: EC2 refuses.
        """
        with changing(f"CreateTags on {volume}"):
            self._clients.ec2.create_tags(
                Resources=[volume],
                Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
            )

    def _described(self, pools: Sequence[str]) -> Iterator["VolumeTypeDef"]:
        pages = self._clients.ec2.get_paginator("describe_volumes")
        for some in portions(pools, VALUES_PER_FILTER):
            wanted: FilterTypeDef = {"Name": f"tag:{POOL_TAG}", "Values": some}
            with reading(f"DescribeVolumes of {len(some)} pools"):
                for page in pages.paginate(Filters=[wanted]):
                    yield from page["Volumes"]

    def _holds(self, instance: str, volume: str) -> bool:
        """Whether the instance has it and keeps it: what is being taken from it does not count."""
        try:
            told = self._clients.ec2.describe_volumes(VolumeIds=[volume])["Volumes"]
        except ClientError as wrong:
            if says(wrong, "InvalidVolume.NotFound"):
                return False
            raise
        return bool(held_by(map(_volume, told), instance))


class AwsZones:
    """A `loops.agent_ports.Zones`."""

    def __init__(self, clients: AwsClients) -> None:
        self._clients = clients

    def launch(self, group: str, zone: str, count: int) -> None:
        """LaunchInstances: desired capacity rises by what was launched, in this zone.

        It is not tried again by itself: what could not be launched there the group launches
        anywhere, once its desired capacity is set.

        Raises:
            Surprise: EC2 has none there, or not as many; the rest is launched anywhere.
        """
        what = f"LaunchInstances of {count} in {zone} into {group}"
        with changing(what):
            answer = self._clients.autoscaling.launch_instances(
                AutoScalingGroupName=group,
                ClientToken=uuid4().hex,
                RequestedCapacity=count,
                AvailabilityZones=[zone],
                RetryStrategy="none",
            )
        if wrong := answer.get("Errors", ()):
            told = wrong[0]
            code, why = told.get("ErrorCode", "no code"), told.get("ErrorMessage", "no message")
            raise Surprise(f"{what}: {code}: {why}")


def _volume(told: "VolumeTypeDef") -> Volume:
    tags = {tag["Key"]: tag["Value"] for tag in told.get("Tags", ())}
    attachments = (a for a in told.get("Attachments", ()) if a["State"] != "detached")
    none: VolumeAttachmentTypeDef = {}
    held = next(attachments, none)
    attached_at = held.get("AttachTime")
    plain = Volume(
        id=told["VolumeId"],
        zone=told["AvailabilityZone"],
        pool="",
        tier=Tier.NONE,
        state=told["State"],
        attached_to=held.get("InstanceId", ""),
        attachment=held.get("State", ""),
        attached_at=attached_at.timestamp() if attached_at else None,
        device=held.get("Device", ""),
        created_at=told["CreateTime"].timestamp(),
        from_snapshot=bool(told.get("SnapshotId")),
    )
    return replace(plain, **with_tags(plain, tags))
