"""The image store on the embedded AWS."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.contracts.real_world import IMAGE, Aws
from tests.contracts.rollout_stages import POOL
from workhorse.adapters.image_store import SsmImages
from workhorse.adapters.session import AwsClients
from workhorse.core.images import Channel

PREFIX = "/workhorse"
NOWHERE = "http://127.0.0.1:9"
"""The discard service, which nobody runs."""


class ImagesOnEmbeddedAws:
    """`ImagesWorld` by `SsmImages`."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.port = SsmImages(aws.clients, PREFIX)
        self._made = 0

    def add_image(self, pool: str = POOL, **tags: str) -> str:
        """Bake one, as far as EC2 sees it; more tags are `workhorse:NAME`."""
        ec2 = self.aws.clients.ec2
        ran = ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
        self.aws.pass_time(120)
        given = {"pool": pool, **tags}
        wanted: Any = [{"Key": f"workhorse:{name}", "Value": text} for name, text in given.items()]
        self._made += 1
        image = ec2.create_image(
            InstanceId=ran,
            Name=f"agent-{self._made}",
            TagSpecifications=[
                {"ResourceType": kind, "Tags": wanted} for kind in ("image", "snapshot")
            ],
        )["ImageId"]
        ec2.terminate_instances(InstanceIds=[ran])
        self.aws.pass_time(120)
        return image

    def set_candidate(self, image: str) -> None:
        """As a bake does."""
        self.port.set_candidate(POOL, image)

    def channels(self) -> Mapping[str, str]:
        """The parameters as SSM has them."""
        ssm = self.aws.clients.ssm
        names = {f"{PREFIX}/pools/{POOL}/images/{channel}": str(channel) for channel in Channel}
        found = ssm.get_parameters(Names=list(names))["Parameters"]
        return {names[each["Name"]]: each["Value"] for each in found}

    def condemned(self, image: str) -> str:
        """The tag of the AMI."""
        (found,) = self.aws.clients.ec2.describe_images(ImageIds=[image])["Images"]
        tags = {tag["Key"]: tag["Value"] for tag in found.get("Tags", [])}
        return tags.get("workhorse:failed", "")

    def shut(self) -> None:
        """Have the port talk to a port where nobody is."""
        self.port = SsmImages(AwsClients("us-east-1", NOWHERE), PREFIX)


@contextmanager
def images_world() -> Iterator[ImagesOnEmbeddedAws]:
    """The image store."""
    aws = Aws()
    try:
        yield ImagesOnEmbeddedAws(aws)
    finally:
        aws.close()
