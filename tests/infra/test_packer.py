"""The Packer template: under the real Packer as it is staged for it, and against newer ones.

Packer 1.6.6, Debian's, is the only one that can be run here. What it cannot check is compared
with the attributes of the amazon plugin 1.8.2: `fixtures/amazon-ebs-attributes.txt`, read off
the plugin's own sources (builder/ebs, the names that its configuration decodes).
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pygohcl
import pytest

from scripts import sources
from workhorse.adapters.packer_stage import stage

PACKER = sources.ROOT / "packer"
TEMPLATES = sorted(PACKER.glob("*.pkr.hcl"))
ATTRIBUTES = set((Path(__file__).parent / "fixtures/amazon-ebs-attributes.txt").read_text().split())

GOOD = {
    "region": "eu-west-1",
    "pool": "linux",
    "commit": "0123abc",
    "puppet_digest": "0123456789abcdef",
    "builder": "somebody@example.com",
    "puppet_dir": str(sources.ROOT / "puppet"),
    "agent_dir": str(sources.ROOT / "scripts/agent"),
}

Packer = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def packer() -> Packer:
    found = shutil.which("packer")
    if found is None:
        pytest.skip("the template is not validated here: apt-get install packer")

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "CHECKPOINT_DISABLE": "1", "PACKER_NO_COLOR": "1"}
        return subprocess.run(
            [found, *arguments], env=environment, capture_output=True, text=True, check=False
        )

    return run


@pytest.fixture
def validated(packer: Packer, tmp_path: Path) -> Callable[..., str]:
    """Validate the staged template with some values; gives what was said, empty when all is well.

    A value of None leaves the variable out.
    """
    staged = stage(PACKER, tmp_path / "staged")

    def validate(**changes: object) -> str:
        values = {key: held for key, held in (GOOD | changes).items() if held is not None}
        file = tmp_path / "values.json"
        file.write_text(json.dumps(values))
        ended = packer("validate", f"-var-file={file}", staged)
        return "" if ended.returncode == 0 else " ".join((ended.stdout + ended.stderr).split())

    return validate


def test_every_file_is_formatted(packer: Packer) -> None:
    ended = packer("fmt", "-check", "-diff", PACKER)
    assert ended.returncode == 0, ended.stdout


def test_the_staged_template_is_valid_for_the_oldest_packer(validated: Callable[..., str]) -> None:
    assert validated() == ""


@pytest.mark.parametrize(
    "more",
    [
        {"os": "ubuntu-24.04", "architecture": "arm64", "instance_type": "m7g.large"},
        {"spot": True},
        {"ssh_source_cidrs": ["10.0.0.0/8"], "ssh_interface": "private_ip"},
        {"ssh_interface": "session_manager", "iam_instance_profile": "bake"},
        {"kms_key_id": "alias/images", "subnet_id": "subnet-0abc", "security_group_id": "sg-0abc"},
        {"commit": "0123456789012345678901234567890123456789-dirty"},
        {"ec2_endpoint": "http://127.0.0.1:4000", "ssh_host": "127.0.0.1", "ssh_port": 2222},
    ],
    ids=",".join,
)
def test_what_people_may_choose_is_valid(validated: Callable[..., str], more: Any) -> None:
    assert validated(**more) == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("region", "europe"),
        ("pool", "Linux"),
        ("pool", ""),
        ("os", "debian-11"),
        ("architecture", "x86_64"),
        ("instance_type", "large"),
        ("root_gigabytes", 4),
        ("subnet_id", "vpc-1"),
        ("security_group_id", "default"),
        ("ssh_interface", "public"),
        ("commit", "main"),
        ("puppet_digest", "none"),
        ("builder", ""),
        ("poll_seconds", 0),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(
    validated: Callable[..., str], name: str, value: object
) -> None:
    assert f"The value of {name} must be " in validated(**{name: value})


@pytest.mark.parametrize("name", sorted(GOOD))
def test_what_must_be_said_is_asked_for(validated: Callable[..., str], name: str) -> None:
    said = validated(**{name: None})
    assert "Unset variable" in said
    assert f'"{name}"' in said


# --- Against newer ones --------------------------------------------------------------------------


def parsed(kind: str) -> list[dict[str, Any]]:
    """Every block of a kind in all files, as they are before staging."""
    found = []
    for path in TEMPLATES:
        held = pygohcl.loads(path.read_text()).get(kind, [])
        found += held if isinstance(held, list) else [held]
    return found


def builder() -> dict[str, Any]:
    (source,) = parsed("source")
    body: dict[str, Any] = source["amazon-ebs"]["agent"]
    return body


def test_the_builder_knows_every_attribute() -> None:
    assert len(ATTRIBUTES) > 150
    assert set(builder()) - ATTRIBUTES == set()


def test_the_instance_is_asked_for_its_metadata_with_a_token_during_the_bake_and_ever_after() -> (
    None
):
    body = builder()
    options = body["metadata_options"]
    assert body["imds_support"] == "v2.0"
    assert options["http_tokens"] == "required"


CHANGED_LATER = {
    *("ami_description", "ami_groups", "ami_org_arns", "ami_ou_arns", "ami_product_codes"),
    *("ami_users", "imds_support", "snapshot_groups", "snapshot_users"),
}
"""What takes a ModifyImageAttribute or ModifySnapshotAttribute of its own.

