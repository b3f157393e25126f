"""How long a rollout of 20 busy agents takes on the embedded cloud, beside the least it could.

No agent may leave before its build ends, and no build may wait for ever: so the longest build that
runs when the rollout is ordered, and one boot, are what nobody can do without.
One canary is tried, then all agents are asked to leave in one wave; builds keep coming meanwhile.
Times are virtual seconds of a clock that runs fast; what our processes need of this machine shows
in them so many times longer.
"""

import json
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.figures import Figure
from workhorse.local.demo.one_pool import Play, Stage, staged
from workhorse.local.demo.processes import Process
from workhorse.local.demo.rolling import PREFIX, bake, command
from workhorse.local.demo.setting import PoolSetting

AGENTS = 20
SPEED = 30.0
"""Virtual seconds per real one: twenty agents have to boot at once on two cores."""

BUILDS = tuple(1200.0 + 60.0 * number for number in range(AGENTS))
"""Virtual seconds of the builds that run when the rollout is ordered: 20 to 39 minutes."""

LATER_SECONDS = 300.0
"""How long the builds are that come during the rollout."""
EVERY_SECONDS = 60.0
"""How often one comes."""

PLAY = Play(
    pool=PoolSetting(name="rolled", label="rolled", job="rolled-build", ceiling=AGENTS * 2),
    speed=SPEED,
    prefix=PREFIX,
    rollout={"waves": [100], "bake_seconds": 120, "smoke_job": "workhorse-smoke-rolled"},
)

PATIENCE_SECONDS = 6000.0
"""Virtual seconds after which a rollout counts as stuck."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rolled:
    """One rollout, measured."""

    seconds: float
    """From when the controller took the order to its end."""
    longest_seconds: float
    """What was left, at the order, of the build that ended last."""
    boot_seconds: float
    """Median from the launch of an agent to its first build."""
    killed: int
    """Builds that did not end well, before, during or after."""

    @property
    def limit_seconds(self) -> float:
        """The least that any rollout takes that kills nothing."""
        return self.longest_seconds + self.boot_seconds


def run() -> Iterator[Figure]:
    """The ratio of the rollout's time to that limit, and the builds it killed."""
    with tempfile.TemporaryDirectory() as made, staged(Path(made), PLAY, _nobody) as stage:
        found = _rolled(stage)
    ratio = found.seconds / found.limit_seconds
    yield Figure(name="rollout_ratio_to_limit", value=ratio, unit="ratio", n=AGENTS)
    yield Figure(name="rollout_killed", value=found.killed, unit="builds", n=AGENTS)
    yield Figure(name="rollout_seconds", value=found.seconds, unit="virtual s", n=AGENTS)
    yield Figure(name="rollout_boot_seconds", value=found.boot_seconds, unit="virtual s", n=AGENTS)


def _rolled(stage: Stage) -> Rolled:
    bake(stage, "second")
    for order, seconds in enumerate(BUILDS):
        stage.queue(seconds, order=order)
    stage.until("all agents are busy", lambda: stage.started() == AGENTS, virtual=900)
    first = stage.builds()
    boot = _boot_seconds(stage, first)
    follower = command(stage, "rollout", "rollout", "--by", "benchmark")
    _keep_busy(stage, follower)
    standing = _standing(stage)
    if follower.wait(0) or standing["state"] != "DONE":
        raise RuntimeError(f"the rollout ended {standing['state']}:\n{follower.tail()}")
    stage.until("every build ended", lambda: _over(stage.builds()), virtual=PATIENCE_SECONDS)
    ordered = float(standing["started_at"])
    ends = [one["started"] + seconds for one, seconds in zip(first, BUILDS, strict=True)]
    return Rolled(
        seconds=float(standing["ended_at"]) - ordered,
        longest_seconds=max(ends) - ordered,
        boot_seconds=boot,
        killed=sum(1 for one in stage.builds() if one["result"] != "SUCCESS"),
    )


def _keep_busy(stage: Stage, follower: Process) -> None:
    """Queue a build now and then until the rollout is over."""
    clock, rest = stage.where.clock, threading.Event()
    began = due = clock.now()
    order = AGENTS
    while follower.running:
        stage.controller.check()
        if clock.now() - began > PATIENCE_SECONDS:
            raise RuntimeError(f"the rollout is stuck:\n{follower.tail()}")
        if clock.now() >= due:
            stage.queue(LATER_SECONDS, order=order)
            order, due = order + 1, due + EVERY_SECONDS
        rest.wait(0.1)


def _boot_seconds(stage: Stage, builds: Sequence[dict[str, Any]]) -> float:
    launched = {one.instance: one.at for one in stage.happenings() if one.kind == "member.launched"}
    return median(float(one["started"]) - launched[one["node"]] for one in builds)


def _standing(stage: Stage) -> dict[str, Any]:
    """What the controller told of the rollout."""
    told = command(stage, "status", "rollout", "--status", "--json")
    told.wait(30)
    found: dict[str, Any] = json.loads(told.log.read_text())["standing"]
    return found


def _over(builds: Sequence[dict[str, Any]]) -> bool:
    return all(one["ended"] is not None for one in builds)


def _nobody(_line: str) -> None:
    """Hears of Terraform's progress."""
