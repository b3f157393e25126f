"""A pool of one machine at the gateway of a real controller, with a cache volume, made by hand.

As a pool of Terraform's, without what this story does not need: no hook, no queue, no alarms. The
demo has those.
"""

import argparse
import contextlib
import json
import re
import subprocess
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import boto3
import requests

from scripts.agent.metadata import Metadata
from tests.e2e.slow.stage import SPEED, Workshop
from workhorse.adapters.journal import records
from workhorse.commands.late import COMMANDS
from workhorse.core.volume import POOL_TAG, TIER_TAG
from workhorse.local.demo.embedded import REGION
from workhorse.local.demo.processes import Process

POOL = GROUP = ROLE = "warm"
ZONE = f"{REGION}a"
AUDIENCE = "warm.example"
LATE = "/warm/late"
IDLE_MINUTES = 5.0
"""Virtual: 10 real seconds; of a node that Jenkins forgot they begin anew."""

BOOT_SECONDS = 1200
LOOK_SECONDS = 0.2

SETTINGS = """
[jenkins]
url = "{jenkins}"
user = "{user}"
token_file = "{token_file}"
[aws]
region = "{region}"
endpoint = "{endpoint}"
[loop]
clock = "{clock}"
tick_seconds = 15.0
glance_seconds = 4.5
drain_seconds = 7.5
publish_seconds = 60.0
stale_seconds = 60.0
[journal]
path = "{folder}/journal.jsonl"
[metrics]
namespace = "workhorse"
[gateway]
listen = "127.0.0.1:{port}"
audience = "{audience}"
late = "ssm:{late}"
requests_per_peer = 100.0
[[pool]]
name = "{pool}"
labels = ["{pool}"]
ceiling = 1
group = "{group}"
boot_seconds = {boot}
idle_seconds = 36000.0
[pool.agent]
role = "{role}"
tier = "trunk"
idle_minutes = {idle}
"""

USER_DATA = """\
AGENT_WAY=gateway
GATEWAY_URL=http://127.0.0.1:{port}
GATEWAY_AUDIENCE={audience}
AWS_REGION={region}
"""

TRUSTS_EC2 = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}

