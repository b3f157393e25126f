"""Leaving out idle turns changes nothing: the same records, the same world, fewer readings."""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.facts import pool
from tests.sim.conftest import LINUX, QUEUE
from workhorse.core.decide import EXACTLY
from workhorse.core.model import Group, Jenkins
from workhorse.core.plan import Plan, Planner, Situation
from workhorse.core.planners.duration import Duration
from workhorse.core.planners.exact import Exact
from workhorse.core.planners.objective import Objective
from workhorse.core.planners.stock import Stock
from workhorse.loops.driver import Pace
from workhorse.loops.ports import Cloud, Controller, Ports
from workhorse.sim.faults.draw import plan as drawn
from workhorse.sim.faults.fault import plan_faults
from workhorse.sim.faults.plan import BuildPlan, FaultPlan
from workhorse.sim.groups import Shape
from workhorse.sim.line import Side
from workhorse.sim.stage import Stage
from workhorse.sim.workload import read_csv
from workhorse.sim.world import START, World

TRACE = Path(__file__).parents[2] / "data" / "traces" / "bitcoin-core.csv"
DAY = 86_400.0
PLANNERS: Sequence[Planner] = (
    Exact(),
    Exact(idle_agents=2),
    Stock(),
    Duration(),
    Objective(),
)
PACES = (
    Pace(tick=10, glance=10, mail=10, publish=60),
    Pace(),
    Pace(tick=7, glance=1.3, mail=2.1, publish=61),
    Pace(tick=30, glance=5, mail=45, publish=20),
)


def same(one: Stage, other: Stage) -> bool:
    """What was journalled, what became of the world, and what was published last."""
    ours, theirs = one.world, other.world
    assert ours.journal.records == theirs.journal.records
    assert ours.truth == theirs.truth
    assert ours.metrics.published_at == theirs.metrics.published_at
    assert ours.metrics.published == theirs.metrics.published
    return ours.kernel.now == theirs.kernel.now


def faulty(plan: FaultPlan, planner: Planner, *, skipping: bool) -> Stage:
    """A random small world with its faults, and a while after them."""
    world = World([p.shape for p in plan.pools], seed=plan.seed, exact=False)
    world.jenkins.timings = plan.timings
    world.queues.shuffled = plan.shuffled
    pools = [each.pool for each in plan.pools]
    stage = Stage(
        world,
        pools,
        pace=Pace(tick=plan.tick, glance=plan.glance, mail=plan.mail, publish=300.0),
        default_pool=pools[0].name if pools else "",
        planners={each.name: planner for each in pools},
        skipping=skipping,
    )

    def submit(build: BuildPlan) -> None:
        if world.jenkins.up:
            world.jenkins.submit("job", build.seconds, build.label, pipeline=build.pipeline)

    for build in plan.builds:
        world.kernel.at(START + build.at, submit, build)
    plan_faults(world, plan.faults)
    stage.run(plan.seconds)
    world.line.calm()
    stage.run(3600)
    return stage


@given(seed=st.integers(0, 10**6), planner=st.sampled_from(PLANNERS))
@settings(max_examples=8)
def test_a_world_with_faults_is_the_same_to_the_last_record(seed: int, planner: Planner) -> None:
    plan = drawn(seed)
    assert same(
        faulty(plan, planner, skipping=True),
        faulty(plan, planner, skipping=False),
    )


def recorded(
    make: Callable[[Sequence[Shape]], World], stage: Callable[..., Stage], days: float = 2
) -> Stage:
    """Some days of a trace, with boots by chance and a pool for each label."""
    begin = 2 * DAY
    jobs = [j for j in read_csv(TRACE) if begin <= j.arrival < begin + days * DAY]
    labels = sorted({job.label for job in jobs})

    def boot(rng: Random) -> float:
        return rng.uniform(40, 90)

    world = make(
        [
            Shape(
                group=name,
                labels=frozenset({name}),
                maximum=100,
                queue=f"queue/{name}",
                boot_seconds=boot,
            )
            for name in labels
        ]
    )
    for job in jobs:
        at = START + job.arrival - begin
        world.kernel.at(at, world.jenkins.submit, "job", job.seconds, job.label)
    pools = [
        pool(name=n, labels=n, group=n, queue_url=f"queue/{n}", ceiling=100, idle_seconds=60)
        for n in labels
    ]
    playing = stage(world, pools, pace=PACES[0])
    playing.run(days * DAY)
    return playing


def test_two_recorded_days_are_the_same_by_a_third_of_the_readings_at_most() -> None:
    make = partial(World, exact=False)
    fast, full = recorded(make, Stage), recorded(make, partial(Stage, skipping=False))
    assert same(fast, full)
    assert fast.world.line.reads[Side.JENKINS] < full.world.line.reads[Side.JENKINS] / 3


