"""Packer itself against the embedded AWS: what it calls, the policy for whoever runs it grants.

Without a communicator, so that nothing is put on the machine: which calls are made is the same.
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.core.responses import BaseResponse

from tests.infra.rendered import Event, grants, listed
from workhorse.local.aws.server import EmbeddedAws
from workhorse.local.clock import ScaledClock

# One worker for all of it where the runner deals by group: the runs are made once.
pytestmark = pytest.mark.xdist_group("mocked-modules")

TEMPLATE = """
variable "endpoint" { type = string }
variable "group" { type = string }
variable "subnet" { type = string }

source "amazon-ebs" "agent" {
  ami_name             = "workhorse-linux-1"
  ami_description      = "Agents of linux"
  region               = "us-east-1"
  instance_type        = "m5.large"
  access_key           = "local"
  secret_key           = "local"
  subnet_id            = var.subnet
  security_group_id    = var.group
  communicator         = "none"
  shutdown_behavior    = "terminate"
  custom_endpoint_ec2  = var.endpoint

  skip_credential_validation = true
  skip_metadata_api_check    = true
  skip_region_validation     = true

  source_ami_filter {
    owners      = ["137112412989"]
    most_recent = true
    filters     = { root-device-type = "ebs", virtualization-type = "hvm" }
  }

  aws_polling {
    delay_seconds = 1
    max_attempts  = 60
  }

  tags            = { "workhorse:pool" = "linux", "workhorse:base" = "{{ .SourceAMI }}" }
  snapshot_tags   = { "workhorse:pool" = "linux" }
  run_tags        = { "workhorse:bake" = "1" }
  run_volume_tags = { "workhorse:bake" = "1" }
}

build {
  sources = ["source.amazon-ebs.agent"]

  post-processor "manifest" { output = "manifest.json" }
}
"""


@pytest.fixture
def packer() -> str:
    found = shutil.which("packer")
    if found is None:
        pytest.skip("NOT CHECKED: packer is not on PATH")
    return found


@pytest.fixture
def aws() -> Iterator[EmbeddedAws]:
    """The embedded AWS, thirty times as fast as a clock on the wall."""
    with EmbeddedAws(ScaledClock(time.time(), 30.0), managed_policies=False) as embedded:
        yield embedded


@pytest.fixture
def called(aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Every action of EC2 that anybody asks for from now on, in the words of IAM."""
    found: set[str] = set()
    answering = BaseResponse.call_action

    def noting(self: BaseResponse) -> object:
        found.add(f"{self.service_name}:{self._get_action()}")
        return answering(self)

    assert aws.endpoint
    monkeypatch.setattr(BaseResponse, "call_action", noting)
    return found


def test_packer_calls_nothing_that_its_policy_does_not_grant(
    packer: str,
    aws: EmbeddedAws,
    called: set[str],
    tmp_path: Path,
    events_of: Callable[[str], list[Event]],
) -> None:
    untyped: Callable[..., Any] = boto3.client
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    ec2 = untyped("ec2", endpoint_url=aws.endpoint, region_name="us-east-1", **keys)
    group = ec2.create_security_group(GroupName="bake", Description="bake")["GroupId"]
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    (tmp_path / "agent.pkr.hcl").write_text(TEMPLATE)
    called.clear()
    said = subprocess.run(
        [
            *(packer, "build", "-color=false"),
            *("-var", f"endpoint={aws.endpoint}"),
            *("-var", f"group={group}", "-var", f"subnet={subnet}", "agent.pkr.hcl"),
        ],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "CHECKPOINT_DISABLE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    calls = set(called)

    assert said.returncode == 0, said.stdout + said.stderr
    assert len(calls) > 12
    granted = {
        action
        for kept in grants(events_of("image-builder")).values()
        for statement in kept
        for action in listed(statement["Action"])
    }
    assert calls <= granted, calls - granted
    (image,) = ec2.describe_images(Owners=["self"])["Images"]
    built = json.loads((tmp_path / "manifest.json").read_text())["builds"][0]
    assert built["artifact_id"] == f"us-east-1:{image['ImageId']}"
    assert image["Description"] == "Agents of linux"
    tags = {one["Key"]: one["Value"] for one in image["Tags"]}
    assert set(tags) == {"workhorse:pool", "workhorse:base"}
    assert ec2.describe_key_pairs()["KeyPairs"] == []
    assert ec2.describe_volumes()["Volumes"] == []