JOB = """\
<project>
  <properties><hudson.model.ParametersDefinitionProperty><parameterDefinitions>
    <hudson.model.StringParameterDefinition><name>ORDER</name><defaultValue>0</defaultValue>
    </hudson.model.StringParameterDefinition>
  </parameterDefinitions></hudson.model.ParametersDefinitionProperty></properties>
  <assignedNode>{label}</assignedNode>
  <canRoam>false</canRoam>
  <builders><hudson.tasks.Shell><command>{command}</command></hudson.tasks.Shell></builders>
</project>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStage:
    """The pool at work."""

    shop: Workshop
    folder: Path
    settings: Path
    controller: Process
    volume: str

    def build(self, name: str, command: str) -> dict[str, Any]:
        """Run a shell command as a build on an agent of the pool; what Jenkins kept of it."""
        self.queue(name, command)
        return self.built(name)

    def queue(self, name: str, command: str) -> None:
        """Queue a shell command as a build on an agent of the pool."""
        jenkins = self.shop.where.jenkins
        jenkins.create_job(name, JOB.format(label=POOL, command=escape(command)))
        jenkins.build(name, {"ORDER": "1"})

    def built(self, name: str) -> dict[str, Any]:
        """Wait for that build; what Jenkins kept of it."""
        self.until(f"the build {name} ended", lambda: bool(self._ended(name)), seconds=300)
        return self._ended(name)[0]

    def _ended(self, name: str) -> list[dict[str, Any]]:
        found = self.shop.where.jenkins.accounting()
        return [one for one in found if one["job"] == name and one["ended"] is not None]

    def nodes(self) -> dict[str, bool]:
        """The nodes of instances, and whether each is online."""
        found = self.shop.where.jenkins.computers()
        return {
            one["displayName"]: not one["offline"]
            for one in found
            if one["displayName"].startswith("i-")
        }

    def desired(self) -> int:
        """Desired capacity of the group."""
        groups = self.shop.where.cloud.state()["groups"]
        return next(int(one["desired"]) for one in groups if one["name"] == GROUP)

    def state(self, instance: str) -> str:
        """EC2's state of an instance."""
        found = self.shop.where.cloud.state()["instances"]
        return next((one["state"] for one in found if one["id"] == instance), "gone")

    def attached_to(self) -> str:
        """The instance that holds the volume; empty for none."""
        (found,) = self.shop.clients.ec2.describe_volumes(VolumeIds=[self.volume])["Volumes"]
        return "".join(one["InstanceId"] for one in found["Attachments"])

    def secrets(self, instance: str) -> dict[str, str]:
        """What that running agent keeps to itself: on its disk, in its metadata, in Jenkins."""
        where = self.shop.where
        keys = Metadata(f"{where.cloud.endpoint}/imds/{instance}").keys()
        page = requests.get(
            f"{where.jenkins.url}computer/{instance}/jenkins-agent.jnlp",
            auth=(where.user, where.token),
            timeout=60,
        ).text
        (secret,) = re.findall(r"<argument>([0-9a-f]{64})</argument>", page)
        run = _root_of(instance) / "run" / "workhorse"
        assert (run / "secret").read_text().strip() == secret
        return {
            "secret": secret,
            "lease": (run / "lease").read_text().strip(),
            "key of its role": keys.secret_key,
            "token of its role": keys.token,
        }

    def log(self, instance: str) -> bytes:
        """All that the running machine wrote into its own journal."""
        root = _root_of(instance)
        folders = [f"--directory={root / each}" for each in ("run/log/journal", "var/log/journal")]
        for folder in folders:
            command = ["journalctl", folder, "--no-pager", "--all", "--output=export"]
            said = subprocess.run(command, capture_output=True, check=False).stdout
            if said:
                return said
        raise AssertionError(f"{instance} has no journal")

    def journal(self, kind: str) -> list[Any]:
        """The controller's records of a kind, oldest first."""
        path = self.folder / "journal.jsonl"
        return [one for one in records(path) if one["kind"] == kind]

    def effects(self, name: str) -> list[Any]:
        """The effects of a name, oldest first."""
        return [one for one in self.journal("effect") if one["effect"] == name]

    def until(self, sentence: str, condition: Callable[[], bool], *, seconds: float) -> None:
        """Look until the sentence is true; fails after so many real seconds."""
        deadline, rest = time.monotonic() + seconds, threading.Event()
        while not condition():
            assert self.controller.running, self.controller.tail(40)
            assert time.monotonic() < deadline, f"not in time: {sentence}\n{self._told()}"
            rest.wait(LOOK_SECONDS)

    def _told(self) -> str:
        logs = sorted((self.shop.folder / "machines" / "machines").glob("*.log"))
        consoles = "\n".join(f"{log.name}:\n{_tail(log)}" for log in logs[-2:])
        return f"nodes {self.nodes()}\n{self.controller.tail(30)}\n{consoles}"


