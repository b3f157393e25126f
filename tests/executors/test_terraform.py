"""A real `terraform apply` of a size variable, run by the executor `shell`."""

import json
import shlex
from pathlib import Path

import pytest

from tests.executors.stage import PATIENCE_SECONDS, Scene, finish
from workhorse.adapters.toolchain import find_terraform
from workhorse.core.errors import Surprise
from workhorse.executors.shell import ShellExecutor

TOOLS = Path(__file__).parents[2] / ".tools"

CONFIGURATION = """
variable "size" {
  type = number
  validation {
    condition     = var.size <= 5
    error_message = "size ${var.size} must be at most 5"
  }
}

resource "terraform_data" "group" {
  input = { desired_capacity = var.size }
}
"""
"""Where a deployment has its aws_autoscaling_group; this resource needs no provider."""


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    (tmp_path / "main.tf").write_text(CONFIGURATION)
    made = Scene(tmp_path, ceiling=8)
    made.environ |= {"CHECKPOINT_DISABLE": "1", "HOME": str(tmp_path)}
    return made


@pytest.fixture
def executor(scene: Scene) -> ShellExecutor:
    terraform = shlex.quote(str(find_terraform(TOOLS)))
    return scene.shell(
        f"set -e\n{terraform} init -input=false -no-color\n"
        f"{terraform} apply -input=false -auto-approve -no-color -var size={{{{ size }}}}",
        environment=("CHECKPOINT_DISABLE",),
        timeout_seconds=120,
    )


def applied(scene: Scene) -> int:
    """The size in Terraform's state."""
    state = json.loads((scene.folder / "terraform.tfstate").read_text())
    (resource,) = state["resources"]
    found: int = resource["instances"][0]["attributes"]["output"]["value"]["desired_capacity"]
    return found


def test_terraform_applies_the_size_while_the_loops_go_on(
    scene: Scene, executor: ShellExecutor
) -> None:
    executor.resize(scene.pool, 2, 1)
    with pytest.raises(Surprise, match="for size 2 still runs"):
        executor.resize(scene.pool, 4, 3)
    finish(executor)
    assert applied(scene) == 2
    scene.resize(executor, 4, 3)
    assert applied(scene) == 4
    last = scene.records("command")[-1]
    assert (last["code"], last["size"], last["queued_size"]) == (0, 4, 3)
    assert last["output"][-1] == "Apply complete! Resources: 0 added, 1 changed, 0 destroyed."
    assert last["seconds"] < PATIENCE_SECONDS


def test_what_terraform_refuses_is_in_the_journal_and_the_state_stays(
    scene: Scene, executor: ShellExecutor
) -> None:
    scene.resize(executor, 2)
    scene.resize(executor, 7)
    assert applied(scene) == 2
    last = scene.records("command")[-1]
    assert last["code"] == 1
    assert any("size 7 must be at most 5" in line for line in last["output"])
