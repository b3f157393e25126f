"""The embedded cloud and the simulator, given the same builds and settings, do the same.

The embedded cloud runs the real program against HTTP servers and processes on a fast clock: what
takes it half a second shows as half a minute.  So the two agree within a tolerance, stated here.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from workhorse.core.model import Hook
from workhorse.local.demo.trace import read_window
from workhorse.loops.driver import Pace
from workhorse.loops.observe import Trust
from workhorse.settings import Settings, load
from workhorse.sim.groups import Shape
from workhorse.sim.stage import Stage
from workhorse.sim.truth import Hand
from workhorse.sim.world import World

ROOT = Path(__file__).parents[2]
TRACE = ROOT / "data" / "traces" / "bitcoin-core.csv"
START_HOURS, HOURS, LABEL = 211.85, 0.25, "linux"
"""Builds that come in a few minutes and are over after eighteen."""
PATIENCE_SECONDS = 540

AGENTS = 0.2
"""Boots and scale-ins may differ by this share, and by two: who shares an agent is chance."""
WAIT_SECONDS = 40.0
"""Percentiles of queue waits may differ by a tick, and by how late the machine was: see `late`."""
HOURS_SHARE = 0.1
"""Instance-hours may differ by this share, and by how late the machine was with each instance."""
TICK_SECONDS = 30.0
"""Between two ticks of a demo at its usual speed."""


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Settings]:
    """What the demo accounted for, and the settings that it wrote for its controller."""
    runs = tmp_path_factory.mktemp("runs")
    window = ("--start", str(START_HOURS), "--hours", str(HOURS), "--pools", LABEL)
    command = (sys.executable, "-m", "workhorse.local.demo", "--runs", str(runs), *window)
    done = subprocess.run(
        (*command, "--quiet-outside"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    folder = runs / "demo-1"
    return json.loads((folder / "report.json").read_text()), load(folder / "workhorse.toml")


@pytest.fixture(scope="module")
def simulated(embedded: tuple[dict[str, Any], Settings]) -> World:
    """The same loops with the same settings in the simulated world, until all is over.

    Boots last as long as they did there: how long the processes of agents take on a fast clock is
    this machine's affair.
    """
    report, settings = embedded
    boots = report["boots"]
    (pool,) = settings.pools(lambda _: "")
    shape = Shape(
        group=pool.group,
        labels=pool.policy.labels,
        maximum=pool.policy.ceiling,
        queue=pool.queue_url,
        executors=pool.policy.executors,
        hook=Hook(name="drain", heartbeat_seconds=300),
        launch_seconds=60,
        boot_seconds=boots[len(boots) // 2],
    )
    world = World([shape])
    loop = settings.loop
    stage = Stage(
        world,
        [pool],
        pace=Pace(
            tick=loop.tick_seconds,
            glance=loop.glance_seconds,
            mail=loop.drain_seconds,
            publish=loop.publish_seconds,
        ),
        trust=Trust(
            stale_seconds=loop.stale_seconds, restart_grace_seconds=loop.restart_grace_seconds
        ),
    )
    for one in read_window(TRACE, start_hours=START_HOURS, hours=HOURS):
        if one.label == LABEL:
            at = world.kernel.now + one.after
            world.kernel.at(at, world.jenkins.submit, "demo-linux", one.seconds, LABEL)
    while world.kernel.next_at() is not None:
        stage.run(3600)
        assert world.kernel.now < 1_700_000_000 + 48 * 3600, "it never comes to rest"
        if world.kernel.now > 1_700_000_000 + HOURS * 3600 and not world.members():
            break
    return world


def late(report: dict[str, Any]) -> float:
    """Virtual seconds by which a busy machine was late at worst, as its own account tells.

    By how far boots lie apart, which all last as long in the simulator, and by its first answer to
    a need, beyond the tick that it may wait for.
    """
    boots = report["boots"]
    reaction = report["scale_ups"][0]["reaction"] or 0.0
    return boots[-1] - boots[0] + max(0.0, reaction - TICK_SECONDS)


def percentile(waits: list[float], share: float) -> float:
    ordered = sorted(waits)
    return ordered[max(0, -(-len(ordered) * int(share * 100) // 100) - 1)]


def test_both_run_every_build_and_kill_none(
    embedded: tuple[dict[str, Any], Settings], simulated: World
) -> None:
    report = embedded[0]
    assert report["run"] == report["asked"] == len(simulated.truth.finished) > 20
    assert report["killed"] == simulated.truth.killed_by(Hand.OURS) == []


def test_they_agree_on_boots_and_scale_ins(
    embedded: tuple[dict[str, Any], Settings], simulated: World
) -> None:
    report, counts = embedded[0], simulated.truth.counts
    slack = 2 + AGENTS * report["instances"]
    assert counts["launched"] == pytest.approx(report["instances"], abs=slack)
    assert counts["hooks_completed"] == pytest.approx(report["hooks"]["completed"], abs=slack)


def test_they_agree_on_waits(embedded: tuple[dict[str, Any], Settings], simulated: World) -> None:
    waits = [build.waited for build in simulated.truth.finished]
    slack = WAIT_SECONDS + late(embedded[0])
    for share in (0.5, 0.95, 1.0):
        there = percentile(embedded[0]["waits"], share)
        assert percentile(waits, share) == pytest.approx(there, abs=slack), share


def test_they_agree_on_instance_hours(
    embedded: tuple[dict[str, Any], Settings], simulated: World
) -> None:
    report, hours = embedded[0], simulated.truth.instance_seconds / 3600
    slack = HOURS_SHARE * report["instance_hours"] + report["instances"] * late(report) / 3600
    assert hours == pytest.approx(report["instance_hours"], abs=slack)
