"""What the port `Belongings` means, over the simulated EC2 and the embedded AWS."""

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

import pytest

from tests.contracts.real_world import IMAGE, Aws, aws_started
from workhorse.adapters.aws_belongings import POOL_TAG, AwsBelongings
from workhorse.adapters.aws_canary import CANARY_TAG
from workhorse.core.errors import Unreadable
from workhorse.loops.ledger_ports import Belongings
from workhorse.sim.belongings import BelongingsPort
from workhorse.sim.groups import Shape
from workhorse.sim.line import Side
from workhorse.sim.truth import Hand
from workhorse.sim.world import START, World

POOL = "linux"


class BelongingsWorld(Protocol):
    """EC2 with nothing in it."""

    @property
    def port(self) -> Belongings:
        """The port under test."""

    @property
    def image(self) -> str:
        """What is launched from."""

    @property
    def made_at(self) -> float:
        """When that was made."""

    def launch(self, pool: str = POOL, *, canary: bool = False) -> str:
        """An instance of that pool; it runs when this returns."""

    def terminate(self, instance: str) -> None:
        """It is terminated when this returns."""

    def shut(self) -> None:
        """EC2 answers no more."""


class Simulated:
    """The simulated EC2."""

    image, made_at = "ami-1", START - 86_400

    def __init__(self) -> None:
        shapes = [Shape(group=name, labels=frozenset(), maximum=9) for name in (POOL, "other")]
        self.world = World(shapes)
        told = self.world.inventory
        told.pools |= {name: name for name in (POOL, "other")}
        told.made_at[self.image] = self.made_at
        self.port = BelongingsPort(self.world.line, self.world.cloud, told)

    def launch(self, pool: str = POOL, *, canary: bool = False) -> str:
        """By its group, or beside it."""
        cloud, beside = self.world.cloud, self.world.launching.launch_beside
        if canary:
            made = beside(pool, 1, f"order-{len(cloud.machines)}", "canary")
        else:
            cloud.set_desired(pool, cloud.groups[pool].desired + 1)
        self.world.run(120)
        return made if canary else list(cloud.machines)[-1]

    def terminate(self, instance: str) -> None:
        """By EC2."""
        self.world.cloud.ec2_terminate(instance, Hand.OUTSIDE)
        self.world.run(20)

    def shut(self) -> None:
        """Out of reach."""
        self.world.line.out_of_reach.add(Side.EC2)


class Embedded:
    """The real adapter, against the embedded AWS."""

    image = IMAGE

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self.port = AwsBelongings(aws.clients)
        told = aws.clients.ec2.describe_images(ImageIds=[IMAGE])["Images"][0]["CreationDate"]
        self.made_at = datetime.fromisoformat(told).timestamp()

    def launch(self, pool: str = POOL, *, canary: bool = False) -> str:
        """RunInstances with the tags that a template gives."""
        tags = [{"Key": POOL_TAG, "Value": pool}]
        tags += [{"Key": CANARY_TAG, "Value": "order-1"}] if canary else []
        specification = {"ResourceType": "instance", "Tags": tags}
        made = self._aws.clients.ec2.run_instances(
            ImageId=IMAGE,
            MinCount=1,
            MaxCount=1,
            TagSpecifications=[specification],  # type: ignore[list-item] # a dict is one
        )
        self._aws.pass_time(90)
        return made["Instances"][0]["InstanceId"]

    def terminate(self, instance: str) -> None:
        """TerminateInstances; it is over a minute later."""
        self._aws.clients.ec2.terminate_instances(InstanceIds=[instance])
        self._aws.pass_time(90)

    def shut(self) -> None:
        """Nobody is there."""
        self._aws.shut()


@pytest.fixture(params=["sim", "real"])
def world(request: pytest.FixtureRequest) -> Iterator[BelongingsWorld]:
    if request.param == "sim":
        yield Simulated()
        return
    with aws_started() as aws:
        yield Embedded(aws)


def test_an_instance_is_told_with_its_image_and_whether_it_is_a_canary(
    world: BelongingsWorld,
) -> None:
    plain, canary = world.launch(), world.launch(canary=True)

    told = {one.id: one for one in world.port.owned([POOL])}
    assert told.keys() == {plain, canary}
    assert (told[plain].pool, told[plain].state, told[plain].image) == (
        POOL,
        "running",
        world.image,
    )
    assert (told[plain].canary, told[canary].canary) == (False, True)


def test_only_the_pools_asked_for_are_told_and_nobody_who_has_ended(
    world: BelongingsWorld,
) -> None:
    ended, stays, other = world.launch(), world.launch(), world.launch("other")
    world.terminate(ended)

    assert {one.id for one in world.port.owned([POOL])} == {stays}
    assert {one.id for one in world.port.owned([POOL, "other"])} == {stays, other}
    assert list(world.port.owned([])) == []


def test_an_image_is_told_with_when_it_was_made_and_an_unknown_one_not_at_all(
    world: BelongingsWorld,
) -> None:
    assert world.port.made([world.image, "ami-0123456789abcdef0"]) == {world.image: world.made_at}
    assert world.port.made([]) == {}


def test_no_answer_is_unreadable(world: BelongingsWorld) -> None:
    world.shut()
    with pytest.raises(Unreadable):
        world.port.owned([POOL])
    with pytest.raises(Unreadable):
        world.port.made([world.image])
