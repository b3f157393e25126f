"""The real loops with the executor `shell`: a build comes, and its agent is made by a command."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.executors.stage import GROUP, PATIENCE_SECONDS
from tests.facts import pool
from workhorse.core.errors import Refusal, Surprise
from workhorse.core.explain import explain
from workhorse.core.model import Pool
from workhorse.executors.asg import Asg, AsgExecutor
from workhorse.executors.shell import Shell, ShellExecutor
from workhorse.loops.perform import DryRun, Performer, RealPerformer
from workhorse.loops.ports import ExecutorKind, Outside, Ports
from workhorse.sim.groups import Shape
from workhorse.sim.line import CrashPoint
from workhorse.sim.stage import Stage
from workhorse.sim.world import World

POOL = pool(queue_url="q", idle_seconds=120, group=GROUP)
SHAPE = Shape(group=GROUP, labels=frozenset({"linux"}), maximum=10, queue="q")
HOUR = 3600.0


class Company:
    """The loops, the folder that the command works in, and the tool that it would be."""

    def __init__(self, folder: Path, kind: ExecutorKind, *, dry: bool = False) -> None:
        self.folder = folder
        self.shown: list[str] = []
        self._kind = kind
        self._executors: list[ShellExecutor] = []
        self._done = 0
        made: Callable[[Ports], Performer] = self._dry if dry else self._real
        self.stage = Stage(World([SHAPE]), [POOL], performer=made)
        self.world = self.stage.world

    def run(self, seconds: float) -> None:
        """Let the loops run; a command ends, and does its work, within a tick of simulated time."""
        for _ in range(int(seconds / 10)):
            self.stage.run(10)
            for executor in self._executors:
                if executor._command is not None:
                    assert executor._command.wait(PATIENCE_SECONDS)
            for size in self.said()[self._done :]:
                self._done += 1
                self.world.cloud.set_desired(GROUP, int(size))

    def said(self) -> list[str]:
        """What the command wrote."""
        said = self.folder / "said"
        return said.read_text().splitlines() if said.exists() else []

    def _real(self, ports: Ports) -> Performer:
        outside = Outside(
            clock=ports.clock,
            cloud=ports.cloud,
            journal=ports.journal,
            environ={"PATH": "/usr/bin:/bin"},
            folder=self.folder,
        )
        executor = self._kind.executor(POOL, outside)
        if isinstance(executor, ShellExecutor):
            self._executors.append(executor)
        return RealPerformer(replace(ports, executors={GROUP: (POOL, executor)}))

    def _dry(self, ports: Ports) -> Performer:
        self._real(ports)
        return DryRun(ports, self.shown.append)


def shell(folder: Path, command: str = "echo {{ size }} >> said", **options: Any) -> Shell:
    return Shell(command=command, cwd=str(folder), **options)


@pytest.mark.parametrize("name", ["asg", "shell"])
def test_builds_get_their_agents_and_the_agents_leave_by_their_drains(
    tmp_path: Path, name: str
) -> None:
    company = Company(tmp_path, shell(tmp_path) if name == "shell" else Asg())
    company.run(180)
    for number in range(3):
        company.world.jenkins.submit(f"job-{number}", 300, "linux")
    company.run(2 * HOUR)

    assert len(company.world.truth.finished) == 3
    assert company.world.truth.kills == []
    assert company.world.cloud.groups[GROUP].desired == 0
    assert company.world.leftovers() == (frozenset(), frozenset())
    assert company.said() == (["3"] if name == "shell" else [])


def test_the_journal_explains_the_command_and_what_came_of_it(tmp_path: Path) -> None:
    company = Company(tmp_path, shell(tmp_path))
    company.run(180)
    company.world.jenkins.submit("job", 300, "linux")
    company.run(600)

    told = "\n".join(explain(company.world.journal.records))
    assert "desired 0 -> 1; target 1 by need" in told
    assert "desired reads 0 -> 1: as we asked" in told
    (record,) = company.world.journal.of("command")
    assert (record["pool"], record["size"], record["queued_size"]) == ("linux", 1, 1)


def test_a_command_that_fails_is_told_and_the_next_tick_begins_it_again(tmp_path: Path) -> None:
    command = "echo {{ size }} >> tried; test -e mended || exit 1; echo {{ size }} >> said"
    company = Company(tmp_path, shell(tmp_path, command))
    company.run(180)
    company.world.jenkins.submit("job", 300, "linux")
    company.run(60)
    tried = len((tmp_path / "tried").read_text().splitlines())
    assert tried >= 2
    assert len(company.world.journal.of("failed")) >= tried - 1
    (tmp_path / "mended").touch()
    company.run(HOUR)
    assert len(company.world.truth.finished) == 1


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("changes", range(1, 6))
def test_a_controller_killed_around_a_command_ends_in_the_same_place(
    tmp_path: Path, *, changes: int, after: bool
) -> None:
    company = Company(tmp_path, shell(tmp_path))
    company.run(180)
    company.world.jenkins.submit("job", 300, "linux")
    company.world.line.crash = CrashPoint(changes=changes, after=after)
    company.run(HOUR)
    assert company.stage.crashes == 1
    assert set(company.said()) == {"1"}
    assert len(company.world.truth.finished) == 1
    assert company.world.truth.kills == []
    assert company.world.cloud.groups[GROUP].desired == 0


class Grumpy(Asg):
    """Sizes like `asg` and fails at every look."""

    def executor(self, pool: Pool, outside: Outside) -> AsgExecutor:
        """One that raises."""
        made = super().executor(pool, outside)
        made.poll = self._fail  # type: ignore[method-assign] # that is its vice
        return made

    def _fail(self) -> None:
        raise Surprise("no desire to look")


def test_an_executor_that_fails_at_a_look_keeps_no_effect_from_being_performed(
    tmp_path: Path,
) -> None:
    company = Company(tmp_path, Grumpy())
    company.run(180)
    company.world.jenkins.submit("job", 300, "linux")
    company.run(HOUR)
    assert len(company.world.truth.finished) == 1
    assert company.world.leftovers() == (frozenset(), frozenset())
    told = {record["error"] for record in company.world.journal.of("failed")}
    assert told == {"pool linux: no desire to look"}


def test_a_dry_run_executes_no_command(tmp_path: Path) -> None:
    company = Company(tmp_path, shell(tmp_path), dry=True)
    company.run(180)
    company.world.jenkins.submit("job", 300, "linux")
    company.run(60)
    assert company.said() == []
    assert any("SetDesiredCapacity(group='linux-agents', size=1)" in s for s in company.shown)


def test_a_dry_run_refuses_a_template_with_an_unknown_name_too(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=r"pool linux: .*'sise' is unknown"):
        Company(tmp_path, shell(tmp_path, "scale {{ sise }}"), dry=True)
