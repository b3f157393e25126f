"""A thousand agents that register in the same minute, over HTTP, at the real gateway.

The program runs as a process of its own against the embedded AWS, which verifies every proof, and
the Jenkins stand-in, which counts what it is asked. The agents are the code of the image, each with
the credentials and the patience of its own instance; they share one process here and begin at
random moments of the minute.
"""

import json
import random
import socket
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import boto3

from benchmarks.figures import Figure, percentile
from scripts.agent.gateway import Gateway
from scripts.agent.machine import learn
from scripts.agent.patience import Patience
from scripts.agent.register import enter
from workhorse.adapters.session import AwsClients
from workhorse.local.agent.http import ask
from workhorse.local.clock import ScaledClock
from workhorse.local.demo import scenery
from workhorse.local.demo.embedded import REGION
from workhorse.local.demo.options import CHECKOUT
from workhorse.local.demo.processes import Process, Processes
from workhorse.local.demo.setting import IMAGE

AGENTS = 1_000
MINUTE = 60.0
"""Seconds in which all of them make their first request."""
PATIENCE_SECONDS = 300.0
"""How long one tries before it gives up; the image waits nine minutes."""
READY_SECONDS = 120.0
GROUP = ROLE = "storm-agents"
AUDIENCE = "storm"
AT_ONCE = 100
"""Instances that the embedded cloud launches in one call, within the patience of its callers."""
SEED = 5

REGISTERING = ("POST doCreateItem", "GET jenkins-agent.jnlp", "GET agent.jar")
"""What of the requests to Jenkins is for agents that register; the rest is what the loops read."""

