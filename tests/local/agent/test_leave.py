"""Agents that leave and are tried, as jobs of Jenkins have them: all is real but the machines."""

import base64
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import few_images
from tests.patience import eventually
from workhorse.adapters.jenkins import JenkinsController
from workhorse.adapters.jenkins_http import JenkinsHttp
from workhorse.adapters.jenkins_jobs import JenkinsJobs
from workhorse.adapters.job_desk import JobDesk
from workhorse.adapters.job_templates import rendered
from workhorse.adapters.session import AwsClients
from workhorse.core.cordon import cordon_label
from workhorse.core.jobs import CHECKS, JobSpec, Kind, Variant
from workhorse.local.agent.image import FAILS_SMOKE, TAG
from workhorse.local.aws.server import EmbeddedAws
from workhorse.local.aws.timings import Timings
from workhorse.local.clock import ScaledClock
from workhorse.local.demo.jenkins_api import JenkinsApi
from workhorse.local.jenkins.standin import JenkinsStandIn

ROOT = Path(__file__).parents[3]
LEAVE = ROOT / "scripts/agent/leave"
REGION = "us-east-1"
IMAGE = few_images.IMAGE
GROUP = "linux"
HOOK = "drain"
SPEED = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A group whose instances are agents, and the jobs that let them go."""

    aws: EmbeddedAws
    standin: JenkinsStandIn
    clients: AwsClients
    jenkins: JenkinsApi
    desk: JobDesk
    jobs: JenkinsJobs
    controller: JenkinsController

    def install(self, spec: JobSpec) -> None:
        """Make the job."""
        self.desk.create(spec.name, rendered(spec))

    def grow(self, size: int) -> None:
        """That many agents, online."""
        self.clients.autoscaling.set_desired_capacity(
            AutoScalingGroupName=GROUP, DesiredCapacity=size
        )
        eventually(lambda: len(self.online()) == size)

    def online(self) -> list[str]:
        """The agents that are."""
        found = [each for each in self.jenkins.computers() if not each["offline"]]
        return sorted(each["displayName"] for each in found if "i-" in each["displayName"])

    def states(self) -> dict[str, str]:
        """Lifecycle state by instance, of the group's."""
        answer = self.clients.autoscaling.describe_auto_scaling_groups(
            AutoScalingGroupNames=[GROUP]
        )
        (group,) = answer["AutoScalingGroups"]
        return {each["InstanceId"]: each["LifecycleState"] for each in group["Instances"]}

    def desired(self) -> int:
        """The group's desired capacity."""
        answer = self.clients.autoscaling.describe_auto_scaling_groups(
            AutoScalingGroupNames=[GROUP]
        )
        return answer["AutoScalingGroups"][0]["DesiredCapacity"]

    def empty(self) -> None:
        """No agents and no jobs are left, and the image is a good one."""
        self.clients.autoscaling.update_auto_scaling_group(
            AutoScalingGroupName=GROUP, MinSize=0, DesiredCapacity=0
        )
        self.clients.ec2.delete_tags(Resources=[IMAGE], Tags=[{"Key": TAG}])
        eventually(self._let_go)
        for job in list(self.standin.server.controller.world.jobs):
            self.jenkins.delete_job(job)
        for node in [each["displayName"] for each in self.jenkins.computers()][1:]:
            self.jenkins.delete_node(node)

    def _let_go(self) -> bool:
        states = self.states()
        for instance in [name for name, state in states.items() if state == "Terminating:Wait"]:
            self.clients.autoscaling.complete_lifecycle_action(
                AutoScalingGroupName=GROUP,
                LifecycleHookName=HOOK,
                InstanceId=instance,
                LifecycleActionResult="CONTINUE",
            )
        return not states


@pytest.fixture
def world(busy_world: World) -> Iterator[World]:
    yield busy_world
    busy_world.empty()


