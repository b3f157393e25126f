"""Images and key pairs, as Packer and the image store ask for them.

Pages are below https://docs.aws.amazon.com/AWSEC2/latest/APIReference/ .
"""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.cloud import IMAGE, Cloud


def specification(kind: str, **tags: str) -> dict[str, Any]:
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    return {"ResourceType": kind, "Tags": pairs}


def instance(cloud: Cloud) -> str:
    """A stopped instance with a root volume of 20 GiB, as Packer leaves one."""
    ec2 = cloud.client("ec2")
    root = ec2.describe_images(ImageIds=[IMAGE])["Images"][0]["RootDeviceName"]
    made: str = ec2.run_instances(
        ImageId=IMAGE,
        InstanceType="m5.large",
        MinCount=1,
        MaxCount=1,
        BlockDeviceMappings=[{"DeviceName": root, "Ebs": {"VolumeSize": 20, "Encrypted": True}}],
    )["Instances"][0]["InstanceId"]
    cloud.advance(60)
    ec2.stop_instances(InstanceIds=[made])
    cloud.advance(10)
    return made


def tags_of(cloud: Cloud, resource: str) -> dict[str, str]:
    told = cloud.client("ec2").describe_tags(
        Filters=[{"Name": "resource-id", "Values": [resource]}]
    )
    return {one["Key"]: one["Value"] for one in told["Tags"]}


def ours(cloud: Cloud, **filters: str) -> list[dict[str, Any]]:
    """DescribeImages of our own with filters, `tag__x` for `tag:x`."""
    asked = [
        {"Name": name.replace("__", ":"), "Values": [value]} for name, value in filters.items()
    ]
    found: list[dict[str, Any]] = cloud.client("ec2").describe_images(
        Owners=["self"], Filters=asked
    )["Images"]
    return found


def snapshot_of(image: dict[str, Any]) -> str:
    (device,) = image["BlockDeviceMappings"]
    found: str = device["Ebs"]["SnapshotId"]
    return found


def test_an_image_of_an_instance_carries_tags_and_so_does_its_snapshot(cloud: Cloud) -> None:
    """API_CreateImage.html: TagSpecification for image and snapshot."""
    made = cloud.client("ec2").create_image(
        InstanceId=instance(cloud),
        Name="agent-1",
        Description="first",
        TagSpecifications=[
            specification("image", pool="linux"),
            specification("snapshot", pool="linux", of="agent-1"),
        ],
    )["ImageId"]
    (image,) = ours(cloud, tag__pool="linux")

    assert (image["ImageId"], image["Name"], image["State"]) == (made, "agent-1", "available")
    assert {one["Key"]: one["Value"] for one in image["Tags"]} == {"pool": "linux"}
    assert image["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"] == 20
    assert image["BlockDeviceMappings"][0]["Ebs"]["Encrypted"] is True
    assert tags_of(cloud, snapshot_of(image)) == {"pool": "linux", "of": "agent-1"}


def test_tags_may_come_later_as_packer_gives_them(cloud: Cloud) -> None:
    """API_CreateTags.html: on an image and its snapshot."""
    ec2 = cloud.client("ec2")
    made = ec2.create_image(InstanceId=instance(cloud), Name="agent-1")["ImageId"]
    (image,) = ours(cloud)
    ec2.create_tags(
        Resources=[made, snapshot_of(image)], Tags=[{"Key": "workhorse:commit", "Value": "abc"}]
    )

    assert [one["ImageId"] for one in ours(cloud, **{"tag__workhorse:commit": "abc"})] == [made]
    told = ec2.describe_snapshots(
        OwnerIds=["self"], Filters=[{"Name": "tag:workhorse:commit", "Values": ["abc"]}]
    )
    assert [one["SnapshotId"] for one in told["Snapshots"]] == [snapshot_of(image)]


def test_the_description_of_an_image_may_be_changed(cloud: Cloud) -> None:
    """API_ModifyImageAttribute.html: Packer describes an image after it is made."""
    ec2 = cloud.client("ec2")
    made = ec2.create_image(InstanceId=instance(cloud), Name="agent-1")["ImageId"]
    ec2.modify_image_attribute(ImageId=made, Description={"Value": "second"})
    (image,) = ours(cloud)
    assert (image["Description"], image["RootDeviceType"]) == ("second", "ebs")


def test_images_are_found_by_owner_tag_key_and_name(cloud: Cloud) -> None:
    """API_DescribeImages.html: owners and filters; images of others are not ours."""
    ec2 = cloud.client("ec2")
    for name in ("agent-1", "agent-2"):
        ec2.register_image(Name=name, TagSpecifications=[specification("image", **{name: "x"})])

    assert [one["Name"] for one in ours(cloud)] == ["agent-1", "agent-2"]
    assert [one["Name"] for one in ours(cloud, **{"tag-key": "agent-2"})] == ["agent-2"]
    assert [one["Name"] for one in ours(cloud, name="agent-1")] == ["agent-1"]
    assert IMAGE in {one["ImageId"] for one in ec2.describe_images()["Images"]}


