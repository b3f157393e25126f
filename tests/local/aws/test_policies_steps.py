"""The arithmetic of scaling policies, with the examples of the user guide.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-simple-step.html
"""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workhorse.local.aws.policies_steps import (
    AdjustmentType,
    Fleet,
    Rest,
    Step,
    adjusted,
    pick,
    simple_target,
    step_target,
)

# The user guide's example: threshold 50, no change up to 60, then 10 and 30 per cent.
OUT = (
    Step(adjustment=0, lower=0, upper=10),
    Step(adjustment=10, lower=10, upper=20),
    Step(adjustment=30, lower=20),
)
IN = (
    Step(adjustment=0, lower=-10, upper=0),
    Step(adjustment=-10, lower=-20, upper=-10),
    Step(adjustment=-30, upper=-20),
)


def fleet(desired: int = 10, warm: int | None = None, **other: int) -> Fleet:
    settings = {"minimum": 0, "maximum": 100, **other}
    return Fleet(desired=desired, warm=desired if warm is None else warm, **settings)


@pytest.mark.parametrize(
    ("metric", "change"),
    [(50, 0), (59.9, 0), (60, 10), (69.9, 10), (70, 30), (1000, 30), (49, None)],
)
def test_outwards_the_lower_bound_belongs_to_the_step(metric: float, change: int | None) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_StepAdjustment.html
    """
    step = pick(OUT, metric - 50)
    assert (step.adjustment if step else None) == change


@pytest.mark.parametrize(
    ("metric", "change"),
    [(50, 0), (40.1, 0), (40, -10), (30.1, -10), (30, -30), (-5, -30), (51, None)],
)
def test_inwards_the_upper_bound_belongs_to_the_step(metric: float, change: int | None) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_StepAdjustment.html
    """
    step = pick(IN, metric - 50)
    assert (step.adjustment if step else None) == change


@pytest.mark.parametrize(
    ("kind", "change", "capacity", "magnitude", "answer"),
    [
        (AdjustmentType.CHANGE, 3, 10, 0, 13),
        (AdjustmentType.CHANGE, -3, 10, 0, 7),
        (AdjustmentType.EXACT, 4, 10, 0, 4),
        (AdjustmentType.PERCENT, 10, 10, 0, 11),
        (AdjustmentType.PERCENT, 12, 100, 0, 112),
        (AdjustmentType.PERCENT, 127, 10, 0, 22),
        (AdjustmentType.PERCENT, 5, 10, 0, 11),
        (AdjustmentType.PERCENT, -5, 10, 0, 9),
        (AdjustmentType.PERCENT, -67, 10, 0, 4),
        (AdjustmentType.PERCENT, 25, 4, 2, 6),
        (AdjustmentType.PERCENT, -25, 4, 2, 2),
        (AdjustmentType.PERCENT, 0, 10, 5, 10),
    ],
)
def test_each_kind_of_adjustment(
    kind: AdjustmentType, change: int, capacity: int, magnitude: int, answer: int
) -> None:
    """Percentages are cut towards zero, move one at least, and MinAdjustmentMagnitude at least."""
    assert adjusted(kind, change, capacity, magnitude) == answer


def test_repeated_breaches_of_one_step_add_once_and_a_higher_step_the_difference() -> None:
    """The guide's story: 10 instances, one warming: 62 adds nothing more, 70 adds two.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-simple-step.html
    """
    percent = AdjustmentType.PERCENT
    assert step_target(percent, 10, fleet()) == 11
    assert step_target(percent, 10, fleet(11, warm=10, warming=1)) == 11
    assert step_target(percent, 30, fleet(11, warm=10, warming=1)) == 13


def test_a_step_policy_does_not_shrink_while_instances_warm_up() -> None:
    """Scale-in waits for the warm-up.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-simple-step.html
    """
    change = AdjustmentType.CHANGE
    assert step_target(change, -2, fleet(10, warm=9, warming=1)) == 10
    assert step_target(change, -2, fleet(10)) == 8


def test_leaving_instances_still_count_when_a_step_policy_shrinks() -> None:
    """Two leaving of ten: the same step asks for eight again, not for six.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-simple-step.html
    """
    assert step_target(AdjustmentType.CHANGE, -2, fleet(8, leaving=2)) == 8
    assert step_target(AdjustmentType.CHANGE, -4, fleet(8, leaving=2)) == 6


def test_targets_stay_between_minimum_and_maximum() -> None:
    """A policy never asks for what the group does not allow."""
    tight = fleet(10, minimum=9, maximum=11)
    assert simple_target(AdjustmentType.CHANGE, 5, tight) == 11
    assert simple_target(AdjustmentType.EXACT, 0, tight) == 9
    assert step_target(AdjustmentType.CHANGE, 5, tight) == 11
    assert step_target(AdjustmentType.CHANGE, -5, tight) == 9


@given(
    kind=st.sampled_from(list(AdjustmentType)),
    change=st.integers(-200, 200),
    desired=st.integers(0, 50),
    warming=st.integers(0, 50),
    leaving=st.integers(0, 50),
    magnitude=st.integers(0, 5),
)
def test_a_step_policy_moves_one_way_only_and_within_limits(  # noqa: PLR0913 (Hypothesis names them)
    *, kind: AdjustmentType, change: int, desired: int, warming: int, leaving: int, magnitude: int
) -> None:
    """Outwards never shrinks, inwards never grows, and a second call adds nothing."""
    now = Fleet(
        desired=desired,
        minimum=0,
        maximum=60,
        warm=max(0, desired - warming),
        warming=min(warming, desired),
        leaving=leaving,
    )
    if kind is AdjustmentType.EXACT:
        change = abs(change)
    direct = adjusted(kind, change, desired, magnitude)
    size = step_target(kind, change, now, magnitude)
    assert 0 <= size <= 60
    assert size >= desired if direct > desired else size <= desired
    if size > desired:
        later = Fleet(desired=size, minimum=0, maximum=60, warm=now.warm, warming=size - now.warm)
        assert step_target(kind, change, later, magnitude) == size


def test_the_rest_of_a_group_begins_when_its_activity_ends() -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scaling-cooldowns.html
    """
    assert Rest().left(0.0) == 0.0
    assert Rest(since=100.0, busy=True, cooldown=300.0).left(900.0) == math.inf
    rest = Rest(since=100.0, cooldown=300.0)
    assert (rest.left(100.0), rest.left(399.0), rest.left(400.0)) == (300.0, 1.0, 0.0)
