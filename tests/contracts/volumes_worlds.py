"""The worlds of the contract suite of cache volumes: one stage, two of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from tests.contracts.real_world import IMAGE, REGION, Aws, aws_started
from workhorse.adapters.aws_volumes import AwsVolumes
from workhorse.core.agents import Tier
from workhorse.core.volume import POOL_TAG, TIER_TAG, Volume
from workhorse.loops.agent_ports import Volumes
from workhorse.sim.volumes import SimVolumes

HERE, ELSEWHERE = f"{REGION}a", f"{REGION}b"
POOL = "linux"


class VolumesWorld(Protocol):
    """EC2 with two zones and nothing in them."""

    @property
    def port(self) -> Volumes:
        """The port under test."""

    def now(self) -> float:
        """EC2's time, seconds since the epoch."""

    def make(self, pool: str = POOL, zone: str = HERE, tier: str = "trunk") -> str:
        """Somebody makes a free cache volume; a tier of no word is no tag."""

    def launch(self, zone: str = HERE) -> str:
        """An instance that runs when this returns."""

    def terminate(self, instance: str) -> None:
        """The instance is terminated when this returns."""


class SimulatedVolumes:
    """The simulated EC2."""

    def __init__(self) -> None:
        self._zones: dict[str, str] = {}
        self.port = SimVolumes(self.now, self._zones.get)

    def now(self) -> float:
        """It stands still."""
        return 1_767_225_600.0

    def make(self, pool: str = POOL, zone: str = HERE, tier: str = "trunk") -> str:
        """A volume of the simulated world."""
        name = f"vol-{len(self.port.all):017x}"
        made = Volume(id=name, zone=zone, pool=pool, tier=Tier.NONE, state="available")
        self.port.add(made)
        if tier:
            self.port.tag(name, {TIER_TAG: tier})
        return name

    def launch(self, zone: str = HERE) -> str:
        """An instance of which only its zone is known."""
        name = f"i-{len(self._zones):017x}"
        self._zones[name] = zone
        return name

    def terminate(self, instance: str) -> None:
        """EC2 lets go of what it held."""
        del self._zones[instance]
        self.port.end_instance(instance)


class VolumesOnEmbeddedAws:
    """The real adapter, against the embedded AWS."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.ec2 = aws.clients.ec2
        self.port = AwsVolumes(aws.clients)

    def now(self) -> float:
        """The virtual time."""
        return self.aws.now()

    def make(self, pool: str = POOL, zone: str = HERE, tier: str = "trunk") -> str:
        """CreateVolume, as Terraform does it."""
        tags = {POOL_TAG: pool} | ({TIER_TAG: tier} if tier else {})
        made = self.ec2.create_volume(
            AvailabilityZone=zone,
            Size=10,
            VolumeType="gp3",
            TagSpecifications=[
                {
                    "ResourceType": "volume",
                    "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
                }
            ],
        )
        return made["VolumeId"]

    def launch(self, zone: str = HERE) -> str:
        """RunInstances; it runs a minute later."""
        made = self.ec2.run_instances(
            ImageId=IMAGE, MinCount=1, MaxCount=1, Placement={"AvailabilityZone": zone}
        )
        self.aws.pass_time(90)
        return made["Instances"][0]["InstanceId"]

    def terminate(self, instance: str) -> None:
        """TerminateInstances; it is over a minute later."""
        self.ec2.terminate_instances(InstanceIds=[instance])
        self.aws.pass_time(90)


@contextmanager
def simulated() -> Iterator[SimulatedVolumes]:
    """The simulated EC2."""
    yield SimulatedVolumes()


@contextmanager
def embedded() -> Iterator[VolumesOnEmbeddedAws]:
    """The embedded AWS, ended at the end."""
    with aws_started() as aws:
        yield VolumesOnEmbeddedAws(aws)
