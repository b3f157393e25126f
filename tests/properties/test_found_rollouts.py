"""What the properties found of rollouts once, each as small as it could be made."""

from workhorse.core.model import Policy
from workhorse.core.orders import RolloutPolicy, Strategy
from workhorse.sim.faults.plan import BuildPlan, FaultPlan, PoolPlan
from workhorse.sim.faults.play import run
from workhorse.sim.faults.rollout import Made, RolloutOrdered


def test_builds_that_wait_for_a_dead_image_do_not_hold_its_replacement_up() -> None:
    """Nobody ever boots for them but of the image that is ordered."""
    plan = FaultPlan(
        pools=(
            PoolPlan(
                policy=Policy(name="linux", labels=frozenset({"linux"}), ceiling=1),
                rollout=RolloutPolicy(queue_wait_seconds=600),
            ),
        ),
        builds=(BuildPlan(at=1000.0, seconds=60.0, label="linux"),),
        faults=(
            RolloutOrdered(at=100.0, made=Made.DEAD, canary=False),
            RolloutOrdered(at=2000.0, strategy=Strategy.REFRESH, canary=False),
        ),
    )
    verdict = run(plan)
    assert verdict.kept, verdict
    assert verdict.finished == 1
