"""Whom a rollout asks to leave, in which order, and whom it waits for."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.rollout_scenes import AT_ONCE, NEW, cordoned_node, facts, leaving, member, standing
from tests.facts import NOW, busy, node, pool
from workhorse.core.health import judged
from workhorse.core.model import Lifecycle, RunningBuild
from workhorse.core.orders import AWAITED_KEPT, Awaited, RolloutPolicy
from workhorse.core.survey import Times
from workhorse.core.waves import awaited, choice, choice_back, kept, shares

OLD_ONES = tuple(member(n) for n in range(4))
IDS = tuple(i.id for i in OLD_ONES)


def running(name: str, began: float, usual: float | None) -> Any:
    build = RunningBuild(path=f"job/{name}/1/", started_at=began, estimated_seconds=usual)
    return busy(name, running=(build,))


@pytest.mark.parametrize(
    ("waves", "total", "keeps"),
    [
        ((10, 50, 100), 20, [18, 10, 0]),
        ((10, 50, 100), 1, [0, 0, 0]),
        ((10, 50, 100), 0, [0, 0, 0]),
        ((33,), 10, [6, 0]),
        ((), 10, [0]),
    ],
)
def test_a_wave_keeps_what_its_share_leaves_and_the_last_keeps_nobody(
    waves: tuple[float, ...], total: int, keeps: list[int]
) -> None:
    policy = RolloutPolicy(waves=waves)
    found = [kept(standing(total=total, wave=n), policy) for n in range(len(shares(policy)))]
    assert found == keeps


def test_the_longest_idle_go_first_then_the_offline_then_those_whose_build_ends_soonest() -> None:
    some = [member(n) for n in range(6)]
    nodes = (
        running(some[0].id, NOW - 60, 600),
        running(some[1].id, NOW - 60, 90),
        running(some[2].id, NOW - 60, None),
        node(some[3].id),
        node(some[4].id),
        node(some[5].id, offline=True),
    )
    times = Times(idle_since={some[3].id: NOW - 10, some[4].id: NOW - 99})
    chosen = choice(standing(total=6), facts(*some, nodes=nodes, times=times)).retire
    assert chosen == tuple(some[n].id for n in (4, 3, 5, 1, 0, 2))


def test_no_more_are_asked_than_the_wave_has_still_to_ask() -> None:
    policy = RolloutPolicy(waves=(50, 100))
    assert len(choice(standing(), facts(*OLD_ONES, policy=policy)).retire) == 2
    one_gone = facts(*OLD_ONES[1:], policy=policy)
    assert len(choice(standing(), one_gone).retire) == 1


def test_whoever_leaves_for_another_cause_counts_as_asked() -> None:
    first = OLD_ONES[0]
    away = facts(
        replace(first, lifecycle=Lifecycle.TERMINATING_WAIT),
        *OLD_ONES[1:],
        policy=RolloutPolicy(waves=(25, 100)),
    )
    assert choice(standing(), away).retire == ()
    assert choice(standing(), away).due == 0


def test_no_more_are_asked_at_once_than_the_budget_and_the_largest_step_allow() -> None:
    by_budget = choice(standing(), facts(*OLD_ONES, policy=replace(AT_ONCE, max_unavailable=50)))
    assert len(by_budget.retire) == 2
    assert by_budget.because == "2 of 4 agents may be away at once"
    by_step = choice(standing(), facts(*OLD_ONES, of=pool(max_step=3)))
    assert len(by_step.retire) == 3


def test_a_protected_agent_is_never_chosen_and_told_as_the_reason() -> None:
    held = replace(OLD_ONES[0], protected=True)
    found = choice(standing(), facts(held, *OLD_ONES[1:]))
    assert found.retire == IDS[1:]
    only = choice(standing(), facts(held))
    assert (only.retire, only.because) == ((), f"protected from scale-in: {held.id}")


def test_many_protected_agents_are_told_by_the_first_and_their_number() -> None:
    held = [replace(each, protected=True) for each in OLD_ONES]
    assert choice(standing(), facts(*held)).because.endswith("and 1 more")


def test_an_old_agent_that_is_still_being_launched_is_waited_for() -> None:
    found = choice(standing(), facts(replace(OLD_ONES[0], lifecycle=Lifecycle.PENDING)))
    assert (found.retire, found.due) == ((), 1)
    assert found.because == "those that are left are being launched"


def test_an_agent_on_standby_is_not_ours_to_touch() -> None:
    found = choice(standing(), facts(replace(OLD_ONES[0], lifecycle=Lifecycle.OTHER)))
    assert (found.retire, found.due) == ((), 0)


def test_a_roll_back_asks_the_new_ones_and_those_without_a_node_at_no_cost() -> None:
    new = [member(n, NEW, launched_at=NOW - 900) for n in range(4, 8)]
    nodes = tuple(node(i.id) for i in (*OLD_ONES, *new[:2]))
    policy = replace(AT_ONCE, max_unavailable=1)
    found = choice_back(facts(*OLD_ONES, *new, nodes=nodes, policy=policy))
    assert found.retire == (new[0].id, new[2].id, new[3].id)
    assert found.because == "1 of 6 agents may be away at once"


def test_those_with_the_longest_builds_are_told_first_and_not_more_than_a_record_holds() -> None:
    some = [member(n) for n in range(14)]
    builds = [running(i.id, NOW - 60, 100 * n) for n, i in enumerate(some)]
    nodes = [
        replace(build, labels=cordoned_node(i).labels)
        for i, build in zip(some, builds, strict=True)
    ]
    drains = tuple(map(leaving, some))
    found = awaited(standing(), facts(*some, nodes=tuple(nodes), drains=drains), back=False)
    assert len(found) == AWAITED_KEPT
    assert found[0] == Awaited(
        instance=some[13].id,
        build=f"job/{some[13].id}/1/",
        since=NOW - 60,
        usual_seconds=1300,
    )


def test_what_is_waited_for_is_told_when_it_is_no_build() -> None:
    at_hook = replace(OLD_ONES[0], lifecycle=Lifecycle.TERMINATING_WAIT)
    boots = member(9, NEW, launched_at=NOW - 5)
    nodes = (cordoned_node(OLD_ONES[1]), cordoned_node(OLD_ONES[2], offline=True))
    drains = tuple(map(leaving, OLD_ONES[1:3]))
    known = facts(at_hook, *OLD_ONES[1:3], boots, nodes=nodes, drains=drains)
    told = awaited(judged(standing(), known), known, back=False)
    assert [(one.instance, one.because) for one in told] == [
        (IDS[0], "at its hook"),
        (IDS[1], "settles"),
        (IDS[2], "is offline"),
        (boots.id, "boots"),
    ]
