"""Stories that a newcomer can read: the real loops on the simulated world, told by the journal."""

from typing import Any

from tests.facts import pool
from workhorse.core.explain import explain
from workhorse.core.model import Lifecycle, Release
from workhorse.sim.groups import Shape
from workhorse.sim.stage import Stage
from workhorse.sim.truth import Hand
from workhorse.sim.world import START, World

HOUR = 3600.0
EXPLAINED = """\
2023-11-14 22:13:20 Jenkins runs as session 00000001: nothing is destroyed for a while
2023-11-14 22:16:20 linux: desired 0 -> 1; target 1 by \
need: 0 -> 1 (1 queued + 0 running / 1 executors)
2023-11-14 22:16:30 linux: desired reads 0 -> 1: as we asked
2023-11-14 22:21:10 linux: chosen to leave i-00000001; target 0 by \
need: 0 -> 0 (0 queued + 0 running / 1 executors)
2023-11-14 22:21:40 i-00000001: ended, desired less one: scale-in drain: idle twice and settled
2023-11-14 22:21:42 linux: desired reads 1 -> 0: as we asked"""


def stage(**changes: Any) -> Stage:
    """One pool of up to ten agents, its loops past the grace that follows a first start."""
    shape = Shape(group="linux-agents", labels=frozenset({"linux"}), maximum=10, queue="q")
    kept = pool(**({"queue_url": "q", "idle_seconds": 120} | changes))
    made = Stage(World([shape]), [kept])
    made.run(180)
    return made


def effects(told: Stage, *names: str) -> list[str]:
    return [
        f"{r['at'] - START:.0f} {r['effect']} {r.get('size', r.get('instance', r.get('node')))}"
        for r in told.world.journal.records
        if r["kind"] == "effect" and r["effect"] in names
    ]


def killed(told: Stage) -> list[Hand]:
    return [kill.hand for kill in told.world.truth.kills]


def test_a_build_comes_an_agent_boots_and_leaves_when_it_was_idle_for_long() -> None:
    told = stage()
    told.world.jenkins.submit("api-tests", 300, "linux")
    told.run(HOUR)

    assert effects(
        told, "SetDesiredCapacity", "Cordon", "TerminateInstance", "CompleteHook", "DeleteNode"
    ) == [
        "180 SetDesiredCapacity 1",
        "670 Cordon i-00000001",
        "700 TerminateInstance i-00000001",
        "702 CompleteHook i-00000001",
        "712 DeleteNode i-00000001",
    ]
    assert told.world.leftovers() == (frozenset(), frozenset())
    assert killed(told) == []


def test_an_agent_that_was_chosen_to_leave_goes_back_to_work_when_demand_returns() -> None:
    told = stage()
    told.world.jenkins.submit("first", 60, "linux")
    told.run(260)
    while not effects(told, "Cordon"):
        told.run(1)
    told.world.jenkins.submit("second", 60, "linux")
    told.run(120)

    assert effects(told, "Recall")
    assert effects(told, "TerminateInstance") == []
    assert len(effects(told, "SetDesiredCapacity")) == 1
    assert [f.node for f in told.world.truth.finished] == ["i-00000001", "i-00000001"]


def test_an_agent_that_aws_wants_back_finishes_its_build_first() -> None:
    told = stage()
    told.world.jenkins.submit("long", 2 * HOUR, "linux")
    told.run(300)
    told.world.cloud.terminate("i-00000001", Hand.OUTSIDE, decrement=False)
    told.run(HOUR)
    assert [m.lifecycle for m in told.world.members(Lifecycle.TERMINATING_WAIT)]

    told.run(2 * HOUR)

    assert killed(told) == []
    assert [f.task for f in told.world.truth.finished] == ["long"]
    assert effects(told, "ForgetMessage")
    assert told.world.leftovers() == (frozenset(), frozenset())


def test_the_release_job_ends_the_hook_from_the_agent() -> None:
    told = stage(release=Release.JOB)
    told.world.jenkins.submit("short", 60, "linux")
    told.run(HOUR)

    assert len(effects(told, "QueueReleaseJob")) == 1
    assert effects(told, "CompleteHook") == []
    assert told.world.leftovers() == (frozenset(), frozenset())
    assert killed(told) == []


def test_a_jenkins_that_does_not_answer_loses_no_agent_and_no_hook() -> None:
    told = stage()
    for number in range(3):
        told.world.jenkins.submit(f"build-{number}", 600, "linux")
    told.run(300)
    told.world.cloud.terminate("i-00000001", Hand.OUTSIDE, decrement=False)
    told.world.restart_jenkins(down_seconds=1200)
    told.run(1100)

    assert effects(told, "TerminateInstance", "CompleteHook", "DeleteNode") == []
    assert len(effects(told, "Heartbeat")) >= 3
    assert [m.id for m in told.world.members(Lifecycle.TERMINATING_WAIT)] == ["i-00000001"]


def test_the_journal_says_why_desired_capacity_changed_each_time() -> None:
    told = stage()
    told.world.jenkins.submit("api-tests", 100, "linux")
    told.run(1200)

    assert "\n".join(explain(told.world.journal.records)) == EXPLAINED


def test_a_build_day_of_three_pools_kills_nothing_and_leaves_nothing() -> None:
    names = ("linux", "windows", "macos")
    shapes = [
        Shape(group=f"{n}-agents", labels=frozenset({n}), maximum=20, queue=f"q-{n}") for n in names
    ]
    pools = [pool(n, n, queue_url=f"q-{n}", ceiling=20, idle_seconds=120) for n in names]
    told = Stage(World(shapes, seed=7), pools)
    for minute in range(240):
        for n in names:
            if told.world.rng.random() < 0.2:
                told.world.jenkins.submit(f"{n}-{minute}", told.world.rng.uniform(30, 1500), n)
        if minute % 40 == 39 and (members := told.world.members(Lifecycle.IN_SERVICE)):
            victim = told.world.rng.choice(members).id
            told.world.cloud.terminate(victim, Hand.OUTSIDE, decrement=False)
        if minute % 60 == 59:
            told.restart()
        told.run(60)
    told.run(2 * HOUR)

    assert killed(told) == []
    assert told.world.leftovers() == (frozenset(), frozenset())
    assert len(told.world.truth.finished) > 100
