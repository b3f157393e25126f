"""Builds that are lost with their instance: queued again once, where their job wants it."""

from typing import Any

import pytest

from tests.facts import pool
from workhorse.core.asks import AskKind
from workhorse.core.requeue import RequeuePolicy
from workhorse.sim.builds import Build
from workhorse.sim.groups import Shape
from workhorse.sim.line import CrashPoint, Side, Trip
from workhorse.sim.lost_builds import SimBuilds
from workhorse.sim.stage import Stage
from workhorse.sim.truth import Hand
from workhorse.sim.world import START, World

MARKER = "[queue again]"
JOBS = {
    "tests": f"All tests. {MARKER}",
    "nightly": "All of them, slowly.",
    "team/deploy-site": f"To the site. {MARKER}",
}
FIRST = "i-00000001"


class Told:
    """One pool of spot agents whose lost builds may be queued again, past its first grace."""

    def __init__(self, **changes: Any) -> None:
        shape = Shape(group="linux-agents", labels=frozenset({"linux"}), maximum=10, queue="q")
        self.world = World([shape])
        self.world.asking.allowed = True
        self.builds: SimBuilds = self.world.allow_requeue(JOBS)
        policy = RequeuePolicy(marker=MARKER)
        kept = pool(**({"queue_url": "q", "idle_seconds": 600} | changes))
        self.stage = Stage(self.world, [kept], requeue=policy)
        self.run(180)

    def run(self, seconds: float) -> None:
        """Let loops and world go on."""
        self.stage.run(seconds)

    def submit(self, job: str, seconds: float = 900, **more: Any) -> Build:
        """A build that runs on an agent when this returns."""
        build = self.builds.submit(job, seconds, "linux", **more)
        self.run(120)
        assert build.node
        return build

    def lose(self, build: Build, *, warned: bool = True) -> None:
        """EC2 takes the instance that it runs on."""
        if warned:
            self.world.interrupt_spot(build.node)
        else:
            self.world.cloud.ec2_terminate(build.node, Hand.OUTSIDE)
        self.run(600)

    def again(self) -> list[str]:
        """The jobs that we queued."""
        return [kept.build.task for kept in self.builds.kept.values() if kept.ours]

    def effects(self, name: str) -> list[float]:
        """When an effect of that name was asked for."""
        records = self.world.journal.of("effect")
        return [r["at"] - START for r in records if r["effect"] == name]

    def reasons(self) -> list[str]:
        """Why builds were left."""
        return [r["because"] for r in self.world.journal.of("lost") if r["after"] == "LEFT"]


@pytest.mark.parametrize("warned", [True, False])
def test_a_build_whose_job_opted_in_is_queued_again_once_with_its_parameters(
    *, warned: bool
) -> None:
    told = Told()
    lost = told.submit("tests", number=7)
    told.lose(lost, warned=warned)
    told.run(3600)

    (rerun,) = [kept for kept in told.builds.kept.values() if kept.ours]
    assert rerun.parameters == told.builds.kept[lost.id].parameters
    assert told.builds.result(rerun.build) == "SUCCESS"
    assert "queued again" in told.builds.kept[lost.id].description


def test_a_warned_agent_is_cordoned_within_five_seconds_of_the_notice() -> None:
    told = Told()
    told.world.queues.losing.add("q")
    build = told.submit("tests")
    noticed = told.world.kernel.now - START
    told.world.interrupt_spot(build.node)
    told.run(30)

    assert told.effects("Cordon")[-1] - noticed <= 5


def test_a_job_that_did_not_opt_in_a_deploy_and_a_run_of_ours_are_left() -> None:
    told = Told()
    for job in ("nightly", "team/deploy-site"):
        told.lose(told.submit(job))
    told.lose(told.submit("tests", ours=True))
    told.run(1200)

    assert told.again() == ["tests"]
    assert set(told.reasons()) >= {"its job did not opt in", "we queued it ourselves"}


def test_a_build_that_ends_before_its_instance_is_not_queued_again() -> None:
    told = Told()
    build = told.submit("tests", 150)
    told.lose(build)

    assert told.builds.result(build) == "SUCCESS"
    assert told.again() == []


def test_a_build_that_is_alike_and_waits_is_let_go_first_for_jenkins_would_make_one_of_both() -> (
    None
):
    told = Told(ceiling=1)
    lost = told.submit("tests", 300, number=1)
    told.builds.submit("tests", 300, "linux", number=1)
    told.lose(lost, warned=False)
    told.run(3600)

    runs = [kept for kept in told.builds.kept.values() if kept.build.id != lost.id]
    assert [kept.ours for kept in runs] == [False, True]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("changes", range(1, 13))
def test_killed_at_any_change_after_the_loss_it_is_queued_again_once(
    changes: int, *, after: bool
) -> None:
    told = Told()
    lost = told.submit("tests")
    told.world.interrupt_spot(lost.node)
    told.run(110)
    told.world.line.crash = CrashPoint(changes=changes, after=after)
    told.run(3600)

    assert told.again() == ["tests"]


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("changes", range(1, 7))
def test_a_lost_answer_of_jenkins_is_no_reason_to_queue_twice(changes: int, *, done: bool) -> None:
    told = Told()
    lost = told.submit("tests")
    told.world.interrupt_spot(lost.node)
    told.run(110)
    told.world.line.trips.append(Trip(side=Side.JENKINS, changes=changes, done=done))
    told.run(3600)

    assert told.again() == ["tests"]


def test_a_controller_that_lost_its_journal_finds_the_mark_and_does_not_queue_twice() -> None:
    told = Told()
    lost = told.submit("tests")
    told.lose(lost)
    assert told.again() == ["tests"]
    told.world.journal._last.pop("requeue")
    told.stage.restart()
    told.run(3600)

    assert told.again() == ["tests"]


def test_what_was_lost_and_what_was_queued_again_is_counted() -> None:
    told = Told()
    for job in ("tests", "nightly"):
        told.lose(told.submit(job))
    told.run(60)
    counted = told.world.journal.of("lost")

    assert [r["after"] for r in counted if r["after"] in {"QUEUED", "LEFT"}] == ["QUEUED", "LEFT"]


def test_an_agent_that_asks_again_and_again_is_drained_once() -> None:
    told = Told()
    build = told.submit("tests", 300)
    told.world.asking.ask(build.node, AskKind.STOP)
    told.run(3600)

    assert len(told.effects("TerminateInstance")) == 1
    assert told.builds.result(build) == "SUCCESS"
    assert FIRST not in told.world.jenkins.computers
