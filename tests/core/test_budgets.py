"""How many agents may be away at once: the least of all limits, and why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.rollout_scenes import NEW, cordoned_node, facts, leaving, member
from tests.facts import NOW, node
from workhorse.core.budgets import clock, percent_now, room, room_back
from workhorse.core.demand import Demand
from workhorse.core.orders import Budget, RolloutPolicy
from workhorse.core.planners.windows import Window

MINUTE, DAY = 60.0, 86_400.0
"""NOW is Monday 1970-01-12, 13:46:40 UTC."""
OFFICE = Window(days="mon-fri", start="08:00", end="18:00")


def agents(number: int) -> list:
    return [member(n) for n in range(number)]


def test_now_is_the_monday_that_these_tests_speak_of() -> None:
    assert clock(NOW) == "1970-01-12 13:46:40 UTC"


@pytest.mark.parametrize(
    ("percent", "agents_away"), [(100, 20), (50, 10), (33, 6), (10, 2), (1, 1)]
)
def test_a_percentage_is_rounded_down_and_one_agent_at_least(
    percent: float, agents_away: int
) -> None:
    found = room(facts(*agents(20), policy=RolloutPolicy(max_unavailable=percent)))
    assert found.agents == agents_away
    assert found.because == f"{agents_away} of 20 agents may be away at once"


def test_cordoned_agents_count_as_away_also_before_a_restarted_drainer_has_found_them() -> None:
    some = agents(10)
    policy = RolloutPolicy(max_unavailable=30)
    nodes = (cordoned_node(some[0]), *(node(i.id) for i in some[1:]))
    known = facts(*some, nodes=nodes, drains=(leaving(some[0]),), policy=policy)
    found = facts(*some, nodes=nodes, policy=policy)
    assert room(known).agents == room(found).agents == 2


def test_new_agents_count_as_away_until_they_are_online_and_for_longer_when_they_are_lost() -> None:
    some = [*agents(8), member(8, NEW, launched_at=NOW - 5), member(9, NEW)]
    nodes = tuple(node(i.id) for i in some[:8])
    assert room(facts(*some, nodes=nodes, policy=RolloutPolicy(max_unavailable=30))).agents == 1


def test_in_a_roll_back_it_is_the_old_version_that_is_waited_for() -> None:
    some = [member(0, NEW), member(1, NEW), member(2, launched_at=NOW - 5)]
    known = facts(*some, nodes=(node(some[0].id),), policy=RolloutPolicy(max_unavailable=100))
    assert room_back(known).agents == 1


def test_of_several_budgets_the_strictest_that_holds_now_counts() -> None:
    night = Window(start="20:00", end="06:00")
    policy = RolloutPolicy(
        max_unavailable=50,
        budgets=(
            Budget(percent=20, window=OFFICE),
            Budget(percent=30),
            Budget(percent=0, window=night),
        ),
    )
    assert percent_now(policy, NOW) == 20
    assert percent_now(policy, NOW + 6 * 60 * MINUTE) == 30
    assert percent_now(policy, NOW + 8 * 60 * MINUTE) == 0


def test_a_budget_of_nothing_says_until_when() -> None:
    policy = RolloutPolicy(budgets=(Budget(percent=0, window=OFFICE),))
    found = room(facts(*agents(4), policy=policy))
    assert (found.agents, found.because) == (0, "the budget is 0 % until 1970-01-12 18:00:00 UTC")


def test_a_budget_of_nothing_over_a_weekend_says_the_end_of_the_last_day() -> None:
    closed = tuple(Budget(percent=0, window=Window(days=d)) for d in ("mon", "tue-wed"))
    found = room(facts(*agents(4), policy=RolloutPolicy(budgets=closed)))
    assert found.because == "the budget is 0 % until 1970-01-15 00:00:00 UTC"


def test_a_budget_of_nothing_at_all_hours_says_so() -> None:
    policy = RolloutPolicy(budgets=(Budget(percent=0),))
    assert room(facts(*agents(4), policy=policy)).because == "the budget is 0 % at any hour"


def test_nobody_leaves_while_a_build_has_waited_for_longer_than_the_limit() -> None:
    policy = RolloutPolicy(queue_wait_seconds=600)
    late = facts(*agents(4), demand=Demand(queued=1, since=NOW - 601), policy=policy)
    found = room(late)
    assert (found.agents, found.because) == (
        0,
        "a build waits for the pool since 1970-01-12 13:36:39 UTC, longer than 600 s",
    )
    assert room(facts(*agents(4), demand=Demand(queued=1, since=NOW - 600), policy=policy)).agents
    assert room_back(late).agents == 4


def test_builds_that_wait_hold_nothing_where_no_old_agent_takes_any() -> None:
    policy = RolloutPolicy(queue_wait_seconds=600, max_unavailable=100)
    waits = Demand(queued=1, since=NOW - 601)
    dead = agents(2)
    new = member(2, NEW)
    gone = facts(*dead, new, nodes=(node(new.id),), demand=waits, policy=policy)
    assert room(gone).agents == 1
    works = member(3)
    nodes = (node(new.id), node(works.id))
    assert room(facts(*dead, new, works, nodes=nodes, demand=waits, policy=policy)).agents == 0


def test_nobody_leaves_while_scale_in_is_switched_off_on_the_group() -> None:
    found = room(facts(*agents(4), group_changes={"scale_in_off": True}))
    assert (found.agents, found.because) == (0, "scale-in is switched off on the group")


def test_a_roll_back_heeds_no_calendar() -> None:
    policy = RolloutPolicy(max_unavailable=50, budgets=(Budget(percent=0),))
    assert room_back(facts(*agents(4), policy=policy)).agents == 2


@given(
    size=st.integers(0, 40),
    away=st.integers(0, 40),
    percent=st.floats(0.1, 100),
    other=st.floats(0, 100),
)
def test_those_away_never_exceed_the_strictest_percentage_but_by_the_one_at_least(
    size: int, away: int, percent: float, other: float
) -> None:
    some = agents(size)
    gone = some[:away]
    nodes = tuple(cordoned_node(i) if i in gone else node(i.id) for i in some)
    policy = RolloutPolicy(max_unavailable=percent, budgets=(Budget(percent=other),))
    found = room(facts(*some, nodes=nodes, drains=tuple(map(leaving, gone)), policy=policy))
    strictest = min(percent, other)
    most = max(1, size * strictest / 100 + 1e-6) if strictest else 0
    assert found.agents == 0 or len(gone) + found.agents <= most
