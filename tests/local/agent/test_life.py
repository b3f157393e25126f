"""An agent as a process, from the launch of its instance to the end of it."""

import base64
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests import few_images
from tests.patience import PATIENCE_SECONDS, eventually
from workhorse.local.agent.cloud import Cloud
from workhorse.local.agent.image import NEVER_REGISTERS, TAG
from workhorse.local.aws.server import EmbeddedAws
from workhorse.local.aws.timings import Timings
from workhorse.local.clock import ScaledClock
from workhorse.local.demo.jenkins_api import JenkinsApi
from workhorse.local.demo.jobs import ORDER, SECONDS, sleeping_job
from workhorse.local.jenkins.standin import JenkinsStandIn

ROOT = Path(__file__).parents[3]
SPEED = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """An instance that runs the agent, its cloud and its Jenkins."""

    aws: EmbeddedAws
    cloud: Cloud
    jenkins: JenkinsApi
    instance: str
    user_data: str

    def online(self) -> bool:
        """Whether Jenkins shows the instance's node as connected."""
        nodes = {each["displayName"]: each for each in self.jenkins.computers()}
        return self.instance in nodes and not nodes[self.instance]["offline"]

    def result(self, number: int) -> str:
        """What became of a build; empty while it runs or waits."""
        found = [each for each in self.jenkins.builds("demo") if each["number"] == number]
        return str(found[0]["result"] or "") if found else ""

    def build(self, seconds: int, order: int) -> None:
        """Queue a build of so many virtual seconds."""
        self.jenkins.build("demo", {SECONDS: str(seconds), ORDER: str(order)})


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    clock = ScaledClock(speed=SPEED)
    body = (sys.executable, "-S", "-m", "workhorse.local.agent")
    environment = {"PYTHONPATH": str(ROOT)}
    timings = Timings(boot=5.0, shutdown=1.0)
    with (
        JenkinsStandIn(clock=clock) as jenkins,
        few_images.running(
            EmbeddedAws(
                clock,
                timings=timings,
                body=body,
                body_environment=environment,
                managed_policies=False,
            )
        ) as aws,
    ):
        cloud = Cloud(aws.endpoint, "us-east-1")
        token = {"Name": "/token", "Value": jenkins.token, "Type": "SecureString"}
        cloud.json_call("PutParameter", token)
        told = (
            f"AGENT_WAY=swarm\nJENKINS_URL={jenkins.url}\nJENKINS_USER={jenkins.user}\n"
            f"JENKINS_TOKEN_PARAMETER=/token\nAGENT_LABELS=linux\nAGENT_DIRECTORY={tmp_path}\n"
        )
        api = JenkinsApi(jenkins.url, jenkins.user, jenkins.token)
        api.create_job("demo", sleeping_job("linux"))
        found = World(
            aws=aws, cloud=cloud, jenkins=api, instance=launch(cloud, told), user_data=told
        )
        eventually(found.online)
        yield found


def launch(cloud: Cloud, user_data: str, image: str = few_images.IMAGE) -> str:
    form = {
        "ImageId": image,
        "InstanceType": "m5.large",
        "MinCount": "1",
        "MaxCount": "1",
        "UserData": base64.b64encode(user_data.encode()).decode(),
    }
    answer = ET.fromstring(cloud.query("ec2", "RunInstances", form))  # noqa: S314 - our own cloud
    return answer.findtext(".//{*}instanceId") or ""


def test_it_runs_builds_for_their_virtual_time(world: World) -> None:
    world.build(60, 1)
    eventually(lambda: world.result(1) != "")
    (build,) = world.jenkins.builds("demo")
    assert (build["result"], build["builtOn"]) == ("SUCCESS", world.instance)
    # Less a moment: the agent waits by another clock than that of the wall.
    assert 59.9 <= build["duration"] / 1000 < 60 + SPEED * PATIENCE_SECONDS


def test_it_registers_again_when_its_node_was_deleted(world: World) -> None:
    world.jenkins.delete_node(world.instance)
    eventually(world.online)
    world.build(1, 1)
    eventually(lambda: world.result(1) == "SUCCESS")


def test_it_dies_with_its_instance_and_so_does_what_it_runs(world: World) -> None:
    world.build(36000, 1)
    eventually(lambda: any(each["building"] for each in world.jenkins.builds("demo")))
    world.cloud.query("ec2", "TerminateInstances", {"InstanceId.1": world.instance})
    eventually(lambda: world.result(1) == "FAILURE")
    assert not world.online()
    eventually(lambda: world.instance not in world.aws.bodies.running)


def test_a_bad_image_runs_and_never_becomes_a_node(world: World) -> None:
    """A good one that was launched after it registers meanwhile, as a canary with its own label."""
    bad = few_images.OTHER_IMAGE
    form = {"ResourceId.1": bad, "Tag.1.Key": TAG, "Tag.1.Value": NEVER_REGISTERS}
    world.cloud.query("ec2", "CreateTags", form)
    silent = launch(world.cloud, world.user_data, bad)
    eventually(lambda: silent in world.aws.bodies.running)
    canary = f"{world.user_data}AGENT_LABELS=workhorse-canary-linux\nAGENT_MODE=EXCLUSIVE\n"
    good = launch(world.cloud, canary)
    eventually(lambda: good in {each["displayName"] for each in world.jenkins.computers()})
    found = {each["displayName"]: each["assignedLabels"] for each in world.jenkins.computers()}
    assert {label["name"] for label in found[good]} == {good, "swarm", "workhorse-canary-linux"}
    assert silent not in found
    assert silent in world.aws.bodies.running
