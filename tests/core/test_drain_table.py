"""The drain table itself: whole, safe, and drawn."""

from collections.abc import Iterable

import pytest

from workhorse.core.drain import DrainAction, DrainEvent, DrainState
from workhorse.core.drain_table import DRAIN
from workhorse.core.errors import Misuse
from workhorse.core.machine import diagram, listing, step

LETTING_GO = {DrainAction.TERMINATE, DrainAction.COMPLETE, DrainAction.QUEUE_JOB}
LOST = {DrainEvent.SEEN_LOST, DrainEvent.SEEN_LOST_AT_HOOK}
MESSAGES = {
    DrainEvent.CHOSEN,
    DrainEvent.HOOK_ARRIVED,
    DrainEvent.SPOT_WARNED,
    DrainEvent.REBALANCE_ADVISED,
    DrainEvent.LEAVE_ASKED,
}


def rows_that(actions: Iterable[DrainAction]) -> set[tuple[DrainState, DrainEvent]]:
    return {pair for pair, row in DRAIN.items() if set(actions) & set(row.actions)}


def test_only_a_second_idle_look_lets_an_agent_go_that_is_not_lost() -> None:
    settled = {
        DrainEvent.SEEN_SETTLED,
        DrainEvent.SEEN_SETTLED_AT_HOOK,
        DrainEvent.SEEN_SETTLED_FOR_JOB,
    }

    for state, event in rows_that(LETTING_GO):
        after_first_look = state not in {
            DrainState.WORKING,
            DrainState.ASKED,
            DrainState.CORDONED,
            DrainState.RECALLED,
        }
        again = {DrainEvent.REPEAT_DUE, DrainEvent.JOB_OVERDUE}

        assert event in LOST or (after_first_look and event in settled | again), (state, event)


def test_a_busy_unknown_or_uncordoned_look_never_lets_an_agent_go() -> None:
    for event in (DrainEvent.SEEN_BUSY, DrainEvent.SEEN_UNKNOWN, DrainEvent.SEEN_UNCORDONED):
        for state in DrainState:
            row = DRAIN.get((state, event))

            assert row is None or not LETTING_GO & set(row.actions), (state, event)


def test_messages_that_come_again_are_rows_in_every_state_but_the_last() -> None:
    for state in set(DrainState) - {DrainState.ENDED}:
        for event in MESSAGES:
            assert (state, event) in DRAIN, (state, event)


def test_a_node_is_deleted_only_when_the_instance_vanished() -> None:
    assert {e for _, e in rows_that({DrainAction.DELETE_NODE})} == {DrainEvent.VANISHED}


def test_messages_are_forgotten_only_on_the_way_to_ended() -> None:
    for pair in rows_that({DrainAction.FORGET}):
        assert DRAIN[pair].state is DrainState.ENDED
        assert DRAIN[pair].actions == (DrainAction.FORGET,)


def test_every_state_reaches_its_end() -> None:
    ends = {DrainState.ENDED}
    while True:
        more = {state for (state, _), row in DRAIN.items() if row.state in ends} - ends
        if not more:
            break
        ends |= more

    assert ends == set(DrainState)


def test_a_pair_that_is_not_in_the_table_is_our_bug() -> None:
    with pytest.raises(Misuse, match=r"SeenBusy.*ENDED"):
        step(DRAIN, DrainState.ENDED, DrainEvent.SEEN_BUSY)


def test_the_diagram_leaves_out_what_changes_nothing_and_the_listing_leaves_out_nothing() -> None:
    drawn, listed = diagram(DRAIN), listing(DRAIN)

    assert "QUIET --> RELEASED: SeenSettledAtHook / CompleteHook" in drawn
    assert "QUIET --> QUIET: SeenIdle" not in drawn
    assert len(listed.splitlines()) == len(DRAIN) + 2
