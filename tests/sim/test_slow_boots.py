"""Pools whose agents take longer to boot than anybody expects: they learn it, and come to rest."""

from typing import Any

import pytest

from tests.facts import pool
from tests.sim.conftest import LINUX, QUEUE
from workhorse.core.model import Hook
from workhorse.loops.driver import Pace
from workhorse.sim.audit import Audit
from workhorse.sim.boots_audit import BootsAudit
from workhorse.sim.groups import Shape, SimGroup, Template
from workhorse.sim.stage import Stage
from workhorse.sim.truth import Truth
from workhorse.sim.world import World

BOOT_SECONDS = 300.0
PACE = Pace(tick=10, glance=10, mail=10)
HOUR = 3600.0
KINDS = {
    "a floor": (1, 0),
    "a queue": (0, 6),
    "both": (3, 4),
}
"""The floor, and the builds that wait from the beginning."""


def slow(
    times: float, *, spread: float = 0.0, skipping: bool = True, **changes: Any
) -> tuple[Stage, Audit]:
    """A pool whose agents take so many times `boot_seconds`, some of them less by that share."""
    latest = times * BOOT_SECONDS
    shape = Shape(
        group="group",
        labels=LINUX,
        maximum=12,
        queue=QUEUE,
        hook=Hook(name="drain", heartbeat_seconds=300),
        boot_seconds=lambda rng: rng.uniform((1 - spread) * latest, latest),
    )
    world = World([shape])
    kept = pool(group="group", queue_url=QUEUE, boot_seconds=BOOT_SECONDS, **changes)
    audit = Audit(world, [kept])
    return Stage(world, [kept], pace=PACE, skipping=skipping), audit


def launched(stage: Stage) -> int:
    return stage.world.truth.counts["launched"]


def online(stage: Stage) -> int:
    return sum(each.online for each in stage.world.jenkins.computers.values())


@pytest.mark.parametrize("spread", [0.0, 0.3])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("times", [2, 4])
def test_a_pool_of_slow_boots_runs_its_builds_and_rests_at_its_size(
    times: int, kind: str, spread: float
) -> None:
    """For each agent that is needed no more are launched for nothing than it has doublings."""
    floor, builds = KINDS[kind]
    stage, audit = slow(times, spread=spread, floor=floor)
    for _ in range(builds):
        stage.world.jenkins.submit("job", 600, "linux")
    stage.run(2 * HOUR)
    truth: Truth = stage.world.truth
    assert (len(truth.finished), truth.kills) == (builds, [])
    assert launched(stage) <= max(floor, builds) * (1 + times / 2) + 2
    before = launched(stage)
    stage.run(4 * HOUR)
    assert launched(stage) == before
    assert online(stage) == stage.world.cloud.groups["group"].desired == floor
    assert (audit.breaches, audit.late) == ([], [])


def test_what_was_learned_is_expected_of_the_next_and_nothing_is_launched_in_vain() -> None:
    stage, _ = slow(4, ceiling=4)
    stage.world.jenkins.submit("job", 60, "linux")
    stage.run(2 * HOUR)
    before = launched(stage)
    for _ in range(3):
        stage.world.jenkins.submit("job", 600, "linux")
    stage.run(2 * HOUR)
    assert launched(stage) - before == 3
    assert len(stage.world.truth.finished) == 4
    assert stage.world.journal.of("decision")[-1]["facts"]["boot_seconds"] >= 4 * BOOT_SECONDS


def test_idle_turns_may_be_left_out_while_boots_are_learned_and_waited_for() -> None:
    """Whoever skips must look again when what is expected of a boot changes who is lost."""

    def journal(*, skipping: bool) -> list[object]:
        stage, _ = slow(4, spread=0.3, skipping=skipping, floor=2)
        stage.run(2 * HOUR)
        return [dict(record) for record in stage.world.journal.records]

    assert journal(skipping=True) == journal(skipping=False)


def broken(stage: Stage) -> SimGroup:
    """The group, which launches a version from now on whose agents never register."""
    group = stage.world.cloud.groups["group"]
    group.templates[2] = Template(registers=0.0)
    group.template_version = 2
    return group


def test_a_broken_image_is_launched_ever_less_often_and_costs_no_more() -> None:
    """If each were given up after `boot_seconds`, there were twelve launches in an hour."""
    stage, _ = slow(1, floor=1)
    broken(stage)
    every: list[int] = []
    for _ in range(6):
        before = launched(stage)
        stage.run(HOUR)
        every.append(launched(stage) - before)
    assert every[0] <= 4
    assert all(each <= 2 for each in every[1:])
    ended = stage.world.truth.instance_seconds
    alive = sum(stage.world.kernel.now - m.launched_at for m in stage.world.members())
    assert ended + alive <= 6 * HOUR * (1 + 120 / BOOT_SECONDS)


def test_what_boots_of_a_broken_image_is_waited_for_no_longer_when_another_is_launched() -> None:
    stage, _ = slow(0.2, floor=1)
    group = broken(stage)
    stage.run(2 * HOUR)
    before = launched(stage)
    group.template_version = 1
    stage.world.cloud.touch(group)
    stage.run(180)
    assert launched(stage) == before + 1
    assert online(stage) == 1


def test_a_lone_zombie_goes_as_soon_as_ever_and_the_next_that_registers_ends_all_patience() -> None:
    stage, _ = slow(0.2, floor=1)
    stage.run(600)
    stage.world.stillborn = True
    stage.world.cloud.set_desired("group", 2)
    stage.run(60)
    [zombie] = [m.id for m in stage.world.members() if not m.came]
    stage.world.stillborn = False
    stage.run(BOOT_SECONDS + 120)
    assert zombie in stage.world.truth.ends


def shown(world: World, boots: BootsAudit, *, calm: bool = True) -> None:
    boots.shown(world.ports().controller.read(), calm=calm)


def test_the_auditor_allows_what_was_promised_and_what_it_saw_and_doubles_it_for_who_never_came(
    world: World,
) -> None:
    promised = pool(group="group", boot_seconds=50).policy
    boots = BootsAudit(world, {"group": promised})
    world.stillborn = True
    world.cloud.set_desired("group", 1)
    world.run(100)
    shown(world, boots)
    [zombie] = world.members()
    boots.ended(zombie)
    assert boots.patience("group") == 50, "so young it was not given up"
    world.run(100)
    boots.ended(zombie)
    boots.ended(zombie)
    assert boots.patience("group") == 100, "once, however often it is tried"


@pytest.mark.parametrize(("calm", "patience"), [(True, 69), (False, 100)])
def test_for_the_auditor_too_one_that_comes_ends_all_patience_if_the_loops_could_see_it_come(
    world: World, *, calm: bool, patience: float
) -> None:
    boots = BootsAudit(world, {"group": pool(group="group", boot_seconds=50).policy})
    world.stillborn = True
    world.cloud.set_desired("group", 1)
    world.run(200)
    boots.ended(world.members()[0])
    world.stillborn = False
    world.cloud.set_desired("group", 2)
    world.run(5)
    shown(world, boots)
    assert boots.patience("group") == 100
    world.run(65)
    shown(world, boots, calm=calm)
    assert boots.patience("group") == patience
