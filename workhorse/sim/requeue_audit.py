"""The auditor of builds that are queued again: what is asked of Jenkins must be backed by truth."""

from collections.abc import Callable
from typing import Any

from workhorse.core.effects import MarkBuild, QueueAgain
from workhorse.sim.lost_builds import Kept, SimBuilds
from workhorse.sim.world import World


class RequeueAudit:
    """Watches one world, in which builds may be queued again.

    Args:
        world: that.
        builds: what there is of them.
        breach: told of each.
    """

    def __init__(self, world: World, builds: SimBuilds, breach: Callable[[str], None]) -> None:
        self._world = world
        self._builds = builds
        self._breach = breach
        self.checks: dict[type, Callable[[Any], None]] = {
            MarkBuild: self._marked,
            QueueAgain: self._queued,
        }

    def _marked(self, effect: MarkBuild) -> None:
        self._lost(effect.build, "MarkBuild")

    def _queued(self, effect: QueueAgain) -> None:
        kept = self._lost(effect.build, "QueueAgain")
        if kept is None:
            return
        if (effect.job, effect.parameters) != (kept.build.task, kept.parameters):
            self._breach(f"{effect} is not what {kept.path} was")
        if any(not run.forgotten for run in self._builds.reruns(kept)):
            self._breach(f"{effect} of a build that is queued again already")
        if not kept.description:
            self._breach(f"{effect} of a build that is not marked")

    def _lost(self, path: str, what: str) -> Kept | None:
        """The build, which must have been lost with its instance, and be one that may."""
        kept = next((k for k in self._builds.kept.values() if k.path == path), None)
        if kept is None:
            self._breach(f"{what} of {path}, which is none")
            return None
        build, machine = kept.build, self._world.cloud.machines.get(kept.build.node)
        if "[" not in self._builds.jobs[build.task]:
            self._breach(f"{what} of {path}, whose job did not opt in")
        if "deploy" in build.task:
            self._breach(f"{what} of the deploy {path}")
        if kept.ours:
            self._breach(f"{what} of {path}, which was queued again itself")
        if self._builds.result(build) != "FAILURE":
            self._breach(f"{what} of {path}, which was not lost")
        if machine is not None and machine.alive:
            self._breach(f"{what} of {path}, whose instance lives")
        return kept
