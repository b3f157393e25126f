"""The matrix job, the instance refresh, and the way back."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.rollout_scenes import (
    AT_ONCE,
    CANARY,
    GROUP,
    NEW,
    OLD,
    STARTED,
    canary,
    cordoned_node,
    facts,
    leaving,
    member,
    order,
    standing,
)
from tests.facts import NOW
from workhorse.core.canary_end import IDLE_AT
from workhorse.core.drain import Cause, DrainState
from workhorse.core.effects import (
    CancelRefresh,
    EndCanary,
    RunMatrix,
    StartRefresh,
    UseTemplateVersion,
)
from workhorse.core.orders import (
    Command,
    Refresh,
    RefreshStatus,
    RolloutPolicy,
    Strategy,
)
from workhorse.core.rollout import OVER
from workhorse.core.rollout import RolloutEvent as E
from workhorse.core.rollout import RolloutState as S
from workhorse.core.rollout_facts import Facts
from workhorse.core.rollout_looks import REFRESH_BEFORE, REFRESHED, TRIPPED
from workhorse.core.rollouts import Advance, advance

OLD_ONE, NEW_ONE = member(1), member(2, NEW)
BACK = UseTemplateVersion(group=GROUP, version=OLD)
UNDER_WAY = sorted(set(S) - OVER)


def seen(state: S, known: Facts, **changes: Any) -> Advance:
    return advance(standing(state, **changes), known)


def leads(state: S, known: Facts, **changes: Any) -> tuple[E, str]:
    taken = seen(state, known, **changes)
    return taken.event, taken.standing.state


def test_the_matrix_job_runs_where_the_cordon_is_confirmed_and_it_was_not_asked_for() -> None:
    some = [member(n) for n in range(5)]
    drains = (
        leaving(some[0]),
        leaving(some[1], confirmed_at=None),
        leaving(some[2], Cause.SCALE_IN),
        leaving(some[3]),
    )
    known = facts(
        *some,
        drains=drains,
        order=order(strategy=Strategy.MATRIX),
        matrixed=frozenset({some[3].id}),
    )
    run = RunMatrix(job="workhorse-replace", nodes=(some[0].id,), order="r-1")
    assert run in seen(S.WAVE, known).effects
    by_drain = facts(*some, drains=drains)
    assert seen(S.WAVE, by_drain).effects == ()


def test_what_the_matrix_job_waits_for_in_vain_is_cancelled() -> None:
    known = facts(
        NEW_ONE,
        policy=RolloutPolicy(),
        order=order(strategy=Strategy.MATRIX),
        matrixed=frozenset({"i-gone"}),
    )
    taken = seen(S.BAKING, known)
    assert taken.effects == (RunMatrix(job="workhorse-replace", nodes=(), order="r-1"),)


# The instance refresh.


def refreshing(*refreshes: Refresh, **changes: Any) -> Facts:
    """An order that Auto Scaling shall carry out."""
    own: dict[str, Any] = {"order": order(strategy=Strategy.REFRESH), "refreshes": refreshes}
    return facts(OLD_ONE, **(own | {"launches": OLD} | changes))


BEFORE = {**STARTED, REFRESH_BEFORE: "refresh-1"}
FIRST = Refresh(id="refresh-1", status=RefreshStatus.SUCCESSFUL)


def ours(status: RefreshStatus, **changes: Any) -> Refresh:
    return Refresh(id="refresh-2", status=status, **changes)


def test_a_refresh_is_begun_and_known_by_another_id_than_the_one_before() -> None:
    entered = seen(S.WAVE, refreshing(FIRST)).standing
    assert (entered.state, entered.memory[REFRESH_BEFORE]) == (S.REFRESHING, "refresh-1")
    policy = replace(AT_ONCE, max_unavailable=25)
    taken = seen(S.REFRESHING, refreshing(FIRST, policy=policy), memory=BEFORE)
    assert taken.effects == (StartRefresh(group=GROUP, version=NEW, healthy_percent=75),)


@pytest.mark.parametrize(
    ("status", "event", "state"),
    [
        (RefreshStatus.PENDING, E.REFRESH_RUNNING, S.REFRESHING),
        (RefreshStatus.IN_PROGRESS, E.REFRESH_RUNNING, S.REFRESHING),
        (RefreshStatus.CANCELLING, E.REFRESH_RUNNING, S.REFRESHING),
        (RefreshStatus.OTHER, E.REFRESH_RUNNING, S.REFRESHING),
        (RefreshStatus.SUCCESSFUL, E.REFRESH_SUCCEEDED, S.BAKING),
        (RefreshStatus.FAILED, E.REFRESH_FAILED, S.ROLLING_BACK),
        (RefreshStatus.CANCELLED, E.ROLL_BACK_ASKED, S.ROLLING_BACK),
    ],
)
def test_a_refresh_is_followed_to_its_end(status: RefreshStatus, event: E, state: S) -> None:
    known = refreshing(ours(status, reason="a reason"))
    assert leads(S.REFRESHING, known, memory=BEFORE) == (event, state)


def test_a_refresh_that_somebody_cancels_is_no_failing_of_the_image() -> None:
    known = refreshing(ours(RefreshStatus.CANCELLED, reason="by hand"))
    told = seen(S.REFRESHING, known, memory=BEFORE).standing
    assert told.because == "the instance refresh is Cancelled: by hand"
    assert TRIPPED not in told.memory


def test_a_refresh_is_not_begun_in_hours_or_waits_that_hold_agents() -> None:
    known = refreshing(FIRST, group_changes={"scale_in_off": True})
    taken = seen(S.REFRESHING, known, memory=BEFORE)
    assert (taken.event, taken.effects) == (E.AGENTS_HELD, ())


def test_a_refresh_that_aws_calls_done_waits_for_agents_that_boot() -> None:
    boots = member(3, NEW, launched_at=NOW - 5)
    known = facts(
        boots,
        nodes=(),
        order=order(strategy=Strategy.REFRESH),
        refreshes=(ours(RefreshStatus.SUCCESSFUL),),
    )
    assert seen(S.REFRESHING, known, memory=BEFORE).event is E.REFRESH_RUNNING


def test_whom_a_refresh_left_is_drained_in_one_last_wave() -> None:
    policy = replace(AT_ONCE, waves=(10, 50, 100))
    known = refreshing(ours(RefreshStatus.SUCCESSFUL), launches=NEW, policy=policy)
    baking = seen(S.REFRESHING, known, memory=BEFORE).standing
    assert baking.memory[REFRESHED] is True
    wave = advance(baking, known).standing
    assert (wave.state, wave.wave) == (S.WAVE, 2)
    assert advance(wave, known).retire == (OLD_ONE.id,)


def test_a_halt_cancels_our_refresh_and_no_other() -> None:
    asked = order(strategy=Strategy.REFRESH, command=Command.HALT)
    runs = refreshing(ours(RefreshStatus.IN_PROGRESS), order=asked)
    assert seen(S.HALTED, runs, memory=BEFORE).effects == (CancelRefresh(group=GROUP),)
    assert seen(S.HALTED, runs, memory=STARTED).effects == ()
    other = refreshing(replace(FIRST, status=RefreshStatus.IN_PROGRESS), order=asked)
    assert seen(S.HALTED, other, memory=BEFORE).effects == ()


def test_the_version_before_comes_back_first_even_when_jenkins_cannot_be_read() -> None:
    blind = facts(OLD_ONE, NEW_ONE, read=False)
    assert seen(S.ROLLING_BACK, blind).effects == (BACK,)
    assert seen(S.ROLLING_BACK, facts(NEW_ONE, group_read=False)).effects == ()


@pytest.mark.parametrize("blind", [{"read": False}, {"frozen": True}])
def test_nobody_leaves_in_a_roll_back_while_we_are_blind(blind: dict[str, bool]) -> None:
    taken = seen(S.ROLLING_BACK, facts(NEW_ONE, launches=OLD, **blind))
    assert (taken.event, taken.effects, taken.retire) == (E.SEEN_UNKNOWN, (), ())


def test_a_running_refresh_is_cancelled_before_the_version_comes_back() -> None:
    known = refreshing(ours(RefreshStatus.IN_PROGRESS), launches=NEW)
    taken = seen(S.ROLLING_BACK, known, memory=BEFORE)
    assert (taken.event, taken.effects) == (E.REFRESH_RUNNING, (CancelRefresh(group=GROUP),))
    ended = refreshing(ours(RefreshStatus.CANCELLED), launches=NEW)
    assert seen(S.ROLLING_BACK, ended, memory=BEFORE).effects == (BACK,)
    assert seen(S.ROLLING_BACK, refreshing(refreshes=None), memory=BEFORE).effects == ()


def test_the_old_agents_are_called_back_by_the_very_first_look() -> None:
    known = facts(OLD_ONE, drains=(leaving(OLD_ONE),), launches=NEW)
    taken = seen(S.ROLLING_BACK, known)
    assert (taken.event, taken.recall) == (E.VERSION_ABSENT, (OLD_ONE.id,))


def test_the_new_agents_leave_and_the_old_ones_are_called_back() -> None:
    drains = (leaving(OLD_ONE),)
    known = facts(OLD_ONE, NEW_ONE, member(3, NEW), drains=drains, launches=OLD)
    taken = seen(S.ROLLING_BACK, known)
    assert taken.retire == (NEW_ONE.id, member(3).id)
    assert taken.recall == (OLD_ONE.id,)


def test_new_agents_that_leave_are_waited_for_and_not_called_back() -> None:
    nodes = (cordoned_node(NEW_ONE),)
    known = facts(NEW_ONE, nodes=nodes, drains=(leaving(NEW_ONE),), launches=OLD)
    taken = seen(S.ROLLING_BACK, known)
    assert (taken.event, taken.recall) == (E.AGENTS_AWAITED, ())
    assert [one.instance for one in taken.standing.awaited] == [NEW_ONE.id]


def test_a_roll_back_is_not_over_before_the_old_ones_are_back_at_work() -> None:
    nodes = (cordoned_node(OLD_ONE),)
    for state in (DrainState.QUIET, DrainState.RECALLED):
        drains = (leaving(OLD_ONE, state=state),)
        taken = seen(S.ROLLING_BACK, facts(OLD_ONE, nodes=nodes, drains=drains, launches=OLD))
        assert taken.event is E.AGENTS_AWAITED
        assert taken.recall == ((OLD_ONE.id,) if state is DrainState.QUIET else ())


def test_an_old_agent_that_aws_was_asked_to_end_is_not_waited_for_in_a_roll_back() -> None:
    drains = (leaving(OLD_ONE, state=DrainState.LEAVING, asked_at=NOW - 5),)
    taken = seen(S.ROLLING_BACK, facts(OLD_ONE, drains=drains, launches=OLD))
    assert (taken.event, taken.recall) == (E.UNDONE, ())


@pytest.mark.parametrize(
    ("memory", "event", "state"),
    [
        (STARTED, E.UNDONE, S.ROLLED_BACK),
        ({**STARTED, TRIPPED: "a canary"}, E.UNDONE_FAILED, S.FAILED),
    ],
)
def test_a_roll_back_ends_as_failed_only_after_the_breaker_tripped(
    memory: dict[str, Any], event: E, state: S
) -> None:
    known = facts(OLD_ONE, launches=OLD)
    assert leads(S.ROLLING_BACK, known, memory=memory) == (event, state)


def test_a_roll_back_ends_the_canary_before_it_is_over() -> None:
    known = facts(OLD_ONE, launches=OLD, canaries=(canary(), canary(instance="i-2", order="r-0")))
    taken = seen(S.ROLLING_BACK, known, memory={**STARTED, IDLE_AT: NOW - 15})
    ends = (EndCanary(instance=CANARY), EndCanary(instance="i-2"))
    assert (taken.event, taken.effects) == (E.CANARY_LEFT, ends)
