"""What a bake that failed may have left in AWS, and how it is taken away.

Packer cleans up by itself. That it did is looked at and not believed: it may have been killed, and
AWS may have refused. Everything of a run carries the tag `workhorse:bake` with the name of its
image, but for the key pair and the security group, whose names Packer tells.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from workhorse.adapters.aws_instances import PRESENT, describe_instances
from workhorse.adapters.session import AwsClients, changing, reading, says
from workhorse.core.bake import Made
from workhorse.core.images import TAG

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef, WaiterConfigTypeDef

WAIT: "WaiterConfigTypeDef" = {"Delay": 5, "MaxAttempts": 60}
"""For ended instances: five minutes; what they hold can be deleted only then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """A thing of a bake that is still there."""

    kind: str
    """In AWS' words: instance, image, snapshot, volume, key pair, security group."""
    id: str

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


def leftovers(clients: AwsClients, made: Made) -> tuple[Leftover, ...]:
    """What is there of a bake, in the order in which it can be taken away."""
    if not made.name:
        return ()
    with reading(f"what is left of {made.name}"):
        return tuple(
            Leftover(kind=kind, id=identity)
            for kind, found in (
                ("instance", _instances(clients, made)),
                ("image", _images(clients, made)),
                ("snapshot", _snapshots(clients, made)),
                ("volume", _volumes(clients, made)),
                ("key pair", _key_pairs(clients, made)),
                ("security group", _groups(clients, made)),
            )
            for identity in found
        )


def remove(clients: AwsClients, found: tuple[Leftover, ...]) -> None:
    """Take all of it away; what is gone meanwhile is done.

    Raises:
        Surprise: AWS refused.
    """
    with changing("TerminateInstances of a bake"):
        ended = [each.id for each in found if each.kind == "instance"]
        if ended:
            clients.ec2.terminate_instances(InstanceIds=ended)
            waiter = clients.ec2.get_waiter("instance_terminated")
            waiter.wait(InstanceIds=ended, WaiterConfig=WAIT)
    for each in found:
        with changing(f"removal of {each}"):
            _remove(clients, each)


def _remove(clients: AwsClients, each: Leftover) -> None:
    ec2 = clients.ec2
    verbs: dict[str, Callable[[], object]] = {
        "image": lambda: ec2.deregister_image(ImageId=each.id),
        "snapshot": lambda: ec2.delete_snapshot(SnapshotId=each.id),
        "volume": lambda: ec2.delete_volume(VolumeId=each.id),
        "key pair": lambda: ec2.delete_key_pair(KeyName=each.id),
        "security group": lambda: ec2.delete_security_group(GroupId=each.id),
    }
    if each.kind not in verbs:
        return
    try:
        verbs[each.kind]()
    except ClientError as wrong:
        gone = ("InvalidAMIID", "InvalidSnapshot", "InvalidVolume", "InvalidGroup")
        if not any(says(wrong, code) for code in gone):
            raise


def _instances(clients: AwsClients, made: Made) -> Iterator[str]:
    present = {"instance-state-name": PRESENT}
    told = describe_instances(clients, f"tag:{TAG}bake", [made.name], further=present)
    yield from (each["InstanceId"] for each in told)


def _images(clients: AwsClients, made: Made) -> Iterator[str]:
    named: FilterTypeDef = {"Name": "name", "Values": [made.name]}
    told = clients.ec2.describe_images(Owners=["self"], Filters=[named])
    yield from (each["ImageId"] for each in told["Images"])


def _snapshots(clients: AwsClients, made: Made) -> Iterator[str]:
    """CreateImage describes them by its instance; they have no tags until it has ended."""
    if not made.instance:
        return
    words = f"Created by CreateImage({made.instance})*"
    described: FilterTypeDef = {"Name": "description", "Values": [words]}
    told = clients.ec2.describe_snapshots(OwnerIds=["self"], Filters=[described])
    yield from (each["SnapshotId"] for each in told["Snapshots"])


def _volumes(clients: AwsClients, made: Made) -> Iterator[str]:
    tagged: FilterTypeDef = {"Name": f"tag:{TAG}bake", "Values": [made.name]}
    told = clients.ec2.describe_volumes(Filters=[tagged])
    yield from (each["VolumeId"] for each in told["Volumes"] if each["State"] == "available")


def _key_pairs(clients: AwsClients, made: Made) -> Iterator[str]:
    if made.key_pair:
        named: FilterTypeDef = {"Name": "key-name", "Values": [made.key_pair]}
        told = clients.ec2.describe_key_pairs(Filters=[named])
        yield from (each["KeyName"] for each in told["KeyPairs"])


def _groups(clients: AwsClients, made: Made) -> Iterator[str]:
    if made.security_group:
        named: FilterTypeDef = {"Name": "group-name", "Values": [made.security_group]}
        told = clients.ec2.describe_security_groups(Filters=[named])
        yield from (each["GroupId"] for each in told["SecurityGroups"])
