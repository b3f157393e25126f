"""The objective planner: its states, what it buys in each, and what it tells of its budget."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.situations import learned, sample, situation
from tests.facts import NOW
from workhorse import plugins
from workhorse.core.errors import Refusal
from workhorse.core.learn import DAY_SECONDS, Learned, Spent
from workhorse.core.plan import Situation
from workhorse.core.planners.exact import Exact
from workhorse.core.planners.forecast import HOUR_SECONDS
from workhorse.core.planners.objective import Objective

TEN = NOW // DAY_SECONDS * DAY_SECONDS + 10 * HOUR_SECONDS
"""Ten o'clock, when pushes come in."""
PUSHES = tuple(
    TEN - day * DAY_SECONDS + push * 300 + n
    for day in range(9, 0, -1)
    for push in range(12)
    for n in (0, 1, 2)
)
"""Nine days of twelve pushes of three builds, all of them between ten and eleven."""
FAST = sample(*[40.0] * 20)
SLOW = sample(*[90.0] * 20)
MIXED = sample(*[50.0] * 18, *[100.0] * 2)
PROMPT = sample(*[5.0] * 200)
TARDY = sample(*[100.0] * 40, *[5.0] * 160)


def pool(known: Learned | None = None, /, **facts: Any) -> Situation:
    """At ten, with pushes every day at this hour."""
    had = known or knows()
    return situation(learned=had, changed_at=0, **({"now": TEN, "max_step": 99} | facts))


def knows(**changes: Any) -> Learned:
    return learned(**({"boots": SLOW, "arrivals": PUSHES} | changes))


def state(plan: Any) -> str:
    return str(plan.report["state"])


def test_a_cold_start_is_exact_and_says_so() -> None:
    s = pool(Learned(), queued=4, buffer=1)
    plan = Objective().plan(s)

    assert state(plan) == "cold start"
    assert plan.target == Exact().plan(s).target
    assert plan.idle_seconds == s.policy.idle_seconds


@pytest.mark.parametrize("missing", [{"boots": sample(60, 60)}, {"arrivals": PUSHES[:49]}])
def test_boots_and_arrivals_are_both_needed(missing: dict[str, Any]) -> None:
    assert state(Objective().plan(pool(knows(**missing)))) == "cold start"


def test_when_boots_are_fast_enough_nothing_is_kept_ready() -> None:
    plan = Objective(wait_seconds=60).plan(pool(knows(boots=FAST)))

    assert (plan.target, plan.report["idle_agents"]) == (0, 0)


def test_when_they_are_not_the_hour_of_the_pushes_has_agents_for_a_push() -> None:
    planner = Objective(wait_seconds=60)
    ten, three = planner.plan(pool()), planner.plan(pool(now=TEN - 7 * HOUR_SECONDS))

    assert state(ten) == "learning"
    assert (ten.target, three.target) == (3, 0)
    assert ten.report["idle_agents"] == 3


def test_the_plan_holds_until_the_hour_is_over() -> None:
    planner = Objective(wait_seconds=60)
    plan = planner.plan(pool(now=TEN + 600))
    after = planner.plan(pool(now=plan.holds_until, memory=plan.memory))

    assert plan.holds_until == TEN + HOUR_SECONDS
    assert (plan.target, after.target) == (3, 0)


def test_what_was_reckoned_is_handed_on_until_much_was_learned() -> None:
    planner = Objective(wait_seconds=60)
    memory = planner.plan(pool()).memory
    later = knows(gaps=learned().gaps.added([5.0] * 10))

    assert planner.plan(pool(later, memory=memory)).memory == memory
    assert planner.plan(pool(knows(boots=FAST), memory=memory)).target == 3


def test_when_some_boots_are_slow_a_push_gets_spare_launches() -> None:
    planner = Objective(wait_seconds=60)
    plan = planner.plan(pool(knows(boots=MIXED), queued=3, waiting=(TEN,) * 3))
    rule = next(r for r in plan.reasons if r.rule == "spare_launches")

    assert rule.after > rule.before == 3
    assert rule.because.startswith("86% of boots in time")


