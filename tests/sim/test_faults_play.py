"""Living through a plan, and the verdict on it."""

from dataclasses import replace

import pytest

from tests.properties.breakages import BREAKAGES
from workhorse.core.effects import Effect
from workhorse.core.model import Policy
from workhorse.loops.perform import RealPerformer
from workhorse.sim.faults import draw
from workhorse.sim.faults.aws import AgentsNeverRegister, InstanceEnded, InstanceHung
from workhorse.sim.faults.fault import Fault
from workhorse.sim.faults.messages import MessagesLost
from workhorse.sim.faults.ours import ClockJumped, LoopsCrashed, SideFailed
from workhorse.sim.faults.plan import BuildPlan, FaultPlan, PoolPlan
from workhorse.sim.faults.play import Loops, run
from workhorse.sim.faults.verdict import Broken, Promise, Verdict
from workhorse.sim.line import Side

POLICY = Policy(
    name="linux",
    labels=frozenset({"linux"}),
    ceiling=3,
    idle_seconds=40,
    cool_down_seconds=20,
    boot_seconds=120,
)
PLAN = FaultPlan(
    pools=(PoolPlan(policy=POLICY, hook_seconds=120),),
    builds=tuple(BuildPlan(at=60.0 * n, seconds=300, label="linux") for n in range(1, 4)),
    seconds=1800,
)


def with_faults(*faults: Fault) -> FaultPlan:
    return replace(PLAN, faults=faults)


def test_a_plan_without_faults_keeps_every_promise_and_ends_every_build() -> None:
    verdict = run(PLAN)
    assert verdict.kept, verdict
    assert str(verdict) == "all promises were kept"
    assert (verdict.builds, verdict.finished, verdict.kills) == (3, 3, {})
    assert verdict.effects > 10


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_same_plan_has_the_same_verdict(seed: int) -> None:
    assert run(draw.plan(seed)) == run(draw.plan(seed))


@pytest.mark.parametrize("seed", range(10, 16))
def test_leaving_out_turns_that_would_do_nothing_changes_no_verdict(seed: int) -> None:
    plan = draw.plan(seed)
    assert run(plan, Loops(skipping=False)) == run(plan)


def test_a_hook_may_run_out_only_when_no_heartbeat_can_get_through() -> None:
    silenced = with_faults(
        InstanceEnded(at=200), SideFailed(at=201, side=Side.AUTO_SCALING, seconds=400)
    )
    heard = with_faults(InstanceEnded(at=200))
    assert run(silenced).kept
    assert run(silenced).kills == {"aws": 1}
    assert run(heard).kills == {}
    loops = BREAKAGES["heartbeat dropped"].loops
    assert run(heard, loops).promises == {Promise.HOOKS}
    assert run(silenced, loops).kept


def test_an_instance_whose_message_is_lost_is_found_at_its_hook() -> None:
    verdict = run(with_faults(MessagesLost(at=10, seconds=1700), InstanceEnded(at=200)))
    assert verdict.kept, verdict
    assert verdict.finished == 3


def test_loops_may_end_as_often_as_they_are_killed_and_by_no_error_of_their_own() -> None:
    crashed = run(with_faults(LoopsCrashed(at=100), LoopsCrashed(at=300, after=True)))
    assert crashed.kept, crashed
    assert crashed.crashes == 2

    class Clumsy(RealPerformer):
        def perform(self, effect: Effect, because: str) -> None:
            """Trip."""
            raise ZeroDivisionError(effect, because)

    [broken] = run(PLAN, Loops(performer=Clumsy)).broken
    assert broken.promise is Promise.ALIVE
    assert "ZeroDivisionError" in broken.what


def test_a_clock_that_is_wrong_for_good_harms_nobody() -> None:
    for by in (-3600.0, 3600.0):
        verdict = run(with_faults(ClockJumped(at=100, by_seconds=by), LoopsCrashed(at=110)))
        assert verdict.kept, verdict
        assert verdict.finished == 3


def test_what_never_registers_and_what_hangs_is_ended_by_the_loops() -> None:
    verdict = run(with_faults(AgentsNeverRegister(at=50, seconds=30), InstanceHung(at=400)))
    assert verdict.kept, verdict


def test_builds_that_no_pool_can_run_are_explained_and_others_must_have_run() -> None:
    nobody = BuildPlan(at=10, label="windows")
    assert run(replace(PLAN, builds=(nobody, *PLAN.builds))).kept
    starved = run(PLAN, BREAKAGES["scale-out dropped"].loops)
    assert Promise.BUILDS in starved.promises
    assert "build 1 (linux) is buildable still" in str(starved)


def test_a_broken_promise_is_told_with_its_time_and_its_names() -> None:
    broken = Broken(promise=Promise.NO_KILL, at=61.25, what="build 3 on i-1")
    assert str(Verdict(broken=(broken,))) == "     61.2 s  NO_KILL: build 3 on i-1"