@pytest.fixture(scope="module")
def busy_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Agents carry the label of a canary, so that a smoke job finds them."""
    folder = tmp_path_factory.mktemp("agents")
    clock = ScaledClock(speed=SPEED)
    body = (sys.executable, "-S", "-m", "workhorse.local.agent")
    environment = {"PYTHONPATH": str(ROOT)}
    with (
        JenkinsStandIn(clock=clock) as jenkins,
        few_images.running(
            EmbeddedAws(
                clock,
                timings=Timings(boot=5.0),
                body=body,
                body_environment=environment,
                managed_policies=False,
            )
        ) as aws,
    ):
        clients = AwsClients(REGION, aws.endpoint)
        clients.ssm.put_parameter(Name="/token", Value=jenkins.token, Type="SecureString")
        told = (
            f"AGENT_WAY=swarm\nJENKINS_URL={jenkins.url}\nJENKINS_USER={jenkins.user}\n"
            f"JENKINS_TOKEN_PARAMETER=/token\nAGENT_LABELS=linux\nAGENT_EXECUTORS=2\n"
            f"AGENT_DIRECTORY={folder}\nAGENT_LABELS='linux workhorse-canary-linux'\n"
        )
        make_group(clients, told)
        http = JenkinsHttp(jenkins.url, jenkins.user, jenkins.token)
        yield World(
            aws=aws,
            standin=jenkins,
            clients=clients,
            jenkins=JenkinsApi(jenkins.url, jenkins.user, jenkins.token),
            desk=JobDesk(http),
            jobs=JenkinsJobs(http),
            controller=JenkinsController(jenkins.url, jenkins.user, jenkins.token, now=clock.now),
        )
        clients.close()


def make_group(clients: AwsClients, user_data: str) -> None:
    clients.ec2.create_launch_template(
        LaunchTemplateName="agents",
        LaunchTemplateData={
            "ImageId": IMAGE,
            "InstanceType": "m5.large",
            "UserData": base64.b64encode(user_data.encode()).decode(),
            "MetadataOptions": {"HttpTokens": "required"},
        },
    )
    clients.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=GROUP,
        MinSize=0,
        MaxSize=5,
        DesiredCapacity=0,
        AvailabilityZones=["us-east-1a"],
        LaunchTemplate={"LaunchTemplateName": "agents", "Version": "1"},
    )
    clients.autoscaling.put_lifecycle_hook(
        LifecycleHookName=HOOK,
        AutoScalingGroupName=GROUP,
        LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING",
        HeartbeatTimeout=7200,
        DefaultResult="ABANDON",
    )


needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


@needs_curl
@pytest.mark.parametrize("variant", Variant)
def test_a_run_on_each_agent_has_it_leave_its_group_by_the_hook(
    world: World, variant: Variant
) -> None:
    world.install(JobSpec(name="replace", kind=Kind.REPLACE, variant=variant))
    world.grow(2)
    leaver, stayer = world.online()
    world.controller.cordon(leaver, cordon_label("rollout", leaver))
    world.jobs.run_matrix("replace", [leaver], "order-1")
    eventually(lambda: world.states()[leaver] == "Terminating:Wait")
    assert (world.states()[stayer], world.desired()) == ("InService", 1)
    eventually(lambda: getattr(world.jobs.newest("replace", {}), "result", None) == "SUCCESS")


@needs_curl
def test_an_agent_that_was_called_back_meanwhile_stays(world: World) -> None:
    world.install(JobSpec(name="replace", kind=Kind.REPLACE))
    world.grow(1)
    (agent,) = world.online()
    world.jobs.run_matrix("replace", [agent], "order-1")
    eventually(lambda: getattr(world.jobs.newest("replace", {}), "result", None) == "FAILURE")
    assert world.states() == {agent: "InService"}


@needs_curl
def test_a_group_that_may_not_become_smaller_replaces_the_agent(world: World) -> None:
    world.install(JobSpec(name="replace", kind=Kind.REPLACE))
    world.clients.autoscaling.update_auto_scaling_group(AutoScalingGroupName=GROUP, MinSize=1)
    eventually(lambda: len(world.online()) == 1)
    (leaver,) = world.online()
    world.controller.cordon(leaver, cordon_label("rollout", leaver))
    world.jobs.run_matrix("replace", [leaver], "order-1")
    eventually(lambda: world.states().get(leaver) == "Terminating:Wait")
    assert world.desired() == 1


@needs_curl
def test_a_release_job_lets_go_the_instance_that_waits_at_its_hook(world: World) -> None:
    world.install(JobSpec(name="release", kind=Kind.RELEASE))
    world.grow(1)
    (agent,) = world.online()
    world.clients.autoscaling.terminate_instance_in_auto_scaling_group(
        InstanceId=agent, ShouldDecrementDesiredCapacity=True
    )
    eventually(lambda: world.states()[agent] == "Terminating:Wait")
    parameters = {"NODE": agent, "GROUP": GROUP, "HOOK": HOOK, "INSTANCE": agent}
    world.jobs.run("release", parameters)
    eventually(lambda: agent not in world.states())


@pytest.mark.parametrize(("told", "result"), [("", "SUCCESS"), (FAILS_SMOKE, "FAILURE")])
def test_a_smoke_job_passes_on_a_good_image_and_fails_on_a_bad_one(
    world: World, told: str, result: str
) -> None:
    spec = JobSpec(name="smoke", kind=Kind.SMOKE, label="workhorse-canary-linux", checks=CHECKS[:3])
    world.install(spec)
    if told:
        world.clients.ec2.create_tags(Resources=[IMAGE], Tags=[{"Key": TAG, "Value": told}])
    world.grow(1)
    asked = {"POOL": "linux", "IMAGE": IMAGE, "ORDER": "order-1"}
    world.jobs.run("smoke", asked)
    eventually(lambda: getattr(world.jobs.newest("smoke", asked), "result", None) is not None)
    found = world.jobs.newest("smoke", asked)
    assert found is not None
    assert found.result == result


@needs_curl
def test_on_an_image_without_the_aws_cli_it_leaves_by_boto3(world: World, tmp_path: Path) -> None:
    world.grow(1)
    (agent,) = world.online()
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("bash", "curl", "timeout", "grep", "xargs"):
        (programs / name).symlink_to(shutil.which(name) or name)
    (programs / "python3").symlink_to(sys.executable)
    environment = {
        "PATH": str(programs),
        "PYTHONPATH": os.pathsep.join(sys.path),
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": f"{world.aws.endpoint}/imds/{agent}",
        "AWS_ENDPOINT_URL": world.aws.endpoint,
        "AWS_ACCESS_KEY_ID": "embedded",
        "AWS_SECRET_ACCESS_KEY": "embedded",
    }
    subprocess.run([LEAVE, "terminate", "--decrement"], env=environment, check=True)
    assert world.states()[agent].startswith("Terminating")


@pytest.mark.skipif(shutil.which("bats") is None, reason="bats is not installed")
def test_the_verb_keeps_to_its_sentences() -> None:
    command = ["bats", "--formatter", "tap", str(Path(__file__).with_name("leave.bats"))]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
