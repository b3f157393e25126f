"""Cache volumes on the embedded AWS: races, what EC2 refuses, and launches in a zone."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.model import OperationModel

from tests.contracts.real_world import REGION, aws_started
from tests.contracts.volumes_worlds import HERE, POOL, VolumesOnEmbeddedAws
from tests.loops.cache import Doing
from workhorse.adapters.aws_volumes import AwsZones
from workhorse.core.agents import AgentPolicy, Tier
from workhorse.core.errors import Missing, Surprise, Unreadable
from workhorse.local.aws.faults import NoCapacity
from workhorse.loops.keeper import Keeper

CLAIMANTS = 16
POOLS = {POOL: AgentPolicy(tier=Tier.TRUNK)}


@pytest.fixture
def world() -> Iterator[VolumesOnEmbeddedAws]:
    with aws_started() as aws:
        yield VolumesOnEmbeddedAws(aws)


@pytest.fixture
def claimants(world: VolumesOnEmbeddedAws) -> list[str]:
    made = world.ec2.run_instances(
        ImageId="ami-12c6146b",
        MinCount=CLAIMANTS,
        MaxCount=CLAIMANTS,
        Placement={"AvailabilityZone": HERE},
    )
    world.aws.pass_time(90)
    return [one["InstanceId"] for one in made["Instances"]]


def keepers(world: VolumesOnEmbeddedAws, count: int) -> list[Keeper]:
    """As many processes, none of which knows of another."""
    return [Keeper(world.port, Doing(world.port), POOLS, lambda: 0.0) for _ in range(count)]


def claimed(each: list[Keeper], instances: list[str]) -> dict[str, str]:
    """Instance to the volume that it got, when all claim at once."""
    with ThreadPoolExecutor(len(instances)) as threads:
        got = threads.map(
            lambda pair: pair[0].claim(pair[1], POOL, HERE), zip(each, instances, strict=True)
        )
        return dict(zip(instances, [claim.volume for claim in got], strict=True))


def test_of_sixteen_that_want_one_volume_one_gets_it_and_fifteen_go_on(
    world: VolumesOnEmbeddedAws, claimants: list[str]
) -> None:
    volume = world.make()

    got = claimed(keepers(world, CLAIMANTS), claimants)

    assert sorted(got.values()) == [""] * 15 + [volume]
    (told,) = world.port.volumes([POOL])
    assert got[told.attached_to] == volume


def test_of_sixteen_that_want_four_volumes_four_get_one_each(
    world: VolumesOnEmbeddedAws, claimants: list[str]
) -> None:
    volumes = {world.make() for _ in range(4)}

    got = claimed(keepers(world, CLAIMANTS), claimants)

    assert {name for name in got.values() if name} == volumes
    assert sum(1 for name in got.values() if name) == 4
    assert {v.attached_to: v.id for v in world.port.volumes([POOL])} == {
        agent: name for agent, name in got.items() if name
    }


def test_sixteen_threads_of_one_keeper_try_no_volume_twice(
    world: VolumesOnEmbeddedAws, claimants: list[str]
) -> None:
    volumes = {world.make() for _ in range(CLAIMANTS)}
    doing = Doing(world.port)
    keeper = Keeper(world.port, doing, POOLS, lambda: 0.0)

    got = claimed([keeper] * CLAIMANTS, claimants)

    assert set(got.values()) == volumes
    assert doing.kinds().count("AttachVolume") == CLAIMANTS


def refusing(client: Any, name: str, code: str, message: str = "as the test says") -> None:
    """Calls of that name are answered with an error."""

    def refuse(model: OperationModel, **_: object) -> None:
        if model.name == name:
            error = {"Error": {"Code": code, "Message": message}}
            raise ClientError(error, name)  # type: ignore[arg-type] # a part of what AWS says

    client.meta.events.register("before-call", refuse)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("IncorrectState", Missing),
        ("InvalidVolume.ZoneMismatch", Missing),
        ("InvalidVolume.NotFound", Missing),
        ("UnsupportedOperation", Missing),
        ("RequestLimitExceeded", Surprise),
        ("UnauthorizedOperation", Missing),
        ("InternalError", Surprise),
    ],
)
def test_a_refusal_of_this_volume_is_told_from_trouble_with_ec2(
    world: VolumesOnEmbeddedAws, code: str, kind: type[Surprise]
) -> None:
    refusing(world.ec2, "AttachVolume", code)

    with pytest.raises(Surprise) as caught:
        world.port.attach("vol-1", "i-1", "/dev/sdf")

    assert type(caught.value) is kind


def test_an_instance_that_does_not_run_is_no_reason_to_try_the_next_volume(
    world: VolumesOnEmbeddedAws,
) -> None:
    """The code is that of a volume that is not free; only the words tell."""
    refusing(world.ec2, "AttachVolume", "IncorrectState", "Instance 'i-1' is not 'running'.")

    with pytest.raises(Surprise) as caught:
        world.port.attach("vol-1", "i-1", "/dev/sdf")

    assert type(caught.value) is Surprise


def test_a_volume_that_is_being_taken_from_the_instance_is_not_had_already(
    world: VolumesOnEmbeddedAws,
) -> None:
    volume, holder = world.make(), world.launch()
    world.port.attach(volume, holder, "/dev/sdf")
    world.port.attach(volume, holder, "/dev/sdf")

    def leaving(parsed: Any, **_: object) -> None:
        parsed["Volumes"][0]["Attachments"][0]["State"] = "detaching"

    world.ec2.meta.events.register("after-call.ec2.DescribeVolumes", leaving)
    with pytest.raises(Missing):
        world.port.attach(volume, holder, "/dev/sdf")


def test_what_ec2_does_not_let_go_is_told_unless_it_is_another_s(
    world: VolumesOnEmbeddedAws,
) -> None:
    volume, holder = world.make(), world.launch()
    world.port.attach(volume, holder, "/dev/sdf")
    refusing(world.ec2, "DetachVolume", "UnauthorizedOperation")

    with pytest.raises(Surprise, match="UnauthorizedOperation"):
        world.port.detach(volume, holder, force=False)
    world.port.detach(volume, "i-0123456789abcdef0", force=False)

    assert world.port.volumes([POOL])[0].attached_to == holder


def test_when_ec2_does_not_answer_nothing_is_known(world: VolumesOnEmbeddedAws) -> None:
    refusing(world.ec2, "DescribeVolumes", "RequestLimitExceeded")

    with pytest.raises(Unreadable):
        world.port.volumes([POOL])


def test_a_seed_is_told_by_the_snapshot_that_it_was_made_from(world: VolumesOnEmbeddedAws) -> None:
    snapshot = world.ec2.create_snapshot(VolumeId=world.make())["SnapshotId"]
    tags: Any = [{"Key": "workhorse:cache", "Value": "seeded"}]
    world.ec2.create_volume(
        AvailabilityZone=HERE,
        SnapshotId=snapshot,
        Size=10,
        TagSpecifications=[{"ResourceType": "volume", "Tags": tags}],
    )

    (told,) = world.port.volumes(["seeded"])

    assert told.from_snapshot
    assert told.tier is Tier.NONE


def group(world: VolumesOnEmbeddedAws) -> None:
    """A group of two zones without instances."""
    world.ec2.create_launch_template(
        LaunchTemplateName="agents",
        LaunchTemplateData={"ImageId": "ami-12c6146b", "InstanceType": "m5.large"},
    )
    world.aws.clients.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="pool",
        MinSize=0,
        MaxSize=4,
        AvailabilityZones=[f"{REGION}a", f"{REGION}b"],
        LaunchTemplate={"LaunchTemplateName": "agents"},
    )


def described(world: VolumesOnEmbeddedAws) -> tuple[int, list[str]]:
    """Desired capacity, and the zones of the members."""
    told = world.aws.clients.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]
    return told["DesiredCapacity"], [one["AvailabilityZone"] for one in told["Instances"]]


def test_a_launch_in_a_zone_is_there_and_desired_capacity_knows(
    world: VolumesOnEmbeddedAws,
) -> None:
    group(world)

    AwsZones(world.aws.clients).launch("pool", f"{REGION}b", 2)

    assert described(world) == (2, [f"{REGION}b"] * 2)


@pytest.mark.parametrize("count", [5, 1], ids=["beyond the maximum", "no room"])
def test_a_launch_that_fails_is_told_and_changes_nothing(
    world: VolumesOnEmbeddedAws, count: int
) -> None:
    group(world)
    world.aws.embedded.engine.faults.capacity.extend([NoCapacity(zone=HERE)] if count == 1 else [])

    with pytest.raises(Surprise, match=f"LaunchInstances of {count} in {HERE} into pool: "):
        AwsZones(world.aws.clients).launch("pool", HERE, count)

    assert described(world) == (0, [])