CONFIG = """\
[jenkins]
url = "{jenkins}"
user = "{user}"
token_file = "{token_file}"
expect_jobs = false
[aws]
region = "{region}"
endpoint = "{endpoint}"
[journal]
path = "{folder}/journal.jsonl"
[gateway]
listen = "127.0.0.1:{port}"
audience = "{audience}"
# All agents have one address here; the limit on all of them together is the usual one.
requests_per_peer = 1000.0
[[pool]]
name = "storm"
labels = ["storm"]
group = "{group}"
ceiling = 2000
boot_seconds = 3600
idle_seconds = 36000
[pool.agent]
role = "{role}"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """What stands, and who is to register."""

    endpoint: str
    jenkins: str
    instances: tuple[str, ...]
    folder: Path

    def register(self, instance: str, delay: float) -> float:
        """Register as that instance; the seconds from its first request until it is in."""
        time.sleep(delay)
        began = time.monotonic()
        patience = Patience(PATIENCE_SECONDS, seed=instance)
        environ = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": f"{self.endpoint}/imds/{instance}",
        }
        machine = patience(partial(learn, environ, self.folder / "none", self.folder))
        run = self.folder / "run" / instance
        run.mkdir(parents=True)
        gateway = Gateway(machine.told.gateway_url, machine.claim, run)
        patience(lambda: enter(machine, gateway, run))
        return time.monotonic() - began

    def asked(self) -> dict[str, int]:
        """How often Jenkins was asked what."""
        found: dict[str, int] = json.loads(ask("GET", f"{self.jenkins}_local/requests").body)
        return found

    def nodes(self) -> set[str]:
        """The nodes that Jenkins has."""
        return set(json.loads(ask("GET", f"{self.jenkins}_local/state").body)["nodes"])


def run() -> Iterator[Figure]:
    """Have all of them register, and say how long it took and what Jenkins was asked."""
    with tempfile.TemporaryDirectory() as made, Processes(Path(made) / "logs") as processes:
        storm, program = _scene(Path(made), processes)
        before = storm.asked()
        seconds = _all(storm)
        asked = {key: count - before.get(key, 0) for key, count in storm.asked().items()}
        lacking = set(storm.instances) - storm.nodes()
        if lacking or not program.running:
            raise RuntimeError(f"{len(lacking)} have no node:\n{program.tail()}")
    requests = sum(asked.get(each, 0) for each in REGISTERING)
    name = f"register_{AGENTS}"
    yield Figure(name=f"{name}_registered", value=len(seconds), unit="agents", n=AGENTS)
    for share in (50, 99, 100):
        value = percentile(seconds, share / 100)
        label = "max" if share == 100 else f"p{share}"  # noqa: PLR2004 - all of them
        yield Figure(name=f"{name}_{label}_seconds", value=value, unit="s", n=AGENTS)
    yield Figure(name=f"{name}_jenkins_requests", value=requests, unit="requests", n=AGENTS)
    rest = sum(asked.values()) - requests
    yield Figure(name=f"{name}_jenkins_readings", value=rest, unit="requests", n=AGENTS)


def _all(storm: Storm) -> list[float]:
    """The seconds of each; raises what the first that gave up raised."""
    chance = random.Random(SEED)  # noqa: S311 - a benchmark
    delays = [chance.uniform(0, MINUTE) for _ in storm.instances]
    with ThreadPoolExecutor(len(storm.instances)) as pool:
        return list(pool.map(storm.register, storm.instances, delays))


def _scene(folder: Path, processes: Processes) -> tuple[Storm, Process]:
    """A cloud with all the instances, a Jenkins without a node, and the program, looking on."""
    clock = str(ScaledClock())
    token_file = folder / "jenkins-token"
    token_file.write_text("11" + "a7" * 16 + "\n")
    command = [sys.executable, "-m", "workhorse.local.aws", "--clock", clock, "--boot-seconds", "1"]
    cloud = _started(processes, "aws", command)
    command = [sys.executable, "-m", "workhorse.local.jenkins", "--clock", clock]
    command += ["--user", scenery.USER, "--token-file", str(token_file)]
    jenkins = _started(processes, "jenkins", command).ready(READY_SECONDS)["url"]
    endpoint = cloud.ready(READY_SECONDS)["endpoint"].rstrip("/")
    port = _free_port()
    instances = _instances(endpoint, port)
    config = folder / "workhorse.toml"
    config.write_text(
        CONFIG.format(
            jenkins=jenkins,
            user=scenery.USER,
            token_file=token_file,
            region=REGION,
            endpoint=endpoint,
            folder=folder,
            port=port,
            audience=AUDIENCE,
            group=GROUP,
            role=ROLE,
        )
    )
    command = [sys.executable, "-m", "workhorse", "run", "--config", str(config)]
    program = _started(processes, "workhorse", command)
    journal = folder / "journal.jsonl"
    _until("the first tick", lambda: '"decision"' in _text(journal), program)
    _until("the gateway", lambda: _healthy(port), program)
    storm = Storm(endpoint=endpoint, jenkins=jenkins, instances=instances, folder=folder)
    return storm, program


def _instances(endpoint: str, port: int) -> tuple[str, ...]:
    """A group with all of them running, whose role can only prove who they are."""
    clients = AwsClients(REGION, endpoint)
    iam = boto3.client(
        "iam",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="loopback",
        aws_secret_access_key="loopback",  # noqa: S106 - the embedded cloud has no account
    )
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(TRUSTS_EC2))
    iam.create_instance_profile(InstanceProfileName=ROLE)
    iam.add_role_to_instance_profile(InstanceProfileName=ROLE, RoleName=ROLE)
    _make_group(clients, USER_DATA.format(port=port, audience=AUDIENCE, region=REGION))
    found: tuple[str, ...] = ()

    def running() -> bool:
        nonlocal found
        page: Any = clients.autoscaling.get_paginator("describe_auto_scaling_groups")
        (group,) = page.paginate(AutoScalingGroupNames=[GROUP]).build_full_result()[
            "AutoScalingGroups"
        ]
        members = group["Instances"]
        found = tuple(one["InstanceId"] for one in members)
        return len([one for one in members if one["LifecycleState"] == "InService"]) == AGENTS

    _until("all instances run", running)
    return found


def _make_group(clients: AwsClients, user_data: str) -> None:
    made = clients.ec2.create_launch_template(
        LaunchTemplateName=GROUP,
        LaunchTemplateData={
            "ImageId": IMAGE,
            "InstanceType": "m6i.large",
            "IamInstanceProfile": {"Name": ROLE},
            "UserData": b64encode(user_data.encode()).decode(),
        },
    )
    clients.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=GROUP,
        MinSize=0,
        MaxSize=2 * AGENTS,
        DesiredCapacity=0,
        AvailabilityZones=[f"{REGION}a"],
        LaunchTemplate={
            "LaunchTemplateId": made["LaunchTemplate"]["LaunchTemplateId"],
            "Version": "1",
        },
    )
    for size in range(AT_ONCE, AGENTS + 1, AT_ONCE):
        clients.autoscaling.set_desired_capacity(AutoScalingGroupName=GROUP, DesiredCapacity=size)


def _started(processes: Processes, name: str, command: list[str]) -> Process:
    return processes.start(name, command, environ=scenery.environment(), cwd=CHECKOUT)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _healthy(port: int) -> bool:
    try:
        return ask("GET", f"http://127.0.0.1:{port}/healthz").status == 200  # noqa: PLR2004 - OK
    except OSError:
        return False


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def _until(what: str, done: Any, program: Process | None = None) -> None:  # noqa: ANN401 - any condition
    deadline = time.monotonic() + READY_SECONDS
    while not done():
        if time.monotonic() > deadline or (program and not program.running):
            raise RuntimeError(f"not in time: {what}: {program and program.tail()}")
        time.sleep(0.2)
