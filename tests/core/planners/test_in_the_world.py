"""Every planner with the real loops in the simulated world: it serves, shrinks and remembers."""

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.facts import jenkins, pool, snapshot
from workhorse import plugins
from workhorse.core.learn import Learned
from workhorse.loops.driver import Pace
from workhorse.sim.groups import Shape
from workhorse.sim.stage import Stage
from workhorse.sim.world import World

HOURS = 3600.0
POOL = pool(queue_url="q/linux", cool_down_seconds=0, idle_seconds=60, ceiling=30)


def stage(name: str, seed: int = 1, **options: object) -> Stage:
    shape = Shape(group="linux-agents", labels=frozenset({"linux"}), maximum=30, queue="q/linux")
    world = World([shape], seed=seed)
    planners = {"linux": plugins.planner(name, options)}
    return Stage(world, [POOL], pace=Pace(glance=5, mail=5), planners=planners)


def pushes(seed: int, hours: float) -> Iterator[tuple[float, float]]:
    """Pushes of four builds of five to twenty minutes, some three an hour."""
    rng = random.Random(seed)  # noqa: S311 - chance, not secrets
    at = 0.0
    while (at := at + rng.expovariate(3 / HOURS)) < hours * HOURS:
        yield from ((at, rng.uniform(300, 1200)) for _ in range(4))


def day(played: Stage, hours: float = 8) -> list[float]:
    """The waits of a day's builds, after which everything may have left."""
    world = played.world
    builds = list(pushes(7, hours))
    for at, seconds in builds:
        world.kernel.after(at, world.jenkins.submit, "job", seconds, "linux")
    played.run((hours + 2) * HOURS)

    assert len(world.truth.finished) == len(builds)
    assert world.truth.kills == []
    return [finish.waited for finish in world.truth.finished]


@pytest.mark.parametrize("name", ["exact", "duration", "objective"])
def test_builds_wait_for_little_more_than_a_boot_and_the_pool_empties(name: str) -> None:
    played = stage(name, **({"wait_seconds": 95} if name == "objective" else {}))
    waits = sorted(day(played))

    assert waits[int(0.95 * len(waits))] <= 60 + 30
    assert played.world.members() == []


def test_the_stock_planner_serves_in_its_own_time() -> None:
    waits = day(stage("stock", maximum=30, reevaluate_minutes=1))

    assert max(waits) <= 60 + 60 + 30


def test_what_was_learned_outlives_the_process() -> None:
    played = stage("duration")
    day(played, hours=4)
    kept = played.world.journal.last("learned:linux")
    played.restart()
    played.run(60)

    assert kept is not None
    learned = Learned.from_record(kept)
    assert 60 <= (learned.boot(0.5) or 0) <= 70
    found = played.driver._control._memory["linux"].learned
    assert found.boots == learned.boots
    assert found.gaps == learned.gaps


def test_it_is_journalled_now_and_then_and_not_at_every_tick() -> None:
    played = stage("exact")
    day(played, hours=5)

    assert 3 <= len(played.world.journal.of("learned:linux")) <= 5


def test_a_group_that_was_not_read_teaches_nothing_at_the_look_after_it() -> None:
    played = stage("exact")
    played.run(600)
    control = played.driver._control
    had = control._memory["linux"].learned
    shown = snapshot(jenkins(), at=played.world.clock.now())
    control.tick(replace(shown, groups={"linux-agents": None}), {}, {})

    assert had.sight is not None
    assert control._memory["linux"].learned == had.blinded()
