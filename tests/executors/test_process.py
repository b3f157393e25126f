"""The program itself, one turn of it, with an executor that somebody's own package offers."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contracts import real_world
from tests.contracts.stages import GROUP
from tests.executors.test_contract import SET_DESIRED, credentials
from tests.local.jenkins.behaviour_helpers import NEW, House, open_house
from workhorse.adapters.journal import records

ROOT = Path(__file__).parents[2]
LIMIT_SECONDS = 60
SETTINGS = """
[jenkins]
url = "{jenkins}"
user = "admin"
token_file = "token"
[aws]
region = "{region}"
endpoint = "{aws}"
[journal]
path = "journal.jsonl"
[metrics]
namespace = ""
[[pool]]
name = "linux"
labels = ["linux"]
ceiling = 10
group = "{group}"
executor = "tool"
[pool.executor_options]
command = '''{command}'''
"""
METADATA = "Metadata-Version: 2.1\nName: tools\nVersion: 1\n"
ENTRY = "[workhorse.executors]\ntool = workhorse.executors.shell:Shell\n"


@pytest.fixture
def aws() -> Iterator[real_world.Aws]:
    made = real_world.Aws()
    real_world.CloudOnEmbeddedAws(made)
    yield made
    made.close()


@pytest.fixture
def house() -> Iterator[House]:
    with open_house(NEW) as opened:
        opened.job("j", label="linux")
        opened.build("j")
        opened.advance(0)
        yield opened


class Program:
    """A folder with settings, a package that offers the executor, and the program to run there."""

    def __init__(self, folder: Path, aws: real_world.Aws, house: House) -> None:
        self._folder = folder
        self._aws = aws
        self._house = house
        (folder / "token").write_text(house.standin.token)
        (folder / "scale.py").write_text(SET_DESIRED)
        package = folder / "tools-1.dist-info"
        package.mkdir()
        (package / "METADATA").write_text(METADATA)
        (package / "entry_points.txt").write_text(ENTRY)

    def run(self, command: str, *options: str) -> "subprocess.CompletedProcess[str]":
        """One turn of all loops."""
        settings = SETTINGS.format(
            jenkins=self._house.standin.url,
            region=real_world.REGION,
            aws=self._aws.embedded.endpoint,
            group=GROUP,
            command=command,
        )
        (self._folder / "workhorse.toml").write_text(settings)
        words = ["run", "--config", "workhorse.toml", "--once", *options]
        paths = f"{ROOT}{os.pathsep}{self._folder}"
        return subprocess.run(
            [sys.executable, "-m", "workhorse", *words],
            cwd=self._folder,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": paths, **credentials(self._aws)},
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )

    def desired(self) -> int:
        """Of the group."""
        found = self._aws.clients.autoscaling.describe_auto_scaling_groups(
            AutoScalingGroupNames=[GROUP]
        )
        return int(found["AutoScalingGroups"][0]["DesiredCapacity"])

    def has(self, name: str) -> bool:
        """A file of that name."""
        return (self._folder / name).exists()

    def records(self, kind: str) -> list[Any]:
        """Of the journal."""
        told = records(self._folder / "journal.jsonl")
        return [record for record in told if record["kind"] == kind]


@pytest.fixture
def program(tmp_path: Path, aws: real_world.Aws, house: House) -> Program:
    return Program(tmp_path, aws, house)


def test_one_turn_of_the_program_has_the_command_set_the_size_and_waits_for_it(
    program: Program,
) -> None:
    ran = program.run(f"{sys.executable} scale.py {{{{ pool.group }}}} {{{{ size }}}}")
    assert ran.returncode == 0, ran.stderr
    (record,) = program.records("command")
    assert (record["code"], record["size"], record["queued_size"]) == (0, 1, 1)
    assert program.desired() == record["size"]


def test_a_dry_run_of_the_program_runs_no_command(program: Program) -> None:
    ran = program.run("touch ran; exit 1", "--dry-run")
    assert ran.returncode == 0, ran.stderr
    assert f"SetDesiredCapacity(group='{GROUP}', size=1)" in ran.stdout
    assert not program.has("ran")


def test_one_turn_that_could_not_read_everything_says_what_and_fails(
    program: Program, aws: real_world.Aws
) -> None:
    """Who only looks must not take an empty plan for a fleet of the right size."""
    aws.clients.autoscaling.delete_auto_scaling_group(AutoScalingGroupName=GROUP, ForceDelete=True)
    ran = program.run("true", "--dry-run")
    assert (ran.returncode, ran.stderr) == (1, f"Auto Scaling: no group '{GROUP}'\n")


def test_the_program_does_not_begin_with_a_template_that_names_what_is_not(
    program: Program,
) -> None:
    ran = program.run("scale {{ sise }}")
    assert ran.returncode == 2
    assert "pool linux: executor_options.command: 'sise' is unknown here" in ran.stderr