def _root_of(instance: str) -> Path:
    """The root of a machine that runs, seen through the process that watches over its agent."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if b"workhorse.watch" not in (process / "cmdline").read_bytes():
                continue
            root = process / "root"
            if instance in (root / "run/workhorse/agent.env").read_text():
                return root
    raise AssertionError(f"{instance} does not run")


def _tail(path: Path, lines: int = 25) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


@contextmanager
def agents(shop: Workshop, image: str) -> Iterator[AgentStage]:
    """The pool of this image, and its controller at work."""
    folder = shop.folder / POOL
    folder.mkdir()
    port = shop.gateway_ports[1]
    _make_role(shop.where.cloud.endpoint)
    _make_group(shop, image, USER_DATA.format(port=port, audience=AUDIENCE, region=REGION))
    volume = _make_volume(shop)
    settings = folder / "workhorse.toml"
    settings.write_text(_settings(shop, folder, port))
    controller = shop.command("warm", "run", settings=settings)
    yield AgentStage(
        shop=shop, folder=folder, settings=settings, controller=controller, volume=volume
    )
    assert controller.stop() == 0, controller.tail()
    _end(shop)


def _end(shop: Workshop) -> None:
    """End what runs, so that the next story has the machine to itself."""
    shop.clients.autoscaling.delete_auto_scaling_group(AutoScalingGroupName=GROUP, ForceDelete=True)
    deadline, rest = time.monotonic() + 180, threading.Event()
    while any(one["state"] != "terminated" for one in shop.where.cloud.state()["instances"]):
        assert time.monotonic() < deadline, "an instance of the group does not end"
        rest.wait(LOOK_SECONDS)


def _settings(shop: Workshop, folder: Path, port: int) -> str:
    return SETTINGS.format(
        jenkins=shop.where.jenkins.url,
        user=shop.where.user,
        token_file=shop.where.token_file,
        region=REGION,
        endpoint=shop.where.cloud.endpoint,
        clock=shop.where.clock,
        folder=folder,
        port=port,
        audience=AUDIENCE,
        late=LATE,
        pool=POOL,
        group=GROUP,
        role=ROLE,
        boot=BOOT_SECONDS,
        idle=IDLE_MINUTES,
    )


def _make_role(endpoint: str) -> None:
    """The role of the instances, which may do nothing at all."""
    iam = boto3.client(
        "iam",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="loopback",
        aws_secret_access_key="loopback",
    )
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(TRUSTS_EC2))
    iam.create_instance_profile(InstanceProfileName=ROLE)
    iam.add_role_to_instance_profile(InstanceProfileName=ROLE, RoleName=ROLE)


def _make_group(shop: Workshop, image: str, user_data: str) -> None:
    template = shop.clients.ec2.create_launch_template(
        LaunchTemplateName=GROUP,
        LaunchTemplateData={
            "ImageId": image,
            "InstanceType": "m6i.large",
            "IamInstanceProfile": {"Name": ROLE},
            "UserData": b64encode(user_data.encode()).decode(),
        },
    )["LaunchTemplate"]["LaunchTemplateId"]
    shop.clients.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=GROUP,
        MinSize=0,
        MaxSize=1,
        DesiredCapacity=0,
        AvailabilityZones=[ZONE],
        LaunchTemplate={"LaunchTemplateId": template, "Version": "$Latest"},
        Tags=[{"Key": "workhorse:pool", "Value": POOL, "PropagateAtLaunch": True}],
    )


def _make_volume(shop: Workshop) -> str:
    """One cache volume, of this zone, which nobody used yet."""
    tags = {POOL_TAG: POOL, TIER_TAG: "trunk"}
    return shop.clients.ec2.create_volume(
        AvailabilityZone=ZONE,
        Size=1,
        VolumeType="gp3",
        Encrypted=True,
        TagSpecifications=[
            {
                "ResourceType": "volume",
                "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
            }
        ],
    )["VolumeId"]


def signing_key(path: Path) -> str:
    """A key of ssh that may sign; the line by which an image trusts it for late configuration."""
    made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)]
    subprocess.run(made, check=True)
    public = path.with_suffix(".pub").read_text().strip()
    return f'workhorse namespaces="workhorse-late" {public}\n'


def published(stage: AgentStage, tree: Path, key: Path, script: Path | None = None) -> None:
    """Publish late configuration by the command that people use."""
    words = ["publish", "--config", str(stage.settings), "--files", str(tree), "--key", str(key)]
    _late(*words, *(["--script", str(script)] if script else []))


def withdrawn(stage: AgentStage) -> None:
    """Have agents apply nothing from now on."""
    _late("withdraw", "--config", str(stage.settings))


def _late(*words: str) -> None:
    (command,) = COMMANDS
    parser = argparse.ArgumentParser()
    command.add_options(parser)
    assert command.run(parser.parse_args(words), lambda _line: None) == 0


REAL_IDLE_SECONDS = IDLE_MINUTES * 60 / SPEED
