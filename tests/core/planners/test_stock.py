"""The stock planner: the formula by hand, the gate, and the clamp the right way round."""

from dataclasses import replace

import pytest

from tests.core.situations import situation
from tests.facts import NOW
from workhorse import plugins
from workhorse.core.errors import Refusal
from workhorse.core.planners.stock import Stock


def test_by_default_it_is_queued_and_running_up_to_ten() -> None:
    assert Stock().plan(situation(queued=3, running=4, ready=4)).target == 7
    assert Stock().plan(situation(queued=30, running=4, ready=4)).target == 10


def test_weights_multiplier_and_excess_are_all_read() -> None:
    planner = Stock(queued_weight=2, running_weight=0.5, multiplier=1.5, excess=1, maximum=40)
    plan = planner.plan(situation(queued=3, running=4, ready=4))

    assert plan.target == 13
    assert str(plan.reasons[0]) == "weighted: 0 -> 13 (b1 = 3 x 2 + 4 x 0.5 = 8; b2 = 13)"


def test_the_formula_may_be_above_its_minimum() -> None:
    """The published clamp, min(max(b2, maximum), minimum), would give 2."""
    assert Stock(minimum=2).plan(situation(queued=5)).target == 5
    assert Stock(minimum=2).plan(situation(queued=0)).target == 2


def test_the_pools_own_bounds_hold_as_well() -> None:
    assert Stock(maximum=40).plan(situation(queued=30, ceiling=20)).target == 20
    assert Stock().plan(situation(floor=4)).target == 4


def test_agents_of_several_executors_are_fewer() -> None:
    assert Stock().plan(situation(queued=9, executors=4)).target == 3


def test_between_two_looks_the_size_stays() -> None:
    planner = Stock(reevaluate_minutes=10)
    first = planner.plan(situation(queued=5))
    soon = situation(queued=9, ready=5, running=5, memory=first.memory, now=NOW + 599)

    assert planner.plan(soon).target == 5
    assert first.holds_until == planner.plan(soon).holds_until == NOW + 600
    assert planner.plan(replace(soon, now=NOW + 600)).target == 10
    assert planner.plan(replace(soon, forced=True)).target == 10


def test_a_clock_that_went_back_does_not_hold_the_size_for_ever() -> None:
    planner = Stock()
    memory = planner.plan(situation(queued=5)).memory

    assert planner.plan(situation(queued=9, memory=memory, now=NOW - 100)).target == 9


def test_an_unread_jenkins_changes_nothing_and_the_formula_stays_due() -> None:
    planner = Stock()
    memory = planner.plan(situation(queued=5)).memory
    blind = planner.plan(situation(told=False, ready=5, memory=memory, now=NOW + 700))

    assert blind.target == 5
    assert blind.memory == memory
    assert blind.holds_until <= NOW + 700


def test_every_fault_is_told() -> None:
    with pytest.raises(Refusal) as wrong:
        plugins.planner("stock", {"queued_weight": -1, "maximum": 2, "minimum": 3})

    assert "queued_weight: -1.0: must be at least 0" in str(wrong.value)
    assert "maximum: 2: must be at least minimum (3)" in str(wrong.value)