https://github.com/hashicorp/packer-plugin-amazon/blob/main/builder/common/step_modify_ami_attributes.go
"""


def test_the_oldest_packer_changes_no_image_before_it_has_tagged_it(tmp_path: Path) -> None:
    """It tags last, and the policy for whoever bakes knows images by that tag."""
    staged = stage(PACKER, tmp_path / "packer") / "agent.pkr.hcl"
    body = pygohcl.loads(staged.read_text())["source"]["amazon-ebs"]["agent"]
    assert set(body) & CHANGED_LATER == set()
    assert set(builder()) & CHANGED_LATER == {"ami_description", "imds_support"}


def test_the_group_that_is_made_for_a_bake_lets_in_whom_it_must() -> None:
    text = (PACKER / "agent.pkr.hcl").read_text()
    assert "source_public_ip = length(var.ssh_source_cidrs) == 0" in text
    assert "temporary_security_group_source_public_ip" in ATTRIBUTES


def test_the_root_volume_is_encrypted_and_no_figure_is_left_to_chance() -> None:
    volume = builder()["launch_block_device_mappings"]
    assert (volume["volume_type"], volume["encrypted"]) == ("gp3", True)
    assert (volume["iops"], volume["throughput"]) == (3000, 125)
    assert volume["delete_on_termination"] is True


def test_the_source_is_chosen_by_owner_and_filter_never_by_id() -> None:
    body = builder()
    assert body["source_ami_filter"]["owners"]
    assert "source_ami" not in body
    text = (PACKER / "agent.pkr.hcl").read_text()
    assert {"136693071363", "099720109477"} == set(re.findall(r'owner = "(\d+)"', text))
    assert not re.search(r"ami-[0-9a-f]{8}", text)


def test_nothing_waits_for_ever() -> None:
    """Each provisioner has its timeout, ssh and the looks at AWS have theirs."""
    text = (PACKER / "build.pkr.hcl").read_text()
    provisioners = text.split('provisioner "')[1:]
    assert len(provisioners) == 6
    assert [each for each in provisioners if not re.search(r'timeout\s+= "\d+m"', each)] == []
    assert builder()["ssh_timeout"] == "5m"
    assert "max_attempts" in builder()["aws_polling"]


def test_an_image_and_its_snapshots_are_told_apart_by_their_tags() -> None:
    text = (PACKER / "agent.pkr.hcl").read_text()
    for tag in ("pool", "os", "commit", "puppet-digest", "builder", "base"):
        assert f'"workhorse:{tag}"' in text
    assert re.search(r"^  tags +=", text, re.MULTILINE)
    assert re.search(r"^  snapshot_tags +=", text, re.MULTILINE)
    assert re.search(r"^  run_volume_tags +=", text, re.MULTILINE)


def test_every_variable_says_what_it_is() -> None:
    (variables, seams) = parsed("variable")
    found = variables | seams
    assert [
        name for name, body in found.items() if not body.get("description", "").endswith(".")
    ] == []
    assert set(GOOD) == {name for name, body in found.items() if "default" not in body}


def test_the_plugin_is_pinned_where_it_can_be() -> None:
    (packer,) = parsed("packer")
    assert packer["required_plugins"]["amazon"]["version"] == "= 1.8.2"


def test_no_provisioner_needs_a_plugin_that_nobody_maintains() -> None:
    """Decision 0017: files go up and a shell runs Puppet."""
    kinds = re.findall(r'provisioner "(\S+)"', (PACKER / "build.pkr.hcl").read_text())
    assert set(kinds) == {"shell", "file"}