def test_no_spare_is_launched_while_the_budget_of_late_builds_is_hardly_used() -> None:
    planner = Objective(wait_seconds=60)
    s = pool(knows(boots=MIXED, waits=PROMPT), queued=3, waiting=(TEN,) * 3)
    rule = next(r for r in planner.plan(s).reasons if r.rule == "spare_launches")

    assert rule.after == 3


def test_on_target_and_late_are_told_apart_by_the_waits() -> None:
    planner = Objective(wait_seconds=60)

    good = planner.plan(pool(knows(waits=PROMPT))).report
    bad = planner.plan(pool(knows(waits=TARDY))).report
    assert (good["state"], good["late"], good["budget_left"]) == ("on target", 0, 1)
    assert (bad["state"], bad["late"], bad["budget_left"]) == ("late", 0.2, -3)


def test_late_builds_raise_what_is_paid() -> None:
    planner = Objective(wait_seconds=60)
    before = planner.plan(pool(knows(boots=MIXED, waits=PROMPT)))
    late = knows(boots=MIXED, waits=PROMPT.added([100.0] * 128))
    after = planner.plan(pool(late, memory=before.memory))

    assert after.report["price_seconds"] > before.report["price_seconds"]


def test_hours_that_the_builds_alone_exceed_are_impossible_and_the_builds_run() -> None:
    plan = Objective(wait_seconds=60, instance_hours_per_day=1).plan(pool(queued=5))

    assert state(plan) == "impossible"
    assert plan.report["because"].startswith("the builds alone take")
    assert plan.target == 5


def test_hours_that_buy_too_little_are_impossible_and_spent_on_the_best_there_is() -> None:
    plan = Objective(wait_seconds=5, instance_hours_per_day=24).plan(pool())

    assert state(plan) == "impossible"
    assert "within the instance hours of a day" in plan.report["because"]


def test_a_ceiling_below_a_push_is_impossible_and_says_so() -> None:
    plan = Objective(wait_seconds=5).plan(pool(ceiling=2))

    assert state(plan) == "impossible"
    assert plan.report["because"].startswith("within the ceiling, 33% of the builds")
    assert plan.target <= 2


def test_when_the_hours_of_the_day_are_spent_only_what_builds_need_runs() -> None:
    planner = Objective(wait_seconds=60, instance_hours_per_day=100)
    spent = Spent(at=TEN - 10, seconds=100 * HOUR_SECONDS, instances=3)
    idle, busy = pool(knows(spent=spent), ready=3), pool(knows(spent=spent), queued=7)

    assert state(planner.plan(idle)) == "over budget"
    assert (planner.plan(idle).target, planner.plan(busy).target) == (0, 7)


def test_the_plan_holds_until_the_hours_are_spent() -> None:
    planner = Objective(wait_seconds=60, instance_hours_per_day=100)
    spent = Spent(at=TEN, seconds=99.5 * HOUR_SECONDS, instances=3)
    s = pool(knows(spent=spent), ready=3)
    plan = planner.plan(s)
    after = planner.plan(replace(s, now=plan.holds_until, memory=plan.memory))

    assert plan.holds_until == TEN + 600
    assert (plan.target, after.target) == (3, 0)


def test_the_report_says_what_is_bought_and_what_is_left() -> None:
    plan = Objective(wait_seconds=60, instance_hours_per_day=100).plan(pool(knows(waits=PROMPT)))

    assert set(plan.report) == {
        *("state", "wait_seconds", "builds", "late", "late_allowed", "budget_left"),
        *("hours_today", "hours_allowed", "price_seconds", "idle_agents", "idle_seconds"),
    }
    assert plan.report["hours_allowed"] == 100


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"wait_seconds": 0}, "wait_seconds: 0.0: must be more than 0"),
        ({"quantile": 1}, "quantile: 1.0: must be more than 0 and less than 1"),
        ({"instance_hours_per_day": -5}, "instance_hours_per_day: -5.0: must be more than 0"),
    ],
)
def test_what_means_nothing_is_refused(options: dict[str, Any], told: str) -> None:
    with pytest.raises(Refusal) as wrong:
        plugins.planner("objective", options)

    assert told in str(wrong.value)
