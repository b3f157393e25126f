"""An agent of the gateway as a process: from its proof to the release of its volume."""

import base64
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import boto3
import pytest
import requests

from tests import few_images
from tests.local.agent.gate import JSON, Gate, gate, open_place
from tests.patience import PATIENCE_SECONDS, eventually
from workhorse.local.agent.keeping import NOTICE_SECONDS, SHORTEST_NOTICE
from workhorse.local.aws.server import EmbeddedAws
from workhorse.local.aws.timings import Timings
from workhorse.local.clock import ScaledClock

ROOT = Path(__file__).parents[3]
SPEED = 2.0
"""Virtual seconds a real one: slow enough for an agent to look as often as on EC2."""
SOON = 5.0
"""Virtual seconds in which the gateway is to hear of a notice: so often the agent looks."""
REGION = "us-east-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A spot instance that runs the agent, its cloud and what it tells the gateway."""

    aws: EmbeddedAws
    ec2: Any
    door: Gate
    instance: str
    callers: list[str]
    """Whose each proof was, as STS says."""
    heard: list[str]
    """What the gateway was asked."""


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    clock = ScaledClock(speed=SPEED)
    body = (sys.executable, "-S", "-m", "workhorse.local.agent")
    environment = {"PYTHONPATH": str(ROOT), "WORKHORSE_VOLUMES": str(tmp_path / "volumes")}
    timings = Timings(boot=1.0, shutdown=PATIENCE_SECONDS * SPEED)
    with (
        gate() as door,
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
        callers: list[str] = []
        heard: list[str] = []

        def register(asked: JSON) -> JSON:
            callers.append(caller(asked["proof"]))
            return open_place(
                name=asked["name"],
                cache=True,
                directory=str(tmp_path / "agents"),
                jenkins_url="http://127.0.0.1:9/",
            )

        def hear(asked: JSON) -> JSON:
            heard.append(asked["kind"])
            return {}

        door.answers["register"] = register
        door.answers["ask"] = hear
        door.answers["volume/claim"] = {"volume": "vol-1", "device": "/dev/sdf", "state": "new"}
        instance = launch(aws.endpoint, door.url)
        ec2 = client(aws.endpoint, "ec2")
        yield Scene(aws=aws, ec2=ec2, door=door, instance=instance, callers=callers, heard=heard)


def client(endpoint: str, service: str) -> Any:
    anybody = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    return boto3.client(service, endpoint_url=endpoint, region_name=REGION, **anybody)


def caller(proof: JSON) -> str:
    """Whose proof it is, by STS itself; refused, what STS says."""
    answer = requests.request(
        proof["method"], proof["url"], headers=proof["headers"], data=proof["body"], timeout=10
    )
    told = ET.fromstring(answer.content)  # noqa: S314 - our own cloud
    return told.findtext(".//{*}Arn") or answer.text


def launch(endpoint: str, gateway: str) -> str:
    """A spot instance whose role is called agent."""
    iam = client(endpoint, "iam")
    iam.create_role(RoleName="agent", AssumeRolePolicyDocument="{}")
    iam.create_instance_profile(InstanceProfileName="agent")
    iam.add_role_to_instance_profile(InstanceProfileName="agent", RoleName="agent")
    told = f"GATEWAY_URL={gateway}\nGATEWAY_AUDIENCE=here\nAWS_REGION={REGION}\n"
    template = {
        "ImageId": few_images.IMAGE,
        "InstanceType": "m5.large",
        "IamInstanceProfile": {"Name": "agent"},
        "InstanceMarketOptions": {"MarketType": "spot"},
        "MetadataOptions": {"HttpTokens": "required"},
        "UserData": base64.b64encode(told.encode()).decode(),
    }
    ec2 = client(endpoint, "ec2")
    ec2.create_launch_template(LaunchTemplateName="agents", LaunchTemplateData=template)
    made = ec2.run_instances(
        LaunchTemplate={"LaunchTemplateName": "agents", "Version": "1"}, MinCount=1, MaxCount=1
    )
    return str(made["Instances"][0]["InstanceId"])


def test_an_agent_proves_itself_passes_a_notice_on_and_lets_its_volume_go(
    scene: Scene, tmp_path: Path
) -> None:
    """By an identity that STS confirms, at its next look, and before its machine is off."""
    door = scene.door
    eventually(lambda: bool(door.told("volume/report")))
    (arn,) = scene.callers
    assert arn.endswith(f":assumed-role/agent/{scene.instance}")
    (use,) = (tmp_path / "volumes/vol-1/uses").read_text().splitlines()
    assert json.loads(use)["instance"] == scene.instance

    url = f"{scene.aws.endpoint}/_local/spot/interrupt"
    requests.post(url, json={"instance": scene.instance}, timeout=10).raise_for_status()
    eventually(lambda: bool(scene.heard))
    assert scene.heard == ["spot"]
    assert max(NOTICE_SECONDS, SHORTEST_NOTICE * SPEED) < SOON

    scene.ec2.terminate_instances(InstanceIds=[scene.instance])
    eventually(lambda: bool(door.told("volume/release")))
    assert not (tmp_path / "agents" / scene.instance / "cache").exists()
