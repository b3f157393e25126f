"""Corrections to images: a name once, and tags for the snapshots behind.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImage.html
"""

from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.amis import Ami, AmiBackend

from workhorse.local.aws.patching import original


def create_image(
    self: AmiBackend,
    instance_id: str,
    name: str,
    description: str,
    tag_specifications: list[dict[str, Any]],
) -> Ami:
    """AmiBackend.create_image: raises InvalidAMIName.Duplicate, tags snapshots."""
    owner = self.account_id  # type: ignore[attr-defined]
    for image in self.amis.values():
        if image.name == name and image.owner_id == owner:
            raise EC2ClientError(
                "InvalidAMIName.Duplicate",
                f"AMI name {name} is already in use by AMI {image.id}",
            )
    others = [one for one in tag_specifications if one["ResourceType"] != "snapshot"]
    image = original(AmiBackend, "create_image")(self, instance_id, name, description, others)
    for specification in tag_specifications:
        if specification["ResourceType"] == "snapshot":
            image.ebs_snapshot.add_tags({tag["Key"]: tag["Value"] for tag in specification["Tags"]})
    return image  # type: ignore[no-any-return]
