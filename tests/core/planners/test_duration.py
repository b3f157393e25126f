"""The duration planner: what frees up in time is not launched for, and what idles pays or goes."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.situations import build, learned, rich_situations, sample, situation
from tests.facts import NOW
from workhorse import plugins
from workhorse.core.errors import Refusal
from workhorse.core.learn import Learned, Sight
from workhorse.core.plan import Situation
from workhorse.core.planners.duration import Duration
from workhorse.core.planners.exact import Exact
from workhorse.core.planners.freeing import Deadlines, at_least, end_within, estimates_tell, spared
from workhorse.core.planners.warm import break_even

SHARP = learned(ratios=sample(*[0.9, 1.0, 1.0, 1.1] * 10))
"""Builds take what Jenkins says, a tenth more or less."""


def waiting(*ages: float, running: int = 4, known: Learned = SHARP, **facts: Any) -> Situation:
    """Items of these ages before a full pool of agents."""
    return situation(
        queued=len(ages),
        waiting=tuple(NOW - age for age in ages),
        running=running,
        ready=running,
        learned=known,
        **facts,
    )


def about_to_end(count: int) -> tuple[Any, ...]:
    """Builds that will surely end within half a minute: 580 of 600 seconds, at most 660."""
    return tuple(build(640, 600, n) for n in range(count))


def fresh(count: int) -> tuple[Any, ...]:
    """Builds that have ten minutes to go."""
    return tuple(build(5, 600, n) for n in range(count))


# --- What frees up in time -----------------------------------------------------------------------


def test_no_agent_boots_for_an_item_that_an_executor_frees_up_for() -> None:
    plan = Duration().plan(waiting(0, builds=(*about_to_end(1), *fresh(3))))

    assert plan.target == 4
    assert plan.reasons[1].because == "1 of 1 missing executors free up within 90 s of waiting"


def test_items_that_nothing_frees_up_for_are_launched_for_at_once() -> None:
    s = waiting(0, 0, 0, builds=(*about_to_end(1), *fresh(3)))

    assert Duration().plan(s).target == 6
    assert Exact().plan(s).target == 7


def test_an_agent_that_is_coming_is_counted_before_what_frees_up() -> None:
    s = waiting(20, 0, builds=(*about_to_end(1), *fresh(3)), booting=1)

    assert Duration().plan(s).target == 5


def test_what_frees_up_never_takes_agents_away() -> None:
    s = waiting(0, builds=about_to_end(4), booting=3)

    assert Duration().plan(s).target == Exact().plan(s).target == 5


def test_of_several_executors_an_agent_is_spared_when_all_its_items_are() -> None:
    two = waiting(0, 0, running=4, builds=about_to_end(2), executors=2)

    assert Duration().plan(replace(two, ready=2)).target == 2
    assert Duration().plan(replace(two, ready=2, builds=about_to_end(1))).target == 3


def test_too_little_known_is_exact_and_says_so() -> None:
    s = waiting(0, builds=about_to_end(4), known=learned(boots=sample(60, 60)))
    plan = Duration().plan(s)

    assert plan.target == 5
    assert plan.idle_seconds == s.policy.idle_seconds
    assert "cold start: 2 boots and 61 builds seen, 5 and 20 are needed" in str(plan.reasons[1])
    assert "cold start" in str(plan.reasons[3])


def test_after_the_slack_it_must_be_as_good_as_sure() -> None:
    """Six in ten is enough while a launch would still be in time, and not after that."""
    even = learned(ratios=sample(*[1.0] * 12, *[2.0] * 8))
    one = build(595, 600)
    s = waiting(0, builds=(one, *fresh(3)), known=even)

    assert Duration().plan(s).target == 4
    assert Duration().plan(replace(s, waiting=(NOW - 35,))).target == 5
    assert Duration(confidence=0.6).plan(replace(s, waiting=(NOW - 35,))).target == 4


def test_an_item_is_not_put_off_for_longer_than_boot_and_slack() -> None:
    """Builds that should have ended long ago and never do starve nobody."""
    for age in range(0, 200, 5):
        aged = waiting(float(age), builds=about_to_end(4))
        if Duration().plan(aged).target > 4:
            break

    assert age <= 60 + 30


@given(rich_situations(), st.floats(min_value=0.01, max_value=1), st.integers(1, 9))
def test_nothing_older_than_its_deadline_is_put_off(
    s: Situation, confidence: float, missing: int
) -> None:
    deadlines = Deadlines(wait_seconds=80, boot_seconds=60, confidence=confidence)
    put_off = spared(s, missing, deadlines)
    young = [since for since in s.waiting if s.now - since < 80]

    assert put_off <= min(missing, len(young), len(s.builds))


@given(rich_situations())
def test_it_never_wants_more_than_exact_but_for_what_is_kept_warm(s: Situation) -> None:
    ours, exact = Duration(idle_seconds=60.0).plan(s), Exact().plan(s)

    assert ours.target <= exact.target
    assert ours.target >= min(exact.target, s.have)


# --- Odds ----------------------------------------------------------------------------------------


def test_the_odds_of_a_build_are_those_of_builds_that_lasted_so_long() -> None:
    known = learned()

    assert end_within(build(30), 60, NOW, known) == 1 / 61
    assert end_within(build(3000), 60, NOW, known) == 1 / 11
    assert end_within(build(3500), 600, NOW, known) == 0, "fewer than five lasted so long"


def test_estimates_are_believed_when_they_tell_more_than_the_durations() -> None:
    vague = learned(ratios=sample(*[0.01, 0.1, 1.0, 9.0, 99.0] * 8))

    assert estimates_tell(SHARP)
    assert not estimates_tell(vague)
    assert not estimates_tell(learned(ratios=sample(*[1.0] * 19)))
    assert end_within(build(580, 600), 90, NOW, SHARP) == 1
    assert end_within(build(580, 600), 90, NOW, vague) == end_within(build(580), 90, NOW, vague)


def test_a_build_that_tells_no_start_may_last_for_ever() -> None:
    assert end_within(replace(build(600, 600), started_at=None), 999, NOW, SHARP) == 0


@given(st.lists(st.floats(min_value=0, max_value=1), max_size=6), st.integers(1, 6))
def test_the_number_that_comes_true_is_counted_over_all_outcomes(
    odds: list[float], number: int
) -> None:
    expected = 0.0
    for outcome in product((True, False), repeat=len(odds)):
        chance = 1.0
        for came, odd in zip(outcome, odds, strict=True):
            chance *= odd if came else 1 - odd
        expected += chance if sum(outcome) >= number else 0

    assert abs(at_least(number, odds) - expected) < 1e-9


# --- Idle agents ---------------------------------------------------------------------------------


def kept(gaps: tuple[float, ...], cost: float) -> float:
    return break_even(learned(gaps=sample(*gaps)), cost)


def test_an_agent_is_kept_for_gaps_that_cost_less_than_a_new_one() -> None:
    assert kept((10, 10, 10, 9000), 100) == 11
    assert kept((9000, 9000, 9000, 60), 100) == 0
    assert kept((50, 50, 80, 80), 100) == 81
    assert kept((), 100) == 0


@given(
    st.lists(st.integers(0, 900), min_size=1, max_size=30), st.integers(1, 300), st.integers(0, 900)
)
def test_no_other_time_would_have_cost_less(gaps: list[int], cost: int, other: int) -> None:
    def paid(seconds: float) -> float:
        return sum(gap if gap < seconds else seconds + cost for gap in gaps)

    assert paid(kept(tuple(map(float, gaps)), cost)) <= paid(other) + len(gaps)


def idle(*left_ago: float, gaps: tuple[float, ...] = (100.0,) * 30, **facts: Any) -> Situation:
    """Four idle agents, and levels of demand that were left so long ago."""
    sight = Sight(left=tuple(NOW - ago for ago in left_ago))
    return situation(ready=4, learned=learned(gaps=sample(*gaps), sight=sight), **facts)


def test_levels_that_were_left_a_moment_ago_are_kept() -> None:
    """A new agent costs 60 s of boot, 15 s of settling and two looks: less than 100 s of idling."""
    dear = idle(500, 90, 5, gaps=(90.0,) * 30)

    assert Duration().plan(dear).target == 2
    assert Duration().plan(idle(500, 90, 5)).target == 0
    assert Duration().plan(dear).idle_seconds == 0


def test_a_level_is_given_up_when_its_time_is_over_and_the_plan_holds_until_then() -> None:
    s = idle(90, 5, gaps=(90.0,) * 30)
    plan = Duration().plan(s)
    later = Duration().plan(replace(s, now=plan.holds_until, memory=plan.memory))

    assert (plan.target, plan.holds_until) == (2, NOW - 90 + 91)
    assert later.target == 1


def test_the_time_to_keep_is_reckoned_anew_only_after_some_lessons() -> None:
    s = idle(5, gaps=(90.0,) * 25)
    memory = Duration().plan(s).memory
    few = replace(s.learned, gaps=s.learned.gaps.added([9000.0] * 2))
    many = replace(s.learned, gaps=s.learned.gaps.added([9000.0] * 200))

    assert Duration().plan(replace(s, learned=few, memory=memory)).memory == memory
    assert Duration().plan(replace(s, learned=many, memory=memory)).memory["warm"][0] == 0


def test_a_number_of_idle_seconds_is_taken_as_it_is() -> None:
    plan = Duration(idle_seconds=120.0).plan(idle(5))

    assert (plan.target, plan.idle_seconds, plan.memory) == (0, 120, {})


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"confidence": 0}, "confidence: 0.0: must be more than 0 and at most 1"),
        ({"slack_seconds": -1}, "slack_seconds: -1.0: must be at least 0"),
        ({"idle_seconds": -1}, "idle_seconds: -1.0: must be at least 0, or auto"),
        ({"idle_seconds": "soon"}, "idle_seconds"),
    ],
)
def test_what_means_nothing_is_refused(options: dict[str, Any], told: str) -> None:
    with pytest.raises(Refusal) as wrong:
        plugins.planner("duration", options)

    assert told in str(wrong.value)
