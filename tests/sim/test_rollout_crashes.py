"""Promise 2 for rollouts: killed at any change, a rollout ends in the same place."""

import pytest

from tests.sim.rolling import Rolling
from workhorse.core.orders import Strategy
from workhorse.sim.groups import Template
from workhorse.sim.line import CrashPoint

GOOD = Template(image="ami-2")
BAD = Template(image="ami-2", registers=0)


def story(
    template: Template, strategy: Strategy, *, canary: bool, crash: CrashPoint | None = None
) -> tuple[Rolling, int]:
    """A rollout of two agents at work told to its end, and how many changes that took."""
    scene = Rolling(2)
    scene.builds(2, 150)
    scene.order(template, strategy=strategy, canary=canary)
    before = scene.world.line.changes.total()
    scene.world.line.crash = crash
    scene.until_over()
    return scene, scene.world.line.changes.total() - before


@pytest.mark.parametrize(
    ("template", "strategy", "canary", "every"),
    [
        (GOOD, Strategy.DRAIN, True, 2),
        (BAD, Strategy.DRAIN, False, 2),
        (BAD, Strategy.DRAIN, True, 2),
        (GOOD, Strategy.MATRIX, False, 3),
        (GOOD, Strategy.REFRESH, False, 3),
    ],
)
def test_killed_before_or_after_any_change_a_rollout_ends_in_the_same_place(
    template: Template,
    strategy: Strategy,
    canary: bool,  # noqa: FBT001 - a parameter of the test
    every: int,
) -> None:
    untroubled, changes = story(template, strategy, canary=canary)
    expected = (untroubled.standing.state, untroubled.member_versions)
    for n in range(1, changes + 1, every):
        for after in (False, True):
            crash = CrashPoint(changes=n, after=after)
            scene, _ = story(template, strategy, canary=canary, crash=crash)
            assert scene.stage.crashes == 1, f"no crash at change {n} of {changes}"
            told = (scene.standing.state, scene.member_versions)
            assert told == expected, f"killed at change {n}, after it: {after}"
            assert len(scene.world.truth.finished) == 2
