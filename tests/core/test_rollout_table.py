"""The rollout table itself: whole, safe, and drawn."""

from workhorse.core.machine import diagram
from workhorse.core.rollout import OVER, ROLLOUT, TRYING, RolloutAction, RolloutEvent, RolloutState
from workhorse.core.rollout_effects import _EFFECTS

S, E, A = RolloutState, RolloutEvent, RolloutAction


def states_with(action: RolloutAction) -> set[RolloutState]:
    return {state for (state, _), row in ROLLOUT.items() if action in row.actions}


def test_a_row_that_leads_elsewhere_does_nothing_so_that_a_state_is_told_before_it_acts() -> None:
    for pair, row in ROLLOUT.items():
        assert row.state is pair[0] or not row.actions, pair


def test_every_state_is_reached_from_an_order() -> None:
    reached = {S.ORDERED}
    while more := {row.state for (s, _), row in ROLLOUT.items() if s in reached} - reached:
        reached |= more
    assert reached == set(S)


def test_every_state_reaches_an_end() -> None:
    ends = set(OVER)
    while more := {s for (s, _), row in ROLLOUT.items() if row.state in ends} - ends:
        ends |= more
    assert ends == set(S)


def test_what_is_over_stays_over() -> None:
    for (state, event), row in ROLLOUT.items():
        if state in OVER:
            assert (event, row.state) == (E.CLOSE_DUE, state)


def test_people_may_halt_or_take_back_whatever_is_not_over_or_being_taken_back() -> None:
    for state in set(S) - OVER - {S.ROLLING_BACK}:
        assert ROLLOUT[state, E.HALT_ASKED].state is S.HALTED
        assert ROLLOUT[state, E.ROLL_BACK_ASKED].state is S.ROLLING_BACK


def test_nothing_is_done_upon_what_is_unknown() -> None:
    for state in set(S) - OVER:
        row = ROLLOUT[state, E.SEEN_UNKNOWN]
        assert (row.state, row.actions) == (state, ())


def test_the_new_version_is_launched_only_by_a_canary_and_in_waves() -> None:
    assert states_with(A.LAUNCH_CANARY) == {S.CANARY_ASKED}
    assert states_with(A.USE_TARGET) == {S.WAVE}
    assert states_with(A.START_REFRESH) == {S.REFRESHING}


def test_agents_are_chosen_only_in_a_wave_and_in_a_roll_back() -> None:
    assert states_with(A.RETIRE) == {S.WAVE, S.ROLLING_BACK}


def test_a_canary_is_never_ended_while_it_is_needed() -> None:
    assert not states_with(A.TIDY) & TRYING


def test_from_a_roll_back_nothing_leads_forward() -> None:
    after = {row.state for (state, _), row in ROLLOUT.items() if state is S.ROLLING_BACK}
    assert after == {S.ROLLING_BACK, S.ROLLED_BACK, S.FAILED}


def test_an_image_is_promoted_by_success_alone_and_condemned_by_failure_alone() -> None:
    assert states_with(A.PROMOTE) == {S.DONE}
    assert states_with(A.CONDEMN) == {S.FAILED}


def test_every_event_and_action_is_used_and_every_action_is_an_effect_or_a_drain() -> None:
    used = {action for row in ROLLOUT.values() for action in row.actions}
    assert {event for _, event in ROLLOUT} == set(E)
    assert used == set(A) == set(_EFFECTS) | {A.RETIRE, A.RECALL}


def test_the_diagram_shows_what_changes_something() -> None:
    drawn = diagram(ROLLOUT)
    assert "SMOKE --> WAVE: SmokePassed" in drawn
    assert "CANARY --> CANARY:" not in drawn
