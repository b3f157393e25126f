"""The exact planner: what it wants and what it asks for."""

from dataclasses import replace
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.core.situations import situation, situations
from tests.facts import NOW, instance
from workhorse.core.model import Agent
from workhorse.core.plan import (
    EXACT,
    TAIL,
    Moves,
    Plan,
    Situation,
    first_to_leave,
    kept,
    moves,
    target,
)
from workhorse.core.planners.exact import Exact


def wanted(**changes: Any) -> int:
    return target(situation(**changes))[0]


def test_an_agent_for_every_queued_and_running_build() -> None:
    assert wanted(queued=3, running=4, ready=4) == 7


def test_agents_of_several_executors_are_rounded_up() -> None:
    assert wanted(queued=3, running=4, executors=4) == 2


def test_the_buffer_comes_on_top_and_the_ceiling_has_the_last_word() -> None:
    assert wanted(queued=3, buffer=2) == 5
    assert wanted(queued=49, buffer=2) == 50


def test_the_groups_own_bounds_count_like_the_policys() -> None:
    assert wanted(queued=0, minimum=2) == 2
    assert wanted(queued=30, maximum=20) == 20


def test_a_step_beyond_the_sanity_limit_is_refused_with_a_reason() -> None:
    value, reasons = target(situation(queued=40, max_step=10, ready=2, running=2))

    assert value == 12
    assert [str(r) for r in reasons if r.before != r.after][-1] == (
        "sanity_step: 42 -> 12 (at most 10 from 2)"
    )


def test_cool_down_holds_scale_in_and_never_scale_out() -> None:
    assert wanted(ready=5, changed_at=NOW - 10) == 5
    assert wanted(ready=5, running=5, queued=4, changed_at=NOW - 10) == 9


def test_scale_in_can_be_switched_off_in_the_policy_and_on_the_group() -> None:
    off = replace(situation(ready=5).group, scale_in_off=True)

    assert wanted(ready=5, scale_in=False) == 5
    assert wanted(ready=5, group=off) == 5
    assert wanted(ready=5) == 0


def test_an_unread_jenkins_keeps_what_there_is_and_lifts_to_the_floor_by_few() -> None:
    assert wanted(ready=5, told=False) == 5
    assert wanted(ready=1, told=False, floor=3) == 3
    assert wanted(ready=1, told=False, floor=30) == 6


def test_a_frozen_jenkins_adds_few_and_removes_none() -> None:
    assert wanted(ready=5, frozen=True) == 5
    assert wanted(ready=5, queued=30, frozen=True) == 10


def test_booting_and_coming_agents_are_capacity() -> None:
    s = situation(queued=4, booting=2, coming=2, desired=4)

    assert moves(s, target(s)[0], recallable=(), idle=()) == Moves()


def test_agents_on_their_way_out_are_called_back_before_new_ones_are_launched() -> None:
    s = situation(queued=3, desired=2)

    assert moves(s, 3, recallable=("i-a", "i-b"), idle=()) == Moves(
        desired=3, recall=("i-a", "i-b")
    )


def test_desired_capacity_counts_agents_that_are_no_capacity_and_stops_at_the_ceiling() -> None:
    s = situation(queued=9, desired=48)

    assert moves(s, 9, recallable=(), idle=()) == Moves(desired=50)


def test_launches_not_begun_are_called_off_before_agents_are_chosen_to_leave() -> None:
    s = situation(ready=3, coming=2, desired=5)

    assert moves(s, 1, recallable=(), idle=("i-a", "i-b", "i-c")) == Moves(
        desired=3, leave=("i-a", "i-b")
    )


def test_the_oldest_image_leaves_first_then_the_longest_idle() -> None:
    idle = [
        (Agent(instance=instance("i-new", template_version=2)), NOW - 900),
        (Agent(instance=instance("i-short", template_version=1)), NOW - 300),
        (Agent(instance=instance("i-long", template_version=1)), NOW - 600),
    ]

    assert first_to_leave(idle) == ("i-long", "i-short", "i-new")
    assert first_to_leave(idle, 9) == ("i-long", "i-short", "i-new")


def test_in_a_roll_back_the_newer_version_leaves_first() -> None:
    idle = [(Agent(instance=instance(f"i-{n}", template_version=n)), NOW - n) for n in (1, 2, 3)]
    assert first_to_leave(idle, 1) == ("i-2", "i-3", "i-1")


@given(situations())
def test_what_is_set_is_never_above_the_ceiling_nor_below_the_instances(s: Situation) -> None:
    decided = moves(s, target(s)[0], recallable=(), idle=())

    if decided.desired is not None and decided.desired > s.group.desired:
        assert decided.desired <= s.ceiling
    if decided.desired is not None and decided.desired < s.group.desired:
        assert decided.desired >= s.group.desired - s.coming
        assert decided.desired >= s.group.minimum


@given(situations())
def test_blind_or_cooling_never_scales_in(s: Situation) -> None:
    assume(not s.told or s.frozen or s.now - s.changed_at < s.policy.cool_down_seconds)

    assert target(s)[0] >= s.have


@given(situations())
def test_every_step_is_told_and_the_steps_join(s: Situation) -> None:
    value, reasons = target(s)

    assert [r.rule for r in reasons] == [rule.__name__ for rule in EXACT]
    assert [r.before for r in reasons] == [0, *(r.after for r in reasons[:-1])]
    assert reasons[-1].after == value


@given(situations(), st.lists(st.integers(min_value=0, max_value=20), unique=True))
def test_no_more_agents_leave_than_are_too_many(s: Situation, names: list[int]) -> None:
    wish = target(s)[0]

    decided = moves(s, wish, recallable=(), idle=[f"i-{n}" for n in names])

    assert len(decided.leave) <= max(0, s.have - wish)


@given(situations(), st.integers(min_value=-50, max_value=200))
def test_a_plan_that_minds_nothing_is_made_to_keep_the_promises(s: Situation, size: int) -> None:
    """Whatever planner: what it wants goes through the last rules, and once is enough."""
    bare = Plan(target=size, reasons=(), idle_seconds=0, holds_until=s.now + 60)

    plan = kept(bare, s)

    assert plan.target == target(s, TAIL, of=size)[0]
    assert [r.rule for r in plan.reasons] == [rule.__name__ for rule in TAIL]
    assert kept(plan, s) is plan
    assert target(s, TAIL, of=plan.target)[0] == plan.target
    if s.told and not s.frozen and s.have <= s.ceiling:
        assert plan.target <= max(s.ceiling, s.floor)


def test_a_plan_that_only_names_the_last_rules_is_not_believed() -> None:
    s = situation(ready=3, running=3)
    honest = Exact().plan(s)

    assert kept(honest, s) is honest
    assert kept(replace(honest, target=s.ceiling + 7), s).target <= s.ceiling
