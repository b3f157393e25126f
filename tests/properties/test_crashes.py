"""Promise 2: the loops may be killed at any instruction, and end in the same place.

One story with every kind of drain in it is told once without a crash, to count its changes, and
then once for every change, killed just before it and just after it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.properties.scene import Options, Scene
from workhorse.core.model import Lifecycle, Release
from workhorse.sim.line import CrashPoint
from workhorse.sim.truth import Hand

STORY_SECONDS = 700.0


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Where a story ends."""

    finished: int
    killed: int
    timed_out: int
    left: int


def story(release: Release, crash: CrashPoint | None = None) -> tuple[Scene, int]:
    """A scene told to its end, and how many changes its eventful part made.

    Agents boot, work, are called off, recommended to leave, ended by an operator, chosen.
    """
    scene = Scene(Options(release=release, ceiling=3))
    world = scene.world
    for seconds in (100, 200, 330):
        world.jenkins.submit("job", seconds, "linux", pipeline=seconds == 200)
    world.kernel.after(180, operator, scene)
    world.kernel.after(200, advice, scene)
    world.kernel.after(260, world.jenkins.submit, "late", 60, "linux")
    world.line.crash = crash
    scene.stage.run(STORY_SECONDS)
    changes = world.line.changes.total()
    scene.settle()
    return scene, changes


def working(scene: Scene) -> Iterator[str]:
    return (
        m.id
        for m in scene.world.members(Lifecycle.IN_SERVICE)
        if scene.world.jenkins.running_on(m.id)
    )


def operator(scene: Scene) -> None:
    """Somebody ends a busy agent through its group."""
    scene.world.cloud.terminate(next(working(scene)), Hand.AWS, decrement=True)


def advice(scene: Scene) -> None:
    """EC2 recommends to leave another busy one."""
    scene.world.recommend_rebalance(next(working(scene)))


def end_of(scene: Scene) -> End:
    truth = scene.world.truth
    nodes, instances = scene.world.leftovers()
    return End(
        finished=len(truth.finished),
        killed=len(truth.kills),
        timed_out=truth.counts["hooks_timed_out"],
        left=len(nodes) + len(instances),
    )


@pytest.mark.parametrize("release", Release)
def test_killed_before_or_after_any_change_the_loops_end_in_the_same_place(
    release: Release,
) -> None:
    untroubled, changes = story(release)
    expected = end_of(untroubled)
    assert expected == End(finished=4, killed=0, timed_out=0, left=0)
    for n in range(1, changes + 1):
        for after in (False, True):
            scene, _ = story(release, CrashPoint(changes=n, after=after))
            assert scene.stage.crashes == 1, f"no crash at change {n} of {changes}"
            assert end_of(scene) == expected, f"killed at change {n}, after it: {after}"
