"""The image store on the embedded AWS: what it reads, who uses an image, what deleting leaves."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from tests.contracts.real_images import ImagesOnEmbeddedAws, images_world
from tests.contracts.real_world import IMAGE
from workhorse.core.errors import Missing, Surprise, Unreadable
from workhorse.core.images import Channels

POOL = "linux"
NEVER = "ami-0123456789abcdef0"


@pytest.fixture
def store() -> Iterator[ImagesOnEmbeddedAws]:
    with images_world() as world:
        yield world


def test_an_image_is_read_with_its_tags_and_snapshots(store: ImagesOnEmbeddedAws) -> None:
    before = store.aws.now()
    made = store.add_image(commit="abc1234")
    (found,) = store.port.images(POOL)
    assert (found.id, found.pool, found.commit, found.state) == (made, POOL, "abc1234", "available")
    assert before <= found.created_at <= store.aws.now()
    assert len(found.snapshots) == 1
    assert store.port.image(made) == found
    assert store.port.images("other") == ()


def test_an_image_of_somebody_else_is_missing(store: ImagesOnEmbeddedAws) -> None:
    for image in (NEVER, IMAGE):
        with pytest.raises(Missing, match=image):
            store.port.image(image)


def test_tags_reach_the_image_and_its_snapshots(store: ImagesOnEmbeddedAws) -> None:
    store.add_image()
    (image,) = store.port.images(POOL)
    store.port.tag(image, {"commit": "abc", "base": "ami-1"})
    assert store.port.image(image.id).tag("base") == "ami-1"
    (snapshot,) = store.aws.clients.ec2.describe_snapshots(SnapshotIds=list(image.snapshots))[
        "Snapshots"
    ]
    assert {"Key": "workhorse:commit", "Value": "abc"} in snapshot["Tags"]


def test_channels_of_all_pools_are_read_at_once(store: ImagesOnEmbeddedAws) -> None:
    for number in range(7):
        store.port.set_candidate(f"pool-{number}", f"ami-{number}")
        store.port.promote(f"pool-{number}", f"ami-{number}00")
    parameter = {"Value": "{}", "Type": "String"}
    store.aws.clients.ssm.put_parameter(Name="/workhorse/pools/pool-1/rollout/order", **parameter)
    assert store.port.stock().channels == {
        f"pool-{number}": Channels(candidate=f"ami-{number}", stable=f"ami-{number}00")
        for number in range(7)
    }


class Brittle:
    """SSM whose writes fail once so many of them were made."""

    def __init__(self, ssm: Any, writes: int) -> None:
        self._ssm = ssm
        self._left = writes

    def __getattr__(self, name: str) -> Any:
        if name not in {"put_parameter", "delete_parameters"}:
            return getattr(self._ssm, name)
        self._left -= 1
        if self._left < 0:
            raise EndpointConnectionError(endpoint_url="the process died here")
        return getattr(self._ssm, name)


@pytest.mark.parametrize("writes", range(4))
def test_a_promotion_cut_short_is_done_by_doing_it_again(
    store: ImagesOnEmbeddedAws, writes: int
) -> None:
    """Also the one that goes back to the previous image."""
    for image in ("ami-1", "ami-2"):
        store.port.promote(POOL, image)
    store.port.set_candidate(POOL, "ami-1")
    ssm = store.aws.clients.ssm
    store.aws.clients.__dict__["ssm"] = Brittle(ssm, writes)
    with suppress(Surprise):
        store.port.promote(POOL, "ami-1")
    store.aws.clients.__dict__["ssm"] = ssm
    store.port.promote(POOL, "ami-1")
    assert store.port.channels(POOL) == Channels(stable="ami-1", previous="ami-2")


def test_an_instance_uses_its_image_until_it_has_ended(store: ImagesOnEmbeddedAws) -> None:
    used, free = store.add_image(), store.add_image()
    ec2 = store.aws.clients.ec2
    ran = ec2.run_instances(ImageId=used, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    assert store.port.stock().used == {used: (f"instance {ran}",)}
    store.aws.pass_time(120)
    ec2.terminate_instances(InstanceIds=[ran])
    store.aws.pass_time(120)
    assert store.port.stock().used == {}
    assert {image.id for image in store.port.stock().images} == {used, free}


def test_a_group_uses_what_it_launches_and_what_is_newest(store: ImagesOnEmbeddedAws) -> None:
    oldest, launched, newest = (store.add_image() for _ in range(3))
    template = _template(store, oldest, launched, newest)
    _group(store, "plain", LaunchTemplate={"LaunchTemplateId": template, "Version": "2"})
    assert store.port.stock().used == {
        launched: ("group plain, version 2",),
        newest: ("group plain, version 3",),
    }


def test_a_group_of_mixed_instances_uses_images_too(store: ImagesOnEmbeddedAws) -> None:
    launched, newest = store.add_image(), store.add_image()
    told = {"LaunchTemplateId": _template(store, launched, newest), "Version": "1"}
    mixed = {"LaunchTemplate": {"LaunchTemplateSpecification": told}}
    _group(store, "mixed", MixedInstancesPolicy=mixed)
    assert set(store.port.stock().used) == {launched, newest}


def test_a_type_with_a_template_or_an_image_of_its_own_uses_images_too(
    store: ImagesOnEmbeddedAws,
) -> None:
    """As Arm machines in a group of Intel's have: nobody may prune theirs."""
    usual, arm, named = (store.add_image() for _ in range(3))
    told = {"LaunchTemplateId": _template(store, usual), "Version": "1"}
    other = {"LaunchTemplateId": _template(store, arm, name="arm"), "Version": "1"}
    overrides = [
        {"InstanceType": "m6g.large", "LaunchTemplateSpecification": other},
        {"InstanceType": "c6g.large", "ImageId": named},
    ]
    mixed = {"LaunchTemplate": {"LaunchTemplateSpecification": told, "Overrides": overrides}}
    _group(store, "mixed", MixedInstancesPolicy=mixed)
    assert set(store.port.stock().used) == {usual, arm, named}


