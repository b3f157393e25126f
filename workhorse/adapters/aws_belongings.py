"""What EC2 shows of all that is ours: instances by their tag, and the age of their images."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from workhorse.adapters.aws_canary import CANARY_TAG
from workhorse.adapters.session import AwsClients, reading
from workhorse.core.disagreements import Owned

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef, InstanceTypeDef

POOL_TAG = "workhorse:pool"
"""What the launch template of a pool gives to its instances: the name of the pool."""
VALUES_PER_CALL = 200
"""Values of one filter.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Filter.html
"""
PRESENT = ("pending", "running", "stopping", "stopped")
"""EC2's states of an instance that has not ended and does not end."""


class AwsBelongings:
    """A `loops.ledger_ports.Belongings`.

    Args:
        clients: the clients of the region.
    """

    def __init__(self, clients: AwsClients) -> None:
        self._clients = clients
        self._made: dict[str, float] = {}
        """An image does not change: it is asked for once."""

    def owned(self, pools: Sequence[str]) -> Sequence[Owned]:
        """Every instance that carries the tag of one of these pools, ended ones apart.

        Raises:
            Unreadable: EC2 does not answer.
        """
        return tuple(_owned(told) for told in self._instances(sorted(set(pools))))

    def made(self, images: Iterable[str]) -> Mapping[str, float]:
        """When each of these images was made; one that EC2 does not know is absent.

        Raises:
            Unreadable: EC2 does not answer.
        """
        asked = frozenset(images)
        for some in _portions(sorted(asked - self._made.keys())):
            with reading(f"DescribeImages of {len(some)} images"):
                # By a filter, not by ids: one that is gone is left out, and fails nothing.
                answer = self._clients.ec2.describe_images(
                    Filters=[{"Name": "image-id", "Values": some}]
                )
            for image in answer["Images"]:
                made_at = datetime.fromisoformat(image["CreationDate"])
                self._made[image["ImageId"]] = made_at.timestamp()
        return {image: made_at for image, made_at in self._made.items() if image in asked}

    def _instances(self, pools: Sequence[str]) -> Iterator["InstanceTypeDef"]:
        pages = self._clients.ec2.get_paginator("describe_instances")
        for some in _portions(pools):
            filters: list[FilterTypeDef] = [
                {"Name": f"tag:{POOL_TAG}", "Values": some},
                {"Name": "instance-state-name", "Values": list(PRESENT)},
            ]
            with reading(f"DescribeInstances of {len(some)} pools"):
                for page in pages.paginate(Filters=filters):
                    for reservation in page["Reservations"]:
                        yield from reservation["Instances"]


def _owned(told: "InstanceTypeDef") -> Owned:
    tags = {tag["Key"]: tag.get("Value", "") for tag in told.get("Tags", ())}
    return Owned(
        id=told["InstanceId"],
        pool=tags.get(POOL_TAG, ""),
        state=told["State"]["Name"],
        image=told.get("ImageId", ""),
        launched_at=told["LaunchTime"].timestamp(),
        canary=CANARY_TAG in tags,
    )


def _portions(values: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(values), VALUES_PER_CALL):
        yield list(values[start : start + VALUES_PER_CALL])
