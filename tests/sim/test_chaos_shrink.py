"""Making failing plans smaller, against runs that are a plain function of the plan."""

from workhorse.sim.faults import draw
from workhorse.sim.faults.ours import LoopsCrashed
from workhorse.sim.faults.plan import FaultPlan
from workhorse.sim.faults.verdict import Broken, Promise, Verdict
from workhorse.sim.shrink import as_test, shrink

KEPT = Verdict()
OPTED = ("stock", True)


def failing(promise: Promise = Promise.DRAINS) -> Verdict:
    return Verdict(broken=(Broken(promise=promise, at=0.0, what="something"),))


def crashes_while_linux_waits(plan: FaultPlan) -> Verdict:
    crash = any(isinstance(each, LoopsCrashed) and each.changes > 2 for each in plan.faults)
    return failing() if crash and any(b.label == "linux" for b in plan.builds) else KEPT


def a_plan_that(run: object) -> FaultPlan:
    assert callable(run)
    return next(plan for plan in map(draw.plan, range(500)) if not run(plan).kept)


def test_only_what_the_failure_needs_is_left() -> None:
    small = shrink(a_plan_that(crashes_while_linux_waits), crashes_while_linux_waits)
    [fault] = small.faults
    assert isinstance(fault, LoopsCrashed)
    assert (fault.at, fault.after) == (0.0, False)
    assert fault.changes > 2
    [build] = small.builds
    assert (build.at, build.pipeline, build.seconds) == (0.0, False, 60.0)
    [pool] = small.pools
    assert (pool.boots, pool.spot, pool.policy.buffer, pool.policy.floor) == ((60.0,), False, 0, 0)
    assert small.seed == 0


def test_a_plainer_planner_has_none_of_the_options_of_the_one_before() -> None:
    """It would refuse them, and the plan could not be made smaller at all."""
    drawn = map(draw.plan, range(500))
    planned = next(p for p in drawn if (p.pools[0].planner, bool(p.pools[0].options)) == OPTED)

    def run(plan: FaultPlan) -> Verdict:
        assert all(pool.made_planner() for pool in plan.pools)
        return failing()

    [pool] = shrink(planned, run).pools
    assert (pool.planner, pool.options) == ("exact", ())


def test_a_plan_that_keeps_its_promises_comes_back_as_it_is() -> None:
    plan = draw.plan(1)
    assert shrink(plan, lambda _: KEPT) is plan


def test_no_more_plans_are_tried_than_said() -> None:
    tried = 0

    def run(_: FaultPlan) -> Verdict:
        nonlocal tried
        tried += 1
        return failing() if tried < 30 else KEPT

    shrink(draw.plan(1), run, runs=50)
    assert tried <= 51


def test_another_failure_is_not_taken_for_the_same() -> None:
    plan = a_plan_that(crashes_while_linux_waits)

    def run(candidate: FaultPlan) -> Verdict:
        return failing(Promise.DRAINS if candidate == plan else Promise.BUILDS)

    assert shrink(plan, run) == plan


def test_the_test_says_what_was_broken() -> None:
    text = as_test(draw.plan(2), failing(Promise.NO_KILL), "story")
    assert "def test_story() -> None:" in text
    assert '"""It broke NO_KILL."""' in text
    assert text.startswith("from workhorse.core.model import Policy")
