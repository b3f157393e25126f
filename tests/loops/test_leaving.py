"""Agents that leave of themselves: the real loops on the simulated world, told by the journal."""

from dataclasses import replace
from typing import Any

import pytest

from tests.facts import pool
from workhorse.core.agents import AgentPolicy
from workhorse.core.asks import AskKind
from workhorse.core.model import Scaling
from workhorse.sim.groups import Shape
from workhorse.sim.line import Side, Trip
from workhorse.sim.stage import Stage
from workhorse.sim.truth import Hand
from workhorse.sim.world import START, World

HOUR = 3600.0
NEVER = 10**6
FIRST, SECOND = "i-00000001", "i-00000002"


def stage(idle_minutes: float = 0, max_builds: int = 0, **changes: Any) -> Stage:
    """One pool whose planner ends nobody within the hour, past its first grace."""
    shape = Shape(group="linux-agents", labels=frozenset({"linux"}), maximum=10, queue="q")
    agent = AgentPolicy(idle_minutes=idle_minutes, max_builds=max_builds)
    kept = pool(**({"queue_url": "q", "idle_seconds": NEVER} | changes))
    world = World([shape])
    world.asking.allowed = True
    made = Stage(world, [replace(kept, agent=agent)])
    made.run(180)
    return made


def worked(made: Stage, seconds: float = 60, number: int = 1) -> Stage:
    """Builds ran, and their agents are idle."""
    for each in range(number):
        made.world.jenkins.submit(f"build-{each}", seconds, "linux")
    made.run(300)
    return made


def effects(told: Stage, name: str) -> list[Any]:
    return [r for r in told.world.journal.of("effect") if r["effect"] == name]


def desired(told: Stage) -> int:
    return told.world.cloud.groups["linux-agents"].desired


def stays(told: Stage) -> list[str]:
    return [r["because"] for r in told.world.journal.of("stays")]


def test_an_agent_that_idles_for_too_long_leaves_with_decrement_though_nobody_asked() -> None:
    told = worked(stage(idle_minutes=10))
    told.run(HOUR)

    (ended,) = effects(told, "TerminateInstance")
    (finished,) = told.world.truth.finished
    assert ended["decrement"]
    assert 600 <= ended["at"] - finished.at <= 660
    assert desired(told) == 0
    assert told.world.leftovers() == (frozenset(), frozenset())


def test_an_end_whose_answer_was_lost_counts_when_the_next_one_asks_for_the_floor() -> None:
    """Two are spent in one tick, and the floor leaves room for one to go without another."""
    told = worked(stage(max_builds=2, floor=1, ceiling=2, executors=1), 150, 2)
    for job in ("one", "two"):
        told.world.jenkins.submit(job, 60, "linux")
    told.run(30)
    told.world.line.trips.append(Trip(side=Side.AUTO_SCALING, changes=1, done=True))
    told.run(300)

    first, second = effects(told, "TerminateInstance")[:2]
    assert first["at"] == second["at"]
    assert (first["decrement"], second["decrement"]) == (True, False)


def test_an_agent_that_asks_leaves_as_soon_as_it_was_seen_idle_twice() -> None:
    told = worked(stage())
    asked = told.world.kernel.now
    told.world.asking.ask(FIRST, AskKind.IDLE, again=False)
    told.run(120)

    (ended,) = effects(told, "TerminateInstance")
    assert ended["decrement"]
    assert ended["at"] - asked <= 40


def test_at_the_floor_an_idle_agent_stays_and_the_journal_says_so_once() -> None:
    told = stage(idle_minutes=5, floor=1)
    told.run(HOUR)
    for _ in range(5):
        told.world.asking.ask(FIRST, AskKind.IDLE, again=False)
        told.run(60)

    assert effects(told, "Cordon") == []
    assert stays(told) == ["the pool may not become smaller"]


def test_of_two_idle_agents_above_a_floor_of_one_the_one_leaves_and_the_other_stays() -> None:
    told = worked(stage(idle_minutes=10, floor=1), number=2)
    told.run(HOUR)

    assert len(effects(told, "TerminateInstance")) == 1
    assert desired(told) == 1


def test_in_alarms_mode_an_idle_agent_takes_desired_capacity_down() -> None:
    told = stage(idle_minutes=10, scaling=Scaling.ALARMS)
    told.world.cloud.set_desired("linux-agents", 2)
    told.run(HOUR)

    assert [each["decrement"] for each in effects(told, "TerminateInstance")] == [True, True]
    assert effects(told, "SetDesiredCapacity") == []
    assert desired(told) == 0


def test_an_idle_agent_is_called_back_when_demand_returns() -> None:
    told = worked(stage(idle_minutes=10))
    while not effects(told, "Cordon"):
        told.run(1)
    told.world.jenkins.submit("next", 60, "linux")
    told.run(200)

    assert effects(told, "Recall")
    assert [each.node for each in told.world.truth.finished] == [FIRST, FIRST]


def test_an_agent_of_one_build_runs_one_build_and_is_replaced_at_the_floor() -> None:
    told = stage(max_builds=1, floor=1)
    for _ in range(3):
        told.world.jenkins.submit("test", 120, "linux")
    told.run(HOUR)

    nodes = [each.node for each in told.world.truth.finished]
    assert len(nodes) == len(set(nodes)) == 3
    assert told.world.truth.killed_by(Hand.OURS) == []
    assert desired(told) == 1


def test_a_build_that_is_as_short_as_two_glances_is_counted() -> None:
    told = stage(max_builds=1, floor=1)
    told.world.jenkins.timings.quiet = 5
    told.world.jenkins.submit("short", 2.5, "linux")
    told.run(120)

    assert [each["label"] for each in effects(told, "Cordon")] == [f"workhorse-drain.spent.{FIRST}"]


def test_what_was_counted_outlives_the_process() -> None:
    told = stage(max_builds=2, floor=1)
    told.world.jenkins.submit("one", 60, "linux")
    told.run(120)
    told.restart()
    told.world.jenkins.submit("two", 60, "linux")
    told.run(60)

    assert effects(told, "Cordon")[-1]["node"] == FIRST


@pytest.mark.parametrize("kind", [AskKind.SPOT, AskKind.REBALANCE, AskKind.STOP])
def test_an_ask_cordons_within_five_seconds_and_its_build_ends_in_peace(kind: AskKind) -> None:
    told = stage()
    told.world.jenkins.submit("long", 900, "linux")
    told.run(120)
    asked = told.world.kernel.now
    told.world.asking.ask(FIRST, kind)
    told.run(HOUR)

    (cordon,) = effects(told, "Cordon")
    assert cordon["at"] - asked <= 5
    assert cordon["label"] == f"workhorse-drain.{kind}.{FIRST}"
    assert [each.task for each in told.world.truth.finished] == ["long"]


def test_who_is_told_of_its_end_on_the_way_out_is_called_back_by_no_demand() -> None:
    told = worked(stage(idle_minutes=10))
    while not effects(told, "Cordon"):
        told.run(1)
    told.world.asking.ask(FIRST, AskKind.REBALANCE)
    told.run(3)
    told.world.jenkins.submit("next", 60, "linux")
    told.restart()
    told.run(400)

    assert effects(told, "Recall") == []
    assert [each["label"].split(".")[1] for each in effects(told, "Cordon")] == [
        "idle",
        "rebalance",
    ]
    assert [each.node for each in told.world.truth.finished] == [FIRST, SECOND]
    assert told.world.kernel.now > START