class Anew:
    """Tells copies, so that no fact is ever the same object again."""

    def __init__(self, port: Any) -> None:
        self._port = port

    def __getattr__(self, call: str) -> Any:
        return getattr(self._port, call)

    def read(self) -> Jenkins:
        """A copy of the reading."""
        told: Jenkins = copy.deepcopy(self._port.read())
        return told

    def groups(self, names: Sequence[str]) -> Mapping[str, Group]:
        """Copies of the groups."""
        return {name: copy.deepcopy(told) for name, told in self._port.groups(names).items()}


class ForgetfulWorld(World):
    """A world whose ports tell everything anew, as real ones do."""

    def ports(self) -> Ports:
        """The world's ports behind copiers."""
        ports = super().ports()
        controller: Controller = Anew(ports.controller)
        cloud: Cloud = Anew(ports.cloud)
        return replace(ports, controller=controller, cloud=cloud)


def test_facts_that_are_told_anew_give_what_those_that_are_kept_give() -> None:
    kept = recorded(partial(World, exact=False), Stage, 0.5)
    assert same(kept, recorded(partial(ForgetfulWorld, exact=False), Stage, 0.5))


@given(
    seed=st.integers(0, 1000),
    pace=st.sampled_from(PACES),
    planner=st.sampled_from(PLANNERS),
    executors=st.integers(1, 3),
    idle=st.sampled_from([0.0, 45.0, 300.0]),
)
@settings(max_examples=8)
def test_a_morning_of_chance_is_the_same_at_any_pace(
    seed: int, pace: Pace, planner: Planner, executors: int, idle: float
) -> None:
    def morning(*, skipping: bool) -> Stage:
        shape = Shape(
            group="group",
            labels=LINUX,
            maximum=5,
            queue=QUEUE,
            executors=executors,
            boot_seconds=lambda rng: rng.uniform(20, 400),
        )
        world = World([shape], seed=seed)
        world.jenkins.timings.quiet = 60.0
        at = 0.0
        for number in range(25):
            at += world.rng.expovariate(1 / 200)
            world.kernel.after(at, world.jenkins.submit, f"job-{number}", 150.0, "linux")
        own = pool(
            group="group",
            queue_url=QUEUE,
            ceiling=5,
            floor=1,
            executors=executors,
            idle_seconds=idle,
        )
        stage = Stage(world, [own], pace=pace, planners={own.name: planner}, skipping=skipping)
        stage.run(1000)
        stage.run(1.5)
        stage.run(9000)
        return stage

    assert same(morning(skipping=True), morning(skipping=False))


QUIET = pool(group="group", queue_url=QUEUE, ceiling=5, floor=2)


def test_a_day_in_which_nothing_happens_takes_few_readings(world: World) -> None:
    Stage(world, [QUIET], pace=replace(PACES[0], publish=inf)).run(DAY)
    assert len(world.jenkins.computers) == 2
    assert world.line.reads[Side.JENKINS] < 100


def test_a_planner_that_cannot_tell_how_long_its_plan_holds_is_asked_at_every_tick(
    world: World,
) -> None:
    asked: list[float] = []

    @dataclass(frozen=True)
    class Unsure:
        def plan(self, situation: Situation) -> Plan:
            asked.append(situation.now)
            return replace(EXACTLY.plan(situation), holds_until=situation.now)

    Stage(world, [QUIET], pace=PACES[0], planners={QUIET.name: Unsure()}).run(3600)
    assert len(asked) == 360


@pytest.mark.parametrize("trouble", ["slow", "old", "lagging", "ahead"])
def test_nothing_is_left_out_while_the_loops_are_not_told_plainly_what_is(
    world: World, trouble: str
) -> None:
    match trouble:
        case "slow":
            world.line.seconds[Side.EC2] = 1.0
        case "old":
            world.line.old[Side.JENKINS] = 5.0
        case "lagging":
            world.cloud.lag_seconds = 5.0
        case _:
            world.ahead_seconds = 3.0
    Stage(world, [QUIET], pace=PACES[0]).run(3600)
    assert world.line.reads[Side.AUTO_SCALING] == 360


def test_a_message_that_is_delivered_late_is_heard_in_a_quiet_hour(world: World) -> None:
    stage = Stage(world, [QUIET], pace=PACES[0])
    stage.run(600)
    world.queues.send(QUEUE, "no JSON", delay=1000.0)
    stage.run(1200)
    assert world.journal.of("heard")[0]["at"] == START + 1600


def test_what_is_changed_between_two_runs_is_seen_by_the_first_turn(world: World) -> None:
    stage = Stage(world, [QUIET], pace=PACES[0])
    stage.run(900)
    world.cloud.groups["group"].desired = 4
    world.cloud.groups["group"].changed(world.kernel.now, keep=0.0)
    stage.run(10)
    [changed] = [r for r in world.journal.of("desired") if r["after"] == 4]
    assert changed["at"] == START + 900
