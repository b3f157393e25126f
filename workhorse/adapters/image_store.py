"""The image store: a pool's channels in SSM parameters, everything else in the tags of AMIs.

A parameter `{prefix}/pools/{pool}/images/{channel}` holds an AMI id and nothing beside, so that
Terraform and people can use it as it is. What a prune would do is decided in `core/images.py`.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from workhorse.adapters.image_uses import uses
from workhorse.adapters.session import AwsClients, changing, reading, says
from workhorse.core.errors import Missing
from workhorse.core.images import TAG, Channel, Channels, Image, Snapshot, Stock

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import ImageTypeDef, TagTypeDef

TAG_VALUE_LIMIT = 256
"""Characters of a tag's value; https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html."""


class SsmImages:
    """The channels and images of every pool below one prefix.

    It satisfies `loops/rollout_ports.Images`; every call may raise `Surprise`, none retries.
    """

    def __init__(self, clients: AwsClients, prefix: str) -> None:
        self._clients = clients
        self._prefix = prefix

    def channels(self, pool: str) -> Channels:
        """What the pool's channels hold."""
        names = {self._name(pool, channel): channel.value for channel in Channel}
        with reading(f"GetParameters of the images of {pool}"):
            answer = self._clients.ssm.get_parameters(Names=list(names))
        found = {names[each["Name"]]: each["Value"] for each in answer["Parameters"]}
        return Channels(**found)

    def promote(self, pool: str, image: str) -> None:
        """Make it the pool's stable image, and the stable one the previous.

        No candidate is left when it was that. Done already: changes nothing. Cut short anywhere,
        it is done by doing it again.
        """
        before = self.channels(pool)
        self._write(pool, before, before.promoted(image))

    def condemn(self, pool: str, image: str, because: str) -> None:
        """Tag it as failed, and take it away as candidate. Done already: changes nothing."""
        before = self.channels(pool)
        self._write(pool, before, before.condemned(image))
        tag: TagTypeDef = {"Key": f"{TAG}failed", "Value": because[:TAG_VALUE_LIMIT]}
        with changing(f"CreateTags of {image}"):
            try:
                self._clients.ec2.create_tags(Resources=[image], Tags=[tag])
            except ClientError as wrong:
                if not says(wrong, "InvalidAMIID"):
                    raise

    def set_candidate(self, pool: str, image: str) -> None:
        """Make it what the next rollout tries; the other channels stay."""
        self._put(pool, Channel.CANDIDATE, image)

    def image(self, image: str) -> Image:
        """One AMI of this account.

        Raises:
            Missing: there is none of that id, or it is not ours, or belongs to no pool.
        """
        found = {each.id: each for each in self._images()}
        if image not in found:
            raise Missing(f"{image}: no AMI of this account with the tag {TAG}pool")
        return found[image]

    def images(self, pool: str) -> tuple[Image, ...]:
        """The pool's images, in no order."""
        return tuple(each for each in self._images() if each.pool == pool)

    def stock(self) -> Stock:
        """Everything there is to know about images, of every pool below the prefix."""
        images = tuple(self._images())
        return Stock(
            images=images,
            snapshots=tuple(self._snapshots()),
            channels=self._all_channels(),
            used=uses(self._clients, [each.id for each in images]),
        )

    def delete(self, image: Image) -> None:
        """Deregister it, then delete its snapshots; what is gone already is done."""
        with changing(f"DeregisterImage of {image.id}"):
            try:
                self._clients.ec2.deregister_image(ImageId=image.id)
            except ClientError as wrong:
                if not says(wrong, "InvalidAMIID"):
                    raise
        for snapshot in image.snapshots:
            self.delete_snapshot(snapshot)

    def delete_snapshot(self, snapshot: str) -> None:
        """Delete a snapshot; what is gone already is done.

        Raises:
            Surprise: AWS refused, as for one that an image still uses.
        """
        with changing(f"DeleteSnapshot of {snapshot}"):
            try:
                self._clients.ec2.delete_snapshot(SnapshotId=snapshot)
            except ClientError as wrong:
                if not says(wrong, "InvalidSnapshot.NotFound"):
                    raise

    def tag(self, image: Image, tags: Mapping[str, str]) -> None:
        """Give an image and its snapshots the tags `workhorse:NAME`."""
        given: list[TagTypeDef] = [
            {"Key": TAG + name, "Value": value} for name, value in sorted(tags.items())
        ]
        with changing(f"CreateTags of {image.id}"):
            self._clients.ec2.create_tags(Resources=[image.id, *image.snapshots], Tags=given)

    def _name(self, pool: str, channel: Channel) -> str:
        return f"{self._prefix}/pools/{pool}/images/{channel}"

    def _write(self, pool: str, before: Channels, after: Channels) -> None:
        """Write what differs: the previous one first and the candidate last, for a cut short."""
        for channel in (Channel.PREVIOUS, Channel.STABLE, Channel.CANDIDATE):
            value: str = getattr(after, channel)
            if value == getattr(before, channel):
                continue
            if value:
                self._put(pool, channel, value)
            else:
                self._delete(pool, channel)

    def _put(self, pool: str, channel: Channel, image: str) -> None:
        name = self._name(pool, channel)
        with changing(f"PutParameter of {name}"):
            self._clients.ssm.put_parameter(Name=name, Value=image, Type="String", Overwrite=True)

    def _delete(self, pool: str, channel: Channel) -> None:
        name = self._name(pool, channel)
        with changing(f"DeleteParameters of {name}"):
            # Unlike DeleteParameter it does not mind one that is gone.
            self._clients.ssm.delete_parameters(Names=[name])

    def _all_channels(self) -> dict[str, Channels]:
        root = f"{self._prefix}/pools"
        held: dict[str, dict[str, str]] = {}
        with reading(f"GetParametersByPath of {root}"):
            pages = self._clients.ssm.get_paginator("get_parameters_by_path")
            for page in pages.paginate(Path=root, Recursive=True):
                for each in page["Parameters"]:
                    pool, _, rest = each["Name"].removeprefix(f"{root}/").partition("/images/")
                    if rest in set(Channel):
                        held.setdefault(pool, {})[rest] = each["Value"]
        return {pool: Channels(**channels) for pool, channels in held.items()}

    def _images(self) -> Iterator[Image]:
        with reading("DescribeImages"):
            answer = self._clients.ec2.describe_images(
                Owners=["self"], Filters=[{"Name": "tag-key", "Values": [f"{TAG}pool"]}]
            )
        return (_image(each) for each in answer["Images"])

    def _snapshots(self) -> Iterator[Snapshot]:
        with reading("DescribeSnapshots"):
            pages = self._clients.ec2.get_paginator("describe_snapshots")
            found = [
                each
                for page in pages.paginate(
                    OwnerIds=["self"], Filters=[{"Name": "tag-key", "Values": [f"{TAG}pool"]}]
                )
                for each in page["Snapshots"]
            ]
        for each in found:
            pool = dict(_tags(each.get("Tags", [])))[f"{TAG}pool"]
            yield Snapshot(
                id=each["SnapshotId"], pool=pool, started_at=each["StartTime"].timestamp()
            )


def _image(told: "ImageTypeDef") -> Image:
    tags = _tags(told.get("Tags", []))
    disks = [disk.get("Ebs", {}) for disk in told.get("BlockDeviceMappings", [])]
    return Image(
        id=told["ImageId"],
        pool=dict(tags)[f"{TAG}pool"],
        name=told.get("Name", ""),
        created_at=datetime.fromisoformat(told["CreationDate"]).timestamp(),
        state=told["State"],
        snapshots=tuple(disk["SnapshotId"] for disk in disks if disk.get("SnapshotId")),
        tags=tags,
    )


def _tags(told: "list[TagTypeDef]") -> tuple[tuple[str, str], ...]:
    return tuple(sorted((each["Key"], each["Value"]) for each in told))