def _template(store: ImagesOnEmbeddedAws, *images: str, name: str = "agents") -> str:
    """A launch template with a version for each image."""
    ec2 = store.aws.clients.ec2
    data: list[Any] = [{"ImageId": image, "InstanceType": "m5.large"} for image in images]
    made = ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data[0])
    template = made["LaunchTemplate"]["LaunchTemplateId"]
    for each in data[1:]:
        ec2.create_launch_template_version(LaunchTemplateId=template, LaunchTemplateData=each)
    return template


def _group(store: ImagesOnEmbeddedAws, name: str, **told: Any) -> None:
    store.aws.clients.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=name,
        MinSize=0,
        MaxSize=2,
        AvailabilityZones=["us-east-1a"],
        **told,
    )


def test_a_deleted_image_takes_its_snapshots_with_it(store: ImagesOnEmbeddedAws) -> None:
    store.add_image()
    (image,) = store.port.images(POOL)
    for _ in range(2):
        store.port.delete(image)
    stock = store.port.stock()
    assert (stock.images, stock.snapshots) == ((), ())


def test_a_delete_cut_short_leaves_a_snapshot_that_is_found(store: ImagesOnEmbeddedAws) -> None:
    store.add_image()
    (image,) = store.port.images(POOL)
    store.aws.clients.ec2.deregister_image(ImageId=image.id)
    stock = store.port.stock()
    assert [each.id for each in stock.snapshots] == list(image.snapshots)
    assert stock.images == ()


def test_a_store_that_cannot_be_read_tells_nothing(store: ImagesOnEmbeddedAws) -> None:
    store.shut()
    for ask in (store.port.stock, lambda: store.port.channels(POOL)):
        with pytest.raises(Unreadable):
            ask()
    with pytest.raises(Surprise):
        store.port.delete_snapshot("snap-1")
