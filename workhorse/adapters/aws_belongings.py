"""What EC2 shows of all that is ours: instances by their tag, and the age of their images."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from workhorse.adapters.aws_canary import CANARY_TAG
from workhorse.adapters.aws_instances import (
    PRESENT,
    VALUES_PER_FILTER,
    describe_instances,
    tags_of,
)
from workhorse.adapters.session import AwsClients, portions, reading
from workhorse.core.disagreements import Owned

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import InstanceTypeDef

POOL_TAG = "workhorse:pool"
"""What the launch template of a pool gives to its instances: the name of the pool."""


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
        present = {"instance-state-name": PRESENT}
        found = describe_instances(
            self._clients, f"tag:{POOL_TAG}", sorted(set(pools)), further=present
        )
        return tuple(map(_owned, found))

    def made(self, images: Iterable[str]) -> Mapping[str, float]:
        """When each of these images was made; one that EC2 does not know is absent.

        Raises:
            Unreadable: EC2 does not answer.
        """
        asked = frozenset(images)
        for some in portions(sorted(asked - self._made.keys()), VALUES_PER_FILTER):
            with reading(f"DescribeImages of {len(some)} images"):
                # By a filter, not by ids: one that is gone is left out, and fails nothing.
                answer = self._clients.ec2.describe_images(
                    Filters=[{"Name": "image-id", "Values": some}]
                )
            for image in answer["Images"]:
                made_at = datetime.fromisoformat(image["CreationDate"])
                self._made[image["ImageId"]] = made_at.timestamp()
        return {image: made_at for image, made_at in self._made.items() if image in asked}


def _owned(told: "InstanceTypeDef") -> Owned:
    tags = tags_of(told)
    return Owned(
        id=told["InstanceId"],
        pool=tags.get(POOL_TAG, ""),
        state=told["State"]["Name"],
        image=told.get("ImageId", ""),
        launched_at=told["LaunchTime"].timestamp(),
        canary=CANARY_TAG in tags,
    )
