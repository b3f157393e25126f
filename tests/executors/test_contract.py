"""What every executor keeps, `asg` and `shell` alike, on a simulated group and on embedded AWS."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from tests.contracts import real_world, stages
from tests.executors.stage import GROUP, Scene, finish
from tests.facts import pool
from workhorse.core.errors import Surprise
from workhorse.core.model import Pool
from workhorse.executors.asg import Asg
from workhorse.executors.shell import Shell, ShellExecutor
from workhorse.loops.ports import Executor, Outside
from workhorse.sim.journal import MemoryJournal
from workhorse.sim.kernel import Kernel
from workhorse.sim.line import Line, Side

SET_DESIRED = """
import sys, boto3
group, size = sys.argv[1:]
boto3.client("autoscaling").set_desired_capacity(
    AutoScalingGroupName=group, DesiredCapacity=int(size), HonorCooldown=False
)
"""
"""What an operator's own tool might be."""


class Stage(Protocol):
    """An executor, the pool that it is for, and the group behind it, which may have ten agents."""

    executor: Executor
    pool: Pool

    def settle(self) -> None:
        """Wait for what was begun, and take it in."""

    def desired(self) -> int:
        """The group's desired capacity."""

    def failures(self) -> int:
        """How many failures were journalled."""

    def shut(self) -> None:
        """AWS does not answer any more."""


class OnSim:
    """A simulated group; what the shell's command writes down the test does to the group."""

    def __init__(self, folder: Path, *, shell: bool) -> None:
        self._scene = Scene(folder)
        self.pool = self._scene.pool
        self.executor: Executor = (
            self._scene.shell("test {{ size }} -le 10 && echo {{ size }} >> said")
            if shell
            else Asg().executor(self.pool, self._scene.outside)
        )

    def settle(self) -> None:
        """The test is the tool that the command would be."""
        if isinstance(self.executor, ShellExecutor):
            finish(self.executor)
            for line in self._scene.lines()[-1:]:
                self._scene.world.cloud.set_desired(GROUP, int(line))

    def desired(self) -> int:
        """As the world has it."""
        return self._scene.world.cloud.groups[GROUP].desired

    def failures(self) -> int:
        """By the journal."""
        return len(self._scene.records("failed"))

    def shut(self) -> None:
        """The line is cut."""
        self._scene.world.line.out_of_reach.add(Side.AUTO_SCALING)


class OnEmbeddedAws:
    """A group of the embedded AWS; the shell's command is a program that speaks to it."""

    def __init__(self, folder: Path, aws: real_world.Aws, *, shell: bool) -> None:
        cloud = real_world.CloudOnEmbeddedAws(aws)
        self._cloud, self._clients = cloud.port, aws.clients.autoscaling
        self.shut = aws.shut
        self.pool = pool(group=stages.GROUP)
        self._journal = MemoryJournal(Line(Kernel(real_world.START)))
        outside = Outside(
            clock=_Still(aws),
            cloud=cloud.port,
            journal=self._journal,
            environ={"PATH": os.environ["PATH"], **credentials(aws)},
            folder=folder,
        )
        (folder / "scale.py").write_text(SET_DESIRED)
        text = f"{sys.executable} scale.py {{{{ pool.group }}}} {{{{ size }}}}"
        kind = Shell(command=text, cwd=str(folder)) if shell else Asg()
        self.executor: Executor = kind.executor(self.pool, outside)

    def settle(self) -> None:
        """Wait for the program."""
        if isinstance(self.executor, ShellExecutor):
            finish(self.executor)

    def desired(self) -> int:
        """DescribeAutoScalingGroups, past the executor."""
        answer = self._clients.describe_auto_scaling_groups(AutoScalingGroupNames=[stages.GROUP])
        found: int = answer["AutoScalingGroups"][0]["DesiredCapacity"]
        return found

    def failures(self) -> int:
        """By the journal."""
        return len(self._journal.of("failed"))


class _Still:
    """A clock that tells the embedded cloud's time."""

    def __init__(self, aws: real_world.Aws) -> None:
        self.now = aws.now

    def wait(self, seconds: float) -> bool:
        """Nobody waits here."""
        raise AssertionError(seconds)


def credentials(aws: real_world.Aws) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": aws.embedded.endpoint,
        "AWS_REGION": real_world.REGION,
        "AWS_DEFAULT_REGION": real_world.REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@contextmanager
def staged(name: str, folder: Path) -> Iterator[Stage]:
    executor, _, world = name.partition(" on ")
    if world == "sim":
        yield OnSim(folder, shell=executor == "shell")
        return
    aws = real_world.Aws()
    try:
        yield OnEmbeddedAws(folder, aws, shell=executor == "shell")
    finally:
        aws.close()


@pytest.fixture(params=["asg on sim", "shell on sim", "asg on aws", "shell on aws"])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    with staged(request.param, tmp_path) as made:
        yield made


def ask(stage: Stage, size: int) -> None:
    stage.executor.resize(stage.pool, size, 0)
    stage.settle()


def test_the_size_asked_for_becomes_the_groups_and_the_next_one_after_it(stage: Stage) -> None:
    ask(stage, 3)
    assert stage.desired() == 3
    ask(stage, 5)
    assert stage.desired() == 5
    assert stage.failures() == 0


def test_asking_twice_leaves_the_world_as_asking_once(stage: Stage) -> None:
    stage.executor.resize(stage.pool, 3, 0)
    ask(stage, 3)
    ask(stage, 3)
    assert stage.desired() == 3
    assert stage.failures() == 0


def test_a_size_beyond_the_groups_maximum_is_told_and_changes_nothing(stage: Stage) -> None:
    ask(stage, 2)
    raised = False
    try:
        ask(stage, 11)
    except Surprise:
        raised = True
    assert raised or stage.failures() == 1
    assert stage.desired() == 2
    ask(stage, 3)
    assert stage.desired() == 3


def test_aws_out_of_reach_is_a_surprise(stage: Stage) -> None:
    stage.shut()
    with pytest.raises(Surprise):
        stage.executor.resize(stage.pool, 3, 0)


def test_with_nothing_under_way_there_is_nothing_to_take_in_or_to_wait_for(stage: Stage) -> None:
    stage.executor.poll()
    stage.executor.close()
    ask(stage, 1)
    stage.executor.poll()
    stage.executor.close()
    assert stage.failures() == 0
