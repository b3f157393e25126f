"""A simulated group, and an executor that sizes it: what the tests of this folder stand on."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.facts import pool
from workhorse.core.model import Group, Hook, Pool
from workhorse.executors.shell import Shell, ShellExecutor
from workhorse.loops.ports import Outside
from workhorse.sim.groups import Shape
from workhorse.sim.world import World

GROUP = "linux-agents"
PATIENCE_SECONDS = 60.0
"""The longest that a test waits for a command."""


class Scene:
    """A world with one group, the pool on it, and a folder for commands to work in."""

    def __init__(self, folder: Path, *, desired: int = 0, hook: bool = True, **policy: Any) -> None:
        shape = Shape(
            group=GROUP,
            labels=frozenset({"linux"}),
            maximum=10,
            desired=desired,
            hook=Hook(name="drain", heartbeat_seconds=300) if hook else None,
        )
        self.world = World([shape])
        self.world.run(60)
        self.folder = folder
        self.pool: Pool = pool(group=GROUP, **policy)
        self.environ = {"PATH": os.environ["PATH"], "AWS_REGION": "eu-west-1", "SECRET": "s3cret"}

    @property
    def outside(self) -> Outside:
        """What the executor is given."""
        ports = self.world.ports()
        return Outside(
            clock=ports.clock,
            cloud=ports.cloud,
            journal=ports.journal,
            environ=self.environ,
            folder=self.folder,
        )

    @property
    def group(self) -> Group:
        """The group as it reads."""
        return self.world.ports().cloud.groups([GROUP])[GROUP]

    def shell(self, command: str, **options: Any) -> ShellExecutor:
        """The executor with that command, which runs in the scene's folder."""
        options = {"cwd": str(self.folder)} | options
        return Shell(command=command, **options).executor(self.pool, self.outside)

    def resize(self, executor: ShellExecutor, size: int, queued_size: int = 0) -> None:
        """Ask, and see what was begun to its end."""
        executor.resize(self.pool, size, queued_size)
        finish(executor)

    def records(self, kind: str) -> list[Mapping[str, Any]]:
        """What the journal holds of that kind."""
        return self.world.journal.of(kind)

    def lines(self, name: str = "said") -> list[str]:
        """The lines of a file that a command wrote."""
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []


def finish(executor: ShellExecutor) -> None:
    """Wait for the command, if one runs, and take its end in."""
    if executor._command is not None:
        assert executor._command.wait(PATIENCE_SECONDS), "the command did not end"
    executor.poll()