def test_a_registered_image_is_of_the_snapshot_it_names(cloud: Cloud) -> None:
    """API_RegisterImage.html: RootDeviceName and BlockDeviceMapping."""
    ec2 = cloud.client("ec2")
    ec2.create_image(InstanceId=instance(cloud), Name="agent-1")
    (first,) = ours(cloud)
    made = ec2.register_image(
        Name="agent-2",
        Architecture="arm64",
        RootDeviceName="/dev/xvda",
        BlockDeviceMappings=[
            {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot_of(first)}}
        ],
        TagSpecifications=[specification("image", pool="linux")],
    )["ImageId"]
    (image,) = ours(cloud, tag__pool="linux")

    assert (image["ImageId"], image["Architecture"]) == (made, "arm64")
    assert (image["RootDeviceName"], snapshot_of(image)) == ("/dev/xvda", snapshot_of(first))


def test_a_copy_takes_the_tags_it_is_given_and_the_sources_when_told(cloud: Cloud) -> None:
    """API_CopyImage.html: TagSpecification and CopyImageTags, which is off by default."""
    ec2 = cloud.client("ec2")
    source = ec2.register_image(
        Name="agent-1", TagSpecifications=[specification("image", commit="abc")]
    )["ImageId"]
    asked = {"SourceImageId": source, "SourceRegion": "us-east-1"}
    given = [specification("image", pool="linux"), specification("snapshot", pool="linux")]
    bare = ec2.copy_image(Name="copy-1", **asked)["ImageId"]
    told = ec2.copy_image(Name="copy-2", CopyImageTags=True, TagSpecifications=given, **asked)

    assert tags_of(cloud, bare) == {}
    assert tags_of(cloud, told["ImageId"]) == {"commit": "abc", "pool": "linux"}
    (copy,) = ours(cloud, name="copy-2")
    assert tags_of(cloud, snapshot_of(copy)) == {"pool": "linux"}


@pytest.mark.parametrize("how", ["create", "register", "copy"])
def test_a_name_is_given_once(cloud: Cloud, how: str) -> None:
    """errors-overview.html: InvalidAMIName.Duplicate."""
    ec2 = cloud.client("ec2")
    source = ec2.register_image(Name="agent-1")["ImageId"]
    again: dict[str, Any] = {
        "create": lambda: ec2.create_image(InstanceId=instance(cloud), Name="agent-1"),
        "register": lambda: ec2.register_image(Name="agent-1"),
        "copy": lambda: ec2.copy_image(
            Name="agent-1", SourceImageId=source, SourceRegion="us-east-1"
        ),
    }
    with pytest.raises(ClientError, match=r"InvalidAMIName\.Duplicate"):
        again[how]()


def test_a_snapshot_outlives_its_image_and_is_not_deleted_before_it(cloud: Cloud) -> None:
    """API_DeleteSnapshot.html: InvalidSnapshot.InUse while an image is registered of it."""
    ec2 = cloud.client("ec2")
    made = ec2.create_image(InstanceId=instance(cloud), Name="agent-1")["ImageId"]
    snapshot = snapshot_of(ours(cloud)[0])
    with pytest.raises(ClientError, match=r"InvalidSnapshot\.InUse"):
        ec2.delete_snapshot(SnapshotId=snapshot)
    ec2.deregister_image(ImageId=made)
    assert ours(cloud) == []
    assert ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
    ec2.delete_snapshot(SnapshotId=snapshot)
    with pytest.raises(ClientError, match=r"InvalidSnapshot\.NotFound"):
        ec2.describe_snapshots(SnapshotIds=[snapshot])


def test_an_image_may_take_its_snapshot_along(cloud: Cloud) -> None:
    """API_DeregisterImage.html: DeleteAssociatedSnapshots."""
    ec2 = cloud.client("ec2")
    made = ec2.create_image(InstanceId=instance(cloud), Name="agent-1")["ImageId"]
    snapshot = snapshot_of(ours(cloud)[0])
    ec2.deregister_image(ImageId=made, DeleteAssociatedSnapshots=True)
    with pytest.raises(ClientError, match=r"InvalidSnapshot\.NotFound"):
        ec2.describe_snapshots(SnapshotIds=[snapshot])


def test_an_image_that_is_gone_launches_nothing(cloud: Cloud) -> None:
    """errors-overview.html: InvalidAMIID.NotFound."""
    ec2 = cloud.client("ec2")
    made = ec2.register_image(Name="agent-1")["ImageId"]
    ec2.deregister_image(ImageId=made)
    with pytest.raises(ClientError, match=r"InvalidAMIID\.NotFound"):
        ec2.run_instances(ImageId=made, MinCount=1, MaxCount=1)


def test_the_public_half_of_a_key_pair_is_told_when_asked_for(cloud: Cloud) -> None:
    """API_DescribeKeyPairs.html: IncludePublicKey; Packer makes one for each bake and tags it."""
    ec2 = cloud.client("ec2")
    made = ec2.create_key_pair(
        KeyName="packer_1", TagSpecifications=[specification("key-pair", bake="1")]
    )
    asked = [{"Name": "tag:bake", "Values": ["1"]}]
    (told,) = ec2.describe_key_pairs(Filters=asked, IncludePublicKey=True)["KeyPairs"]
    (without,) = ec2.describe_key_pairs(KeyNames=["packer_1"])["KeyPairs"]

    assert "PRIVATE KEY" in made["KeyMaterial"]
    assert told["PublicKey"].startswith("ssh-rsa ")
    assert "PublicKey" not in without
    ec2.delete_key_pair(KeyName="packer_1")
    assert ec2.describe_key_pairs()["KeyPairs"] == []
